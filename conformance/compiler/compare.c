/* SPDX-License-Identifier: MIT */
/* Comparing a kernel with its reference. */
#include "compare.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const struct range test_ranges[n_test_ranges] = {
	{1, {1, 1, 1}, {1, 1, 1}, {0, 0, 0}},
	{1, {6, 1, 1}, {3, 1, 1}, {0, 0, 0}},
	{1, {40, 1, 1}, {7, 1, 1}, {5, 0, 0}},
	{1, {64, 1, 1}, {16, 1, 1}, {0, 0, 0}},
	{1, {50, 1, 1}, {17, 1, 1}, {0, 0, 0}},
	{1, {300, 1, 1}, {128, 1, 1}, {3, 0, 0}},
	{2, {16, 16, 1}, {8, 8, 1}, {0, 0, 0}},
	{2, {37, 21, 1}, {16, 16, 1}, {0, 2, 0}},
	{3, {10, 6, 4}, {5, 3, 2}, {0, 0, 0}},
	{3, {11, 7, 5}, {4, 4, 4}, {1, 2, 3}},
};

static uint32_t random_next(uint64_t *state)
{
	*state = *state * 6364136223846793005ull + 1442695040888963407ull;
	return *state >> 33;
}

bool compare_kernel(const struct kernel *kernel, reference_kernel *reference, const char *name,
		    const struct range *range, bool loud)
{
	bool same = true;
	size_t words = range->global[0] * range->global[1] * range->global[2] * 4;
	uint32_t *in = malloc(words * 4 + 64), *got = malloc(words * 4), *wanted = malloc(words * 4);
	uint32_t *scratch = aligned_alloc(128, HMMCL_LOCAL_MEM_SIZE);
	struct { uint32_t *out; uint32_t *in; uint64_t scratch; } args;
	uint64_t state = words;

	for (size_t i = 0; i < words + 16; i++)
		in[i] = random_next(&state);
	memset(got, 0xee, words * 4);
	memset(wanted, 0xee, words * 4);
	args.out = got;
	args.in = in;
	args.scratch = (kernel->local_size + 127) / 128 * 128;
	kernel_run(kernel, range, &args, NULL);
	reference_run(reference, range, wanted, in, scratch);
	for (size_t i = 0; i < words && same; i++) {
		same = got[i] == wanted[i];
		if (same || !loud)
			continue;
		fprintf(stderr, "%s, global %zux%zux%zu local %zux%zux%zu: item %zu word %zu is %x, not %x\n",
			name, (size_t)range->global[0], (size_t)range->global[1], (size_t)range->global[2],
			(size_t)range->local[0], (size_t)range->local[1], (size_t)range->local[2],
			i / 4, i % 4, got[i], wanted[i]);
	}
	free(in);
	free(got);
	free(wanted);
	free(scratch);
	return same;
}
