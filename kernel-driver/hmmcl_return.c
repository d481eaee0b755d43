// SPDX-License-Identifier: GPL-2.0-only
/*
 * Bringing pages home: the step that CPU faults, explicit migration and eviction have
 * in common, and the handler of CPU faults.
 *
 * No lock of the driver is held while pages are migrated; hmmcl_migrate_to_ram() looks
 * only at what the core hands it, and at the block that the page stands in.
 */
#include <linux/highmem.h>
#include <linux/migrate.h>
#include <linux/pagemap.h>
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

/**
 * hmmcl_return_page - copy a page of device memory to a new page of system memory
 * @hdev: device
 * @src: migration entry of the device page; left alone unless it may be migrated
 * @dst: where to store the entry of the new page; left 0 if there is no memory
 * @vma: client's VMA for the placement of the page, or NULL
 * @addr: address in @vma
 */
void hmmcl_return_page(struct hmmcl_device *hdev, unsigned long *src, unsigned long *dst,
		       struct vm_area_struct *vma, unsigned long addr)
{
	struct page *from = migrate_pfn_to_page(*src);
	struct page *to;

	if (!from || !(*src & MIGRATE_PFN_MIGRATE))
		return;
	to = system_page(hdev, vma, addr);
	if (!to)
		return;
	lock_page(to);
	copy_highpage(to, hmmcl_backing(hdev, from));
	*dst = migrate_pfn(page_to_pfn(to)) | (*src & MIGRATE_PFN_WRITE);
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
		.start = max(ALIGN_DOWN(addr, size), vma->vm_start),
		.end = min(ALIGN_DOWN(addr, size) + size, vma->vm_end),
		.pgmap_owner = hdev,
		.fault_page = vmf->page,
		.flags = MIGRATE_VMA_SELECT_DEVICE_PRIVATE,
	};
	unsigned long pages = (migrate.end - migrate.start) >> PAGE_SHIFT;
	unsigned long i, moved = 0;
	unsigned long small[2 * 16];
	unsigned long *pfns = small;
	vm_fault_t ret = 0;

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
	for (i = 0; i < migrate.npages; i++)
		hmmcl_return_page(hdev, &migrate.src[i], &migrate.dst[i], vma,
				  migrate.start + (i << PAGE_SHIFT));

	i = (addr - migrate.start) >> PAGE_SHIFT;
	if ((migrate.src[i] & MIGRATE_PFN_MIGRATE) && !migrate.dst[i])
		ret = VM_FAULT_OOM;
	migrate_vma_pages(&migrate);
	for (i = 0; i < migrate.npages; i++)
		moved += !!(migrate.src[i] & MIGRATE_PFN_MIGRATE);
	migrate_vma_finalize(&migrate);

	hmmcl_count_device(hdev, HMMCL_STAT_CPU_FAULTS, 1);
	hmmcl_count_device(hdev, HMMCL_STAT_CPU_FAULT_PAGES, moved);
	trace_hmmcl_cpu_fault(addr, moved);
out:
	if (pfns != small)
		kfree(pfns);
	return ret;
}
