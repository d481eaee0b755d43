/* SPDX-License-Identifier: MIT */
/* Starting programs in a way that the application does not notice; the program hmmcl-engine. */
#ifndef HMMCL_TRANSPORT_SPAWN_H
#define HMMCL_TRANSPORT_SPAWN_H

#include <stddef.h>
#include <stdint.h>

/*
 * Run @function, which starts a program, in a process between that one and this: made without an
 * exit signal, which hides it from wait() and SIGCHLD for the moment that it lives.  It shares memory
 * and descriptors with this process, and the calling thread stands still until it has ended.
 * Returns 0, when it has run, or a negative errno.
 */
int hmmcl_run_between(int (*function)(void *), void *argument);

/*
 * Start hmmcl-engine for the window at [@address, @address + @size), with @fds as its descriptors
 * from HMMCL_FD_DEVICE up to but not including HMMCL_FD_STATUS (engine/process.h).  It is not a
 * child of this process: no SIGCHLD, nothing for the application's wait() to find, no zombie.
 * Returns a pidfd, or a negative errno; *status is the other end of HMMCL_FD_STATUS.
 */
int hmmcl_spawn(const char *path, uint64_t address, uint64_t size, const int *fds, int *status);

/* HMMCL_ENGINE_PATH, beside this library, or where it is installed. */
int hmmcl_spawn_find(char *path, size_t size);

#endif
