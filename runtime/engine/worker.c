// SPDX-License-Identifier: MIT
/* Workers: taking work from the ring, ending commands, waiting for more. */
#include <cpuid.h>
#include <linux/mman.h>
#include <linux/time.h>
#include <stddef.h>

#include "syscall.h"
#include "worker.h"

/* Waking a worker pays for work that takes longer than this, in ticks of the time stamp counter. */
#define SHARE_MIN (16u << 10)

static uint64_t now(const struct hmmcl_control *control)
{
	struct __kernel_timespec ts;

	if (control->clock == HMMCL_CLOCK_TSC)
		return hmmcl_tsc();
	hmmcl_syscall2(__NR_clock_gettime, CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

static struct hmmcl_cost *cost_of(struct hmmcl_engine_state *engine, uint64_t entry)
{
	return &engine->costs[(entry ^ entry >> 8) / 16 % HMMCL_COST_ENTRIES];
}

/* Whether a command is worth a second worker's wake-up; what is not known is. */
static bool worth_sharing(struct hmmcl_engine_state *engine, const struct hmmcl_command *c)
{
	const struct hmmcl_launch *launch = &c->ndrange.launch;
	struct hmmcl_cost *cost;
	uint64_t groups;

	if (c->type != HMMCL_CMD_NDRANGE)
		return true;
	cost = cost_of(engine, c->ndrange.entry);
	if (atomic_load_explicit(&cost->entry, memory_order_relaxed) != c->ndrange.entry)
		return true;
	groups = launch->num_groups[0] * launch->num_groups[1] * launch->num_groups[2];
	return atomic_load_explicit(&cost->ticks, memory_order_relaxed) >= SHARE_MIN / groups;
}

static void learn_cost(struct hmmcl_engine_state *engine, uint64_t entry, uint64_t groups,
		       uint64_t ticks)
{
	struct hmmcl_cost *cost = cost_of(engine, entry);

	if (!groups)
		return;
	atomic_store_explicit(&cost->ticks, ticks / groups, memory_order_relaxed);
	if (atomic_load_explicit(&cost->entry, memory_order_relaxed) != entry)
		atomic_store_explicit(&cost->entry, entry, memory_order_relaxed);
}

/*
 * Whether all that a command waits for have ended.  Its slot may be given to another one meanwhile:
 * then the answer is of no worth, but the claim has changed, too.  What a slot says of its last
 * ticket that ended only grows.
 */
static bool may_start(struct hmmcl_control *control, struct hmmcl_slot *slot, uint64_t claim)
{
	uint32_t n;

	if (!hmmcl_claim_waits(claim))
		return true;
	n = atomic_load_explicit(&slot->n_after, memory_order_relaxed);
	for (uint32_t i = 0; i < n && i < HMMCL_MAX_AFTER; i++) {
		uint64_t ticket = atomic_load_explicit(&slot->after[i], memory_order_relaxed);

		if (!hmmcl_has_ended(hmmcl_slot(control, ticket), ticket))
			return false;
	}
	return true;
}

/* Take a chunk of the first command that may start and has one left. */
static bool take_work(struct hmmcl_worker *worker, struct hmmcl_work *work)
{
	struct hmmcl_control *control = worker->engine->control;
	uint64_t ended = atomic_load(&control->ended);
	uint64_t submitted = atomic_load(&control->submitted);

	for (uint64_t t = ended + 1; t <= submitted; t++) {
		struct hmmcl_slot *slot = hmmcl_slot(control, t);
		uint64_t claim = atomic_load(&slot->claim);

		while (hmmcl_claim_ticket(claim) == (uint32_t)t) {
			unsigned int next = hmmcl_claim_next(claim), chunks = hmmcl_claim_chunks(claim);

			if (next >= chunks || !may_start(control, slot, claim))
				break;
			if (!atomic_compare_exchange_weak(&slot->claim, &claim, claim + 1))
				continue;
			*work = (struct hmmcl_work) {
				.worker = worker, .slot = slot, .ticket = t,
				.first = next, .end = next + 1, .chunks = chunks,
			};
			return true;
		}
	}
	return false;
}

/* Take one more chunk of a command that we hold, or all that are left. */
static bool take_more(struct hmmcl_work *work, bool all)
{
	uint64_t claim = atomic_load(&work->slot->claim);

	do {
		work->first = hmmcl_claim_next(claim);
		if (work->first >= work->chunks)
			return false;
		work->end = all ? work->chunks : work->first + 1;
	} while (!atomic_compare_exchange_weak(&work->slot->claim, &claim,
					       claim + (work->end - work->first)));
	return true;
}

/* Whether a command behind @ticket could run beside it. */
static bool more_to_start(struct hmmcl_control *control, uint64_t ticket)
{
	uint64_t submitted = atomic_load(&control->submitted);

	for (uint64_t t = ticket + 1; t <= submitted; t++) {
		struct hmmcl_slot *slot = hmmcl_slot(control, t);
		uint64_t claim = atomic_load(&slot->claim);

		if (hmmcl_claim_ticket(claim) == (uint32_t)t &&
		    hmmcl_claim_next(claim) < hmmcl_claim_chunks(claim) &&
		    may_start(control, slot, claim))
			return true;
	}
	return false;
}

/* There is work for another.  The doorbell, because what has become ready by the end of a command
 * is news to workers that spin. */
static void call_another(struct hmmcl_control *control)
{
	atomic_fetch_add(&control->doorbell, 1);
	hmmcl_wake_worker(control, -1);
}

static void ring_events(struct hmmcl_control *control)
{
	atomic_fetch_add(&control->events, 1);
	if (atomic_load(&control->waiters))
		hmmcl_futex_wake(&control->events, INT32_MAX, control->futex_flags,
				 FUTEX_BITSET_MATCH_ANY);
}

/* control.h says why nobody is forgotten. */
static void end_command(struct hmmcl_worker *worker, struct hmmcl_slot *slot, uint64_t ticket)
{
	struct hmmcl_control *control = worker->engine->control;
	bool room = false;
	uint64_t ended;

	slot->end = now(control);
	atomic_fetch_add(&control->done, 1);
	atomic_store(&slot->ended, (uint32_t)ticket);
	/* Several may start now, and only one is for us.  (One that is not counted yet will ring.) */
	if (atomic_load(&slot->followers) > 1)
		worker->must_look = true;
	/* Whoever finds that the next one in order has ended says so; the last one that ends always
	 * sees all the others. */
	ended = atomic_load(&control->ended);
	while (atomic_load(&hmmcl_slot(control, ended + 1)->ended) == (uint32_t)(ended + 1)) {
		if (atomic_compare_exchange_strong(&control->ended, &ended, ended + 1)) {
			room = true;
			ended++;
		}
	}
	if (hmmcl_ticket_reached(atomic_load(&slot->report), ticket) ||
	    (room && atomic_load(&control->room_waiters)))
		ring_events(control);
	if (atomic_load(&slot->waiters)) {
		atomic_fetch_add(&slot->rings, 1);
		hmmcl_futex_wake(&slot->rings, INT32_MAX, control->futex_flags,
				 FUTEX_BITSET_MATCH_ANY);
	}
}

/* The first fault of a command is the one that is reported. */
static void note_fault(struct hmmcl_slot *slot, const struct hmmcl_fault *fault)
{
	if (!atomic_exchange(&slot->faulted, 1))
		slot->fault = *fault;
}

/* False when the arena is too small for the command, or the memory was not to be had. */
static bool arena_suffices(const struct hmmcl_worker *worker, const struct hmmcl_command *c)
{
	const uint64_t *local = c->ndrange.launch.local_size;

	return c->type != HMMCL_CMD_NDRANGE ||
	       c->ndrange.context_fixed + c->ndrange.context_item * (local[0] * local[1] * local[2]) <=
		       worker->arena_size;
}

/*
 * Code may have been loaded where other code was: a core that ran the old code must not
 * go on with what it had fetched ahead (Intel SDM 3A, 9.1.3: cross-modifying code).
 */
static void synchronize_code(struct hmmcl_worker *worker)
{
	uint32_t generation = atomic_load_explicit(&worker->engine->control->code_generation,
						   memory_order_relaxed);
	unsigned int a, b, c, d;

	if (worker->code_generation == generation)
		return;
	worker->code_generation = generation;
	__cpuid(0, a, b, c, d);
}

static void do_work(struct hmmcl_work *work)
{
	struct hmmcl_worker *worker = work->worker;
	struct hmmcl_control *control = worker->engine->control;
	struct hmmcl_slot *slot = work->slot;
	bool share = worth_sharing(worker->engine, &slot->command);
	uint64_t ticks = hmmcl_tsc();
	unsigned int done = 0;

	synchronize_code(worker);
	if (!work->first)
		slot->start = now(control);
	if ((share && work->end < work->chunks) ||
	    (worker->must_look && more_to_start(control, work->ticket)))
		call_another(control);
	worker->must_look = false;
	do {
		bool ok = arena_suffices(worker, &slot->command);

		if (!ok)
			worker->fault = (struct hmmcl_fault) { .kind = HMMCL_FAULT_BUS };
		else
			ok = !hmmcl_guarded_call(&worker->recovery, hmmcl_execute, work);
		done += work->end - work->first;
		if (!ok) {
			note_fault(slot, &worker->fault);
			/* What nobody has begun yet, nobody will. */
			if (take_more(work, true))
				done += work->end - work->first;
			break;
		}
	} while (take_more(work, !share));

	if (work->groups) {
		_Atomic uint64_t *groups = &control->counters[worker->index].groups;

		atomic_store_explicit(groups, atomic_load_explicit(groups, memory_order_relaxed) +
				      work->groups, memory_order_relaxed);
		learn_cost(worker->engine, slot->command.ndrange.entry, work->groups,
			   hmmcl_tsc() - ticks);
	}
	if (atomic_fetch_add(&slot->chunks_done, done) + done == work->chunks)
		end_command(worker, slot, work->ticket);
}

/* While we are counted, if only for a moment, who submits wakes nobody: we must look for more. */
static void count_in(struct hmmcl_worker *worker)
{
	_Atomic int32_t *spinners = &worker->engine->control->spinners;

	if (worker->counted)
		return;
	worker->counted = atomic_fetch_add(spinners, 1) <
			  (int32_t)worker->engine->control->max_spinners;
	if (!worker->counted)
		atomic_fetch_sub(spinners, 1);
	worker->must_look = true;
}

static void count_out(struct hmmcl_worker *worker)
{
	if (worker->counted)
		atomic_fetch_sub(&worker->engine->control->spinners, 1);
	worker->counted = false;
}

void hmmcl_worker_run(struct hmmcl_worker *worker)
{
	struct hmmcl_control *control = worker->engine->control;
	uint32_t bit = hmmcl_core_bit(control, control->cpus[worker->index]);
	uint64_t idle_since = 0;	/* 0: busy */
	bool contended = false;

	/* A thread begins with the settings of the one that made it, which are the application's. */
	hmmcl_reset_floating_point();
	for (;;) {
		uint32_t seen = atomic_load(&control->doorbell);
		struct hmmcl_work work;

		if (take_work(worker, &work)) {
			count_out(worker);
			if (idle_since)
				worker->spin_budget = hmmcl_spin_learn(worker->spin_budget,
								       hmmcl_tsc() - idle_since,
								       contended);
			idle_since = 0;
			contended = false;
			do_work(&work);
			continue;
		}
		if (atomic_load(&control->stop))
			break;
		/* The time goes on while the doorbell rings for work that others take, asleep or not. */
		if (!idle_since)
			idle_since = hmmcl_tsc();
		count_in(worker);
		if (worker->counted &&
		    hmmcl_spin(control, &control->doorbell, seen, idle_since + worker->spin_budget,
			       &contended))
			continue;
		count_out(worker);
		/* The doorbell may have changed before we are counted: then the futex does not
		 * sleep.  It is woken for us alone, and then we are counted among the spinners. */
		atomic_fetch_add(&control->sleepers, 1);
		worker->counted = !hmmcl_futex_wait(&control->doorbell, seen, control->futex_flags,
						    NULL, bit);
		atomic_fetch_sub(&control->sleepers, 1);
		worker->must_look |= worker->counted;
	}
	count_out(worker);
}

void hmmcl_engine_init(struct hmmcl_engine_state *engine, struct hmmcl_control *control)
{
	engine->control = control;
	engine->alt_stacks = control->window + HMMCL_WINDOW_ALT_STACKS;
	engine->worker_count = control->workers;
}

int hmmcl_worker_map(uint64_t address, uint64_t size)
{
	long r = hmmcl_syscall6(__NR_mmap, (long)address, (long)size, PROT_READ | PROT_WRITE,
				MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0);

	return r < 0 ? (int)r : 0;
}

int hmmcl_worker_init(struct hmmcl_engine_state *engine, unsigned int index)
{
	struct hmmcl_worker *worker = &engine->workers[index];
	uint64_t base = engine->control->window + HMMCL_WINDOW_WORKERS + index * HMMCL_WORKER_STRIDE;
	int r;

	*worker = (struct hmmcl_worker) {
		.engine = engine, .index = index, .base = (char *)base, .spin_budget = HMMCL_SPIN_MAX,
		.arena_size = HMMCL_WORKER_ARENA_MAX,
	};
	r = hmmcl_worker_map((uint64_t)hmmcl_worker_alt_stack(worker), HMMCL_ALT_STACK_SIZE);
	if (!r)
		r = hmmcl_worker_map(base + HMMCL_WORKER_LOCAL, HMMCL_LOCAL_MEM_SIZE);
	if (r)
		return r;
	while ((r = hmmcl_worker_map(base + HMMCL_WORKER_ARENA, worker->arena_size)) &&
	       worker->arena_size > HMMCL_MIB)
		worker->arena_size /= 2;
	return r;
}
