/* SPDX-License-Identifier: MIT */
/*
 * vload<n> and vstore<n> (OpenCL C, 6.15.7): vectors in memory that is aligned for an
 * element only.  A vector of 3 touches 3 elements and no more.
 */
#include "builtins.h"

#define LOAD(n, AS, T, U)						\
	BUILTIN T##n vload##n(size_t offset, const AS T *p)		\
	{								\
		typedef T##n unaligned __attribute__((aligned(sizeof(T))));	\
									\
		return *(const AS unaligned *)(p + offset * n);		\
	}
#define LOAD3(AS, T, U)							\
	BUILTIN T##3 vload3(size_t offset, const AS T *p)		\
	{								\
		p += offset * 3;					\
		return (T##3)(p[0], p[1], p[2]);			\
	}
#define LOADS(AS, T, U)							\
	LOAD(2, AS, T, U) LOAD3(AS, T, U) LOAD(4, AS, T, U)		\
	LOAD(8, AS, T, U) LOAD(16, AS, T, U)

#define STORE(n, AS, T, U)						\
	BUILTIN void vstore##n(T##n v, size_t offset, AS T *p)		\
	{								\
		typedef T##n unaligned __attribute__((aligned(sizeof(T))));	\
									\
		*(AS unaligned *)(p + offset * n) = v;			\
	}
#define STORE3(AS, T, U)						\
	BUILTIN void vstore3(T##3 v, size_t offset, AS T *p)		\
	{								\
		p += offset * 3;					\
		p[0] = v.x;						\
		p[1] = v.y;						\
		p[2] = v.z;						\
	}
#define STORES(AS, T, U)						\
	STORE(2, AS, T, U) STORE3(AS, T, U) STORE(4, AS, T, U)		\
	STORE(8, AS, T, U) STORE(16, AS, T, U)

#define LOAD_SPACES(unused, T, U) READABLE_SPACES(LOADS, T, U)
#define STORE_SPACES(unused, T, U) WRITABLE_SPACES(STORES, T, U)

ALL_TYPES(LOAD_SPACES, )
ALL_TYPES(STORE_SPACES, )
