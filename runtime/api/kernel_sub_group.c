/* SPDX-License-Identifier: MIT */
/*
 * Sub-groups of a kernel's launches (OpenCL API, 5.9.4).  A sub-group is HMMCL_SUB_GROUP_SIZE
 * work-items in the order of their linear local ids, the last one of a group what is left.
 */
#include "../core/check.h"
#include "../core/info.h"
#include "../core/kernel.h"

/* The items of a work-group, from the local size that an application intends to use. */
static cl_int read_local_size(const char *function, size_t size, const void *value, size_t *items)
{
	const size_t *local = value;
	size_t dims = size / sizeof(size_t);

	if (!value || size % sizeof(size_t) || dims < 1 || dims > 3)
		return hmmcl_refuse(function, CL_INVALID_VALUE,
				    "input_value is %p of %zu bytes, not a local size of 1 to 3 dimensions",
				    value, size);
	*items = 1;
	for (size_t d = 0; d < dims; d++)
		if (!local[d] || __builtin_mul_overflow(*items, local[d], items))
			return hmmcl_refuse(function, CL_INVALID_VALUE, "no local size: dimension %zu is %zu",
					    d, local[d]);
	return CL_SUCCESS;
}

static size_t sub_groups(size_t items)
{
	return (items - 1) / HMMCL_SUB_GROUP_SIZE + 1;
}

/* A local size of one row that makes that many sub-groups, all full; all zero when none does. */
static cl_int get_local_size(const char *function, cl_kernel kernel, size_t input_size,
			     const void *input, size_t param_value_size, void *param_value,
			     size_t *param_value_size_ret)
{
	const uint32_t *reqd = kernel->info->reqd_work_group_size;
	size_t dims = param_value ? param_value_size / sizeof(size_t) : 1;
	size_t wanted, items, local[3] = { 0 };

	if (!input || input_size != sizeof(size_t))
		return hmmcl_refuse(function, CL_INVALID_VALUE,
				    "input_value is %p of %zu bytes, not a number of sub-groups", input,
				    input_size);
	if (param_value && (dims < 1 || dims > 3 || param_value_size % sizeof(size_t)))
		return hmmcl_refuse(function, CL_INVALID_VALUE,
				    "param_value_size is %zu, not that of 1 to 3 sizes", param_value_size);
	wanted = *(const size_t *)input;
	if (wanted && wanted <= kernel->max_group_size / HMMCL_SUB_GROUP_SIZE) {
		items = wanted * HMMCL_SUB_GROUP_SIZE;
		if (!reqd[0] || (reqd[0] == items && reqd[1] == 1 && reqd[2] == 1))
			for (size_t d = 0; d < dims; d++)
				local[d] = d == 0 ? items : 1;
	}
	RETURN_INFO_ARRAY(local, dims);
}

CL_API_ENTRY cl_int CL_API_CALL
clGetKernelSubGroupInfo(cl_kernel kernel, cl_device_id device, cl_kernel_sub_group_info param_name,
			size_t input_value_size, const void *input_value, size_t param_value_size,
			void *param_value, size_t *param_value_size_ret)
{
	size_t items;

	CHECK(hmmcl_kernel_valid(kernel), CL_INVALID_KERNEL, "kernel is not a kernel");
	CHECK(!device || device == kernel->context->device, CL_INVALID_DEVICE,
	      "device is not one of the kernel's");
	switch (param_name) {
	case CL_KERNEL_MAX_SUB_GROUP_SIZE_FOR_NDRANGE:
		TRY(read_local_size(__func__, input_value_size, input_value, &items));
		RETURN_INFO(size_t, items < HMMCL_SUB_GROUP_SIZE ? items : HMMCL_SUB_GROUP_SIZE);
	case CL_KERNEL_SUB_GROUP_COUNT_FOR_NDRANGE:
		TRY(read_local_size(__func__, input_value_size, input_value, &items));
		RETURN_INFO(size_t, sub_groups(items));
	case CL_KERNEL_LOCAL_SIZE_FOR_SUB_GROUP_COUNT:
		return get_local_size(__func__, kernel, input_value_size, input_value,
				      param_value_size, param_value, param_value_size_ret);
	case CL_KERNEL_MAX_NUM_SUB_GROUPS:
		RETURN_INFO(size_t, sub_groups(kernel->max_group_size));
	case CL_KERNEL_COMPILE_NUM_SUB_GROUPS:
		RETURN_INFO(size_t, 0);		/* OpenCL C has no way to ask for a number */
	}
	CHECK(false, CL_INVALID_VALUE, "param_name 0x%x is not known", param_name);
}

/* cl_khr_subgroups: ICD loaders have a place for it in the dispatch table. */
CL_API_ENTRY cl_int CL_API_CALL
clGetKernelSubGroupInfoKHR(cl_kernel kernel, cl_device_id device,
			   cl_kernel_sub_group_info param_name, size_t input_value_size,
			   const void *input_value, size_t param_value_size, void *param_value,
			   size_t *param_value_size_ret)
{
	return clGetKernelSubGroupInfo(kernel, device, param_name, input_value_size, input_value,
				       param_value_size, param_value, param_value_size_ret);
}
