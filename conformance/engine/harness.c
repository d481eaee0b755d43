// SPDX-License-Identifier: MIT
/* What the engine's tests share. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness.h"

struct hmmcl_engine *engine;
struct hmmcl_image *image;

enum hmmcl_engine_kind kind_under_test(void)
{
	const char *name = getenv("HMMCL_ENGINE");

	return name && !strcmp(name, "hmm") ? HMMCL_ENGINE_HMM : HMMCL_ENGINE_HOST;
}

void *read_file(const char *path, size_t *size)
{
	FILE *f = fopen(path, "rb");
	char *data;
	long end;

	assert_non_null(f);
	fseek(f, 0, SEEK_END);
	end = ftell(f);
	assert_true(end > 0);
	*size = (size_t)end;
	data = malloc(*size);
	assert_non_null(data);
	rewind(f);
	assert_int_equal(fread(data, 1, *size, f), *size);
	fclose(f);
	return data;
}

void *read_kernels(size_t *size)
{
	return read_file(KERNELS_OBJECT, size);
}

int open_engine(void **state)
{
	char why[256] = "";
	size_t size;
	void *object;

	(void)state;
	if (hmmcl_engine_open(kind_under_test(), &engine, why, sizeof(why))) {
		print_error("cannot open the engine: %s\n", why);
		return -1;
	}
	object = read_kernels(&size);
	if (hmmcl_image_load(engine, object, size, &image, why, sizeof(why))) {
		print_error("cannot load the kernels: %s\n", why);
		return -1;
	}
	free(object);
	return 0;
}

int close_engine(void **state)
{
	(void)state;
	hmmcl_image_unload(image);
	hmmcl_engine_close(engine);
	image = NULL;
	engine = NULL;
	return 0;
}

struct hmmcl_command ndrange(const char *kernel, const void *args, uint32_t args_size,
			     uint64_t groups, uint64_t local)
{
	struct hmmcl_command c = { .type = HMMCL_CMD_NDRANGE, .ndrange = {
		.entry = hmmcl_image_symbol(image, kernel), .args = args, .args_size = args_size,
		.name = kernel,
		.launch = {
			.work_dim = 1, .global_size = { groups * local, 1, 1 },
			.local_size = { local, 1, 1 }, .num_groups = { groups, 1, 1 },
		},
	} };

	assert_int_not_equal(c.ndrange.entry, 0);
	return c;
}

int64_t submit(const struct hmmcl_command *command)
{
	int64_t ticket = hmmcl_engine_submit(engine, command);

	assert_true(ticket > 0);
	return ticket;
}

struct hmmcl_completion finish(int64_t ticket)
{
	struct hmmcl_completion completion;

	while (!hmmcl_engine_poll(engine, ticket, &completion))
		hmmcl_engine_wait_for(engine, ticket);
	hmmcl_engine_retire(engine, ticket);
	return completion;
}

struct hmmcl_completion run(const struct hmmcl_command *command)
{
	struct hmmcl_completion completion = finish(submit(command));

	assert_int_equal(completion.fault, HMMCL_FAULT_NONE);
	assert_true(completion.end_ns >= completion.start_ns);
	return completion;
}
