/* SPDX-License-Identifier: MIT */
/* Error names and refusals. */
#include <stdarg.h>
#include <stdio.h>

#include "check.h"
#include "info.h"

static const char *const names[] = {
#define NAME(code) [-(code)] = #code
	NAME(CL_SUCCESS),
	NAME(CL_DEVICE_NOT_FOUND),
	NAME(CL_DEVICE_NOT_AVAILABLE),
	NAME(CL_COMPILER_NOT_AVAILABLE),
	NAME(CL_MEM_OBJECT_ALLOCATION_FAILURE),
	NAME(CL_OUT_OF_RESOURCES),
	NAME(CL_OUT_OF_HOST_MEMORY),
	NAME(CL_PROFILING_INFO_NOT_AVAILABLE),
	NAME(CL_MEM_COPY_OVERLAP),
	NAME(CL_IMAGE_FORMAT_MISMATCH),
	NAME(CL_IMAGE_FORMAT_NOT_SUPPORTED),
	NAME(CL_BUILD_PROGRAM_FAILURE),
	NAME(CL_MAP_FAILURE),
	NAME(CL_MISALIGNED_SUB_BUFFER_OFFSET),
	NAME(CL_EXEC_STATUS_ERROR_FOR_EVENTS_IN_WAIT_LIST),
	NAME(CL_COMPILE_PROGRAM_FAILURE),
	NAME(CL_LINKER_NOT_AVAILABLE),
	NAME(CL_LINK_PROGRAM_FAILURE),
	NAME(CL_DEVICE_PARTITION_FAILED),
	NAME(CL_KERNEL_ARG_INFO_NOT_AVAILABLE),
	NAME(CL_INVALID_VALUE),
	NAME(CL_INVALID_DEVICE_TYPE),
	NAME(CL_INVALID_PLATFORM),
	NAME(CL_INVALID_DEVICE),
	NAME(CL_INVALID_CONTEXT),
	NAME(CL_INVALID_QUEUE_PROPERTIES),
	NAME(CL_INVALID_COMMAND_QUEUE),
	NAME(CL_INVALID_HOST_PTR),
	NAME(CL_INVALID_MEM_OBJECT),
	NAME(CL_INVALID_IMAGE_FORMAT_DESCRIPTOR),
	NAME(CL_INVALID_IMAGE_SIZE),
	NAME(CL_INVALID_SAMPLER),
	NAME(CL_INVALID_BINARY),
	NAME(CL_INVALID_BUILD_OPTIONS),
	NAME(CL_INVALID_PROGRAM),
	NAME(CL_INVALID_PROGRAM_EXECUTABLE),
	NAME(CL_INVALID_KERNEL_NAME),
	NAME(CL_INVALID_KERNEL_DEFINITION),
	NAME(CL_INVALID_KERNEL),
	NAME(CL_INVALID_ARG_INDEX),
	NAME(CL_INVALID_ARG_VALUE),
	NAME(CL_INVALID_ARG_SIZE),
	NAME(CL_INVALID_KERNEL_ARGS),
	NAME(CL_INVALID_WORK_DIMENSION),
	NAME(CL_INVALID_WORK_GROUP_SIZE),
	NAME(CL_INVALID_WORK_ITEM_SIZE),
	NAME(CL_INVALID_GLOBAL_OFFSET),
	NAME(CL_INVALID_EVENT_WAIT_LIST),
	NAME(CL_INVALID_EVENT),
	NAME(CL_INVALID_OPERATION),
	NAME(CL_INVALID_GL_OBJECT),
	NAME(CL_INVALID_BUFFER_SIZE),
	NAME(CL_INVALID_MIP_LEVEL),
	NAME(CL_INVALID_GLOBAL_WORK_SIZE),
	NAME(CL_INVALID_PROPERTY),
	NAME(CL_INVALID_IMAGE_DESCRIPTOR),
	NAME(CL_INVALID_COMPILER_OPTIONS),
	NAME(CL_INVALID_LINKER_OPTIONS),
	NAME(CL_INVALID_DEVICE_PARTITION_COUNT),
	NAME(CL_INVALID_PIPE_SIZE),
	NAME(CL_INVALID_DEVICE_QUEUE),
	NAME(CL_INVALID_SPEC_ID),
	NAME(CL_MAX_SIZE_RESTRICTION_EXCEEDED),
#undef NAME
};

const char *hmmcl_error_name(cl_int code)
{
	static __thread char number[16];

	if (code <= 0 && -(long)code < (long)(sizeof(names) / sizeof(names[0])) && names[-code])
		return names[-code];
	snprintf(number, sizeof(number), "error %d", code);
	return number;
}

cl_int hmmcl_refuse(const char *function, cl_int code, const char *format, ...)
{
	char text[512];
	va_list arguments;

	if (hmmcl_log_level < HMMCL_LOG_ERROR)
		return code;
	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	hmmcl_error("%s: %s: %s", function, hmmcl_error_name(code), text);
	return code;
}

cl_int hmmcl_info_bytes(const char *function, const void *value, size_t size,
			size_t param_value_size, void *param_value, size_t *param_value_size_ret)
{
	if (param_value && param_value_size < size)
		return hmmcl_refuse(function, CL_INVALID_VALUE,
				    "param_value_size is %zu, the answer takes %zu bytes",
				    param_value_size, size);
	if (param_value && size)
		memcpy(param_value, value, size);
	if (param_value_size_ret)
		*param_value_size_ret = size;
	return CL_SUCCESS;
}
