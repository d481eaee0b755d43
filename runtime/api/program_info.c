/* SPDX-License-Identifier: MIT */
/* Queries of programs (OpenCL API, 5.8.8). */
#include <stdlib.h>

#include "../core/check.h"
#include "../core/info.h"
#include "../core/program.h"

static cl_int binaries(const char *function, const struct hmmcl_binary *binary,
		       size_t param_value_size, void *param_value, size_t *param_value_size_ret)
{
	unsigned char *place;

	/* The array of pointers, one a device, is the application's own and stays as it is. */
	if (param_value) {
		if (param_value_size < sizeof(place))
			return hmmcl_refuse(function, CL_INVALID_VALUE, "param_value_size is %zu",
					    param_value_size);
		memcpy(&place, param_value, sizeof(place));
		if (place && binary->size)
			memcpy(place, binary->memory, binary->size);
	}
	if (param_value_size_ret)
		*param_value_size_ret = sizeof(place);
	return CL_SUCCESS;
}

/* Semicolons between the names.  NULL: no memory. */
static char *kernel_names(const struct hmmcl_code_object *code)
{
	size_t size = 1;
	char *text, *to;

	for (unsigned int i = 0; i < code->n_kernels; i++)
		size += strlen(code->kernels[i].name) + 1;
	text = to = malloc(size);
	if (!text)
		return NULL;
	*to = 0;
	for (unsigned int i = 0; i < code->n_kernels; i++) {
		if (i)
			*to++ = ';';
		to = stpcpy(to, code->kernels[i].name);
	}
	return text;
}

/* What only an executable can answer. */
static cl_int executable_info(const char *function, const struct hmmcl_executable *executable,
			      cl_program_info param_name, size_t param_value_size, void *param_value,
			      size_t *param_value_size_ret)
{
	const struct hmmcl_code_object *code = &executable->code;
	const size_t count = code->n_kernels;
	const cl_bool constructors = code->init != NULL, destructors = CL_FALSE;
	const void *answer = &count;
	size_t size = sizeof(count);
	char *names = NULL;
	cl_int result;

	if (param_name == CL_PROGRAM_KERNEL_NAMES) {
		answer = names = kernel_names(code);
		if (!names)
			return hmmcl_refuse(function, CL_OUT_OF_HOST_MEMORY, "no memory for the names");
		size = strlen(names) + 1;
	} else if (param_name != CL_PROGRAM_NUM_KERNELS) {
		answer = param_name == CL_PROGRAM_SCOPE_GLOBAL_CTORS_PRESENT ? &constructors :
			 &destructors;
		size = sizeof(cl_bool);
	}
	result = hmmcl_info_bytes(function, answer, size, param_value_size, param_value,
				  param_value_size_ret);
	free(names);
	return result;
}

CL_API_ENTRY cl_int CL_API_CALL
clGetProgramInfo(cl_program program, cl_program_info param_name, size_t param_value_size,
		 void *param_value, size_t *param_value_size_ret)
{
	CHECK(hmmcl_program_valid(program), CL_INVALID_PROGRAM, "program is not a program");
	HMMCL_PROGRAM_GUARD(program);
	switch (param_name) {
	case CL_PROGRAM_REFERENCE_COUNT:
		RETURN_INFO(cl_uint, hmmcl_object_api_refs(program));
	case CL_PROGRAM_CONTEXT:
		RETURN_INFO(cl_context, program->context);
	case CL_PROGRAM_NUM_DEVICES:
		RETURN_INFO(cl_uint, 1);
	case CL_PROGRAM_DEVICES:
		RETURN_INFO(cl_device_id, program->context->device);
	case CL_PROGRAM_SOURCE:
		RETURN_INFO_STRING(program->source ? program->source : "");
	case CL_PROGRAM_IL:
		RETURN_INFO_BYTES(program->il ? program->il : "", program->il_size);
	case CL_PROGRAM_BINARY_SIZES:
		RETURN_INFO(size_t, program->binary.size);
	case CL_PROGRAM_BINARIES:
		return binaries(__func__, &program->binary, param_value_size, param_value,
				param_value_size_ret);
	case CL_PROGRAM_NUM_KERNELS:
	case CL_PROGRAM_KERNEL_NAMES:
	case CL_PROGRAM_SCOPE_GLOBAL_CTORS_PRESENT:
	case CL_PROGRAM_SCOPE_GLOBAL_DTORS_PRESENT:
		CHECK(program->executable, CL_INVALID_PROGRAM_EXECUTABLE,
		      "program has not been built, or not successfully");
		return executable_info(__func__, program->executable, param_name, param_value_size,
				       param_value, param_value_size_ret);
	}
	CHECK(false, CL_INVALID_VALUE, "param_name 0x%x is not known", param_name);
}

CL_API_ENTRY cl_int CL_API_CALL
clGetProgramBuildInfo(cl_program program, cl_device_id device, cl_program_build_info param_name,
		      size_t param_value_size, void *param_value, size_t *param_value_size_ret)
{
	CHECK(hmmcl_program_valid(program), CL_INVALID_PROGRAM, "program is not a program");
	CHECK(device && device == program->context->device, CL_INVALID_DEVICE,
	      "device is not one of the program's");
	HMMCL_PROGRAM_GUARD(program);
	switch (param_name) {
	case CL_PROGRAM_BUILD_STATUS:
		RETURN_INFO(cl_build_status, program->status);
	case CL_PROGRAM_BUILD_OPTIONS:
		RETURN_INFO_STRING(program->options ? program->options : "");
	case CL_PROGRAM_BUILD_LOG:
		RETURN_INFO_STRING(program->log ? program->log : "");
	case CL_PROGRAM_BINARY_TYPE:
		RETURN_INFO(cl_program_binary_type, program->binary.type);
	case CL_PROGRAM_BUILD_GLOBAL_VARIABLE_TOTAL_SIZE:
		RETURN_INFO(size_t, program->executable ? program->executable->code.globals_size : 0);
	}
	CHECK(false, CL_INVALID_VALUE, "param_name 0x%x is not known", param_name);
}
