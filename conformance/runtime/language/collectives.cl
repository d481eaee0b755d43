/* SPDX-License-Identifier: MIT */
/* options: -cl-std=CL3.0 */
/* size: 24 3 : 8 3 */
/* Work-group collective functions of every type, in groups of two dimensions. */
#include "check.h"

#pragma OPENCL EXTENSION cl_khr_fp16 : enable

/* Item i brings 3 - i: the smallest is the last, negative where there are signs. */
#define TYPE(T, least, most)						\
	{								\
		T mine = (T)(3) - (T)(i), sum = 0, low = most, high = least;	\
		T all = 0, all_low = most, all_high = least;		\
		for (uint k = 0; k < size; k++) {			\
			T v = (T)(3) - (T)(k);				\
			if (k < i) {					\
				sum += v;				\
				low = min(low, v);			\
				high = max(high, v);			\
			}						\
			all += v;					\
			all_low = min(all_low, v);			\
			all_high = max(all_high, v);			\
		}							\
		EACH(work_group_reduce_add(mine) == all);		\
		EACH(work_group_reduce_min(mine) == all_low);		\
		EACH(work_group_reduce_max(mine) == all_high);		\
		EACH(work_group_scan_exclusive_add(mine) == sum);	\
		EACH(work_group_scan_exclusive_min(mine) == low);	\
		EACH(work_group_scan_exclusive_max(mine) == high);	\
		EACH(work_group_scan_inclusive_add(mine) == (T)(sum + mine));	\
		EACH(work_group_scan_inclusive_min(mine) == min(low, mine));	\
		EACH(work_group_scan_inclusive_max(mine) == max(high, mine));	\
		EACH(work_group_broadcast(mine, 2, 1) == (T)(3) - (T)(10));	\
	}

/* All items must find it so. */
#define EACH(condition)							\
	{								\
		if (!(condition))					\
			atomic_fetch_add(&wrong, 1);			\
		barrier(CLK_LOCAL_MEM_FENCE);				\
		if (i == 0 && first)					\
			CHECK(atomic_load(&wrong) == 0);		\
		barrier(CLK_LOCAL_MEM_FENCE);				\
	}

kernel void test(global uint *out, int one)
{
	local atomic_int wrong;
	const uint i = get_local_linear_id(), size = get_local_size(0) * get_local_size(1);
	const bool first = get_group_id(0) == 1;	/* of three */
	uint n = 0;

	if (i == 0)
		atomic_init(&wrong, 0);
	barrier(CLK_LOCAL_MEM_FENCE);
	TYPE(int, INT_MIN, INT_MAX)
	TYPE(uint, 0u, UINT_MAX)
	TYPE(long, LONG_MIN, LONG_MAX)
	TYPE(ulong, 0ul, ULONG_MAX)
	TYPE(float, -INFINITY, INFINITY)
	TYPE(double, -(double)INFINITY, (double)INFINITY)
	TYPE(half, -(half)INFINITY, (half)INFINITY)
	EACH(work_group_all(one) != 0);
	EACH(work_group_all(i != 5) == 0);
	EACH(work_group_any(i == 23) != 0);
	EACH(work_group_any(i > 23) == 0);
	EACH(work_group_all(-(int)i - 1) != 0);
	if (i == 0 && first)
		DONE;
}
