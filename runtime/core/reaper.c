/* SPDX-License-Identifier: MIT */
/* The reaper thread, and the schedulers' beginning and end. */
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "reaper.h"
#include "thread.h"

/* The schedulers that new contexts get, by kind of engine. */
static pthread_mutex_t table_lock = PTHREAD_MUTEX_INITIALIZER;
static struct hmmcl_scheduler *table[2];

/* The child of fork() starts anew; its parent's schedulers are left as they are. */
static void in_forked_child(void)
{
	pthread_mutex_init(&table_lock, NULL);
	memset(table, 0, sizeof(table));
}

__attribute__((constructor)) static void watch_forks(void)
{
	pthread_atfork(NULL, NULL, in_forked_child);
}

static void scheduler_free(struct hmmcl_scheduler *scheduler)
{
	hmmcl_engine_close(scheduler->engine);
	pthread_cond_destroy(&scheduler->reaper_wake);
	pthread_mutex_destroy(&scheduler->lock);
	free(scheduler);
}

static void *reap(void *data)
{
	struct hmmcl_scheduler *scheduler = data;
	bool frees;

	pthread_setname_np(pthread_self(), "hmmcl-reaper");
	hmmcl_scheduler_lock(scheduler);
	while (!scheduler->stop) {
		uint32_t seen;

		if (!scheduler->reported) {
			scheduler->reaper_sleeps = true;
			pthread_cond_wait(&scheduler->reaper_wake, &scheduler->lock);
			scheduler->reaper_sleeps = false;
			continue;
		}
		seen = hmmcl_engine_events(scheduler->engine);
		hmmcl_scheduler_reap(scheduler);
		/* If this releases the last context, the freeing is left to us. */
		hmmcl_scheduler_unlock(scheduler);
		hmmcl_scheduler_lock(scheduler);
		if (scheduler->stop || !scheduler->reported)
			continue;
		pthread_mutex_unlock(&scheduler->lock);
		hmmcl_engine_wait(scheduler->engine, seen);
		hmmcl_scheduler_lock(scheduler);
	}
	frees = scheduler->reaper_frees;
	pthread_mutex_unlock(&scheduler->lock);
	if (frees)
		scheduler_free(scheduler);
	return NULL;
}

void hmmcl_reaper_wake(struct hmmcl_scheduler *scheduler)
{
	if (scheduler->reported && scheduler->reaper_sleeps)
		pthread_cond_signal(&scheduler->reaper_wake);
}

void hmmcl_scheduler_kick(void)
{
	pthread_mutex_lock(&table_lock);
	for (int kind = 0; kind < 2; kind++) {
		struct hmmcl_scheduler *scheduler = table[kind];

		if (!scheduler)
			continue;
		hmmcl_scheduler_lock(scheduler);
		hmmcl_scheduler_watch_all(scheduler);
		hmmcl_reaper_wake(scheduler);
		pthread_mutex_unlock(&scheduler->lock);
	}
	pthread_mutex_unlock(&table_lock);
}

/* Held for less than a microsecond at a time: who meets it locked spins before it sleeps. */
static void init_lock(pthread_mutex_t *lock)
{
	pthread_mutexattr_t attributes;

	pthread_mutexattr_init(&attributes);
	pthread_mutexattr_settype(&attributes, PTHREAD_MUTEX_ADAPTIVE_NP);
	pthread_mutex_init(lock, &attributes);
	pthread_mutexattr_destroy(&attributes);
}

static struct hmmcl_scheduler *scheduler_new(enum hmmcl_engine_kind kind)
{
	struct hmmcl_scheduler *scheduler = calloc(1, sizeof(*scheduler));
	char why[256] = "";
	int error;

	if (!scheduler)
		return NULL;
	error = hmmcl_engine_open(kind, &scheduler->engine, why, sizeof(why));
	if (error) {
		hmmcl_error("the %s engine does not start: %s",
			    kind == HMMCL_ENGINE_HMM ? "hmm" : "host", why);
		free(scheduler);
		return NULL;
	}
	scheduler->kind = kind;
	scheduler->refs = 1;
	scheduler->reaped = hmmcl_engine_done(scheduler->engine);	/* none of ours */
	init_lock(&scheduler->lock);
	pthread_cond_init(&scheduler->reaper_wake, NULL);
	/* Now, not when it is first needed: then it could fail, with threads asleep that only it wakes. */
	error = hmmcl_thread_start(&scheduler->reaper, reap, scheduler);
	if (error) {
		hmmcl_error("cannot start the reaper thread: %s; raise the limit on threads or memory "
			    "(ulimit -u, -v, -d)",
			    strerror(error));
		scheduler_free(scheduler);
		return NULL;
	}
	return scheduler;
}

cl_int hmmcl_scheduler_get(enum hmmcl_engine_kind kind, struct hmmcl_scheduler **scheduler)
{
	struct hmmcl_scheduler *found;

	pthread_mutex_lock(&table_lock);
	found = table[kind];
	if (found && !atomic_load(&found->lost)) {
		found->refs++;
	} else {
		found = scheduler_new(kind);
		if (found)
			table[kind] = found;
	}
	pthread_mutex_unlock(&table_lock);
	*scheduler = found;
	return found ? CL_SUCCESS : CL_OUT_OF_RESOURCES;
}

void hmmcl_scheduler_put(struct hmmcl_scheduler *scheduler)
{
	bool last, by_reaper;

	pthread_mutex_lock(&table_lock);
	last = --scheduler->refs == 0;
	if (last && table[scheduler->kind] == scheduler)
		table[scheduler->kind] = NULL;
	pthread_mutex_unlock(&table_lock);
	if (!last)
		return;
	hmmcl_scheduler_lock(scheduler);
	scheduler->stop = true;
	by_reaper = pthread_equal(scheduler->reaper, pthread_self());
	scheduler->reaper_frees = by_reaper;
	pthread_cond_signal(&scheduler->reaper_wake);
	pthread_mutex_unlock(&scheduler->lock);
	if (by_reaper) {
		pthread_detach(scheduler->reaper);
		return;
	}
	hmmcl_engine_interrupt(scheduler->engine);
	pthread_join(scheduler->reaper, NULL);
	scheduler_free(scheduler);
}
