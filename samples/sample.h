/* SPDX-License-Identifier: MIT */
/*
 * What every sample needs and none is about: finding a device, building a kernel, and
 * ending with a clear message when a call fails.
 */
#ifndef SAMPLE_H
#define SAMPLE_H

#define CL_TARGET_OPENCL_VERSION 300
#include <CL/cl.h>
#include <stdio.h>
#include <stdlib.h>

/* For functions that return an error code. */
#define CHECK(call) sample_check((call), #call, __FILE__, __LINE__)

static inline void sample_check(cl_int error, const char *what, const char *file, int line)
{
	if (error == CL_SUCCESS)
		return;
	fprintf(stderr, "%s:%d: error %d from %s\n", file, line, error, what);
	exit(EXIT_FAILURE);
}

/*
 * The first device of any platform that can do all that @needed names, for example
 * CL_DEVICE_SVM_FINE_GRAIN_SYSTEM: any pointer of this program works in a kernel.
 */
static inline cl_device_id sample_device(cl_device_svm_capabilities needed)
{
	cl_platform_id platforms[16];
	cl_uint count = 0;

	if (clGetPlatformIDs(16, platforms, &count) != CL_SUCCESS)
		count = 0;
	for (cl_uint i = 0; i < count && i < 16; i++) {
		cl_device_svm_capabilities svm = 0;
		cl_device_id device;

		if (clGetDeviceIDs(platforms[i], CL_DEVICE_TYPE_ALL, 1, &device, NULL))
			continue;
		if (clGetDeviceInfo(device, CL_DEVICE_SVM_CAPABILITIES, sizeof(svm), &svm, NULL))
			continue;
		if ((svm & needed) == needed)
			return device;
	}
	fprintf(stderr, "No OpenCL device here has the shared virtual memory that this sample "
			"needs (%u platforms looked at).\n", count);
	exit(EXIT_FAILURE);
}

/* A context without error callback, with an in-order queue. */
static inline cl_context sample_context(cl_device_id device, cl_command_queue *queue)
{
	cl_int error;
	cl_context context = clCreateContext(NULL, 1, &device, NULL, NULL, &error);

	CHECK(error);
	*queue = clCreateCommandQueueWithProperties(context, device, NULL, &error);
	CHECK(error);
	return context;
}

/* Build one kernel from source; the compiler's messages go to stderr if it fails. */
static inline cl_kernel sample_kernel(cl_context context, cl_device_id device,
				      const char *source, const char *name)
{
	cl_int error;
	cl_kernel kernel;
	cl_program program = clCreateProgramWithSource(context, 1, &source, NULL, &error);

	CHECK(error);
	error = clBuildProgram(program, 1, &device, "-cl-std=CL3.0", NULL, NULL);
	if (error == CL_BUILD_PROGRAM_FAILURE) {
		char log[8192] = "";

		clGetProgramBuildInfo(program, device, CL_PROGRAM_BUILD_LOG, sizeof(log), log, NULL);
		fprintf(stderr, "%s", log);
	}
	CHECK(error);
	kernel = clCreateKernel(program, name, &error);
	CHECK(error);
	CHECK(clReleaseProgram(program));	/* the kernel keeps it alive */
	return kernel;
}

/* Enqueue @items work-items; the runtime chooses the work-group size. */
static inline void sample_run(cl_command_queue queue, cl_kernel kernel, size_t items)
{
	CHECK(clEnqueueNDRangeKernel(queue, kernel, 1, NULL, &items, NULL, 0, NULL, NULL));
}

#endif
