/* SPDX-License-Identifier: MIT */
/* Enqueueing kernels (OpenCL API, 5.10), and the local size that we would choose. */
#include <string.h>

#include "../core/check.h"
#include "../core/command.h"
#include "../core/kernel.h"
#include "../core/printf.h"
#include "extension.h"

/* What an NDRange is called with. */
struct ndrange {
	cl_uint dims;
	size_t offset[3], global[3], local[3];	/* beyond dims: 0, 1, 1 */
	bool empty;				/* no work-item at all */
};

static cl_int check_kernel(const char *function, cl_command_queue queue, cl_kernel kernel)
{
	if (!hmmcl_queue_valid(queue))
		return hmmcl_refuse(function, CL_INVALID_COMMAND_QUEUE,
				    "command_queue is not a command-queue");
	if (!hmmcl_kernel_valid(kernel))
		return hmmcl_refuse(function, CL_INVALID_KERNEL, "kernel is not a kernel");
	if (kernel->context != queue->context)
		return hmmcl_refuse(function, CL_INVALID_CONTEXT,
				    "kernel and command_queue are of different contexts");
	if (kernel->n_unset)
		return hmmcl_refuse(function, CL_INVALID_KERNEL_ARGS,
				    "%u arguments of kernel %s have not been set", kernel->n_unset,
				    kernel->info->name);
	return CL_SUCCESS;
}

static cl_int check_range(const char *function, cl_uint work_dim, const size_t *offset,
			  const size_t *global, struct ndrange *range)
{
	size_t total = 1, end;

	if (work_dim < 1 || work_dim > 3)
		return hmmcl_refuse(function, CL_INVALID_WORK_DIMENSION, "work_dim is %u", work_dim);
	range->dims = work_dim;
	range->empty = !global;
	for (cl_uint d = 0; d < 3; d++) {
		bool used = d < work_dim;

		range->offset[d] = used && offset ? offset[d] : 0;
		range->global[d] = used && global ? global[d] : 1;
		range->local[d] = 1;
		if (!range->global[d])
			range->empty = true;
		if (__builtin_add_overflow(range->global[d], range->offset[d], &end))
			return hmmcl_refuse(function, CL_INVALID_GLOBAL_OFFSET,
					    "global_work_offset[%u] + global_work_size[%u] overflow", d, d);
		if (!range->empty && __builtin_mul_overflow(total, range->global[d], &total))
			return hmmcl_refuse(function, CL_INVALID_GLOBAL_WORK_SIZE,
					    "there are more work-items than can be counted");
	}
	return CL_SUCCESS;
}

/* The local size that was given, or one of our choice.  @range is not empty. */
static cl_int set_local(const char *function, cl_kernel kernel, const size_t *local,
			struct ndrange *range)
{
	const uint32_t *reqd = kernel->info->reqd_work_group_size;
	size_t items = 1;

	if (!local)
		hmmcl_kernel_choose_local(kernel, range->global, range->local);
	for (cl_uint d = 0; d < 3; d++) {
		if (local && d < range->dims)
			range->local[d] = local[d];
		if (!range->local[d])
			return hmmcl_refuse(function, CL_INVALID_WORK_GROUP_SIZE,
					    "local_work_size[%u] is 0", d);
		if (range->local[d] > HMMCL_MAX_WORK_GROUP_SIZE)
			return hmmcl_refuse(function, CL_INVALID_WORK_ITEM_SIZE,
					    "local_work_size[%u] is %zu, at most %u", d,
					    range->local[d], HMMCL_MAX_WORK_GROUP_SIZE);
		if (reqd[0] && range->local[d] != reqd[d])
			return hmmcl_refuse(function, CL_INVALID_WORK_GROUP_SIZE,
					    "local_work_size[%u] is %zu, the kernel requires %u", d,
					    range->local[d], reqd[d]);
		if (kernel->info->uniform_groups && range->global[d] % range->local[d])
			return hmmcl_refuse(function, CL_INVALID_WORK_GROUP_SIZE,
					    "local_work_size[%u] does not divide global_work_size[%u]: %zu, %zu; work-groups that are not uniform take -cl-std=CL2.0 or newer",
					    d, d, range->local[d], range->global[d]);
		items *= range->local[d];
	}
	if (items > kernel->max_group_size)
		return hmmcl_refuse(function, CL_INVALID_WORK_GROUP_SIZE,
				    "a work-group of %zu items, at most %zu", items,
				    kernel->max_group_size);
	return CL_SUCCESS;
}

/* Fill the command in.  @args is the launch's own copy. */
static void describe(struct hmmcl_command *command, cl_kernel kernel, const struct ndrange *range,
		     const void *args, uint64_t printf_buffer)
{
	struct hmmcl_launch *launch = &command->ndrange.launch;

	command->type = HMMCL_CMD_NDRANGE;
	command->ndrange.entry = kernel->entry;
	command->ndrange.args = args;
	command->ndrange.args_size = kernel->info->args_size;
	command->ndrange.context_fixed = kernel->info->context_fixed;
	command->ndrange.context_item = kernel->info->context_item;
	command->ndrange.local_size = kernel->local_size;
	command->ndrange.name = kernel->info->name;
	launch->work_dim = range->dims;
	launch->printf_buffer = printf_buffer;
	for (int d = 0; d < 3; d++) {
		launch->global_offset[d] = range->offset[d];
		launch->global_size[d] = range->global[d];
		launch->local_size[d] = range->local[d];
		launch->num_groups[d] = (range->global[d] - 1) / range->local[d] + 1;
	}
}

/* Take what the launch needs of the kernel object, which may change once we have returned. */
static cl_int capture(cl_event command, cl_kernel kernel, const struct ndrange *range)
{
	const struct hmmcl_kernel_info *info = kernel->info;
	uint64_t printf_buffer = 0;
	void *args = hmmcl_command_alloc(command, info->args_size);

	if (!args)
		return CL_OUT_OF_HOST_MEMORY;
	memcpy(args, kernel->args, info->args_size);
	TRY(hmmcl_command_hold(command, kernel->executable));
	for (unsigned int i = 0; i < info->n_args; i++)
		if (kernel->mems[i])
			TRY(hmmcl_command_hold(command, kernel->mems[i]));
	if (info->uses_printf) {
		printf_buffer = hmmcl_printf_attach(command, kernel->executable);
		if (!printf_buffer)
			return CL_OUT_OF_HOST_MEMORY;
	}
	describe(&command->engine, kernel, range, args, printf_buffer);
	command->has_engine_command = true;
	return CL_SUCCESS;
}

static cl_int enqueue(const char *function, cl_command_queue queue, cl_kernel kernel,
		      cl_command_type type, const struct ndrange *range, cl_uint num_events,
		      const cl_event *list, cl_event *event)
{
	cl_event command;
	cl_int error;

	if (kernel->local_size > HMMCL_LOCAL_MEM_SIZE)
		return hmmcl_refuse(function, CL_OUT_OF_RESOURCES,
				    "kernel %s takes %llu bytes of local memory, the device has %u",
				    kernel->info->name, (unsigned long long)kernel->local_size,
				    HMMCL_LOCAL_MEM_SIZE);
	TRY(hmmcl_command_create(function, queue, type, num_events, list, &command));
	/* Without work-items it takes its place in the order, and nothing else. */
	error = range->empty ? CL_SUCCESS : capture(command, kernel, range);
	if (error) {
		hmmcl_command_discard(command);
		return hmmcl_refuse(function, error, "no memory for the command");
	}
	return hmmcl_command_enqueue(command, CL_FALSE, event);
}

CL_API_ENTRY cl_int CL_API_CALL
clEnqueueNDRangeKernel(cl_command_queue command_queue, cl_kernel kernel, cl_uint work_dim,
		       const size_t *global_work_offset, const size_t *global_work_size,
		       const size_t *local_work_size, cl_uint num_events_in_wait_list,
		       const cl_event *event_wait_list, cl_event *event)
{
	struct ndrange range;

	TRY(check_kernel(__func__, command_queue, kernel));
	TRY(check_range(__func__, work_dim, global_work_offset, global_work_size, &range));
	if (!range.empty)
		TRY(set_local(__func__, kernel, local_work_size, &range));
	return enqueue(__func__, command_queue, kernel, CL_COMMAND_NDRANGE_KERNEL, &range,
		       num_events_in_wait_list, event_wait_list, event);
}

CL_API_ENTRY cl_int CL_API_CALL
clEnqueueTask(cl_command_queue command_queue, cl_kernel kernel, cl_uint num_events_in_wait_list,
	      const cl_event *event_wait_list, cl_event *event)
{
	const size_t one = 1;
	struct ndrange range;

	TRY(check_kernel(__func__, command_queue, kernel));
	TRY(check_range(__func__, 1, NULL, &one, &range));
	TRY(set_local(__func__, kernel, &one, &range));
	return enqueue(__func__, command_queue, kernel, CL_COMMAND_TASK, &range,
		       num_events_in_wait_list, event_wait_list, event);
}

cl_int CL_API_CALL
clGetKernelSuggestedLocalWorkSizeKHR(cl_command_queue command_queue, cl_kernel kernel,
				     cl_uint work_dim, const size_t *global_work_offset,
				     const size_t *global_work_size,
				     size_t *suggested_local_work_size)
{
	struct ndrange range;

	TRY(check_kernel(__func__, command_queue, kernel));
	CHECK(global_work_size, CL_INVALID_GLOBAL_WORK_SIZE, "global_work_size is NULL");
	TRY(check_range(__func__, work_dim, global_work_offset, global_work_size, &range));
	CHECK(!range.empty, CL_INVALID_GLOBAL_WORK_SIZE, "a dimension of global_work_size is 0");
	CHECK(suggested_local_work_size, CL_INVALID_VALUE, "suggested_local_work_size is NULL");
	TRY(set_local(__func__, kernel, NULL, &range));
	memcpy(suggested_local_work_size, range.local, work_dim * sizeof(size_t));
	return CL_SUCCESS;
}
