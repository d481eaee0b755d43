/* SPDX-License-Identifier: MIT */
/* What the engine's tests share. */
#ifndef HMMCL_CONFORMANCE_ENGINE_HARNESS_H
#define HMMCL_CONFORMANCE_ENGINE_HARNESS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../../runtime/transport/engine.h"

/* HMMCL_ENGINE=hmm runs the tests with the hmm engine; default host. */
enum hmmcl_engine_kind kind_under_test(void);

/* The engine and kernels.c in it; opened by the group's setup. */
extern struct hmmcl_engine *engine;
extern struct hmmcl_image *image;
int open_engine(void **state);
int close_engine(void **state);

/* The whole of a file, malloc'ed. */
void *read_file(const char *path, size_t *size);
/* kernels.c, compiled */
void *read_kernels(size_t *size);

/* An NDRange of kernels.c's @kernel; fill in the rest as needed. */
struct hmmcl_command ndrange(const char *kernel, const void *args, uint32_t args_size,
			     uint64_t groups, uint64_t local);
int64_t submit(const struct hmmcl_command *command);
/* Wait for a ticket and retire it. */
struct hmmcl_completion finish(int64_t ticket);
/* Submit, wait, and expect that it ends well. */
struct hmmcl_completion run(const struct hmmcl_command *command);

#endif
