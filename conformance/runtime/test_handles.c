/* SPDX-License-Identifier: MIT */
/*
 * Every entry point that takes an object refuses NULL, and an object of another kind, with the
 * code that the specification names for it.
 */
#include "dispatch.h"

static cl_device_id device;
static cl_context context;
static cl_command_queue queue;
static cl_mem buffer;
static cl_program program;
static cl_kernel kernel;

static int open_objects(void **state)
{
	const char *source = "kernel void k(global int *p, int n, local int *l) { p[n] = l[0]; }";
	cl_int error;

	(void)state;
	find_dispatch();
	device = find_device();
	context = new_context();
	queue = new_queue(context, 0);
	buffer = clCreateBuffer(context, 0, 4096, NULL, &error);
	OK(error);
	program = clCreateProgramWithSource(context, 1, &source, NULL, &error);
	OK(error);
	OK(clBuildProgram(program, 0, NULL, NULL, NULL, NULL));
	kernel = clCreateKernel(program, "k", &error);
	OK(error);
	return 0;
}

static int close_objects(void **state)
{
	(void)state;
	OK(clReleaseKernel(kernel));
	OK(clReleaseProgram(program));
	OK(clReleaseMemObject(buffer));
	OK(clReleaseCommandQueue(queue));
	OK(clReleaseContext(context));
	return 0;
}

/* NULL, and something that is no @type. */
#define BOTH(type, other) (type[]){ NULL, (type)(other) }

static void platforms_and_devices(void **state)
{
	const cl_context_properties *none = NULL;
	const cl_device_partition_property equally[] = { CL_DEVICE_PARTITION_EQUALLY, 1, 0 };
	char answer[64];
	cl_uint count;
	cl_ulong time;

	(void)state;
	/* NULL may stand for the platform that the implementation chooses. */
	REFUSED(CL_INVALID_PLATFORM, clGetPlatformInfo, (cl_platform_id)context, CL_PLATFORM_NAME,
		sizeof(answer), answer, NULL);
	REFUSED(CL_INVALID_PLATFORM, clGetDeviceIDs, (cl_platform_id)context, CL_DEVICE_TYPE_ALL,
		0, NULL, &count);
	for (int i = 0; i < 2; i++) {
		cl_platform_id no_platform = BOTH(cl_platform_id, context)[i];
		cl_device_id no_device = BOTH(cl_device_id, context)[i];

		REFUSED(CL_INVALID_PLATFORM, clUnloadPlatformCompiler, no_platform);
		REFUSED(CL_INVALID_DEVICE, clGetDeviceInfo, no_device, CL_DEVICE_TYPE, 8, answer,
			NULL);
		REFUSED(CL_INVALID_DEVICE, clRetainDevice, no_device);
		REFUSED(CL_INVALID_DEVICE, clReleaseDevice, no_device);
		REFUSED(CL_INVALID_DEVICE, clCreateSubDevices, no_device, equally, 0, NULL, &count);
		REFUSED(CL_INVALID_DEVICE, clGetDeviceAndHostTimer, no_device, &time, &time);
		REFUSED(CL_INVALID_DEVICE, clGetHostTimer, no_device, &time);
		NOTHING(CL_INVALID_DEVICE, clCreateContext, none, 1, &no_device, NULL, NULL);
		NOTHING(CL_INVALID_DEVICE, clCreateCommandQueue, context, no_device, 0);
		NOTHING(CL_INVALID_DEVICE, clCreateCommandQueueWithProperties, context, no_device,
			NULL);
		REFUSED(CL_INVALID_DEVICE, clSetDefaultDeviceCommandQueue, context, no_device, queue);
		REFUSED(CL_INVALID_DEVICE, clBuildProgram, program, 1, &no_device, NULL, NULL, NULL);
		REFUSED(CL_INVALID_DEVICE, clCompileProgram, program, 1, &no_device, NULL, 0, NULL,
			NULL, NULL, NULL);
		NOTHING(CL_INVALID_DEVICE, clLinkProgram, context, 1, &no_device, NULL, 1, &program,
			NULL, NULL);
		NOTHING(CL_INVALID_DEVICE, clCreateProgramWithBinary, context, 1, &no_device,
			&(size_t){ 1 }, &(const unsigned char *){ (void *)"x" }, NULL);
		NOTHING(CL_INVALID_DEVICE, clCreateProgramWithBuiltInKernels, context, 1, &no_device,
			"k");
		REFUSED(CL_INVALID_DEVICE, clGetProgramBuildInfo, program, no_device,
			CL_PROGRAM_BUILD_STATUS, sizeof(answer), answer, NULL);
	}
	/* Here NULL stands for the kernel's only device. */
	REFUSED(CL_INVALID_DEVICE, clGetKernelWorkGroupInfo, kernel, (cl_device_id)context,
		CL_KERNEL_WORK_GROUP_SIZE, sizeof(answer), answer, NULL);
	REFUSED(CL_INVALID_DEVICE, clGetKernelSubGroupInfo, kernel, (cl_device_id)context,
		CL_KERNEL_MAX_NUM_SUB_GROUPS, 0, NULL, sizeof(answer), answer, NULL);
}

static void CL_CALLBACK on_context(cl_context unused, void *data)
{
	(void)unused, (void)data;
}

static void contexts(void **state)
{
	const cl_image_format format = { CL_RGBA, CL_UNORM_INT8 };
	const cl_image_desc desc = { .image_type = CL_MEM_OBJECT_IMAGE2D, .image_width = 1,
				     .image_height = 1 };
	const char *source = "";
	cl_uint count;

	(void)state;
	for (int i = 0; i < 2; i++) {
		cl_context bad = BOTH(cl_context, queue)[i];

		REFUSED(CL_INVALID_CONTEXT, clRetainContext, bad);
		REFUSED(CL_INVALID_CONTEXT, clReleaseContext, bad);
		REFUSED(CL_INVALID_CONTEXT, clGetContextInfo, bad, CL_CONTEXT_NUM_DEVICES,
			sizeof(count), &count, NULL);
		REFUSED(CL_INVALID_CONTEXT, clSetContextDestructorCallback, bad, on_context, NULL);
		NOTHING(CL_INVALID_CONTEXT, clCreateCommandQueue, bad, device, 0);
		NOTHING(CL_INVALID_CONTEXT, clCreateCommandQueueWithProperties, bad, device, NULL);
		REFUSED(CL_INVALID_CONTEXT, clSetDefaultDeviceCommandQueue, bad, device, queue);
		NOTHING(CL_INVALID_CONTEXT, clCreateBuffer, bad, 0, 1, NULL);
		NOTHING(CL_INVALID_CONTEXT, clCreateBufferWithProperties, bad, NULL, 0, 1, NULL);
		NOTHING(CL_INVALID_CONTEXT, clCreateUserEvent, bad);
		NOTHING(CL_INVALID_CONTEXT, clCreateProgramWithSource, bad, 1, &source, NULL);
		NOTHING(CL_INVALID_CONTEXT, clCreateProgramWithIL, bad, "x", 1);
		NOTHING(CL_INVALID_CONTEXT, clCreateProgramWithBinary, bad, 1, &device,
			&(size_t){ 1 }, &(const unsigned char *){ (void *)"x" }, NULL);
		NOTHING(CL_INVALID_CONTEXT, clCreateProgramWithBuiltInKernels, bad, 1, &device, "k");
		NOTHING(CL_INVALID_CONTEXT, clLinkProgram, bad, 0, NULL, NULL, 1, &program, NULL,
			NULL);
		NOTHING(CL_INVALID_CONTEXT, clCreateImage, bad, 0, &format, &desc, NULL);
		NOTHING(CL_INVALID_CONTEXT, clCreateImageWithProperties, bad, NULL, 0, &format, &desc,
			NULL);
		NOTHING(CL_INVALID_CONTEXT, clCreateImage2D, bad, 0, &format, 1, 1, 0, NULL);
		NOTHING(CL_INVALID_CONTEXT, clCreateImage3D, bad, 0, &format, 1, 1, 2, 0, 0, NULL);
		NOTHING(CL_INVALID_CONTEXT, clCreatePipe, bad, 0, 4, 4, NULL);
		NOTHING(CL_INVALID_CONTEXT, clCreateSampler, bad, CL_TRUE, CL_ADDRESS_CLAMP,
			CL_FILTER_NEAREST);
		NOTHING(CL_INVALID_CONTEXT, clCreateSamplerWithProperties, bad, NULL);
		REFUSED(CL_INVALID_CONTEXT, clGetSupportedImageFormats, bad, 0,
			CL_MEM_OBJECT_IMAGE2D, 0, NULL, &count);
		NOTHING(CL_INVALID_CONTEXT, clCreateFromGLBuffer, bad, 0, 1);
		NOTHING(CL_INVALID_CONTEXT, clCreateFromGLTexture, bad, 0, 0, 0, 1);
		NOTHING(CL_INVALID_CONTEXT, clCreateFromGLRenderbuffer, bad, 0, 1);
		NOTHING(CL_INVALID_CONTEXT, clCreateEventFromGLsyncKHR, bad, NULL);
		NOTHING(CL_INVALID_CONTEXT, clCreateFromEGLImageKHR, bad, NULL, NULL, 0, NULL);
		NOTHING(CL_INVALID_CONTEXT, clCreateEventFromEGLSyncKHR, bad, NULL, NULL);
		assert_null(cl->clSVMAlloc(bad, 0, 16, 0));
		cl->clSVMFree(bad, &count);	/* does nothing */
	}
}

static void queues(void **state)
{
	cl_uint count;

	(void)state;
	/* Those that enqueue: test_wait_lists.c */
	for (int i = 0; i < 2; i++) {
		cl_command_queue bad = BOTH(cl_command_queue, context)[i];

		REFUSED(CL_INVALID_COMMAND_QUEUE, clRetainCommandQueue, bad);
		REFUSED(CL_INVALID_COMMAND_QUEUE, clReleaseCommandQueue, bad);
		REFUSED(CL_INVALID_COMMAND_QUEUE, clGetCommandQueueInfo, bad,
			CL_QUEUE_REFERENCE_COUNT, sizeof(count), &count, NULL);
		REFUSED(CL_INVALID_COMMAND_QUEUE, clSetCommandQueueProperty, bad,
			CL_QUEUE_PROFILING_ENABLE, CL_TRUE, NULL);
		REFUSED(CL_INVALID_COMMAND_QUEUE, clFlush, bad);
		REFUSED(CL_INVALID_COMMAND_QUEUE, clFinish, bad);
	}
}

static void CL_CALLBACK on_mem(cl_mem unused, void *data)
{
	(void)unused, (void)data;
}

static void memory_objects(void **state)
{
	const cl_buffer_region region = { 0, 1 };
	const size_t origin[3] = { 0 }, one[3] = { 1, 1, 1 };
	char answer[64];

	(void)state;
	for (int i = 0; i < 2; i++) {
		cl_mem bad = BOTH(cl_mem, context)[i];

		REFUSED(CL_INVALID_MEM_OBJECT, clRetainMemObject, bad);
		REFUSED(CL_INVALID_MEM_OBJECT, clReleaseMemObject, bad);
		REFUSED(CL_INVALID_MEM_OBJECT, clGetMemObjectInfo, bad, CL_MEM_SIZE, sizeof(answer),
			answer, NULL);
		REFUSED(CL_INVALID_MEM_OBJECT, clSetMemObjectDestructorCallback, bad, on_mem, NULL);
		NOTHING(CL_INVALID_MEM_OBJECT, clCreateSubBuffer, bad, 0,
			CL_BUFFER_CREATE_TYPE_REGION, &region);
		REFUSED(CL_INVALID_MEM_OBJECT, clGetImageInfo, bad, CL_IMAGE_WIDTH, sizeof(answer),
			answer, NULL);
		REFUSED(CL_INVALID_MEM_OBJECT, clGetPipeInfo, bad, CL_PIPE_PACKET_SIZE,
			sizeof(answer), answer, NULL);
		REFUSED(CL_INVALID_MEM_OBJECT, clGetGLObjectInfo, bad, NULL, NULL);
		REFUSED(CL_INVALID_MEM_OBJECT, clGetGLTextureInfo, bad, 0, sizeof(answer), answer,
			NULL);

		REFUSED(CL_INVALID_MEM_OBJECT, clEnqueueReadBuffer, queue, bad, CL_TRUE, 0, 1,
			answer, 0, NULL, NULL);
		REFUSED(CL_INVALID_MEM_OBJECT, clEnqueueWriteBuffer, queue, bad, CL_TRUE, 0, 1,
			answer, 0, NULL, NULL);
		REFUSED(CL_INVALID_MEM_OBJECT, clEnqueueReadBufferRect, queue, bad, CL_TRUE, origin,
			origin, one, 0, 0, 0, 0, answer, 0, NULL, NULL);
		REFUSED(CL_INVALID_MEM_OBJECT, clEnqueueWriteBufferRect, queue, bad, CL_TRUE, origin,
			origin, one, 0, 0, 0, 0, answer, 0, NULL, NULL);
		REFUSED(CL_INVALID_MEM_OBJECT, clEnqueueCopyBuffer, queue, bad, buffer, 0, 0, 1, 0,
			NULL, NULL);
		REFUSED(CL_INVALID_MEM_OBJECT, clEnqueueCopyBuffer, queue, buffer, bad, 0, 0, 1, 0,
			NULL, NULL);
		REFUSED(CL_INVALID_MEM_OBJECT, clEnqueueCopyBufferRect, queue, bad, buffer, origin,
			origin, one, 0, 0, 0, 0, 0, NULL, NULL);
		REFUSED(CL_INVALID_MEM_OBJECT, clEnqueueCopyBufferRect, queue, buffer, bad, origin,
			origin, one, 0, 0, 0, 0, 0, NULL, NULL);
		REFUSED(CL_INVALID_MEM_OBJECT, clEnqueueFillBuffer, queue, bad, "x", 1, 0, 1, 0,
			NULL, NULL);
		NOTHING(CL_INVALID_MEM_OBJECT, clEnqueueMapBuffer, queue, bad, CL_TRUE, CL_MAP_READ,
			0, 1, 0, NULL, NULL);
		REFUSED(CL_INVALID_MEM_OBJECT, clEnqueueUnmapMemObject, queue, bad, answer, 0, NULL,
			NULL);
		REFUSED(CL_INVALID_MEM_OBJECT, clEnqueueMigrateMemObjects, queue, 1, &bad, 0, 0,
			NULL, NULL);
	}
	/* NULL is a pointer like another. */
	REFUSED(CL_INVALID_MEM_OBJECT, clSetKernelArg, kernel, 0, sizeof(cl_mem), &context);
}

static void CL_CALLBACK on_program(cl_program unused, void *data)
{
	(void)unused, (void)data;
}

static void programs(void **state)
{
	char answer[64];
	cl_uint count;

	(void)state;
	for (int i = 0; i < 2; i++) {
		cl_program bad = BOTH(cl_program, context)[i];

		REFUSED(CL_INVALID_PROGRAM, clRetainProgram, bad);
		REFUSED(CL_INVALID_PROGRAM, clReleaseProgram, bad);
		REFUSED(CL_INVALID_PROGRAM, clBuildProgram, bad, 0, NULL, NULL, NULL, NULL);
		REFUSED(CL_INVALID_PROGRAM, clCompileProgram, bad, 0, NULL, NULL, 0, NULL, NULL,
			NULL, NULL);
		REFUSED(CL_INVALID_PROGRAM, clCompileProgram, program, 0, NULL, NULL, 1, &bad,
			&(const char *){ "h" }, NULL, NULL);
		NOTHING(CL_INVALID_PROGRAM, clLinkProgram, context, 0, NULL, NULL, 1, &bad, NULL,
			NULL);
		REFUSED(CL_INVALID_PROGRAM, clGetProgramInfo, bad, CL_PROGRAM_NUM_DEVICES,
			sizeof(answer), answer, NULL);
		REFUSED(CL_INVALID_PROGRAM, clGetProgramBuildInfo, bad, device,
			CL_PROGRAM_BUILD_STATUS, sizeof(answer), answer, NULL);
		REFUSED(CL_INVALID_PROGRAM, clSetProgramReleaseCallback, bad, on_program, NULL);
		REFUSED(CL_INVALID_PROGRAM, clSetProgramSpecializationConstant, bad, 0, 4, answer);
		NOTHING(CL_INVALID_PROGRAM, clCreateKernel, bad, "k");
		REFUSED(CL_INVALID_PROGRAM, clCreateKernelsInProgram, bad, 0, NULL, &count);
	}
}

static void kernels(void **state)
{
	char answer[64];
	const cl_bool yes = CL_TRUE;
	const size_t one = 1;

	(void)state;
	for (int i = 0; i < 2; i++) {
		cl_kernel bad = BOTH(cl_kernel, context)[i];

		REFUSED(CL_INVALID_KERNEL, clRetainKernel, bad);
		REFUSED(CL_INVALID_KERNEL, clReleaseKernel, bad);
		NOTHING(CL_INVALID_KERNEL, clCloneKernel, bad);
		REFUSED(CL_INVALID_KERNEL, clSetKernelArg, bad, 0, sizeof(cl_mem), &buffer);
		REFUSED(CL_INVALID_KERNEL, clSetKernelArgSVMPointer, bad, 0, answer);
		REFUSED(CL_INVALID_KERNEL, clSetKernelExecInfo, bad,
			CL_KERNEL_EXEC_INFO_SVM_FINE_GRAIN_SYSTEM, sizeof(yes), &yes);
		REFUSED(CL_INVALID_KERNEL, clGetKernelInfo, bad, CL_KERNEL_NUM_ARGS, sizeof(answer),
			answer, NULL);
		REFUSED(CL_INVALID_KERNEL, clGetKernelArgInfo, bad, 0, CL_KERNEL_ARG_NAME,
			sizeof(answer), answer, NULL);
		REFUSED(CL_INVALID_KERNEL, clGetKernelWorkGroupInfo, bad, device,
			CL_KERNEL_WORK_GROUP_SIZE, sizeof(answer), answer, NULL);
		REFUSED(CL_INVALID_KERNEL, clGetKernelSubGroupInfo, bad, device,
			CL_KERNEL_MAX_NUM_SUB_GROUPS, 0, NULL, sizeof(answer), answer, NULL);
		REFUSED(CL_INVALID_KERNEL, clEnqueueNDRangeKernel, queue, bad, 1, NULL, &one, NULL,
			0, NULL, NULL);
		REFUSED(CL_INVALID_KERNEL, clEnqueueTask, queue, bad, 0, NULL, NULL);
	}
}

static void CL_CALLBACK on_event(cl_event unused, cl_int status, void *data)
{
	(void)unused, (void)status, (void)data;
}

static void events_and_samplers(void **state)
{
	char answer[64];

	(void)state;
	for (int i = 0; i < 2; i++) {
		cl_event bad = BOTH(cl_event, context)[i];
		cl_sampler sampler = BOTH(cl_sampler, context)[i];

		REFUSED(CL_INVALID_EVENT, clRetainEvent, bad);
		REFUSED(CL_INVALID_EVENT, clReleaseEvent, bad);
		REFUSED(CL_INVALID_EVENT, clGetEventInfo, bad, CL_EVENT_REFERENCE_COUNT,
			sizeof(answer), answer, NULL);
		REFUSED(CL_INVALID_EVENT, clGetEventProfilingInfo, bad, CL_PROFILING_COMMAND_END,
			sizeof(answer), answer, NULL);
		REFUSED(CL_INVALID_EVENT, clSetEventCallback, bad, CL_COMPLETE, on_event, NULL);
		REFUSED(CL_INVALID_EVENT, clSetUserEventStatus, bad, CL_COMPLETE);
		REFUSED(CL_INVALID_EVENT, clWaitForEvents, 1, &bad);
		REFUSED(CL_INVALID_EVENT, clEnqueueWaitForEvents, queue, 1, &bad);

		REFUSED(CL_INVALID_SAMPLER, clRetainSampler, sampler);
		REFUSED(CL_INVALID_SAMPLER, clReleaseSampler, sampler);
		REFUSED(CL_INVALID_SAMPLER, clGetSamplerInfo, sampler, CL_SAMPLER_CONTEXT,
			sizeof(answer), answer, NULL);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(platforms_and_devices),
		cmocka_unit_test(contexts),
		cmocka_unit_test(queues),
		cmocka_unit_test(memory_objects),
		cmocka_unit_test(programs),
		cmocka_unit_test(kernels),
		cmocka_unit_test(events_and_samplers),
	};

	return cmocka_run_group_tests(tests, open_objects, close_objects);
}
