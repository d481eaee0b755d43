/* SPDX-License-Identifier: MIT */
/* The transport's own structures. */
#ifndef HMMCL_TRANSPORT_CLIENT_H
#define HMMCL_TRANSPORT_CLIENT_H

#include <pthread.h>
#include <stdatomic.h>

#include "engine.h"
#include "window.h"

/* What differs between the two kinds. */
struct hmmcl_backend {
	int (*probe)(struct hmmcl_engine_info *info, char *why, size_t why_size);
	/* With @engine->window and the client's part of its control area in place. */
	int (*start)(struct hmmcl_engine *engine, char *why, size_t why_size);
	/* Everything that was submitted has ended, or the engine is lost. */
	void (*stop)(struct hmmcl_engine *engine);
	/* In a child: close what was inherited. */
	void (*forget)(struct hmmcl_engine *engine);
	int (*migrate)(struct hmmcl_engine *engine, const void *addr, size_t size, bool to_device,
		       uint64_t *moved);
	int (*counters)(struct hmmcl_engine *engine, struct hmmcl_engine_counters *counters);
};
extern const struct hmmcl_backend hmmcl_host_backend, hmmcl_hmm_backend;

/* What the client remembers of a slot of the ring; the rest the engine could overwrite. */
struct hmmcl_submission {
	int64_t ticket;
	bool retired;
	uint64_t submit_ns;
	uint64_t args_end;		/* what the ring of arguments had given out up to here */
	char kernel[64];
};

/* A completion whose slot was needed before it was retired. */
struct hmmcl_kept {
	struct hmmcl_kept *next;
	int64_t ticket;
	struct hmmcl_completion completion;
};
#define HMMCL_KEPT_BUCKETS 64u

struct hmmcl_engine {
	struct hmmcl_engine *next;	/* all engines of this process; under the table's lock */
	unsigned int refs;		/* the same */
	const struct hmmcl_backend *backend;
	void *private;			/* the backend's */
	struct hmmcl_engine_info info;
	struct hmmcl_window window;
	/* A page that reads 0 in a child of the process that opened the engine, however it
	 * was forked: a child must not use it. */
	const _Atomic uint32_t *ours;
	_Atomic bool lost;
	_Atomic bool losing;		/* the one who set it writes why_lost, then sets lost */
	char why_lost[160];

	pthread_mutex_t submit_lock;	/* of what follows, up to clock */
	uint64_t next_ticket;
	uint64_t args_used;		/* bytes given out so far; position modulo the ring's size */
	struct hmmcl_submission submissions[HMMCL_RING_SLOTS];
	struct hmmcl_kept *kept[HMMCL_KEPT_BUCKETS];
	struct {
		uint64_t ticks, ns;	/* the same moment by both clocks, at the start */
	} clock;

	_Atomic uint32_t spinning;	/* waiting threads that spin: at most one */
	_Atomic uint64_t spin_budget;	/* of that one */

	pthread_mutex_t images_lock;
	struct hmmcl_image *images;
};

/* False in a child of the process that opened the engine. */
static inline bool hmmcl_engine_ours(const struct hmmcl_engine *engine)
{
	return atomic_load_explicit(engine->ours, memory_order_relaxed);
}

static inline bool hmmcl_engine_usable(const struct hmmcl_engine *engine)
{
	return hmmcl_engine_ours(engine) && !atomic_load(&engine->lost);
}

/*
 * Every command that has not ended fails, all later ones are refused, all that wait wake up.  The
 * first reason given, a clause without a full stop, is what hmmcl_engine_why_lost returns.
 */
void hmmcl_engine_mark_lost(struct hmmcl_engine *engine, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* The cores that this process may use: how many, and up to @size of their numbers. */
unsigned int hmmcl_cpus(uint16_t *cpus, unsigned int size);

/* Offset in the image that holds it of an address in the window's code, or 0. */
uint64_t hmmcl_image_offset(struct hmmcl_engine *engine, uint64_t address);

/* clock.c: now by CLOCK_MONOTONIC, and an engine's ticks as that. */
uint64_t hmmcl_now_ns(void);
enum hmmcl_clock hmmcl_clock_choose(void);
void hmmcl_clock_start(struct hmmcl_engine *engine);
uint64_t hmmcl_clock_ns(const struct hmmcl_engine *engine, uint64_t ticks);

#endif
