/* SPDX-License-Identifier: MIT */
/*
 * half_* and native_* functions (OpenCL C, 6.15.2): single precision only, with leave to
 * be less accurate, of which nothing here makes use yet.
 */
#include "builtins.h"

#define FAST1(n, name)							\
	BUILTIN float##n half_##name(float##n x) { return name(x); }	\
	BUILTIN float##n native_##name(float##n x) { return name(x); }
#define FAST2(n, name, expression)					\
	BUILTIN float##n half_##name(float##n x, float##n y) { return expression; }	\
	BUILTIN float##n native_##name(float##n x, float##n y) { return expression; }
#define FAST_RECIP(n, unused)						\
	BUILTIN float##n half_recip(float##n x) { return 1.0f / x; }	\
	BUILTIN float##n native_recip(float##n x) { return 1.0f / x; }

WIDTHS(FAST1, cos)
WIDTHS(FAST1, exp)
WIDTHS(FAST1, exp2)
WIDTHS(FAST1, exp10)
WIDTHS(FAST1, log)
WIDTHS(FAST1, log2)
WIDTHS(FAST1, log10)
WIDTHS(FAST1, rsqrt)
WIDTHS(FAST1, sin)
WIDTHS(FAST1, sqrt)
WIDTHS(FAST1, tan)
WIDTHS(FAST2, divide, x / y)
WIDTHS(FAST2, powr, powr(x, y))
WIDTHS(FAST_RECIP, )
