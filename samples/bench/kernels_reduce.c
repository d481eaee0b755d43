/* SPDX-License-Identifier: MIT */
/* Sums of floats: a tree in local memory, one element an item or a stride of the grid. */
#include <math.h>

#include "kernels.h"

#define N	(1u << 22)
#define GROUP	256u
#define GROUPS	64u		/* of the strided one */

#define TREE								\
	"	for (uint d = get_local_size(0) / 2; d > 0; d /= 2) {\n"	\
	"		barrier(CLK_LOCAL_MEM_FENCE);\n"			\
	"		if (l < d)\n"						\
	"			sums[l] += sums[l + d];\n"			\
	"	}\n"								\
	"	if (l == 0)\n"							\
	"		out[get_group_id(0)] = sums[0];\n"			\
	"}\n"

static const char source_tree[] =
	"kernel void reduce_tree(global float *out, global const float *in, uint n)\n"
	"{\n"
	"	local float sums[256];\n"
	"	const uint l = get_local_id(0), i = get_global_id(0);\n"
	"\n"
	"	sums[l] = i < n ? in[i] : 0;\n"
	TREE;

static const char source_stride[] =
	"kernel void reduce_stride(global float *out, global const float *in, uint n)\n"
	"{\n"
	"	local float sums[256];\n"
	"	const uint l = get_local_id(0);\n"
	"	float sum = 0;\n"
	"\n"
	"	for (uint i = get_global_id(0); i < n; i += get_global_size(0))\n"
	"		sum += in[i];\n"
	"	sums[l] = sum;\n"
	TREE;

static void fill(void *const *inputs, unsigned int n)
{
	fill_floats(inputs[0], n);
}

/* Each part leaves its sum at its place; as the kernel, it may add in any order. */
PLAIN static void plain(void *out, void *const *inputs, unsigned int n, unsigned int part,
			unsigned int parts)
{
	const float *in = inputs[0];
	const size_t end = part_begin(n, part + 1, parts);
	float sum = 0;

#pragma omp simd reduction(+ : sum)
	for (size_t i = part_begin(n, part, parts); i < end; i++)
		sum += in[i];
	((float *)out)[part] = sum;
}

/* What is not written is zero. */
static bool same_sum(const float *a, const float *b, size_t n)
{
	double difference = 0, sum = 0;

	for (size_t i = 0; i < n; i++) {
		difference += (double)a[i] - b[i];
		sum += b[i];
	}
	return sum > 0 && fabs(difference) < 1e-4 * sum;
}

static bool same_tree(const void *out, const void *plain_out, unsigned int n)
{
	return same_sum(out, plain_out, n / GROUP);
}

static bool same_stride(const void *out, const void *plain_out, unsigned int n)
{
	(void)n;
	return same_sum(out, plain_out, GROUPS);
}

#define REDUCE(shape, items)							\
	.name = "reduce_" #shape, .unit = "GB/s", .work = 4.0 * N,		\
	.source = source_##shape, .kernel = "reduce_" #shape,			\
	.dim = 1, .global = { items }, .local = { GROUP }, .n = N,		\
	.out_size = 4 * (items) / GROUP, .input_sizes = { 4 * N },		\
	.fill = fill, .plain = plain, .same = same_##shape

const struct kernel_bench kernel_reduce_tree = { REDUCE(tree, N) };
const struct kernel_bench kernel_reduce_stride = { REDUCE(stride, GROUPS * GROUP) };
