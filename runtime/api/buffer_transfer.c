/* SPDX-License-Identifier: MIT */
/* Reading, writing, copying and filling buffers, in one dimension. */
#include <string.h>

#include "../core/check.h"
#include "../core/mem.h"

/*
 * Enqueue a copy of @size bytes; of none, only the command's place in the order is left.
 */
static cl_int enqueue_copy(const char *function, cl_command_queue queue, cl_command_type type,
			   void *dst, const void *src, size_t size, cl_mem a, cl_mem b,
			   cl_bool blocking, cl_uint num_events, const cl_event *list,
			   cl_event *event)
{
	const struct hmmcl_command copy = {
		.type = HMMCL_CMD_COPY,
		.copy = { .dst = dst, .src = src, .size = size },
	};

	return hmmcl_mem_enqueue(function, queue, type, size ? &copy : NULL, a, b, blocking,
				 num_events, list, event);
}

CL_API_ENTRY cl_int CL_API_CALL
clEnqueueReadBuffer(cl_command_queue command_queue, cl_mem buffer, cl_bool blocking_read,
		    size_t offset, size_t size, void *ptr, cl_uint num_events_in_wait_list,
		    const cl_event *event_wait_list, cl_event *event)
{
	TRY(hmmcl_buffer_check(__func__, command_queue, buffer));
	CHECK(hmmcl_mem_contains(buffer, offset, size), CL_INVALID_VALUE,
	      "%zu bytes from %zu on are not inside the buffer of %zu", size, offset, buffer->size);
	CHECK(ptr, CL_INVALID_VALUE, "ptr is NULL");
	CHECK(!(buffer->flags & (CL_MEM_HOST_WRITE_ONLY | CL_MEM_HOST_NO_ACCESS)),
	      CL_INVALID_OPERATION, "the buffer's flags do not let the host read");

	return enqueue_copy(__func__, command_queue, CL_COMMAND_READ_BUFFER, ptr,
			    buffer->data + offset, size, buffer, NULL, blocking_read,
			    num_events_in_wait_list, event_wait_list, event);
}

CL_API_ENTRY cl_int CL_API_CALL
clEnqueueWriteBuffer(cl_command_queue command_queue, cl_mem buffer, cl_bool blocking_write,
		     size_t offset, size_t size, const void *ptr, cl_uint num_events_in_wait_list,
		     const cl_event *event_wait_list, cl_event *event)
{
	TRY(hmmcl_buffer_check(__func__, command_queue, buffer));
	CHECK(hmmcl_mem_contains(buffer, offset, size), CL_INVALID_VALUE,
	      "%zu bytes from %zu on are not inside the buffer of %zu", size, offset, buffer->size);
	CHECK(ptr, CL_INVALID_VALUE, "ptr is NULL");
	CHECK(!(buffer->flags & (CL_MEM_HOST_READ_ONLY | CL_MEM_HOST_NO_ACCESS)),
	      CL_INVALID_OPERATION, "the buffer's flags do not let the host write");

	return enqueue_copy(__func__, command_queue, CL_COMMAND_WRITE_BUFFER, buffer->data + offset,
			    ptr, size, buffer, NULL, blocking_write, num_events_in_wait_list,
			    event_wait_list, event);
}

CL_API_ENTRY cl_int CL_API_CALL
clEnqueueCopyBuffer(cl_command_queue command_queue, cl_mem src_buffer, cl_mem dst_buffer,
		    size_t src_offset, size_t dst_offset, size_t size,
		    cl_uint num_events_in_wait_list, const cl_event *event_wait_list,
		    cl_event *event)
{
	size_t src, dst;

	TRY(hmmcl_buffer_check(__func__, command_queue, src_buffer));
	TRY(hmmcl_buffer_check(__func__, command_queue, dst_buffer));
	CHECK(hmmcl_mem_contains(src_buffer, src_offset, size), CL_INVALID_VALUE,
	      "%zu bytes from %zu on are not inside src_buffer of %zu", size, src_offset,
	      src_buffer->size);
	CHECK(hmmcl_mem_contains(dst_buffer, dst_offset, size), CL_INVALID_VALUE,
	      "%zu bytes from %zu on are not inside dst_buffer of %zu", size, dst_offset,
	      dst_buffer->size);
	src = src_buffer->offset + src_offset;
	dst = dst_buffer->offset + dst_offset;
	CHECK(hmmcl_mem_root(src_buffer) != hmmcl_mem_root(dst_buffer) || src + size <= dst ||
	      dst + size <= src, CL_MEM_COPY_OVERLAP,
	      "source and destination overlap: %zu and %zu, %zu bytes", src, dst, size);

	return enqueue_copy(__func__, command_queue, CL_COMMAND_COPY_BUFFER,
			    dst_buffer->data + dst_offset, src_buffer->data + src_offset, size,
			    src_buffer, dst_buffer, CL_FALSE, num_events_in_wait_list,
			    event_wait_list, event);
}

CL_API_ENTRY cl_int CL_API_CALL
clEnqueueFillBuffer(cl_command_queue command_queue, cl_mem buffer, const void *pattern,
		    size_t pattern_size, size_t offset, size_t size,
		    cl_uint num_events_in_wait_list, const cl_event *event_wait_list,
		    cl_event *event)
{
	struct hmmcl_command fill = { .type = HMMCL_CMD_FILL };

	TRY(hmmcl_buffer_check(__func__, command_queue, buffer));
	CHECK(hmmcl_mem_contains(buffer, offset, size), CL_INVALID_VALUE,
	      "%zu bytes from %zu on are not inside the buffer of %zu", size, offset, buffer->size);
	CHECK(pattern, CL_INVALID_VALUE, "pattern is NULL");
	CHECK(hmmcl_pattern_size_valid(pattern_size), CL_INVALID_VALUE,
	      "pattern_size %zu is not a power of two from 1 to 128", pattern_size);
	CHECK(offset % pattern_size == 0 && size % pattern_size == 0, CL_INVALID_VALUE,
	      "offset %zu and size %zu are not multiples of pattern_size %zu", offset, size,
	      pattern_size);

	fill.fill.dst = buffer->data + offset;
	fill.fill.size = size;
	fill.fill.pattern_size = pattern_size;
	memcpy(fill.fill.pattern, pattern, pattern_size);
	return hmmcl_mem_enqueue(__func__, command_queue, CL_COMMAND_FILL_BUFFER,
				 size ? &fill : NULL, buffer, NULL, CL_FALSE,
				 num_events_in_wait_list, event_wait_list, event);
}
