/* SPDX-License-Identifier: MIT */
/*
 * Math functions with a second result in memory: sincos, remquo, lgamma_r, and with it
 * lgamma (OpenCL C, 6.15.2).  The scalar and its vectors are computed with private
 * memory; the overloads of the other address spaces copy.
 */
#include "builtins.h"

/* The C functions write through flat pointers, which private ones are on the engine. */
#define C_FUNCTIONS(T, suffix)						\
	T __hmmcl_c_remquo_##T(T, T, __private int *) __asm__("remquo" suffix);	\
	T __hmmcl_c_lgamma_r_##T(T, __private int *) __asm__("lgamma" suffix "_r");	\
	INTERNAL T __hmmcl_remquo(T x, T y, __private int *quotient)	\
	{								\
		return __hmmcl_c_remquo_##T(x, y, quotient);		\
	}								\
	INTERNAL T __hmmcl_lgamma_r(T x, __private int *sign)		\
	{								\
		T r = __hmmcl_c_lgamma_r_##T(x, sign);			\
									\
		/* At poles there is no sign. */			\
		if (x <= 0 && x == floor(x))				\
			*sign = 0;					\
		return r;						\
	}								\
	INTERNAL T __hmmcl_sincos(T x, __private T *cosine)		\
	{								\
		*cosine = cos(x);					\
		return sin(x);						\
	}
C_FUNCTIONS(float, "f")
C_FUNCTIONS(double, "")

INTERNAL half __hmmcl_remquo(half x, half y, __private int *quotient)
{
	return (half)__hmmcl_remquo((float)x, (float)y, quotient);
}

INTERNAL half __hmmcl_lgamma_r(half x, __private int *sign)
{
	return (half)__hmmcl_lgamma_r((float)x, sign);
}

INTERNAL half __hmmcl_sincos(half x, __private half *cosine)
{
	*cosine = cos(x);
	return sin(x);
}

/* f(x, out) and f(x, y, out) for vectors, of halves; that of 3 drops an element of 4. */
#define SPLIT1(f, n, h, T, R)						\
	INTERNAL T##n f(T##n x, __private R##n *out)			\
	{								\
		R##h low, high;						\
		T##h a = f(x.lo, &low), b = f(x.hi, &high);		\
									\
		*out = (R##n)(low, high);				\
		return (T##n)(a, b);					\
	}
#define SPLIT2(f, n, h, T, R)						\
	INTERNAL T##n f(T##n x, T##n y, __private R##n *out)		\
	{								\
		R##h low, high;						\
		T##h a = f(x.lo, y.lo, &low), b = f(x.hi, y.hi, &high);	\
									\
		*out = (R##n)(low, high);				\
		return (T##n)(a, b);					\
	}
#define VECTORS1(f, T, R)						\
	SPLIT1(f, 2, , T, R) SPLIT1(f, 4, 2, T, R) SPLIT1(f, 8, 4, T, R) SPLIT1(f, 16, 8, T, R)	\
	INTERNAL T##3 f(T##3 x, __private R##3 *out)			\
	{								\
		R##2 low;						\
		R high;							\
		T##2 a = f(x.xy, &low);					\
		T b = f(x.z, &high);					\
									\
		*out = (R##3)(low, high);				\
		return (T##3)(a, b);					\
	}
#define VECTORS2(f, T, R)						\
	SPLIT2(f, 2, , T, R) SPLIT2(f, 4, 2, T, R) SPLIT2(f, 8, 4, T, R) SPLIT2(f, 16, 8, T, R)	\
	INTERNAL T##3 f(T##3 x, T##3 y, __private R##3 *out)		\
	{								\
		R##2 low;						\
		R high;							\
		T##2 a = f(x.xy, y.xy, &low);				\
		T b = f(x.z, y.z, &high);				\
									\
		*out = (R##3)(low, high);				\
		return (T##3)(a, b);					\
	}
#define ALL_VECTORS(unused, T, I)					\
	VECTORS1(__hmmcl_sincos, T, T) VECTORS1(__hmmcl_lgamma_r, T, int)	\
	VECTORS2(__hmmcl_remquo, T, int)
FLOAT_TYPES(ALL_VECTORS, )

#define PUBLIC(AS, n, T)						\
	BUILTIN T##n sincos(T##n x, AS T##n *cosine)			\
	{								\
		T##n c, s = __hmmcl_sincos(x, &c);			\
									\
		*cosine = c;						\
		return s;						\
	}								\
	BUILTIN T##n lgamma_r(T##n x, AS int##n *sign)			\
	{								\
		int##n s;						\
		T##n r = __hmmcl_lgamma_r(x, &s);			\
									\
		*sign = s;						\
		return r;						\
	}								\
	BUILTIN T##n remquo(T##n x, T##n y, AS int##n *quotient)	\
	{								\
		int##n q;						\
		T##n r = __hmmcl_remquo(x, y, &q);			\
									\
		*quotient = q;						\
		return r;						\
	}
#define PUBLIC_SPACES(n, T, I)						\
	WRITABLE_SPACES(PUBLIC, n, T)					\
	BUILTIN T##n lgamma(T##n x)					\
	{								\
		int##n sign;						\
									\
		return __hmmcl_lgamma_r(x, &sign);			\
	}
FLOAT_TYPES(WIDTHS, PUBLIC_SPACES)
