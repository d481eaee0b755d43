/* SPDX-License-Identifier: MIT */
/* Conversions between integer types: a rounding mode means nothing (OpenCL C, 6.4.3.3). */
#include "convert.h"

#define LOWER_BOUND(D, S) (S##_LOW > D##_LOW ? S##_LOW : D##_LOW)
#define UPPER_BOUND(D, S) (S##_HIGH < D##_HIGH ? S##_HIGH : D##_HIGH)

#define INTEGER(n, CAST, MASK, rounding, D, I, S)			\
	BUILTIN D##n convert_##D##n##rounding(S##n x) { return CAST(D##n, x); }	\
	BUILTIN D##n convert_##D##n##_sat##rounding(S##n x)		\
	{								\
		S##n low = (S##n)(S)LOWER_BOUND(D, S), high = (S##n)(S)UPPER_BOUND(D, S);	\
									\
		x = x < low ? low : x;					\
		return CAST(D##n, x > high ? high : x);			\
	}

#define ROUNDINGS(unused, D, I, S)					\
	FOR_WIDTHS(INTEGER, , D, I, S) FOR_WIDTHS(INTEGER, _rte, D, I, S)	\
	FOR_WIDTHS(INTEGER, _rtz, D, I, S) FOR_WIDTHS(INTEGER, _rtp, D, I, S)	\
	FOR_WIDTHS(INTEGER, _rtn, D, I, S)
#define SOURCES(unused, D, I) FROM_INTEGERS(ROUNDINGS, , D, I)
TO_INTEGERS(SOURCES, )
