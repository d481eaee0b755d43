/* SPDX-License-Identifier: MIT */
/*
 * C11 atomics (OpenCL C, 6.15.12.7) with their explicit forms, and cl_ext_float_atomics.
 *
 * Every scope is treated as the widest one, which shared memory between host and device
 * needs anyway.  On x86 a read-modify-write operation is sequentially consistent whatever
 * the order says, so beside it only the relaxed order is told apart: it leaves the
 * compiler free to move other accesses.
 */
#include "builtins.h"

#define ALL_DEVICES memory_scope_all_svm_devices
#define OBJECT(AS, T, p) ((AS atomic_##T *)(p))

/* f(p, v, order, scope) with the order as a constant, as Clang likes it best. */
#define ORDERED(order, f, ...)						\
	((order) == memory_order_relaxed ? f(__VA_ARGS__, memory_order_relaxed, ALL_DEVICES) \
					 : f(__VA_ARGS__, memory_order_seq_cst, ALL_DEVICES))

/* The three forms of a read-modify-write operation on atomic_T with an operand of type V. */
#define MODIFY_WITH(AS, T, V, name)					\
	BUILTIN T atomic_##name##_explicit(volatile AS atomic_##T *p, V v, memory_order order,	\
					   memory_scope scope)		\
	{								\
		(void)scope;						\
		return ORDERED(order, __opencl_atomic_##name, OBJECT(AS, T, p), (T)v);	\
	}								\
	BUILTIN T atomic_##name##_explicit(volatile AS atomic_##T *p, V v, memory_order order)	\
	{								\
		return atomic_##name##_explicit(p, v, order, ALL_DEVICES);	\
	}								\
	BUILTIN T atomic_##name(volatile AS atomic_##T *p, V v)		\
	{								\
		return atomic_##name##_explicit(p, v, memory_order_seq_cst, ALL_DEVICES);	\
	}
#define MODIFY(AS, T, name) MODIFY_WITH(AS, T, T, name)

#define ACCESS(AS, T)							\
	BUILTIN void atomic_init(volatile AS atomic_##T *p, T v)	\
	{								\
		__opencl_atomic_init(OBJECT(AS, T, p), v);		\
	}								\
	BUILTIN void atomic_store_explicit(volatile AS atomic_##T *p, T v, memory_order order,	\
					   memory_scope scope)		\
	{								\
		(void)scope;						\
		if (order == memory_order_relaxed)			\
			__opencl_atomic_store(OBJECT(AS, T, p), v, memory_order_relaxed, ALL_DEVICES); \
		else if (order == memory_order_release)			\
			__opencl_atomic_store(OBJECT(AS, T, p), v, memory_order_release, ALL_DEVICES); \
		else							\
			__opencl_atomic_store(OBJECT(AS, T, p), v, memory_order_seq_cst, ALL_DEVICES); \
	}								\
	BUILTIN void atomic_store_explicit(volatile AS atomic_##T *p, T v, memory_order order)	\
	{								\
		atomic_store_explicit(p, v, order, ALL_DEVICES);	\
	}								\
	BUILTIN void atomic_store(volatile AS atomic_##T *p, T v)	\
	{								\
		atomic_store_explicit(p, v, memory_order_seq_cst, ALL_DEVICES);	\
	}								\
	BUILTIN T atomic_load_explicit(volatile AS atomic_##T *p, memory_order order,	\
				       memory_scope scope)		\
	{								\
		(void)scope;						\
		return ORDERED(order, __opencl_atomic_load, OBJECT(AS, T, p));	\
	}								\
	BUILTIN T atomic_load_explicit(volatile AS atomic_##T *p, memory_order order)	\
	{								\
		return atomic_load_explicit(p, order, ALL_DEVICES);	\
	}								\
	BUILTIN T atomic_load(volatile AS atomic_##T *p)		\
	{								\
		return atomic_load_explicit(p, memory_order_seq_cst, ALL_DEVICES);	\
	}								\
	MODIFY(AS, T, exchange)

/* A cmpxchg never fails without cause, so the weak form is the strong one. */
#define COMPARE_EXCHANGE(AS, EXPECTED, T, strength)			\
	BUILTIN bool atomic_compare_exchange_##strength##_explicit(volatile AS atomic_##T *p,	\
		EXPECTED T *expected, T desired, memory_order success, memory_order failure,	\
		memory_scope scope)					\
	{								\
		(void)failure;						\
		(void)scope;						\
		if (success == memory_order_relaxed)			\
			return __opencl_atomic_compare_exchange_strong(OBJECT(AS, T, p), expected, \
				desired, memory_order_relaxed, memory_order_relaxed, ALL_DEVICES); \
		return __opencl_atomic_compare_exchange_strong(OBJECT(AS, T, p), expected, desired, \
			memory_order_seq_cst, memory_order_seq_cst, ALL_DEVICES);	\
	}								\
	BUILTIN bool atomic_compare_exchange_##strength##_explicit(volatile AS atomic_##T *p,	\
		EXPECTED T *expected, T desired, memory_order success, memory_order failure)	\
	{								\
		return atomic_compare_exchange_##strength##_explicit(p, expected, desired,	\
			success, failure, ALL_DEVICES);			\
	}								\
	BUILTIN bool atomic_compare_exchange_##strength(volatile AS atomic_##T *p,	\
		EXPECTED T *expected, T desired)			\
	{								\
		return atomic_compare_exchange_##strength##_explicit(p, expected, desired,	\
			memory_order_seq_cst, memory_order_seq_cst, ALL_DEVICES);	\
	}
#define COMPARE_EXCHANGES(AS, EXPECTED, T)				\
	COMPARE_EXCHANGE(AS, EXPECTED, T, strong) COMPARE_EXCHANGE(AS, EXPECTED, T, weak)
#define COMPARE_ALL(T)							\
	COMPARE_EXCHANGES(__generic, __generic, T)			\
	COMPARE_EXCHANGES(__global, __global, T) COMPARE_EXCHANGES(__global, __local, T)	\
	COMPARE_EXCHANGES(__global, __private, T) COMPARE_EXCHANGES(__local, __global, T)	\
	COMPARE_EXCHANGES(__local, __local, T) COMPARE_EXCHANGES(__local, __private, T)

#define SPACES(M, ...) M(__generic, __VA_ARGS__) M(__global, __VA_ARGS__) M(__local, __VA_ARGS__)

#define ARITHMETIC(AS, T)						\
	ACCESS(AS, T)							\
	MODIFY(AS, T, fetch_add) MODIFY(AS, T, fetch_sub)		\
	MODIFY(AS, T, fetch_min) MODIFY(AS, T, fetch_max)
#define INTEGER(AS, T)							\
	ARITHMETIC(AS, T)						\
	MODIFY(AS, T, fetch_and) MODIFY(AS, T, fetch_or) MODIFY(AS, T, fetch_xor)

/* The operand of an operation on atomic_intptr_t or atomic_uintptr_t may have the other sign. */
#define POINTER_SIZED(AS, T, V)						\
	MODIFY_WITH(AS, T, V, fetch_add) MODIFY_WITH(AS, T, V, fetch_sub)	\
	MODIFY_WITH(AS, T, V, fetch_min) MODIFY_WITH(AS, T, V, fetch_max)	\
	MODIFY_WITH(AS, T, V, fetch_and) MODIFY_WITH(AS, T, V, fetch_or)	\
	MODIFY_WITH(AS, T, V, fetch_xor)

SPACES(INTEGER, int)
SPACES(INTEGER, uint)
SPACES(INTEGER, long)
SPACES(INTEGER, ulong)
SPACES(POINTER_SIZED, ulong, long)
SPACES(POINTER_SIZED, long, ulong)
SPACES(ARITHMETIC, half)
SPACES(ARITHMETIC, float)
SPACES(ARITHMETIC, double)

/*
 * Clang's table has an atomic_half where cl_ext_float_atomics has the half to be stored; a call of
 * such a function would be ambiguous, so these have its name for the linker only.
 */
#define NAMED(name, f, ...) BUILTIN void f(__VA_ARGS__) __asm__(name); BUILTIN void f(__VA_ARGS__)
#define STORE_HALF(AS, space)						\
	NAMED("_Z12atomic_storePU3" #space "VU7_AtomicDhS_",		\
	      store_half, volatile AS atomic_half *p, half v)		\
	{								\
		atomic_store(p, v);					\
	}								\
	NAMED("_Z21atomic_store_explicitPU3" #space "VU7_AtomicDhS_12memory_order",	\
	      store_half, volatile AS atomic_half *p, half v, memory_order order)	\
	{								\
		atomic_store_explicit(p, v, order);			\
	}								\
	NAMED("_Z21atomic_store_explicitPU3" #space "VU7_AtomicDhS_12memory_order12memory_scope", \
	      store_half, volatile AS atomic_half *p, half v, memory_order order,	\
	      memory_scope scope)					\
	{								\
		atomic_store_explicit(p, v, order, scope);		\
	}
STORE_HALF(__global, AS1)
STORE_HALF(__local, AS3)
STORE_HALF(__generic, AS4)

COMPARE_ALL(int)
COMPARE_ALL(uint)
COMPARE_ALL(long)
COMPARE_ALL(ulong)
COMPARE_ALL(float)
COMPARE_ALL(double)

/* atomic_flag is an atomic_int. */
#define FLAG(AS, unused)						\
	BUILTIN bool atomic_flag_test_and_set_explicit(volatile AS atomic_flag *p,	\
						       memory_order order, memory_scope scope)	\
	{								\
		return atomic_exchange_explicit(p, 1, order, scope) != 0;	\
	}								\
	BUILTIN bool atomic_flag_test_and_set_explicit(volatile AS atomic_flag *p,	\
						       memory_order order)	\
	{								\
		return atomic_exchange_explicit(p, 1, order, ALL_DEVICES) != 0;	\
	}								\
	BUILTIN bool atomic_flag_test_and_set(volatile AS atomic_flag *p)	\
	{								\
		return atomic_exchange_explicit(p, 1, memory_order_seq_cst, ALL_DEVICES) != 0; \
	}								\
	BUILTIN void atomic_flag_clear_explicit(volatile AS atomic_flag *p, memory_order order,	\
						memory_scope scope)	\
	{								\
		atomic_store_explicit(p, 0, order, scope);		\
	}								\
	BUILTIN void atomic_flag_clear_explicit(volatile AS atomic_flag *p, memory_order order)	\
	{								\
		atomic_store_explicit(p, 0, order, ALL_DEVICES);	\
	}								\
	BUILTIN void atomic_flag_clear(volatile AS atomic_flag *p)	\
	{								\
		atomic_store_explicit(p, 0, memory_order_seq_cst, ALL_DEVICES);	\
	}
SPACES(FLAG, )
