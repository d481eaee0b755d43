/* SPDX-License-Identifier: MIT */
/*
 * Math functions that the engine's C library computes within the limits of the
 * specification (OpenCL C, 6.15.2 and "Relative Error as ULPs"); half in single precision
 * and rounded once more.  All are listed in runtime/engine/libcalls.def.
 */
#include "libm.h"

#define ONE(name)							\
	LIBM1(float, name, #name "f") LIBM1(double, name, #name)	\
	BUILTIN float name(float x) { return __hmmcl_c_##name##_float(x); }	\
	BUILTIN double name(double x) { return __hmmcl_c_##name##_double(x); }	\
	BUILTIN half name(half x) { return (half)name((float)x); }	\
	MAP1(float, name, float) MAP1(double, name, double) MAP1(half, name, half)
#define TWO(name)							\
	LIBM2(float, name, #name "f") LIBM2(double, name, #name)	\
	BUILTIN float name(float x, float y) { return __hmmcl_c_##name##_float(x, y); }	\
	BUILTIN double name(double x, double y) { return __hmmcl_c_##name##_double(x, y); }	\
	BUILTIN half name(half x, half y) { return (half)name((float)x, (float)y); }	\
	MAP2(float, name, float, float) MAP2(double, name, double, double)	\
	MAP2(half, name, half, half)

ONE(acos)
ONE(asin)
ONE(asinh)
ONE(atan)
ONE(atanh)
ONE(cbrt)
ONE(cos)
ONE(cosh)
ONE(erf)
ONE(erfc)
ONE(exp)
ONE(exp2)
ONE(expm1)
ONE(log)
ONE(log10)
ONE(log1p)
ONE(log2)
ONE(sin)
ONE(sinh)
ONE(tan)
ONE(tanh)
ONE(tgamma)
TWO(atan2)
TWO(fmod)
TWO(hypot)
TWO(pow)
TWO(remainder)

/* musl's acosh gives numbers for some x below 1. */
LIBM1(float, acosh, "acoshf")
LIBM1(double, acosh, "acosh")
BUILTIN float acosh(float x) { return x < 1 ? (float)NAN : __hmmcl_c_acosh_float(x); }
BUILTIN double acosh(double x) { return x < 1 ? (double)NAN : __hmmcl_c_acosh_double(x); }
BUILTIN half acosh(half x) { return (half)acosh((float)x); }
MAP1(float, acosh, float)
MAP1(double, acosh, double)
MAP1(half, acosh, half)
