/* SPDX-License-Identifier: MIT */
/* Comparing a kernel with its reference. */
#ifndef HMMCL_CONFORMANCE_COMPILER_COMPARE_H
#define HMMCL_CONFORMANCE_COMPILER_COMPARE_H

#include <stdbool.h>

#include "program.h"
#include "reference.h"

/* Local sizes with and without tails, in one to three dimensions. */
enum { n_test_ranges = 10 };
extern const struct range test_ranges[n_test_ranges];

/*
 * Runs both on the same input.  Returns whether they wrote the same, and if not says on standard
 * error where, if @loud.
 */
bool compare_kernel(const struct kernel *kernel, reference_kernel *reference, const char *name,
		    const struct range *range, bool loud);

#endif
