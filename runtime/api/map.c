/* SPDX-License-Identifier: MIT */
/*
 * Mapping and unmapping (OpenCL API, "Mapping Buffer Objects", "Unmapping Mapped Memory
 * Objects").  A buffer's storage is the host's memory, so these commands move nothing: they
 * are points in the order of a queue, and bookkeeping.
 */
#include "../core/check.h"
#include "../core/mem.h"

struct map {
	cl_mem mem;
	uint64_t number;
};

/* A map command that was terminated has mapped nothing. */
static void map_completed(cl_event command, cl_int status, void *data)
{
	const struct map *map = data;

	(void)command;
	if (status < 0)
		hmmcl_mapping_cancel(map->mem, map->number);
}

CL_API_ENTRY void *CL_API_CALL
clEnqueueMapBuffer(cl_command_queue command_queue, cl_mem buffer, cl_bool blocking_map,
		   cl_map_flags map_flags, size_t offset, size_t size,
		   cl_uint num_events_in_wait_list, const cl_event *event_wait_list,
		   cl_event *event, cl_int *errcode_ret)
{
	struct map *map;
	cl_event command;
	cl_int error;

	TRY_OBJECT(hmmcl_buffer_check(__func__, command_queue, buffer));
	CHECK_OBJECT(hmmcl_mem_contains(buffer, offset, size), CL_INVALID_VALUE,
		     "%zu bytes from %zu on are not inside the buffer of %zu", size, offset,
		     buffer->size);
	CHECK_OBJECT(size, CL_INVALID_VALUE, "size is 0");
	CHECK_OBJECT(hmmcl_map_flags_valid(map_flags), CL_INVALID_VALUE,
		     "map_flags 0x%llx: unknown, or exclude each other",
		     (unsigned long long)map_flags);
	CHECK_OBJECT(!(map_flags & CL_MAP_READ) ||
		     !(buffer->flags & (CL_MEM_HOST_WRITE_ONLY | CL_MEM_HOST_NO_ACCESS)),
		     CL_INVALID_OPERATION, "the buffer's flags do not let the host read");
	CHECK_OBJECT(!(map_flags & (CL_MAP_WRITE | CL_MAP_WRITE_INVALIDATE_REGION)) ||
		     !(buffer->flags & (CL_MEM_HOST_READ_ONLY | CL_MEM_HOST_NO_ACCESS)),
		     CL_INVALID_OPERATION, "the buffer's flags do not let the host write");

	TRY_OBJECT(hmmcl_command_create(__func__, command_queue, CL_COMMAND_MAP_BUFFER,
					num_events_in_wait_list, event_wait_list, &command));
	map = hmmcl_command_alloc(command, sizeof(*map));
	error = map ? hmmcl_command_hold(command, buffer) : CL_OUT_OF_HOST_MEMORY;
	if (!error) {
		map->mem = buffer;
		error = hmmcl_mapping_add(buffer, offset, size, map_flags, &map->number);
	}
	if (error) {
		hmmcl_command_discard(command);
		CHECK_OBJECT(error != CL_INVALID_OPERATION, error,
			     "%zu bytes from %zu on overlap what is mapped for writing", size,
			     offset);
		CHECK_OBJECT(false, error, "no memory for the command");
	}
	command->on_complete = map_completed;
	command->data = map;
	TRY_OBJECT(hmmcl_command_enqueue(command, blocking_map, event));
	RETURN_OBJECT(buffer->data + offset);
}

CL_API_ENTRY cl_int CL_API_CALL
clEnqueueUnmapMemObject(cl_command_queue command_queue, cl_mem memobj, void *mapped_ptr,
			cl_uint num_events_in_wait_list, const cl_event *event_wait_list,
			cl_event *event)
{
	cl_event command;
	cl_int error;

	CHECK(hmmcl_queue_valid(command_queue), CL_INVALID_COMMAND_QUEUE,
	      "command_queue is not a command-queue");
	CHECK(hmmcl_mem_valid(memobj), CL_INVALID_MEM_OBJECT, "memobj is not a memory object");
	CHECK(memobj->context == command_queue->context, CL_INVALID_CONTEXT,
	      "memobj and command_queue are of different contexts");

	TRY(hmmcl_command_create(__func__, command_queue, CL_COMMAND_UNMAP_MEM_OBJECT,
				 num_events_in_wait_list, event_wait_list, &command));
	error = hmmcl_command_hold(command, memobj);
	if (error || !hmmcl_mapping_remove(memobj, mapped_ptr)) {
		hmmcl_command_discard(command);
		CHECK(!error, error, "no memory for the command");
		CHECK(false, CL_INVALID_VALUE, "nothing of memobj is mapped at %p", mapped_ptr);
	}
	return hmmcl_command_enqueue(command, CL_FALSE, event);
}
