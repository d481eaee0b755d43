/* SPDX-License-Identifier: MIT */
/* options: -cl-std=CL3.0 */
/* Program-scope variables, their initialisers, static variables. */
#include "check.h"

#pragma OPENCL EXTENSION cl_khr_fp16 : enable

struct point { int x; uchar tag; float2 at; };
enum colour { red = 3, green, blue = -1 };

int zero;
global int number = 41;
global int *global to_number = &number;
global int *constant fixed = &number;
constant int table[4] = {1, 2, 3, 4};
constant int *constant to_table = &table[2];
global struct point points[] = {{.tag = 7, .at = (float2)(1, 2)}, {5, 6, (float2)(3.5f)}};
global struct point *to_point = &points[1];
float4 vector = (float4)(1, 2, (float2)(3, 4));
enum colour colour = blue;
constant char text[] = "a\tb\0c";
constant char *constant words[] = {"one", "two", "three"};
static global ulong large = 0x123456789abcdef0ul;
const global int *global ring[2] = {&zero, &number};
global atomic_int counter = ATOMIC_VAR_INIT(9);
double d = 0x1.8p-3;
global half h = 1.5h;
union either { uint bits; float value; };
global union either both = {.value = 1.0f};
constant int expression = sizeof(struct point) * 2 + (1 << 4) - green;
constant uint3 three[2] = {{1, 2, 3}, {4, 5, 6}};

int count_calls(void)
{
	static int calls = 100;

	return ++calls;
}

int other_calls(void)
{
	static int calls;

	calls += 2;
	return calls;
}

kernel void test(global uint *out, int one)
{
	local int in_local;
	constant static int in_function[2] = {8, 9};
	uint n = 0;

	CHECK(zero == 0);
	CHECK(number == 41 && to_number == &number && *fixed == 41);
	*to_number += one;
	CHECK(number == 42);
	CHECK(table[one] == 2 && *to_table == 3 && to_table[one] == 4 && to_table - table == 2);
	CHECK(points[0].tag == 7 && points[0].x == 0 && points[0].at.y == 2);
	CHECK(to_point->x == 5 && points[one].tag == 6 && to_point->at.x == 3.5f);
	CHECK(vector.x == 1 && vector.w == 4 && vector[1 + one] == 3);
	CHECK(colour == -1);
	CHECK(sizeof(text) == 6 && text[one] == '\t' && text[4] == 'c');
	CHECK(words[one][2] == 'o' && words[2][4] == 'e' && words[0][3] == 0);
	CHECK(large == 0x123456789abcdef0ul);
	CHECK(ring[0] == &zero && *ring[one] == number);
	CHECK(atomic_fetch_add(&counter, one) == 9 && atomic_load(&counter) == 10);
	CHECK(d == 0.1875 && h == 1.5h);
	CHECK(both.bits == 0x3f800000);
	both.bits = 0x40000000;
	CHECK(both.value == 2.0f);
	CHECK(expression == sizeof(struct point) * 2 + 12);
	CHECK(three[one].z == 6 && three[0].y == 2 && sizeof(three) == 32);
	CHECK(in_function[one] == 9);
	CHECK(count_calls() == 101 && count_calls() == 102 && other_calls() == 2 && other_calls() == 4);
	in_local = one;
	CHECK(in_local == 1);
	vector *= one + 1;
	CHECK(vector.z == 6);
	DONE;
}
