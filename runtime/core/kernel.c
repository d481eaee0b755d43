/* SPDX-License-Identifier: MIT */
/* The life of kernels, and what a launch needs to be worked out once. */
#include "kernel.h"

#include <stdlib.h>
#include <string.h>

#include "../engine/control.h"

/* Work-items of a group when we choose: enough to pay for the group, few enough to share work out. */
#define CHOSEN_GROUP_SIZE 256

/* Groups for each worker, so that none waits long for the others at the end. */
#define GROUPS_PER_WORKER 4

static void kernel_destroy(void *object)
{
	cl_kernel kernel = object;

	free(kernel->args);
	free(kernel->mems);
	free(kernel->local_sizes);
	free(kernel->is_set);
	if (kernel->executable) {
		HMMCL_PROGRAM_GUARD(kernel->program);
		kernel->program->n_kernels--;
	}
	hmmcl_object_unref(kernel->executable);
	hmmcl_object_unref(kernel->program);
}

const struct hmmcl_object_type hmmcl_kernel_type = {
	.name = "cl_kernel", .destroy = kernel_destroy, .lazy = true,
};

/* While kernels are attached, the program cannot be built anew. */
static bool attach(cl_kernel kernel, struct hmmcl_executable *executable)
{
	HMMCL_PROGRAM_GUARD(kernel->program);
	if (kernel->program->executable != executable)
		return false;
	kernel->program->n_kernels++;
	kernel->executable = hmmcl_object_ref(executable);
	return true;
}

/* What lives across barriers must fit into a worker's arena. */
static size_t max_group_size(const struct hmmcl_kernel_info *info)
{
	size_t items = HMMCL_MAX_WORK_GROUP_SIZE;

	if (info->context_item && info->context_fixed < HMMCL_WORKER_ARENA_MAX) {
		size_t fit = (HMMCL_WORKER_ARENA_MAX - info->context_fixed) / info->context_item;

		if (fit < items)
			items = fit;
	}
	return items;
}

cl_kernel hmmcl_kernel_new(cl_program program, struct hmmcl_executable *executable,
			   unsigned int index)
{
	const struct hmmcl_kernel_info *info = &executable->code.kernels[index];
	cl_kernel kernel = hmmcl_object_new(sizeof(*kernel), &hmmcl_kernel_type);
	size_t n = info->n_args;

	if (!kernel)
		return NULL;
	kernel->context = program->context;
	kernel->program = hmmcl_object_ref(program);
	kernel->info = info;
	kernel->entry = executable->entries[index];
	kernel->max_group_size = max_group_size(info);
	kernel->args = calloc(1, info->args_size + 1);
	kernel->mems = calloc(n + 1, sizeof(*kernel->mems));
	kernel->local_sizes = calloc(n + 1, sizeof(*kernel->local_sizes));
	kernel->is_set = calloc(n + 1, sizeof(*kernel->is_set));
	kernel->n_unset = n;
	kernel->local_size = info->local_size;
	if (!kernel->args || !kernel->mems || !kernel->local_sizes || !kernel->is_set ||
	    !attach(kernel, executable)) {
		hmmcl_object_unref(kernel);
		return NULL;
	}
	return kernel;
}

cl_kernel hmmcl_kernel_clone(cl_kernel source)
{
	const struct hmmcl_kernel_info *info = source->info;
	cl_kernel kernel = hmmcl_kernel_new(source->program, source->executable,
					    info - source->executable->code.kernels);

	if (!kernel)
		return NULL;
	memcpy(kernel->args, source->args, info->args_size);
	memcpy(kernel->mems, source->mems, info->n_args * sizeof(*kernel->mems));
	memcpy(kernel->local_sizes, source->local_sizes,
	       info->n_args * sizeof(*kernel->local_sizes));
	memcpy(kernel->is_set, source->is_set, info->n_args * sizeof(*kernel->is_set));
	kernel->n_unset = source->n_unset;
	kernel->local_size = source->local_size;
	return kernel;
}

void hmmcl_kernel_place_locals(cl_kernel kernel)
{
	const struct hmmcl_kernel_info *info = kernel->info;
	uint64_t end = info->local_size;

	for (unsigned int i = 0; i < info->n_args; i++) {
		const struct hmmcl_arg_info *arg = &info->args[i];

		if (arg->kind != HMMCL_ARG_LOCAL || !kernel->is_set[i])
			continue;
		end = (end + arg->pointee_align - 1) & ~(uint64_t)(arg->pointee_align - 1);
		memcpy(kernel->args + arg->offset, &end, sizeof(end));
		/* Too much is refused when it is enqueued; here it only must not wrap around. */
		if (__builtin_add_overflow(end, kernel->local_sizes[i], &end))
			end = UINT64_MAX / 2;
	}
	kernel->local_size = end;
}

/* A group size for @n items, at most @limit: a divisor, unless there is only a small one and the last
 * group may be smaller than the others. */
static size_t group_size(size_t n, size_t limit, bool uniform)
{
	size_t size;

	if (limit > n)
		limit = n;
	for (size = limit; n % size; size--)
		;
	return uniform || size >= limit / 4 ? size : limit;
}

void hmmcl_kernel_choose_local(cl_kernel kernel, const size_t global[3], size_t local[3])
{
	const uint32_t *reqd = kernel->info->reqd_work_group_size;
	size_t groups = (size_t)kernel->context->device->info.workers * GROUPS_PER_WORKER;
	size_t total, limit = CHOSEN_GROUP_SIZE;

	if (reqd[0]) {
		for (int d = 0; d < 3; d++)
			local[d] = reqd[d];
		return;
	}
	if (limit > kernel->max_group_size)
		limit = kernel->max_group_size;
	if (!__builtin_mul_overflow(global[0], global[1], &total) &&
	    !__builtin_mul_overflow(total, global[2], &total) && total / groups < limit)
		limit = total / groups;
	for (int d = 0; d < 3; d++) {
		local[d] = group_size(global[d], limit ? limit : 1, kernel->info->uniform_groups);
		limit /= local[d];
	}
}
