/* SPDX-License-Identifier: MIT */
/*
 * Starting a helper program that the application does not notice: no SIGCHLD, nothing for its
 * wait() to find, no zombie, no descriptor of the application held open.
 */
#ifndef HMMCL_COMPILER_SPAWN_H
#define HMMCL_COMPILER_SPAWN_H

#include <stdbool.h>

/*
 * Execute @argv[0] with @fd as descriptor 3 and nothing else open than /dev/null (or an empty file)
 * as 0 and 1 and, with @keep_stderr, this process's 2.  All signals as at the start of a program; a process group
 * of its own. *pidfd refers to it.  Closes @fd.  Returns 0 or a negative errno: also when the
 * program cannot be executed.
 */
int hmmcl_spawn_detached(const char *const argv[], int fd, bool keep_stderr, int *pidfd);

#endif
