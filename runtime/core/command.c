/* SPDX-License-Identifier: MIT */
/* Making commands and putting them into the graph. */
#include <stdlib.h>

#include "check.h"
#include "clock.h"
#include "command.h"
#include "scheduler.h"

/* Memory of hmmcl_command_alloc beyond what is in the event itself. */
struct chunk {
	struct chunk *next;
	_Alignas(HMMCL_ABI_ALIGN) unsigned char bytes[];
};

cl_int hmmcl_command_create(const char *function, cl_command_queue queue, cl_command_type type,
			    cl_uint num_events, const cl_event *list, cl_event *command)
{
	cl_event event;

	TRY(hmmcl_event_check_wait_list(function, queue->context, num_events, list));
	if (queue->context->scheduler->lost)
		return hmmcl_refuse(
			function, CL_OUT_OF_RESOURCES,
			"the context's engine is lost; release the context and make a new one");
	event = hmmcl_object_new(sizeof(*event), &hmmcl_event_type);
	if (!event)
		return hmmcl_refuse(function, CL_OUT_OF_HOST_MEMORY, "no memory for a command");
	event->queue = hmmcl_object_ref(queue);
	event->context = queue->context;
	event->type = type;
	atomic_init(&event->status, CL_QUEUED);
	event->held = event->held_inline;
	event->max_held = sizeof(event->held_inline) / sizeof(event->held_inline[0]);
	event->edges = event->edges_inline;
	event->last_waiter = &event->waiters;
	event->wait_list = list;
	event->num_wait = num_events;
	*command = event;
	return CL_SUCCESS;
}

cl_int hmmcl_command_hold(cl_event command, void *object)
{
	if (command->n_held == command->max_held) {
		bool is_inline = command->held == command->held_inline;
		unsigned int max = command->max_held * 2;
		struct hmmcl_object **held = realloc(is_inline ? NULL : command->held,
						     max * sizeof(*held));

		if (!held)
			return CL_OUT_OF_HOST_MEMORY;
		for (unsigned int i = 0; is_inline && i < command->n_held; i++)
			held[i] = command->held_inline[i];
		command->held = held;
		command->max_held = max;
	}
	command->held[command->n_held++] = hmmcl_object_ref(object);
	return CL_SUCCESS;
}

void *hmmcl_command_alloc(cl_event command, size_t size)
{
	uintptr_t start = (uintptr_t)command->inline_bytes;
	uintptr_t at = start + command->inline_used;
	size_t end;
	struct chunk *chunk;

	at = (at + HMMCL_ABI_ALIGN - 1) & ~(uintptr_t)(HMMCL_ABI_ALIGN - 1);
	if (size <= sizeof(command->inline_bytes) &&
	    (end = at - start + size) <= sizeof(command->inline_bytes)) {
		command->inline_used = end;
		return (void *)at;
	}
	if (size > SIZE_MAX - sizeof(*chunk) - HMMCL_ABI_ALIGN)
		return NULL;
	size = (sizeof(*chunk) + size + HMMCL_ABI_ALIGN - 1) & ~(size_t)(HMMCL_ABI_ALIGN - 1);
	chunk = aligned_alloc(HMMCL_ABI_ALIGN, size);
	if (!chunk)
		return NULL;
	chunk->next = command->extra;
	command->extra = chunk;
	return chunk->bytes;
}

static void release_resources(cl_event command)
{
	struct chunk *chunk, *next;

	for (unsigned int i = 0; i < command->n_held; i++)
		hmmcl_object_unref(command->held[i]);
	command->n_held = 0;
	if (command->held != command->held_inline)
		free(command->held);
	command->held = command->held_inline;
	for (chunk = command->extra; chunk; chunk = next) {
		next = chunk->next;
		free(chunk);
	}
	command->extra = NULL;
}

void hmmcl_command_discard(cl_event command)
{
	hmmcl_command_release(command);
}

void hmmcl_command_release(cl_event command)
{
	release_resources(command);
	hmmcl_object_unref(command);
}

/* Under the lock. */
static void wait_for(cl_event command, cl_event event, bool order_only)
{
	struct hmmcl_edge *edge;

	if (event->state == HMMCL_EVENT_ENDED) {
		if (event->status < 0 && !order_only)
			command->dependency_failed = true;
		return;
	}
	edge = &command->edges[command->n_edges++];
	edge->next = NULL;
	edge->waiter = command;
	edge->on = event;
	edge->order_only = order_only;
	*event->last_waiter = edge;
	event->last_waiter = &edge->next;
	if (event->ticket)
		command->waits_ring++;
	else
		command->waits_held++;
}

static bool is_barrier(cl_event command)
{
	return command->type == CL_COMMAND_BARRIER;
}

/* Does it wait for all commands before it?  (clEnqueueMarkerWithWaitList,
 * clEnqueueBarrierWithWaitList) */
static bool waits_for_all(cl_event command)
{
	return command->num_wait == 0 &&
	       (is_barrier(command) || command->type == CL_COMMAND_MARKER);
}

/* Under the lock. */
static cl_int link_into_graph(cl_event command)
{
	cl_command_queue queue = command->queue;
	bool in_order = hmmcl_queue_in_order(queue);
	bool all = !in_order && waits_for_all(command);
	size_t edges = command->num_wait + (all ? queue->count : 1);

	if (edges > sizeof(command->edges_inline) / sizeof(command->edges_inline[0])) {
		command->edges = calloc(edges, sizeof(*command->edges));
		if (!command->edges) {
			command->edges = command->edges_inline;
			return CL_OUT_OF_HOST_MEMORY;
		}
	}
	for (unsigned int i = 0; i < command->num_wait; i++)
		wait_for(command, command->wait_list[i], false);
	command->wait_list = NULL;
	if (all) {
		for (cl_event event = queue->first; event; event = event->next)
			wait_for(command, event, true);
	} else if (in_order) {
		if (queue->last)
			wait_for(command, queue->last, true);
	} else if (queue->barrier) {
		wait_for(command, queue->barrier, true);
	}
	if (!in_order && is_barrier(command))
		queue->barrier = command;

	command->prev = queue->last;
	if (queue->last)
		queue->last->next = command;
	else
		queue->first = command;
	queue->last = command;
	queue->count++;
	return CL_SUCCESS;
}

/* Nobody needs to have asked for the event: then only the scheduler's reference remains. */
static void hand_out(cl_event command, cl_event *event)
{
	if (event) {
		hmmcl_object_ref(command);
		*event = command;
	} else {
		atomic_store(&command->object.api_refs, 0);
	}
}

static cl_int blocking_result(cl_int status)
{
	return status < 0 ? status : CL_SUCCESS;
}

cl_int hmmcl_command_enqueue(cl_event command, cl_bool blocking, cl_event *event)
{
	struct hmmcl_scheduler *scheduler = command->context->scheduler;
	cl_int result = CL_SUCCESS;

	if (command->queue->flags & CL_QUEUE_PROFILING_ENABLE)
		command->queued_ns = hmmcl_now_ns();
	if (blocking)
		hmmcl_object_ref(command);
	hmmcl_scheduler_lock(scheduler);
	hmmcl_scheduler_reap(scheduler);
	result = link_into_graph(command);
	if (result == CL_SUCCESS) {
		/* A blocking call that fails hands out no event. */
		hand_out(command, blocking ? NULL : event);
		scheduler->held++;
		/* Who waits reaps, too. */
		if (command->on_complete && !blocking)
			hmmcl_scheduler_watch(scheduler, command);
		hmmcl_scheduler_consider(scheduler, command);
	}
	hmmcl_scheduler_unlock(scheduler);
	if (result != CL_SUCCESS) {
		hmmcl_error("no memory to enqueue a command");
		hmmcl_command_discard(command);
	} else if (blocking) {
		result = blocking_result(hmmcl_event_wait(command));
		if (event && result == CL_SUCCESS) {
			hmmcl_object_retain(command);
			*event = command;
		}
	}
	if (blocking)
		hmmcl_object_unref(command);
	return result;
}
