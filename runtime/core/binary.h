/* SPDX-License-Identifier: MIT */
/*
 * Program binaries, as CL_PROGRAM_BINARIES gives them out and clCreateProgramWithBinary takes them:
 * a header that says what it is and where it runs, the build options, and a code object or bitcode.
 */
#ifndef HMMCL_BINARY_H
#define HMMCL_BINARY_H

#include "cl.h"
#include "../compiler/server.h"

struct hmmcl_binary {
	cl_program_binary_type type;
	const char *options;
	struct hmmcl_blob code;		/* code object or bitcode, aligned to 16 */
	void *memory;			/* the whole binary; what the others point into */
	size_t size;
};

/* Put one together.  CL_OUT_OF_HOST_MEMORY. */
cl_int hmmcl_binary_make(struct hmmcl_binary *binary, cl_program_binary_type type,
			 const char *options, struct hmmcl_blob code);

/*
 * Take one from the application, which is copied.  CL_INVALID_BINARY: it is no such thing, damaged,
 * or made for another version or processor: @why says which.  CL_OUT_OF_HOST_MEMORY.
 */
cl_int hmmcl_binary_read(struct hmmcl_binary *binary, const void *data, size_t size,
			 const char **why);

void hmmcl_binary_free(struct hmmcl_binary *binary);

#endif
