// SPDX-License-Identifier: MIT
/* Memory management that works behind the client's back: swap, KSM, userfaultfd, OOM. */
#include <errno.h>
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "device.h"
#include "harness.h"

#define SIZE (4ul << 20)
#define MERGED 100	/* so many pages that share another one are enough */

static bool write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY);
	bool ok = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);

	if (fd >= 0)
		close(fd);
	return ok;
}

static long read_number(const char *path)
{
	FILE *f = fopen(path, "r");
	long n = -1;

	if (f) {
		if (fscanf(f, "%ld", &n) != 1)
			n = -1;
		fclose(f);
	}
	return n;
}

/* The client in a small memory cgroup with swap (zram): its pages go out under the engine. */
TEST_TIMEOUT(swap, 300)
{
	struct device d;
	size_t size = (size_t)test_rounds(64) << 20;
	char limit[32], procs[96];
	const char *group = "/sys/fs/cgroup/hmmcl-swap";
	uint64_t *p;
	FILE *swaps = fopen("/proc/swaps", "r");
	char line[256];
	int lines = 0;

	while (swaps && fgets(line, sizeof(line), swaps))
		lines++;
	if (lines < 2)
		test_skip("no swap (the lab makes one with zram)");
	write_file("/sys/fs/cgroup/cgroup.subtree_control", "+memory");
	if (mkdir(group, 0755) && errno != EEXIST)
		test_skip("no cgroup v2: %m");
	snprintf(procs, sizeof(procs), "%s/memory.max", group);
	snprintf(limit, sizeof(limit), "%zu", size / 2);
	if (!write_file(procs, limit))
		test_skip("no memory cgroup: %m");
	device_start(&d);
	snprintf(procs, sizeof(procs), "%s/cgroup.procs", group);
	snprintf(limit, sizeof(limit), "%d", getpid());
	CHECK(write_file(procs, limit));
	p = memory_map(size, false);
	memory_fill(p, size, 0);
	CHECK_EQ(engine_run(&d, OP_XOR, p, size, 0x1111).signal, 0);
	CHECK_EQ(engine_run(&d, OP_XOR, p, size, 0x2222).signal, 0);
	CHECK_EQ(memory_check(p, size, 0, 0x3333), -1);
	CHECK(write_file("/sys/fs/cgroup/cgroup.procs", limit));
	device_stop(&d);
}

static long read_ksm(const char *name)
{
	char path[64];

	snprintf(path, sizeof(path), "/sys/kernel/mm/ksm/%s", name);
	return read_number(path);
}

static bool write_ksm(const char *name, long value)
{
	char path[64], text[24];

	snprintf(path, sizeof(path), "/sys/kernel/mm/ksm/%s", name);
	snprintf(text, sizeof(text), "%ld", value);
	return write_file(path, text);
}

/* Run @test in a process of its own with a ksmd that is fast, and set ksmd back, also if it fails. */
static void with_ksm(void (*test)(void *))
{
	static const struct { const char *name; long fast; } settings[] = {
		{ "run", 1 }, { "sleep_millisecs", 1 }, { "pages_to_scan", 10000 },
	};
	const unsigned int n = sizeof(settings) / sizeof(settings[0]);
	long before[3];
	int status;

	for (unsigned int i = 0; i < n; i++) {
		before[i] = read_ksm(settings[i].name);
		if (!write_ksm(settings[i].name, settings[i].fast))
			test_skip("no KSM: %s: %m", settings[i].name);
	}
	status = in_child(test, NULL);
	write_ksm("run", 2);		/* nothing stays merged */
	for (unsigned int i = 0; i < n; i++)
		CHECK(write_ksm(settings[i].name, before[i]));
	CHECK(WIFEXITED(status));
	if (WEXITSTATUS(status))
		_exit(WEXITSTATUS(status));
}

/* Wait until ksmd has merged most of the @size bytes at @p, which are all alike. */
static void wait_merged(void *p, size_t size)
{
	long merged = 0;

	CHECK_OK(madvise(p, size, MADV_MERGEABLE));
	for (int i = 0; i < 500 && merged < MERGED; i++) {
		usleep(20000);
		merged = read_ksm("pages_sharing");
	}
	if (merged < MERGED)
		test_skip("ksmd merged nothing");
}

static void ksm(void *arg)
{
	struct device d;
	char *p = memory_map(SIZE, false);

	(void)arg;
	device_start(&d);
	memset(p, 0x44, SIZE);
	wait_merged(p, SIZE);
	CHECK_EQ(engine_read(&d, p), 0x4444444444444444);
	device_migrate(&d, p, SIZE, HMMCL_MIGRATE_TO_DEVICE);
	CHECK_EQ(engine_run(&d, OP_TOUCH_WRITE, p, SIZE / 2, 0x55).signal, 0);
	for (size_t i = 0; i < SIZE; i += PAGE) {
		CHECK_EQ(p[i], i < SIZE / 2 ? 0x55 : 0x44);
		CHECK_EQ(p[i + 1], 0x44);
	}
	device_migrate(&d, p, SIZE, HMMCL_MIGRATE_TO_DEVICE);
	CHECK_EQ(engine_run(&d, OP_TOUCH_WRITE, p, SIZE, 0x66).signal, 0);
	for (size_t i = 0; i < SIZE; i += PAGE)
		CHECK_EQ(p[i], 0x66);
	device_stop(&d);
}

/* Merged pages stay where they are; an engine write breaks the sharing. */
TEST_TIMEOUT(ksm, 120)
{
	with_ksm(ksm);
}

static void ksm_stays_mapped(void *arg)
{
	char *p = memory_map(SIZE, false);
	struct drm_hmmcl_migrate m;
	struct device d;
	uint64_t faults;

	(void)arg;
	device_start(&d);
	memset(p, 0x44, SIZE);
	wait_merged(p, SIZE);
	CHECK(write_ksm("run", 0));
	CHECK_EQ(engine_run(&d, OP_TOUCH_READ, p, SIZE, 0).signal, 0);
	faults = device_stat(&d, HMMCL_STAT_FAULTS);
	m = device_migrate(&d, p, SIZE, HMMCL_MIGRATE_TO_DEVICE);
	CHECK_EQ(m.pages_unsupported, SIZE / PAGE);
	CHECK_EQ(engine_run(&d, OP_TOUCH_READ, p, SIZE, 0).signal, 0);
	CHECK_EQ(device_stat(&d, HMMCL_STAT_FAULTS), faults);
	device_stop(&d);
}

/*
 * A migration does not take what ksmd may merge out of the engine's page table, nor out of the
 * client's: see vma_may_move() in the driver.
 */
TEST_TIMEOUT(ksm_stays_mapped, 120)
{
	with_ksm(ksm_stays_mapped);
}

static void ksm_passes_by(void *arg)
{
	char *p = memory_map(SIZE, false);
	struct device d;

	(void)arg;
	device_start(&d);
	memset(p, 0x44, SIZE);
	for (unsigned int round = 0; round < test_rounds(10); round++) {
		CHECK(write_ksm("run", 1));
		wait_merged(p, SIZE);
		device_migrate(&d, p, SIZE, HMMCL_MIGRATE_TO_DEVICE);
		CHECK(write_ksm("run", 0));
		device_migrate(&d, p, SIZE, HMMCL_MIGRATE_TO_DEVICE);
		for (size_t i = 0; i < SIZE; i += PAGE)
			CHECK_EQ(p[i], 0x44);
	}
	device_stop(&d);
}

/*
 * Merged pages are left where they are, also while ksmd passes by, and when it has stopped in the
 * middle.
 */
TEST_TIMEOUT(ksm_passes_by, 120)
{
	with_ksm(ksm_passes_by);
}

/* A child of the client lets the pages that they share be merged, and then ends. */
static void ksm_in_child(void *arg)
{
	char *p = memory_map(SIZE, false), c;
	int merged[2], end[2];
	struct device d;
	pid_t pid;

	(void)arg;
	memset(p, 0x44, SIZE);
	CHECK_OK(pipe(merged));
	CHECK_OK(pipe(end));
	pid = fork();
	if (!pid) {
		wait_merged(p, SIZE);
		CHECK(write(merged[1], "", 1) == 1);
		_exit(read(end[0], &c, 1) != 1);
	}
	close(merged[1]);
	if (read(merged[0], &c, 1) != 1)
		test_skip("ksmd merged nothing of the child's");
	CHECK(write_ksm("run", 0));
	device_start(&d);
	for (int gone = 0; gone < 2; gone++) {
		if (gone) {
			CHECK(write(end[1], "", 1) == 1);
			CHECK(child_ok(pid));
		}
		CHECK_EQ(engine_run(&d, OP_TOUCH_READ, p, SIZE, 0).signal, 0);
		CHECK(device_migrate(&d, p, SIZE, HMMCL_MIGRATE_TO_DEVICE).pages_busy > 0);
		for (size_t i = 0; i < SIZE; i += PAGE)
			CHECK_EQ(p[i], 0x44);
	}
	CHECK_EQ(engine_run(&d, OP_TOUCH_WRITE, p, SIZE, 0x55).signal, 0);
	CHECK(device_migrate(&d, p, SIZE, HMMCL_MIGRATE_TO_DEVICE).pages_moved > 0);
	for (size_t i = 0; i < SIZE; i += PAGE)
		CHECK_EQ(p[i], 0x55);
	device_stop(&d);
}

/* Pages that another process has merged are left where they are, too: see may_be_merged(). */
TEST_TIMEOUT(ksm_in_child, 120)
{
	with_ksm(ksm_in_child);
}

struct fault_server { int uffd; int served; };

static void *serve_faults(void *arg)
{
	struct fault_server *s = arg;
	static char page[PAGE] __attribute__((aligned(4096)));

	for (;;) {
		struct pollfd pfd = { .fd = s->uffd, .events = POLLIN };
		struct uffd_msg msg;

		if (poll(&pfd, 1, -1) < 0 || read(s->uffd, &msg, sizeof(msg)) != sizeof(msg))
			continue;
		if (msg.event != UFFD_EVENT_PAGEFAULT)
			continue;
		usleep(2000);		/* the engine waits, and the client can do what it likes meanwhile */
		__atomic_fetch_add(&s->served, 1, __ATOMIC_SEQ_CST);	/* before the engine goes on */
		if (msg.arg.pagefault.flags & UFFD_PAGEFAULT_FLAG_WP) {
			struct uffdio_writeprotect wp = {
				.range = { msg.arg.pagefault.address & ~(PAGE - 1), PAGE },
			};

			ioctl(s->uffd, UFFDIO_WRITEPROTECT, &wp);
		} else {
			struct uffdio_copy copy = {
				.dst = msg.arg.pagefault.address & ~(PAGE - 1),
				.src = (uintptr_t)page, .len = PAGE,
			};

			memset(page, 0x21, PAGE);
			ioctl(s->uffd, UFFDIO_COPY, &copy);
		}
	}
	return NULL;
}

static int uffd_open(uint64_t features)
{
	struct uffdio_api api = { .api = UFFD_API, .features = features };
	int fd = (int)syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK);

	if (fd < 0 || ioctl(fd, UFFDIO_API, &api))
		test_skip("no userfaultfd: %m");
	return fd;
}

TEST(userfaultfd_missing)
{
	struct device d;
	char *p = memory_map(64 * PAGE, false);
	struct fault_server s = { .uffd = uffd_open(0) };
	struct uffdio_register r = {
		.range = { (uintptr_t)p, 64 * PAGE }, .mode = UFFDIO_REGISTER_MODE_MISSING,
	};
	pthread_t server;

	CHECK_OK(ioctl(s.uffd, UFFDIO_REGISTER, &r));
	device_start(&d);
	pthread_create(&server, NULL, serve_faults, &s);
	CHECK_EQ(engine_read(&d, p + 5 * PAGE), 0x2121212121212121);
	engine_write(&d, p + 6 * PAGE, 1);
	CHECK_EQ(*(volatile uint64_t *)(p + 6 * PAGE), 1);
	CHECK_EQ(p[6 * PAGE + 8], 0x21);
	CHECK(__atomic_load_n(&s.served, __ATOMIC_SEQ_CST) >= 2);
	/* A migration must not swallow the event either. */
	device_migrate(&d, p, 64 * PAGE, HMMCL_MIGRATE_TO_DEVICE);
	CHECK_EQ(engine_read(&d, p + 9 * PAGE), 0x2121212121212121);
	device_stop(&d);
}

TEST(userfaultfd_write_protect)
{
	struct device d;
	char *p = memory_map(64 * PAGE, false);
	struct fault_server s = { .uffd = uffd_open(UFFD_FEATURE_PAGEFAULT_FLAG_WP) };
	struct uffdio_register r = {
		.range = { (uintptr_t)p, 64 * PAGE }, .mode = UFFDIO_REGISTER_MODE_WP,
	};
	struct uffdio_writeprotect wp = {
		.range = { (uintptr_t)p, 64 * PAGE }, .mode = UFFDIO_WRITEPROTECT_MODE_WP,
	};
	pthread_t server;

	memset(p, 1, 64 * PAGE);
	device_start(&d);
	CHECK_EQ(engine_run(&d, OP_TOUCH_WRITE, p, 64 * PAGE, 1).signal, 0);
	if (ioctl(s.uffd, UFFDIO_REGISTER, &r))
		test_skip("no write protection: %m");
	CHECK_OK(ioctl(s.uffd, UFFDIO_WRITEPROTECT, &wp));
	pthread_create(&server, NULL, serve_faults, &s);
	CHECK_EQ(engine_read(&d, p + 3 * PAGE), 0x0101010101010101);
	CHECK_EQ(__atomic_load_n(&s.served, __ATOMIC_SEQ_CST), 0);
	engine_write(&d, p + 3 * PAGE, 7);
	CHECK_EQ(*(volatile uint64_t *)(p + 3 * PAGE), 7);
	CHECK(__atomic_load_n(&s.served, __ATOMIC_SEQ_CST) >= 1);
	device_stop(&d);
}

static uint64_t oom_kills(void)
{
	char key[64];
	unsigned long long value, kills = 0;
	FILE *f = fopen("/proc/vmstat", "r");

	while (f && fscanf(f, "%63s %llu", key, &value) == 2)
		if (!strcmp(key, "oom_kill"))
			kills = value;
	if (f)
		fclose(f);
	return kills;
}

/*
 * The client is chosen by the OOM killer while its engine sleeps in a page that userfaultfd
 * will never deliver: the memory must come back all the same.
 */
TEST_TIMEOUT(oom_with_blocked_engine, 120)
{
	const char *group = "/sys/fs/cgroup/hmmcl-oom";
	uint64_t before = oom_kills();
	char path[96], text[32];
	int status;
	pid_t pid;

	write_file("/sys/fs/cgroup/cgroup.subtree_control", "+memory");
	if (mkdir(group, 0755) && errno != EEXIST)
		test_skip("no cgroup v2: %m");
	snprintf(path, sizeof(path), "%s/memory.max", group);
	if (!write_file(path, "67108864"))
		test_skip("no memory cgroup: %m");
	snprintf(path, sizeof(path), "%s/memory.swap.max", group);
	write_file(path, "0");
	pid = fork();
	if (!pid) {
		struct device d;
		char *p = memory_map(64 * PAGE, false), *eat;
		int uffd = uffd_open(0);
		struct uffdio_register r = {
			.range = { (uintptr_t)p, 64 * PAGE }, .mode = UFFDIO_REGISTER_MODE_MISSING,
		};

		CHECK_OK(ioctl(uffd, UFFDIO_REGISTER, &r));
		device_start(&d);
		engine_post(&d, 0, OP_READ, p, 8, 0);
		usleep(200000);
		snprintf(path, sizeof(path), "%s/cgroup.procs", group);
		snprintf(text, sizeof(text), "%d", getpid());
		CHECK(write_file(path, text));
		eat = memory_map(256ul << 20, false);
		memset(eat, 1, 256ul << 20);
		_exit(0);
	}
	CHECK(waitpid(pid, &status, 0) == pid);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 77)
		test_skip("no userfaultfd");
	CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	CHECK(oom_kills() > before);
	/* The group is empty, its memory is back. */
	snprintf(path, sizeof(path), "%s/memory.current", group);
	for (int i = 0; i < 500 && read_number(path) > 8 << 20; i++)
		usleep(10000);
	CHECK(read_number(path) <= 8 << 20);
}
