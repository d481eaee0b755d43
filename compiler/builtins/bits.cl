/* SPDX-License-Identifier: MIT */
/*
 * Integer functions that count or move bits: clz, ctz, popcount, rotate (OpenCL C, 6.15.3)
 * and cl_khr_extended_bit_ops.
 */
#include "builtins.h"

/* A bit set beyond the type's own ends the count at its width. */
#define COUNT_SMALL(T, U, bits)						\
	BUILTIN T clz(T x)						\
	{								\
		return __builtin_clz((uint)(U)x << (32 - bits) | 1u << (31 - bits));	\
	}								\
	BUILTIN T ctz(T x) { return __builtin_ctz((U)x | 1u << bits); }	\
	BUILTIN T popcount(T x) { return __builtin_popcount((U)x); }
COUNT_SMALL(char, uchar, 8)
COUNT_SMALL(uchar, uchar, 8)
COUNT_SMALL(short, ushort, 16)
COUNT_SMALL(ushort, ushort, 16)

#define COUNT_LARGE(T, suffix, bits)					\
	BUILTIN T clz(T x) { return x ? __builtin_clz##suffix(x) : bits; }	\
	BUILTIN T ctz(T x) { return x ? __builtin_ctz##suffix(x) : bits; }	\
	BUILTIN T popcount(T x) { return __builtin_popcount##suffix(x); }
COUNT_LARGE(int, , 32)
COUNT_LARGE(uint, , 32)
COUNT_LARGE(long, l, 64)
COUNT_LARGE(ulong, l, 64)

#define COUNT_VECTORS(T, U)						\
	MAP1(T, clz, T) MAP1(T, ctz, T) MAP1(T, popcount, T)
#define COUNT(unused, T, U) COUNT_VECTORS(T, U)
INTEGER_TYPES(COUNT, )

#define ROTATE(n, T, U)							\
	BUILTIN T##n rotate(T##n x, T##n count)				\
	{								\
		U##n v = AS(U##n, x), c = AS(U##n, count), m = (U##n)(U)(sizeof(T) * 8 - 1); \
									\
		return AS(T##n, (U##n)(v << (c & m) | v >> (-c & m)));	\
	}
INTEGER_TYPES(WIDTHS, ROTATE)

/* cl_khr_extended_bit_ops. S is the signed type, U the unsigned one; T is either. */
#define BITFIELD(n, T, S, U)						\
	BUILTIN T##n bitfield_insert(T##n base, T##n insert, uint offset, uint count)	\
	{								\
		const uint width = sizeof(T) * 8;			\
		U mask = count ? (U)((U)~(U)0 >> (width - count)) << (offset & (width - 1)) : 0; \
		U##n b = AS(U##n, base), i = AS(U##n, insert);		\
									\
		return AS(T##n, (U##n)((b & (U##n)(U)~mask) |		\
				       ((i << (U##n)(U)(offset & (width - 1))) & (U##n)mask)));	\
	}								\
	BUILTIN S##n bitfield_extract_signed(T##n base, uint offset, uint count)	\
	{								\
		const uint width = sizeof(T) * 8;			\
									\
		if (!count)						\
			return 0;					\
		return AS(S##n, (S##n)(AS(S##n, (U##n)(AS(U##n, base) <<	\
			(U##n)(U)((width - offset - count) & (width - 1)))) >>	\
			(S##n)(S)(width - count)));			\
	}								\
	BUILTIN U##n bitfield_extract_unsigned(T##n base, uint offset, uint count)	\
	{								\
		const uint width = sizeof(T) * 8;			\
									\
		if (!count)						\
			return 0;					\
		return AS(U##n, (U##n)((U##n)(AS(U##n, base) <<		\
			(U##n)(U)((width - offset - count) & (width - 1))) >>	\
			(U##n)(U)(width - count)));			\
	}
#define BITFIELD_SIGNED(n, T, U) BITFIELD(n, T, T, U) BITFIELD(n, U, T, U)
SIGNED_TYPES(WIDTHS, BITFIELD_SIGNED)

#define REVERSE(T, bits)						\
	BUILTIN T bit_reverse(T x) { return __builtin_bitreverse##bits(x); }
REVERSE(char, 8)
REVERSE(uchar, 8)
REVERSE(short, 16)
REVERSE(ushort, 16)
REVERSE(int, 32)
REVERSE(uint, 32)
REVERSE(long, 64)
REVERSE(ulong, 64)

#define REVERSE_VECTOR(n, T, U)						\
	BUILTIN T##n bit_reverse(T##n x) { return __builtin_elementwise_bitreverse(x); }
INTEGER_TYPES(VECTORS, REVERSE_VECTOR)
