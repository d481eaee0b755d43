// SPDX-License-Identifier: MIT
/* The hmm engine: a process of its own, that sees this one's memory through hmmcl.ko. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <xf86drm.h>

#include "../../kernel-driver/include/uapi/drm/hmmcl_drm.h"
#include "../engine/process.h"
#include "../engine/syscall.h"
#include "client.h"
#include "device.h"
#include "spawn.h"

#define START_TIMEOUT_MS 10000
#define READY_STEP_MS 100
/* Until init has seen that the engine has ended, and the kernel tells how. */
#define REAP_TIMEOUT_MS 100
/* The engine's own program or stack may lie where the window is; it does elsewhere next time. */
#define START_TRIES 5

struct hmmcl_hmm {
	int device;			/* render node, bound to this process */
	int pidfd;			/* of the engine */
	int quit;			/* eventfd: the watcher shall end */
	uint32_t engine_id;		/* of the driver */
	pthread_t watcher;
};

/* A context of its own answers best: the node opens, versions match, this process may bind. */
static int hmm_probe(struct hmmcl_engine_info *info, char *why, size_t why_size)
{
	struct hmmcl_device_info device;
	char path[PATH_MAX];
	int fd = hmmcl_device_open(why, why_size), err;

	if (fd < 0)
		return fd;
	err = hmmcl_device_bind(fd, &device, why, why_size);
	close(fd);
	if (err)
		return err;
	info->device_memory = device.memory;
	err = hmmcl_spawn_find(path, sizeof(path));
	if (err)
		snprintf(why, why_size, "cannot run %s: %s (HMMCL_ENGINE_PATH names another)", path,
			 strerror(-err));
	return err;
}

static void close_all(struct hmmcl_hmm *hmm)
{
	const int fds[] = { hmm->pidfd, hmm->quit, hmm->device };

	for (size_t i = 0; i < sizeof(fds) / sizeof(*fds); i++)
		if (fds[i] >= 0)
			close(fds[i]);
}

/* PIDFD_GET_INFO of <linux/pidfd.h>, as of Linux 6.13; PIDFD_INFO_EXIT is of 6.15. */
struct hmmcl_pidfd_info {
	uint64_t mask, cgroup;
	uint32_t ids[11];
	int32_t exit_code;		/* as wait() gives it */
};
#define HMMCL_PIDFD_GET_INFO _IOWR(0xFF, 11, struct hmmcl_pidfd_info)
#define HMMCL_PIDFD_INFO_EXIT (1u << 3)

static bool killed_by_driver(const struct hmmcl_hmm *hmm)
{
	struct pollfd fd = { .fd = hmm->device, .events = POLLIN };
	struct hmmcl_event_engine event;

	/* There may be those of earlier attempts to start one. */
	while (poll(&fd, 1, 0) > 0 && read(hmm->device, &event, sizeof(event)) == sizeof(event))
		if (event.engine_id == hmm->engine_id)
			return event.reason == HMMCL_ENGINE_KILLED;
	return false;
}

/* The engine has ended: say how.  It is init's child, so wait() does not tell us. */
static void mark_ended(struct hmmcl_engine *engine)
{
	const struct hmmcl_hmm *hmm = engine->private;
	struct hmmcl_pidfd_info info = { .mask = HMMCL_PIDFD_INFO_EXIT };
	struct pollfd reaped = { .fd = hmm->pidfd };	/* POLLHUP */
	int code, signal;

	poll(&reaped, 1, REAP_TIMEOUT_MS);
	if (ioctl(hmm->pidfd, HMMCL_PIDFD_GET_INFO, &info) || !(info.mask & HMMCL_PIDFD_INFO_EXIT)) {
		hmmcl_engine_mark_lost(engine, "its process has ended%s",
				       killed_by_driver(hmm) ? ", killed by hmmcl.ko" : "");
		return;
	}
	code = WIFEXITED(info.exit_code) ? WEXITSTATUS(info.exit_code) : 0;
	signal = WIFSIGNALED(info.exit_code) ? WTERMSIG(info.exit_code) : code > 128 ? code - 128 : 0;
	if (!signal)
		hmmcl_engine_mark_lost(engine, "its process has ended with status %d", code);
	else
		hmmcl_engine_mark_lost(
			engine, "its process has ended by signal %d (%s)%s", signal,
			sigdescr_np(signal) ?: "unknown",
			code ? ", a fault of its own" :
			signal == SIGSYS ? ": a system call that its sandbox forbids" :
			signal != SIGKILL ? "" :
			killed_by_driver(hmm) ? ", sent by hmmcl.ko" :
			": by somebody, or memory ran out (see the kernel's log)");
}

/* Waits for the engine's death, which nothing but our own stop expects. */
static void *watch(void *argument)
{
	struct hmmcl_engine *engine = argument;
	const struct hmmcl_hmm *hmm = engine->private;
	struct pollfd fds[] = {
		{ .fd = hmm->pidfd, .events = POLLIN }, { .fd = hmm->quit, .events = POLLIN },
	};

	while (poll(fds, 2, -1) < 0 && errno == EINTR)
		;
	if (!fds[1].revents)
		mark_ended(engine);
	return NULL;
}

static int start_watcher(struct hmmcl_engine *engine)
{
	struct hmmcl_hmm *hmm = engine->private;
	sigset_t everything, saved;
	pthread_attr_t attributes;
	int err;

	hmm->quit = eventfd(0, EFD_CLOEXEC);
	if (hmm->quit < 0)
		return -errno;
	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, 256 << 10);
	sigfillset(&everything);
	pthread_sigmask(SIG_SETMASK, &everything, &saved);
	err = pthread_create(&hmm->watcher, &attributes, watch, engine);
	pthread_sigmask(SIG_SETMASK, &saved, NULL);
	pthread_attr_destroy(&attributes);
	if (!err)
		pthread_setname_np(hmm->watcher, "hmmcl-watcher");
	return -err;
}

static void kill_engine(const struct hmmcl_hmm *hmm)
{
	struct pollfd fd = { .fd = hmm->pidfd, .events = POLLIN };

	syscall(SYS_pidfd_send_signal, hmm->pidfd, SIGKILL, NULL, 0);
	while (poll(&fd, 1, START_TIMEOUT_MS) < 0 && errno == EINTR)
		;
}

/* The engine says what failed, or closes its end and soon is ready. */
static int await_ready(struct hmmcl_engine *engine, int status, struct hmmcl_start_failure *failure)
{
	struct hmmcl_control *control = engine->window.control;
	struct pollfd fd = { .fd = status, .events = POLLIN };
	struct pollfd dead = { .fd = ((struct hmmcl_hmm *)engine->private)->pidfd, .events = POLLIN };
	ssize_t n;

	*failure = (struct hmmcl_start_failure) { .step = HMMCL_START_SANDBOX };
	do
		n = poll(&fd, 1, START_TIMEOUT_MS);
	while (n < 0 && errno == EINTR);
	if (n <= 0)
		return -ETIMEDOUT;
	n = read(status, failure, sizeof(*failure));
	if (n == sizeof(*failure))
		return failure->error < 0 ? failure->error : -EPROTO;
	/* Nothing tells us of a death here, so look from time to time; it is a matter of microseconds. */
	for (int i = 0; i < START_TIMEOUT_MS / READY_STEP_MS && !atomic_load(&control->ready); i++) {
		uint64_t until = hmmcl_now_ns() + READY_STEP_MS * 1000000ull;
		struct __kernel_timespec deadline = {
			.tv_sec = (long long)(until / 1000000000u),
			.tv_nsec = (long long)(until % 1000000000u),
		};

		hmmcl_futex_wait(&control->ready, 0, 0, &deadline, FUTEX_BITSET_MATCH_ANY);
		if (poll(&dead, 1, 0) > 0)
			return -ESRCH;
	}
	return atomic_load(&control->ready) ? 0 : -ETIMEDOUT;
}

static const char *const steps[] = {
	[HMMCL_START_EXEC] = "starting it", [HMMCL_START_WINDOW] = "reserving the window",
	[HMMCL_START_IMAGE] = "moving into the window",
	[HMMCL_START_UNMAP] = "giving up its address space",
	[HMMCL_START_SHARED] = "mapping shared memory",
	[HMMCL_START_DEVICE] = "mapping this process's memory",
	[HMMCL_START_WORKERS] = "starting workers", [HMMCL_START_VERSION] = "comparing versions",
	[HMMCL_START_SANDBOX] = "confining itself",
};

static int start_process(struct hmmcl_engine *engine, char *why, size_t why_size)
{
	struct hmmcl_hmm *hmm = engine->private;
	struct hmmcl_window *window = &engine->window;
	struct drm_hmmcl_engine_create create = { .fd_flags = O_CLOEXEC };
	struct hmmcl_start_failure failure = { .step = HMMCL_START_EXEC };
	char path[PATH_MAX];
	int status = -1, err = hmmcl_spawn_find(path, sizeof(path));

	if (!err && drmIoctl(hmm->device, DRM_IOCTL_HMMCL_ENGINE_CREATE, &create)) {
		err = -errno;
		snprintf(why, why_size, "hmmcl.ko makes no engine: %s", strerror(-err));
		return err;
	}
	if (!err) {
		const int fds[] = { create.fd, window->control_fd, window->code.fd, window->data.fd };

		hmm->engine_id = create.engine_id;
		hmm->pidfd = hmmcl_spawn(path, (uint64_t)window->base, window->size, fds, &status);
		close(create.fd);
		err = hmm->pidfd < 0 ? hmm->pidfd : 0;
	}
	if (!err) {
		err = await_ready(engine, status, &failure);
		close(status);
		if (err) {
			kill_engine(hmm);
			close(hmm->pidfd);
			hmm->pidfd = -1;
		}
	}
	if (err)
		snprintf(why, why_size, "%s failed while %s: %s", path,
			 failure.step < sizeof(steps) / sizeof(*steps) ? steps[failure.step] : "working",
			 strerror(-err));
	return err;
}

static int hmm_start(struct hmmcl_engine *engine, char *why, size_t why_size)
{
	struct hmmcl_device_info device;
	struct hmmcl_hmm *hmm = calloc(1, sizeof(*hmm));
	int err;

	if (!hmm) {
		snprintf(why, why_size, "out of memory");
		return -ENOMEM;
	}
	*hmm = (struct hmmcl_hmm) { .pidfd = -1, .quit = -1 };
	engine->private = hmm;
	engine->window.control->futex_flags = 0;
	engine->window.control->pin = 1;
	hmm->device = hmmcl_device_open(why, why_size);
	err = hmm->device < 0 ? hmm->device : hmmcl_device_bind(hmm->device, &device, why, why_size);
	if (err < 0)
		goto fail;
	engine->info.device_memory = device.memory;
	for (int i = 0; i < START_TRIES; i++) {
		err = start_process(engine, why, why_size);
		if (err != -EEXIST)
			break;
	}
	if (err)
		goto fail;
	err = start_watcher(engine);
	if (err) {
		snprintf(why, why_size, "cannot start a thread: %s", strerror(-err));
		kill_engine(hmm);
		goto fail;
	}
	return 0;
fail:
	close_all(hmm);
	free(hmm);
	engine->private = NULL;
	return err;
}

static void hmm_stop(struct hmmcl_engine *engine)
{
	struct hmmcl_hmm *hmm = engine->private;

	eventfd_write(hmm->quit, 1);
	pthread_join(hmm->watcher, NULL);
	kill_engine(hmm);
	close_all(hmm);
	free(hmm);
	engine->private = NULL;
}

static void hmm_forget(struct hmmcl_engine *engine)
{
	close_all(engine->private);
	free(engine->private);
	engine->private = NULL;
}

static int hmm_migrate(struct hmmcl_engine *engine, const void *addr, size_t size, bool to_device,
		       uint64_t *moved)
{
	const struct hmmcl_hmm *hmm = engine->private;
	uint64_t start = ((uint64_t)addr + HMMCL_PAGE_SIZE - 1) & ~(HMMCL_PAGE_SIZE - 1);
	uint64_t end = ((uint64_t)addr + size) & ~(HMMCL_PAGE_SIZE - 1);

	while (start < end) {
		struct drm_hmmcl_migrate migrate = {
			.addr = start, .length = end - start,
			.destination = to_device ? HMMCL_MIGRATE_TO_DEVICE : HMMCL_MIGRATE_TO_SYSTEM,
		};
		int err = ioctl(hmm->device, DRM_IOCTL_HMMCL_MIGRATE, &migrate) ? errno : 0;

		*moved += migrate.pages_moved * HMMCL_PAGE_SIZE;
		start += migrate.pages_done * HMMCL_PAGE_SIZE;
		/* It is a hint: a hole, or want of memory, ends it and is no error. */
		if (err != EINTR)
			return err == EFAULT || err == ENOMEM ? 0 : -err;
	}
	return 0;
}

static int hmm_counters(struct hmmcl_engine *engine, struct hmmcl_engine_counters *counters)
{
	const struct hmmcl_hmm *hmm = engine->private;
	uint64_t c[HMMCL_STAT_COUNT] = { 0 };
	struct drm_hmmcl_stats stats = { .counters = (uint64_t)c, .count = HMMCL_STAT_COUNT };

	if (drmIoctl(hmm->device, DRM_IOCTL_HMMCL_STATS, &stats))
		return -errno;
	counters->faults = c[HMMCL_STAT_FAULTS];
	counters->pages_mapped = c[HMMCL_STAT_PTES] + c[HMMCL_STAT_PMDS] * 512;
	counters->huge_mapped = c[HMMCL_STAT_PMDS];
	counters->invalidations = c[HMMCL_STAT_INVALIDATIONS];
	counters->to_device_bytes = c[HMMCL_STAT_PAGES_TO_DEVICE] * HMMCL_PAGE_SIZE;
	counters->to_system_bytes = (c[HMMCL_STAT_PAGES_TO_SYSTEM] + c[HMMCL_STAT_CPU_FAULT_PAGES]) *
				    HMMCL_PAGE_SIZE;
	counters->cpu_faults = c[HMMCL_STAT_CPU_FAULTS];
	counters->evicted_bytes = c[HMMCL_STAT_EVICTED_PAGES] * HMMCL_PAGE_SIZE;
	counters->device_resident_bytes = c[HMMCL_STAT_DEVMEM_USED_PAGES] * HMMCL_PAGE_SIZE;
	return 0;
}

const struct hmmcl_backend hmmcl_hmm_backend = {
	.probe = hmm_probe,
	.start = hmm_start,
	.stop = hmm_stop,
	.forget = hmm_forget,
	.migrate = hmm_migrate,
	.counters = hmm_counters,
};
