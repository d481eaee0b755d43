/* SPDX-License-Identifier: MIT */
/* Allocating and freeing shared virtual memory (OpenCL API, "Shared Virtual Memory"). */
#include "../core/svm.h"

#include "../core/check.h"

/* clSVMAlloc tells no error code: like malloc, it returns NULL. */
#define CHECK_ALLOC(condition, code, ...) do {			\
	if (!(condition)) {					\
		hmmcl_refuse(__func__, (code), __VA_ARGS__);	\
		return NULL;					\
	}							\
} while (0)

/* The table "supported SVM memory flag values". */
static bool flags_valid(cl_svm_mem_flags flags)
{
	const cl_svm_mem_flags access = flags & (CL_MEM_READ_WRITE | CL_MEM_WRITE_ONLY |
						 CL_MEM_READ_ONLY);
	const cl_svm_mem_flags kind = flags & (CL_MEM_SVM_FINE_GRAIN_BUFFER | CL_MEM_SVM_ATOMICS);

	return flags == (access | kind) && !(access & (access - 1)) && kind != CL_MEM_SVM_ATOMICS;
}

/* All kinds are the same here: memory that host and device use at the same time, with atomics. */
CL_API_ENTRY void *CL_API_CALL clSVMAlloc(cl_context context, cl_svm_mem_flags flags, size_t size,
					  cl_uint alignment)
{
	void *ptr;

	CHECK_ALLOC(hmmcl_context_valid(context), CL_INVALID_CONTEXT, "context is not a context");
	CHECK_ALLOC(flags_valid(flags), CL_INVALID_VALUE,
		    "flags 0x%llx: unknown, or exclude each other", (unsigned long long)flags);
	CHECK_ALLOC(size, CL_INVALID_BUFFER_SIZE, "size is 0");
	CHECK_ALLOC(size <= context->device->max_mem_alloc_size, CL_INVALID_BUFFER_SIZE,
		    "size %zu is beyond CL_DEVICE_MAX_MEM_ALLOC_SIZE, %llu", size,
		    (unsigned long long)context->device->max_mem_alloc_size);
	/* "a power of two up to the largest data type": long16 */
	CHECK_ALLOC(!(alignment & (alignment - 1)) && alignment <= sizeof(cl_long16),
		    CL_INVALID_VALUE, "alignment %u is not a power of two up to %zu", alignment,
		    sizeof(cl_long16));

	ptr = hmmcl_svm_alloc(context, flags, size, alignment);
	CHECK_ALLOC(ptr, CL_MEM_OBJECT_ALLOCATION_FAILURE, "no memory for %zu bytes", size);
	return ptr;
}

CL_API_ENTRY void CL_API_CALL clSVMFree(cl_context context, void *svm_pointer)
{
	if (!hmmcl_context_valid(context)) {
		hmmcl_refuse(__func__, CL_INVALID_CONTEXT, "context is not a context");
		return;
	}
	if (svm_pointer && !hmmcl_svm_free(context, svm_pointer))
		hmmcl_refuse(__func__, CL_INVALID_VALUE,
			     "%p is no allocation of this context: nothing freed", svm_pointer);
}
