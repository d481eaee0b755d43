/* SPDX-License-Identifier: MIT */
/* options: -cl-std=CL3.0 */
/* size: 64 : 16 */
/* C11 atomics in all orders and scopes, on every address space and type; and the old functions. */
#include "check.h"

#pragma OPENCL EXTENSION cl_khr_int64_base_atomics : enable
#pragma OPENCL EXTENSION cl_khr_int64_extended_atomics : enable

#define FETCH(space, T, A, order, scope)						\
	{										\
		space A *p = (space A *)place;						\
		T old;									\
		atomic_init(p, (T)10);							\
		CHECK(atomic_fetch_add_explicit(p, (T)5, order, scope) == 10);		\
		CHECK(atomic_fetch_sub_explicit(p, (T)one, order, scope) == 15);	\
		CHECK(atomic_fetch_or_explicit(p, (T)1, order, scope) == 14);		\
		CHECK(atomic_fetch_xor_explicit(p, (T)3, order, scope) == 15);		\
		CHECK(atomic_fetch_and_explicit(p, (T)6, order, scope) == 12);		\
		CHECK(atomic_fetch_min_explicit(p, (T)-1, order, scope) == 4);		\
		CHECK(atomic_fetch_max_explicit(p, (T)-2, order, scope) == ((T)-1 < 0 ? (T)-1 : (T)4));	\
		CHECK(atomic_exchange_explicit(p, (T)70, order, scope) == ((T)-1 < 0 ? (T)-1 : (T)-2));	\
		old = 71;								\
		CHECK(!atomic_compare_exchange_strong_explicit(p, &old, (T)72, order,	\
							       memory_order_relaxed, scope));	\
		CHECK(old == 70);							\
		CHECK(atomic_compare_exchange_strong_explicit(p, &old, (T)72, order,	\
							      memory_order_relaxed, scope));	\
		while (!atomic_compare_exchange_weak_explicit(p, &old, (T)73, order,	\
							      memory_order_relaxed, scope))	\
			;								\
		CHECK(old == 72);							\
		CHECK(atomic_load_explicit(p, memory_order_relaxed, scope) == 73);	\
	}

#define ORDERS(space, T, A, scope)				\
	FETCH(space, T, A, memory_order_relaxed, scope)		\
	FETCH(space, T, A, memory_order_acquire, scope)		\
	FETCH(space, T, A, memory_order_release, scope)		\
	FETCH(space, T, A, memory_order_acq_rel, scope)		\
	FETCH(space, T, A, memory_order_seq_cst, scope)

#define LOADS(space, A, order_load, order_store, scope)			\
	{								\
		space A *p = (space A *)place;				\
		atomic_store_explicit(p, 5, order_store, scope);	\
		CHECK(atomic_load_explicit(p, order_load, scope) == 5);	\
	}

#define PLAIN(space, T, A)						\
	{								\
		space A *p = (space A *)place;				\
		T old = 3;						\
		atomic_store(p, (T)3);					\
		CHECK(atomic_exchange(p, (T)(4 * one)) == 3);		\
		CHECK(!atomic_compare_exchange_strong(p, &old, (T)9));	\
		CHECK(old == 4 && atomic_compare_exchange_strong(p, &old, (T)9));	\
		CHECK(atomic_load(p) == 9);				\
	}

void integers_global(global uint *out, global ulong *place, int one)
{
	uint n = 0;

	ORDERS(global, int, atomic_int, memory_scope_device)
	ORDERS(global, uint, atomic_uint, memory_scope_all_svm_devices)
	FETCH(global, long, atomic_long, memory_order_seq_cst, memory_scope_all_devices)
	FETCH(global, ulong, atomic_ulong, memory_order_acq_rel, memory_scope_work_group)
	FETCH(, int, atomic_int, memory_order_relaxed, memory_scope_device)
	FETCH(volatile global, uint, atomic_uint, memory_order_relaxed, memory_scope_work_group)
	out[1000] = n;
}

void integers_local(global uint *out, local ulong *place, int one)
{
	uint n = out[1000];

	ORDERS(local, uint, atomic_uint, memory_scope_work_group)
	FETCH(local, int, atomic_int, memory_order_relaxed, memory_scope_device)
	FETCH(local, long, atomic_long, memory_order_seq_cst, memory_scope_work_group)
	FETCH(local, ulong, atomic_ulong, memory_order_release, memory_scope_work_group)
	FETCH(, ulong, atomic_ulong, memory_order_release, memory_scope_work_group)
	out[1000] = n;
}

void others(global uint *out, global ulong *place, int one)
{
	uint n = out[1000];

	LOADS(global, atomic_int, memory_order_acquire, memory_order_release, memory_scope_device)
	LOADS(global, atomic_int, memory_order_seq_cst, memory_order_seq_cst, memory_scope_all_svm_devices)
	LOADS(, atomic_uint, memory_order_acquire, memory_order_release, memory_scope_work_group)
	PLAIN(global, int, atomic_int)
	PLAIN(global, float, atomic_float)
	PLAIN(global, double, atomic_double)
	PLAIN(global, size_t, atomic_size_t)
	PLAIN(global, ptrdiff_t, atomic_ptrdiff_t)
	PLAIN(global, uintptr_t, atomic_uintptr_t)
	PLAIN(global, intptr_t, atomic_intptr_t)

	global atomic_flag *flag = (global atomic_flag *)place;
	atomic_flag_clear(flag);
	CHECK(!atomic_flag_test_and_set(flag));
	CHECK(atomic_flag_test_and_set_explicit(flag, memory_order_acquire, memory_scope_device));
	atomic_flag_clear_explicit(flag, memory_order_release, memory_scope_device);
	CHECK(!atomic_flag_test_and_set_explicit(flag, memory_order_relaxed));

	global uintptr_t *base = (global uintptr_t *)place;
	*base = 64;
	CHECK(atomic_fetch_add((global atomic_uintptr_t *)base, (ptrdiff_t)8) == 64 && *base == 72);
	CHECK(atomic_fetch_sub((global atomic_uintptr_t *)base, (ptrdiff_t)4) == 72 && *base == 68);
	atomic_work_item_fence(CLK_GLOBAL_MEM_FENCE | CLK_LOCAL_MEM_FENCE, memory_order_acq_rel,
			       memory_scope_device);
	mem_fence(CLK_GLOBAL_MEM_FENCE);
	read_mem_fence(CLK_LOCAL_MEM_FENCE);
	write_mem_fence(CLK_GLOBAL_MEM_FENCE);

	/* Of OpenCL C 1.x. */
	global int *i = (global int *)place;
	global float *f = (global float *)(place + 1);
	global long *l = (global long *)(place + 2);
	*i = 5;
	*f = 2;
	*l = 5;
	CHECK(atomic_add(i, 2) == 5 && atomic_sub(i, one) == 7 && atomic_inc(i) == 6 && atomic_dec(i) == 7);
	CHECK(atomic_min(i, -3) == 6 && atomic_max(i, 12) == -3 && atomic_and(i, 9) == 12);
	CHECK(atomic_or(i, 6) == 8 && atomic_xor(i, 15) == 14 && atomic_xchg(i, 44) == 1);
	CHECK(atomic_cmpxchg(i, 43, 45) == 44 && atomic_cmpxchg(i, 44, 45) == 44 && *i == 45);
	CHECK(atomic_xchg(f, 3.5f) == 2 && *f == 3.5f);
	CHECK(atom_add(l, 2l) == 5 && atom_sub(l, 1l) == 7 && atom_inc(l) == 6 && atom_dec(l) == 7);
	CHECK(atom_min(l, -3l) == 6 && atom_max(l, 1l << 40) == -3 && atom_and(l, 3l << 39) == 1l << 40);
	CHECK(atom_or(l, 6l) == 1l << 40 && atom_xor(l, 15l) == (1l << 40) + 6 && atom_xchg(l, 44l) == (1l << 40) + 9);
	CHECK(atom_cmpxchg(l, 43l, 45l) == 44 && atom_cmpxchg(l, 44l, 45l) == 44 && *l == 45);
	out[1023] = n;
}

kernel void test(global uint *out, int one)
{
	local ulong place[2];
	local atomic_uint together;
	global atomic_uint *all = (global atomic_uint *)(out + 1010);

	if (get_local_id(0) == 0)
		atomic_init(&together, 0);
	barrier(CLK_LOCAL_MEM_FENCE);
	atomic_fetch_add_explicit(&together, get_local_id(0), memory_order_relaxed, memory_scope_work_group);
	barrier(CLK_LOCAL_MEM_FENCE);
	if (get_local_id(0) == 0)
		atomic_fetch_add_explicit(all, atomic_load(&together) == 120, memory_order_relaxed,
					  memory_scope_device);
	if (get_global_id(0))
		return;
	integers_global(out, (global ulong *)(out + 1002), one);
	integers_local(out, place, one);
	others(out, (global ulong *)(out + 1002), one);
}
