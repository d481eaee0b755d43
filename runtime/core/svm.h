/* SPDX-License-Identifier: MIT */
/*
 * Shared virtual memory: allocations, and finding the one that an address lies in.
 *
 * Every address of the process works on the device, allocated here or not.  The index
 * exists for what the specification asks about allocations: their size, what they contain,
 * and that clSVMFree gets a pointer that clSVMAlloc gave.
 *
 * Each context has an index, set up and torn down by the hooks in context.h.  All functions
 * take and drop its lock and take the same time whatever the number of allocations; no other
 * lock is taken under it.
 */
#ifndef HMMCL_CORE_SVM_H
#define HMMCL_CORE_SVM_H

#include <stdbool.h>
#include <stddef.h>

#include "context.h"

/* One allocation; a copy, true as long as the application does not free it. */
struct hmmcl_svm_range {
	char *base;
	size_t size;			/* bytes, as asked for */
	cl_svm_mem_flags flags;
};

/*
 * Allocate @size (> 0) bytes aligned to @align (a power of two, or 0).  Holds @context until it is
 * freed, as all objects of a context do.  NULL when there is no memory.
 */
void *hmmcl_svm_alloc(cl_context context, cl_svm_mem_flags flags, size_t size, size_t align);

/* Free what hmmcl_svm_alloc returned; false when @ptr is no such address of @context. */
bool hmmcl_svm_free(cl_context context, void *ptr);

/* Find the allocation of @context that contains @ptr, at its start or inside. */
bool hmmcl_svm_find(cl_context context, const void *ptr, struct hmmcl_svm_range *range);

#endif
