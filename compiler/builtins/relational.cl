/* SPDX-License-Identifier: MIT */
/*
 * Relational functions (OpenCL C, 6.15.6).  A scalar comparison gives 1, a vector's gives
 * -1 in the elements for which it holds; C's operators on scalars and vectors do the same.
 */
#include "builtins.h"

/* R is the result: int for scalars, the signed integer type I of T's size for vectors. */
#define COMPARE(n, T, R, I)						\
	BUILTIN R isequal(T##n x, T##n y) { return x == y; }		\
	BUILTIN R isnotequal(T##n x, T##n y) { return x != y; }		\
	BUILTIN R isgreater(T##n x, T##n y) { return x > y; }		\
	BUILTIN R isgreaterequal(T##n x, T##n y) { return x >= y; }	\
	BUILTIN R isless(T##n x, T##n y) { return x < y; }		\
	BUILTIN R islessequal(T##n x, T##n y) { return x <= y; }	\
	BUILTIN R islessgreater(T##n x, T##n y) { return (x < y) | (x > y); }	\
	BUILTIN R isordered(T##n x, T##n y) { return (x == x) & (y == y); }	\
	BUILTIN R isunordered(T##n x, T##n y) { return (x != x) | (y != y); }	\
	BUILTIN R isnan(T##n x) { return x != x; }			\
	BUILTIN R isinf(T##n x) { return fabs(x) == (T##n)(T)INFINITY; }	\
	BUILTIN R isfinite(T##n x) { return fabs(x) < (T##n)(T)INFINITY; }	\
	BUILTIN R isnormal(T##n x)					\
	{								\
		T##n a = fabs(x);					\
									\
		return (a >= (T##n)T##_MIN_NORMAL) & (a < (T##n)(T)INFINITY);	\
	}								\
	BUILTIN R signbit(T##n x) { return AS(I##n, x) < (I##n)(I)0; }

#define half_MIN_NORMAL HALF_MIN
#define float_MIN_NORMAL FLT_MIN
#define double_MIN_NORMAL DBL_MIN

#define COMPARE_VECTOR(n, T, I) COMPARE(n, T, I##n, I)
COMPARE(, half, int, short)
COMPARE(, float, int, int)
COMPARE(, double, int, long)
FLOAT_TYPES(VECTORS, COMPARE_VECTOR)

/* Whether the most significant bit of any, or of each, element is set. */
#define ANY_ALL_SCALAR(unused, T, U)					\
	BUILTIN int any(T x) { return x < 0; }				\
	BUILTIN int all(T x) { return x < 0; }
#define ANY_ALL(T)							\
	BUILTIN int any(T##2 x) { return any((T)(x.x | x.y)); }		\
	BUILTIN int any(T##3 x) { return any((T)(x.x | x.y | x.z)); }	\
	BUILTIN int any(T##4 x) { return any(x.lo | x.hi); }		\
	BUILTIN int any(T##8 x) { return any(x.lo | x.hi); }		\
	BUILTIN int any(T##16 x) { return any(x.lo | x.hi); }		\
	BUILTIN int all(T##2 x) { return all((T)(x.x & x.y)); }		\
	BUILTIN int all(T##3 x) { return all((T)(x.x & x.y & x.z)); }	\
	BUILTIN int all(T##4 x) { return all(x.lo & x.hi); }		\
	BUILTIN int all(T##8 x) { return all(x.lo & x.hi); }		\
	BUILTIN int all(T##16 x) { return all(x.lo & x.hi); }
#define ANY_ALL_VECTOR(unused, T, U) ANY_ALL(T)
SIGNED_TYPES(ANY_ALL_SCALAR, )
SIGNED_TYPES(ANY_ALL_VECTOR, )

/* U is an integer type of T's size. */
#define BITSELECT(n, T, U)						\
	BUILTIN T##n bitselect(T##n a, T##n b, T##n c)			\
	{								\
		U##n ua = AS(U##n, a), ub = AS(U##n, b), uc = AS(U##n, c);	\
									\
		return AS(T##n, (U##n)((ua & ~uc) | (ub & uc)));	\
	}
ALL_TYPES(WIDTHS, BITSELECT)

/* A scalar select tests c, a vector's each element's most significant bit, as ?: does. */
#define SELECT(n, T, C)							\
	BUILTIN T##n select(T##n a, T##n b, C##n c) { return c ? b : a; }
#define SELECT_SIGNED(n, I, U)						\
	SELECT(n, I, I) SELECT(n, I, U) SELECT(n, U, I) SELECT(n, U, U)
SIGNED_TYPES(WIDTHS, SELECT_SIGNED)
WIDTHS(SELECT, half, short)
WIDTHS(SELECT, half, ushort)
WIDTHS(SELECT, float, int)
WIDTHS(SELECT, float, uint)
WIDTHS(SELECT, double, long)
WIDTHS(SELECT, double, ulong)
