// SPDX-License-Identifier: MIT
/* See device.h. */
#include "device.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "harness.h"

/* Where allocations fail at random, trying again is what a client has to do. */
#define NOMEM_TRIES	1000

int device_ioctl(int fd, unsigned long request, void *arg)
{
	int ret, tries = test_memory_fails() ? NOMEM_TRIES : 1;

	do
		ret = ioctl(fd, request, arg);
	while (ret < 0 && (errno == EINTR || (errno == ENOMEM && --tries)));
	return ret;
}

static int open_node(void)
{
	for (int minor = 128; minor < 192; minor++) {
		char path[32], name[16] = "";
		struct drm_version version = { .name = name, .name_len = sizeof(name) - 1 };
		int fd;

		snprintf(path, sizeof(path), "/dev/dri/renderD%d", minor);
		fd = open(path, O_RDWR | O_CLOEXEC);
		if (fd < 0)
			continue;
		if (!device_ioctl(fd, DRM_IOCTL_VERSION, &version) && !strcmp(name, HMMCL_DRM_NAME))
			return fd;
		close(fd);
	}
	return -1;
}

int device_open_node(void)
{
	int fd, tries = test_memory_fails() ? NOMEM_TRIES : 1;

	do
		fd = open_node();
	while (fd < 0 && --tries);
	return fd;
}

static int bind_context(int fd, struct drm_hmmcl_bind *info)
{
	*info = (struct drm_hmmcl_bind){ .version_major = HMMCL_DRM_MAJOR };
	return device_ioctl(fd, DRM_IOCTL_HMMCL_BIND, info);
}

static uint64_t read_stat(int fd, enum drm_hmmcl_stat stat)
{
	uint64_t counters[HMMCL_STAT_COUNT] = { 0 };
	struct drm_hmmcl_stats s = { .counters = (uintptr_t)counters, .count = HMMCL_STAT_COUNT };

	CHECK_OK(device_ioctl(fd, DRM_IOCTL_HMMCL_STATS, &s));
	return counters[stat];
}

bool device_pages_in_use(uint64_t *pages)
{
	struct drm_hmmcl_bind info;
	int fd = device_open_node();

	if (fd < 0)
		return false;
	if (bind_context(fd, &info)) {
		close(fd);
		return false;
	}
	*pages = read_stat(fd, HMMCL_STAT_DEVMEM_USED_PAGES);
	close(fd);
	return true;
}

void device_open(struct device *d)
{
	*d = (struct device){ .drm = device_open_node() };
	CHECK(d->drm >= 0);
	CHECK_OK(bind_context(d->drm, &d->info));
}

static void exec_engine(int engine_fd, int mailbox_fd, int n_threads)
{
	char path[4096], args[3][12];
	ssize_t n = readlink("/proc/self/exe", path, sizeof(path) - 32);
	char *slash;

	if (n < 0)
		_exit(90);
	path[n] = 0;
	slash = strrchr(path, '/');
	strcpy(slash + 1, "driver-engine");
	snprintf(args[0], sizeof(args[0]), "%d", engine_fd);
	snprintf(args[1], sizeof(args[1]), "%d", mailbox_fd);
	snprintf(args[2], sizeof(args[2]), "%d", n_threads);
	execl(path, "driver-engine", args[0], args[1], args[2], NULL);
	_exit(91);
}

void device_start_engine(struct device *d, int n_threads)
{
	struct drm_hmmcl_engine_create create = { .user_data = 42 };
	size_t size = sizeof(struct mailbox) * MAX_THREADS;
	int mailbox_fd = memfd_create("mailboxes", 0);

	CHECK(mailbox_fd >= 0);
	CHECK_OK(ftruncate(mailbox_fd, (off_t)size));
	/* The engine's window must stay free of this process's memory. */
	if (mmap((void *)WINDOW_START, WINDOW_SIZE, PROT_NONE,
		 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE, -1, 0) == MAP_FAILED)
		CHECK(errno == EEXIST);		/* a second context in this process has its own mailboxes */
	d->mailboxes = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, mailbox_fd, 0);
	CHECK(d->mailboxes != MAP_FAILED);
	CHECK_OK(device_ioctl(d->drm, DRM_IOCTL_HMMCL_ENGINE_CREATE, &create));
	d->n_threads = n_threads;
	d->engine = fork();
	CHECK(d->engine >= 0);
	if (!d->engine)
		exec_engine(create.fd, mailbox_fd, n_threads);
	close(create.fd);
	close(mailbox_fd);
	for (int t = 0; t < n_threads; t++) {
		struct mailbox *m = &d->mailboxes[t];

		while (!__atomic_load_n(&m->ready, __ATOMIC_ACQUIRE)) {
			int status;

			if (waitpid(d->engine, &status, WNOHANG) == d->engine)
				test_fail(__FILE__, __LINE__, "the engine did not start: status %#x", status);
			usleep(1000);
		}
	}
}

void device_start(struct device *d)
{
	device_open(d);
	device_start_engine(d, 1);
}

void device_stop(struct device *d)
{
	int status;

	if (d->engine) {
		engine_post(d, 0, OP_EXIT, NULL, 0, 0);
		CHECK(waitpid(d->engine, &status, 0) == d->engine);
		munmap(d->mailboxes, sizeof(struct mailbox) * MAX_THREADS);
	}
	close(d->drm);
}

static long futex(uint32_t *word, int op, uint32_t value, const struct timespec *timeout)
{
	return syscall(SYS_futex, word, op, value, timeout, NULL, 0);
}

void engine_post(struct device *d, int t, enum op op, const volatile void *addr, uint64_t len, uint64_t value)
{
	struct mailbox *m = &d->mailboxes[t];

	m->op = op;
	m->addr = (uintptr_t)addr;
	m->len = len;
	m->value = value;
	__atomic_store_n(&m->state, MAILBOX_POSTED, __ATOMIC_RELEASE);
	futex(&m->state, FUTEX_WAKE, 1, NULL);
}

bool engine_wait_or_death(struct device *d, int t, struct result *result)
{
	const struct timespec tenth = { .tv_nsec = 100 * 1000 * 1000 };
	struct mailbox *m = &d->mailboxes[t];
	uint32_t s;

	while ((s = __atomic_load_n(&m->state, __ATOMIC_ACQUIRE)) != MAILBOX_DONE) {
		siginfo_t info = { 0 };

		if (futex(&m->state, FUTEX_WAIT, s, &tenth) < 0 && errno == ETIMEDOUT &&
		    !waitid(P_PID, (id_t)d->engine, &info, WEXITED | WNOHANG | WNOWAIT) &&
		    info.si_pid == d->engine)
			return false;
	}
	m->state = MAILBOX_IDLE;
	*result = (struct result){ m->signal, m->fault_address, m->value, m->ns };
	return true;
}

struct result engine_wait(struct device *d, int t)
{
	struct result r;

	if (!engine_wait_or_death(d, t, &r))
		test_fail(__FILE__, __LINE__, "the engine died");
	return r;
}

struct result engine_run(struct device *d, enum op op, const volatile void *addr, uint64_t len, uint64_t value)
{
	engine_post(d, 0, op, addr, len, value);
	return engine_wait(d, 0);
}

uint64_t engine_read(struct device *d, const volatile void *addr)
{
	struct result r = engine_run(d, OP_READ, addr, 8, 0);

	if (r.signal)
		test_fail(__FILE__, __LINE__, "engine read of %p: signal %u", addr, r.signal);
	return r.value;
}

void engine_write(struct device *d, volatile void *addr, uint64_t value)
{
	struct result r = engine_run(d, OP_WRITE, addr, 8, value);

	if (r.signal)
		test_fail(__FILE__, __LINE__, "engine write of %p: signal %u", addr, r.signal);
}

struct drm_hmmcl_migrate device_migrate(struct device *d, void *addr, size_t length, int destination)
{
	struct drm_hmmcl_migrate m = {
		.addr = (uintptr_t)addr, .length = length, .destination = (uint32_t)destination,
	};

	CHECK_OK(device_ioctl(d->drm, DRM_IOCTL_HMMCL_MIGRATE, &m));
	CHECK_EQ(m.pages_moved + m.pages_resident + m.pages_empty + m.pages_busy + m.pages_unsupported,
		 m.pages_done);
	return m;
}

void device_migrate_all(struct device *d, void *addr, size_t length)
{
	/* A page may be held for a moment by somebody else (a per-CPU batch, khugepaged). */
	for (int i = 0; i < 20; i++) {
		struct drm_hmmcl_migrate m = device_migrate(d, addr, length, HMMCL_MIGRATE_TO_DEVICE);

		if (m.pages_moved + m.pages_resident == length / PAGE)
			return;
		usleep(10000);
	}
	test_fail(__FILE__, __LINE__, "not all of %zu pages went to the device", length / PAGE);
}

void device_policy(struct device *d, uint32_t flags, uint32_t fault_batch)
{
	struct drm_hmmcl_policy p = {
		.set = HMMCL_POLICY_SET_FLAGS | HMMCL_POLICY_SET_FAULT_BATCH,
		.flags = flags, .fault_batch = fault_batch,
	};

	CHECK_OK(device_ioctl(d->drm, DRM_IOCTL_HMMCL_POLICY, &p));
}

uint64_t device_stat(struct device *d, enum drm_hmmcl_stat stat)
{
	return read_stat(d->drm, stat);
}

void device_snapshot(struct device *d, const void *addr, size_t length, uint32_t *states)
{
	struct drm_hmmcl_snapshot s = {
		.addr = (uintptr_t)addr, .length = length, .states = (uintptr_t)states,
	};

	CHECK_OK(device_ioctl(d->drm, DRM_IOCTL_HMMCL_SNAPSHOT, &s));
}

uint32_t device_page_state(struct device *d, const void *addr)
{
	uint32_t state;

	device_snapshot(d, (const void *)((uintptr_t)addr & ~(PAGE - 1)), PAGE, &state);
	return state;
}

int device_zap_page(struct device *d, void *addr)
{
	struct drm_hmmcl_zap z = { .addr = (uintptr_t)addr, .length = PAGE };

	return device_ioctl(d->drm, DRM_IOCTL_HMMCL_ZAP, &z);
}

void device_inject(struct device *d, uint32_t kind, uint32_t count)
{
	struct drm_hmmcl_inject i = { .kind = kind, .count = count };

	if (!(d->info.caps & HMMCL_CAP_INJECT))
		test_skip("needs the module parameter debug_inject=1");
	CHECK_OK(device_ioctl(d->drm, DRM_IOCTL_HMMCL_INJECT, &i));
}

void *memory_map(size_t length, bool huge)
{
	char *p = mmap(NULL, length + HUGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *start;

	CHECK(p != MAP_FAILED);
	start = (char *)(((uintptr_t)p + HUGE - 1) & ~(HUGE - 1));
	if (start > p)
		munmap(p, (size_t)(start - p));
	if (p + length + HUGE > start + length)
		munmap(start + length, (size_t)(p + HUGE - start));
	madvise(start, length, huge ? MADV_HUGEPAGE : MADV_NOHUGEPAGE);
	return start;
}

void memory_fill(void *addr, size_t length, uint64_t seed)
{
	uint64_t *p = addr;

	for (size_t i = 0; i < length / 8; i++)
		p[i] = i + seed;
}

long memory_check(const void *addr, size_t length, uint64_t seed, uint64_t mask)
{
	const volatile uint64_t *p = addr;

	for (size_t i = 0; i < length / 8; i++)
		if (p[i] != ((i + seed) ^ mask))
			return (long)i;
	return -1;
}

bool child_ok(pid_t pid)
{
	int status;

	CHECK(waitpid(pid, &status, 0) == pid);
	return WIFEXITED(status) && !WEXITSTATUS(status);
}

int in_child(void (*child)(void *), void *arg)
{
	pid_t pid = fork();
	int status;

	CHECK(pid >= 0);
	if (!pid) {
		child(arg);
		_exit(0);
	}
	CHECK(waitpid(pid, &status, 0) == pid);
	return status;
}
