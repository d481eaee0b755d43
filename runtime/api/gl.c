/* SPDX-License-Identifier: MIT */
/*
 * Entry points of the GL and EGL sharing extensions, which are not offered, but stand in the ICD's
 * dispatch table. No context is ever made from a GL context, which is what each asks for first; no
 * memory object has a GL object behind it.
 */
#include <CL/cl_egl.h>
#include <CL/cl_gl.h>

#include "../core/check.h"
#include "../core/mem.h"

#define SHARES_GL false
#define NO_GL "the context does not share objects with GL or EGL: hmmcl does not offer it"

static cl_mem refuse_creation(const char *function, cl_int *errcode_ret)
{
	cl_int error = hmmcl_refuse(function, CL_INVALID_CONTEXT, NO_GL);

	if (errcode_ret)
		*errcode_ret = error;
	return NULL;
}

static cl_int refuse_command(const char *function, cl_command_queue queue)
{
	if (!hmmcl_queue_valid(queue))
		return hmmcl_refuse(function, CL_INVALID_COMMAND_QUEUE,
				    "command_queue is not a command-queue");
	return hmmcl_refuse(function, CL_INVALID_CONTEXT, NO_GL);
}

static cl_int refuse_query(const char *function, cl_mem memobj)
{
	if (!hmmcl_mem_valid(memobj))
		return hmmcl_refuse(function, CL_INVALID_MEM_OBJECT,
				    "memobj is not a memory object");
	return hmmcl_refuse(function, CL_INVALID_GL_OBJECT, "there is no GL object behind memobj");
}

CL_API_ENTRY cl_mem CL_API_CALL clCreateFromGLBuffer(cl_context context, cl_mem_flags flags,
						     cl_GLuint bufobj, cl_int *errcode_ret)
{
	(void)context, (void)flags, (void)bufobj;
	return refuse_creation(__func__, errcode_ret);
}

CL_API_ENTRY cl_mem CL_API_CALL clCreateFromGLTexture(cl_context context, cl_mem_flags flags,
						      cl_GLenum target, cl_GLint miplevel,
						      cl_GLuint texture, cl_int *errcode_ret)
{
	(void)context, (void)flags, (void)target, (void)miplevel, (void)texture;
	return refuse_creation(__func__, errcode_ret);
}

CL_API_ENTRY cl_mem CL_API_CALL clCreateFromGLTexture2D(cl_context context, cl_mem_flags flags,
							cl_GLenum target, cl_GLint miplevel,
							cl_GLuint texture, cl_int *errcode_ret)
{
	(void)context, (void)flags, (void)target, (void)miplevel, (void)texture;
	return refuse_creation(__func__, errcode_ret);
}

CL_API_ENTRY cl_mem CL_API_CALL clCreateFromGLTexture3D(cl_context context, cl_mem_flags flags,
							cl_GLenum target, cl_GLint miplevel,
							cl_GLuint texture, cl_int *errcode_ret)
{
	(void)context, (void)flags, (void)target, (void)miplevel, (void)texture;
	return refuse_creation(__func__, errcode_ret);
}

CL_API_ENTRY cl_mem CL_API_CALL clCreateFromGLRenderbuffer(cl_context context, cl_mem_flags flags,
							   cl_GLuint renderbuffer,
							   cl_int *errcode_ret)
{
	(void)context, (void)flags, (void)renderbuffer;
	return refuse_creation(__func__, errcode_ret);
}

CL_API_ENTRY cl_int CL_API_CALL clGetGLObjectInfo(cl_mem memobj, cl_gl_object_type *gl_object_type,
						  cl_GLuint *gl_object_name)
{
	(void)gl_object_type, (void)gl_object_name;
	return refuse_query(__func__, memobj);
}

CL_API_ENTRY cl_int CL_API_CALL clGetGLTextureInfo(cl_mem memobj, cl_gl_texture_info param_name,
						   size_t param_value_size, void *param_value,
						   size_t *param_value_size_ret)
{
	(void)param_name, (void)param_value_size, (void)param_value, (void)param_value_size_ret;
	return refuse_query(__func__, memobj);
}

CL_API_ENTRY cl_int CL_API_CALL clEnqueueAcquireGLObjects(cl_command_queue command_queue,
							  cl_uint num_objects,
							  const cl_mem *mem_objects,
							  cl_uint num_events_in_wait_list,
							  const cl_event *event_wait_list,
							  cl_event *event)
{
	(void)num_objects, (void)mem_objects, (void)num_events_in_wait_list;
	(void)event_wait_list, (void)event;
	return refuse_command(__func__, command_queue);
}

CL_API_ENTRY cl_int CL_API_CALL clEnqueueReleaseGLObjects(cl_command_queue command_queue,
							  cl_uint num_objects,
							  const cl_mem *mem_objects,
							  cl_uint num_events_in_wait_list,
							  const cl_event *event_wait_list,
							  cl_event *event)
{
	(void)num_objects, (void)mem_objects, (void)num_events_in_wait_list;
	(void)event_wait_list, (void)event;
	return refuse_command(__func__, command_queue);
}

CL_API_ENTRY cl_int CL_API_CALL clGetGLContextInfoKHR(const cl_context_properties *properties,
						      cl_gl_context_info param_name,
						      size_t param_value_size, void *param_value,
						      size_t *param_value_size_ret)
{
	(void)properties, (void)param_name, (void)param_value_size, (void)param_value;
	(void)param_value_size_ret;
	CHECK(SHARES_GL, CL_INVALID_GL_SHAREGROUP_REFERENCE_KHR, NO_GL);
	return CL_SUCCESS;
}

CL_API_ENTRY cl_event CL_API_CALL clCreateEventFromGLsyncKHR(cl_context context, cl_GLsync sync,
							     cl_int *errcode_ret)
{
	(void)context, (void)sync;
	CHECK_OBJECT(SHARES_GL, CL_INVALID_CONTEXT, NO_GL);
	return NULL;
}

CL_API_ENTRY cl_mem CL_API_CALL clCreateFromEGLImageKHR(
	cl_context context, CLeglDisplayKHR display, CLeglImageKHR image, cl_mem_flags flags,
	const cl_egl_image_properties_khr *properties, cl_int *errcode_ret)
{
	(void)display, (void)image, (void)flags, (void)properties;
	CHECK_OBJECT(hmmcl_context_valid(context), CL_INVALID_CONTEXT, "context is not a context");
	CHECK_OBJECT(SHARES_GL, CL_INVALID_OPERATION, NO_GL);
	return NULL;
}

CL_API_ENTRY cl_int CL_API_CALL clEnqueueAcquireEGLObjectsKHR(cl_command_queue command_queue,
							      cl_uint num_objects,
							      const cl_mem *mem_objects,
							      cl_uint num_events_in_wait_list,
							      const cl_event *event_wait_list,
							      cl_event *event)
{
	(void)num_objects, (void)mem_objects, (void)num_events_in_wait_list;
	(void)event_wait_list, (void)event;
	return refuse_command(__func__, command_queue);
}

CL_API_ENTRY cl_int CL_API_CALL clEnqueueReleaseEGLObjectsKHR(cl_command_queue command_queue,
							      cl_uint num_objects,
							      const cl_mem *mem_objects,
							      cl_uint num_events_in_wait_list,
							      const cl_event *event_wait_list,
							      cl_event *event)
{
	(void)num_objects, (void)mem_objects, (void)num_events_in_wait_list;
	(void)event_wait_list, (void)event;
	return refuse_command(__func__, command_queue);
}

CL_API_ENTRY cl_event CL_API_CALL clCreateEventFromEGLSyncKHR(cl_context context, CLeglSyncKHR sync,
							      CLeglDisplayKHR display,
							      cl_int *errcode_ret)
{
	(void)sync, (void)display;
	CHECK_OBJECT(hmmcl_context_valid(context), CL_INVALID_CONTEXT, "context is not a context");
	CHECK_OBJECT(SHARES_GL, CL_INVALID_OPERATION, NO_GL);
	return NULL;
}
