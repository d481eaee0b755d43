/* SPDX-License-Identifier: MIT */
/*
 * A context of the driver and its test engine, as a test uses them.  Functions that cannot
 * fail in a sound system end the test with a message when they do.
 */
#ifndef DEVICE_H
#define DEVICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <drm/hmmcl_drm.h>

#include "mailbox.h"

#define PAGE		4096ul
#define HUGE		(2ul << 20)

struct device {
	int drm;			/* the render node: the context */
	pid_t engine;			/* 0 before device_start_engine() */
	int n_threads;
	struct mailbox *mailboxes;
	struct drm_hmmcl_bind info;
};

/* What an operation of the engine came to. */
struct result {
	uint32_t signal;		/* 0: it succeeded */
	uint64_t fault_address;
	uint64_t value, ns;
};

/* An ioctl, again after EINTR, and after ENOMEM where test_memory_fails(). @return 0 or -1 with errno */
int device_ioctl(int fd, unsigned long request, void *arg);

/* Open the render node without binding it; -1 when there is none. */
int device_open_node(void);
/* Pages of device memory that are used, by anyone. @return false when there is no device */
bool device_pages_in_use(uint64_t *pages);

/* A bound context, without and with a started engine. */
void device_open(struct device *d);
void device_start_engine(struct device *d, int n_threads);
void device_start(struct device *d);		/* both, one thread */
/* Tell the engine to go, and wait for it. */
void device_stop(struct device *d);

/* Engine operations on thread @t: start, wait, or both on thread 0. */
void engine_post(struct device *d, int t, enum op op, const volatile void *addr, uint64_t len, uint64_t value);
struct result engine_wait(struct device *d, int t);
struct result engine_run(struct device *d, enum op op, const volatile void *addr, uint64_t len, uint64_t value);
/* False when the engine process has gone instead of answering. */
bool engine_wait_or_death(struct device *d, int t, struct result *result);

/* Read and write one u64; the test fails if the engine gets a signal. */
uint64_t engine_read(struct device *d, const volatile void *addr);
void engine_write(struct device *d, volatile void *addr, uint64_t value);

struct drm_hmmcl_migrate device_migrate(struct device *d, void *addr, size_t length, int destination);
/* Migrates to the device and checks that all pages are there. */
void device_migrate_all(struct device *d, void *addr, size_t length);
void device_policy(struct device *d, uint32_t flags, uint32_t fault_batch);
uint64_t device_stat(struct device *d, enum drm_hmmcl_stat stat);
uint32_t device_page_state(struct device *d, const void *addr);
void device_snapshot(struct device *d, const void *addr, size_t length, uint32_t *states);
/* Drop the engine's entry for one page; the next access faults. @return 0 or -1 */
int device_zap_page(struct device *d, void *addr);
void device_inject(struct device *d, uint32_t kind, uint32_t count);

/* Memory: @length bytes at a 2 MiB boundary, private and anonymous, huge pages as asked. */
void *memory_map(size_t length, bool huge);
/* Each u64 holds its index plus @seed. */
void memory_fill(void *addr, size_t length, uint64_t seed);
/* Index of the first u64 that does not hold (its index + @seed) ^ @mask, or -1. */
long memory_check(const void *addr, size_t length, uint64_t seed, uint64_t mask);

/* Run @child in a forked process; @return its exit status (test_fail in it gives non-zero). */
int in_child(void (*child)(void *), void *arg);
bool child_ok(pid_t pid);		/* waits */

#endif
