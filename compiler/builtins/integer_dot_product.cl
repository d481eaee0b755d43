/* SPDX-License-Identifier: MIT */
/* Integer dot products (cl_khr_integer_dot_product; OpenCL C, 6.15.4). */
#include "builtins.h"

/* Results of uchar4 operands do not overflow uint, others fit in int. */
#define DOT(R, A, B)						\
	BUILTIN R dot(A##4 a, B##4 b)					\
	{								\
		return (R)a.x * b.x + (R)a.y * b.y + (R)a.z * b.z + (R)a.w * b.w;	\
	}								\
	BUILTIN R dot_acc_sat(A##4 a, B##4 b, R acc) { return add_sat(dot(a, b), acc); }
DOT(uint, uchar, uchar)
DOT(int, char, char)
DOT(int, uchar, char)
DOT(int, char, uchar)

#define DOT_PACKED(R, A, B, kind)					\
	BUILTIN R dot_4x8packed_##kind##_##R(uint a, uint b)		\
	{								\
		return dot(AS(A##4, a), AS(B##4, b));			\
	}								\
	BUILTIN R dot_acc_sat_4x8packed_##kind##_##R(uint a, uint b, R acc)	\
	{								\
		return dot_acc_sat(AS(A##4, a), AS(B##4, b), acc);	\
	}
DOT_PACKED(uint, uchar, uchar, uu)
DOT_PACKED(int, char, char, ss)
DOT_PACKED(int, uchar, char, us)
DOT_PACKED(int, char, uchar, su)
