/* SPDX-License-Identifier: MIT */
/*
 * Shared by the conversions (OpenCL C, 6.4.3): convert_<D>[n][_sat][_<rounding>](S), all pairs of
 * types, each a file by kind of source and destination.
 *
 * A cast and a comparison's mask are written differently for scalars and vectors, so the
 * definitions are macros that get them as arguments: CAST(T, x), MASK(I, c), where I is the
 * signed integer type that has the size of what the mask selects.
 */
#ifndef HMMCL_CONVERT_H
#define HMMCL_CONVERT_H

#include "builtins.h"

#define SCALAR_CAST(T, x) ((T)(x))
#define VECTOR_CAST(T, x) __builtin_convertvector(x, T)
#define SCALAR_MASK(I, c) (c)
#define VECTOR_MASK(I, c) __builtin_convertvector(c, I)

/* M(n, CAST, MASK, ...) for each width. */
#define FOR_WIDTHS(M, ...)						\
	M(, SCALAR_CAST, SCALAR_MASK, __VA_ARGS__)			\
	M(2, VECTOR_CAST, VECTOR_MASK, __VA_ARGS__)			\
	M(3, VECTOR_CAST, VECTOR_MASK, __VA_ARGS__)			\
	M(4, VECTOR_CAST, VECTOR_MASK, __VA_ARGS__)			\
	M(8, VECTOR_CAST, VECTOR_MASK, __VA_ARGS__)			\
	M(16, VECTOR_CAST, VECTOR_MASK, __VA_ARGS__)

/* Destinations and sources are listed by macros of different names: one cannot nest in itself. */
#define TO_INTEGERS(M, ...)						\
	M(__VA_ARGS__, char, char) M(__VA_ARGS__, uchar, char)		\
	M(__VA_ARGS__, short, short) M(__VA_ARGS__, ushort, short)	\
	M(__VA_ARGS__, int, int) M(__VA_ARGS__, uint, int)		\
	M(__VA_ARGS__, long, long) M(__VA_ARGS__, ulong, long)
#define FROM_INTEGERS(M, ...)						\
	M(__VA_ARGS__, char) M(__VA_ARGS__, uchar)			\
	M(__VA_ARGS__, short) M(__VA_ARGS__, ushort)			\
	M(__VA_ARGS__, int) M(__VA_ARGS__, uint)			\
	M(__VA_ARGS__, long) M(__VA_ARGS__, ulong)

/* The limits of the integer types: minima as long, maxima as ulong. */
#define char_LOW ((long)CHAR_MIN)
#define uchar_LOW 0L
#define short_LOW ((long)SHRT_MIN)
#define ushort_LOW 0L
#define int_LOW ((long)INT_MIN)
#define uint_LOW 0L
#define long_LOW LONG_MIN
#define ulong_LOW 0L
#define char_HIGH ((ulong)CHAR_MAX)
#define uchar_HIGH ((ulong)UCHAR_MAX)
#define short_HIGH ((ulong)SHRT_MAX)
#define ushort_HIGH ((ulong)USHRT_MAX)
#define int_HIGH ((ulong)INT_MAX)
#define uint_HIGH ((ulong)UINT_MAX)
#define long_HIGH ((ulong)LONG_MAX)
#define ulong_HIGH ULONG_MAX

#endif
