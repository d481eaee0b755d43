/* SPDX-License-Identifier: MIT */
/* options: -cl-std=CL3.0 */
/* size: 32 : 16 */
/* Barriers and collectives where they are awkward: called functions and kernels, switch, goto, several exits. */
#include "check.h"

int next_one(local int *l, int i, int base)
{
	int result;

	l[i] = base + i;
	barrier(CLK_LOCAL_MEM_FENCE);
	result = l[(i + 1) % 16];
	barrier(CLK_LOCAL_MEM_FENCE);
	return result;
}

int in_loop(local int *l, int i)
{
	int sum = 0;

	for (int k = 0; k < 3; k++) {
		if (k == 1)
			continue;
		sum += next_one(l, i, k * 100);
	}
	return sum;
}

kernel void reversed(global int *out, int factor)
{
	local int own[16];
	int i = get_local_id(0);

	own[i] = i * factor;
	barrier(CLK_LOCAL_MEM_FENCE);
	out[get_global_id(0)] = own[15 - i];
}

int collective(int v) { return v > 3 ? work_group_reduce_add(v) : work_group_reduce_max(v); }

int wrongs(local int *l, global int *space, int one)
{
	const int i = get_local_id(0), g = get_group_id(0);
	int wrong = in_loop(l, i) != 2 * ((i + 1) % 16) + 200, k = 0, limit;

	switch (one) {
	case 0:
		barrier(CLK_LOCAL_MEM_FENCE);
		break;
	case 1:
		l[i] = i * 3;
		barrier(CLK_LOCAL_MEM_FENCE);
		wrong += l[15 - i] != (15 - i) * 3;
	case 2:
		barrier(CLK_LOCAL_MEM_FENCE);
		l[i] = 5;
		break;
	default:
		wrong++;
	}
again:
	barrier(CLK_LOCAL_MEM_FENCE);
	l[i] = k;
	barrier(CLK_LOCAL_MEM_FENCE);
	wrong += l[(i + 5) % 16] != k;
	if (++k < 4 * one)
		goto again;
	do {
		barrier(CLK_LOCAL_MEM_FENCE);
		if (k == 2)
			break;
		l[i] = k + i;
		barrier(CLK_LOCAL_MEM_FENCE);
		wrong += l[15] != k + 15;
	} while (--k);
	for (int factor = 2; factor < 4; factor++) {
		reversed(space, factor);
		barrier(CLK_GLOBAL_MEM_FENCE);
		wrong += space[g * 16 + i] != factor * (15 - i);
	}
	for (int a = 0; a < 2; a++)
		for (int b = 0; b < 3 + g; b++) {
			int sum = work_group_reduce_add(i + a);

			wrong += sum != 120 + 16 * a;
			if (work_group_any(sum > 130 && b == 1))
				wrong += work_group_scan_inclusive_add(1) != i + 1;
			else if (b == 2)
				wrong += work_group_broadcast(i, 7) != 7;
		}
	switch (g) {
	case 0:
		wrong += collective(4) != 64;
		break;
	case 1:
		wrong += collective(3) != 3;
	}
	limit = work_group_broadcast(one * 2, 0);
	for (int m = 0; m < limit; m++) {
		int any = work_group_any(i == m);

		if (any)
			wrong += !work_group_all(any);
	}
	for (k = 0; ; ) {
		barrier(CLK_LOCAL_MEM_FENCE);
		if (k++ > 5) {
			barrier(CLK_LOCAL_MEM_FENCE);
			return wrong;
		}
		if (k > 100)
			return -1;
	}
}

/* A variable that one item has assigned, from common memory, keeps it across a barrier. */
int left_open(global uint *space)
{
	const int i = get_local_id(0);
	uint v;

	if (i == 0)
		space[0] = 77;
	barrier(CLK_GLOBAL_MEM_FENCE);
	if (i == 3)
		v = space[0];
	else
		space[1 + i] = convert_uint(100 + 100 * sin((float)i));
	barrier(CLK_LOCAL_MEM_FENCE);
	if (i == 3)
		space[18] = v;
	barrier(CLK_GLOBAL_MEM_FENCE);
	return space[18] != 77;
}

kernel void test(global uint *out, int one)
{
	local int l[16];
	global int *wrong = (global int *)(out + 900);
	uint n = 0;

	wrong[get_global_id(0)] = wrongs(l, (global int *)(out + 940), one) +
				  left_open(out + 800 + 20 * get_group_id(0));
	barrier(CLK_GLOBAL_MEM_FENCE);
	if (get_global_id(0) != 0)
		return;
	for (int i = 0; i < 16; i++)
		CHECK(wrong[i] == 0);
	DONE;
}
