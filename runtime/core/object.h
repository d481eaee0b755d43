/* SPDX-License-Identifier: MIT */
/*
 * What every OpenCL object begins with: the ICD dispatch pointer, its type, and its counts.
 *
 * An object has two counts.  The API count is what the application sees
 * (CL_*_REFERENCE_COUNT; clRetain*, clRelease*).  The internal count keeps the memory: all API
 * references together hold one internal reference, each object that needs another (a queue its
 * context, a running command its buffers) holds one more.  So CL_*_REFERENCE_COUNT is 1 after
 * creation whatever else holds the object, and a buffer that is released while a kernel uses it
 * lives until that kernel has ended.
 *
 *	struct _cl_mem { struct hmmcl_object object; ... };	// must be the first member
 *	const struct hmmcl_object_type hmmcl_mem_type = { "cl_mem", mem_destroy };
 *
 *	cl_mem m = hmmcl_object_new(sizeof(*m), &hmmcl_mem_type);	// zeroed, counts 1
 *	m->context = hmmcl_object_ref(context);
 *	...
 *	static void mem_destroy(void *object)	// last reference gone, destroy callbacks have run
 *	{
 *		cl_mem m = object;
 *		hmmcl_object_unref(m->context);
 *		// not free(m): object.c does that
 *	}
 *
 * Objects made before fork() are refused in the child: hmmcl_object_valid is false for them.
 */
#ifndef HMMCL_OBJECT_H
#define HMMCL_OBJECT_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cl.h"

struct hmmcl_object_type {
	const char *name;		/* "cl_mem" */
	void (*destroy)(void *object);	/* give back what it holds; no lock is held */
	bool lazy; /* a release need not hurry what still holds it: events, programs, kernels */
};

struct hmmcl_destroy_callback;

struct hmmcl_object {
	const cl_icd_dispatch *dispatch;	/* first: the ICD loader calls through it */
	const struct hmmcl_object_type *type;	/* NULL once destroyed */
	unsigned int generation;		/* hmmcl_fork_generation when it was made */
	atomic_uint api_refs;
	atomic_uint refs;
	_Atomic(struct hmmcl_destroy_callback *) callbacks;
};

/* Grows by one in each child of fork(). */
extern unsigned int hmmcl_fork_generation;
#define HMMCL_ANY_GENERATION (~0u)

/* Allocate zeroed, with one API reference.  NULL: CL_OUT_OF_HOST_MEMORY. */
void *hmmcl_object_new(size_t size, const struct hmmcl_object_type *type);
/* The same for objects that are not allocated, platform and device: never destroyed, and after
 * fork() the child's as well as the parent's. */
void hmmcl_object_init(struct hmmcl_object *object, const struct hmmcl_object_type *type);

/*
 * True when @handle is a live object of @type that this process made.  Logs nothing.  Use the
 * wrappers of each type's header (hmmcl_context_valid ...) through CHECK.
 */
static inline bool hmmcl_object_valid(const void *handle, const struct hmmcl_object_type *type)
{
	const struct hmmcl_object *object = handle;

	return object && object->type == type &&
	       (object->generation == hmmcl_fork_generation ||
		object->generation == HMMCL_ANY_GENERATION);
}

/* Internal references.  ref returns its argument; unref of NULL does nothing.  unref may run
 * destroy callbacks (the application's code): hold no lock. */
static inline void *hmmcl_object_ref(void *handle)
{
	struct hmmcl_object *object = handle;

	atomic_fetch_add_explicit(&object->refs, 1, memory_order_relaxed);
	return handle;
}
void hmmcl_object_unref(void *handle);

/* clRetain* and clRelease*, for a handle found valid.  release returns false when the application
 * holds no reference: CL_INVALID_*. */
void hmmcl_object_retain(void *handle);
bool hmmcl_object_release(void *handle);

static inline cl_uint hmmcl_object_api_refs(const void *handle)
{
	const struct hmmcl_object *object = handle;

	return atomic_load_explicit(&object->api_refs, memory_order_relaxed);
}

/* Call @function(handle, user_data) when the object is destroyed; last registered, first called
 * (clSetMemObjectDestructorCallback, clSetContextDestructorCallback).  CL_SUCCESS or
 * CL_OUT_OF_HOST_MEMORY. */
cl_int hmmcl_object_on_destroy(void *handle, void (CL_CALLBACK *function)(void *, void *),
			       void *user_data);

#endif
