/* SPDX-License-Identifier: MIT */
/*
 * The scheduler: from the graph of commands to the engine's ring and back.  One for each engine;
 * all contexts on that engine share it.
 *
 * A command goes to the ring as soon as nothing is left to wait for outside of it.  If it waits
 * for commands in the ring, it names them to the engine (after[]); if they are too many for that,
 * it is held here until enough have ended.
 *
 * Nobody owns the finding-out that commands have ended ("reaping"): whoever waits, enqueues or asks
 * for a status does it for all.  A thread that waits for a command in the ring sleeps until that
 * command has ended, and reaps: so the path from clEnqueueNDRangeKernel to the end of clFinish stays
 * in one thread.  One that waits for anything else (a user event, a command that is held) sleeps
 * until somebody has finished it.
 *
 * The reaper thread reaps when something must happen without the application's calling.  It wakes
 * only at ends that are reported to it:
 *  - of a command that is watched: it has an on_complete or a callback, or a thread sleeps for it that
 *    went to sleep before the command was in the ring;
 *  - of one that a held command waits for, the last one (or, where there are too many of them to name,
 *    the one after which there are not);
 *  - of one in the middle of the ring, when ready commands find the ring full;
 *  - of the last one in the ring, when an object was released that commands hold.
 * After each reap the next ones are named, so there is always one whose end brings the rest on.
 *
 * Locking.  The scheduler's lock protects the graph: the fields of events and queues that say so.
 * It is the innermost lock of the runtime but for the callback thread's: a thread that holds
 * it takes no other, calls no code of the application, releases no object and does not
 * sleep.  What comes up under the lock and may not be done there (host functions, on_complete,
 * releases) is put on lists that hmmcl_scheduler_unlock works off.
 */
#ifndef HMMCL_SCHEDULER_H
#define HMMCL_SCHEDULER_H

#include <pthread.h>

#include "../transport/engine.h"
#include "event.h"

/* Commands that the engine has at most: fewer than its ring has slots, so no submit blocks. */
#define HMMCL_SCHEDULER_MAX_IN_RING 256

/* Commands in a row, linked by next_listed. */
struct hmmcl_command_list {
	cl_event first, last;
};

struct hmmcl_scheduler {
	struct hmmcl_engine *engine;
	enum hmmcl_engine_kind kind;
	unsigned int refs;			/* contexts; under the table's lock */

	pthread_mutex_t lock;
	cl_event ring[HMMCL_SCHEDULER_MAX_IN_RING];	/* by ticket; NULL: reaped */
	int64_t oldest, next;		/* tickets that may be in the ring: [oldest, next) */
	uint64_t reaped;		/* commands that the engine has ended and we know of */
	_Atomic unsigned int in_ring;
	atomic_bool lost;			/* the engine is gone */

	struct hmmcl_command_list ready;	/* wait for nothing outside the ring */
	struct hmmcl_command_list overtaken;	/* work ended before what they wait for; now that has */
	struct hmmcl_command_list finishing;	/* work ended; on_complete, then finish */
	struct hmmcl_command_list on_host;	/* host functions to run */
	struct hmmcl_command_list ended;	/* to release */

	unsigned int held;			/* enqueued commands in state HELD */
	unsigned int reported;			/* commands in the ring whose end is reported */
	bool kicked;				/* reap until no command is left */
	int64_t kick;				/* ticket of the one reported for that */

	pthread_t reaper;
	pthread_cond_t reaper_wake;
	bool reaper_sleeps, reaper_frees, stop;
};

/* The scheduler of the engine of @kind, started if there is none.  CL_OUT_OF_RESOURCES (logged). */
cl_int hmmcl_scheduler_get(enum hmmcl_engine_kind kind, struct hmmcl_scheduler **scheduler);
/* Stops the engine with the last reference. */
void hmmcl_scheduler_put(struct hmmcl_scheduler *scheduler);

void hmmcl_scheduler_lock(struct hmmcl_scheduler *scheduler);
/*
 * Hands ready commands on, works off what came up, unlocks.  On return everything has ended that
 * could.  The caller may not look at @scheduler after it, unless it holds an object of a context.
 */
void hmmcl_scheduler_unlock(struct hmmcl_scheduler *scheduler);

/* Under the lock: look which commands in the ring have ended. */
void hmmcl_scheduler_reap(struct hmmcl_scheduler *scheduler);
/* Under the lock: an enqueued command, or one that something happened to, may be ready to go. */
void hmmcl_scheduler_consider(struct hmmcl_scheduler *scheduler, cl_event command);
/* Under the lock: @event has ended so; tell who waits for it. */
void hmmcl_scheduler_finish(struct hmmcl_scheduler *scheduler, cl_event event, cl_int status);
/* Under the lock: reap @command as soon as it has ended, even if nobody asks. */
void hmmcl_scheduler_watch(struct hmmcl_scheduler *scheduler, cl_event command);
/* Under the lock: reap all commands as they end, a few at a time, until none is left. */
void hmmcl_scheduler_watch_all(struct hmmcl_scheduler *scheduler);

/* An object that was released is still held, perhaps by commands that have ended: look soon. */
void hmmcl_scheduler_kick(void);

#endif
