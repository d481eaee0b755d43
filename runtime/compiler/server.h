/* SPDX-License-Identifier: MIT */
/*
 * The compiler process of this application: one `hmmclc --server`, started when the first program
 * needs it and again whenever it is gone.  Requests of several threads run in parallel.  No thread
 * of ours waits for it: of the threads that wait for a reply, one reads for all.
 */
#ifndef HMMCL_COMPILER_SERVER_H
#define HMMCL_COMPILER_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../../compiler/protocol.h"

struct hmmcl_blob {
	const void *data;
	size_t size;
};

#define HMMCL_REPLY_BLOBS 3	/* log, output, files */

struct hmmcl_reply {
	enum hmmcl_compiler_status status;
	unsigned int n_blobs;
	struct hmmcl_blob blobs[HMMCL_REPLY_BLOBS];	/* in memory */
	void *memory;			/* free() it */
};

/* The program that a server is started from, and what tells its versions apart. */
struct hmmcl_server_program {
	char path[512];
	uint64_t version[6];		/* device, inode, size, time of change: of the file at path */
};

/* Find hmmclc: HMMCL_COMPILER, the build tree, the installation.  0, or -ENOENT (logged). */
int hmmcl_server_find(struct hmmcl_server_program *program);

/*
 * Have @program's server execute a request and wait for its reply.  Always fills @reply in: when
 * the server cannot be started, ends (twice), does not answer long after HMMCL_BUILD_TIMEOUT or
 * answers nonsense, the status is HMMCL_COMPILER_CRASHED and the first blob, the log, says what
 * happened; the next request starts a new one.  Any thread; also after fork(), where the child gets
 * a server of its own.
 */
void hmmcl_server_request(const struct hmmcl_server_program *program, enum hmmcl_compiler_op op,
			  const struct hmmcl_blob *blobs, unsigned int n_blobs,
			  struct hmmcl_reply *reply);

/* End the server if no request is under way. */
void hmmcl_server_stop(void);

#endif
