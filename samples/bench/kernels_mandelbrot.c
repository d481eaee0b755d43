/* SPDX-License-Identifier: MIT */
/* How long points take to leave the circle: neighbours go through a loop differently often. */
#include <math.h>

#include "kernels.h"

#define SIDE	512u
#define LIMIT	256

static const char source[] =
	"kernel void mandelbrot(global uint *out, uint n)\n"
	"{\n"
	"	const uint px = get_global_id(0), py = get_global_id(1);\n"
	"	const float cx = px * (3.0f / n) - 2.25f, cy = py * (3.0f / n) - 1.5f;\n"
	"	float x = 0, y = 0;\n"
	"	uint i = 0;\n"
	"\n"
	"	while (x * x + y * y <= 4 && i < 256) {\n"
	"		const float next = x * x - y * y + cx;\n"
	"\n"
	"		y = 2 * x * y + cy;\n"
	"		x = next;\n"
	"		i++;\n"
	"	}\n"
	"	out[py * n + px] = i;\n"
	"}\n";

static void fill(void *const *inputs, unsigned int n)
{
	(void)inputs;
	(void)n;
}

/* Rows are dealt out in turn: those in the middle take longer. */
PLAIN static void plain(void *out, void *const *inputs, unsigned int n, unsigned int part,
			unsigned int parts)
{
	(void)inputs;
	for (size_t py = part; py < n; py += parts) {
		for (size_t px = 0; px < n; px++) {
			const float cx = px * (3.0f / n) - 2.25f, cy = py * (3.0f / n) - 1.5f;
			float x = 0, y = 0;
			unsigned int i = 0;

			while (x * x + y * y <= 4 && i < LIMIT) {
				const float next = x * x - y * y + cx;

				y = 2 * x * y + cy;
				x = next;
				i++;
			}
			((unsigned int *)out)[py * n + px] = i;
		}
	}
}

/* Rounding decides on points near the edge: a few may differ, and the sum hardly. */
static bool same(const void *out, const void *plain_out, unsigned int n)
{
	const unsigned int *a = out, *b = plain_out;
	size_t differ = 0;
	double difference = 0, sum = 0;

	for (size_t i = 0; i < (size_t)n * n; i++) {
		differ += a[i] != b[i];
		difference += (double)a[i] - b[i];
		sum += b[i];
	}
	return sum > 0 && differ < (size_t)n * n / 100 && fabs(difference) < 1e-3 * sum;
}

const struct kernel_bench kernel_mandelbrot = {
	/* A pixel takes 47.42 iterations on average at this size. */
	.name = "mandelbrot", .unit = "Giteration/s", .work = 47.42 * SIDE * SIDE,
	.source = source, .kernel = "mandelbrot",
	.dim = 2, .global = { SIDE, SIDE }, .local = { 16, 16 }, .n = SIDE,
	.out_size = 4 * SIDE * SIDE,
	.fill = fill, .plain = plain, .same = same,
};
