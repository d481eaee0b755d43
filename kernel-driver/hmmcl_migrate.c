// SPDX-License-Identifier: GPL-2.0-only
/*
 * Explicit migration of a range, in pieces that lie in one aligned 2 MiB and one VMA.
 */
#include <linux/highmem.h>
#include <linux/hugetlb.h>
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
 * @src: migration entries, and before that the probe's: the first half of @pfns
 * @dst: migration entries: the second half
 * @pfns: room for both
 */
struct hmmcl_migration {
	struct hmmcl_context *ctx;
	struct drm_hmmcl_migrate *args;
	struct hmmcl_probe probe;
	unsigned long *src;
	unsigned long *dst;
	unsigned long pfns[2 * HMMCL_BLOCK_PAGES];
};

/*
 * Whether a VMA's pages may go to the device. What the core refuses is refused here,
 * too, so that no work is done for it; and mlock() promised that there are no faults.
 *
 * Nor what KSM may merge at any time (see may_be_merged()): the mmap lock keeps the flag.
 */
static bool vma_may_move(struct vm_area_struct *vma)
{
	return !(vma->vm_flags & (VM_SPECIAL | VM_SHARED | VM_LOCKED | VM_MERGEABLE)) &&
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

/*
 * Whether a piece may go to the device as one folio: it is all there is of a PMD, and
 * no other process shares it, since a fork splits large folios before and not after.
 * The mmap lock keeps forks away until the migration is done.
 */
static bool piece_may_be_large(struct hmmcl_migration *m, struct vm_area_struct *vma,
			       unsigned long start, unsigned long end)
{
	struct folio *folio;
	bool shared;

	if (!(READ_ONCE(m->ctx->policy_flags) & HMMCL_POLICY_LARGE_FOLIOS) ||
	    !vma_is_anonymous(vma) || vma->vm_flags & VM_NOHUGEPAGE ||
	    !IS_ALIGNED(start, PMD_SIZE) || end - start != PMD_SIZE)
		return false;
	if (!(m->src[0] & HMM_PFN_VALID))
		return true;
	if (hmm_pfn_to_map_order(m->src[0]) < PMD_ORDER)
		return false;
	folio = page_folio(hmm_pfn_to_page(m->src[0]));
	if (!folio_try_get(folio))
		return false;
	shared = folio_maybe_mapped_shared(folio);
	folio_put(folio);
	return !shared;
}

/*
 * Whether a page is KSM's, or another process can make it KSM's while it is being
 * migrated. migrate_vma_setup() does not refuse such a page: it takes its entry out of the
 * client's page table, and gives it back by KSM's list of who maps the page. That list
 * has not all of them: ksmd enters a process only after it has merged, drops whom it
 * finds to map nothing, which is what a page under migration looks like, and never
 * knows of those that share the page since a fork but did not ask to be merged. Then the
 * migration entry stays, and the page is freed behind it.
 *
 * ksmd looks at pages of VMAs with VM_MERGEABLE only, and the client's has not this flag.
 * So what matters is whom else the page belongs to; not one with HMM_PFN_WRITE, which is
 * the client's alone. The mmap lock keeps forks away.
 */
static bool may_be_merged(struct hmmcl_device *hdev, unsigned long hmm_pfn)
{
	struct folio *folio;
	bool merged;

	if (!(hmm_pfn & HMM_PFN_VALID) || hmm_pfn & (HMM_PFN_WRITE | HMM_PFN_ERROR) ||
	    hmmcl_is_devmem(hdev, hmm_pfn_to_page(hmm_pfn)))
		return false;
	folio = page_folio(hmm_pfn_to_page(hmm_pfn));
	/* Gone meanwhile: what is there now may be anything. */
	if (!folio_try_get(folio))
		return true;
	merged = folio_test_anon(folio) &&
		 (folio_test_ksm(folio) || folio_maybe_mapped_shared(folio));
	folio_put(folio);
	return merged;
}

/* Fill @m->dst for a piece that goes to the device. Return: pages of files left out. */
static unsigned long copy_to_device(struct hmmcl_migration *m, struct migrate_vma *migrate,
				    struct hmmcl_block *block)
{
	struct hmmcl_device *hdev = m->ctx->hdev;
	unsigned long i, j, nr, foreign = 0;

	for (i = 0; i < migrate->npages; i += nr) {
		unsigned int index = ((migrate->start & ~PMD_MASK) >> PAGE_SHIFT) + i;
		struct page *from = migrate_pfn_to_page(m->src[i]);
		struct page *to;

		nr = 1;
		if (!(m->src[i] & MIGRATE_PFN_MIGRATE))
			continue;
		if (from && !PageAnon(from)) {
			foreign++;
			continue;
		}
		if (m->src[i] & MIGRATE_PFN_COMPOUND) {
			nr = HMMCL_BLOCK_PAGES;
			to = hmmcl_devmem_alloc_huge(hdev, m->ctx, block);
			if (to) {
				hmmcl_devmem_write(hdev, to, from, nr);
				m->dst[i] = migrate_pfn(page_to_pfn(to)) | MIGRATE_PFN_COMPOUND;
				continue;
			}
			/*
			 * The core splits a folio, but fills a hole of 2 MiB without a look
			 * at whether each page is there. Holes of one page it looks at.
			 */
			if (!from)
				for (j = 0; j < nr; j++)
					m->src[i + j] = MIGRATE_PFN_MIGRATE;
		}
		for (j = 0; j < nr; j++) {
			to = hmmcl_devmem_alloc(hdev, m->ctx, block, index + j);
			if (!to)
				continue;
			hmmcl_devmem_write(hdev, to, from ? from + j : NULL, 1);
			m->dst[i + j] = migrate_pfn(page_to_pfn(to));
		}
	}
	return foreign;
}

/* Whether a piece is one large folio of the device, mapped by one PMD entry. */
static bool piece_is_large(struct hmmcl_device *hdev, unsigned long start, unsigned long end,
			   unsigned long hmm_pfn)
{
	return end - start == PMD_SIZE && (hmm_pfn & HMM_PFN_VALID) &&
	       hmm_pfn_to_map_order(hmm_pfn) == PMD_ORDER &&
	       hmmcl_is_devmem(hdev, hmm_pfn_to_page(hmm_pfn));
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
	unsigned long moved = 0, foreign = 0, huge = 0;
	struct hmmcl_block *block = NULL;

	if (!to_device && piece_is_large(hdev, start, end, m->src[0])) {
		moved = hmmcl_return_huge(hdev, vma, start, NULL, m->pfns);
		huge = moved == HMMCL_BLOCK_PAGES;
		goto out;
	}
	if (to_device) {
		if (piece_may_be_large(m, vma, start, end))
			migrate.flags |= MIGRATE_VMA_SELECT_COMPOUND;
		/* Make room now: nothing may be evicted while pages are locked. */
		block = hmmcl_block_get(hdev, m->ctx, start, movable);
		if (!block)
			goto out;
	}
	memset(m->dst, 0, ((end - start) >> PAGE_SHIFT) * sizeof(*m->dst));
	if (migrate_vma_setup(&migrate))
		goto out;
	if (to_device)
		foreign = copy_to_device(m, &migrate, block);
	else
		hmmcl_return_pages(hdev, m->src, m->dst, migrate.npages, vma, start);
	migrate_vma_pages(&migrate);
	moved = hmmcl_moved(m->src, m->dst, migrate.npages, &huge);
	migrate_vma_finalize(&migrate);
	if (to_device)
		hmmcl_count_n(m->ctx, HMMCL_STAT_HUGE_TO_DEVICE, huge);
out:
	hmmcl_count_n(m->ctx, to_device ? HMMCL_STAT_PAGES_TO_DEVICE : HMMCL_STAT_PAGES_TO_SYSTEM,
		      moved);
	trace_hmmcl_migrate(m->ctx, start, end, args->destination, moved);
	hmmcl_block_put(hdev, block);
	args->pages_huge += huge * HMMCL_BLOCK_PAGES;
	args->pages_moved += moved;
	args->pages_unsupported += foreign;
	if (movable >= moved + foreign) {
		args->pages_busy += movable - moved - foreign;
	} else {
		/* Some changed sides after they had been sorted, and are counted twice. */
		unsigned long twice = moved + foreign - movable;
		unsigned long resident = min_t(u64, twice, args->pages_resident);

		args->pages_resident -= resident;
		args->pages_empty -= min_t(u64, twice - resident, args->pages_empty);
	}
}

/* Migrate what is between pages that must stay. */
static void migrate_runs(struct hmmcl_migration *m, struct vm_area_struct *vma,
			 unsigned long start, unsigned long end)
{
	bool to_device = m->args->destination == HMMCL_MIGRATE_TO_DEVICE;
	unsigned long *src = m->src, *dst = m->dst;
	unsigned long addr, movable, run = start;

	for (addr = start; addr <= end; addr += PAGE_SIZE) {
		unsigned long page = (addr - start) >> PAGE_SHIFT;
		unsigned long first = (run - start) >> PAGE_SHIFT;

		if (addr < end && !(to_device && may_be_merged(m->ctx->hdev, src[page])))
			continue;
		m->src = src + first;
		m->dst = dst + first;
		movable = run < addr ? sort_pages(m, vma, run, addr) : 0;
		if (movable)
			migrate_piece(m, vma, run, addr, movable);
		m->args->pages_busy += addr < end;
		run = addr + PAGE_SIZE;
	}
	m->src = src;
	m->dst = dst;
}

/* Return: the address up to which it is done, or a negative error. */
static long migrate_next(struct hmmcl_migration *m, unsigned long start, unsigned long end)
{
	bool to_device = m->args->destination == HMMCL_MIGRATE_TO_DEVICE;
	struct mm_struct *mm = m->ctx->mm;
	struct vm_area_struct *vma;
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
	migrate_runs(m, vma, start, end);
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
	m->src = m->pfns;
	m->dst = m->pfns + HMMCL_BLOCK_PAGES;
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
