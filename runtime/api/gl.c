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

/* The signatures are the headers'; of the arguments, only objects are looked at. */
#pragma GCC diagnostic ignored "-Wunused-parameter"

#define NO_GL "the context does not share objects with GL or EGL: hmmcl does not offer it"

/* Makes an object from one of GL's: no context is good for that. */
#define CREATE_FROM_GL(type, name, ...)						\
CL_API_ENTRY type CL_API_CALL name(__VA_ARGS__, cl_int *errcode_ret)		\
{										\
	CHECK_OBJECT(false, CL_INVALID_CONTEXT, NO_GL);				\
}

CREATE_FROM_GL(cl_mem, clCreateFromGLBuffer, cl_context context, cl_mem_flags flags,
	       cl_GLuint bufobj)
CREATE_FROM_GL(cl_mem, clCreateFromGLTexture, cl_context context, cl_mem_flags flags,
	       cl_GLenum target, cl_GLint miplevel, cl_GLuint texture)
CREATE_FROM_GL(cl_mem, clCreateFromGLTexture2D, cl_context context, cl_mem_flags flags,
	       cl_GLenum target, cl_GLint miplevel, cl_GLuint texture)
CREATE_FROM_GL(cl_mem, clCreateFromGLTexture3D, cl_context context, cl_mem_flags flags,
	       cl_GLenum target, cl_GLint miplevel, cl_GLuint texture)
CREATE_FROM_GL(cl_mem, clCreateFromGLRenderbuffer, cl_context context, cl_mem_flags flags,
	       cl_GLuint renderbuffer)
CREATE_FROM_GL(cl_event, clCreateEventFromGLsyncKHR, cl_context context, cl_GLsync sync)

/* The same from EGL's: a context need not be special, but the device must be able to. */
#define CREATE_FROM_EGL(type, name, ...)					\
CL_API_ENTRY type CL_API_CALL name(cl_context context, __VA_ARGS__, cl_int *errcode_ret) \
{										\
	CHECK_OBJECT(hmmcl_context_valid(context), CL_INVALID_CONTEXT,		\
		     "context is not a context");				\
	CHECK_OBJECT(false, CL_INVALID_OPERATION, NO_GL);			\
}

CREATE_FROM_EGL(cl_mem, clCreateFromEGLImageKHR, CLeglDisplayKHR display, CLeglImageKHR image,
		cl_mem_flags flags, const cl_egl_image_properties_khr *properties)
CREATE_FROM_EGL(cl_event, clCreateEventFromEGLSyncKHR, CLeglSyncKHR sync, CLeglDisplayKHR display)

/* Acquires or releases objects: they all have this signature. */
#define ENQUEUE(name)								\
CL_API_ENTRY cl_int CL_API_CALL name(cl_command_queue command_queue, cl_uint num_objects, \
				     const cl_mem *mem_objects,			\
				     cl_uint num_events_in_wait_list,		\
				     const cl_event *event_wait_list, cl_event *event) \
{										\
	CHECK(hmmcl_queue_valid(command_queue), CL_INVALID_COMMAND_QUEUE,	\
	      "command_queue is not a command-queue");				\
	CHECK(false, CL_INVALID_CONTEXT, NO_GL);				\
}

ENQUEUE(clEnqueueAcquireGLObjects)
ENQUEUE(clEnqueueReleaseGLObjects)
ENQUEUE(clEnqueueAcquireEGLObjectsKHR)
ENQUEUE(clEnqueueReleaseEGLObjectsKHR)

#define QUERY(name, ...)							\
CL_API_ENTRY cl_int CL_API_CALL name(cl_mem memobj, __VA_ARGS__)		\
{										\
	CHECK(hmmcl_mem_valid(memobj), CL_INVALID_MEM_OBJECT,			\
	      "memobj is not a memory object");					\
	CHECK(false, CL_INVALID_GL_OBJECT, "there is no GL object behind memobj"); \
}

QUERY(clGetGLObjectInfo, cl_gl_object_type *gl_object_type, cl_GLuint *gl_object_name)
QUERY(clGetGLTextureInfo, cl_gl_texture_info param_name, size_t param_value_size,
      void *param_value, size_t *param_value_size_ret)

CL_API_ENTRY cl_int CL_API_CALL clGetGLContextInfoKHR(const cl_context_properties *properties,
						      cl_gl_context_info param_name,
						      size_t param_value_size, void *param_value,
						      size_t *param_value_size_ret)
{
	CHECK(false, CL_INVALID_GL_SHAREGROUP_REFERENCE_KHR, NO_GL);
}
