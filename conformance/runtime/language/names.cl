/* SPDX-License-Identifier: MIT */
/* options: -cl-std=CL3.0 */
/* What a program defines may bear the names of C functions that the built-in library or the code generator calls. */
#include "check.h"

struct large { int a[500]; };

global float expf = 3;
global int memset = 4;
constant int powf[3] = {1, 2, 3};
constant float sin_table[2] = {0, 1};

float logf(float x) { return x + 1; }

kernel void memcpy(global int *p) { *p = 7; }
kernel void sinf(global int *p) { *p = powf[*p]; }

kernel void test(global uint *out, int one)
{
	uint n = 0;
	global struct large *from = (global struct large *)(out + 64);
	struct large copy, cleared = {{0}};

	for (int i = 0; i < 500; i++)
		from->a[i] = i * one;
	copy = *from;
	CHECK(copy.a[one] == 1 && copy.a[499 * one] == 499 && cleared.a[one * 77] == 0);
	CHECK(fabs(exp(expf * one) - 20.0855f) < 1e-3f);
	CHECK(fabs(pow(2.0f * one, 10.0f) - 1024) < 1e-2f && powf[one] == 2);
	CHECK(fabs(log(2.718281828f * one) - 1) < 1e-5f && logf(one) == 2);
	CHECK(fabs(sin(1.57079633f * one) - sin_table[one]) < 1e-5f && memset == 4);
	sinf((global int *)out + 1000 * one - one);
	CHECK(sinh(0.0f) == 0);
	DONE;
}
