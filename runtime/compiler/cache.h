/* SPDX-License-Identifier: MIT */
/*
 * The disk cache of compiled programs: one file for each, in HMMCL_CACHE_DIR, named by a hash of
 * everything that went in.  Shared by all processes of a user without locks: a file appears whole,
 * by renaming, and is checked by its own hash when it is read, so that a crash, a full disk or a
 * damaged file means compiling again and nothing else.
 */
#ifndef HMMCL_COMPILER_CACHE_H
#define HMMCL_COMPILER_CACHE_H

#include <stdbool.h>

#include "hash.h"
#include "server.h"

struct hmmcl_cached {
	struct hmmcl_blob files, log, output;	/* in memory; files: compiler/protocol.h */
	void *memory;			/* free() it */
};

/* False: not there, or not to be trusted. */
bool hmmcl_cache_lookup(const uint8_t key[HMMCL_HASH_SIZE], struct hmmcl_cached *cached);

/* Keep @files, @log and @output.  What cannot be kept costs nothing but the next build. */
void hmmcl_cache_store(const uint8_t key[HMMCL_HASH_SIZE], struct hmmcl_blob files,
		       struct hmmcl_blob log, struct hmmcl_blob output);

#endif
