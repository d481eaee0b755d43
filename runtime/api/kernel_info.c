/* SPDX-License-Identifier: MIT */
/* Queries of kernels (OpenCL API, 5.9.4). */
#include "../core/check.h"
#include "../core/info.h"
#include "../core/kernel.h"

CL_API_ENTRY cl_int CL_API_CALL
clGetKernelInfo(cl_kernel kernel, cl_kernel_info param_name, size_t param_value_size,
		void *param_value, size_t *param_value_size_ret)
{
	CHECK(hmmcl_kernel_valid(kernel), CL_INVALID_KERNEL, "kernel is not a kernel");
	switch (param_name) {
	case CL_KERNEL_FUNCTION_NAME:
		RETURN_INFO_STRING(kernel->info->name);
	case CL_KERNEL_NUM_ARGS:
		RETURN_INFO(cl_uint, kernel->info->n_args);
	case CL_KERNEL_REFERENCE_COUNT:
		RETURN_INFO(cl_uint, hmmcl_object_api_refs(kernel));
	case CL_KERNEL_CONTEXT:
		RETURN_INFO(cl_context, kernel->context);
	case CL_KERNEL_PROGRAM:
		RETURN_INFO(cl_program, kernel->program);
	case CL_KERNEL_ATTRIBUTES:
		RETURN_INFO_STRING(kernel->program->source ? kernel->info->attributes : "");
	}
	CHECK(false, CL_INVALID_VALUE, "param_name 0x%x is not known", param_name);
}

static cl_kernel_arg_address_qualifier address_qualifier(enum hmmcl_arg_kind kind)
{
	switch (kind) {
	case HMMCL_ARG_GLOBAL:
	case HMMCL_ARG_IMAGE:
	case HMMCL_ARG_PIPE:
		return CL_KERNEL_ARG_ADDRESS_GLOBAL;
	case HMMCL_ARG_CONSTANT:
		return CL_KERNEL_ARG_ADDRESS_CONSTANT;
	case HMMCL_ARG_LOCAL:
		return CL_KERNEL_ARG_ADDRESS_LOCAL;
	default:
		return CL_KERNEL_ARG_ADDRESS_PRIVATE;
	}
}

/* The compiler always records it, so it is available with and without -cl-kernel-arg-info. */
CL_API_ENTRY cl_int CL_API_CALL
clGetKernelArgInfo(cl_kernel kernel, cl_uint arg_index, cl_kernel_arg_info param_name,
		   size_t param_value_size, void *param_value, size_t *param_value_size_ret)
{
	const struct hmmcl_arg_info *arg;

	CHECK(hmmcl_kernel_valid(kernel), CL_INVALID_KERNEL, "kernel is not a kernel");
	CHECK(arg_index < kernel->info->n_args, CL_INVALID_ARG_INDEX,
	      "arg_index is %u, kernel %s has %u arguments", arg_index, kernel->info->name,
	      kernel->info->n_args);
	arg = &kernel->info->args[arg_index];
	switch (param_name) {
	case CL_KERNEL_ARG_ADDRESS_QUALIFIER:
		RETURN_INFO(cl_kernel_arg_address_qualifier, address_qualifier(arg->kind));
	case CL_KERNEL_ARG_ACCESS_QUALIFIER:
		RETURN_INFO(cl_kernel_arg_access_qualifier, arg->access);
	case CL_KERNEL_ARG_TYPE_NAME:
		RETURN_INFO_STRING(arg->type);
	case CL_KERNEL_ARG_TYPE_QUALIFIER:
		RETURN_INFO(cl_kernel_arg_type_qualifier, arg->qualifiers);
	case CL_KERNEL_ARG_NAME:
		RETURN_INFO_STRING(arg->name);
	}
	CHECK(false, CL_INVALID_VALUE, "param_name 0x%x is not known", param_name);
}

/* NULL stands for the only device. */
static bool right_device(cl_kernel kernel, cl_device_id device)
{
	return !device || device == kernel->context->device;
}

CL_API_ENTRY cl_int CL_API_CALL
clGetKernelWorkGroupInfo(cl_kernel kernel, cl_device_id device, cl_kernel_work_group_info param_name,
			 size_t param_value_size, void *param_value, size_t *param_value_size_ret)
{
	size_t reqd[3];

	CHECK(hmmcl_kernel_valid(kernel), CL_INVALID_KERNEL, "kernel is not a kernel");
	CHECK(right_device(kernel, device), CL_INVALID_DEVICE, "device is not one of the kernel's");
	switch (param_name) {
	case CL_KERNEL_WORK_GROUP_SIZE:
		RETURN_INFO(size_t, kernel->max_group_size);
	case CL_KERNEL_COMPILE_WORK_GROUP_SIZE:
		for (int d = 0; d < 3; d++)
			reqd[d] = kernel->info->reqd_work_group_size[d];
		RETURN_INFO_ARRAY(reqd, 3);
	case CL_KERNEL_LOCAL_MEM_SIZE:
		RETURN_INFO(cl_ulong, kernel->local_size);
	case CL_KERNEL_PREFERRED_WORK_GROUP_SIZE_MULTIPLE:
		RETURN_INFO(size_t, HMMCL_WORK_GROUP_MULTIPLE);
	case CL_KERNEL_PRIVATE_MEM_SIZE:
		RETURN_INFO(cl_ulong, kernel->info->private_size);
	case CL_KERNEL_GLOBAL_WORK_SIZE:
		CHECK(false, CL_INVALID_VALUE,
		      "CL_KERNEL_GLOBAL_WORK_SIZE is for built-in kernels, which there are none of");
	}
	CHECK(false, CL_INVALID_VALUE, "param_name 0x%x is not known", param_name);
}
