// SPDX-License-Identifier: MIT
/* The hmm engine: a process of its own, that sees this one's memory through hmmcl.ko. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <xf86drm.h>

#include "../../kernel-driver/include/uapi/drm/hmmcl_drm.h"
#include "../engine/process.h"
#include "../engine/syscall.h"
#include "client.h"
#include "descriptor.h"
#include "device.h"
#include "spawn.h"
#include "watcher.h"

#define START_TIMEOUT_MS 10000
#define READY_STEP_MS 100
/* The engine's own program or stack may lie where the window is; it does elsewhere next time. */
#define START_TRIES 5

struct hmmcl_hmm {
	int device;			/* render node, bound to this process */
	struct hmmcl_watcher watcher;
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

/* The engine says what failed, or closes its end and soon is ready. */
static int await_ready(struct hmmcl_engine *engine, int pidfd, int status,
		       struct hmmcl_start_failure *failure)
{
	struct hmmcl_control *control = engine->window.control;
	struct pollfd fd = { .fd = status, .events = POLLIN };
	struct pollfd dead = { .fd = pidfd, .events = POLLIN };
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
	int status = -1, pidfd = -1, err = hmmcl_spawn_find(path, sizeof(path));

	if (!err && drmIoctl(hmm->device, DRM_IOCTL_HMMCL_ENGINE_CREATE, &create)) {
		err = -errno;
		snprintf(why, why_size, "hmmcl.ko makes no engine: %s", strerror(-err));
		return err;
	}
	if (!err) {
		const int fds[] = { create.fd, window->control_fd, window->code.fd, window->data.fd };

		pidfd = hmmcl_spawn(path, (uint64_t)window->base, window->size, fds, &status);
		close(create.fd);
		err = pidfd < 0 ? pidfd : 0;
	}
	if (!err) {
		err = await_ready(engine, pidfd, status, &failure);
		close(status);
		if (err) {
			hmmcl_kill_engine(pidfd);
			close(pidfd);
		}
	}
	if (err) {
		snprintf(why, why_size, "%s failed while %s: %s", path,
			 failure.step < sizeof(steps) / sizeof(*steps) ? steps[failure.step] : "working",
			 strerror(-err));
		return err;
	}
	err = hmmcl_watcher_start(&hmm->watcher, engine, pidfd, hmm->device, create.engine_id);
	if (err)
		snprintf(why, why_size, "cannot start a thread that watches the engine: %s", strerror(-err));
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
	engine->private = hmm;
	engine->window.control->futex_flags = 0;
	engine->window.control->pin = 1;
	hmm->device = hmmcl_device_open(why, why_size);
	if (hmm->device >= 0) {
		hmm->device = hmmcl_above_standard(hmm->device);
		if (hmm->device < 0)
			snprintf(why, why_size, "cannot keep the render node open: %s", strerror(-hmm->device));
	}
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
	return 0;
fail:
	if (hmm->device >= 0)
		close(hmm->device);
	free(hmm);
	engine->private = NULL;
	return err;
}

static void hmm_stop(struct hmmcl_engine *engine)
{
	struct hmmcl_hmm *hmm = engine->private;

	if (hmmcl_watcher_has_descriptors(&hmm->watcher))
		close(hmm->device);
	hmmcl_watcher_stop(&hmm->watcher);
	free(hmm);
	engine->private = NULL;
}

static void hmm_forget(struct hmmcl_engine *engine)
{
	struct hmmcl_hmm *hmm = engine->private;

	if (hmmcl_watcher_has_descriptors(&hmm->watcher))
		close(hmm->device);
	hmmcl_watcher_forget(&hmm->watcher);
	free(hmm);
	engine->private = NULL;
}

static int hmm_migrate(struct hmmcl_engine *engine, const void *addr, size_t size, bool to_device,
		       uint64_t *moved)
{
	const struct hmmcl_hmm *hmm = engine->private;
	uint64_t start = ((uint64_t)addr + HMMCL_PAGE_SIZE - 1) & ~(HMMCL_PAGE_SIZE - 1);
	uint64_t end = ((uint64_t)addr + size) & ~(HMMCL_PAGE_SIZE - 1);

	if (!hmmcl_watcher_has_descriptors(&hmm->watcher))
		return -EBADF;
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

	if (!hmmcl_watcher_has_descriptors(&hmm->watcher))
		return -EBADF;
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
