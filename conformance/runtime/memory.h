/* SPDX-License-Identifier: MIT */
/* What the tests of memory objects and SVM share: contexts, a queue, buffers, random bytes. */
#ifndef HMMCL_TEST_MEMORY_H
#define HMMCL_TEST_MEMORY_H

#include "runtime.h"

static cl_device_id device;
static cl_context context, other_context;
static cl_command_queue queue;

static inline int open_contexts(void **state)
{
	(void)state;
	device = find_device();
	context = new_context();
	other_context = new_context();
	queue = new_queue(context, 0);
	return 0;
}

static inline int close_contexts(void **state)
{
	(void)state;
	assert_cl(clReleaseCommandQueue(queue), CL_SUCCESS);
	assert_cl(clReleaseContext(other_context), CL_SUCCESS);
	assert_cl(clReleaseContext(context), CL_SUCCESS);
	return 0;
}

static inline cl_mem new_buffer(cl_mem_flags flags, size_t size, void *host_ptr)
{
	cl_int error;
	cl_mem buffer = clCreateBuffer(context, flags, size, host_ptr, &error);

	assert_cl(error, CL_SUCCESS);
	assert_non_null(buffer);
	return buffer;
}

static inline cl_mem new_sub_buffer(cl_mem buffer, cl_mem_flags flags, size_t origin, size_t size)
{
	const cl_buffer_region region = { origin, size };
	cl_int error;
	cl_mem sub_buffer = clCreateSubBuffer(buffer, flags, CL_BUFFER_CREATE_TYPE_REGION, &region,
					      &error);

	assert_cl(error, CL_SUCCESS);
	assert_non_null(sub_buffer);
	return sub_buffer;
}

static inline cl_command_type event_type(cl_event event)
{
	cl_command_type type;

	assert_cl(clGetEventInfo(event, CL_EVENT_COMMAND_TYPE, sizeof(type), &type, NULL),
		  CL_SUCCESS);
	return type;
}

/* A generator of our own: the same sequence on every machine. */
static uint64_t random_state = 1;

static inline uint32_t random_below(uint32_t limit)
{
	random_state = random_state * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(random_state >> 33) % limit;
}

static inline void random_bytes(void *data, size_t size)
{
	for (size_t i = 0; i < size; i++)
		((unsigned char *)data)[i] = (unsigned char)random_below(256);
}

#endif
