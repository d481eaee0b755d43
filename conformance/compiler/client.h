/* SPDX-License-Identifier: MIT */
/* A client of hmmclc --server for tests: protocol.h without the runtime. */
#ifndef HMMCL_CONFORMANCE_COMPILER_CLIENT_H
#define HMMCL_CONFORMANCE_COMPILER_CLIENT_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "../../compiler/protocol.h"

struct client {
	int socket;
	pid_t pid;
};

struct blob {
	const void *data;
	size_t size;
};

struct reply {
	struct hmmcl_compiler_message message;
	char *log;		/* the first blob, zero-terminated, or NULL */
	void *output;		/* the second blob, or of HELLO the first */
	size_t output_size;
};

/* Starts HMMCL_COMPILER (an environment variable) --server; ends the test program on failure. */
struct client client_start(void);
/* Closes the socket and waits for the server: returns its wait status. */
int client_stop(struct client *client);

/* Sends a request and does not wait. */
void client_send(struct client *client, uint32_t op, uint64_t id, const struct blob *blobs,
		 uint32_t n_blobs);
/* Sends exactly this: @payload of @size bytes, or no descriptor if @payload is NULL. */
void client_send_raw(struct client *client, const void *message, size_t message_size,
		     const void *payload, size_t size);
/*
 * The next reply.  If there is none within @timeout_s seconds: a message id of ~0, the status of a crash, and
 * why in the log.
 */
struct reply client_receive(struct client *client, int timeout_s);
/* A build request and its reply. */
struct reply client_build(struct client *client, const char *options, const char *source);
void reply_free(struct reply *reply);

#endif
