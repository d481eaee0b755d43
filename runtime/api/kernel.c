/* SPDX-License-Identifier: MIT */
/* Creating, copying, retaining and releasing kernels (OpenCL API, 5.9.1 and 5.9.3). */
#include "../core/check.h"
#include "../core/kernel.h"

CL_API_ENTRY cl_kernel CL_API_CALL
clCreateKernel(cl_program program, const char *kernel_name, cl_int *errcode_ret)
{
	struct hmmcl_executable *executable;
	cl_kernel kernel = NULL;
	int index = -1;

	CHECK_OBJECT(hmmcl_program_valid(program), CL_INVALID_PROGRAM, "program is not a program");
	CHECK_OBJECT(kernel_name, CL_INVALID_VALUE, "kernel_name is NULL");
	executable = hmmcl_program_executable(program);
	CHECK_OBJECT(executable, CL_INVALID_PROGRAM_EXECUTABLE,
		     "program has no executable: it has not been built, or not successfully");
	index = hmmcl_executable_find(executable, kernel_name);
	if (index >= 0)
		kernel = hmmcl_kernel_new(program, executable, index);
	hmmcl_object_unref(executable);
	CHECK_OBJECT(index >= 0, CL_INVALID_KERNEL_NAME, "program has no kernel %s", kernel_name);
	CHECK_OBJECT(kernel, CL_OUT_OF_HOST_MEMORY, "no memory for the kernel");
	RETURN_OBJECT(kernel);
}

CL_API_ENTRY cl_int CL_API_CALL
clCreateKernelsInProgram(cl_program program, cl_uint num_kernels, cl_kernel *kernels,
			 cl_uint *num_kernels_ret)
{
	struct hmmcl_executable *executable;
	cl_int error = CL_SUCCESS;
	cl_uint count, made = 0;

	CHECK(hmmcl_program_valid(program), CL_INVALID_PROGRAM, "program is not a program");
	executable = hmmcl_program_executable(program);
	CHECK(executable, CL_INVALID_PROGRAM_EXECUTABLE,
	      "program has no executable: it has not been built, or not successfully");
	count = executable->code.n_kernels;
	if (kernels && num_kernels < count)
		error = CL_INVALID_VALUE;
	while (kernels && !error && made < count) {
		kernels[made] = hmmcl_kernel_new(program, executable, made);
		if (kernels[made])
			made++;
		else
			error = CL_OUT_OF_HOST_MEMORY;
	}
	while (error && made)
		hmmcl_object_unref(kernels[--made]);
	hmmcl_object_unref(executable);
	CHECK(!error, error, error == CL_INVALID_VALUE ? "num_kernels is %u, the program has %u" :
	      "no memory for kernels: %u wanted, of %u", num_kernels, count);
	if (num_kernels_ret)
		*num_kernels_ret = count;
	return CL_SUCCESS;
}

CL_API_ENTRY cl_kernel CL_API_CALL
clCloneKernel(cl_kernel source_kernel, cl_int *errcode_ret)
{
	cl_kernel kernel;

	CHECK_OBJECT(hmmcl_kernel_valid(source_kernel), CL_INVALID_KERNEL,
		     "source_kernel is not a kernel");
	kernel = hmmcl_kernel_clone(source_kernel);
	CHECK_OBJECT(kernel, CL_OUT_OF_HOST_MEMORY, "no memory for the kernel");
	RETURN_OBJECT(kernel);
}

CL_API_ENTRY cl_int CL_API_CALL
clRetainKernel(cl_kernel kernel)
{
	CHECK(hmmcl_kernel_valid(kernel), CL_INVALID_KERNEL, "kernel is not a kernel");
	hmmcl_object_retain(kernel);
	return CL_SUCCESS;
}

CL_API_ENTRY cl_int CL_API_CALL
clReleaseKernel(cl_kernel kernel)
{
	CHECK(hmmcl_kernel_valid(kernel), CL_INVALID_KERNEL, "kernel is not a kernel");
	CHECK(hmmcl_object_release(kernel), CL_INVALID_KERNEL, "kernel has been released");
	return CL_SUCCESS;
}
