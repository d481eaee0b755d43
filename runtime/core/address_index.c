/* SPDX-License-Identifier: MIT */
/* Which range contains an address: a hash table of aligned blocks. */
#include "address_index.h"

#include <errno.h>
#include <stdlib.h>

/* Smaller ranges count as 2^7 bytes: what storage is aligned to. */
#define MIN_ORDER	7
#define MIN_BITS	6

/* The least k for which 2^k bytes hold the range. */
static unsigned int order_of(size_t size)
{
	const unsigned int order = size > 1 ? 64 - (unsigned int)__builtin_clzll(size - 1) : 0;

	return order > MIN_ORDER ? order : MIN_ORDER;
}

static uint64_t key_of(const char *address, unsigned int order)
{
	return (uint64_t)(uintptr_t)address >> order << 6 | order;
}

static struct hmmcl_range_link **bucket(const struct hmmcl_address_index *index, uint64_t key)
{
	/* Fibonacci hashing: the golden ratio spreads what is evenly spaced. */
	return &index->buckets[key * 0x9e3779b97f4a7c15u >> (64 - index->bits)];
}

/* Double the table.  If that fails, an old one still works. */
static int grow(struct hmmcl_address_index *index)
{
	struct hmmcl_address_index larger = *index;

	larger.bits = index->buckets ? index->bits + 1 : MIN_BITS;
	larger.buckets = calloc((size_t)1 << larger.bits, sizeof(*larger.buckets));
	if (!larger.buckets)
		return index->buckets ? 0 : -ENOMEM;

	for (size_t i = 0; index->buckets && i < (size_t)1 << index->bits; i++) {
		struct hmmcl_range_link *link = index->buckets[i];

		while (link) {
			struct hmmcl_range_link *next = link->next;
			struct hmmcl_range_link **to = bucket(&larger, link->key);

			link->next = *to;
			*to = link;
			link = next;
		}
	}
	free(index->buckets);
	*index = larger;
	return 0;
}

/* The keys of @range; returns how many they are. */
static unsigned int keys_of(const struct hmmcl_range *range, uint64_t keys[2])
{
	const unsigned int order = order_of(range->size);

	keys[0] = key_of(range->base, order);
	keys[1] = key_of(range->base + range->size - 1, order);
	return keys[0] == keys[1] ? 1 : 2;
}

int hmmcl_address_index_add(struct hmmcl_address_index *index, struct hmmcl_range *range)
{
	const unsigned int order = order_of(range->size);
	uint64_t keys[2];

	if (!index->buckets || index->links >= (size_t)1 << index->bits) {
		const int error = grow(index);

		if (error)
			return error;
	}
	for (unsigned int i = keys_of(range, keys); i--; ) {
		struct hmmcl_range_link *link = &range->links[i];
		struct hmmcl_range_link **to = bucket(index, keys[i]);

		*link = (struct hmmcl_range_link){ *to, range, keys[i] };
		*to = link;
		index->links++;
	}
	index->of_order[order]++;
	index->orders |= (uint64_t)1 << order;
	return 0;
}

void hmmcl_address_index_remove(struct hmmcl_address_index *index, struct hmmcl_range *range)
{
	const unsigned int order = order_of(range->size);
	uint64_t keys[2];

	for (unsigned int i = keys_of(range, keys); i--; ) {
		struct hmmcl_range_link **at = bucket(index, keys[i]);

		while (*at != &range->links[i])
			at = &(*at)->next;
		*at = (*at)->next;
		index->links--;
	}
	if (!--index->of_order[order])
		index->orders &= ~((uint64_t)1 << order);
}

struct hmmcl_range *hmmcl_address_index_find(const struct hmmcl_address_index *index,
					     const void *address)
{
	for (uint64_t orders = index->orders; orders; orders &= orders - 1) {
		const uint64_t key = key_of(address, (unsigned int)__builtin_ctzll(orders));
		const struct hmmcl_range_link *link = *bucket(index, key);

		for (; link; link = link->next) {
			struct hmmcl_range *range = link->range;

			if (link->key == key &&
			    (uintptr_t)address - (uintptr_t)range->base < range->size)
				return range;
		}
	}
	return NULL;
}

void hmmcl_address_index_fini(struct hmmcl_address_index *index)
{
	free(index->buckets);
	*index = (struct hmmcl_address_index){ 0 };
}
