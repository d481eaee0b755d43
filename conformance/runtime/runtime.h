/* SPDX-License-Identifier: MIT */
/* What the tests of contexts, queues and events share. */
#ifndef HMMCL_TEST_RUNTIME_H
#define HMMCL_TEST_RUNTIME_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#define CL_TARGET_OPENCL_VERSION 300
#define CL_USE_DEPRECATED_OPENCL_1_0_APIS
#define CL_USE_DEPRECATED_OPENCL_1_1_APIS
#define CL_USE_DEPRECATED_OPENCL_1_2_APIS
#define CL_USE_DEPRECATED_OPENCL_2_0_APIS
#define CL_USE_DEPRECATED_OPENCL_2_2_APIS
#include <CL/cl.h>
#include <CL/cl_ext.h>

#define assert_cl(code, expected) assert_int_equal((cl_int)(code), (expected))
#define OK(code) assert_cl((code), CL_SUCCESS)
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static inline cl_platform_id find_platform(void)
{
	cl_platform_id platform;

	OK(clGetPlatformIDs(1, &platform, NULL));
	return platform;
}

static inline cl_device_id find_device(void)
{
	cl_device_id device;

	OK(clGetDeviceIDs(find_platform(), CL_DEVICE_TYPE_ALL, 1, &device, NULL));
	return device;
}

static inline cl_context new_context(void)
{
	cl_device_id device = find_device();
	cl_int error;
	cl_context context = clCreateContext(NULL, 1, &device, NULL, NULL, &error);

	OK(error);
	return context;
}

static inline cl_command_queue new_queue(cl_context context, cl_command_queue_properties flags)
{
	const cl_queue_properties properties[] = { CL_QUEUE_PROPERTIES, flags, 0 };
	cl_int error;
	cl_command_queue queue = clCreateCommandQueueWithProperties(context, find_device(),
								    properties, &error);

	OK(error);
	return queue;
}

static inline cl_event new_user_event(cl_context context)
{
	cl_int error;
	cl_event event = clCreateUserEvent(context, &error);

	OK(error);
	return event;
}

static inline cl_int status_of(cl_event event)
{
	cl_int status;

	OK(clGetEventInfo(event, CL_EVENT_COMMAND_EXECUTION_STATUS, sizeof(status), &status, NULL));
	return status;
}

static inline cl_uint refs_of_event(cl_event event)
{
	cl_uint count;

	OK(clGetEventInfo(event, CL_EVENT_REFERENCE_COUNT, sizeof(count), &count, NULL));
	return count;
}

static inline void sleep_ms(long ms)
{
	struct timespec time = { ms / 1000, ms % 1000 * 1000000 };

	nanosleep(&time, NULL);
}

/* Wait until *@flag is at least @value, for at most 20 s. */
static inline void await(atomic_int *flag, int value)
{
	for (int i = 0; i < 20000 && atomic_load(flag) < value; i++)
		sleep_ms(1);
	assert_true(atomic_load(flag) >= value);
}

#endif
