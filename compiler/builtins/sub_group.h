/* SPDX-License-Identifier: MIT */
/*
 * How the items of a sub-group exchange values.  An operation in which several items take part
 * goes like this: each item leaves its value in its own place, all meet, the first of those that
 * met computes everybody's result, then each takes its own.  Between the meeting and the next
 * one, items run one after another in the order of their ids, so that no result is overwritten
 * before it is read; a value, however, may wait in its place while other items do other things.
 */
#ifndef HMMCL_SUB_GROUP_H
#define HMMCL_SUB_GROUP_H

#include "builtins.h"

/* Most items of a sub-group: HMMCL_SUB_GROUP_SIZE of device_abi.h. */
#define LANES 16

/* The work-group compiler (workgroup/sub_groups.cpp) knows its size. */
struct exchange {
	ulong value[LANES];		/* scalars, each in its first bytes */
	uint index[LANES];		/* of the item whose value is wanted */
	ulong result[LANES];
	ulong16 vector[LANES];		/* values of vector types */
	ulong16 vector_result;
};

/* Both are the work-group compiler's.  The second returns the set of items that have met. */
__private struct exchange *__hmmcl_sub_group_exchange(void) __attribute__((const));
uint __hmmcl_sub_group_meet(void) __attribute__((convergent, noduplicate));

/* A place of the exchange as one of type T; for an array the first of its places. */
#define PLACE(T, place) (*(__private T *)&(place))

/* Lane's bit alone in the lowest bit of a set: the item that works for all. */
#define IS_FIRST(active, lane) (((active) & ((1u << (lane)) - 1)) == 0)
#define HAS(active, lane) (((active) >> (lane) & 1) != 0)

/* M(T, ...) for each scalar type. */
#define SUB_GROUP_INTEGERS(M, ...)					\
	M(char, __VA_ARGS__) M(uchar, __VA_ARGS__) M(short, __VA_ARGS__) M(ushort, __VA_ARGS__)	\
	M(int, __VA_ARGS__) M(uint, __VA_ARGS__) M(long, __VA_ARGS__) M(ulong, __VA_ARGS__)
#define SUB_GROUP_FLOATS(M, ...)					\
	M(half, __VA_ARGS__) M(float, __VA_ARGS__) M(double, __VA_ARGS__)
#define SUB_GROUP_SCALARS(M, ...) SUB_GROUP_INTEGERS(M, __VA_ARGS__) SUB_GROUP_FLOATS(M, __VA_ARGS__)

#endif
