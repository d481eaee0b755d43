/* SPDX-License-Identifier: MIT */
/*
 * OpenCL API, 5.3: images, on a device without them (CL_DEVICE_IMAGE_SUPPORT is CL_FALSE): there
 * are no formats, nothing can be created, and no memory object is an image.
 */
#include "../core/check.h"
#include "../core/mem.h"

#define HAS_IMAGES false
#define NO_IMAGES "the device has no images (CL_DEVICE_IMAGE_SUPPORT)"

static cl_mem refuse_creation(const char *function, cl_context context, cl_int *errcode_ret)
{
	cl_int error;

	if (!hmmcl_context_valid(context))
		error = hmmcl_refuse(function, CL_INVALID_CONTEXT, "context is not a context");
	else
		error = hmmcl_refuse(function, CL_INVALID_OPERATION, NO_IMAGES);
	if (errcode_ret)
		*errcode_ret = error;
	return NULL;
}

static cl_int refuse_command(const char *function, cl_command_queue queue)
{
	if (!hmmcl_queue_valid(queue))
		return hmmcl_refuse(function, CL_INVALID_COMMAND_QUEUE,
				    "command_queue is not a command-queue");
	return hmmcl_refuse(function, CL_INVALID_OPERATION, NO_IMAGES);
}

CL_API_ENTRY cl_mem CL_API_CALL clCreateImage(cl_context context, cl_mem_flags flags,
					      const cl_image_format *image_format,
					      const cl_image_desc *image_desc, void *host_ptr,
					      cl_int *errcode_ret)
{
	(void)flags, (void)image_format, (void)image_desc, (void)host_ptr;
	return refuse_creation(__func__, context, errcode_ret);
}

CL_API_ENTRY cl_mem CL_API_CALL clCreateImageWithProperties(cl_context context,
							    const cl_mem_properties *properties,
							    cl_mem_flags flags,
							    const cl_image_format *image_format,
							    const cl_image_desc *image_desc,
							    void *host_ptr, cl_int *errcode_ret)
{
	(void)properties, (void)flags, (void)image_format, (void)image_desc, (void)host_ptr;
	return refuse_creation(__func__, context, errcode_ret);
}

CL_API_ENTRY cl_mem CL_API_CALL clCreateImage2D(cl_context context, cl_mem_flags flags,
						const cl_image_format *image_format,
						size_t image_width, size_t image_height,
						size_t image_row_pitch, void *host_ptr,
						cl_int *errcode_ret)
{
	(void)flags, (void)image_format, (void)image_width, (void)image_height;
	(void)image_row_pitch, (void)host_ptr;
	return refuse_creation(__func__, context, errcode_ret);
}

CL_API_ENTRY cl_mem CL_API_CALL clCreateImage3D(cl_context context, cl_mem_flags flags,
						const cl_image_format *image_format,
						size_t image_width, size_t image_height,
						size_t image_depth, size_t image_row_pitch,
						size_t image_slice_pitch, void *host_ptr,
						cl_int *errcode_ret)
{
	(void)flags, (void)image_format, (void)image_width, (void)image_height, (void)image_depth;
	(void)image_row_pitch, (void)image_slice_pitch, (void)host_ptr;
	return refuse_creation(__func__, context, errcode_ret);
}

CL_API_ENTRY cl_int CL_API_CALL clGetSupportedImageFormats(cl_context context, cl_mem_flags flags,
							   cl_mem_object_type image_type,
							   cl_uint num_entries,
							   cl_image_format *image_formats,
							   cl_uint *num_image_formats)
{
	(void)flags;
	CHECK(hmmcl_context_valid(context), CL_INVALID_CONTEXT, "context is not a context");
	CHECK(image_type >= CL_MEM_OBJECT_IMAGE2D && image_type <= CL_MEM_OBJECT_IMAGE1D_BUFFER,
	      CL_INVALID_VALUE, "image_type 0x%x is no type of image", image_type);
	CHECK(num_entries || !image_formats, CL_INVALID_VALUE,
	      "num_entries is 0 but image_formats is not NULL");
	if (num_image_formats)
		*num_image_formats = 0;
	return CL_SUCCESS;
}

CL_API_ENTRY cl_int CL_API_CALL clGetImageInfo(cl_mem image, cl_image_info param_name,
					       size_t param_value_size, void *param_value,
					       size_t *param_value_size_ret)
{
	(void)image, (void)param_name, (void)param_value_size, (void)param_value;
	(void)param_value_size_ret;
	CHECK(HAS_IMAGES, CL_INVALID_MEM_OBJECT, "image is not an image: " NO_IMAGES);
	return CL_SUCCESS;
}

CL_API_ENTRY cl_int CL_API_CALL clEnqueueReadImage(cl_command_queue command_queue, cl_mem image,
						   cl_bool blocking_read, const size_t *origin,
						   const size_t *region, size_t row_pitch,
						   size_t slice_pitch, void *ptr,
						   cl_uint num_events_in_wait_list,
						   const cl_event *event_wait_list, cl_event *event)
{
	(void)image, (void)blocking_read, (void)origin, (void)region, (void)row_pitch;
	(void)slice_pitch, (void)ptr, (void)num_events_in_wait_list, (void)event_wait_list,
		(void)event;
	return refuse_command(__func__, command_queue);
}

CL_API_ENTRY cl_int CL_API_CALL clEnqueueWriteImage(
	cl_command_queue command_queue, cl_mem image, cl_bool blocking_write, const size_t *origin,
	const size_t *region, size_t input_row_pitch, size_t input_slice_pitch, const void *ptr,
	cl_uint num_events_in_wait_list, const cl_event *event_wait_list, cl_event *event)
{
	(void)image, (void)blocking_write, (void)origin, (void)region, (void)input_row_pitch;
	(void)input_slice_pitch, (void)ptr, (void)num_events_in_wait_list, (void)event_wait_list;
	(void)event;
	return refuse_command(__func__, command_queue);
}

CL_API_ENTRY cl_int CL_API_CALL clEnqueueFillImage(cl_command_queue command_queue, cl_mem image,
						   const void *fill_color, const size_t *origin,
						   const size_t *region,
						   cl_uint num_events_in_wait_list,
						   const cl_event *event_wait_list, cl_event *event)
{
	(void)image, (void)fill_color, (void)origin, (void)region, (void)num_events_in_wait_list;
	(void)event_wait_list, (void)event;
	return refuse_command(__func__, command_queue);
}

CL_API_ENTRY cl_int CL_API_CALL clEnqueueCopyImage(cl_command_queue command_queue, cl_mem src_image,
						   cl_mem dst_image, const size_t *src_origin,
						   const size_t *dst_origin, const size_t *region,
						   cl_uint num_events_in_wait_list,
						   const cl_event *event_wait_list, cl_event *event)
{
	(void)src_image, (void)dst_image, (void)src_origin, (void)dst_origin, (void)region;
	(void)num_events_in_wait_list, (void)event_wait_list, (void)event;
	return refuse_command(__func__, command_queue);
}

CL_API_ENTRY cl_int CL_API_CALL clEnqueueCopyImageToBuffer(cl_command_queue command_queue,
							   cl_mem src_image, cl_mem dst_buffer,
							   const size_t *src_origin,
							   const size_t *region, size_t dst_offset,
							   cl_uint num_events_in_wait_list,
							   const cl_event *event_wait_list,
							   cl_event *event)
{
	(void)src_image, (void)dst_buffer, (void)src_origin, (void)region, (void)dst_offset;
	(void)num_events_in_wait_list, (void)event_wait_list, (void)event;
	return refuse_command(__func__, command_queue);
}

CL_API_ENTRY cl_int CL_API_CALL clEnqueueCopyBufferToImage(
	cl_command_queue command_queue, cl_mem src_buffer, cl_mem dst_image, size_t src_offset,
	const size_t *dst_origin, const size_t *region, cl_uint num_events_in_wait_list,
	const cl_event *event_wait_list, cl_event *event)
{
	(void)src_buffer, (void)dst_image, (void)src_offset, (void)dst_origin, (void)region;
	(void)num_events_in_wait_list, (void)event_wait_list, (void)event;
	return refuse_command(__func__, command_queue);
}

CL_API_ENTRY void *CL_API_CALL clEnqueueMapImage(cl_command_queue command_queue, cl_mem image,
						 cl_bool blocking_map, cl_map_flags map_flags,
						 const size_t *origin, const size_t *region,
						 size_t *image_row_pitch, size_t *image_slice_pitch,
						 cl_uint num_events_in_wait_list,
						 const cl_event *event_wait_list, cl_event *event,
						 cl_int *errcode_ret)
{
	cl_int error = refuse_command(__func__, command_queue);

	(void)image, (void)blocking_map, (void)map_flags, (void)origin, (void)region;
	(void)image_row_pitch, (void)image_slice_pitch, (void)num_events_in_wait_list;
	(void)event_wait_list, (void)event;
	if (errcode_ret)
		*errcode_ret = error;
	return NULL;
}
