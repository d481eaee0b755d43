/* SPDX-License-Identifier: MIT */
/* Sums of all elements so far, in blocks of a work-group each. */
#include <string.h>

#include "kernels.h"

#define N	(1u << 22)
#define GROUP	256u

static const char source[] =
	"kernel void scan(global uint *out, global const uint *in, uint n)\n"
	"{\n"
	"	const size_t i = get_global_id(0);\n"
	"\n"
	"	out[i] = work_group_scan_inclusive_add(in[i]);\n"
	"}\n";

static void fill(void *const *inputs, unsigned int n)
{
	fill_integers(inputs[0], n);
}

PLAIN static void plain(void *out, void *const *inputs, unsigned int n, unsigned int part,
			unsigned int parts)
{
	const unsigned int *in = inputs[0];
	unsigned int *restrict to = out;

	for (size_t block = part_begin(n / GROUP, part, parts);
	     block < part_begin(n / GROUP, part + 1, parts); block++) {
		unsigned int sum = 0;

		for (size_t i = block * GROUP; i < (block + 1) * GROUP; i++)
			to[i] = sum += in[i];
	}
}

static bool same(const void *out, const void *plain_out, unsigned int n)
{
	return !memcmp(out, plain_out, 4 * (size_t)n);
}

const struct kernel_bench kernel_scan = {
	.name = "scan", .unit = "Gelement/s", .work = N,
	.source = source, .kernel = "scan",
	.dim = 1, .global = { N }, .local = { GROUP }, .n = N,
	.out_size = 4 * N, .input_sizes = { 4 * N },
	.fill = fill, .plain = plain, .same = same,
};
