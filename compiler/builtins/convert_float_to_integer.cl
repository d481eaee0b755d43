/* SPDX-License-Identifier: MIT */
/*
 * Conversions from floating point to integers.  Without a rounding mode they truncate;
 * saturated ones make 0 of a NaN.  Half goes through float, which holds all its values.
 */
#include "convert.h"

#define ROUND(x) (x)
#define ROUND_rte(x) rint(x)
#define ROUND_rtz(x) (x)
#define ROUND_rtp(x) ceil(x)
#define ROUND_rtn(x) floor(x)

/* One more than the largest value: a power of two, unlike the largest itself exact in any type. */
#define END(D) ((double)(D##_HIGH / 2 + 1) * 2)

#define TO_INTEGER(n, CAST, MASK, rounding, D, I, S)			\
	BUILTIN D##n convert_##D##n##rounding(S##n x)			\
	{								\
		return CAST(D##n, ROUND##rounding(x));			\
	}								\
	BUILTIN D##n convert_##D##n##_sat##rounding(S##n x)		\
	{								\
		S##n y = ROUND##rounding(x);				\
		S##n low = (S##n)(S)D##_LOW, end = (S##n)(S)END(D);	\
		S##n inside = ((y >= low) & (y < end)) ? y : (S##n)(S)0;\
		D##n result = CAST(D##n, inside);			\
									\
		result = MASK(I##n, y >= end) ? (D##n)(D)D##_HIGH : result;	\
		return MASK(I##n, y < low) ? (D##n)(D)D##_LOW : result;	\
	}
#define FROM_HALF(n, CAST, MASK, rounding, D, I, S)			\
	BUILTIN D##n convert_##D##n##rounding(half##n x)		\
	{								\
		return convert_##D##n##rounding(CAST(float##n, x));	\
	}								\
	BUILTIN D##n convert_##D##n##_sat##rounding(half##n x)		\
	{								\
		return convert_##D##n##_sat##rounding(CAST(float##n, x));	\
	}

#define SOURCES(rounding, D, I)						\
	FOR_WIDTHS(TO_INTEGER, rounding, D, I, float)			\
	FOR_WIDTHS(TO_INTEGER, rounding, D, I, double)			\
	FOR_WIDTHS(FROM_HALF, rounding, D, I, half)
TO_INTEGERS(SOURCES, )
TO_INTEGERS(SOURCES, _rte)
TO_INTEGERS(SOURCES, _rtz)
TO_INTEGERS(SOURCES, _rtp)
TO_INTEGERS(SOURCES, _rtn)
