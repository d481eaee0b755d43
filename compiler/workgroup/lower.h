/* SPDX-License-Identifier: MIT */
/* Small lowerings on the whole module, before and after the work-group stages. */
#ifndef HMMCL_COMPILER_LOWER_H
#define HMMCL_COMPILER_LOWER_H

#include <string>

#include "llvm/ADT/StringRef.h"

namespace llvm {
class Function;
class Module;
class TargetMachine;
}

namespace hmmcl {

/* Integer division by zero and overflow give any value in OpenCL C and must not trap. */
void guard_divisions(llvm::Function &function);

/* __builtin_debugtrap(): no debugger is there that would go on after it, so the command ends. */
void end_at_debug_traps(llvm::Function &function);

/*
 * Values of event_t are dropped: asynchronous copies are done when they are called, and the type
 * has no meaning for x86-64.
 */
void drop_events(llvm::Function &function);

/* Atomics on local memory become plain operations: a group runs on one thread. */
void relax_local_atomics(llvm::Function &function);

/* spir64 becomes @machine's target; calling conventions become C's. */
void retarget(llvm::Module &module, const llvm::TargetMachine &machine);

/* Every function that is called must be there or in libcalls.def.  False: @log names those missing. */
bool check_resolved(llvm::Module &module, std::string &log);

/* Is @name one of the C library functions of libcalls.def? */
bool is_library_call(llvm::StringRef name);

} // namespace hmmcl

#endif
