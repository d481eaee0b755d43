/* SPDX-License-Identifier: MIT */
/*
 * Sub-group functions that move values between items or vote (OpenCL C 3.0, 6.15.19, with
 * cl_khr_subgroup_ballot, _non_uniform_vote, _shuffle, _shuffle_relative and _rotate).
 */
#include "sub_group.h"

/* Each item gets the value of the item that it names; any item will do for one out of range. */
#define SHUFFLE(T, ...)							\
	INTERNAL __attribute__((convergent)) T value_of(T value, uint wanted)	\
	{								\
		__private struct exchange *e = __hmmcl_sub_group_exchange();	\
		uint lane = get_sub_group_local_id();			\
		uint active;						\
									\
		PLACE(T, e->value[lane]) = value;			\
		e->index[lane] = wanted % LANES;			\
		active = __hmmcl_sub_group_meet();			\
		if (IS_FIRST(active, lane))				\
			for (uint i = 0; i < LANES; i++)		\
				if (HAS(active, i))			\
					e->result[i] = e->value[e->index[i]];	\
		return PLACE(T, e->result[lane]);			\
	}								\
	BUILTIN __attribute__((convergent)) T sub_group_shuffle(T value, uint index)	\
	{								\
		return value_of(value, index);				\
	}								\
	BUILTIN __attribute__((convergent)) T sub_group_shuffle_xor(T value, uint mask)	\
	{								\
		return value_of(value, get_sub_group_local_id() ^ mask);	\
	}								\
	BUILTIN __attribute__((convergent)) T sub_group_shuffle_up(T value, uint delta)	\
	{								\
		return value_of(value, get_sub_group_local_id() - delta);	\
	}								\
	BUILTIN __attribute__((convergent)) T sub_group_shuffle_down(T value, uint delta)	\
	{								\
		return value_of(value, get_sub_group_local_id() + delta);	\
	}								\
	BUILTIN __attribute__((convergent)) T sub_group_rotate(T value, int delta)	\
	{								\
		uint size = get_max_sub_group_size();			\
		uint turn = ((delta % (int)size) + size) % size;	\
									\
		return value_of(value, (get_sub_group_local_id() + turn) % size);	\
	}								\
	BUILTIN __attribute__((convergent)) T sub_group_clustered_rotate(T value, int delta, uint size)	\
	{								\
		uint lane = get_sub_group_local_id();			\
									\
		return value_of(value, (lane & -size) | ((lane + delta) & (size - 1)));	\
	}								\
	BUILTIN __attribute__((convergent)) T sub_group_broadcast_first(T value)	\
	{								\
		__private struct exchange *e = __hmmcl_sub_group_exchange();	\
		uint lane = get_sub_group_local_id();			\
									\
		if (IS_FIRST(__hmmcl_sub_group_meet(), lane))		\
			PLACE(T, e->result) = value;			\
		return PLACE(T, e->result);				\
	}								\
	BROADCAST(T, value, result[0])					\
	INTERNAL bool all_equal(__private struct exchange *e, uint active, T first)	\
	{								\
		bool equal = true;					\
									\
		for (uint i = 0; i < LANES; i++)			\
			equal &= !HAS(active, i) || PLACE(T, e->value[i]) == first;	\
		return equal;						\
	}								\
	BUILTIN __attribute__((convergent)) int sub_group_non_uniform_all_equal(T value)	\
	{								\
		__private struct exchange *e = __hmmcl_sub_group_exchange();	\
		uint lane = get_sub_group_local_id();			\
		uint active;						\
									\
		PLACE(T, e->value[lane]) = value;			\
		active = __hmmcl_sub_group_meet();			\
		if (IS_FIRST(active, lane))				\
			PLACE(int, e->result) = all_equal(e, active, value);	\
		return PLACE(int, e->result);				\
	}

/* All name the same item. */
#define BROADCAST(T, values, result)					\
	INTERNAL __attribute__((convergent)) T broadcast(T value, uint index)	\
	{								\
		__private struct exchange *e = __hmmcl_sub_group_exchange();	\
		uint lane = get_sub_group_local_id();			\
									\
		PLACE(T, e->values[lane]) = value;			\
		if (IS_FIRST(__hmmcl_sub_group_meet(), lane))		\
			PLACE(T, e->result) = PLACE(T, e->values[index % LANES]);	\
		return PLACE(T, e->result);				\
	}								\
	BUILTIN __attribute__((convergent)) T sub_group_broadcast(T value, uint index)	\
	{								\
		return broadcast(value, index);				\
	}								\
	BUILTIN __attribute__((convergent)) T sub_group_non_uniform_broadcast(T value, uint index)	\
	{								\
		return broadcast(value, index);				\
	}
#define BROADCAST_VECTOR(n, T, U) BROADCAST(T##n, vector, vector_result)

SUB_GROUP_SCALARS(SHUFFLE, )
ALL_TYPES(VECTORS, BROADCAST_VECTOR)

/* For the group itself, what its items do to memory is in order: one thread runs them. */
BUILTIN __attribute__((convergent)) void sub_group_barrier(cl_mem_fence_flags flags)
{
	(void)flags;
	__hmmcl_sub_group_meet();
}

BUILTIN __attribute__((convergent)) void sub_group_barrier(cl_mem_fence_flags flags, memory_scope scope)
{
	atomic_work_item_fence(flags, memory_order_acq_rel, scope);
	__hmmcl_sub_group_meet();
}

BUILTIN __attribute__((convergent)) int sub_group_elect(void)
{
	return IS_FIRST(__hmmcl_sub_group_meet(), get_sub_group_local_id());
}

/* Sets of items: the first LANES bits. */
BUILTIN __attribute__((convergent)) uint4 sub_group_ballot(int predicate)
{
	__private struct exchange *e = __hmmcl_sub_group_exchange();
	uint lane = get_sub_group_local_id();
	uint active, votes = 0;

	PLACE(int, e->value[lane]) = predicate;
	active = __hmmcl_sub_group_meet();
	if (IS_FIRST(active, lane)) {
		for (uint i = 0; i < LANES; i++)
			votes |= (uint)(HAS(active, i) && PLACE(int, e->value[i])) << i;
		PLACE(uint, e->result) = votes;
	}
	return (uint4)(PLACE(uint, e->result), 0, 0, 0);
}

INTERNAL uint all_items(void)
{
	return (1u << get_max_sub_group_size()) - 1;
}

INTERNAL uint before(void)
{
	return (1u << get_sub_group_local_id()) - 1;
}

BUILTIN int sub_group_inverse_ballot(uint4 value)
{
	return value.x >> get_sub_group_local_id() & 1;
}

BUILTIN int sub_group_ballot_bit_extract(uint4 value, uint index)
{
	return index < 32 ? value.x >> index & 1 : 0;
}

BUILTIN uint sub_group_ballot_bit_count(uint4 value)
{
	return popcount(value.x & all_items());
}

BUILTIN uint sub_group_ballot_inclusive_scan(uint4 value)
{
	return popcount(value.x & (2 * before() + 1));
}

BUILTIN uint sub_group_ballot_exclusive_scan(uint4 value)
{
	return popcount(value.x & before());
}

BUILTIN uint sub_group_ballot_find_lsb(uint4 value)
{
	return ctz(value.x & all_items());
}

BUILTIN uint sub_group_ballot_find_msb(uint4 value)
{
	return 31 - clz(value.x & all_items());
}

BUILTIN uint4 get_sub_group_eq_mask(void)
{
	return (uint4)(before() + 1, 0, 0, 0);
}

BUILTIN uint4 get_sub_group_ge_mask(void)
{
	return (uint4)(all_items() & ~before(), 0, 0, 0);
}

BUILTIN uint4 get_sub_group_gt_mask(void)
{
	return (uint4)(all_items() & ~(2 * before() + 1), 0, 0, 0);
}

BUILTIN uint4 get_sub_group_le_mask(void)
{
	return (uint4)(2 * before() + 1, 0, 0, 0);
}

BUILTIN uint4 get_sub_group_lt_mask(void)
{
	return (uint4)(before(), 0, 0, 0);
}
