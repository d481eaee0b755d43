// SPDX-License-Identifier: GPL-2.0-only
/*
 * Eviction: a block of device memory is emptied into system memory.
 *
 * It looks at physical pages only: who maps them is for the core's reverse mapping to
 * find. So it needs no lock of any client, and works for pages that a fork has left in
 * processes that this driver does not know.
 */
#include <linux/delay.h>
#include <linux/migrate.h>
#include <linux/slab.h>

#include <drm/drm_print.h>

#include "hmmcl_drv.h"
#include "hmmcl_trace.h"

/* Try to empty a block. Return: pages that moved. */
static unsigned long evict_block(struct hmmcl_device *hdev, struct hmmcl_block *block)
{
	struct hmmcl_devmem *dm = &hdev->devmem;
	unsigned int index = block - dm->blocks;
	unsigned int used = READ_ONCE(block->nr_used);
	unsigned long *src, *dst;
	unsigned long i, moved = 0;

	src = kvcalloc(2 * HMMCL_BLOCK_PAGES, sizeof(*src), GFP_KERNEL);
	if (!src)
		return 0;
	dst = src + HMMCL_BLOCK_PAGES;

	migrate_device_range(src, dm->first_pfn + index * HMMCL_BLOCK_PAGES, HMMCL_BLOCK_PAGES);
	for (i = 0; i < HMMCL_BLOCK_PAGES; i++)
		hmmcl_return_page(hdev, &src[i], &dst[i], NULL, 0);
	migrate_device_pages(src, dst, HMMCL_BLOCK_PAGES);
	for (i = 0; i < HMMCL_BLOCK_PAGES; i++)
		moved += !!(src[i] & MIGRATE_PFN_MIGRATE);
	migrate_device_finalize(src, dst, HMMCL_BLOCK_PAGES);
	kvfree(src);

	hmmcl_count_device(hdev, HMMCL_STAT_EVICTED_PAGES, moved);
	trace_hmmcl_evict(index, used, moved);
	return moved;
}

/* The block longest in use that nobody is filling; it goes to the end of the queue. */
static struct hmmcl_block *pick_victim(struct hmmcl_devmem *dm)
{
	struct hmmcl_block *block;

	guard(spinlock)(&dm->lock);
	list_for_each_entry(block, &dm->lru, link) {
		if (!block->pins) {
			list_move_tail(&block->link, &dm->lru);
			return block;
		}
	}
	return NULL;
}

/**
 * hmmcl_evict_one - make room in device memory
 * @hdev: device
 *
 * Return: true if some page was freed, now or by someone else meanwhile; false if no
 * block could be evicted, or a signal is pending.
 */
bool hmmcl_evict_one(struct hmmcl_device *hdev)
{
	struct hmmcl_devmem *dm = &hdev->devmem;
	unsigned int tries;

	if (mutex_lock_killable(&dm->evict_lock))
		return false;
	for (tries = 0; tries < dm->nr_blocks; tries++) {
		struct hmmcl_block *block = pick_victim(dm);
		unsigned long moved;

		if (!block || fatal_signal_pending(current))
			break;
		moved = evict_block(hdev, block);
		if (moved) {
			hmmcl_count_device(hdev, HMMCL_STAT_EVICTIONS, 1);
			mutex_unlock(&dm->evict_lock);
			return true;
		}
		cond_resched();
	}
	mutex_unlock(&dm->evict_lock);
	return false;
}

/**
 * hmmcl_evict_all - empty the device memory, for unloading
 * @hdev: device; no context is left
 *
 * Waits for as long as it takes: the pages are processes' data.
 */
void hmmcl_evict_all(struct hmmcl_device *hdev)
{
	struct hmmcl_devmem *dm = &hdev->devmem;
	unsigned int i, rounds = 0;

	while (READ_ONCE(dm->used_pages)) {
		for (i = 0; i < dm->nr_blocks; i++)
			if (READ_ONCE(dm->blocks[i].nr_used))
				evict_block(hdev, &dm->blocks[i]);
		if (!READ_ONCE(dm->used_pages))
			break;
		if (++rounds == 100)
			drm_warn(&hdev->drm, "waiting for %lu pages of device memory\n",
				 dm->used_pages);
		msleep(20);
	}
}
