/* SPDX-License-Identifier: MIT */
/* OpenCL API, 5.7: samplers, on a device without images: none can be created. */
#include "../core/check.h"
#include "../core/context.h"

#define HAS_SAMPLERS false
#define NO_SAMPLERS "the device has no images (CL_DEVICE_IMAGE_SUPPORT), so no samplers"

CL_API_ENTRY cl_sampler CL_API_CALL clCreateSamplerWithProperties(
	cl_context context, const cl_sampler_properties *properties, cl_int *errcode_ret)
{
	(void)properties;
	CHECK_OBJECT(hmmcl_context_valid(context), CL_INVALID_CONTEXT, "context is not a context");
	CHECK_OBJECT(HAS_SAMPLERS, CL_INVALID_OPERATION, NO_SAMPLERS);
	return NULL;
}

CL_API_ENTRY cl_sampler CL_API_CALL clCreateSampler(cl_context context, cl_bool normalized_coords,
						    cl_addressing_mode addressing_mode,
						    cl_filter_mode filter_mode, cl_int *errcode_ret)
{
	(void)normalized_coords, (void)addressing_mode, (void)filter_mode;
	return clCreateSamplerWithProperties(context, NULL, errcode_ret);
}

CL_API_ENTRY cl_int CL_API_CALL clRetainSampler(cl_sampler sampler)
{
	(void)sampler;
	CHECK(HAS_SAMPLERS, CL_INVALID_SAMPLER, NO_SAMPLERS);
	return CL_SUCCESS;
}

CL_API_ENTRY cl_int CL_API_CALL clReleaseSampler(cl_sampler sampler)
{
	(void)sampler;
	CHECK(HAS_SAMPLERS, CL_INVALID_SAMPLER, NO_SAMPLERS);
	return CL_SUCCESS;
}

CL_API_ENTRY cl_int CL_API_CALL clGetSamplerInfo(cl_sampler sampler, cl_sampler_info param_name,
						 size_t param_value_size, void *param_value,
						 size_t *param_value_size_ret)
{
	(void)sampler, (void)param_name, (void)param_value_size, (void)param_value;
	(void)param_value_size_ret;
	CHECK(HAS_SAMPLERS, CL_INVALID_SAMPLER, NO_SAMPLERS);
	return CL_SUCCESS;
}
