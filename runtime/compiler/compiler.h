/* SPDX-License-Identifier: MIT */
/* Compiling programs: from the disk cache, or by hmmclc. */
#ifndef HMMCL_COMPILER_H
#define HMMCL_COMPILER_H

#include "server.h"

/* What hmmclc, or the cache, has to say about a request. */
struct hmmcl_compiled {
	enum hmmcl_compiler_status status;
	const char *log;		/* with a terminating zero, in memory */
	struct hmmcl_blob output;	/* code object or bitcode, in memory; empty unless status is OK */
	void *memory;			/* hmmcl_compiled_free */
};

/*
 * Have a request of compiler/protocol.h other than HELLO executed: @options, then @blobs as
 * the protocol lists them.  Waits for it.  0, or -ENOMEM, or -ENOENT when there is no compiler
 * (CL_COMPILER_NOT_AVAILABLE).  Any thread; requests of several threads run in parallel.
 */
int hmmcl_compile(enum hmmcl_compiler_op op, const char *options, const struct hmmcl_blob *blobs,
		  unsigned int n_blobs, struct hmmcl_compiled *compiled);

void hmmcl_compiled_free(struct hmmcl_compiled *compiled);

/*
 * What says that code compiled there runs here: the device ABI and the processor's features, as a
 * hash.
 */
uint64_t hmmcl_target_id(void);

#endif
