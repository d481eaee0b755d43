/* SPDX-License-Identifier: MIT */
/* The engine's own state: never seen by the client. */
#ifndef HMMCL_ENGINE_WORKER_H
#define HMMCL_ENGINE_WORKER_H

#include "control.h"

struct hmmcl_engine_state;

/* Where a worker goes on when the code it runs faults; guard.S knows the offsets. */
struct hmmcl_recovery {
	uint64_t sp;
	uint64_t armed;
};

struct hmmcl_worker {
	struct hmmcl_recovery recovery;
	struct hmmcl_engine_state *engine;
	unsigned int index;
	uint32_t code_generation;	/* last seen */
	bool counted;			/* in control.spinners */
	bool must_look;			/* there may be work that nobody was woken for */
	uint64_t spin_budget;		/* in ticks of the time stamp counter */
	/* HMMCL_WORKER_GUARD bytes from here end below its stack; others' handlers ask, too. */
	_Atomic uint64_t stack_guard;
	char *base;			/* its part of the window */
	uint64_t arena_size;
	struct hmmcl_fault fault;	/* of the command that it runs */
};

/*
 * What one group of a kernel took last time, by entry address, so that a launch that is over
 * before a sleeping worker could be awake is not shared.  Only a hint: entries collide
 * and are updated without a lock.
 */
#define HMMCL_COST_ENTRIES 256u
struct hmmcl_cost {
	_Atomic uint64_t entry;
	_Atomic uint64_t ticks;		/* a group */
};

struct hmmcl_engine_state {
	struct hmmcl_control *control;
	/* For the signal handler, which may run in a child, where there is no control area. */
	uint64_t alt_stacks;
	unsigned int worker_count;
	struct hmmcl_cost costs[HMMCL_COST_ENTRIES];
	struct hmmcl_worker workers[HMMCL_MAX_WORKERS];
};

/* Before anything else. */
void hmmcl_engine_init(struct hmmcl_engine_state *engine, struct hmmcl_control *control);

/*
 * Map a worker's signal stack, local memory and arena at their place in the window; the stack
 * is the caller's matter.  The arena gets its pages when they are touched; where the system
 * does not let us promise so much, a smaller one is taken.  Returns a negative errno when even that fails.
 */
int hmmcl_worker_map(uint64_t address, uint64_t size);
int hmmcl_worker_init(struct hmmcl_engine_state *engine, unsigned int index);

/*
 * The life of a worker: on its own stack, with its signal stack and fault handlers in
 * place.  Returns when control.stop is set and nothing is left to do.
 */
void hmmcl_worker_run(struct hmmcl_worker *worker);
void *hmmcl_worker_alt_stack(const struct hmmcl_worker *worker);

/*
 * To be called from a signal handler.  When the handler runs on the signal stack of a worker of
 * this engine that is executing a command, and the kernel sent the signal because of
 * that, records the fault, changes @context so that the worker abandons the command
 * when the handler returns, and returns true.
 */
bool hmmcl_fault_capture(struct hmmcl_engine_state *engine, int signal, const void *siginfo,
			 void *context);

/* guard.S: call @function(@argument); 0 when it returned, 1 when it was abandoned. */
int hmmcl_guarded_call(struct hmmcl_recovery *recovery, void (*function)(void *), void *argument);
extern const char hmmcl_guarded_resume[];

/* guard.S: round to nearest, with denormals, nothing trapped, as CL_DEVICE_SINGLE_FP_CONFIG says. */
void hmmcl_reset_floating_point(void);

/* Chunks [first, end) of a command. */
struct hmmcl_work {
	struct hmmcl_worker *worker;
	struct hmmcl_slot *slot;
	uint64_t ticket;
	unsigned int first, end, chunks;
	uint64_t groups;		/* out: of an NDRange, executed */
};
void hmmcl_execute(void *work);		/* may fault */

/* Code that works on the application's memory, or may be left in its middle: sanitizers
 * neither judge its accesses nor keep books of its calls. */
#define HMMCL_NO_SANITIZE __attribute__((no_sanitize("address", "thread", "undefined")))

/* memory.c: may fault */
void hmmcl_copy(void *dst, const void *src, uint64_t size);	/* like memmove */
void hmmcl_fill(void *dst, uint64_t size, const void *pattern, uint32_t pattern_size);

/* libcalls.c: addresses of the functions of libcalls.def, in its order. */
void hmmcl_libcall_addresses(uint64_t *addresses);

#endif
