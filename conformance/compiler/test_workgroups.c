/* SPDX-License-Identifier: MIT */
/*
 * Work-group functions against the reference: every kernel of barriers.cl, over local sizes with
 * and without tails, optimised and not, must give what coroutines give.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client.h"
#include "compare.h"

static const char *const kernels[] = {
	"none", "straight", "loop", "loop_head", "nested", "branch", "called", "exits", "array",
	"vectors", "structure", "reduction", "statics", "switches", "jumps", "loop_array",
	"collectives", "partial_return",
};

static char *read_text(const char *path)
{
	FILE *file = fopen(path, "r");
	char *text = calloc(1, 1 << 20);

	assert_non_null(file);
	assert_true(fread(text, 1, (1 << 20) - 1, file) > 0);
	fclose(file);
	return text;
}

/* Builds with @options and compares all kernels; returns how many runs differed. */
static int compare_all(const char *options, bool loud)
{
	int differ = 0;
	struct client client = client_start();
	char *source = read_text(KERNELS_DIR "/barriers.cl");
	struct reply reply = client_build(&client, options, source);
	void *reference = dlopen(REFERENCE_SO, RTLD_NOW | RTLD_LOCAL);

	if (!reference)
		fail_msg("%s", dlerror());
	if (reply.message.status != HMMCL_COMPILER_OK)
		fail_msg("build: %s", reply.log ? reply.log : "no reply");
	struct program program = program_load(reply.output, reply.output_size);

	for (size_t k = 0; k < sizeof(kernels) / sizeof(*kernels); k++) {
		struct kernel kernel = program_kernel(&program, kernels[k]);
		reference_kernel *function;

		*(void **)&function = dlsym(reference, kernels[k]);
		assert_non_null(function);
		for (int r = 0; r < n_test_ranges; r++)
			differ += !compare_kernel(&kernel, function, kernels[k], &test_ranges[r], loud);
	}
	program_unload(&program);
	dlclose(reference);
	reply_free(&reply);
	free(source);
	assert_int_equal(client_stop(&client), 0);
	return differ;
}

static void optimised(void **state)
{
	(void)state;
	assert_int_equal(compare_all("-cl-std=CL3.0", true), 0);
}

static void not_optimised(void **state)
{
	(void)state;
	assert_int_equal(compare_all("-cl-std=CL3.0 -cl-opt-disable", true), 0);
}

/* The comparison has teeth: without its barriers the program gives something else. */
static void missing_barriers_are_noticed(void **state)
{
	(void)state;
	assert_true(compare_all("-cl-std=CL3.0 -Dbarrier(x)=", false) > 20);
}

/* Division by zero and the one signed overflow give anything, but do not trap (OpenCL C, 6.3). */
static void division_does_not_trap(void **state)
{
	static const char source[] =
		"kernel void k(global int *p, global uint *q, global long4 *r)\n{\n"
		"	size_t i = get_global_id(0);\n"
		"	p[i] = p[i] / p[i + 4] + p[i] % p[i + 4];\n"
		"	q[i] = q[i] / q[i + 4] + q[i] % q[i + 4];\n"
		"	r[i] = r[i] / r[i + 1] + r[i] % r[i + 1];\n}\n";
	static const struct range range = {1, {4, 1, 1}, {4, 1, 1}, {0, 0, 0}};
	int32_t p[8] = {INT32_MIN, 7, -7, 100, -1, 0, 2, 7};
	uint32_t q[8] = {9, 7, 0, 100, 0, 0, 0, 7};
	_Alignas(32) int64_t r[20] = {INT64_MIN, 1, 2, 3, -1, 0, 5, 0, 7};
	struct { void *p, *q, *r; } args = {p, q, r};
	struct client client = client_start();
	struct reply reply = client_build(&client, "", source);

	(void)state;
	assert_int_equal(reply.message.status, HMMCL_COMPILER_OK);
	struct program program = program_load(reply.output, reply.output_size);
	struct kernel kernel = program_kernel(&program, "k");

	kernel_run(&kernel, &range, &args, NULL);
	assert_int_equal(p[2], -7 / 2 + -7 % 2);
	assert_int_equal(p[3], 100 / 7 + 100 % 7);
	assert_int_equal(q[3], 100 / 7 + 100 % 7);
	program_unload(&program);
	reply_free(&reply);
	assert_int_equal(client_stop(&client), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(optimised),
		cmocka_unit_test(not_optimised),
		cmocka_unit_test(missing_barriers_are_noticed),
		cmocka_unit_test(division_does_not_trap),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
