/* SPDX-License-Identifier: MIT */
/*
 * A program executable: a code object, loaded.  Programs own theirs until the next build; running
 * commands hold it, so that neither a rebuild nor a release takes code away under a kernel.
 */
#ifndef HMMCL_EXECUTABLE_H
#define HMMCL_EXECUTABLE_H

#include "../compiler/codeobject.h"
#include "context.h"
#include "object.h"

struct hmmcl_executable {
	struct hmmcl_object object;
	cl_context context;
	struct hmmcl_code_object code;
	struct hmmcl_image *image;
	uint64_t *entries;		/* addresses, one a kernel of code.kernels */
};

extern const struct hmmcl_object_type hmmcl_executable_type;

/*
 * Load @object (@size bytes) into the context's engine and run its constructors.  On success
 * *executable has one reference.  Else CL_INVALID_BINARY, CL_OUT_OF_RESOURCES or
 * CL_OUT_OF_HOST_MEMORY, and @why gets one line.
 */
cl_int hmmcl_executable_create(cl_context context, const void *object, size_t size,
			       struct hmmcl_executable **executable, char *why, size_t why_size);

/* Index of a kernel; -1: there is none of that name. */
int hmmcl_executable_find(const struct hmmcl_executable *executable, const char *kernel);

#endif
