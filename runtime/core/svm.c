/* SPDX-License-Identifier: MIT */
/* Shared virtual memory: allocations and their index by address. */
#include "svm.h"

#include <pthread.h>
#include <stdlib.h>

#include "address_index.h"
#include "storage.h"

struct allocation {
	struct hmmcl_range range;	/* first: the index gives its address back */
	cl_svm_mem_flags flags;
	struct hmmcl_storage storage;
};

struct hmmcl_svm_space {
	pthread_rwlock_t lock;
	struct hmmcl_address_index index;
};

cl_int hmmcl_svm_space_init(cl_context context)
{
	struct hmmcl_svm_space *space = calloc(1, sizeof(*space));

	if (!space)
		return CL_OUT_OF_HOST_MEMORY;
	pthread_rwlock_init(&space->lock, NULL);
	context->svm = space;
	return CL_SUCCESS;
}

/* Each allocation holds the context, so none is left when it goes. */
void hmmcl_svm_space_fini(cl_context context)
{
	if (!context->svm)
		return;
	hmmcl_address_index_fini(&context->svm->index);
	pthread_rwlock_destroy(&context->svm->lock);
	free(context->svm);
	context->svm = NULL;
}

void *hmmcl_svm_alloc(cl_context context, cl_svm_mem_flags flags, size_t size, size_t align)
{
	struct hmmcl_svm_space *space = context->svm;
	struct allocation *allocation = malloc(sizeof(*allocation));
	int error;

	if (!allocation)
		return NULL;
	if (hmmcl_storage_alloc(&allocation->storage, size, align)) {
		free(allocation);
		return NULL;
	}
	allocation->range.base = allocation->storage.addr;
	allocation->range.size = size;
	allocation->flags = flags;

	pthread_rwlock_wrlock(&space->lock);
	error = hmmcl_address_index_add(&space->index, &allocation->range);
	pthread_rwlock_unlock(&space->lock);
	if (error) {
		hmmcl_storage_free(&allocation->storage);
		free(allocation);
		return NULL;
	}
	hmmcl_object_ref(context);
	return allocation->range.base;
}

bool hmmcl_svm_free(cl_context context, void *ptr)
{
	struct hmmcl_svm_space *space = context->svm;
	struct hmmcl_range *found;
	struct allocation *allocation;

	pthread_rwlock_wrlock(&space->lock);
	found = hmmcl_address_index_find(&space->index, ptr);
	if (found && found->base == ptr)
		hmmcl_address_index_remove(&space->index, found);
	else
		found = NULL;
	pthread_rwlock_unlock(&space->lock);
	if (!found)
		return false;

	allocation = (struct allocation *)found;
	hmmcl_storage_free(&allocation->storage);
	free(allocation);
	hmmcl_object_unref(context);
	return true;
}

bool hmmcl_svm_find(cl_context context, const void *ptr, struct hmmcl_svm_range *range)
{
	struct hmmcl_svm_space *space = context->svm;
	const struct hmmcl_range *found;

	pthread_rwlock_rdlock(&space->lock);
	found = hmmcl_address_index_find(&space->index, ptr);
	if (found)
		*range = (struct hmmcl_svm_range){
			.base = found->base,
			.size = found->size,
			.flags = ((const struct allocation *)found)->flags,
		};
	pthread_rwlock_unlock(&space->lock);
	return found != NULL;
}
