/* SPDX-License-Identifier: MIT */
/* shuffle and shuffle2 (OpenCL C, 6.15.13): only the low bits of a mask's elements count. */
#include "builtins.h"

#define PICK2(x, m) (x)[(m).s0], (x)[(m).s1]
#define PICK4(x, m) PICK2(x, (m).lo), PICK2(x, (m).hi)
#define PICK8(x, m) PICK4(x, (m).lo), PICK4(x, (m).hi)
#define PICK16(x, m) PICK8(x, (m).lo), PICK8(x, (m).hi)

/* For an element type T, source width k, result width n and mask type U. */
#define SHUFFLE(n, k, T, U)						\
	BUILTIN T##n shuffle(T##k x, U##n mask)				\
	{								\
		U##n m = mask & (U##n)(U)(k - 1);			\
									\
		return (T##n)(PICK##n(x, m));				\
	}
#define SHUFFLE_TO(k, T, U)						\
	SHUFFLE(2, k, T, U) SHUFFLE(4, k, T, U) SHUFFLE(8, k, T, U) SHUFFLE(16, k, T, U)
#define SHUFFLE_ALL(T, U)						\
	SHUFFLE_TO(2, T, U) SHUFFLE_TO(4, T, U) SHUFFLE_TO(8, T, U) SHUFFLE_TO(16, T, U)

/* Of two sources: their concatenation, or, for 16 elements, either by the mask's bit 4. */
#define SHUFFLE2(n, k, kk, T, U)					\
	BUILTIN T##n shuffle2(T##k x, T##k y, U##n mask)		\
	{								\
		return shuffle((T##kk)(x, y), mask);			\
	}
#define SHUFFLE2_TO(k, kk, T, U)					\
	SHUFFLE2(2, k, kk, T, U) SHUFFLE2(4, k, kk, T, U)		\
	SHUFFLE2(8, k, kk, T, U) SHUFFLE2(16, k, kk, T, U)
#define SHUFFLE2_16(n, T, U)						\
	BUILTIN T##n shuffle2(T##16 x, T##16 y, U##n mask)		\
	{								\
		return select(shuffle(x, mask), shuffle(y, mask),	\
			      (mask & (U##n)(U)16) << (U##n)(U)(sizeof(T) * 8 - 5));	\
	}
#define SHUFFLE2_ALL(T, U)						\
	SHUFFLE2_TO(2, 4, T, U) SHUFFLE2_TO(4, 8, T, U) SHUFFLE2_TO(8, 16, T, U)	\
	SHUFFLE2_16(2, T, U) SHUFFLE2_16(4, T, U)			\
	SHUFFLE2_16(8, T, U) SHUFFLE2_16(16, T, U)

#define ALL(T, U) SHUFFLE_ALL(T, U) SHUFFLE2_ALL(T, U)
ALL(char, uchar)
ALL(uchar, uchar)
ALL(short, ushort)
ALL(ushort, ushort)
ALL(int, uint)
ALL(uint, uint)
ALL(long, ulong)
ALL(ulong, ulong)
ALL(half, ushort)
ALL(float, uint)
ALL(double, ulong)
