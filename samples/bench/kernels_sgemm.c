/* SPDX-License-Identifier: MIT */
/* C = A * B, square, row by row: tiles of 16 x 16, and of 64 x 64 with 4 x 4 sums an item. */
#include <string.h>

#include "kernels.h"

#define N 512u

static const char source_16[] =
	"#define T 16\n"
	"kernel void sgemm_16(global float *c, global const float *a, global const float *b, uint n)\n"
	"{\n"
	"	local float as[T][T], bs[T][T];\n"
	"	const uint lx = get_local_id(0), ly = get_local_id(1);\n"
	"	const uint x = get_global_id(0), y = get_global_id(1);\n"
	"	float sum = 0;\n"
	"\n"
	"	for (uint k = 0; k < n; k += T) {\n"
	"		as[ly][lx] = a[y * n + k + lx];\n"
	"		bs[ly][lx] = b[(k + ly) * n + x];\n"
	"		barrier(CLK_LOCAL_MEM_FENCE);\n"
	"		for (uint i = 0; i < T; i++)\n"
	"			sum += as[ly][i] * bs[i][lx];\n"
	"		barrier(CLK_LOCAL_MEM_FENCE);\n"
	"	}\n"
	"	c[y * n + x] = sum;\n"
	"}\n";

static const char source_64[] =
	"#define T 64	/* tile of C */\n"
	"#define K 16	/* depth of a step */\n"
	"#define R 4	/* sums an item: R x R, T / R apart */\n"
	"kernel void sgemm_64(global float *c, global const float *a, global const float *b, uint n)\n"
	"{\n"
	"	local float as[K][T], bs[K][T];\n"
	"	const uint lx = get_local_id(0), ly = get_local_id(1), l = ly * (T / R) + lx;\n"
	"	const uint x = get_group_id(0) * T, y = get_group_id(1) * T;\n"
	"	float sums[R][R] = { { 0 } };\n"
	"\n"
	"	for (uint k = 0; k < n; k += K) {\n"
	"		for (uint i = l; i < T * K; i += T / R * T / R) {\n"
	"			as[i % K][i / K] = a[(y + i / K) * n + k + i % K];\n"
	"			bs[i / T][i % T] = b[(k + i / T) * n + x + i % T];\n"
	"		}\n"
	"		barrier(CLK_LOCAL_MEM_FENCE);\n"
	"		for (uint i = 0; i < K; i++) {\n"
	"			float av[R], bv[R];\n"
	"			for (uint r = 0; r < R; r++) {\n"
	"				av[r] = as[i][ly + r * (T / R)];\n"
	"				bv[r] = bs[i][lx + r * (T / R)];\n"
	"			}\n"
	"			for (uint r = 0; r < R; r++)\n"
	"				for (uint s = 0; s < R; s++)\n"
	"					sums[r][s] += av[r] * bv[s];\n"
	"		}\n"
	"		barrier(CLK_LOCAL_MEM_FENCE);\n"
	"	}\n"
	"	for (uint r = 0; r < R; r++)\n"
	"		for (uint s = 0; s < R; s++)\n"
	"			c[(y + ly + r * (T / R)) * n + x + lx + s * (T / R)] = sums[r][s];\n"
	"}\n";

static void fill(void *const *inputs, unsigned int n)
{
	fill_floats(inputs[0], (size_t)n * n);
	fill_floats(inputs[1], (size_t)n * n);
}

PLAIN static void plain(void *out, void *const *inputs, unsigned int n, unsigned int part,
			unsigned int parts)
{
	const float *a = inputs[0], *b = inputs[1];

	for (size_t y = part_begin(n, part, parts); y < part_begin(n, part + 1, parts); y++) {
		float *restrict row = (float *)out + y * n;

		memset(row, 0, n * sizeof(*row));
		for (size_t k = 0; k < n; k++)
			for (size_t x = 0; x < n; x++)
				row[x] += a[y * n + k] * b[k * n + x];
	}
}

static bool same(const void *out, const void *plain_out, unsigned int n)
{
	return same_floats(out, plain_out, (size_t)n * n, 1e-4f);
}

#define SGEMM(tile, per_item)								\
	.name = "sgemm_" #tile, .unit = "GFLOP/s", .work = 2.0 * N * N * N,		\
	.source = source_##tile, .kernel = "sgemm_" #tile,				\
	.dim = 2, .global = { N / (per_item), N / (per_item) }, .local = { 16, 16 }, .n = N,	\
	.out_size = 4 * N * N, .input_sizes = { 4 * N * N, 4 * N * N },			\
	.fill = fill, .plain = plain, .same = same

const struct kernel_bench kernel_sgemm_16 = { SGEMM(16, 1) };
const struct kernel_bench kernel_sgemm_64 = { SGEMM(64, 4) };
