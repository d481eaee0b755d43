/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Device memory: device-private pages in blocks of 2 MiB, each backed by RAM.
 */
#ifndef _HMMCL_DEVMEM_H_
#define _HMMCL_DEVMEM_H_

#include <linux/bitmap.h>
#include <linux/hashtable.h>
#include <linux/mm.h>
#include <linux/huge_mm.h>
#include <linux/list.h>
#include <linux/memremap.h>
#include <linux/mutex.h>
#include <linux/spinlock.h>
#include <linux/types.h>

struct hmmcl_context;
struct hmmcl_device;

#define HMMCL_BLOCK_ORDER	HPAGE_PMD_ORDER
#define HMMCL_BLOCK_PAGES	(1U << HMMCL_BLOCK_ORDER)
#define HMMCL_BLOCK_SIZE	(PAGE_SIZE << HMMCL_BLOCK_ORDER)

/**
 * struct hmmcl_block - 2 MiB of device memory
 * @backing: the RAM behind it, physically contiguous
 * @map: where the kernel reads and writes it, see map_backing()
 * @used: pages in use, a bit each
 * @nr_used: their number
 * @key: which 2 MiB of which client it is for while in use, so that its pages
 *	stand in the same order here as there: then an engine can map them at once
 * @return_batch: pages to bring home around a CPU fault
 * @pins: callers that are filling it: not to be evicted
 * @evicting: it is being emptied: not to be filled
 * @large: it is one large folio
 * @link: in &hmmcl_devmem.free, or in &hmmcl_devmem.lru, oldest first
 * @hash: in &hmmcl_devmem.by_key while in use
 */
struct hmmcl_block {
	struct page *backing;
	void *map;
	DECLARE_BITMAP(used, HMMCL_BLOCK_PAGES);
	unsigned int nr_used;
	u64 key;
	u32 return_batch;
	unsigned int pins;
	bool evicting;
	bool large;
	struct list_head link;
	struct hlist_node hash;
};

/**
 * struct hmmcl_devmem - all device memory
 * @pgmap: its struct pages
 * @region: the physical addresses that they pretend to have
 * @first_pfn: pfn of the first of them
 * @blocks: array
 * @nr_blocks: its length
 * @lock: guards all blocks' state and the lists
 * @free: blocks with no page in use
 * @lru: blocks with pages in use
 * @by_key: blocks with pages in use
 * @used_pages: pages in use
 * @evict_lock: one eviction at a time
 */
struct hmmcl_devmem {
	struct dev_pagemap pgmap;
	struct resource *region;
	unsigned long first_pfn;
	struct hmmcl_block *blocks;
	unsigned int nr_blocks;

	spinlock_t lock;
	struct list_head free;
	struct list_head lru;
	DECLARE_HASHTABLE(by_key, 8);
	unsigned long used_pages;

	struct mutex evict_lock;
};

int hmmcl_devmem_init(struct hmmcl_device *hdev, unsigned int megabytes);
void hmmcl_devmem_fini(struct hmmcl_device *hdev);

struct hmmcl_block *hmmcl_block_get(struct hmmcl_device *hdev, struct hmmcl_context *ctx,
				    unsigned long addr, unsigned int pages);
void hmmcl_block_put(struct hmmcl_device *hdev, struct hmmcl_block *block);
struct page *hmmcl_devmem_alloc(struct hmmcl_device *hdev, struct hmmcl_context *ctx,
				struct hmmcl_block *block, unsigned int index);
struct page *hmmcl_devmem_alloc_huge(struct hmmcl_device *hdev, struct hmmcl_context *ctx,
				     struct hmmcl_block *block);
struct hmmcl_context *hmmcl_block_large_owner(struct hmmcl_device *hdev,
					      struct hmmcl_block *block, unsigned long *addr);
struct page *hmmcl_backing(struct hmmcl_device *hdev, struct page *page);
void hmmcl_devmem_write(struct hmmcl_device *hdev, struct page *to, struct page *from,
			unsigned long pages);
void hmmcl_devmem_read(struct hmmcl_device *hdev, struct page *to, struct page *from,
		       unsigned long pages);
struct hmmcl_block *hmmcl_page_block(struct hmmcl_device *hdev, struct page *page);
bool hmmcl_is_devmem(struct hmmcl_device *hdev, struct page *page);

/* hmmcl_evict.c */
bool hmmcl_evict_one(struct hmmcl_device *hdev);
void hmmcl_evict_all(struct hmmcl_device *hdev);

#endif
