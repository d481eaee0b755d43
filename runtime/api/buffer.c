/* SPDX-License-Identifier: MIT */
/* Creating buffers and sub-buffers (OpenCL API, "Creating Buffer Objects"). */
#include "../core/check.h"
#include "../core/mem.h"
#include "../core/svm.h"

#define KERNEL_ACCESS	(CL_MEM_READ_WRITE | CL_MEM_WRITE_ONLY | CL_MEM_READ_ONLY)
#define HOST_ACCESS	(CL_MEM_HOST_WRITE_ONLY | CL_MEM_HOST_READ_ONLY | CL_MEM_HOST_NO_ACCESS)
#define HOST_POINTER	(CL_MEM_USE_HOST_PTR | CL_MEM_ALLOC_HOST_PTR | CL_MEM_COPY_HOST_PTR)

/* True when at most one of the bits in @group is set in @flags. */
static bool at_most_one(cl_mem_flags flags, cl_mem_flags group)
{
	return !((flags & group) & ((flags & group) - 1));
}

/* The table "supported memory flag values". */
static bool flags_valid(cl_mem_flags flags)
{
	return !(flags & ~(KERNEL_ACCESS | HOST_ACCESS | HOST_POINTER)) &&
	       at_most_one(flags, KERNEL_ACCESS) && at_most_one(flags, HOST_ACCESS) &&
	       at_most_one(flags, CL_MEM_USE_HOST_PTR | CL_MEM_ALLOC_HOST_PTR) &&
	       at_most_one(flags, CL_MEM_USE_HOST_PTR | CL_MEM_COPY_HOST_PTR);
}

/* The checks that both entry points share; @function is the one that was called. */
static cl_int check_new_buffer(const char *function, cl_context context,
			       const cl_mem_properties *properties, cl_mem_flags flags, size_t size,
			       const void *host_ptr)
{
	const bool needs_host_ptr = flags & (CL_MEM_USE_HOST_PTR | CL_MEM_COPY_HOST_PTR);
	struct hmmcl_svm_range svm;

	if (!hmmcl_context_valid(context))
		return hmmcl_refuse(function, CL_INVALID_CONTEXT, "context is not a context");
	/* "OpenCL does not define any optional properties for buffers" */
	if (properties && properties[0])
		return hmmcl_refuse(function, CL_INVALID_PROPERTY, "property 0x%llx is not known",
				    (unsigned long long)properties[0]);
	if (!flags_valid(flags))
		return hmmcl_refuse(function, CL_INVALID_VALUE,
				    "flags 0x%llx: unknown, or exclude each other",
				    (unsigned long long)flags);
	if (!size)
		return hmmcl_refuse(function, CL_INVALID_BUFFER_SIZE, "size is 0");
	if (size > context->device->max_mem_alloc_size)
		return hmmcl_refuse(function, CL_INVALID_BUFFER_SIZE,
				    "size %zu is beyond CL_DEVICE_MAX_MEM_ALLOC_SIZE, %llu", size,
				    (unsigned long long)context->device->max_mem_alloc_size);
	if (!host_ptr && needs_host_ptr)
		return hmmcl_refuse(function, CL_INVALID_HOST_PTR,
				    "host_ptr is NULL, but flags 0x%llx use it",
				    (unsigned long long)flags);
	if (host_ptr && !needs_host_ptr)
		return hmmcl_refuse(function, CL_INVALID_HOST_PTR,
				    "host_ptr is given, but flags 0x%llx do not use it",
				    (unsigned long long)flags);
	if (host_ptr && hmmcl_svm_find(context, host_ptr, &svm) &&
	    size > (size_t)(svm.base + svm.size - (const char *)host_ptr))
		return hmmcl_refuse(function, CL_INVALID_BUFFER_SIZE,
				    "size %zu goes beyond the end of the SVM allocation", size);
	return CL_SUCCESS;
}

CL_API_ENTRY cl_mem CL_API_CALL clCreateBufferWithProperties(cl_context context,
							     const cl_mem_properties *properties,
							     cl_mem_flags flags, size_t size,
							     void *host_ptr, cl_int *errcode_ret)
{
	cl_mem buffer;
	cl_int error;

	TRY_OBJECT(check_new_buffer(__func__, context, properties, flags, size, host_ptr));
	error = hmmcl_buffer_create(context, properties, properties ? 1 : 0, flags, size, host_ptr,
				    &buffer);
	CHECK_OBJECT(!error, error, "no memory for a buffer of %zu bytes", size);
	RETURN_OBJECT(buffer);
}

CL_API_ENTRY cl_mem CL_API_CALL clCreateBuffer(cl_context context, cl_mem_flags flags, size_t size,
					       void *host_ptr, cl_int *errcode_ret)
{
	cl_mem buffer;
	cl_int error;

	TRY_OBJECT(check_new_buffer(__func__, context, NULL, flags, size, host_ptr));
	error = hmmcl_buffer_create(context, NULL, 0, flags, size, host_ptr, &buffer);
	CHECK_OBJECT(!error, error, "no memory for a buffer of %zu bytes", size);
	RETURN_OBJECT(buffer);
}

/* Whether a sub-buffer with @flags would allow what its parent with @parent does not. */
static bool widens_access(cl_mem_flags parent, cl_mem_flags flags)
{
	return ((parent & CL_MEM_WRITE_ONLY) && (flags & (CL_MEM_READ_WRITE | CL_MEM_READ_ONLY))) ||
	       ((parent & CL_MEM_READ_ONLY) && (flags & (CL_MEM_READ_WRITE | CL_MEM_WRITE_ONLY))) ||
	       ((parent & CL_MEM_HOST_WRITE_ONLY) && (flags & CL_MEM_HOST_READ_ONLY)) ||
	       ((parent & CL_MEM_HOST_READ_ONLY) && (flags & CL_MEM_HOST_WRITE_ONLY)) ||
	       ((parent & CL_MEM_HOST_NO_ACCESS) &&
		(flags & (CL_MEM_HOST_READ_ONLY | CL_MEM_HOST_WRITE_ONLY)));
}

CL_API_ENTRY cl_mem CL_API_CALL clCreateSubBuffer(cl_mem buffer, cl_mem_flags flags,
						  cl_buffer_create_type buffer_create_type,
						  const void *buffer_create_info,
						  cl_int *errcode_ret)
{
	const cl_buffer_region *region = buffer_create_info;
	cl_mem sub_buffer;
	cl_int error;

	CHECK_OBJECT(hmmcl_buffer_valid(buffer), CL_INVALID_MEM_OBJECT, "buffer is not a buffer");
	CHECK_OBJECT(!buffer->parent, CL_INVALID_MEM_OBJECT, "buffer is itself a sub-buffer");
	CHECK_OBJECT(!(flags & HOST_POINTER), CL_INVALID_VALUE,
		     "flags 0x%llx: a sub-buffer has its parent's storage", (unsigned long long)flags);
	CHECK_OBJECT(flags_valid(flags), CL_INVALID_VALUE,
		     "flags 0x%llx: unknown, or exclude each other", (unsigned long long)flags);
	CHECK_OBJECT(!widens_access(buffer->flags, flags), CL_INVALID_VALUE,
		     "flags 0x%llx allow more than the buffer's, 0x%llx", (unsigned long long)flags,
		     (unsigned long long)buffer->flags);
	CHECK_OBJECT(buffer_create_type == CL_BUFFER_CREATE_TYPE_REGION, CL_INVALID_VALUE,
		     "buffer_create_type 0x%x is not known", buffer_create_type);
	CHECK_OBJECT(region, CL_INVALID_VALUE, "buffer_create_info is NULL");
	CHECK_OBJECT(region->size, CL_INVALID_BUFFER_SIZE, "the region's size is 0");
	CHECK_OBJECT(hmmcl_mem_contains(buffer, region->origin, region->size), CL_INVALID_VALUE,
		     "%zu bytes from %zu on are not inside the buffer of %zu", region->size,
		     region->origin, buffer->size);
	CHECK_OBJECT(region->origin % HMMCL_MEM_BASE_ADDR_ALIGN == 0,
		     CL_MISALIGNED_SUB_BUFFER_OFFSET, "origin %zu is not a multiple of %u",
		     region->origin, HMMCL_MEM_BASE_ADDR_ALIGN);

	/* What the flags leave open, and where the storage is, come from the buffer. */
	if (!(flags & KERNEL_ACCESS))
		flags |= buffer->flags & KERNEL_ACCESS;
	if (!(flags & HOST_ACCESS))
		flags |= buffer->flags & HOST_ACCESS;
	flags |= buffer->flags & HOST_POINTER;

	error = hmmcl_sub_buffer_create(buffer, flags, region->origin, region->size, &sub_buffer);
	CHECK_OBJECT(!error, error, "no memory for the object");
	RETURN_OBJECT(sub_buffer);
}
