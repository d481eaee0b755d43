/* SPDX-License-Identifier: MIT */
/*
 * Making and enqueueing commands.  A command is a cl_event with work.  The pattern of every
 * clEnqueue*, after its own argument checks:
 *
 *	cl_event command;
 *
 *	TRY(hmmcl_command_create(__func__, queue, CL_COMMAND_COPY_BUFFER, num_events_in_wait_list,
 *				 event_wait_list, &command));
 *	command->engine = (struct hmmcl_command){
 *		.type = HMMCL_CMD_COPY, .copy = { dst, src, size },
 *	};
 *	command->has_engine_command = true;
 *	TRY(hmmcl_command_hold(command, src_buffer));	// on error: hmmcl_command_discard first!
 *	return hmmcl_command_enqueue(command, blocking, event);
 *
 * What a command can be:
 *  - an engine command: set .engine and .has_engine_command.  .after is the scheduler's.
 *  - a host function: set .host.  It runs once all dependencies have ended, without any lock, on
 *    whatever thread found that out; its result (CL_SUCCESS or a negative code) is the command's
 *    status.  It must not wait for other commands.  When it runs the application's code (native
 *    kernels, SVM free callbacks), set .runs_user_code: then the callback thread runs it.
 *  - neither: it ends when its dependencies have (markers, barriers).
 *
 * .on_complete(command, status, data), if set, is called when the work has ended or was
 * terminated (status is CL_COMPLETE or negative), before anybody sees that status; without any
 * lock; once for each enqueued command, never for a discarded one.  It may write printf output; it
 * must not wait for other commands.  What the command holds is released after it.
 */
#ifndef HMMCL_COMMAND_H
#define HMMCL_COMMAND_H

#include "event.h"

/*
 * A command for @queue (which the caller has found valid) that waits for the events of the list.
 * Checks the list: CL_INVALID_EVENT_WAIT_LIST, CL_INVALID_CONTEXT.  CL_OUT_OF_HOST_MEMORY;
 * CL_OUT_OF_RESOURCES when the engine is lost.  @function is the entry point's name for the log.
 * Nothing is visible to others until it is enqueued.
 */
cl_int hmmcl_command_create(const char *function, cl_command_queue queue, cl_command_type type,
			    cl_uint num_events, const cl_event *list, cl_event *command);

/* Hold an object (its internal count) until the command has ended.  CL_OUT_OF_HOST_MEMORY. */
cl_int hmmcl_command_hold(cl_event command, void *object);

/* Memory that lives as long as the command, aligned to HMMCL_ABI_ALIGN, not zeroed; small pieces
 * cost nothing.  For argument blocks, pointer lists, state of host functions.  NULL:
 * CL_OUT_OF_HOST_MEMORY. */
void *hmmcl_command_alloc(cl_event command, size_t size);

/* Give up a command that was not enqueued.  Releases what it holds. */
void hmmcl_command_discard(cl_event command);

/*
 * Enqueue; the command now belongs to the scheduler, whatever is returned.  It is handed to the
 * engine at once if its dependencies allow.  @event: where to put its event, or NULL.
 * @blocking: wait for its end, and return CL_EXEC_STATUS_ERROR_FOR_EVENTS_IN_WAIT_LIST if it was
 * terminated for a dependency's sake, its own negative status if it failed.  CL_OUT_OF_HOST_MEMORY.
 */
cl_int hmmcl_command_enqueue(cl_event command, cl_bool blocking, cl_event *event);

/* The scheduler's: the command has ended; release what it holds, and the scheduler's reference. */
void hmmcl_command_release(cl_event command);

#endif
