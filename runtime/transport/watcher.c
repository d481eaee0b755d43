// SPDX-License-Identifier: MIT
/* The thread that sees the hmm engine's process end. */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/close_range.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../../kernel-driver/include/uapi/drm/hmmcl_drm.h"
#include "../engine/syscall.h"
#include "client.h"
#include "descriptor.h"
#include "watcher.h"

#define STACK_SIZE (256u << 10)
#define KILL_TIMEOUT_MS 10000
/* Until init has seen that the engine has ended, and the kernel tells how. */
#define REAP_TIMEOUT_MS 100

void hmmcl_kill_engine(int pidfd)
{
	struct pollfd fd = { .fd = pidfd, .events = POLLIN };

	syscall(SYS_pidfd_send_signal, pidfd, SIGKILL, NULL, 0);
	while (poll(&fd, 1, KILL_TIMEOUT_MS) < 0 && errno == EINTR)
		;
}

/* PIDFD_GET_INFO of <linux/pidfd.h>, as of Linux 6.13; PIDFD_INFO_EXIT is of 6.15. */
struct hmmcl_pidfd_info {
	uint64_t mask, cgroup;
	uint32_t ids[11];
	int32_t exit_code;		/* as wait() gives it */
};
#define HMMCL_PIDFD_GET_INFO _IOWR(0xFF, 11, struct hmmcl_pidfd_info)
#define HMMCL_PIDFD_INFO_EXIT (1u << 3)

static bool killed_by_driver(const struct hmmcl_watcher *watcher)
{
	struct pollfd fd = { .fd = watcher->device, .events = POLLIN };
	struct hmmcl_event_engine event;

	/* There may be those of earlier attempts to start one. */
	while (poll(&fd, 1, 0) > 0 && read(watcher->device, &event, sizeof(event)) == sizeof(event))
		if (event.engine_id == watcher->engine_id)
			return event.reason == HMMCL_ENGINE_KILLED;
	return false;
}

/* The engine has ended: say how.  It is init's child, so wait() does not tell us. */
static void mark_ended(const struct hmmcl_watcher *watcher)
{
	struct hmmcl_engine *engine = watcher->engine;
	struct hmmcl_pidfd_info info = { .mask = HMMCL_PIDFD_INFO_EXIT };
	struct pollfd reaped = { .fd = watcher->pidfd };	/* POLLHUP */
	int code, signal;

	poll(&reaped, 1, REAP_TIMEOUT_MS);
	if (ioctl(watcher->pidfd, HMMCL_PIDFD_GET_INFO, &info) || !(info.mask & HMMCL_PIDFD_INFO_EXIT)) {
		hmmcl_engine_mark_lost(engine, "its process has ended%s",
				       killed_by_driver(watcher) ? ", killed by hmmcl.ko" : "");
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
			killed_by_driver(watcher) ? ", sent by hmmcl.ko" :
			": by somebody, or memory ran out (see the kernel's log)");
}

/* Leaves the process's table of descriptors, with nothing of it but the watcher's three. */
static int take_descriptors(const struct hmmcl_watcher *watcher)
{
	const int ours[] = { watcher->pidfd, watcher->device, watcher->asked };
	int from = 0;

	/* At INT_MAX there is nothing to close. */
	if (syscall(SYS_close_range, INT32_MAX, INT32_MAX, CLOSE_RANGE_UNSHARE))
		return -errno;
	for (;;) {
		int next = INT32_MAX;

		for (size_t i = 0; i < sizeof(ours) / sizeof(*ours); i++)
			if (ours[i] >= from && ours[i] < next)
				next = ours[i];
		if (next > from)
			syscall(SYS_close_range, from, next - 1, 0);
		if (next == INT32_MAX)
			return 0;
		from = next + 1;
	}
}

static void await_end(const struct hmmcl_watcher *watcher)
{
	struct pollfd fds[] = {
		{ .fd = watcher->pidfd, .events = POLLIN }, { .fd = watcher->asked, .events = POLLIN },
	};
	char byte;

	while (poll(fds, 2, -1) < 0 && errno == EINTR)
		;
	if (!fds[1].revents) {
		mark_ended(watcher);
		return;
	}
	hmmcl_kill_engine(watcher->pidfd);
	if (recv(watcher->asked, &byte, sizeof(byte), 0) != sizeof(byte))
		hmmcl_engine_mark_lost(watcher->engine, "the application has closed its descriptors");
}

static void *watch(void *argument)
{
	struct hmmcl_watcher *watcher = argument;
	int err = take_descriptors(watcher);

	watcher->error = err;
	sem_post(&watcher->started);
	if (err)
		return NULL;
	await_end(watcher);
	/* Who joins this thread finds the driver's file closed. */
	syscall(SYS_close_range, 0, ~0u, 0);
	return NULL;
}

static int start_thread(struct hmmcl_watcher *watcher)
{
	sigset_t everything, saved;
	pthread_attr_t attributes;
	int err;

	sem_init(&watcher->started, 0, 0);
	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, STACK_SIZE);
	sigfillset(&everything);
	pthread_sigmask(SIG_SETMASK, &everything, &saved);
	err = -pthread_create(&watcher->thread, &attributes, watch, watcher);
	pthread_sigmask(SIG_SETMASK, &saved, NULL);
	pthread_attr_destroy(&attributes);
	if (err)
		return err;
	pthread_setname_np(watcher->thread, "hmmcl-watcher");
	while (sem_wait(&watcher->started) && errno == EINTR)
		;
	if (watcher->error)
		pthread_join(watcher->thread, NULL);
	return watcher->error;
}

int hmmcl_watcher_start(struct hmmcl_watcher *watcher, struct hmmcl_engine *engine, int pidfd,
			int device, uint32_t engine_id)
{
	struct stat quit;
	int ends[2], err;

	*watcher = (struct hmmcl_watcher) {
		.engine = engine, .pidfd = pidfd, .device = device, .engine_id = engine_id, .quit = -1,
	};
	err = socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) ? -errno : 0;
	if (!err) {
		watcher->asked = ends[0];
		watcher->quit = hmmcl_above_standard(ends[1]);
		err = watcher->quit < 0 ? watcher->quit : 0;
		if (!err && fstat(watcher->quit, &quit))
			err = -errno;
		if (!err) {
			watcher->quit_device = quit.st_dev;
			watcher->quit_inode = quit.st_ino;
			err = start_thread(watcher);
		}
		close(ends[0]);
	}
	if (err) {
		hmmcl_kill_engine(pidfd);
		if (watcher->quit >= 0)
			close(watcher->quit);
		watcher->quit = -1;
	}
	close(pidfd);
	return err;
}

bool hmmcl_watcher_has_descriptors(const struct hmmcl_watcher *watcher)
{
	struct stat now;

	return !fstat(watcher->quit, &now) && now.st_dev == watcher->quit_device &&
	       now.st_ino == watcher->quit_inode;
}

void hmmcl_watcher_stop(struct hmmcl_watcher *watcher)
{
	struct hmmcl_control *control = watcher->engine->window.control;
	bool ours = hmmcl_watcher_has_descriptors(watcher);

	if (ours) {
		send(watcher->quit, "", 1, MSG_NOSIGNAL);
	} else {
		/* The thread has seen it, unless a child has a copy; then the engine ends by itself. */
		atomic_store(&control->stop, 1);
		atomic_fetch_add(&control->doorbell, 1);
		hmmcl_futex_wake(&control->doorbell, INT32_MAX, control->futex_flags, FUTEX_BITSET_MATCH_ANY);
	}
	pthread_join(watcher->thread, NULL);
	sem_destroy(&watcher->started);
	if (ours)
		close(watcher->quit);
}

void hmmcl_watcher_forget(struct hmmcl_watcher *watcher)
{
	if (hmmcl_watcher_has_descriptors(watcher))
		close(watcher->quit);
}
