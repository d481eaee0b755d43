/* SPDX-License-Identifier: MIT */
/*
 * What the files of the built-in library share: the lists of types and widths
 * from which macros make the overloads, and element-by-element mapping.
 *
 * Every file is compiled with Clang's complete opencl-c.h included, so a function
 * may call any other built-in function.
 */
#ifndef HMMCL_BUILTINS_H
#define HMMCL_BUILTINS_H

#pragma OPENCL EXTENSION cl_khr_fp16 : enable
#pragma OPENCL EXTENSION cl_khr_fp64 : enable

/* A built-in function; all are small enough to be inlined, but for NOINLINE ones. */
#define BUILTIN __attribute__((overloadable, always_inline))
#define NOINLINE __attribute__((overloadable, noinline))

/* A part of the library that programs cannot name. */
#define INTERNAL static __attribute__((overloadable, always_inline))

/* M(T, n, ...) for each width n; the scalar's n is empty. */
#define VECTORS(M, ...)							\
	M(2, __VA_ARGS__) M(3, __VA_ARGS__) M(4, __VA_ARGS__)		\
	M(8, __VA_ARGS__) M(16, __VA_ARGS__)
#define WIDTHS(M, ...) M(, __VA_ARGS__) VECTORS(M, __VA_ARGS__)

/*
 * M(L, T, ...) for each type: L is a macro with arguments (n, T, ...), usually applied by
 * WIDTHS or VECTORS.  Signed types come with their unsigned twin.
 */
#define SIGNED_TYPES(M, ...)						\
	M(__VA_ARGS__, char, uchar) M(__VA_ARGS__, short, ushort)	\
	M(__VA_ARGS__, int, uint) M(__VA_ARGS__, long, ulong)
#define UNSIGNED_TYPES(M, ...)						\
	M(__VA_ARGS__, uchar, uchar) M(__VA_ARGS__, ushort, ushort)	\
	M(__VA_ARGS__, uint, uint) M(__VA_ARGS__, ulong, ulong)
#define INTEGER_TYPES(M, ...)						\
	SIGNED_TYPES(M, __VA_ARGS__) UNSIGNED_TYPES(M, __VA_ARGS__)

/* Floating-point types come with the signed integer type of their size. */
#define FLOAT_TYPES(M, ...)						\
	M(__VA_ARGS__, half, short) M(__VA_ARGS__, float, int) M(__VA_ARGS__, double, long)
#define ALL_TYPES(M, ...) INTEGER_TYPES(M, __VA_ARGS__) FLOAT_TYPES(M, __VA_ARGS__)

/*
 * The vector overloads of f, each element by the scalar one: R f(A), R f(A, B), R f(A, B, C).
 */
#define MAP1(R, f, A)							\
	BUILTIN R##2 f(A##2 a) { return (R##2)(f(a.x), f(a.y)); }	\
	BUILTIN R##3 f(A##3 a) { return (R##3)(f(a.x), f(a.y), f(a.z)); } \
	BUILTIN R##4 f(A##4 a) { return (R##4)(f(a.lo), f(a.hi)); }	\
	BUILTIN R##8 f(A##8 a) { return (R##8)(f(a.lo), f(a.hi)); }	\
	BUILTIN R##16 f(A##16 a) { return (R##16)(f(a.lo), f(a.hi)); }

#define MAP2_WIDE(n, R, f, A, B)					\
	BUILTIN R##n f(A##n a, B##n b) { return (R##n)(f(a.lo, b.lo), f(a.hi, b.hi)); }
#define MAP2(R, f, A, B)						\
	BUILTIN R##2 f(A##2 a, B##2 b) { return (R##2)(f(a.x, b.x), f(a.y, b.y)); } \
	BUILTIN R##3 f(A##3 a, B##3 b)					\
	{								\
		return (R##3)(f(a.x, b.x), f(a.y, b.y), f(a.z, b.z));	\
	}								\
	MAP2_WIDE(4, R, f, A, B) MAP2_WIDE(8, R, f, A, B) MAP2_WIDE(16, R, f, A, B)

#define MAP3_WIDE(n, R, f, A, B, C)					\
	BUILTIN R##n f(A##n a, B##n b, C##n c)				\
	{								\
		return (R##n)(f(a.lo, b.lo, c.lo), f(a.hi, b.hi, c.hi)); \
	}
#define MAP3(R, f, A, B, C)						\
	BUILTIN R##2 f(A##2 a, B##2 b, C##2 c)				\
	{								\
		return (R##2)(f(a.x, b.x, c.x), f(a.y, b.y, c.y));	\
	}								\
	BUILTIN R##3 f(A##3 a, B##3 b, C##3 c)				\
	{								\
		return (R##3)(f(a.x, b.x, c.x), f(a.y, b.y, c.y), f(a.z, b.z, c.z)); \
	}								\
	MAP3_WIDE(4, R, f, A, B, C) MAP3_WIDE(8, R, f, A, B, C) MAP3_WIDE(16, R, f, A, B, C)

/* M(AS, ...) for each address space that can be written, and for each that can be read. */
#define WRITABLE_SPACES(M, ...)						\
	M(__private, __VA_ARGS__) M(__global, __VA_ARGS__)		\
	M(__local, __VA_ARGS__) M(__generic, __VA_ARGS__)
#define READABLE_SPACES(M, ...) WRITABLE_SPACES(M, __VA_ARGS__) M(__constant, __VA_ARGS__)

/* Reinterpretation by a type's name: AS(int, x) with vectors, where as_int4 would need pasting. */
#define CAT_(a, b) a##b
#define CAT(a, b) CAT_(a, b)
#define AS(T, x) __builtin_astype(x, T)
#define CONVERT(T, x) __builtin_convertvector(x, T)

#endif
