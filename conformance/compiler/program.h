/* SPDX-License-Identifier: MIT */
/* A built program for tests: the code object made loadable, its kernels run on this thread. */
#ifndef HMMCL_CONFORMANCE_COMPILER_PROGRAM_H
#define HMMCL_CONFORMANCE_COMPILER_PROGRAM_H

#include <stddef.h>
#include <stdint.h>

#include "../../runtime/engine/device_abi.h"

struct program {
	struct program_image *image;
	char *meta;		/* the text section */
};

struct kernel {
	hmmcl_work_group_fn *function;
	uint64_t args_size;
	uint64_t local_size;
	uint64_t context_item;
};

struct range {
	uint32_t dim;
	uint64_t global[3], local[3], offset[3];
};

/* Loads the code object with the runtime's loader; ends the test program on failure. */
struct program program_load(const void *object, size_t size);
void program_unload(struct program *program);
struct kernel program_kernel(const struct program *program, const char *name);

/* Runs all groups of @range, one after another. */
void kernel_run(const struct kernel *kernel, const struct range *range, const void *args,
		struct hmmcl_printf_buffer *printf_buffer);

#endif
