// SPDX-License-Identifier: GPL-2.0-only
/*
 * Bringing pages home: the step that CPU faults, explicit migration and eviction have
 * in common, and the handler of CPU faults.
 *
 * No lock of the driver is held while pages are migrated; hmmcl_migrate_to_ram() looks
 * only at what the core hands it, and at the block that the page stands in.
 */
#include <linux/mm.h>
#include <linux/huge_mm.h>
#include <linux/highmem.h>
#include <linux/migrate.h>
#include <linux/pagemap.h>
#include <linux/sched.h>
#include <linux/slab.h>

#include "hmmcl_drv.h"
#include "hmmcl_trace.h"

static struct page *system_page(struct hmmcl_device *hdev, struct vm_area_struct *vma,
				unsigned long addr)
{
	gfp_t gfp = GFP_HIGHUSER_MOVABLE | __GFP_NOWARN;

	if (hmmcl_inject(hdev, HMMCL_INJECT_SYSMEM_ALLOC))
		return NULL;
	return vma ? alloc_page_vma(gfp, vma, addr) : alloc_page(gfp);
}

static struct page *system_huge_page(struct hmmcl_device *hdev, struct vm_area_struct *vma,
				     unsigned long addr)
{
	struct folio *folio;

	if (hmmcl_inject(hdev, HMMCL_INJECT_SYSMEM_ALLOC) ||
	    hmmcl_inject(hdev, HMMCL_INJECT_SYSMEM_HUGE))
		return NULL;
	folio = vma_alloc_folio(GFP_TRANSHUGE | __GFP_RETRY_MAYFAIL, HPAGE_PMD_ORDER, vma, addr);
	return folio ? folio_page(folio, 0) : NULL;
}

/* Copy pages of device memory to @to, a folio of as many pages. Return: its entry. */
static unsigned long copy_home(struct hmmcl_device *hdev, struct page *to, struct page *from,
			       unsigned long pages)
{
	lock_page(to);
	hmmcl_devmem_read(hdev, to, from, pages);
	/*
	 * What the client gave to MADV_FREE is thrown away by reclaim if nobody has written to
	 * it since. Engines may have, and nothing else says so.
	 */
	folio_set_dirty(page_folio(to));
	return migrate_pfn(page_to_pfn(to));
}

/**
 * hmmcl_return_pages - copy pages of device memory to new pages of system memory
 * @hdev: device
 * @src: migration entries; those that are no device pages, or may not move, are left
 * @dst: 0; returns the entries of the new pages, 0 where there was no memory
 * @pages: their number
 * @vma: client's VMA for the placement of the pages, or NULL
 * @addr: address of the first one in @vma
 */
void hmmcl_return_pages(struct hmmcl_device *hdev, unsigned long *src, unsigned long *dst,
			unsigned long pages, struct vm_area_struct *vma, unsigned long addr)
{
	unsigned long i, j, nr;

	for (i = 0; i < pages; i += nr) {
		struct page *from = migrate_pfn_to_page(src[i]);
		unsigned long at = addr + (i << PAGE_SHIFT);
		struct page *to;

		nr = 1;
		if (!from || !(src[i] & MIGRATE_PFN_MIGRATE))
			continue;
		if (src[i] & MIGRATE_PFN_COMPOUND) {
			nr = HMMCL_BLOCK_PAGES;
			to = vma ? system_huge_page(hdev, vma, at) : NULL;
			if (to) {
				dst[i] = copy_home(hdev, to, from, nr) | MIGRATE_PFN_COMPOUND;
				continue;
			}
		}
		/* One by one: the core splits the folio, if it was one. */
		for (j = 0; j < nr; j++) {
			to = system_page(hdev, vma, at + (j << PAGE_SHIFT));
			if (to)
				dst[i + j] = copy_home(hdev, to, from + j, 1);
		}
	}
}

/**
 * hmmcl_moved - count the pages that have moved
 * @src: migration entries after migrate_vma_pages() or migrate_device_pages()
 * @dst: migration entries
 * @pages: their number
 * @huge: counts the large folios among them, or NULL
 *
 * Return: the number of pages.
 */
unsigned long hmmcl_moved(const unsigned long *src, const unsigned long *dst,
			  unsigned long pages, unsigned long *huge)
{
	unsigned long i, nr, moved = 0;

	for (i = 0; i < pages; i += nr) {
		nr = dst[i] & MIGRATE_PFN_COMPOUND ? HMMCL_BLOCK_PAGES : 1;
		if (!(src[i] & MIGRATE_PFN_MIGRATE) || !dst[i])
			continue;
		moved += nr;
		if (huge && nr > 1)
			(*huge)++;
	}
	return moved;
}

/**
 * hmmcl_return_huge - bring a large folio home in one piece
 * @hdev: device
 * @vma: VMA of a client, which has all of the range
 * @addr: address of the folio
 * @fault_page: the page of a CPU fault, or NULL
 * @pfns: room for two times HMMCL_BLOCK_PAGES entries
 *
 * Whatever device pages are there move. The mmap lock is held for reading.
 *
 * Return: pages that have moved.
 */
unsigned long hmmcl_return_huge(struct hmmcl_device *hdev, struct vm_area_struct *vma,
				unsigned long addr, struct page *fault_page, unsigned long *pfns)
{
	struct migrate_vma migrate = {
		.vma = vma,
		.start = addr,
		.end = addr + PMD_SIZE,
		.src = pfns,
		.dst = pfns + HMMCL_BLOCK_PAGES,
		.pgmap_owner = hdev,
		.fault_page = fault_page,
		.flags = MIGRATE_VMA_SELECT_DEVICE_PRIVATE | MIGRATE_VMA_SELECT_COMPOUND,
	};
	unsigned long moved = 0, huge = 0;
	struct hmmcl_guard guard;

	if (hmmcl_guard_begin(&guard, hdev, vma->vm_mm, migrate.start, migrate.end))
		return 0;
	memset(migrate.dst, 0, HMMCL_BLOCK_PAGES * sizeof(*pfns));
	if (!migrate_vma_setup(&migrate)) {
		hmmcl_return_pages(hdev, migrate.src, migrate.dst, migrate.npages, vma, addr);
		migrate_vma_pages(&migrate);
		moved = hmmcl_moved(migrate.src, migrate.dst, migrate.npages, &huge);
		migrate_vma_finalize(&migrate);
	}
	hmmcl_guard_end(&guard);
	hmmcl_count_device(hdev, HMMCL_STAT_HUGE_TO_SYSTEM, huge);
	return moved;
}

/* A CPU touched a page in a large folio that one PMD entry maps. */
static vm_fault_t huge_to_ram(struct hmmcl_device *hdev, struct vm_fault *vmf)
{
	unsigned long *pfns = kmalloc_array(2 * HMMCL_BLOCK_PAGES, sizeof(*pfns), GFP_KERNEL);
	unsigned long moved;

	if (!pfns)
		return VM_FAULT_OOM;
	moved = hmmcl_return_huge(hdev, vmf->vma, vmf->address & PMD_MASK, vmf->page, pfns);
	kfree(pfns);
	hmmcl_count_device(hdev, HMMCL_STAT_CPU_FAULTS, 1);
	hmmcl_count_device(hdev, HMMCL_STAT_CPU_FAULT_PAGES, moved);
	trace_hmmcl_cpu_fault(vmf->address, moved);
	/* The access is repeated; now, or in the next round, it finds single pages. */
	if (!moved && !hmmcl_split_for_fault(hdev, vmf))
		schedule_timeout_killable(1);
	return 0;
}

/**
 * hmmcl_migrate_to_ram - a CPU touched a page of device memory
 * @vmf: fault; vmf->page is locked and referenced by the core
 *
 * Brings the page home, and its neighbours, as far as the context's return batch says.
 *
 * Return: 0, also if the page could not be taken this time (the core tries again);
 * VM_FAULT_OOM.
 */
vm_fault_t hmmcl_migrate_to_ram(struct vm_fault *vmf)
{
	struct vm_area_struct *vma = vmf->vma;
	struct hmmcl_device *hdev = page_pgmap(vmf->page)->owner;
	unsigned long size = READ_ONCE(hmmcl_page_block(hdev, vmf->page)->return_batch) * PAGE_SIZE;
	unsigned long addr = vmf->address & PAGE_MASK;
	struct migrate_vma migrate = {
		.vma = vma,
		.pgmap_owner = hdev,
		.fault_page = vmf->page,
		.flags = MIGRATE_VMA_SELECT_DEVICE_PRIVATE,
	};
	unsigned long pages, moved;
	unsigned long small[2 * 16];
	unsigned long *pfns = small;
	vm_fault_t ret = 0;

	if (!vmf->pte)
		return huge_to_ram(hdev, vmf);
	/*
	 * The core forgets that the fault's folio is another one after splitting it, and
	 * would migrate the old head unlocked: then take nothing but this page.
	 */
	if (folio_test_large(page_folio(vmf->page)))
		size = PAGE_SIZE;
	migrate.start = max(ALIGN_DOWN(addr, size), vma->vm_start);
	migrate.end = min(ALIGN_DOWN(addr, size) + size, vma->vm_end);
	pages = (migrate.end - migrate.start) >> PAGE_SHIFT;
	if (2 * pages > ARRAY_SIZE(small)) {
		pfns = kmalloc_array(2 * pages, sizeof(*pfns), GFP_KERNEL);
		if (!pfns)
			return VM_FAULT_OOM;
	}
	migrate.src = pfns;
	migrate.dst = pfns + pages;
	memset(migrate.dst, 0, pages * sizeof(*pfns));

	if (migrate_vma_setup(&migrate)) {
		ret = VM_FAULT_SIGBUS;
		goto out;
	}
	hmmcl_return_pages(hdev, migrate.src, migrate.dst, migrate.npages, vma, migrate.start);
	if ((migrate.src[(addr - migrate.start) >> PAGE_SHIFT] & MIGRATE_PFN_MIGRATE) &&
	    !migrate.dst[(addr - migrate.start) >> PAGE_SHIFT])
		ret = VM_FAULT_OOM;
	migrate_vma_pages(&migrate);
	moved = hmmcl_moved(migrate.src, migrate.dst, migrate.npages, NULL);
	migrate_vma_finalize(&migrate);

	hmmcl_count_device(hdev, HMMCL_STAT_CPU_FAULTS, 1);
	hmmcl_count_device(hdev, HMMCL_STAT_CPU_FAULT_PAGES, moved);
	trace_hmmcl_cpu_fault(addr, moved);
out:
	if (pfns != small)
		kfree(pfns);
	return ret;
}
