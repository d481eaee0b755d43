/* SPDX-License-Identifier: MIT */
/* Shared virtual memory: allocations and their index by address. */
#include "svm.h"

#include <pthread.h>
#include <search.h>
#include <stdlib.h>

#include "context.h"
#include "storage.h"

struct allocation {
	struct hmmcl_svm_range range;
	struct hmmcl_context *context;
	struct hmmcl_storage storage;
};

/* A tree of all contexts' allocations: they are disjoint, so one order fits all. */
static void *tree;
static pthread_rwlock_t tree_lock = PTHREAD_RWLOCK_INITIALIZER;

/* Ranges that overlap are equal: so a range of one byte finds what contains it. */
static int compare(const void *left, const void *right)
{
	const struct hmmcl_svm_range *a = left, *b = right;

	if (a->base + a->size <= b->base)
		return -1;
	return b->base + b->size <= a->base;
}

/* The allocation that contains @ptr, or NULL.  The lock is held. */
static struct allocation *find(const struct hmmcl_context *context, const void *ptr)
{
	const struct hmmcl_svm_range key = { .base = (char *)ptr, .size = 1 };
	struct allocation **node = tfind(&key, &tree, compare);

	return node && (*node)->context == context ? *node : NULL;
}

void *hmmcl_svm_alloc(struct hmmcl_context *context, cl_svm_mem_flags flags, size_t size,
		      size_t align)
{
	struct allocation *allocation = malloc(sizeof(*allocation));
	void *node;

	if (!allocation)
		return NULL;
	if (hmmcl_storage_alloc(&allocation->storage, size, align)) {
		free(allocation);
		return NULL;
	}
	allocation->context = context;
	allocation->range = (struct hmmcl_svm_range){
		.base = allocation->storage.addr,
		.size = size,
		.flags = flags,
	};

	pthread_rwlock_wrlock(&tree_lock);
	node = tsearch(&allocation->range, &tree, compare);
	pthread_rwlock_unlock(&tree_lock);
	if (!node) {
		hmmcl_storage_free(&allocation->storage);
		free(allocation);
		return NULL;
	}
	hmmcl_context_retain(context);
	return allocation->range.base;
}

bool hmmcl_svm_free(struct hmmcl_context *context, void *ptr)
{
	struct allocation *allocation;

	pthread_rwlock_wrlock(&tree_lock);
	allocation = find(context, ptr);
	if (allocation && allocation->range.base == ptr)
		tdelete(&allocation->range, &tree, compare);
	else
		allocation = NULL;
	pthread_rwlock_unlock(&tree_lock);
	if (!allocation)
		return false;

	hmmcl_storage_free(&allocation->storage);
	free(allocation);
	hmmcl_context_release(context);
	return true;
}

bool hmmcl_svm_find(const struct hmmcl_context *context, const void *ptr,
		    struct hmmcl_svm_range *range)
{
	const struct allocation *allocation;

	pthread_rwlock_rdlock(&tree_lock);
	allocation = find(context, ptr);
	if (allocation)
		*range = allocation->range;
	pthread_rwlock_unlock(&tree_lock);
	return allocation != NULL;
}
