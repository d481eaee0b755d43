/* SPDX-License-Identifier: MIT */
/*
 * Math functions that the CPU or a few operations compute exactly, for vectors as a
 * whole (OpenCL C, 6.15.2).
 */
#include "builtins.h"

#define BASIC(n, T, I)							\
	BUILTIN T##n fabs(T##n x) { return __builtin_elementwise_abs(x); }	\
	BUILTIN T##n ceil(T##n x) { return __builtin_elementwise_ceil(x); }	\
	BUILTIN T##n floor(T##n x) { return __builtin_elementwise_floor(x); }	\
	BUILTIN T##n rint(T##n x) { return __builtin_elementwise_rint(x); }	\
	BUILTIN T##n round(T##n x) { return __builtin_elementwise_round(x); }	\
	BUILTIN T##n trunc(T##n x) { return __builtin_elementwise_trunc(x); }	\
	BUILTIN T##n sqrt(T##n x) { return __builtin_elementwise_sqrt(x); }	\
	BUILTIN T##n copysign(T##n x, T##n y) { return __builtin_elementwise_copysign(x, y); } \
	BUILTIN T##n fdim(T##n x, T##n y) { return x <= y ? (T##n)(T)0 : x - y; }	\
	BUILTIN T##n maxmag(T##n x, T##n y)				\
	{								\
		T##n a = fabs(x), b = fabs(y), larger = fmax(x, y);	\
									\
		return a > b ? x : b > a ? y : larger;			\
	}								\
	BUILTIN T##n minmag(T##n x, T##n y)				\
	{								\
		T##n a = fabs(x), b = fabs(y), smaller = fmin(x, y);	\
									\
		return a < b ? x : b < a ? y : smaller;			\
	}								\
	BUILTIN T##n mad(T##n a, T##n b, T##n c)			\
	{								\
		_Pragma("OPENCL FP_CONTRACT ON")			\
		return a * b + c;					\
	}
#define SCALAR_OPERAND(n, T, I)						\
	BUILTIN T##n fmax(T##n x, T y) { return fmax(x, (T##n)y); }	\
	BUILTIN T##n fmin(T##n x, T y) { return fmin(x, (T##n)y); }
#define WIDER(n, T)							\
	/* These return the other operand where one is a NaN. */	\
	BUILTIN T##n fmax(T##n x, T##n y) { return __builtin_elementwise_max(x, y); }	\
	BUILTIN T##n fmin(T##n x, T##n y) { return __builtin_elementwise_min(x, y); }	\
	BUILTIN T##n fma(T##n a, T##n b, T##n c) { return __builtin_elementwise_fma(a, b, c); } \
	BUILTIN T##n rsqrt(T##n x) { return (T##n)(T)1 / sqrt(x); }

FLOAT_TYPES(WIDTHS, BASIC)
FLOAT_TYPES(VECTORS, SCALAR_OPERAND)
WIDTHS(WIDER, float)
WIDTHS(WIDER, double)

/* LLVM would call the C library for half's. */
#define HALF_LIMITS(n, unused)						\
	BUILTIN half##n fmax(half##n x, half##n y) { return ((x > y) | (y != y)) ? x : y; }	\
	BUILTIN half##n fmin(half##n x, half##n y) { return ((x < y) | (y != y)) ? x : y; }
WIDTHS(HALF_LIMITS, )

/* Rounding to half after each step would cost the accuracy that is asked for. */
BUILTIN half rsqrt(half x)
{
	return (half)rsqrt((float)x);
}
MAP1(half, rsqrt, half)

/*
 * The product is exact in double.  Where the sum is not, its error decides between the
 * neighbours: rounding to odd keeps the second rounding, to half, right.
 */
BUILTIN half fma(half a, half b, half c)
{
	double product = (double)a * b, addend = c, sum = product + addend;
	double part = sum - product;
	double error = (product - (sum - part)) + (addend - part);
	long bits = AS(long, sum);

	if (error != 0 && !(bits & 1) && isfinite(sum))
		bits += (error > 0) == (bits > 0) ? 1 : -1;
	return (half)AS(double, bits);
}
MAP3(half, fma, half, half, half)
