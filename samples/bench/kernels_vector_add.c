/* SPDX-License-Identifier: MIT */
/* Vector addition: what memory gives. */
#include "kernels.h"

#define N (1u << 22)

static const char source[] =
	"kernel void vector_add(global float *c, global const float *a, global const float *b, uint n)\n"
	"{\n"
	"	size_t i = get_global_id(0);\n"
	"	if (i < n)\n"
	"		c[i] = a[i] + b[i];\n"
	"}\n";

static void fill(void *const *inputs, unsigned int n)
{
	fill_floats(inputs[0], n);
	fill_floats(inputs[1], n);
}

PLAIN static void plain(void *out, void *const *inputs, unsigned int n, unsigned int part,
			unsigned int parts)
{
	float *restrict c = out;
	const float *a = inputs[0], *b = inputs[1];

	for (size_t i = part_begin(n, part, parts); i < part_begin(n, part + 1, parts); i++)
		c[i] = a[i] + b[i];
}

static bool same(const void *out, const void *plain_out, unsigned int n)
{
	return same_floats(out, plain_out, n, 0);
}

const struct kernel_bench kernel_vector_add = {
	.name = "vector_add", .unit = "GB/s", .work = 12.0 * N,
	.source = source, .kernel = "vector_add",
	.dim = 1, .global = { N }, .local = { 256 }, .n = N,
	.out_size = 4 * N, .input_sizes = { 4 * N, 4 * N },
	.fill = fill, .plain = plain, .same = same,
};
