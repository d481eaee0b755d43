// SPDX-License-Identifier: GPL-2.0-only
/*
 * Explicit migration of a range, in pieces that lie in one aligned 2 MiB and one VMA.
 */
#include <linux/highmem.h>
#include <linux/hugetlb.h>
#include <linux/ksm.h>
#include <linux/migrate.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>

#include "hmmcl_drv.h"
#include "hmmcl_trace.h"

/**
 * struct hmmcl_migration - one call of DRM_IOCTL_HMMCL_MIGRATE
 * @ctx: context, entered
 * @args: the call's arguments and counts
 * @probe: over the whole range
 * @src: migration entries, and before that the probe's
 * @dst: migration entries
 */
struct hmmcl_migration {
	struct hmmcl_context *ctx;
	struct drm_hmmcl_migrate *args;
	struct hmmcl_probe probe;
	unsigned long src[HMMCL_BLOCK_PAGES];
	unsigned long dst[HMMCL_BLOCK_PAGES];
};

/*
 * Whether a VMA's pages may go to the device. What the core refuses is refused here,
 * too, so that no work is done for it; and mlock() promised that there are no faults.
 */
static bool vma_may_move(struct vm_area_struct *vma)
{
	return !(vma->vm_flags & (VM_SPECIAL | VM_SHARED | VM_LOCKED)) &&
	       (vma->vm_flags & VM_READ) && !is_vm_hugetlb_page(vma) && !vma_is_dax(vma);
}

/*
 * Sort the pages of a piece. Return: those that may move; the others are counted.
 * The result is a guess (nothing holds the pages), good enough to decide and to count.
 */
static unsigned long sort_pages(struct hmmcl_migration *m, struct vm_area_struct *vma,
				unsigned long start, unsigned long end)
{
	struct hmmcl_device *hdev = m->ctx->hdev;
	struct drm_hmmcl_migrate *args = m->args;
	bool to_device = args->destination == HMMCL_MIGRATE_TO_DEVICE;
	unsigned long i, movable = 0;

	for (i = 0; i < (end - start) >> PAGE_SHIFT; i++) {
		unsigned long hmm_pfn = m->src[i];
		bool valid = (hmm_pfn & HMM_PFN_VALID) && !(hmm_pfn & HMM_PFN_ERROR);
		struct page *page = valid ? hmm_pfn_to_page(hmm_pfn) : NULL;
		bool device = page && hmmcl_is_devmem(hdev, page);

		if (to_device && device)
			args->pages_resident++;
		else if (to_device && !page && !vma_is_anonymous(vma))
			args->pages_empty++;
		else if (to_device || device)
			movable++;
		else if (page)
			args->pages_resident++;
		else
			args->pages_empty++;
	}
	return movable;
}

/* Fill @m->dst for a piece that goes to the device. Return: pages of files left out. */
static unsigned long copy_to_device(struct hmmcl_migration *m, struct migrate_vma *migrate,
				    struct hmmcl_block *block)
{
	struct hmmcl_device *hdev = m->ctx->hdev;
	unsigned long i, foreign = 0;

	for (i = 0; i < migrate->npages; i++) {
		unsigned long addr = migrate->start + (i << PAGE_SHIFT);
		struct page *from = migrate_pfn_to_page(m->src[i]);
		struct page *to;

		if (!(m->src[i] & MIGRATE_PFN_MIGRATE))
			continue;
		if (from && !PageAnon(from)) {
			foreign++;
			continue;
		}
		/* The core does not refuse KSM's pages, and would leak entries. */
		if (from && folio_test_ksm(page_folio(from)))
			continue;
		to = hmmcl_devmem_alloc(hdev, m->ctx, block, (addr & ~PMD_MASK) >> PAGE_SHIFT);
		if (!to)
			continue;
		if (from)
			copy_highpage(hmmcl_backing(hdev, to), from);
		else
			clear_highpage(hmmcl_backing(hdev, to));
		m->dst[i] = migrate_pfn(page_to_pfn(to)) | (m->src[i] & MIGRATE_PFN_WRITE);
	}
	return foreign;
}

static void copy_to_system(struct hmmcl_migration *m, struct migrate_vma *migrate)
{
	unsigned long i;

	for (i = 0; i < migrate->npages; i++)
		hmmcl_return_page(m->ctx->hdev, &m->src[i], &m->dst[i], migrate->vma,
				  migrate->start + (i << PAGE_SHIFT));
}

/* Migrate one piece of @movable pages. The client's mmap lock is held for reading. */
static void migrate_piece(struct hmmcl_migration *m, struct vm_area_struct *vma,
			  unsigned long start, unsigned long end, unsigned long movable)
{
	struct hmmcl_device *hdev = m->ctx->hdev;
	struct drm_hmmcl_migrate *args = m->args;
	bool to_device = args->destination == HMMCL_MIGRATE_TO_DEVICE;
	struct migrate_vma migrate = {
		.vma = vma,
		.start = start,
		.end = end,
		.src = m->src,
		.dst = m->dst,
		.pgmap_owner = hdev,
		.flags = to_device ? MIGRATE_VMA_SELECT_SYSTEM : MIGRATE_VMA_SELECT_DEVICE_PRIVATE,
	};
	struct hmmcl_block *block = NULL;
	unsigned long i, moved = 0, foreign = 0;

	if (to_device) {
		/* Make room now: nothing may be evicted while pages are locked. */
		block = hmmcl_block_get(hdev, m->ctx, start, movable);
		if (!block)
			goto out;
	}
	memset(m->dst, 0, sizeof(m->dst));
	if (migrate_vma_setup(&migrate))
		goto out;
	if (to_device)
		foreign = copy_to_device(m, &migrate, block);
	else
		copy_to_system(m, &migrate);
	migrate_vma_pages(&migrate);
	for (i = 0; i < migrate.npages; i++)
		moved += !!(m->src[i] & MIGRATE_PFN_MIGRATE);
	migrate_vma_finalize(&migrate);
	hmmcl_count_n(m->ctx, to_device ? HMMCL_STAT_PAGES_TO_DEVICE : HMMCL_STAT_PAGES_TO_SYSTEM,
		      moved);
	trace_hmmcl_migrate(m->ctx, start, end, args->destination, moved);
out:
	hmmcl_block_put(hdev, block);
	args->pages_moved += moved;
	args->pages_unsupported += foreign;
	if (movable > moved + foreign)
		args->pages_busy += movable - moved - foreign;
}

/* Return: the address up to which it is done, or a negative error. */
static long migrate_next(struct hmmcl_migration *m, unsigned long start, unsigned long end)
{
	bool to_device = m->args->destination == HMMCL_MIGRATE_TO_DEVICE;
	struct mm_struct *mm = m->ctx->mm;
	struct vm_area_struct *vma;
	unsigned long movable;
	int ret;

	mmap_assert_locked(mm);
	vma = vma_lookup(mm, start);
	if (!vma)
		return -EFAULT;
	end = min3(end, vma->vm_end, ALIGN_DOWN(start, PMD_SIZE) + PMD_SIZE);

	/* A VMA that was migratable once may have pages on the device still. */
	if (to_device && !vma_may_move(vma)) {
		m->args->pages_unsupported += (end - start) >> PAGE_SHIFT;
		return end;
	}
	ret = hmmcl_probe_read(&m->probe, m->ctx->hdev, start, end, m->src);
	if (ret)
		return ret;
	movable = sort_pages(m, vma, start, end);
	if (movable)
		migrate_piece(m, vma, start, end, movable);
	return end;
}

/**
 * hmmcl_migrate - migrate a range
 * @ctx: context, entered
 * @args: ioctl's arguments, checked; returns the counts
 *
 * Return: 0 or a negative error; the counts are true in any case.
 */
int hmmcl_migrate(struct hmmcl_context *ctx, struct drm_hmmcl_migrate *args)
{
	unsigned long end = args->addr + args->length;
	unsigned long addr = args->addr;
	struct hmmcl_migration *m;
	long ret;

	m = kvzalloc_obj(*m);
	if (!m)
		return -ENOMEM;
	m->ctx = ctx;
	m->args = args;
	ret = hmmcl_probe_begin(&m->probe, ctx->mm, addr, end);
	if (ret)
		goto out;

	while (addr < end) {
		if (signal_pending(current)) {
			ret = -EINTR;
			break;
		}
		ret = mmap_read_lock_killable(ctx->mm);
		if (ret)
			break;
		ret = migrate_next(m, addr, end);
		mmap_read_unlock(ctx->mm);
		if (ret < 0)
			break;
		addr = ret;
		ret = 0;
		cond_resched();
	}
	args->pages_done = (addr - args->addr) >> PAGE_SHIFT;
	hmmcl_probe_end(&m->probe);
out:
	kvfree(m);
	return ret;
}
