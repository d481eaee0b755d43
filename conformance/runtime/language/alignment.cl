/* SPDX-License-Identifier: MIT */
/* options: -cl-std=CL3.0 */
/* size: 8 : 8 */
/* Structures that are aligned and packed by attributes, in all address spaces, across barriers too. */
#include "check.h"

struct of_64 { char a; } __attribute__((aligned(64)));
struct of_256 { float4 a[2]; } __attribute__((aligned(256)));
struct of_4096 { int x; } __attribute__((aligned(4096)));
struct packed { char a; float4 v; uchar3 t; } __attribute__((packed));

global struct of_256 in_global;
char between;
struct of_4096 page_in_global;
constant struct of_64 in_constant = {5};

bool is_aligned(const void *p, size_t to) { return ((uintptr_t)p & (to - 1)) == 0; }

kernel void test(global uint *out, int one)
{
	local char odd;
	local struct of_64 local_64;
	local struct of_256 local_256;
	local struct of_4096 local_4096;
	local int wrong;
	struct of_64 private_64 = {get_local_id(0)};
	struct of_256 private_256 = {{0, get_local_id(0)}};
	struct of_4096 private_4096 = {one};
	global struct packed *packed = (global struct packed *)((global char *)(out + 950) + 3 * one);
	int bad = 0;
	uint n = 0;

	wrong = 0;
	odd = one;
	barrier(CLK_LOCAL_MEM_FENCE);
	private_64.a += 1;
	private_256.a[one].x += 1;
	barrier(CLK_LOCAL_MEM_FENCE);
	bad |= !is_aligned(&private_64, 64) || !is_aligned(&private_256, 256) || !is_aligned(&private_4096, 4096);
	bad |= private_64.a != get_local_id(0) + 1 || private_256.a[1].x != get_local_id(0) + 1 ||
	       private_256.a[1].w != get_local_id(0) || private_4096.x != 1;
	atomic_or(&wrong, bad);
	barrier(CLK_LOCAL_MEM_FENCE);
	if (get_local_id(0))
		return;
	CHECK(wrong == 0 && odd == 1);
	CHECK(is_aligned(&local_64, 64) && is_aligned(&local_256, 256) && is_aligned(&local_4096, 4096));
	CHECK(is_aligned(&in_global, 256) && is_aligned(&page_in_global, 4096));
	CHECK(((uintptr_t)&in_constant & 63) == 0);
	packed[0].v = (float4)(1, 2, 3, 4);
	packed[0].t = (uchar3)(7, 8, 9);
	packed[1] = packed[0];
	packed[1].v.y *= 2;
	CHECK(sizeof(struct packed) == 21 && packed[1].v.y == 4 && packed[0].v.w == 4 && packed[0].v.y == 2);
	CHECK(packed[1].t.z == 9 && (uintptr_t)&packed[1] - (uintptr_t)&packed[0] == 21);
	DONE;
}
