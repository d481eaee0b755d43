/* SPDX-License-Identifier: MIT */
/* Commands to the ring and back; scheduler.h says how. */
#include <errno.h>
#include <limits.h>
#include <string.h>

#include "../engine/syscall.h"
#include "check.h"
#include "clock.h"
#include "command.h"
#include "reaper.h"
#include "scheduler.h"

#define container_of(pointer, type, member) \
	((type *)((char *)(pointer) - offsetof(type, member)))

static void list_add(struct hmmcl_command_list *list, cl_event event)
{
	event->next_listed = NULL;
	if (list->first)
		list->last->next_listed = event;
	else
		list->first = event;
	list->last = event;
}

static cl_event list_take(struct hmmcl_command_list *list)
{
	cl_event first = list->first;

	list->first = NULL;
	return first;
}

static cl_event *ring_slot(struct hmmcl_scheduler *scheduler, int64_t ticket)
{
	return &scheduler->ring[ticket % HMMCL_SCHEDULER_MAX_IN_RING];
}

static bool profiled(cl_event command)
{
	return command->queue->flags & CL_QUEUE_PROFILING_ENABLE;
}

static void set_status(cl_event event, cl_int status)
{
	atomic_store(&event->status, status);
	if (event->callbacks)
		hmmcl_event_fire_callbacks(event, status);
}

static void leave_queue(cl_event command)
{
	cl_command_queue queue = command->queue;

	if (command->prev)
		command->prev->next = command->next;
	else
		queue->first = command->next;
	if (command->next)
		command->next->prev = command->prev;
	else
		queue->last = command->prev;
	if (queue->barrier == command)
		queue->barrier = NULL;
	queue->count--;
	queue->failed |= command->faulted;
}

static bool waits(cl_event command)
{
	return command->waits_held || command->waits_ring;
}

/* It has ended so: tell who waits for it. */
static void end_event(struct hmmcl_scheduler *scheduler, cl_event event, cl_int status)
{
	struct hmmcl_edge *edge, *next;

	event->state = HMMCL_EVENT_ENDED;
	set_status(event, status);
	if (event->has_sleepers) {
		atomic_store(&event->over, 1);
		hmmcl_futex_wake(&event->over, INT_MAX, FUTEX_PRIVATE_FLAG, FUTEX_BITSET_MATCH_ANY);
	}
	for (edge = event->waiters; edge; edge = next) {
		cl_event waiter = edge->waiter;

		next = edge->next;
		edge->on = NULL;
		if (event->ticket)
			waiter->waits_ring--;
		else
			waiter->waits_held--;
		if (status < 0 && !edge->order_only)
			waiter->dependency_failed = true;
		if (waiter->state == HMMCL_EVENT_HELD)
			hmmcl_scheduler_consider(scheduler, waiter);
		else if (waiter->state == HMMCL_EVENT_WORK_ENDED && !waits(waiter))
			list_add(&scheduler->overtaken, waiter);
	}
	event->waiters = NULL;
	if (event->queue) {
		leave_queue(event);
		list_add(&scheduler->ended, event);
	}
}

/* Its work and all that it waited for have ended. */
static void end_command(struct hmmcl_scheduler *scheduler, cl_event command)
{
	/* In the ring it could not be stopped; but what it did is worth nothing. */
	if (command->result == CL_COMPLETE && command->dependency_failed)
		command->result = CL_EXEC_STATUS_ERROR_FOR_EVENTS_IN_WAIT_LIST;
	if (command->on_complete)
		list_add(&scheduler->finishing, command);
	else
		end_event(scheduler, command, command->result);
}

/* One after the other, not each in the other's call: there may be any number of them in a row. */
static void end_overtaken(struct hmmcl_scheduler *scheduler)
{
	cl_event command;

	while ((command = scheduler->overtaken.first)) {
		scheduler->overtaken.first = command->next_listed;
		end_command(scheduler, command);
	}
}

void hmmcl_scheduler_finish(struct hmmcl_scheduler *scheduler, cl_event event, cl_int status)
{
	end_event(scheduler, event, status);
	end_overtaken(scheduler);
}

static void leave_held(struct hmmcl_scheduler *scheduler, cl_event command,
		       enum hmmcl_event_state state)
{
	if (command->state == HMMCL_EVENT_HELD)
		scheduler->held--;
	command->state = state;
}

/*
 * The command's work has ended so.  It finishes after those it waits for (a command in the ring may
 * have overtaken the on_complete of the one before), and after its own on_complete.
 */
static void work_ended(struct hmmcl_scheduler *scheduler, cl_event command, cl_int status)
{
	leave_held(scheduler, command, HMMCL_EVENT_WORK_ENDED);
	command->result = status;
	if (waits(command))
		return;
	end_command(scheduler, command);
	end_overtaken(scheduler);
}

static void stamp_submit(cl_event command)
{
	if (profiled(command))
		command->submit_ns = hmmcl_now_ns();
}

/* Under the lock: the engine is gone, for good. */
static void note_lost(struct hmmcl_scheduler *scheduler)
{
	if (!atomic_exchange(&scheduler->lost, true))
		hmmcl_error("the %s engine is lost: %s; release the context and make a new one",
			    scheduler->kind == HMMCL_ENGINE_HMM ? "hmm" : "host",
			    hmmcl_engine_why_lost(scheduler->engine));
}

/* A command in the ring: its end shall wake the reaper. */
static void report(struct hmmcl_scheduler *scheduler, cl_event command)
{
	if (command->reported)
		return;
	command->reported = true;
	scheduler->reported++;
	hmmcl_engine_report(scheduler->engine, command->ticket);
}

void hmmcl_scheduler_watch(struct hmmcl_scheduler *scheduler, cl_event command)
{
	command->watched = true;
	if (command->state == HMMCL_EVENT_IN_RING)
		report(scheduler, command);
}

/* One for all that are in the ring now: the last one, that all may be reaped at once. */
static void report_last(struct hmmcl_scheduler *scheduler)
{
	int64_t ticket = scheduler->next - 1;

	if (!scheduler->kicked || !scheduler->in_ring ||
	    (scheduler->kick >= scheduler->oldest && *ring_slot(scheduler, scheduler->kick)))
		return;
	while (!*ring_slot(scheduler, ticket))
		ticket--;
	scheduler->kick = ticket;
	report(scheduler, *ring_slot(scheduler, ticket));
}

void hmmcl_scheduler_watch_all(struct hmmcl_scheduler *scheduler)
{
	scheduler->kicked = scheduler->in_ring || scheduler->held;
	report_last(scheduler);
}

/* Of those in the ring that a held command waits for, all but the last @but. */
static void report_dependency(struct hmmcl_scheduler *scheduler, cl_event command, unsigned int but)
{
	for (unsigned int i = command->n_edges; i--;) {
		cl_event on = command->edges[i].on;

		if (on && on->state == HMMCL_EVENT_IN_RING && !but--) {
			report(scheduler, on);
			return;
		}
	}
}

/* The ring is full: go on when half of it is free, or what keeps that from being so has ended. */
static void report_room(struct hmmcl_scheduler *scheduler)
{
	cl_event command = *ring_slot(scheduler,
				      scheduler->oldest + HMMCL_SCHEDULER_MAX_IN_RING / 2);

	report(scheduler, command ? command : *ring_slot(scheduler, scheduler->oldest));
}

static void to_ring(struct hmmcl_scheduler *scheduler, cl_event command)
{
	int64_t ticket;

	if (!command->has_engine_command)
		command->engine.type = HMMCL_CMD_NOP;
	stamp_submit(command);
	command->engine.report = command->watched;
	ticket = hmmcl_engine_submit(scheduler->engine, &command->engine);
	if (ticket < 0) {
		if (ticket == -EIO)
			note_lost(scheduler);
		else
			hmmcl_error("the engine does not take a command: %s", strerror(-ticket));
		command->faulted = true;
		work_ended(scheduler, command, CL_OUT_OF_RESOURCES);
		return;
	}
	leave_held(scheduler, command, HMMCL_EVENT_IN_RING);
	command->ticket = ticket;
	if (scheduler->oldest == scheduler->next)
		scheduler->oldest = ticket;
	scheduler->next = ticket + 1;
	*ring_slot(scheduler, ticket) = command;
	scheduler->in_ring++;
	if (command->watched) {
		command->reported = true;
		scheduler->reported++;
	}
	set_status(command, CL_SUBMITTED);
	for (struct hmmcl_edge *edge = command->waiters; edge; edge = edge->next) {
		edge->waiter->waits_held--;
		edge->waiter->waits_ring++;
		hmmcl_scheduler_consider(scheduler, edge->waiter);
	}
}

/* On the callback thread. */
static void run_user_code(struct hmmcl_call *call)
{
	cl_event command = container_of(call, struct _cl_event, call);
	struct hmmcl_scheduler *scheduler = command->context->scheduler;
	cl_int result;

	if (profiled(command))
		command->start_ns = hmmcl_now_ns();
	result = command->host(command, command->data);
	if (profiled(command))
		command->end_ns = hmmcl_now_ns();
	hmmcl_scheduler_lock(scheduler);
	work_ended(scheduler, command, result);
	hmmcl_scheduler_unlock(scheduler);
}

static void to_host(struct hmmcl_scheduler *scheduler, cl_event command)
{
	leave_held(scheduler, command, HMMCL_EVENT_ON_HOST);
	stamp_submit(command);
	set_status(command, CL_RUNNING);
	if (!command->runs_user_code) {
		list_add(&scheduler->on_host, command);
		return;
	}
	command->call.run = run_user_code;
	if (hmmcl_call_later(&command->call) != CL_SUCCESS)
		work_ended(scheduler, command, CL_OUT_OF_RESOURCES);
}

/* A marker whose dependencies have ended. */
static void complete_at_once(struct hmmcl_scheduler *scheduler, cl_event command)
{
	stamp_submit(command);
	command->start_ns = command->end_ns = command->submit_ns;
	work_ended(scheduler, command, CL_COMPLETE);
}

/* Tell the engine what the command waits for, all of which is in the ring.  False: too many. */
static bool name_dependencies(cl_event command)
{
	struct hmmcl_command *engine = &command->engine;

	engine->n_after = 0;
	for (unsigned int i = 0; i < command->n_edges; i++) {
		if (!command->edges[i].on)
			continue;
		if (engine->n_after == HMMCL_MAX_AFTER)
			return false;
		engine->after[engine->n_after++] = command->edges[i].on->ticket;
	}
	return true;
}

static void dispatch(struct hmmcl_scheduler *scheduler, cl_event command)
{
	bool work_is_in_ring = command->waits_ring;

	if (command->state != HMMCL_EVENT_HELD || command->waits_held)
		return;
	if (work_is_in_ring) {
		/* Stay here, to come back when enough of them have ended, if they are too many, or if
		 * the engine is not what does the work. */
		if (command->host || command->dependency_failed)
			report_dependency(scheduler, command, 0);
		else if (!name_dependencies(command))
			report_dependency(scheduler, command, HMMCL_MAX_AFTER);
		else
			to_ring(scheduler, command);
	} else if (command->dependency_failed) {
		work_ended(scheduler, command, CL_EXEC_STATUS_ERROR_FOR_EVENTS_IN_WAIT_LIST);
	} else if (command->host) {
		to_host(scheduler, command);
	} else if (command->has_engine_command) {
		to_ring(scheduler, command);
	} else {
		complete_at_once(scheduler, command);
	}
}

void hmmcl_scheduler_consider(struct hmmcl_scheduler *scheduler, cl_event command)
{
	if (command->waits_held || command->listed)
		return;
	command->listed = true;
	list_add(&scheduler->ready, command);
}

static void submit_ready(struct hmmcl_scheduler *scheduler)
{
	cl_event command;

	while ((command = scheduler->ready.first) &&
	       scheduler->next - scheduler->oldest < HMMCL_SCHEDULER_MAX_IN_RING) {
		scheduler->ready.first = command->next_listed;
		command->listed = false;
		dispatch(scheduler, command);
	}
	if (command)
		report_room(scheduler);
}

static const char *fault_text(enum hmmcl_fault_kind kind)
{
	switch (kind) {
	case HMMCL_FAULT_BAD_ADDRESS:
		return "bad address: nothing is mapped there, or not with that right";
	case HMMCL_FAULT_BUS:
		return "no memory behind the address: beyond the end of a file, or out of memory";
	case HMMCL_FAULT_ARITHMETIC:
		return "arithmetic trap: integer division by zero or overflow in a division";
	case HMMCL_FAULT_ILLEGAL_INSTRUCTION:
		return "illegal instruction";
	case HMMCL_FAULT_STACK_OVERFLOW:
		return "stack overflow: too much private memory or too deep recursion";
	case HMMCL_FAULT_ENGINE_LOST:
		return "the engine is lost";
	case HMMCL_FAULT_NONE:
		break;
	}
	return "no fault";
}

static cl_int report_fault(cl_event command, const struct hmmcl_completion *completion)
{
	const char *name = completion->kernel[0] ? completion->kernel : "(a copy or fill)";

	command->faulted = true;
	if (completion->fault == HMMCL_FAULT_ENGINE_LOST)
		hmmcl_context_notify(command->context, completion, sizeof(*completion),
				     "command %s failed: %s: %s; release the context and make a new one",
				     name, fault_text(completion->fault),
				     hmmcl_engine_why_lost(command->context->scheduler->engine));
	else
		hmmcl_context_notify(
			command->context, completion, sizeof(*completion),
			"kernel %s failed: %s; address 0x%llx, %s, instruction at 0x%llx",
			name, fault_text(completion->fault),
			(unsigned long long)completion->address,
			completion->write ? "write" : "read",
			(unsigned long long)completion->instruction);
	return CL_OUT_OF_RESOURCES;
}

static void stamp_end(cl_event command, const struct hmmcl_completion *completion)
{
	if (!profiled(command))
		return;
	command->start_ns = completion->start_ns > command->submit_ns ? completion->start_ns :
									command->submit_ns;
	command->end_ns = completion->end_ns > command->start_ns ? completion->end_ns :
								   command->start_ns;
}

/* Returns whether it found a command that those before it in the ring keep from finishing. */
static bool reap_once(struct hmmcl_scheduler *scheduler, bool *found)
{
	struct hmmcl_completion completion;
	bool overtaken = false;
	cl_int status;

	*found = false;

	/* How many have ended is read anew each time: we may find one that has just ended, in place of
	 * a later one that was reported, and nobody reports the rest. */
	for (int64_t ticket = scheduler->oldest;
	     ticket < scheduler->next &&
	     scheduler->reaped < hmmcl_engine_done(scheduler->engine); ticket++) {
		cl_event *slot = ring_slot(scheduler, ticket);
		cl_event command = *slot;

		if (!command || !hmmcl_engine_poll(scheduler->engine, ticket, &completion))
			continue;
		hmmcl_engine_retire(scheduler->engine, ticket);
		*slot = NULL;
		*found = true;
		scheduler->reaped++;
		scheduler->in_ring--;
		if (command->reported)
			scheduler->reported--;
		status = CL_COMPLETE;
		if (completion.fault != HMMCL_FAULT_NONE)
			status = report_fault(command, &completion);
		if (completion.fault == HMMCL_FAULT_ENGINE_LOST)
			note_lost(scheduler);
		stamp_end(command, &completion);
		work_ended(scheduler, command, status);
		overtaken |= command->state == HMMCL_EVENT_WORK_ENDED && command->waits_ring;
	}
	while (scheduler->oldest < scheduler->next && !*ring_slot(scheduler, scheduler->oldest))
		scheduler->oldest++;
	if (!scheduler->in_ring && !scheduler->held)
		scheduler->kicked = false;
	return overtaken;
}

void hmmcl_scheduler_reap(struct hmmcl_scheduler *scheduler)
{
	bool found;

	/* What a command waited for in the ring ended before it, if perhaps after we looked at that.
	 * Nobody else need look, so look again. */
	while (reap_once(scheduler, &found) && found)
		;
}

void hmmcl_scheduler_lock(struct hmmcl_scheduler *scheduler)
{
	pthread_mutex_lock(&scheduler->lock);
}

static void run_host_functions(cl_event command)
{
	for (; command; command = command->next_listed) {
		if (profiled(command))
			command->start_ns = hmmcl_now_ns();
		command->result = command->host(command, command->data);
		if (profiled(command))
			command->end_ns = hmmcl_now_ns();
	}
}

static void run_on_complete(cl_event command)
{
	for (; command; command = command->next_listed)
		command->on_complete(command, command->result, command->data);
}

static void release_ended(cl_event command)
{
	cl_event next;

	for (; command; command = next) {
		next = command->next_listed;
		hmmcl_command_release(command);
	}
}

void hmmcl_scheduler_unlock(struct hmmcl_scheduler *scheduler)
{
	cl_event on_host, finishing, ended, next;

	for (;;) {
		submit_ready(scheduler);
		report_last(scheduler);
		on_host = list_take(&scheduler->on_host);
		finishing = list_take(&scheduler->finishing);
		ended = list_take(&scheduler->ended);
		hmmcl_reaper_wake(scheduler);
		pthread_mutex_unlock(&scheduler->lock);

		/* The scheduler may go with the last of these, if there is nothing else to do. */
		release_ended(ended);
		if (!on_host && !finishing)
			return;
		run_host_functions(on_host);
		run_on_complete(finishing);

		pthread_mutex_lock(&scheduler->lock);
		for (; on_host; on_host = next) {
			next = on_host->next_listed;
			work_ended(scheduler, on_host, on_host->result);
		}
		for (; finishing; finishing = next) {
			next = finishing->next_listed;
			hmmcl_scheduler_finish(scheduler, finishing, finishing->result);
		}
	}
}
