/* SPDX-License-Identifier: MIT */
/*
 * Geometric functions (OpenCL C, 6.15.5).  They neither overflow nor lose precision
 * early: half and float are computed in a wider type W, in which the square of no operand
 * overflows or vanishes; double is scaled by a power of two first where it must.
 */
#include "builtins.h"

#define DOT(T)								\
	BUILTIN T dot(T x, T y) { return x * y; }			\
	BUILTIN T dot(T##2 x, T##2 y) { return x.x * y.x + x.y * y.y; }	\
	BUILTIN T dot(T##3 x, T##3 y) { return x.x * y.x + x.y * y.y + x.z * y.z; }	\
	BUILTIN T dot(T##4 x, T##4 y)					\
	{								\
		return (x.x * y.x + x.y * y.y) + (x.z * y.z + x.w * y.w);	\
	}
DOT(float)
DOT(double)

#define DOT_HALF(n)							\
	BUILTIN half dot(half##n x, half##n y)				\
	{								\
		return (half)dot(convert_float##n(x), convert_float##n(y));	\
	}

#define CROSS(T)							\
	BUILTIN T##3 cross(T##3 a, T##3 b) { return a.yzx * b.zxy - a.zxy * b.yzx; }	\
	BUILTIN T##4 cross(T##4 a, T##4 b) { return (T##4)(cross(a.xyz, b.xyz), (T)0); }
CROSS(half)
CROSS(float)
CROSS(double)

/* What normalize makes of a vector with infinite elements: only their directions count. */
#define DIRECTION(n, T)							\
	INTERNAL T##n __hmmcl_direction(T##n v)				\
	{								\
		T##n one = copysign((T##n)(T)1, v);			\
									\
		return isinf(v) ? one : (T##n)(T)0 * v;			\
	}

#define WIDE(n, T, W)							\
	BUILTIN T length(T##n v)					\
	{								\
		W##n w = convert_##W##n(v);				\
									\
		return (T)sqrt(dot(w, w));				\
	}								\
	BUILTIN T distance(T##n a, T##n b)				\
	{								\
		W##n w = convert_##W##n(a) - convert_##W##n(b);		\
									\
		return (T)sqrt(dot(w, w));				\
	}								\
	BUILTIN T##n normalize(T##n v)					\
	{								\
		W##n w = convert_##W##n(v);				\
		W d = dot(w, w);					\
									\
		if (d == 0)						\
			return v;					\
		if (isinf(d)) {						\
			w = __hmmcl_direction(w);			\
			d = dot(w, w);					\
		}							\
		return convert_##T##n(w / (W##n)sqrt(d));		\
	}

/* The largest magnitude of an element, NaN aside. */
INTERNAL double __hmmcl_largest(double v) { return fabs(v); }
INTERNAL double __hmmcl_largest(double2 v) { return fmax(fabs(v.x), fabs(v.y)); }
INTERNAL double __hmmcl_largest(double3 v) { return fmax(__hmmcl_largest(v.xy), fabs(v.z)); }
INTERNAL double __hmmcl_largest(double4 v)
{
	return fmax(__hmmcl_largest(v.xy), __hmmcl_largest(v.zw));
}

/* The exponent by which a vector is scaled so that its squares are in range; 0 mostly. */
INTERNAL int __hmmcl_scaling(double largest)
{
	if (largest > 0x1p500 && largest < INFINITY)
		return -600;
	if (largest < 0x1p-400 && largest > 0)
		return 700;
	return 0;
}

#define DOUBLE(n)							\
	BUILTIN double length(double##n v)				\
	{								\
		int scale = __hmmcl_scaling(__hmmcl_largest(v));	\
		double d;						\
									\
		if (!scale)						\
			return sqrt(dot(v, v));				\
		v = ldexp(v, scale);					\
		d = sqrt(dot(v, v));					\
		return ldexp(d, -scale);				\
	}								\
	BUILTIN double distance(double##n a, double##n b)		\
	{								\
		double##n v = a - b;					\
									\
		if (isinf(__hmmcl_largest(v)) && !isinf(__hmmcl_largest(a)) &&	\
		    !isinf(__hmmcl_largest(b)))				\
			return 2 * length(a * 0.5 - b * 0.5);		\
		return length(v);					\
	}								\
	BUILTIN double##n normalize(double##n v)			\
	{								\
		double largest = __hmmcl_largest(v), d;			\
		int scale = __hmmcl_scaling(largest);			\
		double##n scaled;					\
									\
		if (isinf(largest))					\
			v = __hmmcl_direction(v);			\
		scaled = scale ? ldexp(v, scale) : v;			\
		d = dot(scaled, scaled);				\
		if (d == 0)						\
			return v;					\
		/* Elements far below the largest would vanish if scaled down first. */	\
		return scale < 0 ? ldexp(v / sqrt(d), scale) : scaled / sqrt(d);	\
	}

/* Within 8192 ulp, and v itself where its square is no normal number. */
#define FAST(n)								\
	BUILTIN float fast_length(float##n v) { return half_sqrt(dot(v, v)); }	\
	BUILTIN float fast_distance(float##n a, float##n b) { return fast_length(a - b); } \
	BUILTIN float##n fast_normalize(float##n v)			\
	{								\
		float d = dot(v, v);					\
									\
		return d < FLT_MIN ? v : v * half_rsqrt(d);		\
	}

#define ALL(n)								\
	DOT_HALF(n) DIRECTION(n, float) DIRECTION(n, double)		\
	WIDE(n, half, float) WIDE(n, float, double) DOUBLE(n) FAST(n)
ALL()
ALL(2)
ALL(3)
ALL(4)
