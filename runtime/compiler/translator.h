/* SPDX-License-Identifier: MIT */
/*
 * The LLVM/SPIR-V translator, a program of its own (Debian's package llvm-spirv-19) that hmmclc runs
 * for SPIR-V modules.  Used by the runtime and by hmmclc, without any other part of the runtime.
 */
#ifndef HMMCL_COMPILER_TRANSLATOR_H
#define HMMCL_COMPILER_TRANSLATOR_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

/* Program and package.  Its bitcode is read by hmmclc's LLVM, so it must be of the same version. */
#define HMMCL_TRANSLATOR_NAME "llvm-spirv-19"

/* Why SPIR-V is refused, and what to do. */
#define HMMCL_TRANSLATOR_MISSING HMMCL_TRANSLATOR_NAME						\
	" (Debian's package " HMMCL_TRANSLATOR_NAME ") is not in PATH, and HMMCL_SPIRV_TRANSLATOR "	\
	"names no such program"

struct hmmcl_translator {
	char path[PATH_MAX];
	uint64_t version[6];		/* changes when the file does */
};

/*
 * Find it: @named (HMMCL_SPIRV_TRANSLATOR; empty: SPIR-V is not wanted), or when that is NULL in the
 * directories of PATH.  False: it is not there, or no executable file.
 */
bool hmmcl_translator_find(struct hmmcl_translator *translator, const char *named);

#endif
