/* SPDX-License-Identifier: MIT */
/*
 * Math functions on the parts of a number: exponent, fraction, neighbours (OpenCL C, 6.15.2).
 * Half goes through float, in which all its numbers are normal and results exact.
 */
#include "builtins.h"

/* Zero, infinity and NaN have no exponent; callers treat them. A subnormal is scaled up first. */
#define EXPONENT(T, I, mantissa_bits, bias)			\
	INTERNAL int __hmmcl_exponent(T x)				\
	{								\
		T scaled = fabs(x) < T##_SMALLEST_NORMAL ? x * T##_TWO_TO_MANTISSA : x;	\
		int offset = fabs(x) < T##_SMALLEST_NORMAL ? bias + mantissa_bits : bias;	\
									\
		return (int)(AS(I, fabs(scaled)) >> mantissa_bits) - offset;	\
	}								\
	BUILTIN int ilogb(T x)						\
	{								\
		if (x == 0)						\
			return FP_ILOGB0;				\
		if (!isfinite(x))					\
			return isnan(x) ? FP_ILOGBNAN : INT_MAX;	\
		return __hmmcl_exponent(x);				\
	}								\
	BUILTIN T logb(T x)						\
	{								\
		if (x == 0)						\
			return -(T)INFINITY;				\
		return isfinite(x) ? (T)__hmmcl_exponent(x) : x * x;	\
	}								\
	INTERNAL T __hmmcl_frexp(T x, __private int *exponent)		\
	{								\
		*exponent = 0;						\
		if (x == 0 || !isfinite(x))				\
			return x;					\
		*exponent = __hmmcl_exponent(x) + 1;			\
		return ldexp(x, -*exponent);				\
	}								\
	BUILTIN T nextafter(T x, T y)					\
	{								\
		I bits = AS(I, x);					\
									\
		if (isnan(x) || isnan(y))				\
			return x + y;					\
		if (x == y)						\
			return y;					\
		if (x == 0)						\
			return copysign(AS(T, (I)1), y);		\
		return AS(T, (I)((x < y) == (bits > 0) ? bits + 1 : bits - 1));	\
	}
#define float_SMALLEST_NORMAL FLT_MIN
#define double_SMALLEST_NORMAL DBL_MIN
#define float_TWO_TO_MANTISSA 0x1p23f
#define double_TWO_TO_MANTISSA 0x1p52
EXPONENT(float, int, 23, 127)
EXPONENT(double, long, 52, 1023)

BUILTIN int ilogb(half x) { return ilogb((float)x); }
BUILTIN half logb(half x) { return (half)logb((float)x); }
INTERNAL half __hmmcl_frexp(half x, __private int *exponent)
{
	return (half)__hmmcl_frexp((float)x, exponent);
}

BUILTIN half nextafter(half x, half y)
{
	short bits = AS(short, x);

	if (isnan(x) || isnan(y))
		return x + y;
	if (x == y)
		return y;
	if (x == 0)
		return copysign(AS(half, (short)1), y);
	return AS(half, (short)((x < y) == (bits > 0) ? bits + 1 : bits - 1));
}

/* The product is exact in double, so that it is rounded once. */
BUILTIN float ldexp(float x, int n)
{
	return (float)((double)x * AS(double, (long)(clamp(n, -400, 400) + 1023) << 52));
}

/* The same through float: what is below half's smallest number by so much is 0 either way. */
BUILTIN half ldexp(half x, int n)
{
	return (half)ldexp((float)x, n);
}

/*
 * In up to three steps of which one rounds: going down, the first ones keep the number
 * normal, so their factors leave room for the mantissa of the last.
 */
BUILTIN double ldexp(double x, int n)
{
	int rest = clamp(n, -2200, 2200);

	for (int i = 0; i < 2; i++) {
		if (rest > 1023) {
			x *= 0x1p1023;
			rest -= 1023;
		} else if (rest < -1022) {
			x *= 0x1p-1022 * 0x1p53;
			rest += 1022 - 53;
		}
	}
	rest = clamp(rest, -1022, 1023);
	return x * AS(double, (long)(rest + 1023) << 52);
}

#define LDEXP(n, T, I)							\
	BUILTIN T##n ldexp(T##n x, int k) { return ldexp(x, (int##n)k); }
#define MAPPED(unused, T, I)						\
	MAP1(int, ilogb, T) MAP1(T, logb, T) MAP2(T, nextafter, T, T) MAP2(T, ldexp, T, int)
FLOAT_TYPES(MAPPED, )
FLOAT_TYPES(VECTORS, LDEXP)

/* Functions that return one part and store the other: results first in private memory. */
#define FREXP_VECTORS(unused, T, I)					\
	FREXP_WIDE(2, , T) FREXP_WIDE(4, 2, T) FREXP_WIDE(8, 4, T) FREXP_WIDE(16, 8, T)
#define FREXP_WIDE(n, half_width, T)					\
	INTERNAL T##n __hmmcl_frexp(T##n x, __private int##n *exponent)	\
	{								\
		int##half_width low, high;				\
		T##half_width a = __hmmcl_frexp(x.lo, &low);		\
		T##half_width b = __hmmcl_frexp(x.hi, &high);		\
									\
		*exponent = (int##n)(low, high);			\
		return (T##n)(a, b);					\
	}
FLOAT_TYPES(FREXP_VECTORS, )
#define FREXP3(unused, T, I)						\
	INTERNAL T##3 __hmmcl_frexp(T##3 x, __private int##3 *exponent)	\
	{								\
		int4 all;						\
		T##4 r = __hmmcl_frexp((T##4)(x, x.z), &all);		\
									\
		*exponent = all.xyz;					\
		return r.xyz;						\
	}
FLOAT_TYPES(FREXP3, )

#define FREXP(AS, n, T)							\
	BUILTIN T##n frexp(T##n x, AS int##n *exponent)			\
	{								\
		int##n e;						\
		T##n r = __hmmcl_frexp(x, &e);				\
									\
		*exponent = e;						\
		return r;						\
	}
#define MODF(AS, n, T)							\
	BUILTIN T##n modf(T##n x, AS T##n *whole)			\
	{								\
		T##n t = trunc(x);					\
									\
		*whole = t;						\
		return copysign(fabs(x) == (T##n)(T)INFINITY ? (T##n)(T)0 : x - t, x);	\
	}
/* Below 1 even where the difference rounds to 1; infinity and zero keep their sign. */
#define FRACT(AS, n, T)							\
	BUILTIN T##n fract(T##n x, AS T##n *whole)			\
	{								\
		T##n f = floor(x), r = x - f, zero = copysign((T##n)(T)0, x);	\
									\
		*whole = f;						\
		r = r >= (T##n)(T)1 ? (T##n)T##_BELOW_ONE : r;		\
		return fabs(x) == (T##n)(T)INFINITY ? zero : x == (T##n)(T)0 ? x : r;	\
	}
#define half_BELOW_ONE 0x1.ffcp-1h
#define float_BELOW_ONE 0x1.fffffep-1f
#define double_BELOW_ONE 0x1.fffffffffffffp-1

#define PARTS(n, T, I)							\
	WRITABLE_SPACES(FREXP, n, T) WRITABLE_SPACES(MODF, n, T) WRITABLE_SPACES(FRACT, n, T)
FLOAT_TYPES(WIDTHS, PARTS)

#define QUIET_NAN(n, T, U, bits)					\
	BUILTIN T##n nan(U##n code) { return AS(T##n, (U##n)(code | (U##n)(U)bits)); }
WIDTHS(QUIET_NAN, half, ushort, 0x7e00)
WIDTHS(QUIET_NAN, float, uint, 0x7fc00000)
WIDTHS(QUIET_NAN, double, ulong, 0x7ff8000000000000)
