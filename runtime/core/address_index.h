/* SPDX-License-Identifier: MIT */
/*
 * Which range contains an address, in a time that does not depend on how many ranges there are.
 *
 * A hash table with a trick: a range of up to 2^k bytes lies in one or two aligned blocks of 2^k
 * bytes, and is kept under the numbers of those.  Looking an address up means to look for the
 * block that it is in, once for each k that is in use.  A tree would do too, but its descent
 * costs a cache miss for each level.
 *
 * Nothing here locks.
 */
#ifndef HMMCL_CORE_ADDRESS_INDEX_H
#define HMMCL_CORE_ADDRESS_INDEX_H

#include <stddef.h>
#include <stdint.h>

struct hmmcl_range;

struct hmmcl_range_link {
	struct hmmcl_range_link *next;
	struct hmmcl_range *range;	/* that this link is part of */
	uint64_t key;
};

/* A range, part of the structure that it is the address of.  Ranges in one index are disjoint. */
struct hmmcl_range {
	char *base;
	size_t size;			/* bytes, not 0 */
	struct hmmcl_range_link links[2];
};

struct hmmcl_address_index {
	struct hmmcl_range_link **buckets;
	unsigned int bits;		/* 2^bits buckets */
	size_t links;			/* in all buckets */
	size_t of_order[64];		/* ranges by k */
	uint64_t orders;		/* bit k: of_order[k] is not 0 */
};

/* All zero is an empty index.  0, or -ENOMEM. */
int hmmcl_address_index_add(struct hmmcl_address_index *index, struct hmmcl_range *range);
void hmmcl_address_index_remove(struct hmmcl_address_index *index, struct hmmcl_range *range);
/* The range that contains @address, or NULL. */
struct hmmcl_range *hmmcl_address_index_find(const struct hmmcl_address_index *index,
					     const void *address);
/* Free its memory; the ranges are the caller's. */
void hmmcl_address_index_fini(struct hmmcl_address_index *index);

#endif
