// SPDX-License-Identifier: MIT
/* Memory that moves to the device and back, with the kernel's hmm-tests' names. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

#include "device.h"
#include "harness.h"

#define SIZE (8ul << 20)

static uint32_t state_of(struct device *d, void *p)
{
	return device_page_state(d, p) & (HMMCL_PAGE_READ | HMMCL_PAGE_WRITE | HMMCL_PAGE_DEVICE);
}

TEST(migrate)
{
	struct device d;
	uint64_t *p = memory_map(SIZE, false), home;

	device_start(&d);
	memory_fill(p, SIZE, 0);
	device_migrate_all(&d, p, SIZE);
	CHECK(state_of(&d, p) & HMMCL_PAGE_DEVICE);
	CHECK_EQ(device_stat(&d, HMMCL_STAT_DEVMEM_USED_PAGES), SIZE / PAGE);
	home = device_stat(&d, HMMCL_STAT_CPU_FAULT_PAGES);
	/* The device works on it where it is: nothing comes home for that. */
	CHECK_EQ(engine_run(&d, OP_XOR, p, SIZE, 0xdeadbeef).signal, 0);
	CHECK_EQ(device_stat(&d, HMMCL_STAT_CPU_FAULT_PAGES), home);
	CHECK_EQ(memory_check(p, SIZE, 0, 0xdeadbeef), -1);
	CHECK_EQ(device_stat(&d, HMMCL_STAT_CPU_FAULT_PAGES), home + SIZE / PAGE);
	CHECK_EQ(device_stat(&d, HMMCL_STAT_DEVMEM_USED_PAGES), 0);
	device_stop(&d);
}

TEST(migrate_file_private)
{
	struct device d;
	char path[] = "/tmp/hmmcl-driver-XXXXXX";
	int fd = mkstemp(path);
	struct drm_hmmcl_migrate m;
	uint64_t *p;

	CHECK_OK(fd);
	unlink(path);
	CHECK_OK(ftruncate(fd, SIZE));
	p = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	device_start(&d);
	memory_fill(p, SIZE / 2, 0);		/* own copies: these move; the file's own pages do not */
	(void)*(volatile uint64_t *)(p + SIZE / 16 + 10);
	m = device_migrate(&d, p, SIZE, HMMCL_MIGRATE_TO_DEVICE);
	CHECK_EQ(m.pages_moved, SIZE / 2 / PAGE);
	CHECK_EQ(engine_run(&d, OP_XOR, p, SIZE, 1).signal, 0);
	CHECK_EQ(memory_check(p, SIZE / 2, 0, 1), -1);
	CHECK_EQ(p[SIZE / 16 + 10], 1);
	device_stop(&d);
}

TEST(migrate_fault)
{
	struct device d;
	uint64_t *p = memory_map(SIZE, false);

	device_start(&d);
	memory_fill(p, SIZE, 0);
	device_migrate_all(&d, p, SIZE);
	CHECK_EQ(memory_check(p, SIZE / 2, 0, 0), -1);	/* half of it home */
	device_migrate_all(&d, p, SIZE);		/* the mixture again */
	CHECK_EQ(engine_run(&d, OP_XOR, p, SIZE, 9).signal, 0);
	CHECK_EQ(memory_check(p, SIZE, 0, 9), -1);
	device_stop(&d);
}

TEST(migrate_back)
{
	struct device d;
	uint64_t *p = memory_map(SIZE, false);
	struct drm_hmmcl_migrate m;
	uint64_t moved = 0;

	device_start(&d);
	memory_fill(p, SIZE, 0);
	device_migrate_all(&d, p, SIZE);
	/* A page for which there is no memory now counts as busy. */
	for (int tries = test_memory_fails() ? 100 : 1; tries && moved < SIZE / PAGE; tries--)
		moved += device_migrate(&d, p, SIZE, HMMCL_MIGRATE_TO_SYSTEM).pages_moved;
	CHECK_EQ(moved, SIZE / PAGE);
	m = device_migrate(&d, p, SIZE, HMMCL_MIGRATE_TO_SYSTEM);
	CHECK_EQ(m.pages_resident, SIZE / PAGE);
	CHECK_EQ(device_stat(&d, HMMCL_STAT_DEVMEM_USED_PAGES), 0);
	CHECK_EQ(memory_check(p, SIZE, 0, 0), -1);
	device_stop(&d);
}

/* The context ends while its memory is on the device: the data is the client's. */
TEST(migrate_release)
{
	struct device d;
	uint64_t *p = memory_map(SIZE, false);

	device_start(&d);
	memory_fill(p, SIZE, 0);
	device_migrate_all(&d, p, SIZE);
	device_stop(&d);
	CHECK_EQ(memory_check(p, SIZE, 0, 0), -1);
}

TEST(migrate_shared)
{
	struct device d;
	uint64_t *p = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct drm_hmmcl_migrate m;

	device_start(&d);
	memory_fill(p, SIZE, 0);
	m = device_migrate(&d, p, SIZE, HMMCL_MIGRATE_TO_DEVICE);
	CHECK_EQ(m.pages_moved, 0);
	CHECK_EQ(m.pages_unsupported, SIZE / PAGE);
	CHECK_EQ(engine_run(&d, OP_XOR, p, SIZE, 9).signal, 0);
	CHECK_EQ(memory_check(p, SIZE, 0, 9), -1);
	device_stop(&d);
}

TEST(migrate_mixed)
{
	struct device d;
	char *p = memory_map(8 * PAGE, false);
	struct drm_hmmcl_migrate m = { .addr = (uintptr_t)p, .length = 8 * PAGE, .destination = 1 };

	device_start(&d);
	CHECK_OK(mprotect(p, PAGE, PROT_NONE));			/* 0: no access */
	(void)*(volatile char *)(p + PAGE);			/* 1: zero page */
	p[2 * PAGE] = 2;
	CHECK_OK(mprotect(p + 2 * PAGE, PAGE, PROT_READ));	/* 2: read only */
	p[3 * PAGE] = 3;					/* 3: read and write */
	munmap(p + 6 * PAGE, PAGE);				/* 6: a hole */
	CHECK_ERRNO(device_ioctl(d.drm, DRM_IOCTL_HMMCL_MIGRATE, &m), EFAULT);
	CHECK_EQ(m.pages_done, 6);
	CHECK(state_of(&d, p + 3 * PAGE) & HMMCL_PAGE_DEVICE);
	CHECK_EQ(engine_run(&d, OP_READ, p, 8, 0).signal, SIGSEGV);
	CHECK_EQ(engine_read(&d, p + PAGE), 0);
	CHECK_EQ(engine_read(&d, p + 2 * PAGE), 2);
	CHECK_EQ(engine_run(&d, OP_WRITE, p + 2 * PAGE, 8, 9).signal, SIGSEGV);
	CHECK_EQ(engine_read(&d, p + 3 * PAGE), 3);
	engine_write(&d, p + PAGE, 5);
	CHECK_EQ(p[PAGE], 5);
	CHECK_EQ(p[2 * PAGE], 2);
	device_stop(&d);
}

TEST(migrate_multiple)
{
	struct device d;

	device_start(&d);
	for (uint64_t i = 0; i < 10; i++) {
		uint64_t *p = memory_map(SIZE / 4, i & 1);

		memory_fill(p, SIZE / 4, i);
		device_migrate_all(&d, p, SIZE / 4);
		CHECK_EQ(engine_run(&d, OP_XOR, p, SIZE / 4, i).signal, 0);
		CHECK_EQ(memory_check(p, SIZE / 4, i, i), -1);
		device_migrate_all(&d, p, SIZE / 4);
		munmap(p, SIZE / 4);
		CHECK_EQ(device_stat(&d, HMMCL_STAT_DEVMEM_USED_PAGES), 0);
	}
	device_stop(&d);
}

/* Never touched: the device gets a zero page of its own. */
TEST(migrate_untouched)
{
	struct device d;
	uint64_t *p = memory_map(SIZE, false);

	device_start(&d);
	device_migrate_all(&d, p, SIZE);
	CHECK_EQ(engine_run(&d, OP_SUM, p, SIZE, 0).value, 0);
	CHECK_EQ(engine_run(&d, OP_XOR, p, SIZE, 6).signal, 0);
	for (size_t i = 0; i < SIZE / 8; i += 512)
		CHECK_EQ(p[i], 6);
	device_stop(&d);
}

static ssize_t write_pages(int fd, char *p, size_t length)
{
	return write(fd, p, length);
}

static ssize_t splice_pages(int fd, char *p, size_t length)
{
	return vmsplice(fd, &(struct iovec){ p, length }, 1, 0);
}

/* The copy goes to @p + SIZE. */
static ssize_t read_process(int pid, char *p, size_t length)
{
	struct iovec local = { p + SIZE, length }, remote = { p, length };

	return process_vm_readv(pid, &local, 1, &remote, 1, 0);
}

/* All of it by one call; where a page may not come home for want of memory, the rest by further ones. */
static void transfer(ssize_t (*call)(int, char *, size_t), int fd, void *p, size_t length)
{
	int tries = test_memory_fails() ? 1000 : 1;
	ssize_t done;

	for (char *at = p; length; at += done, length -= (size_t)done) {
		do
			done = call(fd, at, length);
		while (done <= 0 && --tries);
		CHECK(done == (ssize_t)length || (done > 0 && test_memory_fails()));
	}
}

/* Others in the kernel that look at the pages (GUP) pull them home, and get the right data. */
TEST(hmm_gup_test)
{
	struct device d;
	uint64_t *p = memory_map(2 * SIZE, false), *copy = p + SIZE / sizeof(*p);
	int fds[2];

	device_start(&d);
	memory_fill(p, SIZE, 0);
	device_migrate_all(&d, p, SIZE);
	transfer(read_process, getpid(), p, SIZE);
	CHECK_EQ(memory_check(copy, SIZE, 0, 0), -1);
	/* A write(2) from device pages, and a pin by vmsplice: while pinned it does not move. */
	device_migrate_all(&d, p, SIZE);
	CHECK_OK(pipe(fds));
	transfer(write_pages, fds[1], p, 8 * PAGE);
	CHECK_EQ(read(fds[0], copy, 8 * PAGE), 8 * PAGE);
	CHECK_EQ(memory_check(copy, 8 * PAGE, 0, 0), -1);
	device_migrate_all(&d, p, SIZE);
	transfer(splice_pages, fds[1], p, 16 * PAGE);
	CHECK_EQ(device_migrate(&d, p, 16 * PAGE, HMMCL_MIGRATE_TO_DEVICE).pages_moved, 0);
	CHECK_EQ(read(fds[0], copy, 16 * PAGE), 16 * PAGE);
	CHECK_EQ(memory_check(copy, 16 * PAGE, 0, 0), -1);
	CHECK_EQ(engine_run(&d, OP_XOR, p, SIZE, 2).signal, 0);
	CHECK_EQ(memory_check(p, SIZE, 0, 2), -1);
	device_stop(&d);
}

/* A migration never fails for want of room: older pages go home. */
TEST_TIMEOUT(eviction, 180)
{
	struct device d;
	size_t total, piece;
	uint64_t *p, evicted;

	device_start(&d);
	total = d.info.devmem_bytes * 2;
	if (total > 1ul << 30)
		test_skip("device memory is too large for this test: load with devmem_mb=128 or so");
	piece = total / 8 & ~(HUGE - 1);
	p = memory_map(total, false);
	memory_fill(p, total, 0);
	evicted = device_stat(&d, HMMCL_STAT_EVICTED_PAGES);
	for (int i = 0; i < 8; i++) {
		device_migrate_all(&d, (char *)p + i * piece, piece);
		CHECK_EQ(engine_run(&d, OP_XOR, (char *)p + i * piece, piece, 0x77).signal, 0);
	}
	CHECK(device_stat(&d, HMMCL_STAT_EVICTED_PAGES) > evicted);
	CHECK_EQ(memory_check(p, total, 0, 0x77), -1);
	munmap(p, total);
	CHECK_EQ(device_stat(&d, HMMCL_STAT_DEVMEM_USED_PAGES), 0);
	device_stop(&d);
}

/* Larger than device memory in one call: its end stays there, its start is right as well. */
TEST_TIMEOUT(eviction_one_call, 180)
{
	struct device d;
	struct drm_hmmcl_migrate m;
	size_t total;
	uint64_t *p;

	device_start(&d);
	total = d.info.devmem_bytes + 4 * HUGE;
	if (total > 1ul << 30)
		test_skip("device memory is too large for this test: load with devmem_mb=128 or so");
	p = memory_map(total, false);
	memory_fill(p, total, 0);
	m = device_migrate(&d, p, total, HMMCL_MIGRATE_TO_DEVICE);
	CHECK_EQ(m.pages_done, total / PAGE);
	CHECK(state_of(&d, (char *)p + total - PAGE) & HMMCL_PAGE_DEVICE);
	CHECK_EQ(engine_run(&d, OP_XOR, p, total, 0x1ff).signal, 0);
	CHECK_EQ(memory_check(p, total, 0, 0x1ff), -1);
	device_stop(&d);
}

/* Eviction takes pages of another process, which notices nothing. */
TEST_TIMEOUT(eviction_of_others, 180)
{
	struct device d;
	size_t size;
	uint64_t *p;
	int go[2];
	char c;
	pid_t pid;

	device_open(&d);
	size = d.info.devmem_bytes;
	if (size > 1ul << 29)
		test_skip("device memory is too large for this test: load with devmem_mb=128 or so");
	close(d.drm);
	p = memory_map(size, false);
	CHECK_OK(pipe(go));
	pid = fork();
	if (!pid) {
		device_start(&d);
		memory_fill(p, size, 5);
		device_migrate(&d, p, size, HMMCL_MIGRATE_TO_DEVICE);
		CHECK(write(go[1], "x", 1) == 1);
		for (int i = 0; i < 4; i++)
			CHECK_EQ(engine_run(&d, OP_XOR, p, size, 3).signal, 0);
		CHECK_EQ(memory_check(p, size, 5, 0), -1);
		device_stop(&d);
		_exit(0);
	}
	CHECK(read(go[0], &c, 1) == 1);
	device_start(&d);
	memory_fill(p, size, 7);
	for (int i = 0; i < 2; i++) {
		device_migrate(&d, p, size, HMMCL_MIGRATE_TO_DEVICE);
		CHECK_EQ(engine_run(&d, OP_XOR, p, size, 1).signal, 0);
	}
	CHECK_EQ(memory_check(p, size, 7, 0), -1);
	CHECK(child_ok(pid));
	device_stop(&d);
}
