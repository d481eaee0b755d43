/* SPDX-License-Identifier: MIT */
/*
 * The reference: the same kernel, compiled by plain Clang as host code, with each work-item a
 * coroutine that waits at barriers.  Nothing of it is shared with hmmclc's work-group stages.
 */
#ifndef HMMCL_CONFORMANCE_COMPILER_REFERENCE_H
#define HMMCL_CONFORMANCE_COMPILER_REFERENCE_H

#include "program.h"

/* All kernels compared have these arguments: results, input, scratch in local memory. */
typedef void reference_kernel(uint32_t *out, const uint32_t *in, uint32_t *scratch);

void reference_run(reference_kernel *kernel, const struct range *range, uint32_t *out,
		   const uint32_t *in, uint32_t *scratch);

#endif
