// SPDX-License-Identifier: GPL-2.0-only
/*
 * Writing what was read of the client into the engine's page table.
 *
 * Entries are special (pfn) entries: they hold no reference. What keeps the page is
 * the client's own mapping, and the notifier, which removes the entry before that
 * goes away. An entry is made under the region's lock, after validation.
 */
#include <linux/mm.h>
#include <linux/huge_mm.h>
#include <linux/pagemap.h>

#include "hmmcl_drv.h"

/**
 * hmmcl_hmm_page - the page that an HMM entry means
 * @hmm_pfn: entry, valid
 * @addr: address in the client that it is for
 *
 * hmm_vma_handle_absent_pmd() reports the head's pfn for a range that begins inside
 * a device-private PMD: the page follows from the address instead.
 *
 * Return: the page.
 */
struct page *hmmcl_hmm_page(unsigned long hmm_pfn, unsigned long addr)
{
	struct page *page = hmm_pfn_to_page(hmm_pfn);

	if (is_device_private_page(page) && hmm_pfn_to_map_order(hmm_pfn) == PMD_ORDER)
		page = folio_page(page_folio(page), (addr & ~PMD_MASK) >> PAGE_SHIFT);
	return page;
}

static bool entry_usable(unsigned long hmm_pfn)
{
	return (hmm_pfn & HMM_PFN_VALID) && !(hmm_pfn & HMM_PFN_ERROR);
}

/*
 * The pfn to map for an entry.
 *
 * Zapping an engine's entry carries no dirty bit over, so a page of system memory is
 * marked when it is mapped writable. It can not be truncated meanwhile, since that
 * would have to invalidate first. Where file systems track writes, a page that is
 * writable in the client is dirty already.
 */
static unsigned long entry_prepare(struct hmmcl_device *hdev, unsigned long hmm_pfn,
				   unsigned long addr)
{
	struct page *page = hmmcl_hmm_page(hmm_pfn, addr);
	struct folio *folio;

	if (hmmcl_is_devmem(hdev, page))
		return page_to_pfn(hmmcl_backing(hdev, page));

	folio = page_folio(page);
	if ((hmm_pfn & HMM_PFN_WRITE) && !folio_test_dirty(folio))
		folio_mark_dirty(folio);
	return page_to_pfn(page);
}

/**
 * hmmcl_lookup_pmd - find the PMD entry of an address
 * @mm: mm, its mmap lock or the VMA's held
 * @addr: address
 *
 * Return: the entry, or NULL if there is no table for it.
 */
pmd_t *hmmcl_lookup_pmd(struct mm_struct *mm, unsigned long addr)
{
	pgd_t *pgd = pgd_offset(mm, addr);
	p4d_t *p4d;
	pud_t *pud;

	if (pgd_none(*pgd))
		return NULL;
	p4d = p4d_offset(pgd, addr);
	if (p4d_none(*p4d))
		return NULL;
	pud = pud_offset(p4d, addr);
	return pud_none(*pud) || pud_leaf(*pud) ? NULL : pmd_offset(pud, addr);
}

static int no_change(pte_t *pte, unsigned long addr, void *data)
{
	return 0;
}

/*
 * Allocate the PTE table for an address: nothing may allocate under a region's lock,
 * since reclaim invalidates. table_lock keeps a PMD entry from appearing meanwhile;
 * once there is a table, no PMD entry takes its place.
 */
static int prepare_table(struct hmmcl_context *ctx, struct mm_struct *mm, unsigned long addr)
{
	pmd_t *pmd;

	guard(rwsem_read)(&ctx->table_lock);
	pmd = hmmcl_lookup_pmd(mm, addr);
	if (pmd && pmd_leaf(pmdp_get_lockless(pmd)))
		return -EEXIST;
	return apply_to_page_range(mm, addr, PAGE_SIZE, no_change, NULL);
}

/**
 * hmmcl_insert_ptes - map the pages of a window, as far as they can be mapped
 * @ctx: context
 * @vma: engine's VMA, stable; the window lies inside it and inside one PMD
 * @win: window, read at @win->range.notifier_seq
 *
 * Return: 0, also if a PMD entry is there already; -EAGAIN if the client has changed;
 * -ENOMEM.
 */
int hmmcl_insert_ptes(struct hmmcl_context *ctx, struct vm_area_struct *vma,
		      struct hmmcl_window *win)
{
	/* vm_page_prot is read-only, because there is a pfn_mkwrite(). */
	pgprot_t read_prot = vma->vm_page_prot;
	pgprot_t write_prot = vm_get_page_prot(vma->vm_flags);
	struct hmmcl_device *hdev = ctx->hdev;
	unsigned long addr = win->range.start;
	unsigned long i, inserted = 0;
	int ret;

	ret = prepare_table(ctx, vma->vm_mm, win->addr);
	if (ret)
		return ret == -EEXIST ? 0 : -ENOMEM;

	down_read(&win->region->lock);
	if (!hmmcl_region_valid(win->region, win->range.notifier_seq) ||
	    hmmcl_inject(hdev, HMMCL_INJECT_SEQ_RETRY)) {
		up_read(&win->region->lock);
		hmmcl_count(ctx, HMMCL_STAT_SEQ_RETRIES);
		return -EAGAIN;
	}
	for (i = 0; addr < win->range.end; i++, addr += PAGE_SIZE) {
		unsigned long hmm_pfn = win->range.hmm_pfns[i];
		bool write = hmm_pfn & HMM_PFN_WRITE;

		if (!entry_usable(hmm_pfn))
			continue;
		if (vmf_insert_pfn_prot(vma, addr, entry_prepare(hdev, hmm_pfn, addr),
					write ? write_prot : read_prot) != VM_FAULT_NOPAGE) {
			ret = -ENOMEM;
			break;
		}
		inserted++;
	}
	up_read(&win->region->lock);
	hmmcl_count_n(ctx, HMMCL_STAT_PTES, inserted);
	return ret;
}

/* Whether all pages of a 2 MiB window are one aligned piece with equal rights. */
static bool window_is_huge(struct hmmcl_device *hdev, struct hmmcl_window *win)
{
	const unsigned long *pfns = win->range.hmm_pfns;
	struct page *first;
	bool device;
	unsigned long i;

	if (!entry_usable(pfns[0]))
		return false;
	first = hmmcl_hmm_page(pfns[0], win->range.start);
	if (!IS_ALIGNED(page_to_pfn(first), HPAGE_PMD_NR))
		return false;
	device = is_device_private_page(first);
	/*
	 * Never the huge zero page: zap_huge_pmd() knows it by its pfn alone, whatever VMA
	 * it is in, and would withdraw a page table that nobody deposited. A module can not
	 * ask for it by name; it is the one folio here that belongs to no mapping.
	 */
	if (!device && !READ_ONCE(page_folio(first)->mapping))
		return false;
	if (device && !IS_ALIGNED(page_to_pfn(hmmcl_backing(hdev, first)), HPAGE_PMD_NR))
		return false;
	/* One entry of the client's own page table says it for all. */
	if (hmm_pfn_to_map_order(pfns[0]) >= PMD_ORDER)
		return true;
	for (i = 1; i < HPAGE_PMD_NR; i++) {
		struct page *page;

		if (!entry_usable(pfns[i]) || (pfns[i] ^ pfns[0]) & HMM_PFN_WRITE)
			return false;
		page = hmmcl_hmm_page(pfns[i], win->range.start + (i << PAGE_SHIFT));
		if (page_to_pfn(page) != page_to_pfn(first) + i)
			return false;
	}
	return true;
}

/**
 * hmmcl_insert_pmd - map a window of 2 MiB with one entry
 * @ctx: context
 * @vmf: fault
 * @win: window, read at @win->range.notifier_seq
 *
 * Return: VM_FAULT_NOPAGE; VM_FAULT_FALLBACK if it can not be one entry; 0 if the
 * client has changed.
 */
vm_fault_t hmmcl_insert_pmd(struct hmmcl_context *ctx, struct vm_fault *vmf,
			    struct hmmcl_window *win)
{
	bool write = win->range.hmm_pfns[0] & HMM_PFN_WRITE;
	unsigned long addr = win->range.start;
	unsigned long i, pfn, step;
	vm_fault_t ret;

	if (!window_is_huge(ctx->hdev, win))
		return VM_FAULT_FALLBACK;

	down_write(&ctx->table_lock);
	down_read(&win->region->lock);
	if (!hmmcl_region_valid(win->region, win->range.notifier_seq) ||
	    hmmcl_inject(ctx->hdev, HMMCL_INJECT_SEQ_RETRY)) {
		ret = 0;
		hmmcl_count(ctx, HMMCL_STAT_SEQ_RETRIES);
	} else if (!pmd_none(pmdp_get_lockless(vmf->pmd))) {
		ret = VM_FAULT_NOPAGE;	/* another thread was faster */
	} else {
		pfn = entry_prepare(ctx->hdev, win->range.hmm_pfns[0], addr);
		/* The other folios, if it is made of several: mark them dirty too. */
		for (i = 0; write && i < HPAGE_PMD_NR; i += step) {
			struct page *page = hmmcl_hmm_page(win->range.hmm_pfns[i],
							   addr + (i << PAGE_SHIFT));

			entry_prepare(ctx->hdev, win->range.hmm_pfns[i], addr + (i << PAGE_SHIFT));
			step = max(folio_nr_pages(page_folio(page)), 1L);
		}
		ret = vmf_insert_pfn_pmd(vmf, pfn, write);
		hmmcl_count(ctx, HMMCL_STAT_PMDS);
	}
	up_read(&win->region->lock);
	up_write(&ctx->table_lock);
	return ret;
}
