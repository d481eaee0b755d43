/* SPDX-License-Identifier: MIT */
/* options: -cl-std=CL1.0 */
/* Programs of OpenCL C 1.0: names that later versions took, old atomics, pointers to half. */
#include "check.h"

#pragma OPENCL EXTENSION cl_khr_global_int32_base_atomics : enable
#pragma OPENCL EXTENSION cl_khr_local_int32_base_atomics : enable
#pragma OPENCL EXTENSION cl_khr_int64_extended_atomics : enable
#pragma OPENCL EXTENSION cl_khr_fp64 : enable

struct words { int generic, pipe; };

int pipe(int generic) { return generic + 1; }

__constant float not_a_number = NAN;
__constant float4 extremes = (float4)(NAN, INFINITY, HUGE_VALF, MAXFLOAT);

__kernel void test(__global uint *out, int one)
{
	__local int in_local;
	__local ulong long_in_local;
	volatile __global int *g = (__global int *)(out + 990);
	__global half *h = (__global half *)(out + 960);
	__global ushort *bits = (__global ushort *)h;
	struct words words = {.generic = one, .pipe = 5};
	int to_global = 2, block_t = 3, queue = 4, generic = one;
	float tie = 1.00048828125f * one;	/* between two halves */
	uint n = 0;

	CHECK(__OPENCL_C_VERSION__ == 100 && __OPENCL_VERSION__ == 300);
#ifdef __IMAGE_SUPPORT__
	CHECK(0);
#endif
	CHECK(pipe(generic) == 2 && words.pipe == 5 && to_global + block_t + queue == 9);
	CHECK(isnan(not_a_number) && isnan(extremes.x) && isinf(extremes.y) && extremes.w == FLT_MAX);

	in_local = 4 * one;
	long_in_local = 1ul << 33;
	*g = 5;
	CHECK(atom_add(g, 2) == 5 && atom_inc(&in_local) == 4 && atom_xchg(g, 1) == 7 && *g == 1);
	CHECK(atom_cmpxchg(&in_local, 5, 6) == 5 && atom_max(&long_in_local, 1ul << 34) == 1ul << 33);

	vstore_half(tie, 0, h);
	vstore_half_rte(-tie, 1, h);
	vstore_half_rtz(tie, 2, h);
	vstore_half_rtp(tie, 3, h);
	vstore_half_rtn(-tie, 4, h);
	CHECK(bits[0] == 0x3c00 && bits[1] == 0xbc00 && bits[2] == 0x3c00 && bits[3] == 0x3c01 && bits[4] == 0xbc01);
	vstore_half(65520.0f * one, 0, h);
	vstore_half_rtz(1e9f * one, 1, h);
	vstore_half_rtp(-1e9f * one, 2, h);
	vstore_half_rtn(-1e-30f * one, 3, h);
	CHECK(bits[0] == 0x7c00 && bits[1] == 0x7bff && bits[2] == 0xfbff && bits[3] == 0x8001);
	vstore_half(1.00048828126 * one, 0, h);
	CHECK(bits[0] == 0x3c01 && vload_half(0, h) == 1.0009765625f);
	DONE;
}
