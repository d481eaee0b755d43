/* SPDX-License-Identifier: MIT */
/* options: -cl-std=CL2.0 */
/* Blocks. */
#include "check.h"

int (^constant at_program_scope)(int) = ^(int x) { return x * 3; };
typedef float (^binary_t)(float, float);

kernel void test(global uint *out, int one)
{
	int captured = one + 6;
	uint n = 0;
	int (^add)(int) = ^(int x) { return x + captured; };
	const binary_t product = ^(float a, float b) { return a * b; };
	void (^store)(global uint *, uint) = ^(global uint *p, uint v) { p[1000] = v; };
	int4 vector = (int4)(one, 2, 3, 4);
	int4 (^twice)(void) = ^{ return vector * 2; };

	CHECK(at_program_scope(one + 4) == 15);
	CHECK(add(5) == 12);
	/* A copy is captured. */
	captured = 1000;
	CHECK(add(5) == 12);
	CHECK(product(1.5f, one + 1) == 3.0f);
	store(out, 77);
	CHECK(out[1000] == 77);
	vector = 0;
	CHECK(twice().w == 8 && twice().x == 2);
	CHECK(^(int x) { return x - 1; }(one + 1) == 1);
	DONE;
}
