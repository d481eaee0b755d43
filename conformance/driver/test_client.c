// SPDX-License-Identifier: MIT
/* Whatever the client does to its address space, the engine sees it at once. */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "device.h"
#include "harness.h"

#define SIZE (4ul << 20)

#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE 25
#endif

/* Each of these tests on pages in system memory and in device memory. */
#define FOR_BOTH_MEMORIES(d, where) for (int where = 0; where < 2; where++)

static uint64_t *mapped(struct device *d, bool on_device)
{
	uint64_t *p = memory_map(SIZE, false);

	memory_fill(p, SIZE, 0);
	CHECK_EQ(engine_run(d, OP_TOUCH_READ, p, SIZE, 0).signal, 0);
	if (on_device)
		device_migrate_all(d, p, SIZE);
	return p;
}

TEST(munmap_then_map)
{
	struct device d;

	device_start(&d);
	FOR_BOTH_MEMORIES(&d, where) {
		uint64_t *p = mapped(&d, where);

		munmap(p, SIZE);
		CHECK_EQ(engine_run(&d, OP_READ, p, 8, 0).signal, SIGSEGV);
		CHECK(mmap(p, SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == p);
		p[0] = 7;
		CHECK_EQ(engine_read(&d, p), 7);
		CHECK_EQ(engine_read(&d, p + 512), 0);
		munmap(p, SIZE);
	}
	CHECK_EQ(device_stat(&d, HMMCL_STAT_DEVMEM_USED_PAGES), 0);
	device_stop(&d);
}

TEST(mprotect)
{
	struct device d;

	device_start(&d);
	FOR_BOTH_MEMORIES(&d, where) {
		uint64_t *p = mapped(&d, where);

		engine_write(&d, p, 8);
		CHECK_OK(mprotect(p, PAGE, PROT_READ));
		CHECK_EQ(engine_run(&d, OP_WRITE, p, 8, 9).signal, SIGSEGV);
		CHECK_EQ(engine_read(&d, p), 8);
		CHECK_EQ(engine_run(&d, OP_WRITE, p + 512, 8, 9).signal, 0);
		CHECK_OK(mprotect(p, PAGE, PROT_NONE));
		CHECK_EQ(engine_run(&d, OP_READ, p, 8, 0).signal, SIGSEGV);
		CHECK_OK(mprotect(p, PAGE, PROT_READ | PROT_WRITE));
		engine_write(&d, p, 10);
		CHECK_EQ(p[0], 10);
		munmap(p, SIZE);
	}
	device_stop(&d);
}

TEST(mremap)
{
	struct device d;

	device_start(&d);
	FOR_BOTH_MEMORIES(&d, where) {
		uint64_t *p = mapped(&d, where), *to = memory_map(SIZE, false), *q;

		q = mremap(p, SIZE, SIZE, MREMAP_MAYMOVE | MREMAP_FIXED, to);
		CHECK(q == to);
		CHECK_EQ(engine_run(&d, OP_READ, p, 8, 0).signal, SIGSEGV);
		CHECK_EQ(engine_run(&d, OP_XOR, q, SIZE, 0xf0f0).signal, 0);
		CHECK_EQ(memory_check(q, SIZE, 0, 0xf0f0), -1);
		/* Shrink in place, then move a part away. */
		CHECK(mremap(q, SIZE, SIZE / 2, 0) == q);
		CHECK_EQ(engine_run(&d, OP_READ, (char *)q + SIZE / 2, 8, 0).signal, SIGSEGV);
		CHECK_EQ(engine_read(&d, q + 1), 1 ^ 0xf0f0);
		/* MREMAP_DONTUNMAP leaves an empty mapping behind. */
		p = mremap(q, SIZE / 2, SIZE / 2, MREMAP_MAYMOVE | MREMAP_DONTUNMAP);
		CHECK(p != MAP_FAILED);
		CHECK_EQ(engine_read(&d, q + 1), 0);
		CHECK_EQ(engine_read(&d, p + 1), 1 ^ 0xf0f0);
		CHECK_EQ(memory_check(p, SIZE / 2, 0, 0xf0f0), -1);
		munmap(p, SIZE / 2);
		munmap(q, SIZE / 2);
	}
	device_stop(&d);
}

TEST(madvise_dontneed)
{
	struct device d;

	device_start(&d);
	FOR_BOTH_MEMORIES(&d, where) {
		uint64_t *p = mapped(&d, where);

		CHECK_OK(madvise(p, SIZE / 2, MADV_DONTNEED));
		CHECK_EQ(engine_read(&d, p + 100), 0);
		engine_write(&d, p + 100, 11);
		CHECK_EQ(p[100], 11);
		CHECK_EQ(engine_read(&d, p + SIZE / 16), SIZE / 16);
		munmap(p, SIZE);
	}
	device_stop(&d);
}

/* Freed lazily: each page is the old one or zero, never another; a write makes it stay. */
TEST(madvise_free)
{
	struct device d;

	device_start(&d);
	FOR_BOTH_MEMORIES(&d, where) {
		uint64_t *p = mapped(&d, where);

		CHECK_OK(madvise(p, SIZE, MADV_FREE));
		for (size_t i = 0; i < SIZE / 8; i += 512) {
			uint64_t v = engine_read(&d, p + i);

			CHECK(v == i || v == 0);
		}
		CHECK_EQ(engine_run(&d, OP_TOUCH_WRITE, p, SIZE, 0x33).signal, 0);
		madvise(p, SIZE, MADV_PAGEOUT);
		for (size_t i = 0; i < SIZE; i += PAGE)
			CHECK_EQ(((unsigned char *)p)[i], 0x33);
		munmap(p, SIZE);
	}
	device_stop(&d);
}

/*
 * What an engine writes to a page that was given back before it went to the device is not thrown
 * away. Shows it only where the driver has been loaded just before (driver.fresh): the kernel leaves
 * flags of a device page as its last user had them.
 */
TEST(madvise_free_then_migrate)
{
	unsigned char *p = memory_map(SIZE, false);
	struct device d;

	device_start(&d);
	memset(p, 0x22, SIZE);
	CHECK_OK(madvise(p, SIZE, MADV_FREE));
	device_migrate_all(&d, p, SIZE);
	CHECK_EQ(engine_run(&d, OP_TOUCH_WRITE, p, SIZE, 0x33).signal, 0);
	for (size_t i = 0; i < SIZE; i += PAGE)
		CHECK_EQ(p[i], 0x33);
	madvise(p, SIZE, MADV_PAGEOUT);
	for (size_t i = 0; i < SIZE; i += PAGE)
		CHECK_EQ(p[i], 0x33);
	device_stop(&d);
}

TEST(madvise_pageout_cold)
{
	struct device d;

	device_start(&d);
	FOR_BOTH_MEMORIES(&d, where) {
		uint64_t *p = mapped(&d, where);

		CHECK_EQ(engine_run(&d, OP_XOR, p, SIZE, 0x99).signal, 0);
		madvise(p, SIZE, MADV_COLD);
		madvise(p, SIZE, MADV_PAGEOUT);
		CHECK_EQ(engine_run(&d, OP_XOR, p, SIZE, 0x6600).signal, 0);
		CHECK_EQ(memory_check(p, SIZE, 0, 0x6699), -1);
		munmap(p, SIZE);
	}
	device_stop(&d);
}

/* A huge page split under the engine, and small ones collapsed under it. */
TEST(thp_split_and_collapse)
{
	struct device d;
	uint64_t *p = memory_map(2 * HUGE, true);

	device_start(&d);
	device_policy(&d, HMMCL_POLICY_PMD_MAPPINGS, 512);
	memory_fill(p, 2 * HUGE, 0);
	CHECK_EQ(engine_run(&d, OP_XOR, p, 2 * HUGE, 1).signal, 0);
	CHECK_OK(mprotect((char *)p + 8 * PAGE, PAGE, PROT_READ));	/* splits the PMD */
	CHECK_EQ(engine_run(&d, OP_WRITE, (char *)p + 8 * PAGE, 8, 0).signal, SIGSEGV);
	CHECK_OK(mprotect((char *)p + 8 * PAGE, PAGE, PROT_READ | PROT_WRITE));
	CHECK_OK(madvise((char *)p + HUGE + PAGE, PAGE, MADV_PAGEOUT));	/* splits the folio */
	CHECK_EQ(engine_run(&d, OP_XOR, p, 2 * HUGE, 2).signal, 0);
	CHECK_EQ(memory_check(p, 2 * HUGE, 0, 3), -1);
	engine_post(&d, 0, OP_XOR, p, 2 * HUGE, 4);
	if (madvise(p, 2 * HUGE, MADV_COLLAPSE))
		CHECK(errno == EINVAL || errno == EAGAIN || errno == ENOMEM || errno == EBUSY);
	CHECK_EQ(engine_wait(&d, 0).signal, 0);
	CHECK_EQ(memory_check(p, 2 * HUGE, 0, 7), -1);
	device_stop(&d);
}

/* Where a page may not come home for want of memory, mlock() says EAGAIN: the rest is tried again. */
static int lock_pages(void *p, size_t size)
{
	int tries = test_memory_fails() ? 1000 : 1, result;

	do
		result = mlock(p, size);
	while (result && errno == EAGAIN && --tries);
	return result;
}

TEST(mlock_and_populate)
{
	struct device d;

	device_start(&d);
	FOR_BOTH_MEMORIES(&d, where) {
		uint64_t *p = mapped(&d, where);

		CHECK_OK(lock_pages(p, SIZE));	/* brings device pages home */
		CHECK_EQ(engine_run(&d, OP_XOR, p, SIZE, 5).signal, 0);
		CHECK_EQ(memory_check(p, SIZE, 0, 5), -1);
		device_migrate(&d, p, SIZE, HMMCL_MIGRATE_TO_DEVICE);
		CHECK_EQ(engine_run(&d, OP_XOR, p, SIZE, 5).signal, 0);
		CHECK_OK(munlock(p, SIZE));
		CHECK_EQ(memory_check(p, SIZE, 0, 0), -1);
		munmap(p, SIZE);
	}
	device_stop(&d);
}

static uint64_t counter[512] __attribute__((aligned(4096)));

static void *add_loop(void *p)
{
	for (int i = 0; i < 100000; i++)
		__atomic_fetch_add((uint64_t *)p, 1, __ATOMIC_SEQ_CST);
	return NULL;
}

static volatile bool churn_stop;

static void *churn(void *arg)
{
	while (!churn_stop) {
		char *p = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		for (int i = 0; i < 1 << 20; i += 1 << 16)
			p[i] = 1;
		munmap(p, 1 << 20);
	}
	return arg;
}

/* "exclusive" of hmm-tests: here both sides' atomics are the CPU's own. */
TEST(exclusive)
{
	struct device d;
	pthread_t adder, churner;

	device_start(&d);
	pthread_create(&churner, NULL, churn, NULL);
	engine_post(&d, 0, OP_ADD, counter, 100000, 1);
	pthread_create(&adder, NULL, add_loop, counter);
	pthread_join(adder, NULL);
	CHECK_EQ(engine_wait(&d, 0).signal, 0);
	churn_stop = true;
	pthread_join(churner, NULL);
	CHECK_EQ(counter[0], 200000);
	device_stop(&d);
}

TEST(exclusive_mprotect)
{
	struct device d;

	device_start(&d);
	engine_post(&d, 0, OP_ADD, counter, 1ul << 40, 1);
	while (!__atomic_load_n(&counter[0], __ATOMIC_RELAXED))
		usleep(100);
	CHECK_OK(mprotect(counter, PAGE, PROT_READ));
	CHECK_EQ(engine_wait(&d, 0).signal, SIGSEGV);
	CHECK_OK(mprotect(counter, PAGE, PROT_READ | PROT_WRITE));
	counter[0] = 0;
	CHECK_EQ(engine_run(&d, OP_ADD, counter, 10, 2).signal, 0);
	CHECK_EQ(counter[0], 20);
	device_stop(&d);
}

/* The engine counts while the page goes to the device and comes back. */
TEST(atomics_while_migrating)
{
	struct device d;
	uint64_t *p = memory_map(HUGE, false);

	device_start(&d);
	memset(p, 0, HUGE);
	engine_post(&d, 0, OP_ADD, p, 100000, 1);
	for (int i = 0; i < 50; i++) {
		device_migrate(&d, p, 16 * PAGE, HMMCL_MIGRATE_TO_DEVICE);
		for (int k = 0; k < 200; k++)
			__atomic_fetch_add(p, 1, __ATOMIC_SEQ_CST);
	}
	CHECK_EQ(engine_wait(&d, 0).signal, 0);
	CHECK_EQ(p[0], 110000);
	device_stop(&d);
}
