/* SPDX-License-Identifier: MIT */
/*
 * Trigonometric functions of multiples of pi (OpenCL C, 6.15.2).  Single precision is
 * computed in double.
 *
 * The reduction to a quarter turn is exact: x = 2k + q / 2 + rest, |rest| <= 1/4, so that
 * zeros, poles and ones come out exactly where the specification wants them.
 */
#include "builtins.h"

/* Of |x|; the quadrant is 0 to 4, infinity and NaN give a NaN. */
INTERNAL double __hmmcl_quarter(double x, __private int *quadrant)
{
	double turn = fabs(x) - 2 * floor(fabs(x) / 2);
	double q = rint(turn * 2);

	*quadrant = isnan(q) ? 0 : (int)q;
	return turn - q / 2;
}

BUILTIN double sinpi(double x)
{
	int q;
	double rest = __hmmcl_quarter(x, &q) * M_PI;
	double r = q & 1 ? cos(rest) : sin(rest);

	/* Not -0 at odd whole numbers: the sign is that of x. */
	if (r != 0 && (q & 2))
		r = -r;
	return x < 0 || x == 0 ? copysign(1.0, x) * r : r;
}

BUILTIN double cospi(double x)
{
	int q;
	double rest = __hmmcl_quarter(x, &q) * M_PI;
	double r = q & 1 ? sin(rest) : cos(rest);

	if (r == 0)
		return 0;
	return q == 1 || q == 2 ? -r : r;
}

BUILTIN double tanpi(double x)
{
	int q;
	double rest = __hmmcl_quarter(x, &q) * M_PI;
	double r = tan(rest);

	if (rest == 0)
		r = q == 1 ? INFINITY : q == 3 ? -INFINITY : q == 2 ? -0.0 : 0.0;
	else if (q & 1)
		r = -1 / r;
	return signbit(x) ? -r : r;
}

BUILTIN double acospi(double x) { return acos(x) * M_1_PI; }
BUILTIN double asinpi(double x) { return asin(x) * M_1_PI; }
BUILTIN double atanpi(double x) { return atan(x) * M_1_PI; }
BUILTIN double atan2pi(double y, double x) { return atan2(y, x) * M_1_PI; }

#define NARROWER(T)							\
	BUILTIN T sinpi(T x) { return (T)sinpi((double)x); }		\
	BUILTIN T cospi(T x) { return (T)cospi((double)x); }		\
	BUILTIN T tanpi(T x) { return (T)tanpi((double)x); }		\
	BUILTIN T acospi(T x) { return (T)acospi((double)x); }		\
	BUILTIN T asinpi(T x) { return (T)asinpi((double)x); }		\
	BUILTIN T atanpi(T x) { return (T)atanpi((double)x); }		\
	BUILTIN T atan2pi(T y, T x) { return (T)atan2pi((double)y, (double)x); }
NARROWER(half)
NARROWER(float)

#define VECTOR_FORMS(unused, T, I)					\
	MAP1(T, sinpi, T) MAP1(T, cospi, T) MAP1(T, tanpi, T)		\
	MAP1(T, acospi, T) MAP1(T, asinpi, T) MAP1(T, atanpi, T)	\
	MAP2(T, atan2pi, T, T)
FLOAT_TYPES(VECTOR_FORMS, )
