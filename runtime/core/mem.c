/* SPDX-License-Identifier: MIT */
/* Memory objects: creation, destruction, mappings. */
#include "mem.h"

#include <stdlib.h>
#include <string.h>

#include "svm.h"

struct hmmcl_mapping {
	struct hmmcl_mapping *next;
	uint64_t number;
	cl_mem mem;		/* that was mapped: the buffer or one of its sub-buffers */
	size_t start, end;	/* bytes in the root buffer */
	bool write;
};

/* Forget what is still mapped of @mem. */
static void drop_mappings(cl_mem mem)
{
	cl_mem root = hmmcl_mem_root(mem);
	struct hmmcl_mapping **link = &root->mappings;

	pthread_mutex_lock(&root->map_lock);
	while (*link) {
		struct hmmcl_mapping *mapping = *link;

		if (mapping->mem == mem) {
			*link = mapping->next;
			free(mapping);
		} else {
			link = &mapping->next;
		}
	}
	pthread_mutex_unlock(&root->map_lock);
}

static void mem_destroy(void *object)
{
	cl_mem mem = object;

	drop_mappings(mem);
	pthread_mutex_destroy(&mem->map_lock);
	if (mem->storage.addr)
		hmmcl_storage_free(&mem->storage);
	free(mem->properties);
	hmmcl_object_unref(mem->parent);
	hmmcl_object_unref(mem->context);
}

const struct hmmcl_object_type hmmcl_mem_type = {
	.name = "cl_mem",
	.destroy = mem_destroy,
};

static cl_mem mem_new(cl_context context, cl_mem_flags flags, size_t size)
{
	cl_mem mem = hmmcl_object_new(sizeof(*mem), &hmmcl_mem_type);

	if (!mem)
		return NULL;
	mem->context = hmmcl_object_ref(context);
	mem->type = CL_MEM_OBJECT_BUFFER;
	mem->flags = flags;
	mem->size = size;
	pthread_mutex_init(&mem->map_lock, NULL);
	return mem;
}

cl_int hmmcl_buffer_create(cl_context context, const cl_mem_properties *properties, size_t n,
			   cl_mem_flags flags, size_t size, void *host_ptr, cl_mem *buffer)
{
	cl_mem mem = mem_new(context, flags, size);
	struct hmmcl_svm_range range;

	if (!mem)
		return CL_OUT_OF_HOST_MEMORY;

	if (n) {
		mem->properties = malloc(n * sizeof(*properties));
		if (!mem->properties) {
			hmmcl_object_release(mem);
			return CL_OUT_OF_HOST_MEMORY;
		}
		memcpy(mem->properties, properties, n * sizeof(*properties));
		mem->n_properties = n;
	}

	if (flags & CL_MEM_USE_HOST_PTR) {
		mem->host_ptr = host_ptr;
		mem->data = host_ptr;
		mem->uses_svm = hmmcl_svm_find(context, host_ptr, &range);
	} else {
		if (hmmcl_storage_alloc(&mem->storage, size, 0)) {
			mem->storage.addr = NULL;
			hmmcl_object_release(mem);
			return CL_MEM_OBJECT_ALLOCATION_FAILURE;
		}
		mem->data = mem->storage.addr;
		if (flags & CL_MEM_COPY_HOST_PTR)
			memcpy(mem->data, host_ptr, size);
	}

	*buffer = mem;
	return CL_SUCCESS;
}

cl_int hmmcl_sub_buffer_create(cl_mem parent, cl_mem_flags flags, size_t offset, size_t size,
			       cl_mem *buffer)
{
	cl_mem mem = mem_new(parent->context, flags, size);

	if (!mem)
		return CL_OUT_OF_HOST_MEMORY;
	mem->parent = hmmcl_object_ref(parent);
	mem->offset = offset;
	mem->data = parent->data + offset;
	mem->uses_svm = parent->uses_svm;
	if (parent->host_ptr)
		mem->host_ptr = (char *)parent->host_ptr + offset;

	*buffer = mem;
	return CL_SUCCESS;
}

cl_int hmmcl_mapping_add(cl_mem mem, size_t offset, size_t size, cl_map_flags flags,
			 uint64_t *number)
{
	cl_mem root = hmmcl_mem_root(mem);
	struct hmmcl_mapping *new = malloc(sizeof(*new));
	cl_int error = CL_SUCCESS;

	if (!new)
		return CL_OUT_OF_HOST_MEMORY;
	*new = (struct hmmcl_mapping){
		.mem = mem,
		.start = mem->offset + offset,
		.end = mem->offset + offset + size,
		.write = flags & (CL_MAP_WRITE | CL_MAP_WRITE_INVALIDATE_REGION),
	};

	pthread_mutex_lock(&root->map_lock);
	for (struct hmmcl_mapping *old = root->mappings; old && new->write; old = old->next) {
		if (old->write && old->start < new->end && new->start < old->end)
			error = CL_INVALID_OPERATION;
	}
	if (!error) {
		*number = new->number = ++root->last_mapping;
		new->next = root->mappings;
		root->mappings = new;
	}
	pthread_mutex_unlock(&root->map_lock);

	if (error)
		free(new);
	return error;
}

/* Take the newest mapping out that has this number, or that is @mem's at @ptr. */
static bool take_mapping(cl_mem mem, uint64_t number, const char *ptr)
{
	cl_mem root = hmmcl_mem_root(mem);
	struct hmmcl_mapping **link, *mapping;

	pthread_mutex_lock(&root->map_lock);
	for (link = &root->mappings; *link; link = &(*link)->next) {
		mapping = *link;
		if (number ? mapping->number == number :
		    mapping->mem == mem && root->data + mapping->start == ptr)
			break;
	}
	mapping = *link;
	if (mapping)
		*link = mapping->next;
	pthread_mutex_unlock(&root->map_lock);

	free(mapping);
	return mapping;
}

void hmmcl_mapping_cancel(cl_mem mem, uint64_t number)
{
	take_mapping(mem, number, NULL);
}

bool hmmcl_mapping_remove(cl_mem mem, const void *ptr)
{
	return take_mapping(mem, 0, ptr);
}

cl_uint hmmcl_mapping_count(cl_mem mem)
{
	cl_mem root = hmmcl_mem_root(mem);
	cl_uint count = 0;

	pthread_mutex_lock(&root->map_lock);
	for (const struct hmmcl_mapping *m = root->mappings; m; m = m->next)
		count += m->mem == mem;
	pthread_mutex_unlock(&root->map_lock);
	return count;
}
