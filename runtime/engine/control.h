/* SPDX-License-Identifier: MIT */
/*
 * What the runtime's transport and the engine share: the layout of the window and the
 * control area in it, with the command ring.
 *
 * The window is one range of addresses that means the same in both.  For the hmm engine it
 * is the only part of its address space that is not the client's memory.
 *
 *	offset		size		client		engine
 *	CONTROL		64 MiB		rw shared	rw shared	this file's structures
 *	CODE		512 MiB		r (host: rx)	rx		text and constants of images
 *	DATA		1 GiB		rw shared	rw shared	program-scope variables
 *	IMAGE		64 MiB		-		the hmm engine's own program
 *	ALT_STACKS	...		(host: rw)	rw		signal stacks, one a worker
 *	WORKERS		1 GiB each	(host: rw)	rw		stack, local memory, context arena
 *
 * CODE and DATA together are less than 2 GiB, so that code reaches all of them by 32 bits.
 *
 * The ring.  Tickets count up from 1; ticket t lives in slot t % HMMCL_RING_SLOTS.  The client
 * fills a slot, stores its claim word, then control.submitted.  A command's work is cut in chunks
 * that workers take from the claim word by compare-and-swap: the word holds the ticket, so a
 * worker that looks at a slot that has been given to another command takes nothing.  A chunk
 * taken keeps the command from ending, and so its slot from being used again.  A command may
 * start when those that it names in after[] have ended; else it is passed over.  They start in the
 * order of submission otherwise, and end in any order.
 *
 * Who sleeps is woken by the end that it waits for, and by no other: one that waits for a command
 * sleeps on its slot (rings); the client's thread that keeps the books for all sleeps on
 * control.events and names the commands whose end it wants to hear of (report).  While nobody does
 * either, commands end without a system call.  No wake-up is lost, because all of these words are
 * accessed in one order (memory_order_seq_cst), in which
 *	- who waits adds itself to waiters, reads rings, looks whether the command has ended, and
 *	  sleeps only while rings is what it read;
 *	- who ends a command stores slot.ended, and then reads waiters.
 * If the look found that the command had not ended, waiters was read after it was added to: then
 * rings changes after it was read, and either the futex does not sleep or the wake-up comes after
 * it fell asleep.  The same with control.waiters and events, and with report in place of waiters:
 * who asks for a report stores it, and then looks whether the command has ended already.  A slot
 * may be given to its next ticket before the one who ended the last has read them: then waiters
 * still counts those that sleep, and report is as good for the last ticket as for the next: an
 * end that nobody asked to hear of is told, but none that somebody did is kept back.  The engine's
 * loss is the end of every command.
 */
#ifndef HMMCL_ENGINE_CONTROL_H
#define HMMCL_ENGINE_CONTROL_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "../transport/engine.h"
#include "device_abi.h"

#define HMMCL_PAGE_SIZE 4096ull
#define HMMCL_MIB (1ull << 20)
#define HMMCL_GIB (1ull << 30)

#define HMMCL_MAX_WORKERS 256u

#define HMMCL_WINDOW_CONTROL 0ull
#define HMMCL_WINDOW_CONTROL_SIZE (64 * HMMCL_MIB)
#define HMMCL_WINDOW_CODE (HMMCL_WINDOW_CONTROL + HMMCL_WINDOW_CONTROL_SIZE)
#define HMMCL_WINDOW_CODE_SIZE (512 * HMMCL_MIB)
#define HMMCL_WINDOW_DATA (HMMCL_WINDOW_CODE + HMMCL_WINDOW_CODE_SIZE)
#define HMMCL_WINDOW_DATA_SIZE (1 * HMMCL_GIB)
#define HMMCL_WINDOW_IMAGE (2 * HMMCL_GIB)
#define HMMCL_WINDOW_IMAGE_SIZE (64 * HMMCL_MIB)
#define HMMCL_WINDOW_ALT_STACKS (HMMCL_WINDOW_IMAGE + HMMCL_WINDOW_IMAGE_SIZE)
#define HMMCL_WINDOW_WORKERS (4 * HMMCL_GIB)

/* A signal stack and, below it, a guard of the same size. */
#define HMMCL_ALT_STACK_SIZE (64ull << 10)
#define HMMCL_ALT_STACK_STRIDE (2 * HMMCL_ALT_STACK_SIZE)

/* A worker's part; what lies between is never mapped. */
#define HMMCL_WORKER_STRIDE HMMCL_GIB
#define HMMCL_WORKER_STACK HMMCL_WORKER_GUARD
#define HMMCL_WORKER_LOCAL (16 * HMMCL_MIB)
#define HMMCL_WORKER_ARENA (32 * HMMCL_MIB)
#define HMMCL_WORKER_ARENA_MAX HMMCL_CONTEXT_MAX

#define HMMCL_RING_SLOTS 1024u
#define HMMCL_ARGS_RING_SIZE (16 * HMMCL_MIB)
#define HMMCL_MAX_ARGS_SIZE HMMCL_MIB

/* Addresses of libcalls.def's functions in the engine, in its order. */
#define HMMCL_MAX_LIBCALLS 512u

static inline uint64_t hmmcl_window_size(unsigned int workers)
{
	return HMMCL_WINDOW_WORKERS + workers * HMMCL_WORKER_STRIDE;
}

/* A fault as the engine saw it; @instruction is an address. */
struct hmmcl_fault {
	uint32_t kind;			/* enum hmmcl_fault_kind */
	uint32_t write;
	uint64_t address;
	uint64_t instruction;
};

struct hmmcl_slot {
	_Alignas(128) _Atomic uint64_t claim;	/* see hmmcl_claim_* */
	_Atomic uint32_t ended;		/* its last ticket that has ended: see hmmcl_has_ended */
	_Atomic uint32_t waiters;	/* threads of the client asleep on rings, or about to be */
	_Atomic uint32_t rings;		/* futex */
	_Atomic uint32_t report;	/* tell of the end of this ticket; else the one before it */
	_Atomic uint32_t chunks_done;
	_Atomic uint32_t faulted;	/* set by the first worker that faults: take no more groups */
	struct hmmcl_fault fault;
	uint64_t start, end;		/* ticks of control.clock */
	/* Of the command; here because whoever looks for work looks at them, at any time. */
	_Atomic uint32_t n_after;
	_Atomic uint32_t followers;	/* how many commands name it in their after[] */
	_Atomic uint64_t after[HMMCL_MAX_AFTER];
	struct hmmcl_command command;	/* ndrange.args points into control.args */
};

/* claim: ticket (32 bits), whether n_after is not 0 (1), chunks (15), next chunk to take (16). */
#define HMMCL_MAX_CHUNKS 0x7fffu

static inline uint64_t hmmcl_claim_make(uint64_t ticket, bool waits, unsigned int chunks)
{
	return ticket << 32 | (uint64_t)waits << 31 | (uint64_t)chunks << 16;
}
static inline uint32_t hmmcl_claim_ticket(uint64_t claim) { return (uint32_t)(claim >> 32); }
static inline bool hmmcl_claim_waits(uint64_t claim) { return claim >> 31 & 1; }
static inline unsigned int hmmcl_claim_chunks(uint64_t claim) { return claim >> 16 & 0x7fff; }
static inline unsigned int hmmcl_claim_next(uint64_t claim) { return claim & 0xffff; }

enum hmmcl_clock {
	HMMCL_CLOCK_TSC,		/* ticks are the time stamp counter's */
	HMMCL_CLOCK_SYSTEM,		/* ticks are nanoseconds of CLOCK_MONOTONIC, from a system call */
};

#define HMMCL_CONTROL_VERSION 3u

/* Written by one worker only. */
struct hmmcl_worker_counters {
	_Alignas(64) _Atomic uint64_t groups;
};

struct hmmcl_control {
	/* Written by the client before the engine starts. */
	uint32_t version;
	uint32_t workers;
	uint64_t window, window_size;
	uint32_t clock;			/* enum hmmcl_clock */
	uint32_t futex_flags;		/* FUTEX_PRIVATE_FLAG, or 0 between processes */
	uint32_t max_spinners;		/* workers that may spin for work at the same time */
	uint32_t pin;			/* worker i runs on cpus[i] only */
	uint32_t switch_ticks;		/* a yield that took longer has let another thread run */
	uint16_t cpus[HMMCL_MAX_WORKERS];
	/* Written by the engine before it says that it is ready. */
	_Atomic uint32_t ready;		/* futex, shared */
	uint64_t libcalls[HMMCL_MAX_LIBCALLS];

	/* From client to engine. */
	_Alignas(128) _Atomic uint64_t submitted;	/* last ticket */
	_Atomic uint32_t doorbell;	/* futex; changes after each submission */
	_Atomic uint32_t stop;		/* workers end when there is nothing left to do */
	_Atomic uint32_t code_generation;	/* changes with each image loaded */
	/* Workers looking for work without sleeping (or woken and on their way), and asleep. */
	_Alignas(128) _Atomic int32_t spinners;
	_Atomic int32_t sleepers;
	/* From engine to client. */
	_Alignas(128) _Atomic uint64_t ended;		/* all tickets up to this one have ended */
	_Atomic uint64_t done;		/* how many commands have ended; counted just before */
	_Atomic uint32_t events;	/* futex; changes after each end that is to be reported */
	_Atomic uint32_t waiters;	/* threads of the client asleep on it, or about to be */
	_Atomic uint32_t room_waiters;	/* those of them that wait for ended to grow */

	struct hmmcl_worker_counters counters[HMMCL_MAX_WORKERS];

	struct hmmcl_slot slots[HMMCL_RING_SLOTS];
	_Alignas(4096) unsigned char args[HMMCL_ARGS_RING_SIZE];
};

_Static_assert(sizeof(struct hmmcl_control) <= HMMCL_WINDOW_CONTROL_SIZE, "control area");

static inline struct hmmcl_slot *hmmcl_slot(struct hmmcl_control *control, uint64_t ticket)
{
	return &control->slots[ticket % HMMCL_RING_SLOTS];
}

/* Whether a ticket that was given to this slot, now or before, has ended.  Of tickets, the slot has
 * the low halves: those that meet in it are never far apart. */
static inline bool hmmcl_ticket_reached(uint32_t value, uint64_t ticket)
{
	return (int32_t)(value - (uint32_t)ticket) >= 0;
}

static inline bool hmmcl_has_ended(const struct hmmcl_slot *slot, uint64_t ticket)
{
	return hmmcl_ticket_reached(atomic_load(&slot->ended), ticket);
}

/*
 * Watch a word without sleeping, until the time stamp counter says @until; true when it is no longer
 * @seen.  It ends early, and sets *@contended, when other threads turn out to need the core.
 */
#define HMMCL_SPIN_MAX (128u << 10)	/* about 60 us: longer than a futex's wake-up */
bool hmmcl_spin(const struct hmmcl_control *control, _Atomic uint32_t *word, uint32_t seen,
		uint64_t until, bool *contended);
/*
 * For how long is learned: the next budget, in ticks, after a wait of @waited in all.  It grows, too,
 * when sleep was what we waited in, but spinning would have been worth it.
 */
uint64_t hmmcl_spin_learn(uint64_t budget, uint64_t waited, bool contended);

/* A pinned worker sleeps on the doorbell with a bit of its core, so that a waker can choose. */
uint32_t hmmcl_core_bit(const struct hmmcl_control *control, unsigned int cpu);

/*
 * Wake one sleeping worker, unless one is looking for work anyway: then that one must wake the next
 * if it finds more than it takes.  Called after the doorbell has changed, by whoever made work.  One
 * that runs on @avoid_cpu (-1: none) is chosen last: the caller goes on running there.
 */
void hmmcl_wake_worker(struct hmmcl_control *control, int avoid_cpu);

#endif
