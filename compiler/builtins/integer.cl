/* SPDX-License-Identifier: MIT */
/* Integer functions (OpenCL C, 6.15.3), but for counting and moving bits: bits.cl. */
#include "builtins.h"

/* T is the type, U the unsigned one of its size; for unsigned types they are the same. */
#define SIGNED(n, T, U)							\
	BUILTIN U##n abs(T##n x) { return AS(U##n, (T##n)__builtin_elementwise_abs(x)); }
#define UNSIGNED(n, T, U)						\
	BUILTIN U##n abs(T##n x) { return x; }
#define BOTH(n, T, U)							\
	BUILTIN U##n abs_diff(T##n x, T##n y)				\
	{								\
		U##n a = AS(U##n, x), b = AS(U##n, y);			\
									\
		return x > y ? a - b : b - a;				\
	}								\
	BUILTIN T##n hadd(T##n x, T##n y) { return (x & y) + ((x ^ y) >> (T##n)1); }	\
	BUILTIN T##n rhadd(T##n x, T##n y) { return (x | y) - ((x ^ y) >> (T##n)1); }	\
	BUILTIN T##n min(T##n x, T##n y) { return y < x ? y : x; }	\
	BUILTIN T##n max(T##n x, T##n y) { return x < y ? y : x; }	\
	BUILTIN T##n clamp(T##n x, T##n low, T##n high) { return min(max(x, low), high); } \
	BUILTIN T##n mad_hi(T##n a, T##n b, T##n c) { return mul_hi(a, b) + c; }
#define SCALAR_LIMITS(n, T, U)						\
	BUILTIN T##n min(T##n x, T y) { return min(x, (T##n)y); }	\
	BUILTIN T##n max(T##n x, T y) { return max(x, (T##n)y); }	\
	BUILTIN T##n clamp(T##n x, T low, T high) { return clamp(x, (T##n)low, (T##n)high); }
#define VECTOR_SATURATING(n, T, U)					\
	BUILTIN T##n add_sat(T##n x, T##n y) { return __builtin_elementwise_add_sat(x, y); } \
	BUILTIN T##n sub_sat(T##n x, T##n y) { return __builtin_elementwise_sub_sat(x, y); }

SIGNED_TYPES(WIDTHS, SIGNED)
UNSIGNED_TYPES(WIDTHS, UNSIGNED)
INTEGER_TYPES(WIDTHS, BOTH)
INTEGER_TYPES(VECTORS, SCALAR_LIMITS)
INTEGER_TYPES(VECTORS, VECTOR_SATURATING)

/* Clang's element-wise functions would promote scalars below int. */
#define SMALL_SATURATING(T)						\
	BUILTIN T add_sat(T x, T y) { return convert_##T##_sat(x + y); }	\
	BUILTIN T sub_sat(T x, T y) { return convert_##T##_sat(x - y); }
SMALL_SATURATING(char)
SMALL_SATURATING(uchar)
SMALL_SATURATING(short)
SMALL_SATURATING(ushort)

#define LARGE_SATURATING(T)						\
	BUILTIN T add_sat(T x, T y) { return __builtin_elementwise_add_sat(x, y); }	\
	BUILTIN T sub_sat(T x, T y) { return __builtin_elementwise_sub_sat(x, y); }
LARGE_SATURATING(int)
LARGE_SATURATING(uint)
LARGE_SATURATING(long)
LARGE_SATURATING(ulong)

/* Products of a type T in W, twice as wide. */
#define WIDENING(n, T, W, bits)						\
	BUILTIN T##n mul_hi(T##n x, T##n y)				\
	{								\
		return convert_##T##n((convert_##W##n(x) * convert_##W##n(y)) >> (W##n)bits); \
	}								\
	BUILTIN T##n mad_sat(T##n a, T##n b, T##n c)			\
	{								\
		return convert_##T##n##_sat(convert_##W##n(a) * convert_##W##n(b) +	\
					    convert_##W##n(c));		\
	}
WIDTHS(WIDENING, char, short, 8)
WIDTHS(WIDENING, uchar, ushort, 8)
WIDTHS(WIDENING, short, int, 16)
WIDTHS(WIDENING, ushort, uint, 16)
WIDTHS(WIDENING, int, long, 32)
WIDTHS(WIDENING, uint, ulong, 32)

typedef _BitInt(128) int128;
typedef unsigned _BitInt(128) uint128;

BUILTIN long mul_hi(long x, long y)
{
	return (long)(((int128)x * y) >> 64);
}

BUILTIN ulong mul_hi(ulong x, ulong y)
{
	return (ulong)(((uint128)x * y) >> 64);
}

BUILTIN long mad_sat(long a, long b, long c)
{
	int128 sum = (int128)a * b + c;

	return sum > LONG_MAX ? LONG_MAX : sum < LONG_MIN ? LONG_MIN : (long)sum;
}

BUILTIN ulong mad_sat(ulong a, ulong b, ulong c)
{
	uint128 sum = (uint128)a * b + c;

	return sum > ULONG_MAX ? ULONG_MAX : (ulong)sum;
}

MAP2(long, mul_hi, long, long)
MAP2(ulong, mul_hi, ulong, ulong)
MAP3(long, mad_sat, long, long, long)
MAP3(ulong, mad_sat, ulong, ulong, ulong)

/* Defined only for 24-bit operands, for which the 32-bit product is the right one. */
#define MUL24(n, T)							\
	BUILTIN T##n mul24(T##n x, T##n y) { return x * y; }		\
	BUILTIN T##n mad24(T##n x, T##n y, T##n z) { return x * y + z; }
WIDTHS(MUL24, int)
WIDTHS(MUL24, uint)

#define UPSAMPLE(n, W, H, L, bits)					\
	BUILTIN W##n upsample(H##n hi, L##n lo)				\
	{								\
		return (convert_##W##n(hi) << (W##n)bits) | convert_##W##n(lo);	\
	}
WIDTHS(UPSAMPLE, short, char, uchar, 8)
WIDTHS(UPSAMPLE, ushort, uchar, uchar, 8)
WIDTHS(UPSAMPLE, int, short, ushort, 16)
WIDTHS(UPSAMPLE, uint, ushort, ushort, 16)
WIDTHS(UPSAMPLE, long, int, uint, 32)
WIDTHS(UPSAMPLE, ulong, uint, uint, 32)
