/* SPDX-License-Identifier: MIT */
/*
 * Sub-group reductions and scans: of all items (OpenCL C 3.0, 6.15.19), of the active ones
 * (cl_khr_subgroup_non_uniform_arithmetic) and of clusters (cl_khr_subgroup_clustered_reduce).
 * All are functions of the items that meet, so the first kind is the second by another name.
 */
#include "sub_group.h"

#define OP_add(a, b) ((a) + (b))
#define OP_mul(a, b) ((a) * (b))
#define OP_min(a, b) ((b) < (a) ? (b) : (a))
#define OP_max(a, b) ((a) < (b) ? (b) : (a))
#define OP_and(a, b) ((a) & (b))
#define OP_or(a, b) ((a) | (b))
#define OP_xor(a, b) ((a) ^ (b))
#define OP_logical_and(a, b) ((a) && (b))
#define OP_logical_or(a, b) ((a) || (b))
#define OP_logical_xor(a, b) (!(a) != !(b))

/* The value that changes nothing. */
#define IDENTITY_add(T) ((T)0)
#define IDENTITY_mul(T) ((T)1)
#define IDENTITY_and(T) ((T)~(T)0)
#define IDENTITY_or(T) ((T)0)
#define IDENTITY_xor(T) ((T)0)
#define IDENTITY_logical_and(T) 1
#define IDENTITY_logical_or(T) 0
#define IDENTITY_logical_xor(T) 0
#define IDENTITY_min(T) ((T)MOST_##T)
#define IDENTITY_max(T) ((T)LEAST_##T)
#define MOST_char CHAR_MAX
#define MOST_uchar UCHAR_MAX
#define MOST_short SHRT_MAX
#define MOST_ushort USHRT_MAX
#define MOST_int INT_MAX
#define MOST_uint UINT_MAX
#define MOST_long LONG_MAX
#define MOST_ulong ULONG_MAX
#define MOST_half INFINITY
#define MOST_float INFINITY
#define MOST_double INFINITY
#define LEAST_char CHAR_MIN
#define LEAST_uchar 0
#define LEAST_short SHRT_MIN
#define LEAST_ushort 0
#define LEAST_int INT_MIN
#define LEAST_uint 0
#define LEAST_long LONG_MIN
#define LEAST_ulong 0
#define LEAST_half (-INFINITY)
#define LEAST_float (-INFINITY)
#define LEAST_double (-INFINITY)

/* An inactive item's place may hold anything, and takes no part. */
#define TAKE(T, op, all, exchange, active, lane)			\
	(HAS(active, lane) ? (T)OP_##op(all, PLACE(T, (exchange)->value[lane])) : (all))

#define COMPUTE(T, op)							\
	INTERNAL void reduce_##op(__private struct exchange *e, uint active, T all)	\
	{								\
		for (uint i = 0; i < LANES; i++)			\
			all = TAKE(T, op, all, e, active, i);		\
		PLACE(T, e->result) = all;				\
	}								\
	INTERNAL void scan_inclusive_##op(__private struct exchange *e, uint active, T all)	\
	{								\
		for (uint i = 0; i < LANES; i++) {			\
			all = TAKE(T, op, all, e, active, i);		\
			PLACE(T, e->result[i]) = all;			\
		}							\
	}								\
	INTERNAL void scan_exclusive_##op(__private struct exchange *e, uint active, T all)	\
	{								\
		for (uint i = 0; i < LANES; i++) {			\
			PLACE(T, e->result[i]) = all;			\
			all = TAKE(T, op, all, e, active, i);		\
		}							\
	}								\
	INTERNAL void clustered_##op(__private struct exchange *e, uint active, uint size,	\
				     T identity)			\
	{								\
		for (uint first = 0; first < LANES; first += size) {	\
			T all = identity;				\
									\
			for (uint i = first; i < first + size; i++)	\
				all = TAKE(T, op, all, e, active, i);	\
			for (uint i = first; i < first + size; i++)	\
				PLACE(T, e->result[i]) = all;		\
		}							\
	}

/* @mine: the place in which an item finds its result. */
#define OPERATION(T, name, shape, op, mine)				\
	BUILTIN __attribute__((convergent)) T name(T value)		\
	{								\
		__private struct exchange *e = __hmmcl_sub_group_exchange();	\
		uint lane = get_sub_group_local_id();			\
		uint active;						\
									\
		PLACE(T, e->value[lane]) = value;			\
		active = __hmmcl_sub_group_meet();			\
		if (IS_FIRST(active, lane))				\
			shape##_##op(e, active, IDENTITY_##op(T));	\
		return PLACE(T, e->result[mine]);			\
	}
#define CLUSTERED(T, op)						\
	BUILTIN __attribute__((convergent)) T sub_group_clustered_reduce_##op(T value, uint size)	\
	{								\
		__private struct exchange *e = __hmmcl_sub_group_exchange();	\
		uint lane = get_sub_group_local_id();			\
		uint active;						\
									\
		PLACE(T, e->value[lane]) = value;			\
		active = __hmmcl_sub_group_meet();			\
		if (IS_FIRST(active, lane))				\
			clustered_##op(e, active, clamp(size, 1u, (uint)LANES), IDENTITY_##op(T));	\
		return PLACE(T, e->result[lane]);			\
	}

#define OF_ALL(T, op)							\
	OPERATION(T, sub_group_reduce_##op, reduce, op, 0)		\
	OPERATION(T, sub_group_scan_inclusive_##op, scan_inclusive, op, lane)	\
	OPERATION(T, sub_group_scan_exclusive_##op, scan_exclusive, op, lane)
#define OF_ACTIVE(T, op)						\
	COMPUTE(T, op)							\
	OPERATION(T, sub_group_non_uniform_reduce_##op, reduce, op, 0)	\
	OPERATION(T, sub_group_non_uniform_scan_inclusive_##op, scan_inclusive, op, lane)	\
	OPERATION(T, sub_group_non_uniform_scan_exclusive_##op, scan_exclusive, op, lane)	\
	CLUSTERED(T, op)

SUB_GROUP_SCALARS(OF_ACTIVE, add)
SUB_GROUP_SCALARS(OF_ACTIVE, min)
SUB_GROUP_SCALARS(OF_ACTIVE, max)
SUB_GROUP_SCALARS(OF_ACTIVE, mul)
SUB_GROUP_INTEGERS(OF_ACTIVE, and)
SUB_GROUP_INTEGERS(OF_ACTIVE, or)
SUB_GROUP_INTEGERS(OF_ACTIVE, xor)
OF_ACTIVE(int, logical_and)
OF_ACTIVE(int, logical_or)
OF_ACTIVE(int, logical_xor)
SUB_GROUP_SCALARS(OF_ALL, add)
SUB_GROUP_SCALARS(OF_ALL, min)
SUB_GROUP_SCALARS(OF_ALL, max)

OPERATION(int, sub_group_all, reduce, logical_and, 0)
OPERATION(int, sub_group_any, reduce, logical_or, 0)
OPERATION(int, sub_group_non_uniform_all, reduce, logical_and, 0)
OPERATION(int, sub_group_non_uniform_any, reduce, logical_or, 0)
