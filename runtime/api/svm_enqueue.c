/* SPDX-License-Identifier: MIT */
/*
 * Commands on shared virtual memory.  Every address of the process is good for them, from
 * clSVMAlloc or not.
 */
#include <stdint.h>
#include <string.h>

#include "../core/check.h"
#include "../core/mem.h"
#include "../core/svm.h"

struct svm_free {
	cl_uint n;
	void **pointers;
	void (CL_CALLBACK *function)(cl_command_queue, cl_uint, void **, void *);
	void *user_data;
};

static cl_int svm_free(cl_event command, void *data)
{
	const struct svm_free *work = data;

	if (work->function) {
		work->function(command->queue, work->n, work->pointers, work->user_data);
		return CL_SUCCESS;
	}
	for (cl_uint i = 0; i < work->n; i++)
		clSVMFree(command->context, work->pointers[i]);
	return CL_SUCCESS;
}

CL_API_ENTRY cl_int CL_API_CALL
clEnqueueSVMFree(cl_command_queue command_queue, cl_uint num_svm_pointers, void *svm_pointers[],
		 void (CL_CALLBACK *pfn_free_func)(cl_command_queue, cl_uint, void **, void *),
		 void *user_data, cl_uint num_events_in_wait_list, const cl_event *event_wait_list,
		 cl_event *event)
{
	const size_t size = num_svm_pointers * sizeof(*svm_pointers);
	struct svm_free *work;
	cl_event command;

	CHECK(hmmcl_queue_valid(command_queue), CL_INVALID_COMMAND_QUEUE,
	      "command_queue is not a command-queue");
	CHECK(!num_svm_pointers == !svm_pointers, CL_INVALID_VALUE,
	      "num_svm_pointers is %u, svm_pointers is %p", num_svm_pointers,
	      (void *)svm_pointers);

	TRY(hmmcl_command_create(__func__, command_queue, CL_COMMAND_SVM_FREE,
				 num_events_in_wait_list, event_wait_list, &command));
	work = hmmcl_command_alloc(command, sizeof(*work) + size);
	if (!work) {
		hmmcl_command_discard(command);
		CHECK(false, CL_OUT_OF_HOST_MEMORY, "no memory for the command");
	}
	*work = (struct svm_free){
		.n = num_svm_pointers,
		.pointers = size ? memcpy(work + 1, svm_pointers, size) : NULL,
		.function = pfn_free_func,
		.user_data = user_data,
	};
	command->host = svm_free;
	command->data = work;
	command->runs_user_code = pfn_free_func;
	return hmmcl_command_enqueue(command, CL_FALSE, event);
}

CL_API_ENTRY cl_int CL_API_CALL
clEnqueueSVMMemcpy(cl_command_queue command_queue, cl_bool blocking_copy, void *dst_ptr,
		   const void *src_ptr, size_t size, cl_uint num_events_in_wait_list,
		   const cl_event *event_wait_list, cl_event *event)
{
	const struct hmmcl_command copy = {
		.type = HMMCL_CMD_COPY,
		.copy = { .dst = dst_ptr, .src = src_ptr, .size = size },
	};
	const uintptr_t dst = (uintptr_t)dst_ptr, src = (uintptr_t)src_ptr;

	CHECK(hmmcl_queue_valid(command_queue), CL_INVALID_COMMAND_QUEUE,
	      "command_queue is not a command-queue");
	CHECK(dst_ptr && src_ptr, CL_INVALID_VALUE, "dst_ptr or src_ptr is NULL");
	CHECK((dst > src ? dst - src : src - dst) >= size, CL_MEM_COPY_OVERLAP,
	      "%zu bytes at %p and %p overlap", size, src_ptr, dst_ptr);

	return hmmcl_mem_enqueue(__func__, command_queue, CL_COMMAND_SVM_MEMCPY,
				 size ? &copy : NULL, NULL, NULL, blocking_copy,
				 num_events_in_wait_list, event_wait_list, event);
}

CL_API_ENTRY cl_int CL_API_CALL
clEnqueueSVMMemFill(cl_command_queue command_queue, void *svm_ptr, const void *pattern,
		    size_t pattern_size, size_t size, cl_uint num_events_in_wait_list,
		    const cl_event *event_wait_list, cl_event *event)
{
	struct hmmcl_command fill = { .type = HMMCL_CMD_FILL };

	CHECK(hmmcl_queue_valid(command_queue), CL_INVALID_COMMAND_QUEUE,
	      "command_queue is not a command-queue");
	CHECK(svm_ptr, CL_INVALID_VALUE, "svm_ptr is NULL");
	CHECK(pattern, CL_INVALID_VALUE, "pattern is NULL");
	CHECK(hmmcl_pattern_size_valid(pattern_size), CL_INVALID_VALUE,
	      "pattern_size %zu is not a power of two from 1 to 128", pattern_size);
	CHECK((uintptr_t)svm_ptr % pattern_size == 0, CL_INVALID_VALUE,
	      "svm_ptr %p is not aligned to pattern_size %zu", svm_ptr, pattern_size);
	CHECK(size % pattern_size == 0, CL_INVALID_VALUE,
	      "size %zu is not a multiple of pattern_size %zu", size, pattern_size);

	fill.fill.dst = svm_ptr;
	fill.fill.size = size;
	fill.fill.pattern_size = pattern_size;
	memcpy(fill.fill.pattern, pattern, pattern_size);
	return hmmcl_mem_enqueue(__func__, command_queue, CL_COMMAND_SVM_MEMFILL,
				 size ? &fill : NULL, NULL, NULL, CL_FALSE,
				 num_events_in_wait_list, event_wait_list, event);
}

CL_API_ENTRY cl_int CL_API_CALL
clEnqueueSVMMap(cl_command_queue command_queue, cl_bool blocking_map, cl_map_flags flags,
		void *svm_ptr, size_t size, cl_uint num_events_in_wait_list,
		const cl_event *event_wait_list, cl_event *event)
{
	CHECK(hmmcl_queue_valid(command_queue), CL_INVALID_COMMAND_QUEUE,
	      "command_queue is not a command-queue");
	CHECK(svm_ptr, CL_INVALID_VALUE, "svm_ptr is NULL");
	CHECK(size, CL_INVALID_VALUE, "size is 0");
	CHECK(hmmcl_map_flags_valid(flags), CL_INVALID_VALUE,
	      "flags 0x%llx: unknown, or exclude each other", (unsigned long long)flags);

	return hmmcl_mem_enqueue(__func__, command_queue, CL_COMMAND_SVM_MAP, NULL, NULL, NULL,
				 blocking_map, num_events_in_wait_list, event_wait_list, event);
}

CL_API_ENTRY cl_int CL_API_CALL clEnqueueSVMUnmap(cl_command_queue command_queue, void *svm_ptr,
						  cl_uint num_events_in_wait_list,
						  const cl_event *event_wait_list, cl_event *event)
{
	CHECK(hmmcl_queue_valid(command_queue), CL_INVALID_COMMAND_QUEUE,
	      "command_queue is not a command-queue");
	CHECK(svm_ptr, CL_INVALID_VALUE, "svm_ptr is NULL");

	return hmmcl_mem_enqueue(__func__, command_queue, CL_COMMAND_SVM_UNMAP, NULL, NULL, NULL,
				 CL_FALSE, num_events_in_wait_list, event_wait_list, event);
}

/*
 * The range to migrate for a pointer and a size, 0 for the whole allocation.  A range that begins
 * outside all SVM allocations is the system's memory, and as good; only its size must be given.
 */
static bool migration_range(cl_context context, const void *ptr, size_t size,
			    struct hmmcl_mem_range *range)
{
	struct hmmcl_svm_range svm;

	*range = (struct hmmcl_mem_range){ .addr = (void *)ptr, .size = size };
	if (!hmmcl_svm_find(context, ptr, &svm))
		return ptr && size;
	if (!size)
		*range = (struct hmmcl_mem_range){ .addr = svm.base, .size = svm.size };
	return size <= (size_t)(svm.base + svm.size - (const char *)ptr);
}

CL_API_ENTRY cl_int CL_API_CALL
clEnqueueSVMMigrateMem(cl_command_queue command_queue, cl_uint num_svm_pointers,
		       const void **svm_pointers, const size_t *sizes,
		       cl_mem_migration_flags flags, cl_uint num_events_in_wait_list,
		       const cl_event *event_wait_list, cl_event *event)
{
	const cl_mem_migration_flags known = CL_MIGRATE_MEM_OBJECT_HOST |
					     CL_MIGRATE_MEM_OBJECT_CONTENT_UNDEFINED;
	struct hmmcl_mem_range *ranges, range;
	cl_event command;
	cl_int error;

	CHECK(hmmcl_queue_valid(command_queue), CL_INVALID_COMMAND_QUEUE,
	      "command_queue is not a command-queue");
	CHECK(num_svm_pointers && svm_pointers, CL_INVALID_VALUE, "no pointers are given");
	CHECK(!(flags & ~known), CL_INVALID_VALUE, "flags 0x%llx are not known",
	      (unsigned long long)flags);
	for (cl_uint i = 0; i < num_svm_pointers; i++)
		CHECK(migration_range(command_queue->context, svm_pointers[i],
				      sizes ? sizes[i] : 0, &range),
		      CL_INVALID_VALUE, "svm_pointers[%u], %zu bytes at %p: not in one allocation",
		      i, sizes ? sizes[i] : 0, svm_pointers[i]);

	TRY(hmmcl_command_create(__func__, command_queue, CL_COMMAND_SVM_MIGRATE_MEM,
				 num_events_in_wait_list, event_wait_list, &command));
	ranges = hmmcl_command_alloc(command, num_svm_pointers * sizeof(*ranges));
	error = ranges ? hmmcl_mem_set_migration(command, ranges, num_svm_pointers,
						 !(flags & CL_MIGRATE_MEM_OBJECT_HOST)) :
			 CL_OUT_OF_HOST_MEMORY;
	if (error) {
		hmmcl_command_discard(command);
		CHECK(false, error, "no memory for the command");
	}
	for (cl_uint i = 0; i < num_svm_pointers; i++)
		migration_range(command_queue->context, svm_pointers[i], sizes ? sizes[i] : 0,
				&ranges[i]);
	return hmmcl_command_enqueue(command, CL_FALSE, event);
}
