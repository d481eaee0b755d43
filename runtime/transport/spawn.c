// SPDX-License-Identifier: MIT
/*
 * Starting programs that the application does not notice, and hmmcl-engine.  A child would be the
 * application's to wait for, and would tell it of its death.  So a short-lived one, that signals
 * nothing, starts it and ends: the program's parent is then init.  Both borrow this process's
 * memory until they execute or end: nothing is copied, however large the application is.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../engine/process.h"
#include "engine.h"
#include "spawn.h"

#define STACK_SIZE (64u << 10)

struct spawn {
	const char *path;
	char *const *argv;
	int fds[HMMCL_FD_END];		/* by number in the engine; none of them is below HMMCL_FD_END */
	int pidfd;
	int error;
	_Alignas(16) char stack[STACK_SIZE];
};

/* clone() by the name under which thread sanitizers do not take it for a fork. */
int __clone(int (*function)(void *), void *stack, int flags, void *argument, ...);

int hmmcl_run_between(int (*function)(void *), void *argument)
{
	char *stack = malloc(STACK_SIZE);
	sigset_t everything, saved;
	pid_t pid;
	int err = 0;

	if (!stack)
		return -ENOMEM;
	/* No handler of the application may run in the process between. */
	sigfillset(&everything);
	pthread_sigmask(SIG_SETMASK, &everything, &saved);
	pid = __clone(function, stack + STACK_SIZE, CLONE_VM | CLONE_VFORK | CLONE_FILES, argument);
	if (pid < 0)
		err = -errno;
	else
		while (waitpid(pid, NULL, __WALL) < 0 && errno == EINTR)
			;
	pthread_sigmask(SIG_SETMASK, &saved, NULL);
	free(stack);
	return err;
}

static int run_engine(void *argument)
{
	struct spawn *spawn = argument;
	char *const environment[] = { NULL };

	for (int fd = HMMCL_FD_DEVICE; fd < HMMCL_FD_END; fd++)
		if (dup2(spawn->fds[fd], fd) < 0)
			goto fail;
	/* Whatever else the application has open is not the engine's. */
	syscall(SYS_close_range, HMMCL_FD_END, ~0u, 0);
	syscall(SYS_close_range, 0, HMMCL_FD_DEVICE - 1, 0);
	execve(spawn->path, spawn->argv, environment);
fail:
	spawn->error = -errno;
	_exit(127);
}

static int run_between(void *argument)
{
	struct spawn *spawn = argument;

	/* Shares the table of descriptors with the application, so that the pidfd is there. */
	if (__clone(run_engine, spawn->stack + STACK_SIZE, CLONE_VM | CLONE_VFORK | CLONE_PIDFD,
		    spawn, &spawn->pidfd) < 0)
		spawn->error = -errno;
	return 0;
}

int hmmcl_spawn(const char *path, uint64_t address, uint64_t size, const int *fds, int *status)
{
	char window[2][20];
	char *argv[] = { "hmmcl-engine", window[0], window[1], NULL };
	struct spawn *spawn = malloc(sizeof(*spawn));
	int pair[2] = { -1, -1 }, err = 0;

	if (!spawn)
		return -ENOMEM;
	*spawn = (struct spawn) { .path = path, .argv = argv, .pidfd = -1 };
	snprintf(window[0], sizeof(window[0]), "%llx", (unsigned long long)address);
	snprintf(window[1], sizeof(window[1]), "%llx", (unsigned long long)size);
	for (int fd = 0; fd < HMMCL_FD_END; fd++)
		spawn->fds[fd] = -1;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair))
		err = -errno;
	/* Out of the way of the numbers that they get in the engine. */
	for (int fd = HMMCL_FD_DEVICE; fd < HMMCL_FD_END && !err; fd++) {
		int from = fd == HMMCL_FD_STATUS ? pair[1] : fds[fd - HMMCL_FD_DEVICE];

		spawn->fds[fd] = fcntl(from, F_DUPFD_CLOEXEC, HMMCL_FD_END);
		if (spawn->fds[fd] < 0)
			err = -errno;
	}
	if (!err)
		err = hmmcl_run_between(run_between, spawn);
	if (!err)
		err = spawn->error;
	for (int fd = HMMCL_FD_DEVICE; fd < HMMCL_FD_END; fd++)
		if (spawn->fds[fd] >= 0)
			close(spawn->fds[fd]);
	if (pair[1] >= 0)
		close(pair[1]);
	if (err) {
		if (pair[0] >= 0)
			close(pair[0]);
		if (spawn->pidfd >= 0)
			close(spawn->pidfd);
	} else {
		*status = pair[0];
		err = spawn->pidfd;
	}
	free(spawn);
	return err;
}

int hmmcl_spawn_find(char *path, size_t size)
{
	const char *asked = secure_getenv("HMMCL_ENGINE_PATH");
	const char *slash;
	Dl_info here;

	if (asked) {
		snprintf(path, size, "%s", asked);
		return access(path, X_OK) ? -errno : 0;
	}
	if (dladdr((void *)hmmcl_engine_open, &here) && here.dli_fname) {
		slash = strrchr(here.dli_fname, '/');
		snprintf(path, size, "%.*shmmcl-engine",
			 slash ? (int)(slash - here.dli_fname + 1) : 0, here.dli_fname);
		if (!access(path, X_OK))
			return 0;
	}
	snprintf(path, size, "%s", HMMCL_ENGINE_INSTALLED);
	return access(path, X_OK) ? -errno : 0;
}
