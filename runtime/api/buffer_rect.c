/* SPDX-License-Identifier: MIT */
/* Reading, writing and copying rectangular regions of buffers. */
#include "../core/check.h"
#include "../core/mem.h"
#include "../core/rect.h"

static void copy_rect_command(struct hmmcl_command *command, void *dst,
			      const struct hmmcl_rect *dst_rect, const void *src,
			      const struct hmmcl_rect *src_rect)
{
	*command = (struct hmmcl_command){
		.type = HMMCL_CMD_COPY_RECT,
		.copy_rect = {
			.dst = (char *)dst + dst_rect->start,
			.src = (const char *)src + src_rect->start,
			.region = { src_rect->region[0], src_rect->region[1], src_rect->region[2] },
			.dst_row_pitch = dst_rect->row_pitch,
			.dst_slice_pitch = dst_rect->slice_pitch,
			.src_row_pitch = src_rect->row_pitch,
			.src_slice_pitch = src_rect->slice_pitch,
		},
	};
}

/* The region of @buffer that the arguments name: CL_INVALID_VALUE. */
static cl_int buffer_rect(const char *function, cl_mem buffer, const size_t origin[3],
			  const size_t region[3], size_t row_pitch, size_t slice_pitch,
			  struct hmmcl_rect *rect)
{
	if (!origin || !region)
		return hmmcl_refuse(function, CL_INVALID_VALUE, "an origin or region is NULL");
	if (!hmmcl_rect_init(rect, origin, region, row_pitch, slice_pitch))
		return hmmcl_refuse(function, CL_INVALID_VALUE,
				    "the buffer's region or pitches: zero, too small or too large");
	if (rect->end > buffer->size)
		return hmmcl_refuse(function, CL_INVALID_VALUE,
				    "the region ends at %zu, outside the buffer of %zu", rect->end,
				    buffer->size);
	return CL_SUCCESS;
}

/* The same for memory of the host, whose size nobody knows. */
static cl_int host_rect(const char *function, const void *ptr, const size_t origin[3],
			const size_t region[3], size_t row_pitch, size_t slice_pitch,
			struct hmmcl_rect *rect)
{
	if (!ptr || !origin)
		return hmmcl_refuse(function, CL_INVALID_VALUE, "ptr or host_origin is NULL");
	if (!hmmcl_rect_init(rect, origin, region, row_pitch, slice_pitch))
		return hmmcl_refuse(function, CL_INVALID_VALUE,
				    "the host's region or pitches: zero, too small or too large");
	return CL_SUCCESS;
}

CL_API_ENTRY cl_int CL_API_CALL
clEnqueueReadBufferRect(cl_command_queue command_queue, cl_mem buffer, cl_bool blocking_read,
			const size_t *buffer_origin, const size_t *host_origin,
			const size_t *region, size_t buffer_row_pitch, size_t buffer_slice_pitch,
			size_t host_row_pitch, size_t host_slice_pitch, void *ptr,
			cl_uint num_events_in_wait_list, const cl_event *event_wait_list,
			cl_event *event)
{
	struct hmmcl_rect in_buffer, in_host;
	struct hmmcl_command copy;

	TRY(hmmcl_buffer_check(__func__, command_queue, buffer));
	TRY(buffer_rect(__func__, buffer, buffer_origin, region, buffer_row_pitch,
			buffer_slice_pitch, &in_buffer));
	TRY(host_rect(__func__, ptr, host_origin, region, host_row_pitch, host_slice_pitch,
		      &in_host));
	CHECK(!(buffer->flags & (CL_MEM_HOST_WRITE_ONLY | CL_MEM_HOST_NO_ACCESS)),
	      CL_INVALID_OPERATION, "the buffer's flags do not let the host read");

	copy_rect_command(&copy, ptr, &in_host, buffer->data, &in_buffer);
	return hmmcl_mem_enqueue(__func__, command_queue, CL_COMMAND_READ_BUFFER_RECT, &copy,
				 buffer, NULL, blocking_read, num_events_in_wait_list,
				 event_wait_list, event);
}

CL_API_ENTRY cl_int CL_API_CALL
clEnqueueWriteBufferRect(cl_command_queue command_queue, cl_mem buffer, cl_bool blocking_write,
			 const size_t *buffer_origin, const size_t *host_origin,
			 const size_t *region, size_t buffer_row_pitch, size_t buffer_slice_pitch,
			 size_t host_row_pitch, size_t host_slice_pitch, const void *ptr,
			 cl_uint num_events_in_wait_list, const cl_event *event_wait_list,
			 cl_event *event)
{
	struct hmmcl_rect in_buffer, in_host;
	struct hmmcl_command copy;

	TRY(hmmcl_buffer_check(__func__, command_queue, buffer));
	TRY(buffer_rect(__func__, buffer, buffer_origin, region, buffer_row_pitch,
			buffer_slice_pitch, &in_buffer));
	TRY(host_rect(__func__, ptr, host_origin, region, host_row_pitch, host_slice_pitch,
		      &in_host));
	CHECK(!(buffer->flags & (CL_MEM_HOST_READ_ONLY | CL_MEM_HOST_NO_ACCESS)),
	      CL_INVALID_OPERATION, "the buffer's flags do not let the host write");

	copy_rect_command(&copy, buffer->data, &in_buffer, ptr, &in_host);
	return hmmcl_mem_enqueue(__func__, command_queue, CL_COMMAND_WRITE_BUFFER_RECT, &copy,
				 buffer, NULL, blocking_write, num_events_in_wait_list,
				 event_wait_list, event);
}

CL_API_ENTRY cl_int CL_API_CALL
clEnqueueCopyBufferRect(cl_command_queue command_queue, cl_mem src_buffer, cl_mem dst_buffer,
			const size_t *src_origin, const size_t *dst_origin, const size_t *region,
			size_t src_row_pitch, size_t src_slice_pitch, size_t dst_row_pitch,
			size_t dst_slice_pitch, cl_uint num_events_in_wait_list,
			const cl_event *event_wait_list, cl_event *event)
{
	struct hmmcl_rect src, dst;
	struct hmmcl_command copy;

	TRY(hmmcl_buffer_check(__func__, command_queue, src_buffer));
	TRY(hmmcl_buffer_check(__func__, command_queue, dst_buffer));
	TRY(buffer_rect(__func__, src_buffer, src_origin, region, src_row_pitch, src_slice_pitch,
			&src));
	TRY(buffer_rect(__func__, dst_buffer, dst_origin, region, dst_row_pitch, dst_slice_pitch,
			&dst));
	CHECK(src_buffer != dst_buffer || (src.row_pitch == dst.row_pitch &&
					   src.slice_pitch == dst.slice_pitch),
	      CL_INVALID_VALUE, "source and destination are one buffer, their pitches differ");
	CHECK(hmmcl_mem_root(src_buffer) != hmmcl_mem_root(dst_buffer) ||
	      !hmmcl_rect_overlap(&src, src_buffer->offset, &dst, dst_buffer->offset),
	      CL_MEM_COPY_OVERLAP, "source and destination overlap");

	copy_rect_command(&copy, dst_buffer->data, &dst, src_buffer->data, &src);
	return hmmcl_mem_enqueue(__func__, command_queue, CL_COMMAND_COPY_BUFFER_RECT, &copy,
				 src_buffer, dst_buffer, CL_FALSE, num_events_in_wait_list,
				 event_wait_list, event);
}
