/* SPDX-License-Identifier: MIT */
/*
 * BLAKE2b with 256 bits of result (RFC 7693, no key): names and checks cached programs.  Strong, so
 * that two programs never share a name, and quick on 64-bit processors.
 */
#ifndef HMMCL_COMPILER_HASH_H
#define HMMCL_COMPILER_HASH_H

#include <stddef.h>
#include <stdint.h>

#define HMMCL_HASH_SIZE 32

struct hmmcl_hash {
	uint64_t state[8];
	uint64_t length;	/* bytes compressed */
	uint8_t block[128];
	size_t used;		/* of block */
};

void hmmcl_hash_init(struct hmmcl_hash *hash);
void hmmcl_hash_add(struct hmmcl_hash *hash, const void *data, size_t size);
/* The length and the bytes, so that no two sequences of fields are the same input. */
void hmmcl_hash_add_field(struct hmmcl_hash *hash, const void *data, size_t size);
void hmmcl_hash_end(struct hmmcl_hash *hash, uint8_t digest[HMMCL_HASH_SIZE]);

#endif
