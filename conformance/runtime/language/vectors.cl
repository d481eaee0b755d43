/* SPDX-License-Identifier: MIT */
/* options: -cl-std=CL3.0 */
/* Vectors: literals, components, conversions, reinterpretation, shuffles. */
#include "check.h"

#pragma OPENCL EXTENSION cl_khr_fp16 : enable

kernel void test(global uint *out, int one)
{
	uint n = 0;
	int4 a = (int4)(one, 2, 3, 4);
	int8 e = (int8)(a, a + 4);
	char3 c = (char3)(one, 2, 3);
	uchar16 b = (uchar16)(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15) * (uchar)one;
	float2 f = (float2)(one * 1.5f, -2.5f);

	CHECK(vec_step(int) == 1 && vec_step(char2) == 2 && vec_step(float3) == 4 && vec_step(a) == 4);
	CHECK(vec_step(double8) == 8 && vec_step(ushort16) == 16 && sizeof(c) == 4 && sizeof(half3) == 8);
	CHECK(a.lo.y == 2 && a.hi.x == 3 && a.odd.y == 4 && a.even.y == 3 && e.hi.odd.x == 6);
	CHECK(e.s7 == 8 && b.sF == 15 && b.sa == 10 && c.hi.x == 3 && a.zyx.z == 1);
	CHECK(all(a.wzyx == (int4)(4, 3, 2, 1)) && all(a.xxyy.lo == (int2)(1)));
	a.xw = a.wx;
	CHECK(a.x == 4 && a.w == 1);
	a.lo = (int2)(8, 9);
	CHECK(all(a == (int4)(8, 9, 3, 1)));
	((private int *)&a)[2] = 30;
	CHECK(a.z == 30 && a[2] == 30);
	CHECK(all((a > 8) == (int4)(0, -1, -1, 0)) && (one > 0) == 1 && !any(a == 77));
	CHECK(all((a ? (int4)(1) : (int4)(2)) == 2) && all((a > 8 ? a : -a) == (int4)(-8, 9, 30, -1)));
	CHECK(all((!a) == 0) && all(~a == -a - 1) && all((a && (int4)(0, 1, 0, 1)) == (int4)(0, -1, 0, -1)));
	CHECK(all(a % 8 == (int4)(0, 1, 6, 1)) && all(a >> (int4)(33, 1, 2, 0) == (int4)(4, 4, 7, 1)));
	CHECK(all((a++, ++a) == (int4)(10, 11, 32, 3)));

	CHECK(as_uint(1.0f) == 0x3f800000 && as_float(0x40000000u * one) == 2.0f);
	CHECK(as_double(0x3ff0000000000000ul) == 1.0 && as_half((ushort)0x3c00) == 1.0h);
	CHECK(all(as_uchar4(0x04030201 * one) == (uchar4)(1, 2, 3, 4)) && (as_int(c) & 0xffffff) == 0x30201);
	CHECK(as_int4(as_int3(a)).y == a.y && as_float3((int4)(0x3f800000)).z == 1.0f);
	CHECK(all(as_ushort2(-1 * one) == (ushort)65535) && all(as_long2((int4)(one, 0, 0, 1)) == (long2)(1, 1l << 32)));
	CHECK(as_char8(0x0807060504030201l).s5 == 6 && as_uchar(as_char((uchar)200)) == 200);

	CHECK(convert_int(2.9f * one) == 2 && convert_int_rte(2.5f) == 2 && convert_int_rtp(2.1f) == 3);
	CHECK(convert_int_rtn(-2.1f * one) == -3 && convert_int_rtz(-2.9f) == -2 && convert_int_rte(3.5f * one) == 4);
	CHECK(convert_uchar_sat(300 * one) == 255 && convert_uchar_sat(-5) == 0 && convert_char_sat(200u) == 127);
	CHECK(convert_uchar_sat_rte(254.5f * one) == 254 && convert_uchar_sat(NAN) == 0);
	CHECK(convert_short_sat(-1e9f) == -32768 && convert_ulong_sat(-1.0) == 0 && convert_long_sat(1e30f) == LONG_MAX);
	CHECK(convert_uint_sat(5000000000l * one) == UINT_MAX && convert_int_sat(-5000000000l) == INT_MIN);
	CHECK(convert_float_rtp(16777217 * one) == 16777218.0f && convert_float_rtz(16777219) == 16777218.0f);
	CHECK(convert_half_rtn(1.0001f * one) == 1.0h && convert_half_rtp(1.0001f) > 1.0h);
	CHECK(convert_double(0.1f * one) == (double)0.1f && convert_float_rtn(0.1) < convert_float_rtp(0.1));
	CHECK(all(convert_int2_rtn(f) == (int2)(1, -3)) && all(convert_uchar3_sat((int3)(-1, 5, 999)) == (uchar3)(0, 5, 255)));
	CHECK(all(convert_short16_sat_rtz((float16)(one * 1e6f)) == (short)32767));
	CHECK(all(convert_double4(a) == (double4)(10, 11, 32, 3)) && all(convert_char4(convert_float4(a)) == (char4)(10, 11, 32, 3)));

	CHECK(all(shuffle(b.lo, (uchar4)(7, 0, 15, 2)) == (uchar4)(7, 0, 7, 2)));
	CHECK(all(shuffle2(b.lo, b.hi, (uchar8)(15, 0, 8, 7, 16, 1, 31, 2)) == (uchar8)(15, 0, 8, 7, 0, 1, 15, 2)));
	CHECK(all(shuffle2((float2)(1, 2), f, (uint4)(3, 2, 1, one)) == (float4)(-2.5f, 1.5f, 2, 2)));
	CHECK(all(shuffle((double4)(1, 2, 3, 4), (ulong2)(3, one)) == (double2)(4, 2)));
	CHECK(shuffle2((long16)(one), (long16)(2), (ulong16)(16)).sf == 2 && shuffle((half8)(1.5h), (ushort2)(9, 3)).y == 1.5h);
	CHECK(all(select((char2)(1, 2), (char2)(3, 4), (uchar2)(128, 127)) == (char2)(3, 2)) && select(1, 2, one) == 2);
	CHECK(all(bitselect((uint2)(0xff00), (uint2)(0x00ff), (uint2)(0x0ff0)) == 0xf0f0u) && bitselect(1.0f, -1.0f, 0.0f) == 1.0f);

	global uint *space = out + 900;
	vstore3((uint3)(one, 2, 3), 1, space);
	CHECK(space[3] == 1 && space[5] == 3 && all(vload3(1, space) == (uint3)(1, 2, 3)));
	vstore16((uint16)(7), 2, space);
	CHECK(space[32] == 7 && space[47] == 7 && vload16(2, space).sf == 7 && vload2(16, space).x == 7);
	global half *halves = (global half *)space;
	vstore_half4_rtz((float4)(one, 1.0009f, -0.1f, 65519.0f), 0, halves);
	CHECK(vload_half(0, halves) == 1.0f && vload_half4(0, halves).w == 65504.0f && vload_half(1, halves) == 1.0f);
	vstorea_half3(((float3)(one, 2, 3)), 1, halves);
	CHECK(all(vloada_half3(1, halves) == (float3)(1, 2, 3)) && vload_half(6, halves) == 3.0f);
	vstore_half(5.0f, 11, halves);
	vstorea_half3(((float3)(one, 2, 3)), 2, halves);
	CHECK(vload_half(8, halves) == 1.0f && vload_half(10, halves) == 3.0f && vload_half(11, halves) == 5.0f);
	DONE;
}
