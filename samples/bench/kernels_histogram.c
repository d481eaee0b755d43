/* SPDX-License-Identifier: MIT */
/* A histogram of 256 bins: atomics on local memory, then on global memory. */
#include <string.h>

#include "kernels.h"

#define N	(1u << 22)
#define BINS	256u
#define ITEMS	(1u << 14)

static const char source[] =
	"kernel void histogram(global uint *out, global const uint *in, uint n)\n"
	"{\n"
	"	local uint bins[256];\n"
	"	const uint l = get_local_id(0);\n"
	"\n"
	"	bins[l] = 0;\n"
	"	barrier(CLK_LOCAL_MEM_FENCE);\n"
	"	for (uint i = get_global_id(0); i < n; i += get_global_size(0))\n"
	"		atomic_inc(&bins[in[i] >> 24]);\n"
	"	barrier(CLK_LOCAL_MEM_FENCE);\n"
	"	atomic_add(&out[l], bins[l]);\n"
	"}\n";

static void fill(void *const *inputs, unsigned int n)
{
	fill_integers(inputs[0], n);
}

/* As the kernel, it adds to what is in @out. */
static void plain(void *out, void *const *inputs, unsigned int n, unsigned int part,
		  unsigned int parts)
{
	const unsigned int *in = inputs[0];
	unsigned int bins[BINS] = { 0 };

	for (size_t i = part_begin(n, part, parts); i < part_begin(n, part + 1, parts); i++)
		bins[in[i] >> 24]++;
	for (size_t i = 0; i < BINS; i++)
		__atomic_fetch_add((unsigned int *)out + i, bins[i], __ATOMIC_RELAXED);
}

static bool same(const void *out, const void *plain_out, unsigned int n)
{
	(void)n;
	return !memcmp(out, plain_out, 4 * BINS);
}

const struct kernel_bench kernel_histogram = {
	.name = "histogram", .unit = "Gelement/s", .work = N,
	.source = source, .kernel = "histogram",
	.dim = 1, .global = { ITEMS }, .local = { BINS }, .n = N,
	.out_size = 4 * BINS, .input_sizes = { 4 * N },
	.fill = fill, .plain = plain, .same = same,
};
