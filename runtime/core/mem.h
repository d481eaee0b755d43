/* SPDX-License-Identifier: MIT */
/*
 * Memory objects: buffers and sub-buffers, what is mapped of them, and the commands on them.
 *
 * A buffer's storage is memory of this process: the application's own with
 * CL_MEM_USE_HOST_PTR, else allocated for it.  Kernels get its address, so nothing is ever
 * copied behind the application's back.
 */
#ifndef HMMCL_CORE_MEM_H
#define HMMCL_CORE_MEM_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "command.h"
#include "storage.h"

struct hmmcl_mapping;

struct _cl_mem {
	struct hmmcl_object object;
	cl_context context;
	cl_mem_object_type type;
	cl_mem_flags flags;		/* as CL_MEM_FLAGS reports them: a sub-buffer's with the inherited */
	cl_mem parent;			/* of a sub-buffer; held */
	size_t offset;			/* in the parent, bytes */
	size_t size;			/* bytes */
	char *data;			/* its first byte */
	void *host_ptr;			/* CL_MEM_HOST_PTR */
	bool uses_svm;			/* CL_MEM_USES_SVM_POINTER */
	struct hmmcl_storage storage;	/* addr is NULL: memory of the application or the parent */
	cl_mem_properties *properties;	/* as given, with the terminating zero */
	size_t n_properties;		/* 0: none were given */

	pthread_mutex_t map_lock;	/* of a buffer without parent, for it and its sub-buffers */
	struct hmmcl_mapping *mappings;
	uint64_t last_mapping;
};

extern const struct hmmcl_object_type hmmcl_mem_type;

static inline bool hmmcl_mem_valid(cl_mem mem)
{
	return hmmcl_object_valid(mem, &hmmcl_mem_type);
}

static inline bool hmmcl_buffer_valid(cl_mem mem)
{
	return hmmcl_mem_valid(mem) && mem->type == CL_MEM_OBJECT_BUFFER;
}

/* The buffer that has the storage: a sub-buffer's parent, else the buffer itself. */
static inline cl_mem hmmcl_mem_root(cl_mem mem)
{
	return mem->parent ? mem->parent : mem;
}

/* Whether @size bytes from @offset on lie inside. */
static inline bool hmmcl_mem_contains(cl_mem mem, size_t offset, size_t size)
{
	return offset <= mem->size && size <= mem->size - offset;
}

/* A pattern that fills can repeat: the size of a scalar or vector type. */
static inline bool hmmcl_pattern_size_valid(size_t size)
{
	return size && size <= 128 && !(size & (size - 1));
}

/* Only known flags, and CL_MAP_WRITE_INVALIDATE_REGION not with another. */
static inline bool hmmcl_map_flags_valid(cl_map_flags flags)
{
	return !(flags & ~(CL_MAP_READ | CL_MAP_WRITE | CL_MAP_WRITE_INVALIDATE_REGION)) &&
	       (!(flags & CL_MAP_WRITE_INVALIDATE_REGION) ||
		flags == CL_MAP_WRITE_INVALIDATE_REGION);
}

/*
 * Make a buffer; arguments have been checked.  @host_ptr goes with CL_MEM_USE_HOST_PTR or
 * CL_MEM_COPY_HOST_PTR, which copies at once.  @properties: @n with the terminating zero.
 * CL_OUT_OF_HOST_MEMORY, CL_MEM_OBJECT_ALLOCATION_FAILURE.
 */
cl_int hmmcl_buffer_create(cl_context context, const cl_mem_properties *properties, size_t n,
			   cl_mem_flags flags, size_t size, void *host_ptr, cl_mem *buffer);

/* Make a sub-buffer of @parent, a buffer without parent; @flags with the inherited. */
cl_int hmmcl_sub_buffer_create(cl_mem parent, cl_mem_flags flags, size_t offset, size_t size,
			       cl_mem *buffer);

/*
 * Mappings.  They count from the enqueueing of the map command to that of the unmap command, so
 * that commands which follow each other in a queue can be checked as they are enqueued.
 *
 * add: gives the mapping's number; CL_INVALID_OPERATION when it overlaps another, and both are
 * for writing; CL_OUT_OF_HOST_MEMORY.
 * cancel: the map command failed.  remove: false when @ptr is no mapping of @mem.
 */
cl_int hmmcl_mapping_add(cl_mem mem, size_t offset, size_t size, cl_map_flags flags,
			 uint64_t *number);
void hmmcl_mapping_cancel(cl_mem mem, uint64_t number);
bool hmmcl_mapping_remove(cl_mem mem, const void *ptr);
cl_uint hmmcl_mapping_count(cl_mem mem);

/*
 * What every command on a buffer checks first: CL_INVALID_COMMAND_QUEUE, CL_INVALID_MEM_OBJECT,
 * CL_INVALID_CONTEXT.  (CL_MISALIGNED_SUB_BUFFER_OFFSET cannot arise: clCreateSubBuffer refuses.)
 */
cl_int hmmcl_buffer_check(const char *function, cl_command_queue queue, cl_mem buffer);

/*
 * Enqueue a command on memory: what all transfers end with.  @work is the engine's command, or
 * NULL when there is nothing to do but to take its place in the order.  Holds @a and @b (may be
 * NULL) until it has ended.  The other arguments and the errors are the entry point's own.
 */
cl_int hmmcl_mem_enqueue(const char *function, cl_command_queue queue, cl_command_type type,
			 const struct hmmcl_command *work, cl_mem a, cl_mem b, cl_bool blocking,
			 cl_uint num_events, const cl_event *list, cl_event *event);

/* A range of addresses to migrate. */
struct hmmcl_mem_range {
	void *addr;
	size_t size;
};

/*
 * Make @command, not yet enqueued, migrate @n ranges that lie in its own memory
 * (hmmcl_command_alloc), to the device or to the system.  CL_OUT_OF_HOST_MEMORY.
 */
cl_int hmmcl_mem_set_migration(cl_event command, struct hmmcl_mem_range *ranges, size_t n,
			       bool to_device);

#endif
