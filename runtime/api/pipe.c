/* SPDX-License-Identifier: MIT */
/* OpenCL API, 5.4: pipes, on a device without them (CL_DEVICE_PIPE_SUPPORT is CL_FALSE). */
#include "../core/check.h"
#include "../core/context.h"

#define HAS_PIPES false
#define NO_PIPES "the device has no pipes (CL_DEVICE_PIPE_SUPPORT)"

CL_API_ENTRY cl_mem CL_API_CALL clCreatePipe(cl_context context, cl_mem_flags flags,
					     cl_uint pipe_packet_size, cl_uint pipe_max_packets,
					     const cl_pipe_properties *properties,
					     cl_int *errcode_ret)
{
	(void)flags, (void)pipe_packet_size, (void)pipe_max_packets, (void)properties;
	CHECK_OBJECT(hmmcl_context_valid(context), CL_INVALID_CONTEXT, "context is not a context");
	CHECK_OBJECT(HAS_PIPES, CL_INVALID_OPERATION, NO_PIPES);
	return NULL;
}

CL_API_ENTRY cl_int CL_API_CALL clGetPipeInfo(cl_mem pipe, cl_pipe_info param_name,
					      size_t param_value_size, void *param_value,
					      size_t *param_value_size_ret)
{
	(void)pipe, (void)param_name, (void)param_value_size, (void)param_value;
	(void)param_value_size_ret;
	CHECK(HAS_PIPES, CL_INVALID_MEM_OBJECT, "pipe is not a pipe: " NO_PIPES);
	return CL_SUCCESS;
}
