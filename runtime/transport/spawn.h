/* SPDX-License-Identifier: MIT */
/* Starting the program hmmcl-engine, in a way that the application does not notice. */
#ifndef HMMCL_TRANSPORT_SPAWN_H
#define HMMCL_TRANSPORT_SPAWN_H

#include <stddef.h>
#include <stdint.h>

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
