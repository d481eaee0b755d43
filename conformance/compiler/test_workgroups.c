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
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client.h"
#include "program.h"
#include "reference.h"

static const struct range ranges[] = {
	{1, {1, 1, 1}, {1, 1, 1}, {0, 0, 0}},
	{1, {6, 1, 1}, {3, 1, 1}, {0, 0, 0}},
	{1, {40, 1, 1}, {7, 1, 1}, {5, 0, 0}},
	{1, {64, 1, 1}, {16, 1, 1}, {0, 0, 0}},
	{1, {50, 1, 1}, {17, 1, 1}, {0, 0, 0}},
	{1, {300, 1, 1}, {128, 1, 1}, {3, 0, 0}},
	{2, {16, 16, 1}, {8, 8, 1}, {0, 0, 0}},
	{2, {37, 21, 1}, {16, 16, 1}, {0, 2, 0}},
	{3, {10, 6, 4}, {5, 3, 2}, {0, 0, 0}},
	{3, {11, 7, 5}, {4, 4, 4}, {1, 2, 3}},
};

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

static uint32_t random_next(uint64_t *state)
{
	*state = *state * 6364136223846793005ull + 1442695040888963407ull;
	return *state >> 33;
}

/* Runs both and compares what they wrote; false if they differ, which @expected says is a failure. */
static bool compare(const struct kernel *kernel, reference_kernel *reference, const char *name,
		    const struct range *range, bool expected)
{
	bool same = true;
	size_t words = range->global[0] * range->global[1] * range->global[2] * 4;
	uint32_t *in = malloc(words * 4 + 64), *got = malloc(words * 4), *wanted = malloc(words * 4);
	uint32_t *scratch = aligned_alloc(128, HMMCL_LOCAL_MEM_SIZE);
	struct { uint32_t *out; uint32_t *in; uint64_t scratch; } args;
	uint64_t state = words;

	for (size_t i = 0; i < words + 16; i++)
		in[i] = random_next(&state);
	memset(got, 0xee, words * 4);
	memset(wanted, 0xee, words * 4);
	args.out = got;
	args.in = in;
	args.scratch = (kernel->local_size + 127) / 128 * 128;
	kernel_run(kernel, range, &args, NULL);
	reference_run(reference, range, wanted, in, scratch);
	for (size_t i = 0; i < words && same; i++) {
		same = got[i] == wanted[i];
		if (!same && expected)
			fail_msg("%s, global %zux%zux%zu local %zux%zux%zu: item %zu word %zu is %x, not %x",
				 name, (size_t)range->global[0], (size_t)range->global[1],
				 (size_t)range->global[2], (size_t)range->local[0],
				 (size_t)range->local[1], (size_t)range->local[2], i / 4, i % 4,
				 got[i], wanted[i]);
	}
	free(in);
	free(got);
	free(wanted);
	free(scratch);
	return same;
}

/* Builds with @options and compares all kernels; returns how many runs differed. */
static int compare_all(const char *options, bool expected)
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
		for (size_t r = 0; r < sizeof(ranges) / sizeof(*ranges); r++)
			differ += !compare(&kernel, function, kernels[k], &ranges[r], expected);
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
	compare_all("-cl-std=CL3.0", true);
}

static void not_optimised(void **state)
{
	(void)state;
	compare_all("-cl-std=CL3.0 -cl-opt-disable", true);
}

/* The comparison has teeth: without its barriers the program gives something else. */
static void missing_barriers_are_noticed(void **state)
{
	(void)state;
	assert_true(compare_all("-cl-std=CL3.0 -Dbarrier(x)=", false) > 20);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(optimised),
		cmocka_unit_test(not_optimised),
		cmocka_unit_test(missing_barriers_are_noticed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
