/* SPDX-License-Identifier: MIT */
/*
 * Declarations of C library functions for the built-in library.  They have no side
 * effects: no errno, no rounding mode other than nearest, no exceptions that anyone sees.
 * The names that programs see are mangled, so only the assembler name is the C one.
 */
#ifndef HMMCL_LIBM_H
#define HMMCL_LIBM_H

#include "builtins.h"

#define LIBM1(T, name, symbol)						\
	__attribute__((const)) T __hmmcl_c_##name##_##T(T) __asm__(symbol);
#define LIBM2(T, name, symbol)						\
	__attribute__((const)) T __hmmcl_c_##name##_##T(T, T) __asm__(symbol);

#endif
