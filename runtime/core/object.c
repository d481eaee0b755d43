/* SPDX-License-Identifier: MIT */
/* Counts and the end of OpenCL objects. */
#include <pthread.h>
#include <stdlib.h>

#include "object.h"
#include "scheduler.h"

struct hmmcl_destroy_callback {
	struct hmmcl_destroy_callback *next;
	void (CL_CALLBACK *function)(void *, void *);
	void *user_data;
};

unsigned int hmmcl_fork_generation;

static void in_forked_child(void)
{
	hmmcl_fork_generation++;
}

__attribute__((constructor)) static void watch_forks(void)
{
	pthread_atfork(NULL, NULL, in_forked_child);
}

void hmmcl_object_init(struct hmmcl_object *object, const struct hmmcl_object_type *type)
{
	object->dispatch = &hmmcl_dispatch;
	object->type = type;
	object->generation = HMMCL_ANY_GENERATION;
	atomic_init(&object->api_refs, 1);
	atomic_init(&object->refs, 1);
	atomic_init(&object->callbacks, NULL);
}

void *hmmcl_object_new(size_t size, const struct hmmcl_object_type *type)
{
	struct hmmcl_object *object = calloc(1, size);

	if (object) {
		hmmcl_object_init(object, type);
		object->generation = hmmcl_fork_generation;
	}
	return object;
}

void hmmcl_object_unref(void *handle)
{
	struct hmmcl_object *object = handle;
	struct hmmcl_destroy_callback *callback, *next;

	if (!object)
		return;
	if (atomic_fetch_sub_explicit(&object->refs, 1, memory_order_acq_rel) != 1)
		return;
	for (callback = atomic_load(&object->callbacks); callback; callback = next) {
		next = callback->next;
		callback->function(object, callback->user_data);
		free(callback);
	}
	object->type->destroy(object);
	object->type = NULL;
	free(object);
}

void hmmcl_object_retain(void *handle)
{
	struct hmmcl_object *object = handle;

	/* From zero: the application asked another object for this one (CL_KERNEL_PROGRAM) and
	 * keeps it. */
	if (atomic_fetch_add_explicit(&object->api_refs, 1, memory_order_relaxed) == 0)
		hmmcl_object_ref(object);
}

bool hmmcl_object_release(void *handle)
{
	struct hmmcl_object *object = handle;
	unsigned int refs = atomic_load_explicit(&object->api_refs, memory_order_relaxed);
	bool lazy = object->type->lazy;

	do {
		if (refs == 0)
			return false;
	} while (!atomic_compare_exchange_weak_explicit(
		&object->api_refs, &refs, refs - 1, memory_order_acq_rel, memory_order_relaxed));
	if (refs > 1)
		return true;
	if (!lazy && atomic_load_explicit(&object->refs, memory_order_relaxed) > 1)
		hmmcl_scheduler_kick();
	hmmcl_object_unref(object);
	return true;
}

cl_int hmmcl_object_on_destroy(void *handle, void (CL_CALLBACK *function)(void *, void *),
			       void *user_data)
{
	struct hmmcl_object *object = handle;
	struct hmmcl_destroy_callback *callback = malloc(sizeof(*callback));

	if (!callback)
		return CL_OUT_OF_HOST_MEMORY;
	callback->function = function;
	callback->user_data = user_data;
	callback->next = atomic_load(&object->callbacks);
	while (!atomic_compare_exchange_weak(&object->callbacks, &callback->next, callback))
		;
	return CL_SUCCESS;
}
