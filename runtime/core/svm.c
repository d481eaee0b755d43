/* SPDX-License-Identifier: MIT */
/* Shared virtual memory: allocations and their index by address. */
#include "svm.h"

#include <pthread.h>
#include <search.h>
#include <stdlib.h>

#include "storage.h"

struct allocation {
	struct hmmcl_svm_range range;
	struct hmmcl_storage storage;
};

struct hmmcl_svm_space {
	pthread_rwlock_t lock;
	void *tree;		/* of struct allocation, by address: tsearch(3), balanced */
};

/* Ranges that overlap are equal: so a range of one byte finds what contains it. */
static int compare(const void *left, const void *right)
{
	const struct hmmcl_svm_range *a = left, *b = right;

	if (a->base + a->size <= b->base)
		return -1;
	return b->base + b->size <= a->base;
}

/* The allocation that contains @ptr, or NULL.  The lock is held. */
static struct allocation *find(struct hmmcl_svm_space *space, const void *ptr)
{
	const struct hmmcl_svm_range key = { .base = (char *)ptr, .size = 1 };
	struct allocation **node = tfind(&key, &space->tree, compare);

	return node ? *node : NULL;
}

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
	pthread_rwlock_destroy(&context->svm->lock);
	free(context->svm);
	context->svm = NULL;
}

void *hmmcl_svm_alloc(cl_context context, cl_svm_mem_flags flags, size_t size, size_t align)
{
	struct hmmcl_svm_space *space = context->svm;
	struct allocation *allocation = malloc(sizeof(*allocation));
	void *node;

	if (!allocation)
		return NULL;
	if (hmmcl_storage_alloc(&allocation->storage, size, align)) {
		free(allocation);
		return NULL;
	}
	allocation->range = (struct hmmcl_svm_range){
		.base = allocation->storage.addr,
		.size = size,
		.flags = flags,
	};

	pthread_rwlock_wrlock(&space->lock);
	node = tsearch(&allocation->range, &space->tree, compare);
	pthread_rwlock_unlock(&space->lock);
	if (!node) {
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
	struct allocation *allocation;

	pthread_rwlock_wrlock(&space->lock);
	allocation = find(space, ptr);
	if (allocation && allocation->range.base == ptr)
		tdelete(&allocation->range, &space->tree, compare);
	else
		allocation = NULL;
	pthread_rwlock_unlock(&space->lock);
	if (!allocation)
		return false;

	hmmcl_storage_free(&allocation->storage);
	free(allocation);
	hmmcl_object_unref(context);
	return true;
}

bool hmmcl_svm_find(cl_context context, const void *ptr, struct hmmcl_svm_range *range)
{
	struct hmmcl_svm_space *space = context->svm;
	const struct allocation *allocation;

	pthread_rwlock_rdlock(&space->lock);
	allocation = find(space, ptr);
	if (allocation)
		*range = allocation->range;
	pthread_rwlock_unlock(&space->lock);
	return allocation != NULL;
}
