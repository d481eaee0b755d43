/* SPDX-License-Identifier: MIT */
/* options: -cl-std=CL1.2 */
/* size: 32 : 32 */
/* async_work_group_copy of several types and strides, prefetch, wait_group_events. */
#include "check.h"

#define COPY(T, count)								\
	{									\
		global T *g = (global T *)(out + 512);				\
		local T *l = (local T *)space;					\
		event_t events[2];						\
		barrier(CLK_GLOBAL_MEM_FENCE | CLK_LOCAL_MEM_FENCE);		\
		for (uint k = i; k < count; k += 32)				\
			g[k] = (T)(k + one);					\
		barrier(CLK_GLOBAL_MEM_FENCE);					\
		prefetch(g, count);						\
		events[0] = async_work_group_copy(l, g, count, 0);		\
		events[1] = async_work_group_copy(l + count, g + 1, count - 1, events[0]);	\
		wait_group_events(2, events);					\
		for (uint k = i; k < count; k += 32)				\
			right &= all(SAME(l[k], (T)(k + 1))) && (k + 1 == count || all(SAME(l[count + k], (T)(k + 2))));	\
		barrier(CLK_LOCAL_MEM_FENCE);					\
		events[0] = async_work_group_strided_copy(l, g, count / 3, 3, 0);	\
		wait_group_events(1, events);					\
		for (uint k = i; k < count / 3; k += 32)			\
			right &= all(SAME(l[k], (T)(3 * k + 1)));		\
		barrier(CLK_LOCAL_MEM_FENCE);					\
		events[0] = async_work_group_strided_copy(g, l, count / 3, 2, 0);	\
		wait_group_events(1, events);					\
		barrier(CLK_GLOBAL_MEM_FENCE);					\
		for (uint k = i; k < count / 3; k += 32)			\
			right &= all(SAME(g[2 * k], (T)(3 * k + 1))) && all(SAME(g[2 * k + 1], (T)(2 * k + 2)));	\
		rights[i] = right;						\
		barrier(CLK_LOCAL_MEM_FENCE);					\
		if (i == 0) {							\
			uint sum = 0;						\
			for (uint k = 0; k < 32; k++)				\
				sum += rights[k];				\
			CHECK(sum == 32);					\
		}								\
		barrier(CLK_LOCAL_MEM_FENCE);					\
	}

#define SAME(a, b) ((a) == (b) ? (int2)(-1) : (int2)(0))

kernel void test(global uint *out, int one)
{
	local ulong16 space[16];
	local uint rights[32];
	const uint i = get_local_id(0);
	uint n = 0, right = 1;

	COPY(char, 90)
	COPY(ushort, 71)
	COPY(int, 64)
	COPY(float, 33)
	COPY(ulong, 51)
	COPY(double, 100)
#undef SAME
#define SAME(a, b) (all((a) == (b)) ? (int2)(-1) : (int2)(0))
	COPY(char2, 64)
	COPY(short3, 40)
	COPY(uint4, 31)
	COPY(float8, 16)
	COPY(int16, 9)
	if (i == 0)
		DONE;
}
