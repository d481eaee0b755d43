/* SPDX-License-Identifier: MIT */
/* The directory of the disk cache, and its bound: the files used least recently go first. */
#ifndef HMMCL_COMPILER_CACHE_DIR_H
#define HMMCL_COMPILER_CACHE_DIR_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

/* Files that are being written begin so; the rest of the name is made up. */
#define HMMCL_CACHE_TEMPORARY "tmp-"

/*
 * The path of a file in it, or its own if @name is empty; free() it.  It is not put on the stack, which
 * is the application's and may be small.  NULL: there is no cache, or no memory.
 */
char *hmmcl_cache_path(const char *name);

/* Make the directory, with what is above it, if it is not there. */
bool hmmcl_cache_make(void);

/* HMMCL_CACHE_SIZE in bytes. */
uint64_t hmmcl_cache_limit(void);

/* @size bytes have been added: remove others if it has become too large.  Any thread. */
void hmmcl_cache_grown(uint64_t size);

/* The open file is in use now: it goes last. */
void hmmcl_cache_touch(int fd, const struct stat *status);

#endif
