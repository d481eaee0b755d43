/* SPDX-License-Identifier: MIT */
/* options: -cl-std=CL1.2 -cl-fast-relaxed-math -cl-single-precision-constant -cl-denorms-are-zero -cl-no-signed-zeros -cl-mad-enable -cl-uniform-work-group-size */
/* What the options for arithmetic mean. */
#include "check.h"

kernel void test(global uint *out, int one)
{
	uint n = 0;
	float tiny = as_float(one), big = 3.0f * one;

#ifdef __FAST_RELAXED_MATH__
	CHECK(__FAST_RELAXED_MATH__ == 1);
#else
	CHECK(0);
#endif
	CHECK(__OPENCL_C_VERSION__ == 120 && __OPENCL_VERSION__ == 300);
	CHECK(sizeof(1.0) == 4 && sizeof(1.0 * big) == 4);
	/* Denormals may be flushed. */
	CHECK(tiny * 1.0f == tiny || tiny * 1.0f == 0.0f);
	CHECK(fabs(native_sin(big) - 0.14112f) < 1e-4f && fabs(exp(big) - 20.0855f) < 1e-2f);
	CHECK(fabs(big / 7.0f - 0.428571f) < 1e-6f && fabs(sqrt(big) - 1.7320508f) < 1e-6f && (big - big) * big == 0);
	CHECK(fabs(mad(big, 2.0f, 1.0f) - 7.0f) < 1e-6f && pow(big, 2.0f) > 8.999f && rsqrt(big * 3) < 0.33334f);
	DONE;
}
