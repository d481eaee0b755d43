/* SPDX-License-Identifier: MIT */
/* Common functions (OpenCL C, 6.15.5). */
#include "builtins.h"

#define COMMON(n, T, I)							\
	BUILTIN T##n min(T##n x, T##n y) { return y < x ? y : x; }	\
	BUILTIN T##n max(T##n x, T##n y) { return x < y ? y : x; }	\
	BUILTIN T##n clamp(T##n x, T##n low, T##n high) { return fmin(fmax(x, low), high); } \
	BUILTIN T##n degrees(T##n x) { return (T##n)(T)(180 / M_PI) * x; }	\
	BUILTIN T##n radians(T##n x) { return (T##n)(T)(M_PI / 180) * x; }	\
	BUILTIN T##n mix(T##n x, T##n y, T##n a) { return x + (y - x) * a; }	\
	BUILTIN T##n step(T##n edge, T##n x)				\
	{								\
		return x < edge ? (T##n)(T)0 : (T##n)(T)1;		\
	}								\
	BUILTIN T##n smoothstep(T##n edge0, T##n edge1, T##n x)	\
	{								\
		T##n t = clamp((x - edge0) / (edge1 - edge0), (T##n)(T)0, (T##n)(T)1);	\
									\
		return t * t * ((T##n)(T)3 - (T##n)(T)2 * t);		\
	}								\
	BUILTIN T##n sign(T##n x)					\
	{								\
		T##n one = copysign((T##n)(T)1, x);			\
									\
		return x != x ? (T##n)(T)0 : x == (T##n)(T)0 ? x : one;	\
	}
#define SCALAR_ARGUMENTS(n, T, I)					\
	BUILTIN T##n min(T##n x, T y) { return min(x, (T##n)y); }	\
	BUILTIN T##n max(T##n x, T y) { return max(x, (T##n)y); }	\
	BUILTIN T##n clamp(T##n x, T low, T high) { return clamp(x, (T##n)low, (T##n)high); } \
	BUILTIN T##n mix(T##n x, T##n y, T a) { return mix(x, y, (T##n)a); }	\
	BUILTIN T##n step(T edge, T##n x) { return step((T##n)edge, x); }	\
	BUILTIN T##n smoothstep(T edge0, T edge1, T##n x)		\
	{								\
		return smoothstep((T##n)edge0, (T##n)edge1, x);		\
	}

FLOAT_TYPES(WIDTHS, COMMON)
FLOAT_TYPES(VECTORS, SCALAR_ARGUMENTS)
