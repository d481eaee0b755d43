// SPDX-License-Identifier: MIT
/* Engines: one of each kind for a process, opened, shared, closed, and left behind by fork. */
#define _GNU_SOURCE
#include <cpuid.h>
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../engine/syscall.h"
#include "client.h"

#define SWITCH_TICKS_MIN (4u << 10)	/* about 2 us */

/* All engines of this process, and those that new contexts share. */
static pthread_mutex_t table_lock = PTHREAD_MUTEX_INITIALIZER;
static struct hmmcl_engine *all;
static struct hmmcl_engine *current[2];
static pthread_once_t fork_once = PTHREAD_ONCE_INIT;

static const struct hmmcl_backend *const backends[] = {
	[HMMCL_ENGINE_HOST] = &hmmcl_host_backend,
	[HMMCL_ENGINE_HMM] = &hmmcl_hmm_backend,
};

static void before_fork(void)
{
	pthread_mutex_lock(&table_lock);
}

static void after_fork_parent(void)
{
	pthread_mutex_unlock(&table_lock);
}

/* The engines stay the parent's: let go of what was inherited; the objects live until closed. */
static void after_fork_child(void)
{
	for (struct hmmcl_engine *e = all; e; e = e->next) {
		e->backend->forget(e);
		hmmcl_window_forget(&e->window);
	}
	all = NULL;
	current[0] = current[1] = NULL;
	pthread_mutex_init(&table_lock, NULL);
}

static void watch_forks(void)
{
	pthread_atfork(before_fork, after_fork_parent, after_fork_child);
}

unsigned int hmmcl_cpus(uint16_t *cpus, unsigned int size)
{
	cpu_set_t *set = CPU_ALLOC(UINT16_MAX);
	size_t bytes = CPU_ALLOC_SIZE(UINT16_MAX);
	unsigned int count = 0;

	if (set && !sched_getaffinity(0, bytes, set))
		for (unsigned int cpu = 0; cpu < UINT16_MAX && count < size; cpu++)
			if (CPU_ISSET_S(cpu, bytes, set))
				cpus[count++] = (uint16_t)cpu;
	if (set)
		CPU_FREE(set);
	if (!count)
		cpus[count++] = 0;
	return count;
}

/* The processor's brand string, without the spaces around it. */
static void cpu_name(char *name, size_t size)
{
	unsigned int words[12] = { 0 };
	char brand[sizeof(words) + 1], *start = brand;
	size_t length;

	if (__get_cpuid_max(0x80000000, NULL) >= 0x80000004)
		for (unsigned int i = 0; i < 3; i++)
			__get_cpuid(0x80000002 + i, &words[4 * i], &words[4 * i + 1],
				    &words[4 * i + 2], &words[4 * i + 3]);
	memcpy(brand, words, sizeof(words));
	brand[sizeof(words)] = 0;
	start += strspn(start, " ");
	length = strlen(start);
	while (length && start[length - 1] == ' ')
		start[--length] = 0;
	snprintf(name, size, "%s", *start ? start : "x86-64 processor");
}

int hmmcl_engine_probe(enum hmmcl_engine_kind kind, struct hmmcl_engine_info *info,
		       char *why, size_t why_size)
{
	uint16_t cpus[HMMCL_MAX_WORKERS];

	*info = (struct hmmcl_engine_info) {
		.kind = kind, .workers = hmmcl_cpus(cpus, HMMCL_MAX_WORKERS),
	};
	cpu_name(info->name, sizeof(info->name));
	if (why_size)
		why[0] = 0;
	return backends[kind]->probe(info, why, why_size);
}

static void destroy(struct hmmcl_engine *engine)
{
	if (engine->ours)
		munmap((void *)engine->ours, HMMCL_PAGE_SIZE);
	for (unsigned int i = 0; i < HMMCL_KEPT_BUCKETS; i++) {
		while (engine->kept[i]) {
			struct hmmcl_kept *kept = engine->kept[i];

			engine->kept[i] = kept->next;
			free(kept);
		}
	}
	free(engine);
}

/* A page that a child sees as zero. */
static const _Atomic uint32_t *make_ours(void)
{
	_Atomic uint32_t *page = mmap(NULL, HMMCL_PAGE_SIZE, PROT_READ | PROT_WRITE,
				      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (page == MAP_FAILED)
		return NULL;
	if (madvise((void *)page, HMMCL_PAGE_SIZE, MADV_WIPEONFORK)) {
		munmap((void *)page, HMMCL_PAGE_SIZE);
		return NULL;
	}
	atomic_store(page, 1);
	return page;
}

/* Several times what a system call takes that lets nobody else run; under emulation that is long. */
static uint32_t switch_ticks(void)
{
	uint64_t least = UINT32_MAX / 16;

	for (int i = 0; i < 8; i++) {
		uint64_t start = hmmcl_tsc(), ticks;

		hmmcl_syscall1(__NR_getppid, 0);
		ticks = hmmcl_tsc() - start;
		least = ticks < least ? ticks : least;
	}
	return least < SWITCH_TICKS_MIN / 16 ? SWITCH_TICKS_MIN : (uint32_t)least * 16;
}

static int create(enum hmmcl_engine_kind kind, struct hmmcl_engine **result,
		  char *why, size_t why_size)
{
	struct hmmcl_engine *engine = aligned_alloc(_Alignof(struct hmmcl_engine), sizeof(*engine));
	struct hmmcl_control *control;
	int err;

	if (!engine) {
		snprintf(why, why_size, "out of memory");
		return -ENOMEM;
	}
	memset(engine, 0, sizeof(*engine));
	engine->backend = backends[kind];
	engine->refs = 1;
	engine->next_ticket = 1;
	engine->spin_budget = HMMCL_SPIN_MAX;
	pthread_mutex_init(&engine->submit_lock, NULL);
	pthread_mutex_init(&engine->images_lock, NULL);
	err = hmmcl_engine_probe(kind, &engine->info, why, why_size);
	if (err)
		goto fail;
	engine->ours = make_ours();
	if (!engine->ours) {
		err = -errno;
		snprintf(why, why_size, "cannot map a page: %s", strerror(-err));
		goto fail;
	}
	err = hmmcl_window_create(&engine->window, engine->info.workers,
				  kind == HMMCL_ENGINE_HOST, why, why_size);
	if (err)
		goto fail;
	control = engine->window.control;
	control->version = HMMCL_CONTROL_VERSION;
	control->window = (uint64_t)engine->window.base;
	control->window_size = engine->window.size;
	control->workers = engine->info.workers = hmmcl_cpus(control->cpus, engine->info.workers);
	control->clock = hmmcl_clock_choose();
	/* One that spins leaves a core for the client; on a single core nobody spins. */
	control->max_spinners = engine->info.workers / 2;
	control->switch_ticks = switch_ticks();
	hmmcl_clock_start(engine);
	err = engine->backend->start(engine, why, why_size);
	if (err) {
		hmmcl_window_destroy(&engine->window);
		goto fail;
	}
	hmmcl_window_close_files(&engine->window);
	*result = engine;
	return 0;
fail:
	destroy(engine);
	return err;
}

/* Most of what a start can lack is the user's to give. */
static void add_hint(int err, char *why, size_t why_size)
{
	size_t length = strlen(why);
	const char *hint = err == -EMFILE ? "open files (ulimit -n)" :
			   err == -EFBIG ? "the size of files (ulimit -f)" :
			   err == -ENOMEM ? "memory (ulimit -v, -d)" :
			   err == -EAGAIN ? "threads or memory (ulimit -u, -v, -d)" : NULL;

	if (hint && length < why_size)
		snprintf(why + length, why_size - length, "; raise the limit on %s", hint);
}

int hmmcl_engine_open(enum hmmcl_engine_kind kind, struct hmmcl_engine **result,
		      char *why, size_t why_size)
{
	struct hmmcl_engine *engine;
	int err = 0;

	pthread_once(&fork_once, watch_forks);
	pthread_mutex_lock(&table_lock);
	engine = current[kind];
	/* A raw clone, without our handlers, leaves the parent's engine here. */
	if (engine && hmmcl_engine_usable(engine)) {
		engine->refs++;
	} else {
		err = create(kind, &engine, why, why_size);
		if (!err) {
			engine->next = all;
			all = engine;
			current[kind] = engine;
		} else {
			add_hint(err, why, why_size);
		}
	}
	pthread_mutex_unlock(&table_lock);
	if (!err)
		*result = engine;
	return err;
}

void hmmcl_engine_close(struct hmmcl_engine *engine)
{
	if (!engine)
		return;
	pthread_mutex_lock(&table_lock);
	if (--engine->refs) {
		pthread_mutex_unlock(&table_lock);
		return;
	}
	for (struct hmmcl_engine **p = &all; *p; p = &(*p)->next) {
		if (*p == engine) {
			*p = engine->next;
			break;
		}
	}
	for (size_t i = 0; i < sizeof(current) / sizeof(*current); i++)
		if (current[i] == engine)
			current[i] = NULL;
	/* Still locked: a new engine of this kind starts when this one is gone. */
	if (hmmcl_engine_ours(engine)) {
		engine->backend->stop(engine);
		hmmcl_window_destroy(&engine->window);
	}
	destroy(engine);
	pthread_mutex_unlock(&table_lock);
}

const struct hmmcl_engine_info *hmmcl_engine_info(const struct hmmcl_engine *engine)
{
	return &engine->info;
}

int hmmcl_engine_migrate(struct hmmcl_engine *engine, const void *addr, size_t size, bool to_device,
			 uint64_t *moved)
{
	*moved = 0;
	if (!hmmcl_engine_usable(engine))
		return -EIO;
	return engine->backend->migrate(engine, addr, size, to_device, moved);
}

int hmmcl_engine_counters(struct hmmcl_engine *engine, struct hmmcl_engine_counters *counters)
{
	const struct hmmcl_control *control = engine->window.control;

	*counters = (struct hmmcl_engine_counters) { 0 };
	if (!hmmcl_engine_usable(engine))
		return -EIO;
	pthread_mutex_lock(&engine->submit_lock);
	counters->commands = engine->next_ticket - 1;
	pthread_mutex_unlock(&engine->submit_lock);
	for (unsigned int i = 0; i < engine->info.workers; i++)
		counters->groups += atomic_load_explicit(&control->counters[i].groups,
							 memory_order_relaxed);
	return engine->backend->counters(engine, counters);
}
