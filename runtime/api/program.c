/* SPDX-License-Identifier: MIT */
/* Creating, retaining and releasing programs (OpenCL API, 5.8.1 to 5.8.3), unloading the compiler. */
#include <stdlib.h>
#include <string.h>

#include "../core/check.h"
#include "../core/platform.h"
#include "../core/program.h"

/* Concatenates; a null in a string is left out. */
static char *join(cl_uint count, const char **strings, const size_t *lengths)
{
	size_t size = 1;
	char *text, *to;

	for (cl_uint i = 0; i < count; i++)
		size += lengths && lengths[i] ? lengths[i] : strlen(strings[i]);
	text = to = malloc(size);
	for (cl_uint i = 0; text && i < count; i++) {
		size_t length = lengths && lengths[i] ? lengths[i] : strlen(strings[i]);

		for (size_t k = 0; k < length; k++)
			if (strings[i][k])
				*to++ = strings[i][k];
	}
	if (text)
		*to = 0;
	return text;
}

CL_API_ENTRY cl_program CL_API_CALL
clCreateProgramWithSource(cl_context context, cl_uint count, const char **strings,
			  const size_t *lengths, cl_int *errcode_ret)
{
	cl_program program;
	char *source;

	CHECK_OBJECT(hmmcl_context_valid(context), CL_INVALID_CONTEXT, "context is not a context");
	CHECK_OBJECT(count && strings, CL_INVALID_VALUE, "count is %u, strings is %p", count,
		     (void *)strings);
	for (cl_uint i = 0; i < count; i++)
		CHECK_OBJECT(strings[i], CL_INVALID_VALUE, "strings[%u] is NULL", i);

	source = join(count, strings, lengths);
	program = source ? hmmcl_program_new(context, HMMCL_PROGRAM_SOURCE) : NULL;
	if (!program)
		free(source);
	CHECK_OBJECT(program, CL_OUT_OF_HOST_MEMORY, "no memory for the program");
	program->source = source;
	RETURN_OBJECT(program);
}

/* The device list of the clCreateProgramWith* functions that have one. */
static cl_int check_devices(const char *function, cl_context context, cl_uint num_devices,
			    const cl_device_id *device_list)
{
	if (!num_devices || !device_list)
		return hmmcl_refuse(function, CL_INVALID_VALUE, "num_devices is %u, device_list is %p",
				    num_devices, (const void *)device_list);
	for (cl_uint i = 0; i < num_devices; i++)
		if (device_list[i] != context->device)
			return hmmcl_refuse(function, CL_INVALID_DEVICE,
					    "device_list[%u] is not in the context", i);
	return CL_SUCCESS;
}

/* Each binary is for the same device; the first one counts, but all are looked at. */
static cl_int read_binaries(const char *function, cl_uint count, const size_t *lengths,
			    const unsigned char **binaries, cl_int *status,
			    struct hmmcl_binary *first)
{
	cl_int result = CL_SUCCESS;

	for (cl_uint i = 0; i < count; i++) {
		struct hmmcl_binary binary = { 0 };
		const char *why = "it is empty";
		cl_int error = CL_INVALID_VALUE;

		if (lengths[i] && binaries[i])
			error = hmmcl_binary_read(&binary, binaries[i], lengths[i], &why);
		if (status)
			status[i] = error;
		if (error)
			result = hmmcl_refuse(function, error, "binaries[%u]: %s", i, why);
		if (i == 0)
			*first = binary;
		else
			hmmcl_binary_free(&binary);
	}
	return result;
}

CL_API_ENTRY cl_program CL_API_CALL
clCreateProgramWithBinary(cl_context context, cl_uint num_devices, const cl_device_id *device_list,
			  const size_t *lengths, const unsigned char **binaries,
			  cl_int *binary_status, cl_int *errcode_ret)
{
	struct hmmcl_binary binary;
	cl_program program;
	cl_int error;

	CHECK_OBJECT(hmmcl_context_valid(context), CL_INVALID_CONTEXT, "context is not a context");
	TRY_OBJECT(check_devices(__func__, context, num_devices, device_list));
	CHECK_OBJECT(lengths && binaries, CL_INVALID_VALUE, "lengths or binaries is NULL");

	error = read_binaries(__func__, num_devices, lengths, binaries, binary_status, &binary);
	if (error)
		hmmcl_binary_free(&binary);
	TRY_OBJECT(error);
	program = hmmcl_program_new(context, HMMCL_PROGRAM_BINARY);
	if (!program)
		hmmcl_binary_free(&binary);
	CHECK_OBJECT(program, CL_OUT_OF_HOST_MEMORY, "no memory for the program");
	program->binary = binary;
	RETURN_OBJECT(program);
}

CL_API_ENTRY cl_program CL_API_CALL
clCreateProgramWithBuiltInKernels(cl_context context, cl_uint num_devices,
				  const cl_device_id *device_list, const char *kernel_names,
				  cl_int *errcode_ret)
{
	CHECK_OBJECT(hmmcl_context_valid(context), CL_INVALID_CONTEXT, "context is not a context");
	TRY_OBJECT(check_devices(__func__, context, num_devices, device_list));
	CHECK_OBJECT(false, CL_INVALID_VALUE, "the device has no built-in kernels, so not %s",
		     kernel_names ? kernel_names : "(null)");
}

CL_API_ENTRY cl_int CL_API_CALL
clRetainProgram(cl_program program)
{
	CHECK(hmmcl_program_valid(program), CL_INVALID_PROGRAM, "program is not a program");
	hmmcl_object_retain(program);
	return CL_SUCCESS;
}

CL_API_ENTRY cl_int CL_API_CALL
clReleaseProgram(cl_program program)
{
	CHECK(hmmcl_program_valid(program), CL_INVALID_PROGRAM, "program is not a program");
	CHECK(hmmcl_object_release(program), CL_INVALID_PROGRAM, "program has been released");
	return CL_SUCCESS;
}

CL_API_ENTRY cl_int CL_API_CALL
clSetProgramReleaseCallback(cl_program program,
			    void (CL_CALLBACK *pfn_notify)(cl_program program, void *user_data),
			    void *user_data)
{
	(void)user_data;
	CHECK(hmmcl_program_valid(program), CL_INVALID_PROGRAM, "program is not a program");
	CHECK(pfn_notify, CL_INVALID_VALUE, "pfn_notify is NULL");
	CHECK(false, CL_INVALID_OPERATION,
	      "the device has no destructors for program-scope variables");
}

CL_API_ENTRY cl_int CL_API_CALL
clUnloadPlatformCompiler(cl_platform_id platform)
{
	CHECK(hmmcl_platform_valid(platform), CL_INVALID_PLATFORM, "platform is not a platform");
	hmmcl_server_stop();
	return CL_SUCCESS;
}

CL_API_ENTRY cl_int CL_API_CALL
clUnloadCompiler(void)
{
	hmmcl_server_stop();
	return CL_SUCCESS;
}
