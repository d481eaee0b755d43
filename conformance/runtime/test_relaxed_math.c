/* SPDX-License-Identifier: MIT */
/*
 * What -cl-fast-relaxed-math leaves of accuracy (OpenCL C, "Relative Error as ULPs", the table for
 * relaxed arithmetic): x / y and 1 / x within 2.5 ulp, scalars and vectors of every width.
 */
#include "program.h"

#include <math.h>

#define NUMBERS (1 << 20)

/* Built once for each width; numbers one after another, also in vectors of 3. */
static const char source[] =
	"kernel void divide(global float *x, global float *y, global float *quotient) {\n"
	"  size_t i = get_global_id(0);\n"
	"  STORE(LOAD(i, x) / LOAD(i, y), i, quotient); }\n"
	"kernel void invert(global float *x, global float *quotient) {\n"
	"  size_t i = get_global_id(0);\n"
	"  STORE(1 / LOAD(i, x), i, quotient); }\n";

static float x[NUMBERS], y[NUMBERS], quotient[NUMBERS];

/* From 2^-60 to 2^60 with any fraction: neither they nor their quotients leave the normal numbers. */
static float draw(void)
{
	static uint64_t state = 88172645463325252u;
	uint32_t fraction;

	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	fraction = (uint32_t)(state >> 20) & 0x7fffff;
	return ldexpf((float)(fraction + 0x800000), (int)(state >> 44 & 0x7f) - 83);
}

static void check(const char *what, size_t width, size_t i, double exact)
{
	int exponent;
	double error;

	frexp(exact, &exponent);
	error = fabs((double)quotient[i] - exact) / ldexp(1, exponent - 24);
	if (!(error <= 2.5))
		fail_msg("%s, width %zu: %a, %a gives %a, %.2f ulp from %a", what, width, (double)x[i],
			 (double)y[i], (double)quotient[i], error, exact);
}

static void run(cl_command_queue queue, cl_program program, const char *name, float *const *arguments,
		cl_uint n, size_t items)
{
	cl_kernel kernel = new_kernel(program, name);

	for (cl_uint i = 0; i < n; i++)
		OK(clSetKernelArgSVMPointer(kernel, i, arguments[i]));
	OK(clEnqueueNDRangeKernel(queue, kernel, 1, NULL, &items, NULL, 0, NULL, NULL));
	OK(clFinish(queue));
	OK(clReleaseKernel(kernel));
}

static void test_division(void **state)
{
	static const size_t widths[] = { 1, 2, 3, 4, 8, 16 };
	cl_context context = new_context();
	cl_command_queue queue = new_queue(context, 0);

	(void)state;
	for (size_t i = 0; i < NUMBERS; i++) {
		x[i] = draw();
		y[i] = draw();
	}
	for (size_t w = 0; w < COUNT(widths); w++) {
		const size_t width = widths[w], items = NUMBERS / width;
		char options[160];
		cl_program program;

		snprintf(options, sizeof(options), width == 1 ?
			 "-cl-fast-relaxed-math -DLOAD(i,p)=p[i] -DSTORE(v,i,p)=p[i]=v" :
			 "-cl-fast-relaxed-math -DLOAD=vload%zu -DSTORE=vstore%zu", width, width);
		program = build_program(context, source, options);
		run(queue, program, "divide", (float *const[]){ x, y, quotient }, 3, items);
		for (size_t i = 0; i < items * width; i++)
			check("x / y", width, i, (double)x[i] / y[i]);
		run(queue, program, "invert", (float *const[]){ x, quotient }, 2, items);
		for (size_t i = 0; i < items * width; i++)
			check("1 / x", width, i, 1 / (double)x[i]);
		OK(clReleaseProgram(program));
	}
	OK(clReleaseCommandQueue(queue));
	OK(clReleaseContext(context));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_division),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
