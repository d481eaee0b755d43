/* SPDX-License-Identifier: MIT */
/*
 * fmod, remainder and remquo (OpenCL C, 6.15.2): exact results, for numbers of all sizes, with the
 * edge cases; against the C library's.
 */
#include "program.h"

#include <math.h>

#define PAIRS 60000

/* Built once for each type, as T. */
static const char source[] =
	"kernel void all(global T *x, global T *y, global T *mod, global T *rem, global T *quo,\n"
	"  global int *q) {\n"
	"  size_t i = get_global_id(0);\n"
	"  mod[i] = fmod(x[i], y[i]);\n"
	"  rem[i] = remainder(x[i], y[i]);\n"
	"  quo[i] = remquo(x[i], y[i], q + i); }\n";

static uint64_t random_bits(void)
{
	static uint64_t state = 88172645463325252u;

	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state * 0x2545f4914f6cdd1du;
}

/* What finds mistakes: few bits in the fraction, numbers of one size, subnormal ones, halves. */
static double draw_double(void)
{
	static const double special[] = { 0, -0.0, INFINITY, -INFINITY, NAN, 1, -1, 0.5, 3, 0x1p-1074,
					  0x1p-1022, 0x1p1023, 0x1.fffffffffffffp1023 };
	union { uint64_t bits; double x; } u = { .bits = random_bits() };

	switch (random_bits() % 6) {
	case 0:
		u.bits &= ~0ull << random_bits() % 52;
		break;
	case 1:
		u.bits = (u.bits & 0x800fffffffffffff) | (1000 + random_bits() % 60) << 52;
		break;
	case 2:
		u.bits &= 0x800fffffffffffff;
		break;
	case 3:
		return special[random_bits() % COUNT(special)];
	case 4:
		return ((double)(random_bits() % 512) - 256) / 4;
	}
	return u.x;
}

static float draw_float(void)
{
	static const float special[] = { 0, -0.0f, INFINITY, -INFINITY, NAN, 1, -1, 0.5f, 3, 0x1p-149f,
					 0x1p-126f, 0x1p127f, 0x1.fffffep127f };
	union { uint32_t bits; float x; } u = { .bits = (uint32_t)(random_bits() >> 32) };

	switch (random_bits() % 6) {
	case 0:
		u.bits &= ~0u << random_bits() % 23;
		break;
	case 1:
		u.bits = (u.bits & 0x807fffff) | (uint32_t)(110 + random_bits() % 40) << 23;
		break;
	case 2:
		u.bits &= 0x807fffff;
		break;
	case 3:
		return special[random_bits() % COUNT(special)];
	case 4:
		return ((float)(random_bits() % 512) - 256) / 4;
	}
	return u.x;
}

static bool same(double a, double b)
{
	return (isnan(a) && isnan(b)) || (a == b && !signbit(a) == !signbit(b));
}

/* The low seven bits of the quotient that belongs to @rest, with the quotient's sign. */
static int low_quotient(double x, double y, double rest)
{
	double part = fabs(y) < 0x1p1000 ? fmod(fabs(x), 128 * fabs(y)) : fabs(x);
	int q;

	if (isnan(rest) || isinf(y))
		return 0;
	q = (int)lrint(part / fabs(y) - (signbit(x) ? -rest : rest) / fabs(y)) & 127;
	return !signbit(x) == !signbit(y) ? q : -q;
}

static void check(double x, double y, double mod, double rem, double quo, int q)
{
	double rest = remainder(x, y);

	/* The C library's own zeros do not all have the dividend's sign. */
	if (rest == 0)
		rest = copysign(0, x);
	if (!same(mod, fmod(x, y)) || !same(rem, rest) || !same(quo, rest) ||
	    q != low_quotient(x, y, rest))
		fail_msg("%a and %a: fmod %a not %a, remainder %a and %a not %a, quotient %d not %d", x, y,
			 mod, fmod(x, y), rem, quo, rest, q, low_quotient(x, y, rest));
}

/* Run the kernel on PAIRS numbers of @size bytes, in memory that is the host's as well. */
static void run(const char *options, void *const numbers[5], int *q)
{
	cl_context context = new_context();
	cl_command_queue queue = new_queue(context, 0);
	cl_program program = build_program(context, source, options);
	cl_kernel kernel = new_kernel(program, "all");
	size_t size = PAIRS;

	for (cl_uint i = 0; i < 5; i++)
		OK(clSetKernelArgSVMPointer(kernel, i, numbers[i]));
	OK(clSetKernelArgSVMPointer(kernel, 5, q));
	OK(clEnqueueNDRangeKernel(queue, kernel, 1, NULL, &size, NULL, 0, NULL, NULL));
	OK(clFinish(queue));
	OK(clReleaseKernel(kernel));
	OK(clReleaseProgram(program));
	OK(clReleaseCommandQueue(queue));
	OK(clReleaseContext(context));
}

static void test_double(void **state)
{
	static double x[PAIRS], y[PAIRS], mod[PAIRS], rem[PAIRS], quo[PAIRS];
	static int q[PAIRS];

	(void)state;
	for (int i = 0; i < PAIRS; i++) {
		x[i] = draw_double();
		y[i] = draw_double();
	}
	run("-D T=double", (void *const[]){ x, y, mod, rem, quo }, q);
	for (int i = 0; i < PAIRS; i++)
		check(x[i], y[i], mod[i], rem[i], quo[i], q[i]);
}

static void test_float(void **state)
{
	static float x[PAIRS], y[PAIRS], mod[PAIRS], rem[PAIRS], quo[PAIRS];
	static int q[PAIRS];

	(void)state;
	for (int i = 0; i < PAIRS; i++) {
		x[i] = draw_float();
		y[i] = draw_float();
	}
	run("-D T=float", (void *const[]){ x, y, mod, rem, quo }, q);
	for (int i = 0; i < PAIRS; i++)
		check(x[i], y[i], mod[i], rem[i], quo[i], q[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_double),
		cmocka_unit_test(test_float),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
