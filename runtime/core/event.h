/* SPDX-License-Identifier: MIT */
/*
 * Events.  Every command is its own event (the application need not have asked for it), and a user
 * event is an event without a queue and without work: one graph, one kind of node.
 */
#ifndef HMMCL_EVENT_H
#define HMMCL_EVENT_H

#include "../transport/engine.h"
#include "caller.h"
#include "object.h"
#include "queue.h"

/* Where a command is, as the scheduler sees it. */
enum hmmcl_event_state {
	HMMCL_EVENT_HELD,	/* user events not set; commands being made or waiting for others */
	HMMCL_EVENT_IN_RING,	/* the engine has it */
	HMMCL_EVENT_ON_HOST,	/* its host function runs or is about to */
	HMMCL_EVENT_WORK_ENDED,	/* waits for others to end first, or for on_complete */
	HMMCL_EVENT_ENDED,	/* status is CL_COMPLETE or negative */
};

struct hmmcl_event_callback;

/* "@waiter waits for the event that has this edge in its list" */
struct hmmcl_edge {
	struct hmmcl_edge *next;
	cl_event waiter;
	cl_event on;		/* the event; NULL once it has ended */
	bool order_only;	/* of an in-order queue, of a barrier: an error does not pass on */
};

struct _cl_event {
	struct hmmcl_object object;
	cl_context context;
	cl_command_queue queue;		/* NULL: user event */
	cl_command_type type;
	_Atomic cl_int status;		/* CL_QUEUED .. CL_COMPLETE, or negative */
	/* CLOCK_MONOTONIC; 0: not profiled */
	uint64_t queued_ns, submit_ns, start_ns, end_ns;

	/* The work; see command.h.  Set before hmmcl_command_enqueue, constant after. */
	struct hmmcl_command engine;
	bool has_engine_command;
	bool runs_user_code;
	cl_int (*host)(cl_event command, void *data);
	void (*on_complete)(cl_event command, cl_int status, void *data);
	void *data;

	/* What it holds until it has ended. */
	struct hmmcl_object **held;
	unsigned int n_held, max_held;
	struct hmmcl_object *held_inline[6];
	void *extra;			/* chunks of hmmcl_command_alloc */
	size_t inline_used;
	unsigned char inline_bytes[256 + HMMCL_ABI_ALIGN];

	/* The graph; under the scheduler's lock. */
	enum hmmcl_event_state state;
	cl_int result;				/* its status-to-be, in state WORK_ENDED */
	bool faulted;				/* the engine said so: clFinish will */
	bool watched;				/* when in the ring, its end is to be reported */
	bool reported;				/* counted in the scheduler's reported */
	bool has_sleepers;			/* threads sleep on over, or are about to */
	_Atomic uint32_t over;			/* futex; 1 when it has ended and has sleepers */
	bool dependency_failed;
	bool listed;				/* on the scheduler's ready list */
	/* Events it waits for: that have not been in the ring; that have. */
	unsigned int waits_held, waits_ring;
	struct hmmcl_edge *waiters, **last_waiter;
	struct hmmcl_edge *edges;		/* its own, in the lists of those it waits for */
	unsigned int n_edges;
	struct hmmcl_edge edges_inline[3];
	const cl_event *wait_list;		/* until it is enqueued */
	unsigned int num_wait;
	cl_event next, prev;			/* of its queue */
	cl_event next_listed;			/* of the scheduler's lists */
	int64_t ticket;				/* 0: never was in the ring */
	struct hmmcl_event_callback *callbacks;
	struct hmmcl_call call;			/* of the callback thread, for runs_user_code */
};

extern const struct hmmcl_object_type hmmcl_event_type;

static inline bool hmmcl_event_valid(cl_event event)
{
	return hmmcl_object_valid(event, &hmmcl_event_type);
}

/* clCreateUserEvent.  NULL: CL_OUT_OF_HOST_MEMORY. */
cl_event hmmcl_user_event_new(cl_context context);
/* clSetUserEventStatus: false when it has been set before. */
bool hmmcl_user_event_set(cl_event event, cl_int status);

/* clSetEventCallback.  CL_OUT_OF_HOST_MEMORY, CL_OUT_OF_RESOURCES. */
cl_int hmmcl_event_add_callback(cl_event event, cl_int type,
				void (CL_CALLBACK *function)(cl_event, cl_int, void *),
				void *user_data);
/* Under the scheduler's lock: hand those callbacks to the callback thread that wait for @status or
 * one before it. */
void hmmcl_event_fire_callbacks(cl_event event, cl_int status);

/* Its execution status, brought up to date with the engine. */
cl_int hmmcl_event_status(cl_event event);

/* Sleep until it has ended.  Its status: CL_COMPLETE or negative. */
cl_int hmmcl_event_wait(cl_event event);

/*
 * The checks on event_wait_list that all entry points share: CL_INVALID_EVENT_WAIT_LIST when the
 * list is NULL and num_events is not 0, or the reverse, or an event is not valid;
 * CL_INVALID_CONTEXT when an event is of another context.
 */
cl_int hmmcl_event_check_wait_list(const char *function, cl_context context, cl_uint num_events,
				   const cl_event *list);

#endif
