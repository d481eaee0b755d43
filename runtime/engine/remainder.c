/* SPDX-License-Identifier: MIT */
/*
 * fmod, remainder and remquo, exact, for kernels (libcalls.def), in the place of musl's, which
 * subtract and shift once for each bit of the quotient: for doubles up to two thousand times.
 *
 * Both numbers are integers times powers of two.  What is wanted is x * 2^e mod y for integers x
 * and y: in one division where that fits into 64 bits; else the power of two is multiplied up by
 * squaring, in Montgomery's representation, which needs an odd modulus but no division.
 *
 * This file is linked with musl's archive and gets the same prefix as its functions
 * (engine/CMakeLists.txt).  It calls nothing.
 */
#include <stdint.h>

/* OpenCL C asks for at least seven bits of remquo's quotient. */
#define QUOTIENT_BITS 7

double fmod(double x, double y);
float fmodf(float x, float y);
double remainder(double x, double y);
float remainderf(float x, float y);
double remquo(double x, double y, int *quotient);
float remquof(float x, float y, int *quotient);

/* a * b / 2^64 mod m, below m.  m is odd, @inverse times m is 1 mod 2^64, and a * b < m * 2^64. */
static uint64_t montgomery(uint64_t a, uint64_t b, uint64_t m, uint64_t inverse)
{
	unsigned __int128 product = (unsigned __int128)a * b;
	uint64_t high = (uint64_t)(product >> 64);
	uint64_t reduced = (uint64_t)((unsigned __int128)((uint64_t)product * inverse) * m >> 64);

	return high >= reduced ? high - reduced : high - reduced + m;
}

/* x * 2^e mod m, for odd m below 2^63, any x, and e of at least 1. */
static uint64_t scale_odd(uint64_t x, unsigned int e, uint64_t m)
{
	uint64_t inverse = (3 * m) ^ 2;		/* right in five bits; each step doubles them */
	uint64_t one = -m % m, power;		/* 2^64 mod m stands for 1 */

	for (int i = 0; i < 4; i++)
		inverse *= 2 - m * inverse;
	power = one;
	for (int bit = 31 - __builtin_clz(e); bit >= 0; bit--) {
		power = montgomery(power, power, m, inverse);
		if (e >> bit & 1)
			power = power >= m - power ? power - (m - power) : power + power;
	}
	return montgomery(power, x, m, inverse);
}

/* x * 2^e mod m, for x and m of at most 60 bits, m not 0. */
static uint64_t scale(uint64_t x, unsigned int e, uint64_t m)
{
	unsigned int shared;

	if (!x || e <= (unsigned int)__builtin_clzll(x))
		return (x << (x ? e : 0)) % m;
	/* Twos that the modulus shares with the power are taken out of both. */
	shared = (unsigned int)__builtin_ctzll(m);
	if (shared > e)
		shared = e;
	m >>= shared;
	return (e == shared ? x % m : scale_odd(x, e - shared, m)) << shared;
}

/*
 * T: the type; U, its bits; M, the bits of its fraction that are stored.  A positive number is
 * fraction * 2^exponent, the exponent counted from that of the smallest number.
 */
#define FUNCTIONS(T, U, M, suffix)							\
static U bits_##T(T x)									\
{											\
	union { T x; U bits; } u = { .x = x };						\
											\
	return u.bits;									\
}											\
											\
static T number_##T(U bits)								\
{											\
	union { U bits; T x; } u = { .bits = bits };					\
											\
	return u.x;									\
}											\
											\
static uint64_t fraction_##T(U x)							\
{											\
	return x >> M ? (x & (((U)1 << M) - 1)) | (U)1 << M : x;			\
}											\
											\
static unsigned int exponent_##T(U x)							\
{											\
	return x >> M ? (unsigned int)(x >> M) - 1 : 0;					\
}											\
											\
/* The bits of fraction * 2^exponent, which T has exactly. */				\
static U compose_##T(uint64_t fraction, unsigned int exponent)				\
{											\
	unsigned int shift;								\
											\
	if (!fraction)									\
		return 0;								\
	shift = (unsigned int)__builtin_clzll(fraction) - (63 - M);			\
	if (shift > exponent)								\
		return (U)(fraction << exponent);					\
	return (U)((fraction << shift) + ((uint64_t)(exponent - shift) << M));		\
}											\
											\
/* NaN for what has no remainder: x is infinite, y is 0, or one is NaN.  Takes |x|, |y|. */	\
static int undefined_##T(U x, U y)							\
{											\
	const U infinity = bits_##T((T)__builtin_inf());				\
											\
	return x >= infinity || y > infinity || !y;					\
}											\
											\
T fmod##suffix(T x, T y)								\
{											\
	const U sign = bits_##T(x) & (U)1 << (8 * sizeof(U) - 1);			\
	const U a = bits_##T(x) ^ sign, b = bits_##T(__builtin_fabs##suffix(y));	\
	unsigned int e;									\
											\
	if (undefined_##T(a, b))							\
		return (T)__builtin_nan("");						\
	if (a < b)									\
		return x;								\
	e = exponent_##T(b);								\
	return number_##T(sign | compose_##T(scale(fraction_##T(a), exponent_##T(a) - e, \
						   fraction_##T(b)), e));		\
}											\
											\
T remquo##suffix(T x, T y, int *quotient)						\
{											\
	U sign = bits_##T(x) & (U)1 << (8 * sizeof(U) - 1);				\
	const U a = bits_##T(x) ^ sign, b = bits_##T(__builtin_fabs##suffix(y));	\
	const int negative = sign != (bits_##T(y) ^ b);					\
	unsigned int q = 0, e = exponent_##T(b);					\
	uint64_t rest, whole = fraction_##T(b);						\
											\
	*quotient = 0;									\
	if (undefined_##T(a, b))							\
		return (T)__builtin_nan("");						\
	if (exponent_##T(a) + 1 < e || b == bits_##T((T)__builtin_inf()))		\
		return x;								\
	/* Down to half the divisor: the dividend has the smaller exponent, by one. */	\
	if (exponent_##T(a) < e) {							\
		rest = fraction_##T(a);							\
		whole <<= 1;								\
		e--;									\
	} else {									\
		rest = scale(fraction_##T(a), exponent_##T(a) - e, whole << QUOTIENT_BITS); \
		q = (unsigned int)(rest / whole);					\
		rest -= q * whole;							\
	}										\
	if (rest > whole - rest || (rest == whole - rest && (q & 1))) {			\
		rest = whole - rest;							\
		sign ^= (U)1 << (8 * sizeof(U) - 1);					\
		q++;									\
	}										\
	q &= (1u << QUOTIENT_BITS) - 1;							\
	*quotient = negative ? -(int)q : (int)q;					\
	return number_##T(sign | compose_##T(rest, e));					\
}											\
											\
T remainder##suffix(T x, T y)								\
{											\
	int quotient;									\
											\
	return remquo##suffix(x, y, &quotient);						\
}

FUNCTIONS(double, uint64_t, 52, )
FUNCTIONS(float, uint32_t, 23, f)
