/* SPDX-License-Identifier: MIT */
/* Gravity between all pairs of bodies. */
#include <math.h>

#include "kernels.h"

#define N		4096u
#define SOFTENING	0.01f

static const char source[] =
	"kernel void nbody(global float4 *forces, global const float4 *bodies, uint n)\n"
	"{\n"
	"	const size_t i = get_global_id(0);\n"
	"	const float4 me = bodies[i];\n"
	"	float3 sum = (float3)(0);\n"
	"\n"
	"	for (uint j = 0; j < n; j++) {\n"
	"		const float4 other = bodies[j];\n"
	"		const float3 d = other.xyz - me.xyz;\n"
	"		const float inverse = rsqrt(d.x * d.x + d.y * d.y + d.z * d.z + 0.01f);\n"
	"\n"
	"		sum += d * (other.w * inverse * inverse * inverse);\n"
	"	}\n"
	"	forces[i] = (float4)(sum, 0);\n"
	"}\n";

static void fill(void *const *inputs, unsigned int n)
{
	fill_floats(inputs[0], 4 * (size_t)n);
}

PLAIN static void plain(void *out, void *const *inputs, unsigned int n, unsigned int part,
			unsigned int parts)
{
	const float (*bodies)[4] = inputs[0];
	float (*forces)[4] = out;

	for (size_t i = part_begin(n, part, parts); i < part_begin(n, part + 1, parts); i++) {
		float x = 0, y = 0, z = 0;

#pragma omp simd reduction(+ : x, y, z)
		for (size_t j = 0; j < n; j++) {
			const float dx = bodies[j][0] - bodies[i][0];
			const float dy = bodies[j][1] - bodies[i][1];
			const float dz = bodies[j][2] - bodies[i][2];
			const float inverse = 1 / sqrtf(dx * dx + dy * dy + dz * dz + SOFTENING);
			const float force = bodies[j][3] * inverse * inverse * inverse;

			x += dx * force;
			y += dy * force;
			z += dz * force;
		}
		forces[i][0] = x;
		forces[i][1] = y;
		forces[i][2] = z;
		forces[i][3] = 0;
	}
}

/* Forces of bodies in the middle nearly cancel out: compare with what is usual. */
static bool same(const void *out, const void *plain_out, unsigned int n)
{
	const float *a = out, *b = plain_out;
	float largest = 0;

	for (size_t i = 0; i < 4 * (size_t)n; i++)
		largest = fmaxf(largest, fabsf(b[i]));
	for (size_t i = 0; i < 4 * (size_t)n; i++)
		if (!(fabsf(a[i] - b[i]) <= 1e-4f * largest))
			return false;
	return largest > 0;
}

const struct kernel_bench kernel_nbody = {
	.name = "nbody", .unit = "GFLOP/s", .work = 20.0 * N * N,
	.source = source, .kernel = "nbody",
	.dim = 1, .global = { N }, .local = { 256 }, .n = N,
	.out_size = 16 * N, .input_sizes = { 16 * N },
	.fill = fill, .plain = plain, .same = same,
};
