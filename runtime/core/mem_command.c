/* SPDX-License-Identifier: MIT */
/* Commands on memory: transfers by the engine, and migration. */
#include <errno.h>

#include "check.h"
#include "mem.h"

cl_int hmmcl_buffer_check(const char *function, cl_command_queue queue, cl_mem buffer)
{
	if (!hmmcl_queue_valid(queue))
		return hmmcl_refuse(function, CL_INVALID_COMMAND_QUEUE,
				    "command_queue is not a command-queue");
	if (!hmmcl_buffer_valid(buffer))
		return hmmcl_refuse(function, CL_INVALID_MEM_OBJECT, "not a buffer object");
	if (buffer->context != queue->context)
		return hmmcl_refuse(function, CL_INVALID_CONTEXT,
				    "buffer and command_queue are of different contexts");
	return CL_SUCCESS;
}

cl_int hmmcl_mem_enqueue(const char *function, cl_command_queue queue, cl_command_type type,
			 const struct hmmcl_command *work, cl_mem a, cl_mem b, cl_bool blocking,
			 cl_uint num_events, const cl_event *list, cl_event *event)
{
	cl_event command;
	cl_int error;

	TRY(hmmcl_command_create(function, queue, type, num_events, list, &command));
	if (work) {
		command->engine = *work;
		command->has_engine_command = true;
	}
	error = a ? hmmcl_command_hold(command, a) : CL_SUCCESS;
	if (!error && b)
		error = hmmcl_command_hold(command, b);
	if (error) {
		hmmcl_command_discard(command);
		return hmmcl_refuse(function, error, "no memory for the command");
	}
	return hmmcl_command_enqueue(command, blocking, event);
}

struct migration {
	struct hmmcl_mem_range *ranges;
	size_t n;
	bool to_device;
};

static cl_int migrate(cl_event command, void *data)
{
	const struct migration *migration = data;

	for (size_t i = 0; i < migration->n; i++) {
		const struct hmmcl_mem_range *range = &migration->ranges[i];
		uint64_t moved;
		int error = hmmcl_engine_migrate(command->context->engine, range->addr, range->size,
						 migration->to_device, &moved);

		if (error) {
			hmmcl_error("migrating %zu bytes at %p to %s failed: error %d", range->size,
				    range->addr, migration->to_device ? "the device" : "the host", -error);
			return error == -ENOMEM ? CL_MEM_OBJECT_ALLOCATION_FAILURE :
						  CL_OUT_OF_RESOURCES;
		}
	}
	return CL_SUCCESS;
}

cl_int hmmcl_mem_set_migration(cl_event command, struct hmmcl_mem_range *ranges, size_t n,
			       bool to_device)
{
	struct migration *migration = hmmcl_command_alloc(command, sizeof(*migration));

	if (!migration)
		return CL_OUT_OF_HOST_MEMORY;
	*migration = (struct migration){ ranges, n, to_device };
	command->data = migration;
	command->host = migrate;
	return CL_SUCCESS;
}
