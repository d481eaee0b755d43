/* SPDX-License-Identifier: MIT */
/* What the tests of programs and kernels share. */
#ifndef HMMCL_TEST_PROGRAM_H
#define HMMCL_TEST_PROGRAM_H

#include "runtime.h"

#include <sys/wait.h>

static inline cl_program new_program(cl_context context, const char *source)
{
	cl_int error;
	cl_program program = clCreateProgramWithSource(context, 1, &source, NULL, &error);

	OK(error);
	assert_non_null(program);
	return program;
}

static inline void print_log(cl_program program)
{
	static char log[1 << 16];

	clGetProgramBuildInfo(program, find_device(), CL_PROGRAM_BUILD_LOG, sizeof(log), log, NULL);
	fprintf(stderr, "%s\n", log);
}

static inline cl_program build_program(cl_context context, const char *source, const char *options)
{
	cl_program program = new_program(context, source);
	cl_int error = clBuildProgram(program, 0, NULL, options, NULL, NULL);

	if (error)
		print_log(program);
	OK(error);
	return program;
}

static inline cl_kernel new_kernel(cl_program program, const char *name)
{
	cl_int error;
	cl_kernel kernel = clCreateKernel(program, name, &error);

	OK(error);
	assert_non_null(kernel);
	return kernel;
}

static inline cl_mem new_buffer(cl_context context, size_t size, void *content)
{
	cl_int error;
	cl_mem buffer = clCreateBuffer(context, CL_MEM_READ_WRITE |
				       (content ? CL_MEM_COPY_HOST_PTR : 0), size, content, &error);

	OK(error);
	return buffer;
}

static inline cl_build_status build_status(cl_program program)
{
	cl_build_status status;

	OK(clGetProgramBuildInfo(program, find_device(), CL_PROGRAM_BUILD_STATUS, sizeof(status),
				 &status, NULL));
	return status;
}

static inline cl_program_binary_type binary_type(cl_program program)
{
	cl_program_binary_type type;

	OK(clGetProgramBuildInfo(program, find_device(), CL_PROGRAM_BINARY_TYPE, sizeof(type), &type,
				 NULL));
	return type;
}

/* The program's binary; free() it. */
static inline unsigned char *get_binary(cl_program program, size_t *size)
{
	unsigned char *binary;

	OK(clGetProgramInfo(program, CL_PROGRAM_BINARY_SIZES, sizeof(*size), size, NULL));
	assert_true(*size > 0);
	binary = malloc(*size);
	OK(clGetProgramInfo(program, CL_PROGRAM_BINARIES, sizeof(binary), &binary, NULL));
	return binary;
}

/*
 * Run @function in a process of its own, which reads the environment anew, and has a runtime of its own:
 * its failed assertions end it with a status that fails the caller.
 */
static inline void in_process(void (*function)(void *data), void *data)
{
	int status;
	pid_t pid;

	fflush(NULL);
	pid = fork();
	assert_true(pid >= 0);
	if (!pid) {
		setenv("CMOCKA_TEST_ABORT", "1", 1);	/* not on to the parent's next test */
		function(data);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

#endif
