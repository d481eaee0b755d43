/* SPDX-License-Identifier: MIT */
/* Stage P1: the program and the built-in library become one module of kernels. */
#ifndef HMMCL_COMPILER_LIBRARY_H
#define HMMCL_COMPILER_LIBRARY_H

#include <string>

namespace llvm {
class Function;
class LLVMContext;
class Module;
class StringRef;
}

namespace hmmcl {

/* The context in which this process compiles its one program. */
llvm::LLVMContext &program_context();

/*
 * Links what @module needs of the built-in library, makes everything but the kernels internal and
 * gives all that the program defines names that no C library has.
 * @fast_math: prefer the library's fast variants.  On failure appends to @log, returns false.
 */
bool link_library(llvm::Module &module, bool fast_math, std::string &log);

/* The name that the program gave to @function. */
llvm::StringRef name_in_program(const llvm::Function &function);

/*
 * Inlines all calls of functions that are not marked noinline by the library.  Recursion, which
 * OpenCL C forbids, is an error.
 */
bool inline_everything(llvm::Module &module, std::string &log);

} // namespace hmmcl

#endif
