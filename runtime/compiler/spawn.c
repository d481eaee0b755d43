/* SPDX-License-Identifier: MIT */
/*
 * The helper must not be a child of the application, so it is a grandchild.  The process between
 * the two is made without an exit signal, which hides it from wait() and SIGCHLD for the moment
 * that it lives, and shares this process's memory: nothing is copied, however large the application
 * is.
 */
#include "spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define CHILD_FD	3
#define STACK_SIZE	(64u << 10)

extern char **environ;

/* clone() by the name under which thread sanitizers do not take it for a fork. */
int __clone(int (*function)(void *), void *stack, int flags, void *argument, ...);

struct spawn {
	const char *const *argv;
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	int error;
	int pidfd;
};

/* The process between: shares memory and descriptors, while the thread that made it stands still. */
static int between(void *data)
{
	struct spawn *spawn = data;
	pid_t pid;

	spawn->error = posix_spawn(&pid, spawn->argv[0], &spawn->actions, &spawn->attributes,
				   (char *const *)spawn->argv, environ);
	if (spawn->error)
		return 0;
	spawn->pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	if (spawn->pidfd < 0)
		spawn->error = errno;
	return 0;
}

static int set_up(struct spawn *spawn, int fd, bool keep_stderr)
{
	sigset_t all, none;
	int error = 0;

	sigfillset(&all);
	sigemptyset(&none);
	error |= posix_spawn_file_actions_addopen(&spawn->actions, 0, "/dev/null", O_RDONLY, 0);
	error |= posix_spawn_file_actions_addopen(&spawn->actions, 1, "/dev/null", O_WRONLY, 0);
	if (!keep_stderr)
		error |= posix_spawn_file_actions_addopen(&spawn->actions, 2, "/dev/null", O_WRONLY, 0);
	error |= posix_spawn_file_actions_adddup2(&spawn->actions, fd, CHILD_FD);
	error |= posix_spawn_file_actions_addclosefrom_np(&spawn->actions, CHILD_FD + 1);
	error |= posix_spawnattr_setsigdefault(&spawn->attributes, &all);
	error |= posix_spawnattr_setsigmask(&spawn->attributes, &none);
	/* A group of its own: Ctrl-C is for the application, which may well go on. */
	error |= posix_spawnattr_setpgroup(&spawn->attributes, 0);
	error |= posix_spawnattr_setflags(&spawn->attributes, POSIX_SPAWN_SETSIGDEF |
					  POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETPGROUP);
	return error ? -ENOMEM : 0;
}

static int run(struct spawn *spawn)
{
	sigset_t all, old;
	char *stack = malloc(STACK_SIZE);
	pid_t pid;

	if (!stack)
		return -ENOMEM;
	/* No handler of the application may run in the process between. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	pid = __clone(between, stack + STACK_SIZE, CLONE_VM | CLONE_VFORK | CLONE_FILES, spawn);
	if (pid < 0)
		spawn->error = errno;
	else
		while (waitpid(pid, NULL, __WCLONE) < 0 && errno == EINTR)
			;
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	free(stack);
	return -spawn->error;
}

int hmmcl_spawn_detached(const char *const argv[], int fd, bool keep_stderr, int *pidfd)
{
	struct spawn spawn = { .argv = argv, .pidfd = -1 };
	/* Out of the way of 0 to 3, which an application may have closed. */
	int high = fcntl(fd, F_DUPFD_CLOEXEC, CHILD_FD + 1);
	int error;

	if (high < 0)
		return -errno;
	error = -posix_spawn_file_actions_init(&spawn.actions);
	if (error)
		goto close_fd;
	error = -posix_spawnattr_init(&spawn.attributes);
	if (error)
		goto destroy_actions;
	error = set_up(&spawn, high, keep_stderr);
	if (!error)
		error = run(&spawn);
	*pidfd = spawn.pidfd;
	posix_spawnattr_destroy(&spawn.attributes);
destroy_actions:
	posix_spawn_file_actions_destroy(&spawn.actions);
close_fd:
	close(high);
	return error;
}
