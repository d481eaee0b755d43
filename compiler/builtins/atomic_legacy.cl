/* SPDX-License-Identifier: MIT */
/*
 * The atomic functions of OpenCL C 1.x (6.15.12.8): atomic_* and the extensions' atom_*.
 * All are relaxed.
 */
#include "builtins.h"

#define RELAXED memory_order_relaxed, memory_scope_all_svm_devices
#define OBJECT(AS, T, p) ((AS atomic_##T *)(p))

#define MODIFY(prefix, AS, T, name, operation)				\
	BUILTIN T prefix##_##name(volatile AS T *p, T v)		\
	{								\
		return __opencl_atomic_##operation(OBJECT(AS, T, p), v, RELAXED);	\
	}
#define EXCHANGE(prefix, AS, T) MODIFY(prefix, AS, T, xchg, exchange)
#define ALL(prefix, AS, T)						\
	MODIFY(prefix, AS, T, add, fetch_add) MODIFY(prefix, AS, T, sub, fetch_sub)	\
	MODIFY(prefix, AS, T, min, fetch_min) MODIFY(prefix, AS, T, max, fetch_max)	\
	MODIFY(prefix, AS, T, and, fetch_and) MODIFY(prefix, AS, T, or, fetch_or)	\
	MODIFY(prefix, AS, T, xor, fetch_xor) EXCHANGE(prefix, AS, T)	\
	BUILTIN T prefix##_inc(volatile AS T *p) { return prefix##_add(p, (T)1); }	\
	BUILTIN T prefix##_dec(volatile AS T *p) { return prefix##_sub(p, (T)1); }	\
	BUILTIN T prefix##_cmpxchg(volatile AS T *p, T expected, T desired)	\
	{								\
		__opencl_atomic_compare_exchange_strong(OBJECT(AS, T, p), &expected, desired,	\
			memory_order_relaxed, RELAXED);			\
		return expected;					\
	}

#define SPACES(prefix, T)						\
	ALL(prefix, __global, T) ALL(prefix, __local, T) ALL(prefix, __generic, T)
SPACES(atomic, int)
SPACES(atomic, uint)
EXCHANGE(atomic, __global, float)
EXCHANGE(atomic, __local, float)
EXCHANGE(atomic, __generic, float)

#define EXTENSION(T) ALL(atom, __global, T) ALL(atom, __local, T)
EXTENSION(int)
EXTENSION(uint)
EXTENSION(long)
EXTENSION(ulong)
