/* SPDX-License-Identifier: MIT */
/* The other front end: SPIR-V modules to LLVM IR for spir64, through the LLVM/SPIR-V translator. */
#ifndef HMMCL_COMPILER_SPIRV_FRONTEND_H
#define HMMCL_COMPILER_SPIRV_FRONTEND_H

#include "frontend.h"

namespace hmmcl {

/* If the text of @source is SPIR-V, says so in it, with the translator that the environment names. */
void recognise_spirv(Source &source);

/*
 * Translates @source.text, which is checked first, with the program source.translator.  What is
 * wrong is appended to @log; then null.  The module looks like one that parse_opencl() makes.
 */
std::unique_ptr<llvm::Module> parse_spirv(const Source &source, const Options &options,
					  llvm::LLVMContext &context, std::string &log);

} // namespace hmmcl

#endif
