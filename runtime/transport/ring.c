// SPDX-License-Identifier: MIT
/* The client's side of the ring: submission, completion, waiting. */
#define _GNU_SOURCE
#include <errno.h>
#include <limits.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../engine/syscall.h"
#include "client.h"

/* Pieces of a copy or fill: not worth another worker below this many bytes. */
#define PIECE_MIN (64ull << 10)
/* Chunks for each worker, so that the last ones to end are not far apart. */
#define CHUNKS_PER_WORKER 16u

static struct hmmcl_submission *submission_of(struct hmmcl_engine *engine, uint64_t ticket)
{
	return &engine->submissions[ticket % HMMCL_RING_SLOTS];
}

static uint64_t at_least_one(uint64_t n)
{
	return n ? n : 1;
}

static unsigned int at_most(uint64_t chunks, uint64_t limit)
{
	if (chunks > limit)
		chunks = limit;
	return (unsigned int)(chunks > HMMCL_MAX_CHUNKS ? HMMCL_MAX_CHUNKS : at_least_one(chunks));
}

/* A rectangle whose rows, or slices, follow each other without a gap is fewer, longer rows. */
static void simplify_rect(struct hmmcl_command *c)
{
	uint64_t *region = c->copy_rect.region;

	if (c->copy_rect.dst_row_pitch == region[0] && c->copy_rect.src_row_pitch == region[0]) {
		uint64_t slice = region[0] * region[1];

		if (region[2] == 1 || (c->copy_rect.dst_slice_pitch == slice &&
				       c->copy_rect.src_slice_pitch == slice)) {
			c->type = HMMCL_CMD_COPY;
			c->copy.size = slice * region[2];
		}
	}
	_Static_assert(offsetof(struct hmmcl_command, copy.dst) ==
			       offsetof(struct hmmcl_command, copy_rect.dst) &&
		       offsetof(struct hmmcl_command, copy.src) ==
			       offsetof(struct hmmcl_command, copy_rect.src), "both start alike");
}

/* How many chunks to cut a command in; -errno when the command is nonsense. */
static int cut(const struct hmmcl_engine *engine, const struct hmmcl_command *c)
{
	uint64_t limit = (uint64_t)engine->info.workers * CHUNKS_PER_WORKER;
	const struct hmmcl_launch *launch = &c->ndrange.launch;
	uint64_t n, m;

	switch (c->type) {
	case HMMCL_CMD_NOP:
		return 1;
	case HMMCL_CMD_NDRANGE:
		for (int d = 0; d < 3; d++)
			if (!launch->local_size[d] || !launch->num_groups[d])
				return -EINVAL;
		if (!c->ndrange.entry || c->ndrange.local_size > HMMCL_LOCAL_MEM_SIZE ||
		    __builtin_mul_overflow(launch->num_groups[0], launch->num_groups[1], &n) ||
		    __builtin_mul_overflow(n, launch->num_groups[2], &n))
			return -EINVAL;
		return (int)at_most(n, limit);
	case HMMCL_CMD_COPY:
		/* Pieces of overlapping ranges would meet. */
		n = c->copy.size;
		m = (uint64_t)c->copy.dst - (uint64_t)c->copy.src;
		return m < n || -m < n ? 1 : (int)at_most(n / PIECE_MIN, limit);
	case HMMCL_CMD_COPY_RECT:
		n = c->copy_rect.region[1] * c->copy_rect.region[2];
		m = n * c->copy_rect.region[0] / PIECE_MIN;
		return (int)at_most(m < n ? m : n, limit);
	case HMMCL_CMD_FILL:
		n = c->fill.pattern_size;
		if (!n || n > sizeof(c->fill.pattern) || n & (n - 1))
			return -EINVAL;
		return (int)at_most(c->fill.size / PIECE_MIN, limit);
	}
	return -EINVAL;
}

/* What the engine says has ended; a value that cannot be true means that it has been damaged. */
static uint64_t ended(struct hmmcl_engine *engine)
{
	uint64_t t = atomic_load(&engine->window.control->ended);

	if (t >= engine->next_ticket) {
		hmmcl_engine_mark_lost(engine, "its control area is damaged: ticket %llu has ended, "
				       "but %llu is the next one", (unsigned long long)t,
				       (unsigned long long)engine->next_ticket);
		return 0;
	}
	return t;
}

/*
 * Room for one more command with @size bytes of arguments: the slot is free, and so much of the
 * arguments' ring, where a block never wraps around.  *start is the block's position.
 */
static bool has_room(struct hmmcl_engine *engine, uint64_t size, uint64_t *start)
{
	uint64_t done = ended(engine);
	uint64_t freed = done ? submission_of(engine, done)->args_end : 0;
	uint64_t used = engine->args_used, left = HMMCL_ARGS_RING_SIZE - used % HMMCL_ARGS_RING_SIZE;

	if (engine->next_ticket - done > HMMCL_RING_SLOTS)
		return false;
	if (size > left)
		used += left;
	*start = used;
	return used + size - freed <= HMMCL_ARGS_RING_SIZE;
}

/* The engine's part of a completion; the client's clock puts it after its submission. */
static void read_completion(struct hmmcl_engine *engine, const struct hmmcl_submission *submission,
			    struct hmmcl_completion *completion)
{
	const struct hmmcl_slot *slot = hmmcl_slot(engine->window.control,
						   (uint64_t)submission->ticket);

	memset(completion, 0, sizeof(*completion));
	completion->start_ns = hmmcl_clock_ns(engine, slot->start);
	completion->end_ns = hmmcl_clock_ns(engine, slot->end);
	if (completion->start_ns < submission->submit_ns)
		completion->start_ns = submission->submit_ns;
	if (completion->end_ns < completion->start_ns)
		completion->end_ns = completion->start_ns;
	memcpy(completion->kernel, submission->kernel, sizeof(completion->kernel));
	if (!slot->fault.kind)
		return;
	completion->fault = slot->fault.kind <= HMMCL_FAULT_STACK_OVERFLOW ?
			    slot->fault.kind : HMMCL_FAULT_BAD_ADDRESS;
	completion->address = slot->fault.address;
	completion->write = slot->fault.write;
	completion->instruction = hmmcl_image_offset(engine, slot->fault.instruction);
}

static struct hmmcl_kept **kept_of(struct hmmcl_engine *engine, int64_t ticket)
{
	struct hmmcl_kept **p = &engine->kept[(uint64_t)ticket % HMMCL_KEPT_BUCKETS];

	while (*p && (*p)->ticket != ticket)
		p = &(*p)->next;
	return p;
}

/* Make a slot free for its next ticket. */
static int release_slot(struct hmmcl_engine *engine, struct hmmcl_submission *submission)
{
	struct hmmcl_kept *kept, **bucket;

	if (!submission->ticket || submission->retired)
		return 0;
	kept = calloc(1, sizeof(*kept));
	if (!kept)
		return -ENOMEM;
	kept->ticket = submission->ticket;
	read_completion(engine, submission, &kept->completion);
	bucket = kept_of(engine, kept->ticket);
	*bucket = kept;
	return 0;
}

static void fill_slot(struct hmmcl_engine *engine, uint64_t ticket, const struct hmmcl_command *c,
		      uint64_t args, unsigned int chunks)
{
	struct hmmcl_control *control = engine->window.control;
	struct hmmcl_slot *slot = hmmcl_slot(control, ticket);

	slot->command = *c;
	slot->fault.kind = HMMCL_FAULT_NONE;
	if (c->type == HMMCL_CMD_NDRANGE) {
		void *block = control->args + args % HMMCL_ARGS_RING_SIZE;

		if (c->ndrange.args_size)
			memcpy(block, c->ndrange.args, c->ndrange.args_size);
		slot->command.ndrange.args = block;
	}
	atomic_store_explicit(&slot->chunks_done, 0, memory_order_relaxed);
	atomic_store_explicit(&slot->faulted, 0, memory_order_relaxed);
	atomic_store_explicit(&slot->report, (uint32_t)ticket - !c->report, memory_order_relaxed);
	for (uint32_t i = 0; i < c->n_after; i++) {
		atomic_store_explicit(&slot->after[i], (uint64_t)c->after[i], memory_order_relaxed);
		/* Else it has ended long ago. */
		if (submission_of(engine, (uint64_t)c->after[i])->ticket == c->after[i])
			atomic_fetch_add(&hmmcl_slot(control, (uint64_t)c->after[i])->followers, 1);
	}
	atomic_store_explicit(&slot->followers, 0, memory_order_relaxed);
	atomic_store_explicit(&slot->n_after, c->n_after, memory_order_relaxed);
	atomic_store_explicit(&slot->claim, hmmcl_claim_make(ticket, c->n_after, chunks),
			      memory_order_release);
}

/* With the submit lock, given up while asleep.  Until there is room, or the engine is lost. */
static void wait_for_room(struct hmmcl_engine *engine, uint64_t size, uint64_t *args)
{
	struct hmmcl_control *control = engine->window.control;

	atomic_fetch_add(&control->room_waiters, 1);
	for (;;) {
		uint32_t seen = hmmcl_engine_events(engine);

		if (atomic_load(&engine->lost) || has_room(engine, size, args))
			break;
		pthread_mutex_unlock(&engine->submit_lock);
		hmmcl_engine_wait(engine, seen);
		pthread_mutex_lock(&engine->submit_lock);
	}
	atomic_fetch_sub(&control->room_waiters, 1);
}

/* With the submit lock, which a wait for room gives up meanwhile. */
static int64_t submit_locked(struct hmmcl_engine *engine, const struct hmmcl_command *c, int chunks)
{
	uint64_t size = c->type == HMMCL_CMD_NDRANGE ? c->ndrange.args_size : 0;
	struct hmmcl_control *control = engine->window.control;
	struct hmmcl_submission *submission;
	uint64_t ticket, args;
	int err;

	size = (size + HMMCL_ABI_ALIGN - 1) & ~(uint64_t)(HMMCL_ABI_ALIGN - 1);
	if (!has_room(engine, size, &args))
		wait_for_room(engine, size, &args);
	if (atomic_load(&engine->lost))
		return -EIO;
	ticket = engine->next_ticket;
	for (uint32_t i = 0; i < c->n_after; i++)
		if (c->after[i] <= 0 || (uint64_t)c->after[i] >= ticket)
			return -EINVAL;
	submission = submission_of(engine, ticket);
	err = release_slot(engine, submission);
	if (err)
		return err;
	fill_slot(engine, ticket, c, args, (unsigned int)chunks);
	engine->args_used = args + size;
	*submission = (struct hmmcl_submission) {
		.ticket = (int64_t)ticket, .submit_ns = hmmcl_now_ns(), .args_end = engine->args_used,
	};
	if (c->type == HMMCL_CMD_NDRANGE && c->ndrange.name)
		strncpy(submission->kernel, c->ndrange.name, sizeof(submission->kernel) - 1);
	engine->next_ticket++;
	atomic_store(&control->submitted, ticket);
	return (int64_t)ticket;
}

/*
 * Whether a command just submitted waits for others.  Then nobody needs to be told of it: who ends
 * the last of those looks for more, and as that is after our look at it, sees the command.
 */
static bool must_wait(struct hmmcl_engine *engine, const struct hmmcl_command *c)
{
	for (uint32_t i = 0; i < c->n_after; i++)
		if (!hmmcl_has_ended(hmmcl_slot(engine->window.control, (uint64_t)c->after[i]),
				     (uint64_t)c->after[i]))
			return true;
	return false;
}

int64_t hmmcl_engine_submit(struct hmmcl_engine *engine, const struct hmmcl_command *command)
{
	struct hmmcl_command c = *command;
	int64_t ticket;
	int chunks;

	if (!hmmcl_engine_usable(engine))
		return -EIO;
	if (c.type == HMMCL_CMD_NDRANGE && c.ndrange.args_size > HMMCL_MAX_ARGS_SIZE)
		return -E2BIG;
	if (c.n_after > HMMCL_MAX_AFTER)
		return -EINVAL;
	if (c.type == HMMCL_CMD_COPY_RECT)
		simplify_rect(&c);
	chunks = cut(engine, &c);
	if (chunks < 0)
		return chunks;
	pthread_mutex_lock(&engine->submit_lock);
	ticket = submit_locked(engine, &c, chunks);
	pthread_mutex_unlock(&engine->submit_lock);
	if (ticket > 0 && !must_wait(engine, &c)) {
		atomic_fetch_add(&engine->window.control->doorbell, 1);
		hmmcl_wake_worker(engine->window.control, sched_getcpu());
	}
	return ticket;
}

uint64_t hmmcl_engine_done(const struct hmmcl_engine *engine)
{
	return hmmcl_engine_usable(engine) ? atomic_load(&engine->window.control->done) : UINT64_MAX;
}

static bool poll_locked(struct hmmcl_engine *engine, int64_t ticket,
			struct hmmcl_completion *completion)
{
	const struct hmmcl_submission *submission = submission_of(engine, (uint64_t)ticket);
	const struct hmmcl_kept *kept;
	/* Before the look at the slot: what ended before the engine was lost counts as ended. */
	bool lost = atomic_load(&engine->lost);

	if (submission->ticket != ticket) {
		kept = *kept_of(engine, ticket);
		if (!kept)
			return false;
		*completion = kept->completion;
		return true;
	}
	if (hmmcl_has_ended(hmmcl_slot(engine->window.control, (uint64_t)ticket), (uint64_t)ticket)) {
		read_completion(engine, submission, completion);
		return true;
	}
	if (!lost)
		return false;
	memset(completion, 0, sizeof(*completion));
	completion->fault = HMMCL_FAULT_ENGINE_LOST;
	completion->start_ns = completion->end_ns = hmmcl_now_ns();
	memcpy(completion->kernel, submission->kernel, sizeof(completion->kernel));
	return true;
}

bool hmmcl_engine_poll(struct hmmcl_engine *engine, int64_t ticket,
		       struct hmmcl_completion *completion)
{
	bool result;

	if (!hmmcl_engine_ours(engine)) {
		*completion = (struct hmmcl_completion) { .fault = HMMCL_FAULT_ENGINE_LOST };
		return true;
	}
	pthread_mutex_lock(&engine->submit_lock);
	result = poll_locked(engine, ticket, completion);
	pthread_mutex_unlock(&engine->submit_lock);
	return result;
}

void hmmcl_engine_retire(struct hmmcl_engine *engine, int64_t ticket)
{
	struct hmmcl_submission *submission;

	if (!hmmcl_engine_ours(engine))
		return;
	pthread_mutex_lock(&engine->submit_lock);
	submission = submission_of(engine, (uint64_t)ticket);
	if (submission->ticket == ticket) {
		submission->retired = true;
	} else {
		struct hmmcl_kept **p = kept_of(engine, ticket), *kept = *p;

		if (kept) {
			*p = kept->next;
			free(kept);
		}
	}
	pthread_mutex_unlock(&engine->submit_lock);
}

uint32_t hmmcl_engine_events(struct hmmcl_engine *engine)
{
	return hmmcl_engine_ours(engine) ? atomic_load(&engine->window.control->events) : 0;
}

/* One thread at a time spins.  True when @word is no longer @seen. */
static bool spin_first(struct hmmcl_engine *engine, _Atomic uint32_t *word, uint32_t seen,
		       bool *contended)
{
	uint64_t budget = atomic_load_explicit(&engine->spin_budget, memory_order_relaxed);
	bool changed;

	*contended = false;
	if (!engine->window.control->max_spinners || atomic_exchange(&engine->spinning, 1))
		return false;
	changed = hmmcl_spin(engine->window.control, word, seen, hmmcl_tsc() + budget, contended);
	atomic_store(&engine->spinning, 0);
	return changed;
}

/*
 * Until @word is no longer @seen, or the engine is lost.  Who changes @word changes @bell, too, when
 * @waiters is not 0, and wakes who sleeps on it; control.h says why that is enough.
 */
static void wait_for_change(struct hmmcl_engine *engine, _Atomic uint32_t *word, uint32_t seen,
			    _Atomic uint32_t *bell, _Atomic uint32_t *waiters)
{
	uint32_t flags = engine->window.control->futex_flags;
	uint64_t start = hmmcl_tsc(), budget;
	bool contended;

	if (!spin_first(engine, word, seen, &contended)) {
		atomic_fetch_add(waiters, 1);
		for (;;) {
			uint32_t rung = atomic_load(bell);

			if (atomic_load(word) != seen || atomic_load(&engine->lost))
				break;
			hmmcl_futex_wait(bell, rung, flags, NULL, FUTEX_BITSET_MATCH_ANY);
		}
		atomic_fetch_sub(waiters, 1);
	}
	budget = atomic_load_explicit(&engine->spin_budget, memory_order_relaxed);
	budget = hmmcl_spin_learn(budget, hmmcl_tsc() - start, contended);
	atomic_store_explicit(&engine->spin_budget, budget, memory_order_relaxed);
}

void hmmcl_engine_wait_for(struct hmmcl_engine *engine, int64_t ticket)
{
	struct hmmcl_slot *slot;
	uint32_t ended;

	if (!hmmcl_engine_usable(engine))
		return;
	slot = hmmcl_slot(engine->window.control, (uint64_t)ticket);
	ended = atomic_load(&slot->ended);
	/* While it has not ended, no other ticket of this slot can. */
	if (!hmmcl_ticket_reached(ended, (uint64_t)ticket))
		wait_for_change(engine, &slot->ended, ended, &slot->rings, &slot->waiters);
}

void hmmcl_engine_wait(struct hmmcl_engine *engine, uint32_t seen)
{
	struct hmmcl_control *control = engine->window.control;

	if (hmmcl_engine_usable(engine) && atomic_load(&control->events) == seen)
		wait_for_change(engine, &control->events, seen, &control->events, &control->waiters);
}

void hmmcl_engine_report(struct hmmcl_engine *engine, int64_t ticket)
{
	uint32_t report = (uint32_t)ticket - 1;
	struct hmmcl_slot *slot;

	if (!hmmcl_engine_ours(engine))
		return;
	slot = hmmcl_slot(engine->window.control, (uint64_t)ticket);
	atomic_compare_exchange_strong(&slot->report, &report, (uint32_t)ticket);
	if (hmmcl_has_ended(slot, (uint64_t)ticket))
		hmmcl_engine_interrupt(engine);
}

void hmmcl_engine_interrupt(struct hmmcl_engine *engine)
{
	struct hmmcl_control *control = engine->window.control;

	if (!hmmcl_engine_ours(engine))
		return;
	atomic_fetch_add(&control->events, 1);
	hmmcl_futex_wake(&control->events, INT_MAX, control->futex_flags, FUTEX_BITSET_MATCH_ANY);
}

void hmmcl_engine_mark_lost(struct hmmcl_engine *engine, const char *format, ...)
{
	va_list arguments;

	if (atomic_exchange(&engine->losing, true))
		return;
	va_start(arguments, format);
	vsnprintf(engine->why_lost, sizeof(engine->why_lost), format, arguments);
	va_end(arguments);
	atomic_store(&engine->lost, true);
	hmmcl_engine_interrupt(engine);
	for (unsigned int i = 0; hmmcl_engine_ours(engine) && i < HMMCL_RING_SLOTS; i++) {
		struct hmmcl_slot *slot = &engine->window.control->slots[i];

		atomic_fetch_add(&slot->rings, 1);
		if (atomic_load(&slot->waiters))
			hmmcl_futex_wake(&slot->rings, INT_MAX, engine->window.control->futex_flags,
					 FUTEX_BITSET_MATCH_ANY);
	}
}

const char *hmmcl_engine_why_lost(const struct hmmcl_engine *engine)
{
	if (!hmmcl_engine_ours(engine))
		return "it is the parent process's";
	return atomic_load(&engine->lost) ? engine->why_lost : NULL;
}
