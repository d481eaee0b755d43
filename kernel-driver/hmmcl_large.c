// SPDX-License-Identifier: GPL-2.0-only
/*
 * Device folios of 2 MiB, and how the driver keeps clear of what the kernel does wrong
 * with them.
 *
 * zap_huge_pmd() (7.3) takes a PMD *migration* entry to a device-private folio for a
 * mapping of it, and drops references that it does not hold. Such entries exist while
 * a large folio is brought home in one piece. So nobody may zap them meanwhile:
 *
 * - In the client itself, zapping begins with a notification: a *guard*, an interval
 *   notifier of just that range, holds it back until the migration is done, if it is for
 *   all of the range (guard_invalidate() says why that is enough). munmap and
 *   mremap are held back by the mmap lock, exit by the reference to the memory.
 * - Other processes could have the folio only by fork. That too notifies first, with
 *   the parent's mmap lock held for writing: large folios in the range are split there,
 *   in place, so that no other process ever has one. Nothing is asked of user space.
 * - mremap() likewise: a block is keyed to its address, and eviction finds a large folio
 *   by that alone.
 * - munmap() or mprotect() of a part leaves it large, but mapped by PTE entries, in one
 *   VMA or more. Zapping those is safe; fork and mremap split it all the same, and
 *   eviction splits it before it takes the pages.
 * - The last context of a client splits what is left, since nothing guards it later.
 * - Eviction takes large folios only through their client, with a guard.
 *
 * migrate_vma_setup() with nothing to migrate to is what splits: without
 * MIGRATE_VMA_SELECT_COMPOUND it splits what it meets, by way of PTE entries.
 */
#include <linux/leafops.h>
#include <linux/migrate.h>
#include <linux/module.h>
#include <linux/delay.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>

#include <drm/drm_print.h>

#include "hmmcl_drv.h"

bool hmmcl_large_folios;
module_param_named(large_folios, hmmcl_large_folios, bool, 0444);
MODULE_PARM_DESC(large_folios,
		 "Let contexts use device folios of 2 MiB: faster migration of huge pages, at the risk of bugs that Linux 7.3 has with them and that this driver works around (default: off)");

/*
 * Who is waited for may hold rmap locks, which the migration needs. So only those wait who
 * may get to zap_huge_pmd():
 *
 * - It is for the whole of a PMD entry. A zap of a part splits the entry first, which
 *   knows migration entries, and notifies for the whole again, with no rmap lock held.
 * - Anonymous memory is zapped by its own process, or by the reaper, which can not wait.
 *   Whoever is here for another process, or reclaims, unmaps some folio by rmap: here it
 *   need not even be mapped, and an entry that is not its own it leaves alone.
 */
static bool guard_invalidate(struct mmu_interval_notifier *notifier,
			     const struct mmu_notifier_range *range, unsigned long seq)
{
	struct hmmcl_guard *guard = container_of(notifier, struct hmmcl_guard, notifier);

	mmu_interval_set_seq(notifier, seq);
	/* The migration itself, or another one of this driver: it can not zap. */
	if (guard->task == current ||
	    (range->event == MMU_NOTIFY_MIGRATE && range->owner == guard->hdev))
		return true;
	if (range->start > guard->start || range->end < guard->end)
		return true;
	if (!mmu_notifier_range_blockable(range))
		return false;
	if (current->mm != range->mm || current->flags & PF_MEMALLOC)
		return true;
	wait_for_completion(&guard->done);
	return true;
}

static const struct mmu_interval_notifier_ops guard_ops = {
	.invalidate = guard_invalidate,
};

/**
 * hmmcl_guard_begin - hold back whoever would zap all of a range
 * @guard: guard
 * @hdev: device
 * @mm: mm, referenced, its mmap lock held for reading; a client
 * @start: first address
 * @end: first address behind it
 *
 * Waits for those that have begun already.
 *
 * Return: 0 with a guard to be ended by hmmcl_guard_end(), or a negative error.
 */
int hmmcl_guard_begin(struct hmmcl_guard *guard, struct hmmcl_device *hdev, struct mm_struct *mm,
		      unsigned long start, unsigned long end)
{
	int ret;

	mmap_assert_locked(mm);
	/*
	 * The first interval notifier of an mm needs the lock for writing. This is not the
	 * first: the call that migrated the folio had a probe.
	 */
	if (!mm_has_notifiers(mm))
		return -ESRCH;
	guard->hdev = hdev;
	guard->task = current;
	guard->start = start;
	guard->end = end;
	init_completion(&guard->done);
	lockdep_off();
	ret = mmu_interval_notifier_insert(&guard->notifier, mm, start, end - start, &guard_ops);
	lockdep_on();
	if (ret)
		return ret;
	mmu_interval_read_begin(&guard->notifier);
	return 0;
}

void hmmcl_guard_end(struct hmmcl_guard *guard)
{
	complete_all(&guard->done);
	mmu_interval_notifier_remove(&guard->notifier);
}

/**
 * hmmcl_split_part - split the large folio that a part of a VMA maps
 * @hdev: device
 * @vma: VMA, anonymous, the mmap lock held
 * @start: first address, in one aligned 2 MiB with @end
 * @end: first address behind it, in the VMA
 * @pfns: room for two times HMMCL_BLOCK_PAGES entries
 *
 * One page of it is enough. Nothing tells whether it succeeded: others may hold a page.
 *
 * Return: 0, or a negative error if it can not succeed.
 */
int hmmcl_split_part(struct hmmcl_device *hdev, struct vm_area_struct *vma, unsigned long start,
		     unsigned long end, unsigned long *pfns)
{
	struct migrate_vma migrate = {
		.vma = vma,
		.start = start,
		.end = end,
		.src = pfns,
		.dst = pfns + HMMCL_BLOCK_PAGES,
		.pgmap_owner = hdev,
		.flags = MIGRATE_VMA_SELECT_DEVICE_PRIVATE,
	};
	int ret;

	memset(migrate.dst, 0, HMMCL_BLOCK_PAGES * sizeof(*pfns));
	ret = migrate_vma_setup(&migrate);
	if (!ret)
		migrate_vma_finalize(&migrate);
	return ret;
}

/*
 * Whether a large device folio is mapped between two addresses of an aligned 2 MiB. The
 * mmap lock is held for writing: no page table goes away.
 */
static bool may_be_large(struct hmmcl_device *hdev, struct mm_struct *mm, unsigned long addr,
			 unsigned long end)
{
	pmd_t *pmd = hmmcl_lookup_pmd(mm, addr);
	pmd_t entry;
	pte_t *pte;

	if (!pmd)
		return false;
	entry = pmdp_get_lockless(pmd);
	/* Neither empty nor present: of a large device folio, or migrating. */
	if (pmd_none(entry) || !pmd_present(entry))
		return !pmd_none(entry);
	if (pmd_leaf(entry))
		return false;
	/* It was mapped by one entry, until a part of that changed. */
	for (pte = pte_offset_kernel(&entry, addr); addr < end; addr += PAGE_SIZE, pte++) {
		softleaf_t leaf = softleaf_from_pte(ptep_get(pte));

		if (softleaf_is_device_private(leaf) &&
		    hmmcl_is_devmem(hdev, softleaf_to_page(leaf)) &&
		    folio_test_large(softleaf_to_folio(leaf)))
			return true;
	}
	return false;
}

/* Split the large folio between two addresses, if any. The mmap lock is held for writing. */
static void split_one(struct hmmcl_client *client, struct vm_area_struct *vma,
		      unsigned long addr, unsigned long end)
{
	unsigned int tries;

	/* Others have references only while they are migrating it, or a page beside it. */
	for (tries = 0; tries < 1000; tries++) {
		if (!may_be_large(client->hdev, vma->vm_mm, addr, end))
			return;
		if (hmmcl_split_part(client->hdev, vma, addr, end, client->split_pfns))
			break;
		if (tries > 10)
			usleep_range(100, 1000);
	}
	drm_warn(&client->hdev->drm, "a large folio at %#lx could not be split\n", addr);
}

/* Split the large folios of which a VMA has some page between two addresses. */
static void split_vma_range(struct hmmcl_client *client, struct vm_area_struct *vma,
			    unsigned long start, unsigned long end)
{
	unsigned long addr, next;

	if (!vma_is_anonymous(vma))
		return;
	end = min(end, vma->vm_end);
	for (addr = max(start, vma->vm_start); addr < end; addr = next) {
		/* Nothing there for a whole 1 GiB: go on behind it. */
		if (!hmmcl_lookup_pmd(vma->vm_mm, addr)) {
			next = ALIGN_DOWN(addr, PUD_SIZE) + PUD_SIZE;
			continue;
		}
		next = min(ALIGN_DOWN(addr, PMD_SIZE) + PMD_SIZE, end);
		split_one(client, vma, addr, next);
	}
}

/**
 * hmmcl_split_for_change - split large folios that a fork is about to share, or mremap to move
 * @client: client
 * @range: notification
 *
 * Called in the notifications of copy_page_range() and move_page_tables(). Splitting
 * notifies again, inside of it, which to lockdep is a recursion; and it takes rmap locks,
 * which are outside of notifications elsewhere. Nobody holds one of those here, or waits
 * for this notification to end while holding one.
 *
 * munmap() notifies as mremap() does, but its VMAs are not to be found any more.
 */
void hmmcl_split_for_change(struct hmmcl_client *client, const struct mmu_notifier_range *range)
{
	struct mm_struct *mm = range->mm;
	struct vm_area_struct *vma;

	if ((range->event != MMU_NOTIFY_PROTECTION_PAGE && range->event != MMU_NOTIFY_UNMAP) ||
	    !READ_ONCE(client->has_large) || !hmmcl_mmap_write_locked_by_current(mm))
		return;
	vma = vma_lookup(mm, range->start);
	if (!vma)
		return;
	lockdep_off();
	split_vma_range(client, vma, range->start, range->end);
	lockdep_on();
}

/**
 * hmmcl_split_for_fault - split the large folio that a CPU touched
 * @hdev: device
 * @vmf: fault, of a PMD entry; vmf->page is locked and referenced by the core
 *
 * For want of a huge page to bring it home to. A folio splits only if nobody but the
 * caller has a reference, and here the core has one: it is dropped meanwhile. The entry
 * of the page table has another one, and under the guard, with the mmap lock and the
 * folio's lock held, nobody can take that away.
 *
 * Return: true if it was split.
 */
bool hmmcl_split_for_fault(struct hmmcl_device *hdev, struct vm_fault *vmf)
{
	struct folio *folio = page_folio(vmf->page);
	unsigned long start = vmf->address & PMD_MASK;
	struct migrate_vma migrate = {
		.vma = vmf->vma,
		.start = start,
		.end = start + PMD_SIZE,
		.pgmap_owner = hdev,
		.fault_page = vmf->page,
		.flags = MIGRATE_VMA_SELECT_DEVICE_PRIVATE,
	};
	struct hmmcl_guard guard;
	bool split = false;

	migrate.src = kcalloc(2 * HMMCL_BLOCK_PAGES, sizeof(*migrate.src), GFP_KERNEL);
	if (!migrate.src)
		return false;
	migrate.dst = migrate.src + HMMCL_BLOCK_PAGES;
	if (hmmcl_guard_begin(&guard, hdev, vmf->vma->vm_mm, migrate.start, migrate.end))
		goto out;
	if (pmd_same(pmdp_get_lockless(vmf->pmd), vmf->orig_pmd)) {
		int ret;

		folio_put(folio);
		ret = migrate_vma_setup(&migrate);
		folio_get(folio);
		if (!ret)
			migrate_vma_finalize(&migrate);
		split = !folio_test_large(folio);
	}
	hmmcl_guard_end(&guard);
out:
	kfree(migrate.src);
	return split;
}

/**
 * hmmcl_split_all - split all large folios of a client
 * @client: client, whose last context is being closed
 */
void hmmcl_split_all(struct hmmcl_client *client)
{
	struct mm_struct *mm = client->notifier.mm;
	struct vm_area_struct *vma;

	if (!READ_ONCE(client->has_large) || !mmget_not_zero(mm))
		return;
	mmap_write_lock(mm);
	VMA_ITERATOR(vmi, mm, 0);
	for_each_vma(vmi, vma)
		split_vma_range(client, vma, vma->vm_start, vma->vm_end);
	mmap_write_unlock(mm);
	mmput(mm);
}
