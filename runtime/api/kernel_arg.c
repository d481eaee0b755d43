/* SPDX-License-Identifier: MIT */
/* Setting arguments of kernels (OpenCL API, 5.9.2). */
#include <string.h>

#include "../core/check.h"
#include "../core/kernel.h"

static void mark_set(cl_kernel kernel, cl_uint index)
{
	if (!kernel->is_set[index])
		kernel->n_unset--;
	kernel->is_set[index] = true;
}

static void set_pointer(cl_kernel kernel, cl_uint index, cl_mem mem, const void *pointer)
{
	kernel->mems[index] = mem;
	memcpy(kernel->args + kernel->info->args[index].offset, &pointer, sizeof(pointer));
	mark_set(kernel, index);
}

static cl_int set_buffer(const char *function, cl_kernel kernel, cl_uint index, size_t size,
			 const void *value)
{
	cl_mem mem = NULL;

	if (value && size != sizeof(cl_mem))
		return hmmcl_refuse(function, CL_INVALID_ARG_SIZE,
				    "argument %u is a buffer, arg_size is %zu", index, size);
	if (value)
		memcpy(&mem, value, sizeof(mem));
	if (mem && !hmmcl_buffer_valid(mem))
		return hmmcl_refuse(function, CL_INVALID_MEM_OBJECT,
				    "argument %u is a buffer, *arg_value is not", index);
	if (mem && mem->context != kernel->context)
		return hmmcl_refuse(function, CL_INVALID_CONTEXT,
				    "the buffer for argument %u is of another context", index);
	set_pointer(kernel, index, mem, mem ? mem->data : NULL);
	return CL_SUCCESS;
}

static cl_int set_local(const char *function, cl_kernel kernel, cl_uint index, size_t size,
			const void *value)
{
	if (value)
		return hmmcl_refuse(function, CL_INVALID_ARG_VALUE,
				    "argument %u is local memory, arg_value is not NULL", index);
	if (!size)
		return hmmcl_refuse(function, CL_INVALID_ARG_SIZE,
				    "argument %u is local memory, arg_size is 0", index);
	kernel->local_sizes[index] = size;
	mark_set(kernel, index);
	hmmcl_kernel_place_locals(kernel);
	return CL_SUCCESS;
}

static cl_int set_value(const char *function, cl_kernel kernel, cl_uint index, size_t size,
			const void *value)
{
	const struct hmmcl_arg_info *arg = &kernel->info->args[index];

	if (size != arg->size)
		return hmmcl_refuse(function, CL_INVALID_ARG_SIZE,
				    "argument %u takes %u bytes, arg_size is %zu", index, arg->size, size);
	if (!value)
		return hmmcl_refuse(function, CL_INVALID_ARG_VALUE,
				    "argument %u is a value, arg_value is NULL", index);
	memcpy(kernel->args + arg->offset, value, size);
	mark_set(kernel, index);
	return CL_SUCCESS;
}

CL_API_ENTRY cl_int CL_API_CALL
clSetKernelArg(cl_kernel kernel, cl_uint arg_index, size_t arg_size, const void *arg_value)
{
	CHECK(hmmcl_kernel_valid(kernel), CL_INVALID_KERNEL, "kernel is not a kernel");
	CHECK(arg_index < kernel->info->n_args, CL_INVALID_ARG_INDEX,
	      "arg_index is %u, kernel %s has %u arguments", arg_index, kernel->info->name,
	      kernel->info->n_args);
	switch (kernel->info->args[arg_index].kind) {
	case HMMCL_ARG_GLOBAL:
	case HMMCL_ARG_CONSTANT:
		return set_buffer(__func__, kernel, arg_index, arg_size, arg_value);
	case HMMCL_ARG_LOCAL:
		return set_local(__func__, kernel, arg_index, arg_size, arg_value);
	case HMMCL_ARG_VALUE:
		return set_value(__func__, kernel, arg_index, arg_size, arg_value);
	/* The device has none of these, so no handle can be valid. */
	case HMMCL_ARG_SAMPLER:
		CHECK(false, CL_INVALID_SAMPLER, "argument %u is a sampler", arg_index);
	case HMMCL_ARG_QUEUE:
		CHECK(false, CL_INVALID_DEVICE_QUEUE, "argument %u is a device queue", arg_index);
	case HMMCL_ARG_IMAGE:
	case HMMCL_ARG_PIPE:
		break;
	}
	CHECK(false, CL_INVALID_MEM_OBJECT, "argument %u is an image or a pipe", arg_index);
}

CL_API_ENTRY cl_int CL_API_CALL
clSetKernelArgSVMPointer(cl_kernel kernel, cl_uint arg_index, const void *arg_value)
{
	enum hmmcl_arg_kind kind;

	CHECK(hmmcl_kernel_valid(kernel), CL_INVALID_KERNEL, "kernel is not a kernel");
	CHECK(arg_index < kernel->info->n_args, CL_INVALID_ARG_INDEX,
	      "arg_index is %u, kernel %s has %u arguments", arg_index, kernel->info->name,
	      kernel->info->n_args);
	kind = kernel->info->args[arg_index].kind;
	CHECK(kind == HMMCL_ARG_GLOBAL || kind == HMMCL_ARG_CONSTANT, CL_INVALID_ARG_VALUE,
	      "argument %u is no pointer to global or constant memory", arg_index);
	/* Every address is valid: the device has fine-grain system SVM. */
	set_pointer(kernel, arg_index, NULL, arg_value);
	return CL_SUCCESS;
}

/*
 * Nothing of it is kept: with fine-grain system SVM, kernels may use every allocation, named or
 * not, and nothing has to be done for those that are named.
 */
CL_API_ENTRY cl_int CL_API_CALL
clSetKernelExecInfo(cl_kernel kernel, cl_kernel_exec_info param_name, size_t param_value_size,
		    const void *param_value)
{
	CHECK(hmmcl_kernel_valid(kernel), CL_INVALID_KERNEL, "kernel is not a kernel");
	CHECK(param_name == CL_KERNEL_EXEC_INFO_SVM_PTRS ||
	      param_name == CL_KERNEL_EXEC_INFO_SVM_FINE_GRAIN_SYSTEM, CL_INVALID_VALUE,
	      "param_name 0x%x is not known", param_name);
	CHECK(!param_value == !param_value_size, CL_INVALID_VALUE,
	      "param_value is %p, param_value_size is %zu", param_value, param_value_size);
	if (param_name == CL_KERNEL_EXEC_INFO_SVM_PTRS)
		CHECK(param_value_size % sizeof(void *) == 0, CL_INVALID_VALUE,
		      "param_value_size is %zu, no number of pointers", param_value_size);
	else
		CHECK(param_value_size == sizeof(cl_bool), CL_INVALID_VALUE,
		      "param_value_size is %zu, a cl_bool takes %zu", param_value_size,
		      sizeof(cl_bool));
	return CL_SUCCESS;
}
