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
 * Takes @module through all stages up to and with @settings.emit.  Fills @info.  On failure appends
 * to @log and returns false.
 */
bool run_pipeline(llvm::Module &module, const Options &options, const Settings &settings,
		  llvm::TargetMachine &machine, CodeObjectInfo &info, std::string &log);

} // namespace hmmcl

#endif
