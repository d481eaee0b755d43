/* SPDX-License-Identifier: MIT */
/* Events as the application sees them: status, waiting, callbacks, user events. */
#include <stdlib.h>

#include "../engine/syscall.h"
#include "check.h"
#include "event.h"
#include "scheduler.h"

struct hmmcl_event_callback {
	struct hmmcl_call call;		/* first: see run_callback */
	struct hmmcl_event_callback *next;
	cl_event event;
	cl_int type;			/* CL_SUBMITTED, CL_RUNNING or CL_COMPLETE */
	cl_int status;			/* to be told */
	void (CL_CALLBACK *function)(cl_event, cl_int, void *);
	void *user_data;
};

static void event_destroy(void *object)
{
	cl_event event = object;
	struct hmmcl_event_callback *callback, *next;

	for (callback = event->callbacks; callback; callback = next) {
		next = callback->next;
		free(callback);
	}
	event->callbacks = NULL;
	if (event->type == CL_COMMAND_USER) {
		/* Nobody can set it any more: what waits for it would wait for ever. */
		if (hmmcl_user_event_set(event, CL_EXEC_STATUS_ERROR_FOR_EVENTS_IN_WAIT_LIST))
			hmmcl_debug("user event released before it was set");
		hmmcl_object_unref(event->context);
	} else {
		hmmcl_object_unref(event->queue);
	}
	if (event->edges != event->edges_inline)
		free(event->edges);
}

const struct hmmcl_object_type hmmcl_event_type = {
	.name = "cl_event", .destroy = event_destroy, .lazy = true,
};

cl_event hmmcl_user_event_new(cl_context context)
{
	cl_event event = hmmcl_object_new(sizeof(*event), &hmmcl_event_type);

	if (!event)
		return NULL;
	event->context = hmmcl_object_ref(context);
	event->type = CL_COMMAND_USER;
	atomic_init(&event->status, CL_SUBMITTED);
	event->edges = event->edges_inline;
	event->last_waiter = &event->waiters;
	return event;
}

bool hmmcl_user_event_set(cl_event event, cl_int status)
{
	struct hmmcl_scheduler *scheduler = event->context->scheduler;
	bool first;

	hmmcl_scheduler_lock(scheduler);
	first = event->state != HMMCL_EVENT_ENDED;
	if (first)
		hmmcl_scheduler_finish(scheduler, event, status);
	hmmcl_scheduler_unlock(scheduler);
	return first;
}

cl_int hmmcl_event_status(cl_event event)
{
	struct hmmcl_scheduler *scheduler = event->context->scheduler;
	cl_int status = atomic_load(&event->status);

	if (status > CL_COMPLETE && event->queue) {
		hmmcl_scheduler_lock(scheduler);
		hmmcl_scheduler_reap(scheduler);
		hmmcl_scheduler_unlock(scheduler);
		status = atomic_load(&event->status);
	}
	return status;
}

/*
 * What ends the wait for an event: the engine, when its command is in the ring (then its ticket is
 * returned), or else whoever finishes it: then a sleeper is announced, or it has ended (both 0).
 */
static int64_t prepare_wait(struct hmmcl_scheduler *scheduler, cl_event event)
{
	int64_t ticket = 0;

	hmmcl_scheduler_lock(scheduler);
	if (event->state == HMMCL_EVENT_IN_RING) {
		ticket = event->ticket;
	} else if (event->state != HMMCL_EVENT_ENDED) {
		event->has_sleepers = true;
		hmmcl_scheduler_watch(scheduler, event);
	}
	hmmcl_scheduler_unlock(scheduler);
	return ticket;
}

cl_int hmmcl_event_wait(cl_event event)
{
	struct hmmcl_scheduler *scheduler = event->context->scheduler;

	for (;;) {
		cl_int status = hmmcl_event_status(event);
		int64_t ticket;

		if (status <= CL_COMPLETE)
			return status;
		ticket = prepare_wait(scheduler, event);
		if (ticket)
			hmmcl_engine_wait_for(scheduler->engine, ticket);
		else
			while (atomic_load(&event->status) > CL_COMPLETE && !atomic_load(&event->over))
				hmmcl_futex_wait(&event->over, 0, FUTEX_PRIVATE_FLAG, NULL,
						 FUTEX_BITSET_MATCH_ANY);
	}
}

static void run_callback(struct hmmcl_call *call)
{
	struct hmmcl_event_callback *callback = (struct hmmcl_event_callback *)call;

	callback->function(callback->event, callback->status, callback->user_data);
	hmmcl_object_unref(callback->event);
	free(callback);
}

void hmmcl_event_fire_callbacks(cl_event event, cl_int status)
{
	struct hmmcl_event_callback **link = &event->callbacks, *callback;

	while ((callback = *link)) {
		if (callback->type < status) {
			link = &callback->next;
			continue;
		}
		*link = callback->next;
		callback->status = status < 0 ? status : callback->type;
		callback->call.run = run_callback;
		hmmcl_object_ref(event);	/* lives until the callback has run */
		/* Cannot fail: the thread was started when the callback was registered. */
		hmmcl_call_later(&callback->call);
	}
}

cl_int hmmcl_event_add_callback(cl_event event, cl_int type,
				void (CL_CALLBACK *function)(cl_event, cl_int, void *),
				void *user_data)
{
	struct hmmcl_scheduler *scheduler = event->context->scheduler;
	struct hmmcl_event_callback *callback, **link;
	cl_int status;

	TRY(hmmcl_caller_start());
	callback = calloc(1, sizeof(*callback));
	if (!callback)
		return CL_OUT_OF_HOST_MEMORY;
	callback->event = event;
	callback->type = type;
	callback->function = function;
	callback->user_data = user_data;

	hmmcl_scheduler_lock(scheduler);
	hmmcl_scheduler_reap(scheduler);
	for (link = &event->callbacks; *link; link = &(*link)->next)
		;
	*link = callback;
	status = atomic_load(&event->status);
	if (status > CL_COMPLETE)
		hmmcl_scheduler_watch(scheduler, event);
	hmmcl_event_fire_callbacks(event, status);
	hmmcl_scheduler_unlock(scheduler);
	return CL_SUCCESS;
}

cl_int hmmcl_event_check_wait_list(const char *function, cl_context context, cl_uint num_events,
				   const cl_event *list)
{
	if (num_events == 0 && !list)
		return CL_SUCCESS;
	if (num_events == 0 || !list)
		return hmmcl_refuse(function, CL_INVALID_EVENT_WAIT_LIST,
				    "num_events_in_wait_list is %u, event_wait_list is %p",
				    num_events, (const void *)list);
	for (cl_uint i = 0; i < num_events; i++) {
		if (!hmmcl_event_valid(list[i]))
			return hmmcl_refuse(function, CL_INVALID_EVENT_WAIT_LIST,
					    "event_wait_list[%u] is not an event of this process",
					    i);
		if (list[i]->context != context)
			return hmmcl_refuse(function, CL_INVALID_CONTEXT,
					    "event_wait_list[%u] is of another context", i);
	}
	return CL_SUCCESS;
}
