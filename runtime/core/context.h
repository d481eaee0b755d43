/* SPDX-License-Identifier: MIT */
/* Contexts: one device, one engine, one space of SVM allocations. */
#ifndef HMMCL_CONTEXT_H
#define HMMCL_CONTEXT_H

#include "../transport/engine.h"
#include "device.h"
#include "object.h"

struct hmmcl_scheduler;
struct hmmcl_svm_space;

struct _cl_context {
	struct hmmcl_object object;
	cl_device_id device;
	cl_context_properties *properties;	/* as given, with the terminating zero */
	size_t n_properties;			/* 0: none were given */
	void (CL_CALLBACK *notify)(const char *, const void *, size_t, void *);
	void *notify_data;
	struct hmmcl_scheduler *scheduler;	/* commands of all contexts on one engine */
	struct hmmcl_engine *engine;		/* the scheduler's; lives as long as the context */
	struct hmmcl_svm_space *svm;		/* svm.h */
};

extern const struct hmmcl_object_type hmmcl_context_type;

static inline bool hmmcl_context_valid(cl_context context)
{
	return hmmcl_object_valid(context, &hmmcl_context_type);
}

/*
 * Tell the application through the context's callback, on the thread that runs callbacks, and log
 * it as an error.  @private_info (@size bytes) is copied; may be NULL.
 */
void hmmcl_context_notify(cl_context context, const void *private_info, size_t size,
			  const char *format, ...) __attribute__((format(printf, 4, 5)));

/*
 * Hooks that svm.c defines: set context->svm up (CL_SUCCESS or CL_OUT_OF_HOST_MEMORY) and give back
 * what is left in it when the context is destroyed.
 */
cl_int hmmcl_svm_space_init(cl_context context);
void hmmcl_svm_space_fini(cl_context context);

#endif
