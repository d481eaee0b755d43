/* SPDX-License-Identifier: MIT */
/* options: -cl-std=CL3.0 */
/* size: 16 : 16 */
/* What generic pointers point to, where private memory is large: on the stack and, across barriers, in the context. */
#include "check.h"

#define SIZE 100000

bool is_private(int *p) { return to_private(p) && !to_local(p) && !to_global(p); }

int sum(int *p, int step)
{
	int result = 0;

	for (int i = 0; i < SIZE; i += step)
		result += p[i];
	return result;
}

kernel void test(global uint *out, int one)
{
	uint n = 0;
	int lives_across[SIZE];
	local int wrong[16], shared;
	int i = get_local_id(0);

	for (int k = 0; k < SIZE; k += 1000)
		lives_across[k] = k + i;
	{
		int dies[SIZE];

		for (int k = 0; k < SIZE; k += 1000)
			dies[k] = i;
		wrong[i] = !is_private(dies) || !is_private(dies + SIZE - one) || sum(dies, 1000) != 100 * i;
	}
	barrier(CLK_LOCAL_MEM_FENCE);
	wrong[i] += !is_private(lives_across) || !is_private(lives_across + SIZE - one);
	wrong[i] += sum(lives_across, 1000) != 4950000 + 100 * i;
	wrong[i] += !to_global((int *)out) || to_private((int *)out) || to_local((int *)out);
	wrong[i] += !to_local(&shared) || to_private(&shared) || to_global(&shared);
	barrier(CLK_LOCAL_MEM_FENCE);
	if (i)
		return;
	for (int k = 0; k < 16; k++)
		CHECK(!wrong[k]);
	DONE;
}
