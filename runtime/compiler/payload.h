/* SPDX-License-Identifier: MIT */
/* What a message to or from the compiler carries: blobs in a memory file (compiler/protocol.h). */
#ifndef HMMCL_COMPILER_PAYLOAD_H
#define HMMCL_COMPILER_PAYLOAD_H

#include "server.h"

/* A memory file with the blobs; the caller closes it.  Negative errno. */
int hmmcl_payload_write(const struct hmmcl_blob *blobs, unsigned int n_blobs);

/*
 * Reads the blobs of a reply into @reply (all but status), from its start.  The file is copied, for
 * its sender could change it.  0, or -EPROTO when it is not what the protocol says, -ENOMEM.
 */
int hmmcl_payload_read(int fd, uint32_t n_blobs, struct hmmcl_reply *reply);

#endif
