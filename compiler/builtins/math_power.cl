/* SPDX-License-Identifier: MIT */
/*
 * The power family (OpenCL C, 6.15.2; special values in "Edge Case Behavior").  Single
 * precision is computed in double, which leaves nothing to correct.
 */
#include "builtins.h"

BUILTIN float exp10(float x)
{
	return (float)exp2((double)x * 3.321928094887362347870319429489390);
}

BUILTIN double exp10(double x)
{
	return pow(10.0, x);
}

BUILTIN float pown(float x, int n)
{
	return (float)pow((double)x, (double)n);
}

BUILTIN double pown(double x, int n)
{
	return pow(x, (double)n);
}

#define POWR(T)								\
	BUILTIN T powr(T x, T y)					\
	{								\
		if (x < 0 || isnan(x) || isnan(y))			\
			return NAN;					\
		if (x == 1)						\
			return isinf(y) ? (T)NAN : (T)1;		\
		if (y == 0)						\
			return x == 0 || isinf(x) ? (T)NAN : (T)1;	\
		return pow(fabs(x), y);					\
	}
POWR(float)
POWR(double)

/* The root of a magnitude with the sign of x, which only odd roots have. */
#define SIGNED_ROOT(T, root)						\
	BUILTIN T rootn(T x, int n)					\
	{								\
		T r;							\
									\
		if (n == 0 || (x < 0 && !(n & 1)))			\
			return NAN;					\
		r = root(fabs(x), n);					\
		return n & 1 ? copysign(r, x) : r;			\
	}

INTERNAL float __hmmcl_root(float x, int n)
{
	return (float)pow((double)x, 1.0 / n);
}

/*
 * The error of 1/n, multiplied by a logarithm of up to 745, would be hundreds of ulp:
 * what the quotient lacks, e, is put in by x^(q + e) = x^q * (1 + e * log(x) + ...).
 */
INTERNAL double __hmmcl_root(double x, int n)
{
	double q = 1.0 / n, e = -fma(q, n, -1.0) / n;
	double r = pow(x, q);

	if (x == 0 || !isfinite(x) || !isfinite(r))
		return r;
	return fma(r, e * log(x), r);
}
SIGNED_ROOT(float, __hmmcl_root)
SIGNED_ROOT(double, __hmmcl_root)

BUILTIN half exp10(half x) { return (half)exp10((float)x); }
BUILTIN half pown(half x, int n) { return (half)pown((float)x, n); }
BUILTIN half powr(half x, half y) { return (half)powr((float)x, (float)y); }
BUILTIN half rootn(half x, int n) { return (half)rootn((float)x, n); }

#define VECTOR_FORMS(unused, T, I)					\
	MAP1(T, exp10, T) MAP2(T, pown, T, int) MAP2(T, powr, T, T) MAP2(T, rootn, T, int)
FLOAT_TYPES(VECTOR_FORMS, )
