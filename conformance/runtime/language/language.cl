/* SPDX-License-Identifier: MIT */
/* options: -cl-std=CL3.0 -D GIVEN=17 -DTEXT="a b" */
/* Types, expressions, control flow, attributes, the preprocessor. */
#include "check.h"

#define COUNT(...) COUNT_(__VA_ARGS__, 4, 3, 2, 1)
#define COUNT_(a, b, c, d, n, ...) n
#define STRING(x) #x
#define PASTE(a, b) a##b

struct packed { char a; int b; } __attribute__((packed));
struct aligned { char a; int b __attribute__((aligned(32))); };
struct nested { struct { short s[3]; } inner; union { int i; float f; uchar4 c; } u; int2 v; };
typedef struct list { int value; struct list *next; } list;
typedef int pair_t[2];

struct nested make(int value)
{
	struct nested result = {.inner = {{1, 2, (short)value}}, .u.f = 1.0f, .v = (int2)(value, 9)};

	return result;
}

int sum(struct nested by_value) { by_value.inner.s[0] = 100; return by_value.inner.s[2] + by_value.v.y; }
__attribute__((noinline)) int fallthrough(int x)
{
	int r = 0;

	switch (x) {
	case 0:
		r += 1;
	case 1:
		r += 10;
		break;
	case 2 ... 5:
		r += 100;
		break;
	default:
		r = -1;
	}
	return r;
}

int jumps(int n)
{
	int r = 0;
again:
	r += n;
	if (--n > 0)
		goto again;
	return r;
}

inline int minimum(int a, int b) { return a < b ? a : b; }
int __attribute__((overloadable)) twice(int x) { return 2 * x; }
float __attribute__((overloadable)) twice(float x) { return 3 * x; }
int generic_sum(int *p, int n) { int r = 0; while (n--) r += *p++; return r; }
kernel void callee(global uint *out, int x) { out[1000] = x; }

kernel __attribute__((work_group_size_hint(1, 1, 1))) __attribute__((vec_type_hint(float4)))
__attribute__((reqd_work_group_size(1, 1, 1)))
void test(global uint *restrict out, int one)
{
	uint n = 0;
	struct nested s = make(one + 40), copy = s;
	list second = {2, 0}, first = {one, &second};
	pair_t pairs[2] = {{1, 2}, {3, 4 * one}};
	int array[5] = {[3] = one, [1] = 7};
	local int shared[4];
	volatile int v = one;

	CHECK(sizeof(char) == 1 && sizeof(long) == 8 && sizeof(size_t) == 8 && sizeof(void *) == 8 && sizeof(half) == 2);
	CHECK(sizeof(struct packed) == 5 && sizeof(struct aligned) == 64 && __alignof__(int3) == 16);
	CHECK(sizeof(bool) == 1 && true == 1 && (bool)(one * 256) == 1 && (bool)0.5f == 1);
	CHECK(sizeof('a') == 4 && 'a' == 97 && '\x41' == 65 && '\101' == 65 && 0x10u == 020u);
	CHECK(sizeof(1.0) == 8 && sizeof(1.0f) == 4 && 0x1.8p3f == 12.0f && 1e-3f * 1000 == 1.0f);
	CHECK(COUNT(a, b, c) == 3 && PASTE(o, ne) == 1 && STRING(x y)[1] == ' ' && sizeof(STRING(a\b)) == 3);
	CHECK(GIVEN == 17 && __OPENCL_C_VERSION__ == 300 && __OPENCL_VERSION__ == 300 && CL_VERSION_3_0 == 300);
	CHECK(__ENDIAN_LITTLE__ == 1 && __LINE__ == 79 && sizeof(__func__) == 5);
	CHECK(INT_MAX + (uint)one == 0x80000000u && CHAR_BIT == 8 && SCHAR_MIN == -128 && isnan(NAN) && FLT_DIG == 6);
	CHECK(s.inner.s[2] == 41 && s.u.i == 0x3f800000 && sum(s) == 50 && s.inner.s[0] == 1);
	copy.u.c.w = 0x40;
	CHECK(copy.u.f == 4.0f && s.u.f == 1.0f && copy.v.x == 41);
	CHECK(first.next->value == 2 && first.next->next == 0 && (&first)->value == 1);
	CHECK(pairs[one][1] == 4 && *(*(pairs + 1)) == 3 && sizeof(pairs) == 16);
	CHECK(array[3] == 1 && array[1] == 7 && array[4] == 0 && generic_sum(array, 5) == 8);
	CHECK(((int[]){4, 5, 6})[one] == 5 && ((struct packed){1, 2}).b == 2);
	CHECK(fallthrough(0) == 11 && fallthrough(one) == 10 && fallthrough(4) == 100 && fallthrough(-one) == -1);
	CHECK(jumps(4 * one) == 10 && minimum(one, 2) == 1 && twice(one) == 2 && twice(1.0f * one) == 3.0f);
	for (int i = 0; i < 4; i++)
		shared[i] = i + one;
	CHECK(generic_sum(shared, 4) == 10 && generic_sum((int *)out, 2) == 2);
	CHECK(to_local((int *)shared) == shared && !to_global((int *)shared) && to_private(&array[0]) == array);
	CHECK(get_fence((int *)shared) == CLK_LOCAL_MEM_FENCE && get_fence((uint *)out) == CLK_GLOBAL_MEM_FENCE);
	callee(out, 5 * one);
	CHECK(out[1000] == 5);
	CHECK(-7 / (2 * one) == -3 && -7 % (2 * one) == -1 && -7 >> one == -4 && 1 << (33 & 31) == 2);
	CHECK((uchar)(200 + 100 * one) == 44 && (char)(200 * one) == -56 && (short)70000 == 4464);
	CHECK((one ? 1u : -1) > 0 && -one < 0u + 1 == 0 && (v += 2) == 3 && v-- == 3 && v == 2);
	CHECK(mul24(one * 7, -3) == -21 && mad_sat(INT_MAX, 2 * one, 5) == INT_MAX && clz((ushort)one) == 15);
	CHECK(get_work_dim() == 1 && get_global_id(7) == 0 && get_local_size(5) == 1 && get_enqueued_local_size(0) == 1);
	CHECK(get_num_groups(9) == 1 && get_global_offset(0) == 0 && get_global_linear_id() == 0 && get_group_id(3) == 0);
	{
		#pragma OPENCL FP_CONTRACT OFF
		float a = 1.0f + 0x1p-12f * one;
		CHECK(a * a - (1.0f + 0x1p-11f) == 0.0f && fma(a, a, -(1.0f + 0x1p-11f)) == 0x1p-24f);
	}
	int total = 0;
	__attribute__((opencl_unroll_hint(4))) for (int i = 0; i < 10 * one; i++)
		total += i;
	do
		total -= 5;
	while (total > 20);
	CHECK(total == 20);
	DONE;
}
