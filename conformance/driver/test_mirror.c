// SPDX-License-Identifier: MIT
/*
 * The engine sees the client's memory, all kinds of it, with the client's rights.  Names of
 * the kernel's hmm-tests where a case is theirs.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "device.h"
#include "harness.h"

#define SIZE (4ul << 20)

static uint64_t global = 0x1122334455667788;

TEST(open_close)
{
	struct device d;

	for (int i = 0; i < 50; i++) {
		device_open(&d);
		CHECK(d.info.devmem_bytes > 0);
		CHECK_EQ(d.info.page_size, PAGE);
		close(d.drm);
	}
	device_start(&d);
	device_stop(&d);
}

TEST(any_pointer)
{
	struct device d;
	uint64_t on_stack = 7, *heap = malloc(100000), *untouched = malloc(8 << 20);

	device_start(&d);
	heap[5] = 42;
	CHECK_EQ(engine_read(&d, &heap[5]), 42);
	engine_write(&d, &heap[6], 77);
	CHECK_EQ(heap[6], 77);
	CHECK_EQ(engine_read(&d, &on_stack), 7);
	engine_write(&d, &on_stack, 5);
	CHECK_EQ(*(volatile uint64_t *)&on_stack, 5);
	CHECK_EQ(engine_read(&d, &global), 0x1122334455667788);
	engine_write(&d, &global, 9);
	CHECK_EQ(*(volatile uint64_t *)&global, 9);
	engine_write(&d, untouched + 500000, 3);
	CHECK_EQ(untouched[500000], 3);
	/* The program's own text can be read, not written. */
	CHECK_EQ(engine_read(&d, (void *)(uintptr_t)test_register), *(uint64_t *)(uintptr_t)test_register);
	CHECK_EQ(engine_run(&d, OP_WRITE, (void *)(uintptr_t)test_register, 8, 0).signal, SIGSEGV);
	device_stop(&d);
}

TEST(wild_pointer)
{
	struct device d;
	const uintptr_t wild[] = { 0x123000, 0x10000, 0x7ffffffef000, 0x4000000000, 8, 0xdead000000000000 };

	device_start(&d);
	for (size_t i = 0; i < sizeof(wild) / sizeof(wild[0]); i++) {
		struct result r = engine_run(&d, OP_READ, (void *)wild[i], 8, 0);

		CHECK_EQ(r.signal, SIGSEGV);
		if (wild[i] < ADDRESS_TOP)
			CHECK_EQ(r.fault_address, wild[i]);
		CHECK_EQ(engine_run(&d, OP_WRITE, (void *)wild[i], 8, 0).signal, SIGSEGV);
	}
	CHECK_EQ(engine_read(&d, &global), global);	/* and it lives on */
	device_stop(&d);
}

TEST(anon_read)
{
	struct device d;
	uint64_t *p = memory_map(SIZE, false), sum = 0;
	struct result r;

	device_start(&d);
	/* First quarter written, second read (zero page), the rest never touched. */
	memory_fill(p, SIZE / 4, 1);
	for (size_t i = SIZE / 4; i < SIZE / 2; i += PAGE)
		CHECK_EQ(*(volatile uint64_t *)((char *)p + i), 0);
	for (size_t i = 0; i < SIZE / 4 / 8; i++)
		sum += i + 1;
	r = engine_run(&d, OP_SUM, p, SIZE, 0);
	CHECK_EQ(r.signal, 0);
	CHECK_EQ(r.value, sum);
	CHECK_EQ(memory_check(p, SIZE / 4, 1, 0), -1);
	device_stop(&d);
}

TEST(anon_read_prot)
{
	struct device d;
	uint64_t *p = memory_map(SIZE, false);

	device_start(&d);
	memory_fill(p, SIZE, 0);
	CHECK_EQ(engine_read(&d, p), 0);
	CHECK_OK(mprotect(p, SIZE, PROT_NONE));
	CHECK_EQ(engine_run(&d, OP_READ, p, 8, 0).signal, SIGSEGV);
	CHECK_EQ(engine_run(&d, OP_WRITE, p, 8, 1).signal, SIGSEGV);
	CHECK_OK(mprotect(p, SIZE, PROT_READ));
	CHECK_EQ(memory_check(p, SIZE, 0, 0), -1);
	CHECK_EQ(engine_read(&d, p + 600), 600);
	device_stop(&d);
}

TEST(anon_write)
{
	struct device d;
	uint64_t *p = memory_map(SIZE, false);

	device_start(&d);
	memory_fill(p, SIZE, 3);
	CHECK_EQ(engine_run(&d, OP_XOR, p, SIZE, 0xff00ff).signal, 0);
	CHECK_EQ(memory_check(p, SIZE, 3, 0xff00ff), -1);
	device_stop(&d);
}

TEST(anon_write_prot)
{
	struct device d;
	uint64_t *p = memory_map(SIZE, false);

	CHECK_OK(mprotect(p, SIZE, PROT_READ));
	device_start(&d);
	CHECK_EQ(engine_read(&d, p), 0);		/* the zero page */
	CHECK_EQ(engine_run(&d, OP_WRITE, p, 8, 1).signal, SIGSEGV);
	CHECK_EQ(*(volatile uint64_t *)p, 0);
	CHECK_OK(mprotect(p, SIZE, PROT_READ | PROT_WRITE));
	engine_write(&d, p, 5);
	CHECK_EQ(*(volatile uint64_t *)p, 5);
	CHECK_OK(mprotect(p, SIZE, PROT_READ));
	CHECK_EQ(engine_run(&d, OP_WRITE, p, 8, 6).signal, SIGSEGV);
	CHECK_EQ(*(volatile uint64_t *)p, 5);
	CHECK_EQ(engine_read(&d, p), 5);
	device_stop(&d);
}

TEST(anon_write_huge)
{
	struct device d;
	uint64_t *p = memory_map(SIZE, true);

	device_start(&d);
	device_policy(&d, HMMCL_POLICY_PMD_MAPPINGS, 512);
	memory_fill(p, SIZE, 0);
	CHECK_EQ(engine_run(&d, OP_XOR, p, SIZE, 0xabcd).signal, 0);
	CHECK_EQ(memory_check(p, SIZE, 0, 0xabcd), -1);
	/* And one that was never touched by the client. */
	p = memory_map(SIZE, true);
	CHECK_EQ(engine_run(&d, OP_TOUCH_WRITE, p, SIZE, 0x5a).signal, 0);
	for (size_t i = 0; i < SIZE; i += PAGE)
		CHECK_EQ(((unsigned char *)p)[i], 0x5a);
	device_stop(&d);
}

/* PMD entries are used where the client has huge pages, and stay right through a read-only one. */
TEST(huge_mapping_upgrade)
{
	struct device d;
	uint64_t *p = memory_map(HUGE, true), pmds;
	uint32_t state;

	memory_fill(p, HUGE, 0);
	device_start(&d);
	state = device_page_state(&d, p);
	if (HMMCL_PAGE_ORDER(state) < 9)
		test_skip("no transparent huge page was to be had");
	device_policy(&d, HMMCL_POLICY_PMD_MAPPINGS, 16);
	if (!(d.info.caps & HMMCL_CAP_PMD_MAPPINGS))
		test_skip("the driver does not map PMDs here");
	pmds = device_stat(&d, HMMCL_STAT_PMDS);
	CHECK_EQ(engine_read(&d, p), 0);
	/* A PMD entry takes a page table with it; without one the pages are mapped singly. */
	CHECK(device_stat(&d, HMMCL_STAT_PMDS) > pmds || test_memory_fails());
	CHECK_OK(mprotect(p, HUGE, PROT_READ));
	CHECK_EQ(engine_read(&d, p + 1), 1);
	CHECK_EQ(engine_run(&d, OP_WRITE, p, 8, 1).signal, SIGSEGV);
	CHECK_OK(mprotect(p, HUGE, PROT_READ | PROT_WRITE));
	CHECK_EQ(engine_run(&d, OP_XOR, p, HUGE, 0xffff).signal, 0);
	CHECK_EQ(memory_check(p, HUGE, 0, 0xffff), -1);
	device_stop(&d);
}

TEST(anon_write_hugetlbfs)
{
	struct device d;
	uint64_t *p;

	p = mmap(NULL, 2 * HUGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB, -1, 0);
	if (p == MAP_FAILED) {
		FILE *f = fopen("/proc/sys/vm/nr_hugepages", "w");

		if (f) {
			fputs("8\n", f);
			fclose(f);
		}
		p = mmap(NULL, 2 * HUGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB,
			 -1, 0);
	}
	if (p == MAP_FAILED)
		test_skip("no hugetlb pages: %m");
	device_start(&d);
	memory_fill(p, 2 * HUGE, 1);
	CHECK_EQ(engine_run(&d, OP_XOR, p, 2 * HUGE, 0x77).signal, 0);
	CHECK_EQ(memory_check(p, 2 * HUGE, 1, 0x77), -1);
	/* compound: the mapping level is reported for every page */
	CHECK(HMMCL_PAGE_ORDER(device_page_state(&d, p + 512 * 7)) >= 9);
	/* It cannot migrate, and stays right. */
	CHECK_EQ(device_migrate(&d, p, HUGE, HMMCL_MIGRATE_TO_DEVICE).pages_moved, 0);
	CHECK_EQ(memory_check(p, 2 * HUGE, 1, 0x77), -1);
	device_stop(&d);
}

TEST(hugetlbfs_cow)
{
	struct device d;
	volatile uint64_t *p = mmap(NULL, HUGE, PROT_READ | PROT_WRITE,
				    MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB, -1, 0);
	int go[2], back[2];
	char c;
	pid_t pid;

	if (p == MAP_FAILED)
		test_skip("no hugetlb pages: %m");
	p[0] = 11;
	device_start(&d);
	CHECK_EQ(engine_read(&d, p), 11);
	CHECK_OK(pipe(go));
	CHECK_OK(pipe(back));
	pid = fork();
	if (!pid) {
		CHECK(read(go[0], &c, 1) == 1);
		_exit(p[0] != 11);
	}
	engine_write(&d, p, 12);
	CHECK(write(go[1], "x", 1) == 1);
	CHECK(child_ok(pid));
	CHECK_EQ(p[0], 12);
	device_stop(&d);
}

static int temp_file(size_t size)
{
	char path[] = "/tmp/hmmcl-driver-XXXXXX";
	int fd = mkstemp(path);

	CHECK_OK(fd);
	unlink(path);
	CHECK_OK(ftruncate(fd, (off_t)size));
	return fd;
}

TEST(file_read)
{
	struct device d;
	int fd = temp_file(SIZE);
	uint64_t v = 99, *p, *priv;

	CHECK_EQ(pwrite(fd, &v, 8, 600 * 8), 8);
	p = mmap(NULL, SIZE, PROT_READ, MAP_SHARED, fd, 0);
	priv = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	device_start(&d);
	CHECK_EQ(engine_read(&d, p + 600), 99);
	CHECK_EQ(engine_read(&d, priv + 600), 99);
	CHECK_EQ(engine_run(&d, OP_WRITE, p + 600, 8, 1).signal, SIGSEGV);
	v = 100;
	CHECK_EQ(pwrite(fd, &v, 8, 600 * 8), 8);
	CHECK_EQ(engine_read(&d, p + 600), 100);
	device_stop(&d);
}

TEST(file_write)
{
	struct device d;
	int fd = temp_file(SIZE);
	uint64_t v, *p, *priv;

	p = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	priv = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	device_start(&d);
	engine_write(&d, p + 700, 1234);
	CHECK_EQ(pread(fd, &v, 8, 700 * 8), 8);
	CHECK_EQ(v, 1234);
	CHECK_EQ(engine_read(&d, priv + 700), 1234);
	engine_write(&d, priv + 700, 4321);		/* copy on write */
	CHECK_EQ(pread(fd, &v, 8, 700 * 8), 8);
	CHECK_EQ(v, 1234);
	CHECK_EQ(priv[700], 4321);
	CHECK_OK(msync(p, SIZE, MS_SYNC));
	device_stop(&d);
}

TEST(file_truncate)
{
	struct device d;
	int fd = temp_file(SIZE);
	uint64_t *p = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	struct result r;

	device_start(&d);
	engine_write(&d, p + 512 * 10, 1);
	CHECK_OK(ftruncate(fd, PAGE));
	r = engine_run(&d, OP_READ, p + 512 * 10, 8, 0);
	CHECK_EQ(r.signal, SIGBUS);
	CHECK_EQ(r.fault_address, (uintptr_t)(p + 512 * 10));
	engine_write(&d, p + 10, 1);
	CHECK_OK(ftruncate(fd, SIZE));
	CHECK_EQ(engine_read(&d, p + 512 * 10), 0);
	device_stop(&d);
}

TEST(shared_anon_and_memfd)
{
	struct device d;
	int fd = memfd_create("m", 0);
	volatile uint64_t *s = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0), *m;

	CHECK_OK(ftruncate(fd, SIZE));
	m = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	device_start(&d);
	engine_write(&d, s + 100, 5);
	CHECK_EQ(s[100], 5);
	engine_write(&d, m + 512 * 20, 6);
	CHECK_EQ(m[512 * 20], 6);
	/* A hole punched into it reads as zero. */
	CHECK_OK(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, PAGE * 20, PAGE));
	CHECK_EQ(engine_read(&d, m + 512 * 20), 0);
	device_stop(&d);
}

/* "mixedmap": vvar is a VM_MIXEDMAP mapping of the kernel's pages, vdso holds code; both are
 * read as the client reads them, and neither can be written. */
TEST(mixedmap)
{
	struct device d;
	char line[512];
	int seen = 0;
	FILE *f = fopen("/proc/self/maps", "r");

	device_start(&d);
	CHECK(f);
	while (fgets(line, sizeof(line), f)) {
		uintptr_t start = strtoul(line, NULL, 16);
		bool vdso = strstr(line, "[vdso]");

		if (!vdso && !strstr(line, "[vvar]"))
			continue;
		seen++;
		CHECK_EQ(engine_run(&d, OP_WRITE, (void *)start, 8, 0).signal, SIGSEGV);
		if (vdso)
			CHECK_EQ(engine_read(&d, (void *)start), *(uint64_t *)start);
		else
			CHECK_EQ(engine_run(&d, OP_READ, (void *)start, 8, 0).signal, 0);
	}
	CHECK_EQ(seen, 2);
	fclose(f);
	device_stop(&d);
}

TEST(anon_read_multiple)
{
	struct device d;

	device_start(&d);
	for (uint64_t i = 0; i < 10; i++) {
		uint64_t *p = memory_map(SIZE / 4, false), sum = 0;

		memory_fill(p, SIZE / 4, i);
		for (size_t k = 0; k < SIZE / 32; k++)
			sum += k + i;
		CHECK_EQ(engine_run(&d, OP_SUM, p, SIZE / 4, 0).value, sum);
		munmap(p, SIZE / 4);
	}
	device_stop(&d);
}

/* The device reads while the client unmaps half: each read is right or SIGSEGV. */
TEST(anon_teardown)
{
	struct device d;

	device_start(&d);
	for (int i = 0; i < 20; i++) {
		uint64_t *p = memory_map(SIZE, i & 1);
		struct result r;

		memory_fill(p, SIZE, 0);
		engine_post(&d, 0, OP_TOUCH_READ, p, SIZE, 0);
		if (i & 2)
			usleep(100);
		munmap(p, SIZE / 2);
		r = engine_wait(&d, 0);
		CHECK(r.signal == 0 || r.signal == SIGSEGV);
		CHECK_EQ(engine_run(&d, OP_READ, p, 8, 0).signal, SIGSEGV);
		CHECK_EQ(engine_read(&d, p + SIZE / 8 - 1), SIZE / 8 - 1);
		munmap((char *)p + SIZE / 2, SIZE / 2);
	}
	device_stop(&d);
}

TEST(snapshot)
{
	struct device d;
	char *p = memory_map(8 * PAGE, false);
	uint32_t s[8];

	device_open(&d);
	(void)*(volatile char *)(p + PAGE);			/* 1: zero page */
	p[2 * PAGE] = 1;					/* 2: read and write */
	p[3 * PAGE] = 1;
	CHECK_OK(mprotect(p + 3 * PAGE, PAGE, PROT_READ));	/* 3: read only */
	p[4 * PAGE] = 1;
	CHECK_OK(mprotect(p + 4 * PAGE, PAGE, PROT_NONE));	/* 4: error */
	p[5 * PAGE] = 1;					/* 5: on the device */
	device_migrate_all(&d, p + 5 * PAGE, PAGE);
	munmap(p + 6 * PAGE, PAGE);				/* 6: a hole */
	device_snapshot(&d, p, 8 * PAGE, s);
	CHECK_EQ(s[0] & (HMMCL_PAGE_READ | HMMCL_PAGE_WRITE), 0);
	CHECK_EQ(s[1] & 0xff, HMMCL_PAGE_READ | HMMCL_PAGE_ZERO);
	CHECK_EQ(s[2] & (HMMCL_PAGE_READ | HMMCL_PAGE_WRITE), HMMCL_PAGE_READ | HMMCL_PAGE_WRITE);
	CHECK_EQ(s[3] & (HMMCL_PAGE_READ | HMMCL_PAGE_WRITE), HMMCL_PAGE_READ);
	CHECK(s[4] & HMMCL_PAGE_ERROR);
	CHECK_EQ(s[5] & (HMMCL_PAGE_READ | HMMCL_PAGE_WRITE | HMMCL_PAGE_DEVICE),
		 HMMCL_PAGE_READ | HMMCL_PAGE_WRITE | HMMCL_PAGE_DEVICE);
	CHECK(s[6] & HMMCL_PAGE_ERROR);
	CHECK_EQ(s[7] & (HMMCL_PAGE_READ | HMMCL_PAGE_WRITE), 0);
	close(d.drm);
}

/* Two contexts of one process, each with its engine, on the same pages. */
TEST(double_map)
{
	struct device a, b;
	uint64_t *p = memory_map(SIZE, false);
	pid_t pid;

	memory_fill(p, SIZE, 0);
	device_start(&a);
	device_start(&b);
	CHECK_EQ(engine_read(&a, p + 9), 9);
	CHECK_EQ(engine_read(&b, p + 9), 9);
	engine_write(&a, p + 9, 10);
	CHECK_EQ(engine_read(&b, p + 9), 10);
	device_migrate_all(&a, p, SIZE);
	engine_write(&b, p + 9, 11);
	CHECK_EQ(engine_read(&a, p + 9), 11);
	CHECK_EQ(p[9], 11);
	engine_post(&a, 0, OP_ADD, p, 100000, 1);
	engine_post(&b, 0, OP_ADD, p, 100000, 1);
	CHECK_EQ(engine_wait(&a, 0).signal, 0);
	CHECK_EQ(engine_wait(&b, 0).signal, 0);
	CHECK_EQ(p[0], 200000);
	/* A third, of another process, on shared pages. */
	pid = fork();
	if (!pid) {
		struct device c;

		device_start(&c);
		CHECK_EQ(engine_read(&c, p), 200000);
		engine_write(&c, p, 1);
		CHECK_EQ(p[0], 1);
		device_stop(&c);
		_exit(0);
	}
	CHECK(child_ok(pid));
	CHECK_EQ(p[0], 200000);
	device_stop(&a);
	CHECK_EQ(engine_read(&b, p), 200000);
	device_stop(&b);
}

/* Each policy gives the same answers. */
TEST(policies)
{
	static const struct { uint32_t flags, batch; } policies[] = {
		{ 0, 1 }, { 0, 16 }, { 0, 512 }, { HMMCL_POLICY_PMD_MAPPINGS, 512 },
		{ HMMCL_POLICY_NO_FAST_PATH, 1 }, { HMMCL_POLICY_NO_FAST_PATH, 16 },
		{ HMMCL_POLICY_NO_FAST_PATH | HMMCL_POLICY_PMD_MAPPINGS, 512 },
	};
	struct device d;

	device_start(&d);
	for (size_t i = 0; i < sizeof(policies) / sizeof(policies[0]); i++) {
		for (int huge = 0; huge < 2; huge++) {
			uint64_t *p = memory_map(SIZE, huge);

			device_policy(&d, policies[i].flags, policies[i].batch);
			memory_fill(p, SIZE / 2, i);		/* the other half: first touched by the engine */
			CHECK_EQ(engine_run(&d, OP_XOR, p, SIZE, 0x1234).signal, 0);
			CHECK_EQ(memory_check(p, SIZE / 2, i, 0x1234), -1);
			CHECK_EQ(p[SIZE / 8 - 1], 0x1234);
			munmap(p, SIZE);
		}
	}
	device_stop(&d);
}
