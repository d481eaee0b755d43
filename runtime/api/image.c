/* SPDX-License-Identifier: MIT */
/*
 * OpenCL API, 5.3: images, on a device without them (CL_DEVICE_IMAGE_SUPPORT is CL_FALSE): there
 * are no formats, nothing can be created, and no memory object is an image.
 */
#include "../core/check.h"
#include "../core/mem.h"

/* The signatures are the headers'; of the arguments, only objects are looked at. */
#pragma GCC diagnostic ignored "-Wunused-parameter"

#define NO_IMAGES "the device has no images (CL_DEVICE_IMAGE_SUPPORT)"

#define CREATE(name, ...)							\
CL_API_ENTRY cl_mem CL_API_CALL name(cl_context context, __VA_ARGS__, void *host_ptr, \
				     cl_int *errcode_ret)			\
{										\
	CHECK_OBJECT(hmmcl_context_valid(context), CL_INVALID_CONTEXT,		\
		     "context is not a context");				\
	CHECK_OBJECT(false, CL_INVALID_OPERATION, NO_IMAGES);			\
}

CREATE(clCreateImage, cl_mem_flags flags, const cl_image_format *image_format,
       const cl_image_desc *image_desc)
CREATE(clCreateImageWithProperties, const cl_mem_properties *properties, cl_mem_flags flags,
       const cl_image_format *image_format, const cl_image_desc *image_desc)
CREATE(clCreateImage2D, cl_mem_flags flags, const cl_image_format *image_format,
       size_t image_width, size_t image_height, size_t image_row_pitch)
CREATE(clCreateImage3D, cl_mem_flags flags, const cl_image_format *image_format,
       size_t image_width, size_t image_height, size_t image_depth, size_t image_row_pitch,
       size_t image_slice_pitch)

CL_API_ENTRY cl_int CL_API_CALL clGetSupportedImageFormats(cl_context context, cl_mem_flags flags,
							   cl_mem_object_type image_type,
							   cl_uint num_entries,
							   cl_image_format *image_formats,
							   cl_uint *num_image_formats)
{
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
	CHECK(false, CL_INVALID_MEM_OBJECT, "image is not an image: " NO_IMAGES);
}

#define ENQUEUE(name, ...)							\
CL_API_ENTRY cl_int CL_API_CALL name(cl_command_queue command_queue, __VA_ARGS__, \
				     cl_uint num_events_in_wait_list,		\
				     const cl_event *event_wait_list, cl_event *event) \
{										\
	CHECK(hmmcl_queue_valid(command_queue), CL_INVALID_COMMAND_QUEUE,	\
	      "command_queue is not a command-queue");				\
	CHECK(false, CL_INVALID_OPERATION, NO_IMAGES);				\
}

ENQUEUE(clEnqueueReadImage, cl_mem image, cl_bool blocking_read, const size_t *origin,
	const size_t *region, size_t row_pitch, size_t slice_pitch, void *ptr)
ENQUEUE(clEnqueueWriteImage, cl_mem image, cl_bool blocking_write, const size_t *origin,
	const size_t *region, size_t input_row_pitch, size_t input_slice_pitch, const void *ptr)
ENQUEUE(clEnqueueFillImage, cl_mem image, const void *fill_color, const size_t *origin,
	const size_t *region)
ENQUEUE(clEnqueueCopyImage, cl_mem src_image, cl_mem dst_image, const size_t *src_origin,
	const size_t *dst_origin, const size_t *region)
ENQUEUE(clEnqueueCopyImageToBuffer, cl_mem src_image, cl_mem dst_buffer, const size_t *src_origin,
	const size_t *region, size_t dst_offset)
ENQUEUE(clEnqueueCopyBufferToImage, cl_mem src_buffer, cl_mem dst_image, size_t src_offset,
	const size_t *dst_origin, const size_t *region)

CL_API_ENTRY void *CL_API_CALL clEnqueueMapImage(cl_command_queue command_queue, cl_mem image,
						 cl_bool blocking_map, cl_map_flags map_flags,
						 const size_t *origin, const size_t *region,
						 size_t *image_row_pitch, size_t *image_slice_pitch,
						 cl_uint num_events_in_wait_list,
						 const cl_event *event_wait_list, cl_event *event,
						 cl_int *errcode_ret)
{
	CHECK_OBJECT(hmmcl_queue_valid(command_queue), CL_INVALID_COMMAND_QUEUE,
		     "command_queue is not a command-queue");
	CHECK_OBJECT(false, CL_INVALID_OPERATION, NO_IMAGES);
}
