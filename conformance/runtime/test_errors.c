/* SPDX-License-Identifier: MIT */
/*
 * Errors of arguments that are no objects: values, sizes, combinations, and what the device does
 * not have.  What has a test of its own elsewhere (buffers, rectangles, maps, SVM, NDRanges,
 * builds) is not repeated.
 */
#include "dispatch.h"
#include "program.h"

static cl_device_id device;
static cl_context context, other_context;
static cl_command_queue queue;
static cl_mem buffer;
static cl_program program, unbuilt;
static cl_kernel kernel, fixed;

static int open_objects(void **state)
{
	const char *source =
		"kernel void k(global int *p, int n) { p[0] = n; }\n"
		"kernel void __attribute__((reqd_work_group_size(2, 1, 1))) fixed(void) { }\n";

	(void)state;
	find_dispatch();
	device = find_device();
	context = new_context();
	other_context = new_context();
	queue = new_queue(context, CL_QUEUE_PROFILING_ENABLE);
	buffer = new_buffer(context, 4096, NULL);
	program = build_program(context, source, NULL);
	unbuilt = new_program(context, source);
	kernel = new_kernel(program, "k");
	fixed = new_kernel(program, "fixed");
	return 0;
}

static int close_objects(void **state)
{
	(void)state;
	OK(clReleaseKernel(fixed));
	OK(clReleaseKernel(kernel));
	OK(clReleaseProgram(unbuilt));
	OK(clReleaseProgram(program));
	OK(clReleaseMemObject(buffer));
	OK(clReleaseCommandQueue(queue));
	OK(clReleaseContext(other_context));
	OK(clReleaseContext(context));
	return 0;
}

static void CL_CALLBACK on_error(const char *text, const void *info, size_t size, void *data)
{
	(void)text, (void)info, (void)size, (void)data;
}

static void platforms_and_contexts(void **state)
{
	const intptr_t no_such[] = { 0x7777, 1, 0 };
	const intptr_t wrong_platform[] = { CL_CONTEXT_PLATFORM, (intptr_t)context, 0 };
	const intptr_t null_platform[] = { CL_CONTEXT_PLATFORM, 0, 0 };
	const intptr_t wrong_sync[] = { CL_CONTEXT_INTEROP_USER_SYNC, 2, 0 };
	const intptr_t twice[] = { CL_CONTEXT_PLATFORM, (intptr_t)find_platform(),
				   CL_CONTEXT_PLATFORM, (intptr_t)find_platform(), 0 };
	const struct {
		const intptr_t *properties;
		cl_int code;
	} lists[] = {
		{ no_such, CL_INVALID_PROPERTY }, { twice, CL_INVALID_PROPERTY },
		{ wrong_sync, CL_INVALID_PROPERTY }, { wrong_platform, CL_INVALID_PLATFORM },
		{ null_platform, CL_INVALID_PLATFORM },
	};
	cl_platform_id platform;

	(void)state;
	REFUSED(CL_INVALID_VALUE, clGetPlatformIDs, 0, &platform, NULL);
	REFUSED(CL_INVALID_VALUE, clGetPlatformIDs, 1, NULL, NULL);
	assert_null(cl->clGetExtensionFunctionAddressForPlatform(NULL, "clIcdGetPlatformIDsKHR"));
	assert_null(cl->clGetExtensionFunctionAddressForPlatform((cl_platform_id)context,
								 "clIcdGetPlatformIDsKHR"));
	for (size_t i = 0; i < COUNT(lists); i++) {
		NOTHING(lists[i].code, clCreateContext, lists[i].properties, 1, &device, NULL, NULL);
		NOTHING(lists[i].code, clCreateContextFromType, lists[i].properties,
			CL_DEVICE_TYPE_ALL, NULL, NULL);
	}
	NOTHING(CL_INVALID_VALUE, clCreateContext, NULL, 0, &device, NULL, NULL);
	NOTHING(CL_INVALID_VALUE, clCreateContext, NULL, 1, NULL, NULL, NULL);
	NOTHING(CL_INVALID_VALUE, clCreateContext, NULL, 1, &device, NULL, &platform);
	NOTHING(CL_INVALID_VALUE, clCreateContextFromType, NULL, CL_DEVICE_TYPE_ALL, NULL,
		&platform);
	NOTHING(CL_INVALID_DEVICE_TYPE, clCreateContextFromType, NULL, 0, on_error, NULL);
	NOTHING(CL_INVALID_DEVICE_TYPE, clCreateContextFromType, NULL, 1 << 20, on_error, NULL);
	NOTHING(CL_DEVICE_NOT_FOUND, clCreateContextFromType, NULL, CL_DEVICE_TYPE_GPU, on_error,
		NULL);
	REFUSED(CL_INVALID_VALUE, clSetContextDestructorCallback, context, NULL, NULL);
}

static void command_queues(void **state)
{
	const cl_queue_properties size_on_host[] = { CL_QUEUE_SIZE, 64, 0 };
	const cl_queue_properties twice[] = { CL_QUEUE_PROPERTIES, 0, CL_QUEUE_PROPERTIES, 0, 0 };
	const cl_queue_properties no_such[] = { 0x7777, 0, 0 };
	const cl_queue_properties unknown_bit[] = { CL_QUEUE_PROPERTIES, 1 << 20, 0 };
	const cl_queue_properties half_device[] = { CL_QUEUE_PROPERTIES, CL_QUEUE_ON_DEVICE, 0 };
	const cl_queue_properties on_device[] = {
		CL_QUEUE_PROPERTIES, CL_QUEUE_ON_DEVICE | CL_QUEUE_OUT_OF_ORDER_EXEC_MODE_ENABLE, 0
	};
	cl_uint size;

	(void)state;
	NOTHING(CL_INVALID_VALUE, clCreateCommandQueueWithProperties, context, device, size_on_host);
	NOTHING(CL_INVALID_VALUE, clCreateCommandQueueWithProperties, context, device, twice);
	NOTHING(CL_INVALID_VALUE, clCreateCommandQueueWithProperties, context, device, no_such);
	NOTHING(CL_INVALID_VALUE, clCreateCommandQueueWithProperties, context, device, unknown_bit);
	NOTHING(CL_INVALID_VALUE, clCreateCommandQueueWithProperties, context, device, half_device);
	/* The device has no queues of its own. */
	NOTHING(CL_INVALID_QUEUE_PROPERTIES, clCreateCommandQueueWithProperties, context, device,
		on_device);
	NOTHING(CL_INVALID_VALUE, clCreateCommandQueue, context, device, 1 << 20);
	REFUSED(CL_INVALID_OPERATION, clSetDefaultDeviceCommandQueue, context, device, queue);
	REFUSED(CL_INVALID_COMMAND_QUEUE, clGetCommandQueueInfo, queue, CL_QUEUE_SIZE, sizeof(size),
		&size, NULL);
	REFUSED(CL_INVALID_VALUE, clSetCommandQueueProperty, queue, 1 << 20, CL_TRUE, NULL);
	REFUSED(CL_INVALID_OPERATION, clSetCommandQueueProperty, queue, CL_QUEUE_PROFILING_ENABLE,
		CL_FALSE, NULL);
}

/* A query tells how large its answer is, refuses a place that is too small, and an unknown name. */
#define QUERY(entry, param, ...) do {						\
	unsigned char answer_[512];						\
	size_t size_ = 0;							\
										\
	check_refused(#entry " " #param, CL_SUCCESS,				\
		      cl->entry(__VA_ARGS__, param, 0, NULL, &size_));		\
	assert_true(size_ <= sizeof(answer_));					\
	check_refused(#entry " " #param, CL_SUCCESS,				\
		      cl->entry(__VA_ARGS__, param, size_, answer_, NULL));	\
	if (size_)								\
		check_refused(#entry " " #param ", too small", CL_INVALID_VALUE,	\
			      cl->entry(__VA_ARGS__, param, size_ - 1, answer_, NULL)); \
	check_refused(#entry " with an unknown name", CL_INVALID_VALUE,		\
		      cl->entry(__VA_ARGS__, 0x7777, sizeof(answer_), answer_, NULL)); \
} while (0)

static void queries(void **state)
{
	cl_event event;

	(void)state;
	QUERY(clGetContextInfo, CL_CONTEXT_REFERENCE_COUNT, context);
	QUERY(clGetContextInfo, CL_CONTEXT_NUM_DEVICES, context);
	QUERY(clGetContextInfo, CL_CONTEXT_DEVICES, context);
	QUERY(clGetContextInfo, CL_CONTEXT_PROPERTIES, context);
	QUERY(clGetCommandQueueInfo, CL_QUEUE_CONTEXT, queue);
	QUERY(clGetCommandQueueInfo, CL_QUEUE_DEVICE, queue);
	QUERY(clGetCommandQueueInfo, CL_QUEUE_REFERENCE_COUNT, queue);
	QUERY(clGetCommandQueueInfo, CL_QUEUE_PROPERTIES, queue);
	QUERY(clGetCommandQueueInfo, CL_QUEUE_PROPERTIES_ARRAY, queue);
	QUERY(clGetCommandQueueInfo, CL_QUEUE_DEVICE_DEFAULT, queue);
	for (cl_mem_info name = CL_MEM_TYPE; name <= CL_MEM_PROPERTIES; name++)
		QUERY(clGetMemObjectInfo, name, buffer);
	for (cl_program_info name = CL_PROGRAM_REFERENCE_COUNT; name <= CL_PROGRAM_BINARY_SIZES;
	     name++)
		QUERY(clGetProgramInfo, name, program);
	for (cl_program_info name = CL_PROGRAM_NUM_KERNELS;
	     name <= CL_PROGRAM_SCOPE_GLOBAL_DTORS_PRESENT; name++)
		QUERY(clGetProgramInfo, name, program);
	for (cl_program_build_info name = CL_PROGRAM_BUILD_STATUS;
	     name <= CL_PROGRAM_BUILD_GLOBAL_VARIABLE_TOTAL_SIZE; name++)
		QUERY(clGetProgramBuildInfo, name, program, device);
	for (cl_kernel_info name = CL_KERNEL_FUNCTION_NAME; name <= CL_KERNEL_ATTRIBUTES; name++)
		QUERY(clGetKernelInfo, name, kernel);
	for (cl_kernel_arg_info name = CL_KERNEL_ARG_ADDRESS_QUALIFIER; name <= CL_KERNEL_ARG_NAME;
	     name++)
		QUERY(clGetKernelArgInfo, name, kernel, 1);
	for (cl_kernel_work_group_info name = CL_KERNEL_WORK_GROUP_SIZE;
	     name <= CL_KERNEL_PRIVATE_MEM_SIZE; name++)
		QUERY(clGetKernelWorkGroupInfo, name, kernel, device);
	OK(clEnqueueMarkerWithWaitList(queue, 0, NULL, &event));
	OK(clFinish(queue));
	for (cl_event_info name = CL_EVENT_COMMAND_QUEUE; name <= CL_EVENT_CONTEXT; name++)
		QUERY(clGetEventInfo, name, event);
	for (cl_profiling_info name = CL_PROFILING_COMMAND_QUEUED;
	     name <= CL_PROFILING_COMMAND_COMPLETE; name++)
		QUERY(clGetEventProfilingInfo, name, event);
	OK(clReleaseEvent(event));
}

static void executables_only(void **state)
{
	char answer[64];
	cl_uint count;
	cl_kernel one;

	(void)state;
	NOTHING(CL_INVALID_PROGRAM_EXECUTABLE, clCreateKernel, unbuilt, "k");
	REFUSED(CL_INVALID_PROGRAM_EXECUTABLE, clCreateKernelsInProgram, unbuilt, 0, NULL, &count);
	REFUSED(CL_INVALID_PROGRAM_EXECUTABLE, clGetProgramInfo, unbuilt, CL_PROGRAM_NUM_KERNELS,
		sizeof(answer), answer, NULL);
	REFUSED(CL_INVALID_PROGRAM_EXECUTABLE, clGetProgramInfo, unbuilt, CL_PROGRAM_KERNEL_NAMES,
		sizeof(answer), answer, NULL);
	NOTHING(CL_INVALID_KERNEL_NAME, clCreateKernel, program, "no_such");
	NOTHING(CL_INVALID_VALUE, clCreateKernel, program, NULL);
	REFUSED(CL_INVALID_VALUE, clCreateKernelsInProgram, program, 1, &one, &count);
	/* Kernels are attached to it. */
	REFUSED(CL_INVALID_OPERATION, clBuildProgram, program, 0, NULL, NULL, NULL, NULL);
	REFUSED(CL_INVALID_OPERATION, clCompileProgram, program, 0, NULL, NULL, 0, NULL, NULL, NULL,
		NULL);
	/* Neither compiled nor a library. */
	NOTHING(CL_INVALID_OPERATION, clLinkProgram, context, 0, NULL, NULL, 1, &unbuilt, NULL,
		NULL);
	NOTHING(CL_INVALID_OPERATION, clLinkProgram, context, 0, NULL, NULL, 1, &program, NULL,
		NULL);
}

static void compiled_binaries(void **state)
{
	cl_program compiled = new_program(context, "kernel void k(void) { }"), loaded;
	cl_program foreign = new_program(other_context, "");
	const char *name = "h";
	unsigned char *binary;
	cl_int status, error;
	size_t size;

	(void)state;
	OK(clCompileProgram(compiled, 0, NULL, NULL, 0, NULL, NULL, NULL, NULL));
	binary = get_binary(compiled, &size);
	loaded = clCreateProgramWithBinary(context, 1, &device, &size,
					   (const unsigned char *[]){ binary }, &status, &error);
	OK(error);
	OK(status);
	/* It is no executable, and has no source. */
	REFUSED(CL_INVALID_BINARY, clBuildProgram, loaded, 0, NULL, NULL, NULL, NULL);
	REFUSED(CL_INVALID_OPERATION, clCompileProgram, loaded, 0, NULL, NULL, 0, NULL, NULL, NULL,
		NULL);
	/* Programs of another context. */
	REFUSED(CL_INVALID_CONTEXT, clCompileProgram, compiled, 0, NULL, NULL, 1, &foreign, &name,
		NULL, NULL);
	NOTHING(CL_INVALID_CONTEXT, clLinkProgram, other_context, 0, NULL, NULL, 1, &compiled, NULL,
		NULL);
	free(binary);
	OK(clReleaseProgram(foreign));
	OK(clReleaseProgram(loaded));
	OK(clReleaseProgram(compiled));
}

static void without_compiler(void *data)
{
	const char *source = "kernel void k(void) { }", *name = "h";
	cl_context new = new_context();
	cl_program one = new_program(new, source), header = new_program(new, "");

	find_dispatch();
	(void)data;
	REFUSED(CL_COMPILER_NOT_AVAILABLE, clBuildProgram, one, 0, NULL, NULL, NULL, NULL);
	REFUSED(CL_COMPILER_NOT_AVAILABLE, clCompileProgram, one, 0, NULL, NULL, 1, &header, &name,
		NULL, NULL);
	OK(clReleaseProgram(header));
	OK(clReleaseProgram(one));
	OK(clReleaseContext(new));
}

static void arguments(void **state)
{
	char answer[64];
	int number = 1;
	cl_mem foreign = new_buffer(other_context, 16, NULL);

	(void)state;
	REFUSED(CL_INVALID_ARG_INDEX, clSetKernelArg, kernel, 2, sizeof(int), &number);
	REFUSED(CL_INVALID_ARG_INDEX, clSetKernelArgSVMPointer, kernel, 2, &number);
	REFUSED(CL_INVALID_ARG_INDEX, clGetKernelArgInfo, kernel, 2, CL_KERNEL_ARG_NAME,
		sizeof(answer), answer, NULL);
	REFUSED(CL_INVALID_ARG_SIZE, clSetKernelArg, kernel, 0, sizeof(int), &buffer);
	REFUSED(CL_INVALID_ARG_SIZE, clSetKernelArg, kernel, 1, sizeof(long), &(long){ 1 });
	REFUSED(CL_INVALID_ARG_VALUE, clSetKernelArg, kernel, 1, sizeof(int), NULL);
	REFUSED(CL_INVALID_ARG_VALUE, clSetKernelArgSVMPointer, kernel, 1, &number);
	REFUSED(CL_INVALID_CONTEXT, clSetKernelArg, kernel, 0, sizeof(cl_mem), &foreign);
	REFUSED(CL_INVALID_VALUE, clSetKernelExecInfo, kernel, 0x7777, sizeof(number), &number);
	REFUSED(CL_INVALID_VALUE, clSetKernelExecInfo, kernel,
		CL_KERNEL_EXEC_INFO_SVM_FINE_GRAIN_SYSTEM, 1, &number);
	REFUSED(CL_INVALID_VALUE, clSetKernelExecInfo, kernel, CL_KERNEL_EXEC_INFO_SVM_PTRS, 7,
		answer);
	REFUSED(CL_INVALID_VALUE, clSetKernelExecInfo, kernel, CL_KERNEL_EXEC_INFO_SVM_PTRS, 8, NULL);
	OK(clReleaseMemObject(foreign));
}

typedef cl_int CL_API_CALL suggest_fn(cl_command_queue, cl_kernel, cl_uint, const size_t *,
				      const size_t *, size_t *);

static void launches(void **state)
{
	const size_t four[3] = { 4, 4, 4 }, huge[3] = { SIZE_MAX, SIZE_MAX, SIZE_MAX };
	suggest_fn *suggest = (suggest_fn *)cl->clGetExtensionFunctionAddressForPlatform(
		find_platform(), "clGetKernelSuggestedLocalWorkSizeKHR");
	cl_command_queue foreign = new_queue(other_context, 0);
	cl_kernel unset = new_kernel(program, "k");
	size_t local[3];

	(void)state;
	REFUSED(CL_INVALID_KERNEL_ARGS, clEnqueueTask, queue, unset, 0, NULL, NULL);
	REFUSED(CL_INVALID_CONTEXT, clEnqueueTask, foreign, fixed, 0, NULL, NULL);
	REFUSED(CL_INVALID_WORK_GROUP_SIZE, clEnqueueTask, queue, fixed, 0, NULL, NULL);
	REFUSED(CL_INVALID_CONTEXT, clEnqueueNDRangeKernel, foreign, fixed, 1, NULL, four, NULL, 0,
		NULL, NULL);
	REFUSED(CL_INVALID_KERNEL_ARGS, clEnqueueNDRangeKernel, queue, unset, 1, NULL, four, NULL, 0,
		NULL, NULL);

	assert_non_null(suggest);
	assert_cl(suggest(NULL, fixed, 1, NULL, four, local), CL_INVALID_COMMAND_QUEUE);
	assert_cl(suggest(queue, NULL, 1, NULL, four, local), CL_INVALID_KERNEL);
	assert_cl(suggest(foreign, fixed, 1, NULL, four, local), CL_INVALID_CONTEXT);
	assert_cl(suggest(queue, unset, 1, NULL, four, local), CL_INVALID_KERNEL_ARGS);
	assert_cl(suggest(queue, fixed, 0, NULL, four, local), CL_INVALID_WORK_DIMENSION);
	assert_cl(suggest(queue, fixed, 4, NULL, four, local), CL_INVALID_WORK_DIMENSION);
	assert_cl(suggest(queue, fixed, 1, NULL, NULL, local), CL_INVALID_GLOBAL_WORK_SIZE);
	assert_cl(suggest(queue, fixed, 1, NULL, (size_t[]){ 0 }, local),
		  CL_INVALID_GLOBAL_WORK_SIZE);
	assert_cl(suggest(queue, fixed, 3, NULL, huge, local), CL_INVALID_GLOBAL_WORK_SIZE);
	assert_cl(suggest(queue, fixed, 1, huge, four, local), CL_INVALID_GLOBAL_OFFSET);
	assert_cl(suggest(queue, fixed, 1, NULL, four, NULL), CL_INVALID_VALUE);
	OK(suggest(queue, fixed, 1, NULL, four, local));
	assert_int_equal(local[0], 2);
	OK(clReleaseKernel(unset));
	OK(clReleaseCommandQueue(foreign));
}

static void CL_CALLBACK native(void *args)
{
	(void)args;
}

static void native_kernels(void **state)
{
	cl_mem foreign = new_buffer(other_context, 16, NULL), not_memory = (cl_mem)context;
	struct {
		void *place;
		int n;
	} args = { 0 };
	const void *place = &args.place, *outside = &args + 1;

	(void)state;
	REFUSED(CL_INVALID_VALUE, clEnqueueNativeKernel, queue, NULL, NULL, 0, 0, NULL, NULL, 0, NULL,
		NULL);
	REFUSED(CL_INVALID_VALUE, clEnqueueNativeKernel, queue, native, NULL, 8, 0, NULL, NULL, 0,
		NULL, NULL);
	REFUSED(CL_INVALID_VALUE, clEnqueueNativeKernel, queue, native, NULL, 0, 1, &buffer, &place, 0,
		NULL, NULL);
	REFUSED(CL_INVALID_VALUE, clEnqueueNativeKernel, queue, native, &args, 0, 0, NULL, NULL, 0,
		NULL, NULL);
	REFUSED(CL_INVALID_VALUE, clEnqueueNativeKernel, queue, native, &args, sizeof(args), 1, NULL,
		&place, 0, NULL, NULL);
	REFUSED(CL_INVALID_VALUE, clEnqueueNativeKernel, queue, native, &args, sizeof(args), 1,
		&buffer, NULL, 0, NULL, NULL);
	REFUSED(CL_INVALID_VALUE, clEnqueueNativeKernel, queue, native, &args, sizeof(args), 0,
		&buffer, &place, 0, NULL, NULL);
	REFUSED(CL_INVALID_VALUE, clEnqueueNativeKernel, queue, native, &args, sizeof(args), 1,
		&buffer, &outside, 0, NULL, NULL);
	REFUSED(CL_INVALID_MEM_OBJECT, clEnqueueNativeKernel, queue, native, &args, sizeof(args), 1,
		&not_memory, &place, 0, NULL, NULL);
	REFUSED(CL_INVALID_CONTEXT, clEnqueueNativeKernel, queue, native, &args, sizeof(args), 1,
		&foreign, &place, 0, NULL, NULL);
	OK(clReleaseMemObject(foreign));
}

static void CL_CALLBACK on_event(cl_event event, cl_int status, void *data)
{
	(void)event, (void)status, (void)data;
}

static void events(void **state)
{
	cl_event user = new_user_event(context), event;
	cl_ulong time;

	(void)state;
	REFUSED(CL_INVALID_VALUE, clWaitForEvents, 0, &user);
	REFUSED(CL_INVALID_VALUE, clWaitForEvents, 1, NULL);
	REFUSED(CL_INVALID_VALUE, clEnqueueWaitForEvents, queue, 0, NULL);
	REFUSED(CL_INVALID_VALUE, clEnqueueMarker, queue, NULL);
	REFUSED(CL_INVALID_VALUE, clSetUserEventStatus, user, CL_SUBMITTED);
	REFUSED(CL_INVALID_VALUE, clSetEventCallback, user, CL_COMPLETE, NULL, NULL);
	REFUSED(CL_INVALID_VALUE, clSetEventCallback, user, CL_QUEUED,
		on_event, NULL);
	REFUSED(CL_PROFILING_INFO_NOT_AVAILABLE, clGetEventProfilingInfo, user,
		CL_PROFILING_COMMAND_END, sizeof(time), &time, NULL);
	OK(clEnqueueMarkerWithWaitList(queue, 1, &user, &event));
	REFUSED(CL_PROFILING_INFO_NOT_AVAILABLE, clGetEventProfilingInfo, event,
		CL_PROFILING_COMMAND_END, sizeof(time), &time, NULL);
	/* Only a user event has a status to set, and only once. */
	REFUSED(CL_INVALID_EVENT, clSetUserEventStatus, event, CL_COMPLETE);
	OK(clSetUserEventStatus(user, CL_COMPLETE));
	REFUSED(CL_INVALID_OPERATION, clSetUserEventStatus, user, CL_COMPLETE);
	OK(clFinish(queue));
	OK(clReleaseEvent(event));
	OK(clReleaseEvent(user));
}

/* CL_DEVICE_IMAGE_SUPPORT and CL_DEVICE_PIPE_SUPPORT are false: "OpenCL 3.0 Backwards Compatibility". */
static void no_images_and_pipes(void **state)
{
	const cl_image_format format = { CL_RGBA, CL_UNORM_INT8 };
	const cl_image_desc desc = { .image_type = CL_MEM_OBJECT_IMAGE2D, .image_width = 1,
				     .image_height = 1 };
	const size_t origin[3] = { 0 }, one[3] = { 1, 1, 1 };
	cl_image_format formats[1];
	char pixel[16];
	size_t pitch;
	cl_uint count = 7;
	cl_bool has;

	(void)state;
	OK(clGetDeviceInfo(device, CL_DEVICE_IMAGE_SUPPORT, sizeof(has), &has, NULL));
	if (has)
		skip();
	NOTHING(CL_INVALID_OPERATION, clCreateImage, context, 0, &format, &desc, NULL);
	NOTHING(CL_INVALID_OPERATION, clCreateImageWithProperties, context, NULL, 0, &format, &desc,
		NULL);
	NOTHING(CL_INVALID_OPERATION, clCreateImage2D, context, 0, &format, 1, 1, 0, NULL);
	NOTHING(CL_INVALID_OPERATION, clCreateImage3D, context, 0, &format, 1, 1, 2, 0, 0, NULL);
	NOTHING(CL_INVALID_OPERATION, clCreateSampler, context, CL_TRUE, CL_ADDRESS_CLAMP,
		CL_FILTER_NEAREST);
	NOTHING(CL_INVALID_OPERATION, clCreateSamplerWithProperties, context, NULL);
	NOTHING(CL_INVALID_OPERATION, clCreatePipe, context, 0, 4, 4, NULL);
	REFUSED(CL_INVALID_OPERATION, clEnqueueReadImage, queue, buffer, CL_TRUE, origin, one, 0, 0,
		pixel, 0, NULL, NULL);
	REFUSED(CL_INVALID_OPERATION, clEnqueueWriteImage, queue, buffer, CL_TRUE, origin, one, 0, 0,
		pixel, 0, NULL, NULL);
	REFUSED(CL_INVALID_OPERATION, clEnqueueFillImage, queue, buffer, pixel, origin, one, 0, NULL,
		NULL);
	REFUSED(CL_INVALID_OPERATION, clEnqueueCopyImage, queue, buffer, buffer, origin, origin, one,
		0, NULL, NULL);
	REFUSED(CL_INVALID_OPERATION, clEnqueueCopyImageToBuffer, queue, buffer, buffer, origin, one,
		0, 0, NULL, NULL);
	REFUSED(CL_INVALID_OPERATION, clEnqueueCopyBufferToImage, queue, buffer, buffer, 0, origin,
		one, 0, NULL, NULL);
	NOTHING(CL_INVALID_OPERATION, clEnqueueMapImage, queue, buffer, CL_TRUE, CL_MAP_READ, origin,
		one, &pitch, &pitch, 0, NULL, NULL);
	/* No format is supported; that is no error. */
	OK(clGetSupportedImageFormats(context, 0, CL_MEM_OBJECT_IMAGE2D, 1, formats, &count));
	assert_int_equal(count, 0);
	REFUSED(CL_INVALID_VALUE, clGetSupportedImageFormats, context, 0, CL_MEM_OBJECT_BUFFER, 1,
		formats, &count);
	REFUSED(CL_INVALID_VALUE, clGetSupportedImageFormats, context, 0, CL_MEM_OBJECT_IMAGE2D, 0,
		formats, &count);
}

static void no_gl(void **state)
{
	(void)state;
	NOTHING(CL_INVALID_CONTEXT, clCreateFromGLBuffer, context, 0, 1);
	NOTHING(CL_INVALID_CONTEXT, clCreateFromGLTexture, context, 0, 0, 0, 1);
	NOTHING(CL_INVALID_CONTEXT, clCreateFromGLTexture2D, context, 0, 0, 0, 1);
	NOTHING(CL_INVALID_CONTEXT, clCreateFromGLTexture3D, context, 0, 0, 0, 1);
	NOTHING(CL_INVALID_CONTEXT, clCreateFromGLRenderbuffer, context, 0, 1);
	REFUSED(CL_INVALID_GL_OBJECT, clGetGLObjectInfo, buffer, NULL, NULL);
	REFUSED(CL_INVALID_GL_OBJECT, clGetGLTextureInfo, buffer, 0, 0, NULL, NULL);
	REFUSED(CL_INVALID_CONTEXT, clEnqueueAcquireGLObjects, queue, 1, &buffer, 0, NULL, NULL);
	REFUSED(CL_INVALID_CONTEXT, clEnqueueReleaseGLObjects, queue, 1, &buffer, 0, NULL, NULL);
	REFUSED(CL_INVALID_GL_SHAREGROUP_REFERENCE_KHR, clGetGLContextInfoKHR, NULL, 0, 0, NULL,
		NULL);
	NOTHING(CL_INVALID_CONTEXT, clCreateEventFromGLsyncKHR, context, NULL);
	NOTHING(CL_INVALID_OPERATION, clCreateFromEGLImageKHR, context, NULL, NULL, 0, NULL);
	NOTHING(CL_INVALID_OPERATION, clCreateEventFromEGLSyncKHR, context, NULL, NULL);
	REFUSED(CL_INVALID_COMMAND_QUEUE, clEnqueueAcquireGLObjects, NULL, 1, &buffer, 0, NULL, NULL);
	REFUSED(CL_INVALID_CONTEXT, clEnqueueAcquireEGLObjectsKHR, queue, 1, &buffer, 0, NULL, NULL);
	REFUSED(CL_INVALID_CONTEXT, clEnqueueReleaseEGLObjectsKHR, queue, 1, &buffer, 0, NULL, NULL);
}

/* Before anything else, for the child reads its environment once. */
static void no_compiler(void **state)
{
	(void)state;
	setenv("HMMCL_COMPILER", "/nonexistent/hmmclc", 1);
	in_process(without_compiler, NULL);
	unsetenv("HMMCL_COMPILER");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(platforms_and_contexts),
		cmocka_unit_test(command_queues),
		cmocka_unit_test(queries),
		cmocka_unit_test(executables_only),
		cmocka_unit_test(compiled_binaries),
		cmocka_unit_test(arguments),
		cmocka_unit_test(launches),
		cmocka_unit_test(native_kernels),
		cmocka_unit_test(events),
		cmocka_unit_test(no_images_and_pipes),
		cmocka_unit_test(no_gl),
	};
	const struct CMUnitTest first[] = { cmocka_unit_test(no_compiler) };
	int failed;

	failed = cmocka_run_group_tests(first, NULL, NULL);
	return failed + cmocka_run_group_tests(tests, open_objects, close_objects);
}
