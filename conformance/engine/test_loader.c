// SPDX-License-Identifier: MIT
/* The loader: damaged objects are refused, good ones leave nothing behind. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "harness.h"

/* The host engine's loader is the same; the lab is slow. */
#define FUZZ_ROUNDS (kind_under_test() == HMMCL_ENGINE_HMM ? 3000 : 30000)
#define LOAD_ROUNDS (kind_under_test() == HMMCL_ENGINE_HMM ? 2000 : 20000)

static char why[256];

static uint64_t random_state;

static uint64_t next_random(void)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return random_state;
}

static void test_garbage(void **state)
{
	struct hmmcl_image *other;
	char text[4096];

	(void)state;
	memset(text, 'x', sizeof(text));
	assert_int_equal(hmmcl_image_load(engine, text, 0, &other, why, sizeof(why)), -ENOEXEC);
	assert_int_equal(hmmcl_image_load(engine, text, sizeof(text), &other, why, sizeof(why)), -ENOEXEC);
	assert_true(strlen(why) > 0);
	memcpy(text, "\177ELF\2\1\1", 7);
	assert_int_equal(hmmcl_image_load(engine, text, sizeof(text), &other, why, sizeof(why)), -ENOEXEC);
}

/* Every beginning of an object is refused, for want of its section headers at the end. */
static void test_truncated(void **state)
{
	size_t size;
	char *object = read_kernels(&size);
	struct hmmcl_image *other;

	(void)state;
	for (size_t n = 0; n < size; n += 7) {
		char *part = malloc(n);		/* of its exact size, for AddressSanitizer */

		memcpy(part, object, n);
		assert_int_equal(hmmcl_image_load(engine, part, n, &other, why, sizeof(why)), -ENOEXEC);
		free(part);
	}
	free(object);
}

/* Another version of the device ABI, an unknown function, a missing description. */
static void test_refused(void **state)
{
	static const struct { const char *from, *to; } edits[] = {
		{ "hmmcl\t1\n", "hmmcl\t9\n" }, { ".hmmcl.meta", ".hmmcl.mate" }, { "\0sin\0", "\0sun\0" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(edits) / sizeof(*edits); i++) {
		size_t size, length = i == 2 ? 5 : strlen(edits[i].from);
		char *object = read_kernels(&size);
		struct hmmcl_image *other;
		bool found = false;

		for (size_t n = 0; n + length <= size; n++) {
			if (!memcmp(object + n, edits[i].from, length)) {
				memcpy(object + n, edits[i].to, length);
				found = true;
			}
		}
		assert_true(found);
		assert_int_equal(hmmcl_image_load(engine, object, size, &other, why, sizeof(why)),
				 -ENOEXEC);
		free(object);
	}
}

/* Anything may happen to the bytes: loaded or refused, nothing else. */
static void test_fuzz(void **state)
{
	size_t size;
	char *good = read_kernels(&size), *object = malloc(size);
	uint64_t headers;
	unsigned int loaded = 0;

	(void)state;
	memcpy(&headers, good + 40, sizeof(headers));	/* e_shoff */
	random_state = 0x9e3779b97f4a7c15;
	for (int round = 0; round < FUZZ_ROUNDS; round++) {
		struct hmmcl_image *other;
		int changes = 1 + (int)(next_random() % 4), err;

		memcpy(object, good, size);
		for (int i = 0; i < changes; i++) {
			/* Every other one in the section headers, where it hurts most. */
			uint64_t first = next_random() & 1 ? headers : 0;
			uint64_t at = first + next_random() % (size - first);
			uint64_t value = next_random();

			switch (next_random() % 3) {
			case 0:
				object[at] ^= (char)(1 << (value % 8));
				break;
			case 1:
				object[at] = (char)value;
				break;
			case 2:
				value = value % 3 ? ~0ull << (value % 64) : value;
				memcpy(object + (at & ~7ull), &value, at / 8 < size / 8 ? 8 : 0);
				break;
			}
		}
		err = hmmcl_image_load(engine, object, size, &other, why, sizeof(why));
		assert_true(!err || err == -ENOEXEC || err == -ENOMEM);
		if (!err) {
			loaded++;
			hmmcl_image_symbol(other, "fault");
			hmmcl_image_unload(other);
		}
	}
	/* Most changes hit code, constants or nothing: both ends must have been seen. */
	assert_in_range(loaded, FUZZ_ROUNDS / 100, FUZZ_ROUNDS - FUZZ_ROUNDS / 100);
	free(object);
	free(good);
}

/* Loading and unloading for long: same places, no memory kept, old and new code do not mix. */
static void test_no_leak(void **state)
{
	struct hmmcl_image *kept[50], *first, *last;
	size_t size;
	char *object = read_kernels(&size);
	uint64_t lowest, highest = 0;

	(void)state;
	assert_int_equal(hmmcl_image_load(engine, object, size, &first, why, sizeof(why)), 0);
	lowest = hmmcl_image_symbol(first, "empty");
	for (int i = 0; i < 50; i++)
		assert_int_equal(hmmcl_image_load(engine, object, size, &kept[i], why, sizeof(why)), 0);
	for (int i = 0; i < 50; i++)
		hmmcl_image_unload(kept[i]);
	for (int i = 0; i < LOAD_ROUNDS; i++) {
		assert_int_equal(hmmcl_image_load(engine, object, size, &last, why, sizeof(why)), 0);
		if (hmmcl_image_symbol(last, "empty") > highest)
			highest = hmmcl_image_symbol(last, "empty");
		if (i % 1000 == 0) {
			double out[7] = { 0 };
			uint64_t args[1] = { (uint64_t)out };
			struct hmmcl_command c = ndrange("variables", args, sizeof(args), 1, 1);

			/* Variables as the object says, not as an earlier image left them. */
			c.ndrange.entry = hmmcl_image_symbol(last, "variables");
			run(&c);
			assert_true(out[0] == 42 && out[1] == 7 && out[3] == 0);
		}
		hmmcl_image_unload(last);
	}
	assert_true(highest >= lowest && highest - lowest < 512 << 20);
	hmmcl_image_unload(first);
	free(object);
}

/* Never writable and executable in one place. */
static void test_no_writable_code(void **state)
{
	char line[512];
	FILE *maps = fopen("/proc/self/maps", "r");

	(void)state;
	assert_non_null(maps);
	while (fgets(line, sizeof(line), maps))
		assert_null(strstr(line, " rwx"));
	fclose(maps);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_garbage),
		cmocka_unit_test(test_truncated),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_fuzz),
		cmocka_unit_test(test_no_leak),
		cmocka_unit_test(test_no_writable_code),
	};

	return cmocka_run_group_tests(tests, open_engine, close_engine);
}
