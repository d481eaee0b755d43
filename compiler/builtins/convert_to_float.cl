/* SPDX-License-Identifier: MIT */
/*
 * Conversions to floating point.  The CPU rounds to nearest even; the directed modes correct
 * its result by one unit in the last place where it went to the wrong side.
 */
#include "convert.h"

/* Nearest, and for all modes what D holds exactly. */
#define NEAREST(n, CAST, MASK, D, S)					\
	BUILTIN D##n convert_##D##n(S##n x) { return CAST(D##n, x); }	\
	BUILTIN D##n convert_##D##n##_rte(S##n x) { return CAST(D##n, x); }
#define EXACT(n, CAST, MASK, D, S)					\
	NEAREST(n, CAST, MASK, D, S)					\
	BUILTIN D##n convert_##D##n##_rtz(S##n x) { return CAST(D##n, x); }	\
	BUILTIN D##n convert_##D##n##_rtp(S##n x) { return CAST(D##n, x); }	\
	BUILTIN D##n convert_##D##n##_rtn(S##n x) { return CAST(D##n, x); }

/*
 * From a wider floating-point type; I is the integer type of D's size.  Neighbours of a
 * number have neighbouring representations, from the largest number to infinity too; a
 * result that must move away from zero, or through it, already has the right sign.
 */
#define NARROWING(n, CAST, MASK, D, S, I)				\
	NEAREST(n, CAST, MASK, D, S)					\
	BUILTIN D##n convert_##D##n##_rtz(S##n x)			\
	{								\
		D##n nearest = CAST(D##n, x);				\
		I##n bits = AS(I##n, nearest), inward = CAST(I##n, bits - (I##n)1);	\
									\
		return AS(D##n, (I##n)(MASK(I##n, fabs(CAST(S##n, nearest)) > fabs(x)) ?	\
				       inward : bits));			\
	}								\
	BUILTIN D##n convert_##D##n##_rtp(S##n x)			\
	{								\
		D##n nearest = CAST(D##n, x);				\
		I##n bits = AS(I##n, nearest);				\
		I##n up = bits < (I##n)0 ? bits - (I##n)1 : bits + (I##n)1;	\
									\
		return AS(D##n, (I##n)(MASK(I##n, CAST(S##n, nearest) < x) ? up : bits));	\
	}								\
	BUILTIN D##n convert_##D##n##_rtn(S##n x)			\
	{								\
		D##n nearest = CAST(D##n, x);				\
		I##n bits = AS(I##n, nearest);				\
		I##n down = bits < (I##n)0 ? bits + (I##n)1 : bits - (I##n)1;	\
									\
		return AS(D##n, (I##n)(MASK(I##n, CAST(S##n, nearest) > x) ? down : bits));	\
	}

/*
 * From an integer with more bits than D: the bits that D cannot hold are cut off, so that
 * the CPU's conversion is exact, and what was lost moves the result if the mode wants it.
 */
#define CUTTING(D, I, precision)					\
	INTERNAL D __hmmcl_##D##_of_magnitude(ulong x, bool away)	\
	{								\
		int excess = max(64 - precision - (int)clz(x), 0);	\
		ulong kept = x >> excess << excess;			\
									\
		return AS(D, (I)(AS(I, (D)kept) + (away & (kept != x))));	\
	}								\
	INTERNAL D __hmmcl_##D##_of(ulong x, bool up, bool down)	\
	{								\
		(void)down;						\
		return __hmmcl_##D##_of_magnitude(x, up);		\
	}								\
	INTERNAL D __hmmcl_##D##_of(long x, bool up, bool down)		\
	{								\
		return x < 0 ? -__hmmcl_##D##_of_magnitude(-(ulong)x, down) :	\
			       __hmmcl_##D##_of_magnitude(x, up);	\
	}
CUTTING(float, uint, 24)
CUTTING(double, ulong, 53)

#define INEXACT_SCALAR(D, S, W)						\
	BUILTIN D convert_##D##_rtz(S x) { return __hmmcl_##D##_of((W)x, false, false); }	\
	BUILTIN D convert_##D##_rtp(S x) { return __hmmcl_##D##_of((W)x, true, false); }	\
	BUILTIN D convert_##D##_rtn(S x) { return __hmmcl_##D##_of((W)x, false, true); }
#define BY_ELEMENT(D, rounding, S)					\
	BUILTIN D##2 convert_##D##2##rounding(S##2 x)			\
	{								\
		return (D##2)(convert_##D##rounding(x.x), convert_##D##rounding(x.y));	\
	}								\
	BUILTIN D##3 convert_##D##3##rounding(S##3 x)			\
	{								\
		return (D##3)(convert_##D##2##rounding(x.xy), convert_##D##rounding(x.z));	\
	}								\
	BUILTIN D##4 convert_##D##4##rounding(S##4 x)			\
	{								\
		return (D##4)(convert_##D##2##rounding(x.lo), convert_##D##2##rounding(x.hi));	\
	}								\
	BUILTIN D##8 convert_##D##8##rounding(S##8 x)			\
	{								\
		return (D##8)(convert_##D##4##rounding(x.lo), convert_##D##4##rounding(x.hi));	\
	}								\
	BUILTIN D##16 convert_##D##16##rounding(S##16 x)		\
	{								\
		return (D##16)(convert_##D##8##rounding(x.lo), convert_##D##8##rounding(x.hi)); \
	}
#define INEXACT(D, S, W)						\
	FOR_WIDTHS(NEAREST, D, S)					\
	INEXACT_SCALAR(D, S, W)						\
	BY_ELEMENT(D, _rtz, S) BY_ELEMENT(D, _rtp, S) BY_ELEMENT(D, _rtn, S)

/* To half through float, in the same mode twice, which is as good as once. */
#define INTEGER_TO_HALF(n, CAST, MASK, D, S)				\
	NEAREST(n, CAST, MASK, D, S)					\
	BUILTIN half##n convert_half##n##_rtz(S##n x)			\
	{								\
		return convert_half##n##_rtz(convert_float##n##_rtz(x));	\
	}								\
	BUILTIN half##n convert_half##n##_rtp(S##n x)			\
	{								\
		return convert_half##n##_rtp(convert_float##n##_rtp(x));	\
	}								\
	BUILTIN half##n convert_half##n##_rtn(S##n x)			\
	{								\
		return convert_half##n##_rtn(convert_float##n##_rtn(x));	\
	}

#define ALL_EXACT(unused, D, S) FOR_WIDTHS(EXACT, D, S)
#define SMALL_INTEGERS(M, ...)						\
	M(__VA_ARGS__, char) M(__VA_ARGS__, uchar) M(__VA_ARGS__, short) M(__VA_ARGS__, ushort)

FOR_WIDTHS(EXACT, double, double)
FOR_WIDTHS(EXACT, double, float)
FOR_WIDTHS(EXACT, double, half)
FOR_WIDTHS(EXACT, double, int)
FOR_WIDTHS(EXACT, double, uint)
SMALL_INTEGERS(ALL_EXACT, , double)
INEXACT(double, long, long)
INEXACT(double, ulong, ulong)

FOR_WIDTHS(NARROWING, float, double, int)
FOR_WIDTHS(EXACT, float, float)
FOR_WIDTHS(EXACT, float, half)
SMALL_INTEGERS(ALL_EXACT, , float)
INEXACT(float, int, long)
INEXACT(float, uint, ulong)
INEXACT(float, long, long)
INEXACT(float, ulong, ulong)

FOR_WIDTHS(NARROWING, half, double, short)
FOR_WIDTHS(NARROWING, half, float, short)
FOR_WIDTHS(EXACT, half, half)
FOR_WIDTHS(EXACT, half, char)
FOR_WIDTHS(EXACT, half, uchar)
FOR_WIDTHS(INTEGER_TO_HALF, half, short)
FOR_WIDTHS(INTEGER_TO_HALF, half, ushort)
FOR_WIDTHS(INTEGER_TO_HALF, half, int)
FOR_WIDTHS(INTEGER_TO_HALF, half, uint)
FOR_WIDTHS(INTEGER_TO_HALF, half, long)
FOR_WIDTHS(INTEGER_TO_HALF, half, ulong)
