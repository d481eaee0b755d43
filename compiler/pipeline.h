/* SPDX-License-Identifier: MIT */
/* The stages from a program's IR to optimised x86-64 IR, in order. */
#ifndef HMMCL_COMPILER_PIPELINE_H
#define HMMCL_COMPILER_PIPELINE_H

#include "compile.h"
#include "metadata.h"
#include "options.h"

namespace llvm {
class Module;
class TargetMachine;
}

namespace hmmcl {

/*
 * Work-items that one call of the widened item function runs.  1 until the SPMD vectoriser's
 * stages P4 to P6 exist; every later stage is written for any W.
 */
inline constexpr unsigned vector_width = 1;

/*
 * Takes @module through all stages up to and with @last.  Fills @info.  On failure appends to
 * @log and returns false.
 */
bool run_pipeline(llvm::Module &module, const Options &options, llvm::TargetMachine &machine,
		  Emit last, CodeObjectInfo &info, std::string &log);

} // namespace hmmcl

#endif
