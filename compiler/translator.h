/* SPDX-License-Identifier: MIT */
/* Running the LLVM/SPIR-V translator. */
#ifndef HMMCL_COMPILER_RUN_TRANSLATOR_H
#define HMMCL_COMPILER_RUN_TRANSLATOR_H

#include <cstdint>
#include <string>
#include <vector>

namespace hmmcl {

/*
 * Has the program at @path translate a module to bitcode.  It runs under this process's limits of
 * processor time and memory and ends with this process.  False when it fails or crashes: why, and
 * what it said, is appended to @log.
 */
bool run_translator(const std::string &path, const std::vector<uint32_t> &module, std::string &bitcode,
		    std::string &log);

} // namespace hmmcl

#endif
