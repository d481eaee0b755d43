/* SPDX-License-Identifier: MIT */
/* One build, compilation or link of a program: by the calling thread, or by one of its own. */
#ifndef HMMCL_BUILD_H
#define HMMCL_BUILD_H

#include "../compiler/compiler.h"
#include "program.h"

typedef void (CL_CALLBACK *hmmcl_build_notify)(cl_program, void *);

/* What an entry point asks for. */
struct hmmcl_build {
	enum hmmcl_compiler_op op;
	cl_program program;		/* its result goes there */
	const char *options;		/* NULL: none, or those of the binary */
	/* COMPILE: header texts and their names.  LINK: compiled programs or libraries. */
	cl_uint n_inputs;
	const cl_program *inputs;
	const char *const *names;
	hmmcl_build_notify notify;	/* NULL: wait for the end */
	void *user_data;
};

/*
 * Start it, and without notify wait for it.  The arguments have been checked, but for what depends
 * on the program's state: CL_INVALID_OPERATION when a build of it has not ended, or kernels are
 * attached. Everything is copied or held.  Returns what the entry point shall: CL_SUCCESS;
 * CL_BUILD_PROGRAM_FAILURE or CL_INVALID_BUILD_OPTIONS, and their like for compiling and linking;
 * CL_COMPILER_NOT_AVAILABLE; CL_INVALID_BINARY; CL_OUT_OF_RESOURCES; CL_OUT_OF_HOST_MEMORY.
 */
cl_int hmmcl_build_run(const char *function, const struct hmmcl_build *build);

#endif
