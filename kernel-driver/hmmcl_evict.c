// SPDX-License-Identifier: GPL-2.0-only
/*
 * Eviction: a block of device memory is emptied into system memory.
 *
 * Single pages are looked at as physical pages only: who maps them is for the core's
 * reverse mapping to find. That needs no lock of any client, and works for pages that a
 * fork has left in processes that this driver does not know. Large folios go the other
 * way, through their one client.
 */
#include <linux/delay.h>
#include <linux/mm.h>
#include <linux/migrate.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>

#include <drm/drm_print.h>

#include "hmmcl_drv.h"
#include "hmmcl_trace.h"

/* Empty a block of single pages, wherever they are mapped. Return: pages that moved. */
static unsigned long evict_pages(struct hmmcl_device *hdev, struct hmmcl_block *block)
{
	struct hmmcl_devmem *dm = &hdev->devmem;
	unsigned int index = block - dm->blocks;
	unsigned long *src, *dst;
	unsigned long moved;

	src = kvcalloc(2 * HMMCL_BLOCK_PAGES, sizeof(*src), GFP_KERNEL);
	if (!src)
		return 0;
	dst = src + HMMCL_BLOCK_PAGES;

	migrate_device_range(src, dm->first_pfn + index * HMMCL_BLOCK_PAGES, HMMCL_BLOCK_PAGES);
	hmmcl_return_pages(hdev, src, dst, HMMCL_BLOCK_PAGES, NULL, 0);
	migrate_device_pages(src, dst, HMMCL_BLOCK_PAGES);
	moved = hmmcl_moved(src, dst, HMMCL_BLOCK_PAGES, NULL);
	migrate_device_finalize(src, dst, HMMCL_BLOCK_PAGES);
	kvfree(src);
	return moved;
}

/* Whether a PMD entry is a page table. */
static bool pmd_is_table(struct mm_struct *mm, unsigned long addr)
{
	pmd_t *pmd = hmmcl_lookup_pmd(mm, addr);
	pmd_t entry;

	if (!pmd)
		return false;
	entry = pmdp_get_lockless(pmd);
	return pmd_present(entry) && !pmd_leaf(entry);
}

/*
 * Empty a block that is one large folio, through the client that it came from: only
 * there can be a guard (hmmcl_large.c). If the client is busy, it stays.
 *
 * If the client has unmapped or changed a part, the rest is mapped page by page, in VMAs
 * of which none needs to have all of it. Then it is only split here: no guard is needed
 * for that, and any page will do.
 */
static unsigned long evict_large(struct hmmcl_device *hdev, struct hmmcl_context *ctx,
				 unsigned long addr)
{
	unsigned long end = addr + PMD_SIZE;
	struct vm_area_struct *vma;
	unsigned long moved = 0;
	unsigned long *pfns;

	VMA_ITERATOR(vmi, ctx->mm, addr);

	pfns = kmalloc_array(2 * HMMCL_BLOCK_PAGES, sizeof(*pfns), GFP_KERNEL);
	if (!pfns)
		return 0;
	if (mmget_not_zero(ctx->mm)) {
		/* Only tried: the caller may hold another client's lock. */
		if (mmap_read_trylock(ctx->mm)) {
			bool table = pmd_is_table(ctx->mm, addr);

			for_each_vma_range(vmi, vma, end) {
				if (!vma_is_anonymous(vma))
					continue;
				if (table)
					hmmcl_split_part(hdev, vma, max(addr, vma->vm_start),
							 min(end, vma->vm_end), pfns);
				else if (vma->vm_start <= addr && end <= vma->vm_end)
					moved = hmmcl_return_huge(hdev, vma, addr, NULL, pfns);
			}
			mmap_read_unlock(ctx->mm);
		}
		mmput_async(ctx->mm);
	}
	kfree(pfns);
	return moved;
}

/* Try to empty a block. Return: pages that moved. */
static unsigned long evict_block(struct hmmcl_device *hdev, struct hmmcl_block *block)
{
	unsigned int used = READ_ONCE(block->nr_used);
	struct hmmcl_context *ctx;
	unsigned long addr, moved = 0;

	ctx = hmmcl_block_large_owner(hdev, block, &addr);
	if (ctx) {
		moved = evict_large(hdev, ctx, addr);
		hmmcl_context_put(ctx);
	}
	/* It never was large, or has been split. */
	if (!moved && !READ_ONCE(block->large))
		moved = evict_pages(hdev, block);
	hmmcl_count_device(hdev, HMMCL_STAT_EVICTED_PAGES, moved);
	trace_hmmcl_evict(block - hdev->devmem.blocks, used, moved);
	return moved;
}

/*
 * The block longest in use that nobody is filling; it goes to the end of the queue, and
 * nobody fills it until it is released.
 */
static struct hmmcl_block *pick_victim(struct hmmcl_devmem *dm)
{
	struct hmmcl_block *block;

	guard(spinlock)(&dm->lock);
	list_for_each_entry(block, &dm->lru, link) {
		if (!block->pins) {
			list_move_tail(&block->link, &dm->lru);
			block->evicting = true;
			return block;
		}
	}
	return NULL;
}

static void release_victim(struct hmmcl_devmem *dm, struct hmmcl_block *block)
{
	spin_lock(&dm->lock);
	block->evicting = false;
	spin_unlock(&dm->lock);
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

		if (!block)
			break;
		moved = fatal_signal_pending(current) ? 0 : evict_block(hdev, block);
		release_victim(dm, block);
		if (fatal_signal_pending(current))
			break;
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
