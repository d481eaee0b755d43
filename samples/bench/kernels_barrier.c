/* SPDX-License-Identifier: MIT */
/* Barriers with nothing between them; the plain loop goes over the items as often. */
#include <string.h>

#include "kernels.h"

#define ITEMS		(1u << 16)
#define BARRIERS	256u

static const char source[] =
	"kernel void empty_barriers(global uint *out, uint n)\n"
	"{\n"
	"	uint i = 0;\n"
	"\n"
	"	for (; i < n; i++)\n"
	"		barrier(CLK_LOCAL_MEM_FENCE);\n"
	"	out[get_global_id(0)] = i;\n"
	"}\n";

static void fill(void *const *inputs, unsigned int n)
{
	(void)inputs;
	(void)n;
}

static void plain(void *out, void *const *inputs, unsigned int n, unsigned int part,
		  unsigned int parts)
{
	unsigned int *to = out;

	(void)inputs;
	for (size_t group = part_begin(ITEMS / 256, part, parts);
	     group < part_begin(ITEMS / 256, part + 1, parts); group++) {
		for (unsigned int i = 0; i < n; i++)
			for (unsigned int item = 0; item < 256; item++)
				__asm__ volatile("");
		for (unsigned int item = 0; item < 256; item++)
			to[group * 256 + item] = n;
	}
}

static bool same(const void *out, const void *plain_out, unsigned int n)
{
	(void)n;
	return !memcmp(out, plain_out, 4 * ITEMS);
}

const struct kernel_bench kernel_barrier = {
	.name = "barrier", .unit = "Gitem/s", .work = 1.0 * ITEMS * BARRIERS,
	.source = source, .kernel = "empty_barriers",
	.dim = 1, .global = { ITEMS }, .local = { 256 }, .n = BARRIERS,
	.out_size = 4 * ITEMS,
	.fill = fill, .plain = plain, .same = same,
};
