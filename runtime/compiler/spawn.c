/* SPDX-License-Identifier: MIT */
/* The helper must not be a child of the application, so it is a grandchild: see transport/spawn.h. */
#include "spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../transport/descriptor.h"
#include "../transport/spawn.h"

#define CHILD_FD	3

extern char **environ;

struct spawn {
	const char *const *argv;
	int null, fd;			/* neither is below CHILD_FD + 1 */
	bool keep_stderr;
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	int error;
	int pidfd;
};

/* In the process between. */
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

/* For the standard streams. A bare root has no devices; an empty file does, too. */
static int open_null(void)
{
	int fd = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (fd < 0)
		fd = memfd_create("hmmcl-null", MFD_CLOEXEC);
	return fd < 0 ? -errno : hmmcl_move_above(fd, CHILD_FD);
}

static int set_up(struct spawn *spawn)
{
	sigset_t all, none;
	int error = 0;

	sigfillset(&all);
	sigemptyset(&none);
	error |= posix_spawn_file_actions_adddup2(&spawn->actions, spawn->null, 0);
	error |= posix_spawn_file_actions_adddup2(&spawn->actions, spawn->null, 1);
	if (!spawn->keep_stderr)
		error |= posix_spawn_file_actions_adddup2(&spawn->actions, spawn->null, 2);
	error |= posix_spawn_file_actions_adddup2(&spawn->actions, spawn->fd, CHILD_FD);
	error |= posix_spawn_file_actions_addclosefrom_np(&spawn->actions, CHILD_FD + 1);
	error |= posix_spawnattr_setsigdefault(&spawn->attributes, &all);
	error |= posix_spawnattr_setsigmask(&spawn->attributes, &none);
	/* A group of its own: Ctrl-C is for the application, which may well go on. */
	error |= posix_spawnattr_setpgroup(&spawn->attributes, 0);
	error |= posix_spawnattr_setflags(&spawn->attributes, POSIX_SPAWN_SETSIGDEF |
					  POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETPGROUP);
	return error ? -ENOMEM : 0;
}

int hmmcl_spawn_detached(const char *const argv[], int fd, bool keep_stderr, int *pidfd)
{
	struct spawn spawn = { .argv = argv, .keep_stderr = keep_stderr, .pidfd = -1 };
	int error;

	/* Out of the way of 0 to 3, which an application may have closed. */
	spawn.fd = hmmcl_move_above(fd, CHILD_FD);
	if (spawn.fd < 0)
		return spawn.fd;
	spawn.null = open_null();
	error = spawn.null < 0 ? spawn.null : 0;
	if (error)
		goto close_fd;
	error = -posix_spawn_file_actions_init(&spawn.actions);
	if (error)
		goto close_null;
	error = -posix_spawnattr_init(&spawn.attributes);
	if (error)
		goto destroy_actions;
	error = set_up(&spawn);
	if (!error)
		error = hmmcl_run_between(between, &spawn);
	if (!error)
		error = -spawn.error;
	*pidfd = spawn.pidfd;
	posix_spawnattr_destroy(&spawn.attributes);
destroy_actions:
	posix_spawn_file_actions_destroy(&spawn.actions);
close_null:
	close(spawn.null);
close_fd:
	close(spawn.fd);
	return error;
}
