// SPDX-License-Identifier: MIT
/* What commands compute: NDRanges, copies, fills, rectangles, images and their variables. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness.h"
#include "../../runtime/engine/worker.h"

static void test_ids(void **state)
{
	static const uint64_t shapes[][9] = {	/* global, local, offset */
		{ 1, 1, 1, 1, 1, 1, 0, 0, 0 },	{ 1000, 1, 1, 1, 1, 1, 0, 0, 0 },
		{ 1000, 1, 1, 64, 1, 1, 5, 0, 0 },	{ 17, 19, 1, 4, 5, 1, 0, 3, 0 },
		{ 9, 10, 11, 2, 3, 4, 1, 2, 3 },	{ 5, 1, 300, 5, 1, 7, 0, 0, 9 },
		{ 100000, 1, 1, 1, 1, 1, 7, 0, 0 },
	};

	(void)state;
	for (size_t s = 0; s < sizeof(shapes) / sizeof(*shapes); s++) {
		const uint64_t *size = shapes[s], *local = size + 3, *offset = size + 6;
		uint64_t items = size[0] * size[1] * size[2];
		uint64_t *out = calloc(items, sizeof(*out));
		uint64_t args[2] = { (uint64_t)out, s };
		struct hmmcl_command c = ndrange("ids", args, sizeof(args), 1, 1);

		c.ndrange.launch.work_dim = 3;
		for (int d = 0; d < 3; d++) {
			c.ndrange.launch.global_size[d] = size[d];
			c.ndrange.launch.local_size[d] = local[d];
			c.ndrange.launch.global_offset[d] = offset[d];
			c.ndrange.launch.num_groups[d] = (size[d] + local[d] - 1) / local[d];
		}
		run(&c);
		for (uint64_t n = 0; n < items; n++) {
			uint64_t i = n % size[0] + offset[0], j = n / size[0] % size[1] + offset[1],
				 k = n / size[0] / size[1] + offset[2];

			assert_int_equal(out[n], s + (i | j << 20 | k << 40));
		}
		free(out);
	}
}

static void test_variables(void **state)
{
	double out[7] = { 0 };
	uint64_t args[1] = { (uint64_t)out };
	struct hmmcl_command c = ndrange("variables", args, sizeof(args), 1, 1);
	int *exported = (int *)hmmcl_image_symbol(image, "exported");

	(void)state;
	assert_non_null(exported);
	*exported = 70;		/* readable and writable here, too */
	run(&c);
	assert_true(out[0] == 42 && out[1] == 70 && out[2] == 4 && out[3] == 0 && out[6] == 43);
	assert_true(fabs(out[4] - sin(42)) < 1e-12 && out[5] == 2);
	run(&c);
	assert_true(out[1] == 71 && out[3] == 1);
	assert_int_equal(*exported, 72);
	assert_int_equal(hmmcl_image_symbol(image, "no such symbol"), 0);
}

static void test_scratch(void **state)
{
	uint64_t out[40] = { 0 };
	uint64_t args[2] = { (uint64_t)out, 3 << 20 };
	struct hmmcl_command c = ndrange("scratch", args, sizeof(args), 40, 1024);

	(void)state;
	c.ndrange.local_size = HMMCL_LOCAL_MEM_SIZE;
	c.ndrange.context_fixed = 1 << 20;
	c.ndrange.context_item = 2048;
	run(&c);
	for (int i = 0; i < 40; i++)
		assert_int_equal(out[i], 1);
}

static void test_copy(void **state)
{
	static const uint64_t sizes[] = { 0, 1, 7, 63, 64, 65, 1000, 4096, 70000, 1 << 20, (3 << 20) + 5 };
	unsigned char *a = malloc(4 << 20), *b = malloc(4 << 20), *want = malloc(4 << 20);

	(void)state;
	for (size_t s = 0; s < sizeof(sizes) / sizeof(*sizes); s++) {
		for (uint64_t shift = 0; shift < 3; shift++) {
			struct hmmcl_command c = { .type = HMMCL_CMD_COPY, .copy = {
				.dst = b + 11 + shift, .src = a + 3 * shift, .size = sizes[s] } };

			for (uint64_t i = 0; i < 4 << 20; i++) {
				a[i] = (unsigned char)(i * 7 + s + (i >> 8));
				b[i] = want[i] = 0xee;
			}
			memcpy(want + 11 + shift, a + 3 * shift, sizes[s]);
			run(&c);
			assert_memory_equal(b, want, 4 << 20);
		}
	}
	/* Overlapping, both ways, like memmove. */
	for (int64_t shift = -100; shift <= 100; shift += 25) {
		struct hmmcl_command c = { .type = HMMCL_CMD_COPY, .copy = {
			.dst = a + 1000 + shift, .src = a + 1000, .size = 2 << 20 } };

		memcpy(want, a, 4 << 20);
		memmove(want + 1000 + shift, want + 1000, 2 << 20);
		run(&c);
		assert_memory_equal(a, want, 4 << 20);
	}
	free(a);
	free(b);
	free(want);
}

static void test_fill(void **state)
{
	static const uint64_t counts[] = { 1, 3, 100, 1000, 30001 };
	unsigned char *b = malloc(5 << 20), *want = malloc(5 << 20);

	(void)state;
	for (uint32_t size = 1; size <= 128; size *= 2) {
		for (size_t s = 0; s < sizeof(counts) / sizeof(*counts); s++) {
			struct hmmcl_command c = { .type = HMMCL_CMD_FILL, .fill = {
				.dst = b + size, .size = counts[s] * size, .pattern_size = size } };

			for (uint32_t i = 0; i < size; i++)
				c.fill.pattern[i] = (uint8_t)(i * 3 + size);
			memset(b, 0xaa, 5 << 20);
			memset(want, 0xaa, 5 << 20);
			for (uint64_t i = 0; i < counts[s]; i++)
				memcpy(want + size + i * size, c.fill.pattern, size);
			run(&c);
			assert_memory_equal(b, want, 5 << 20);
		}
	}
	free(b);
	free(want);
}

/* One worker's part of a big fill goes past the caches, from any address and to any end. */
static void test_big_fill(void **state)
{
	const uint64_t most = 10 << 20;
	unsigned char *b = malloc(most), pattern[128];

	(void)state;
	for (uint32_t size = 1; size <= 128; size *= 2) {
		uint64_t bytes = (9 << 20) + 3 * size;

		for (uint32_t i = 0; i < size; i++)
			pattern[i] = (unsigned char)(i * 5 + size);
		memset(b, 0xaa, most);
		hmmcl_fill(b + size, bytes, pattern, size);
		for (uint32_t i = 0; i < size; i++)
			assert_int_equal(b[i], 0xaa);
		for (uint64_t i = 0; i < bytes; i += size)
			assert_memory_equal(b + size + i, pattern, size);
		for (uint64_t i = size + bytes; i < most; i++)
			assert_int_equal(b[i], 0xaa);
	}
	free(b);
}

static void test_rect(void **state)
{
	static const uint64_t shapes[][7] = {	/* region, dst pitches, src pitches */
		{ 1, 1, 1, 1, 1, 1, 1 },		{ 100, 20, 3, 128, 4000, 100, 2000 },
		{ 100, 20, 3, 100, 2000, 100, 2000 },	{ 64, 64, 1, 64, 0, 64, 0 },
		{ 5000, 100, 2, 6000, 700000, 5000, 500000 }, { 7, 1000, 5, 8, 8192, 16, 16384 },
	};
	unsigned char *a = malloc(4 << 20), *b = malloc(4 << 20), *want = malloc(4 << 20);

	(void)state;
	for (uint64_t i = 0; i < 4 << 20; i++)
		a[i] = (unsigned char)(i * 7 + (i >> 8));
	for (size_t s = 0; s < sizeof(shapes) / sizeof(*shapes); s++) {
		const uint64_t *r = shapes[s];
		struct hmmcl_command c = { .type = HMMCL_CMD_COPY_RECT, .copy_rect = {
			.dst = b + 13, .src = a + 29, .region = { r[0], r[1], r[2] },
			.dst_row_pitch = r[3], .dst_slice_pitch = r[4],
			.src_row_pitch = r[5], .src_slice_pitch = r[6],
		} };

		memset(b, 0x55, 4 << 20);
		memset(want, 0x55, 4 << 20);
		for (uint64_t z = 0; z < r[2]; z++)
			for (uint64_t y = 0; y < r[1]; y++)
				memcpy(want + 13 + y * r[3] + z * r[4], a + 29 + y * r[5] + z * r[6], r[0]);
		run(&c);
		assert_memory_equal(b, want, 4 << 20);
	}
	free(a);
	free(b);
	free(want);
}

/* Memory moves to the device, is worked on there, and comes home when touched. */
static void test_migrate(void **state)
{
	bool moves = kind_under_test() == HMMCL_ENGINE_HMM;
	size_t size = 2 << 20;
	uint64_t *out = aligned_alloc(4096, size), args[2] = { (uint64_t)out, 3 };
	struct hmmcl_command c = ndrange("ids", args, sizeof(args), size / 8 / 64, 64);
	struct hmmcl_engine_counters before, after;
	uint64_t moved;

	(void)state;
	memset(out, 0, size);
	assert_int_equal(hmmcl_engine_counters(engine, &before), 0);
	/* Pages that lie inside only. */
	assert_int_equal(hmmcl_engine_migrate(engine, (char *)out + 1, size - 2, true, &moved), 0);
	assert_int_equal(moved, moves ? size - 8192 : 0);
	run(&c);
	assert_int_equal(hmmcl_engine_counters(engine, &after), 0);
	assert_int_equal(after.to_device_bytes - before.to_device_bytes, moves ? size - 8192 : 0);
	assert_true(!moves || after.device_resident_bytes >= size - 8192);
	for (uint64_t i = 0; i < size / 8; i++)
		assert_int_equal(out[i], 3 + i);
	assert_int_equal(hmmcl_engine_migrate(engine, out, size, true, &moved), 0);
	run(&c);
	assert_int_equal(hmmcl_engine_migrate(engine, out, size, false, &moved), 0);
	assert_int_equal(moved, moves ? size : 0);
	for (uint64_t i = 0; i < size / 8; i++)
		assert_int_equal(out[i], 2 * (3 + i));
	/* Hints, all of them. */
	assert_int_equal(hmmcl_engine_migrate(engine, out, 100, true, &moved), 0);
	assert_int_equal(hmmcl_engine_migrate(engine, out, 0, true, &moved), 0);
	free(out);
	assert_int_equal(hmmcl_engine_migrate(engine, (void *)0x123456000, 1 << 20, true, &moved), 0);
	assert_int_equal(moved, 0);
}

static void test_nonsense(void **state)
{
	struct hmmcl_command c = ndrange("empty", NULL, 0, 1, 1);

	(void)state;
	c.ndrange.launch.num_groups[1] = 0;
	assert_int_equal(hmmcl_engine_submit(engine, &c), -22);
	c = ndrange("empty", NULL, 0, 1, 1);
	c.ndrange.local_size = HMMCL_LOCAL_MEM_SIZE + 1;
	assert_int_equal(hmmcl_engine_submit(engine, &c), -22);
	c = (struct hmmcl_command) { .type = HMMCL_CMD_FILL, .fill.pattern_size = 3 };
	assert_int_equal(hmmcl_engine_submit(engine, &c), -22);
	c = (struct hmmcl_command) { .type = (enum hmmcl_command_type)77 };
	assert_int_equal(hmmcl_engine_submit(engine, &c), -22);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ids),
		cmocka_unit_test(test_variables),
		cmocka_unit_test(test_scratch),
		cmocka_unit_test(test_copy),
		cmocka_unit_test(test_fill),
		cmocka_unit_test(test_big_fill),
		cmocka_unit_test(test_rect),
		cmocka_unit_test(test_migrate),
		cmocka_unit_test(test_nonsense),
	};

	return cmocka_run_group_tests(tests, open_engine, close_engine);
}
