// SPDX-License-Identifier: GPL-2.0-only
/*
 * Looking at the client's pages: what state each one is in, without changing it.
 */
#include <linux/hmm.h>
#include <linux/mm.h>
#include <linux/huge_mm.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "hmmcl_drv.h"

/* Pages read at once */
#define HMMCL_PROBE_PAGES	512UL

/* A probe maps nothing: all that a change does is make the reader read again. */
static bool probe_invalidate(struct mmu_interval_notifier *notifier,
			     const struct mmu_notifier_range *range, unsigned long seq)
{
	mmu_interval_set_seq(notifier, seq);
	return true;
}

static const struct mmu_interval_notifier_ops probe_ops = {
	.invalidate = probe_invalidate,
};

/**
 * hmmcl_probe_begin - prepare to look at a range
 * @probe: probe
 * @mm: the client's mm, referenced (mmget)
 * @start: first address
 * @end: first address behind it
 *
 * Return: 0 with a probe to be ended by hmmcl_probe_end(), or a negative error.
 */
int hmmcl_probe_begin(struct hmmcl_probe *probe, struct mm_struct *mm, unsigned long start,
		      unsigned long end)
{
	return mmu_interval_notifier_insert(&probe->notifier, mm, start, end - start, &probe_ops);
}

/**
 * hmmcl_probe_end - end a probe
 * @probe: probe
 *
 * Waits for invalidations under way: hold no lock of the mm.
 */
void hmmcl_probe_end(struct hmmcl_probe *probe)
{
	mmu_interval_notifier_remove(&probe->notifier);
}

/**
 * hmmcl_probe_read - look at pages
 * @probe: probe whose range has @start to @end
 * @hdev: device
 * @start: first address
 * @end: first address behind it
 * @pfns: HMM entries, one a page
 *
 * The mm's mmap lock is held, which keeps the mappings, but not the pages: what is
 * read was true at one moment.
 *
 * Return: 0, or a negative error.
 */
int hmmcl_probe_read(struct hmmcl_probe *probe, struct hmmcl_device *hdev, unsigned long start,
		     unsigned long end, unsigned long *pfns)
{
	struct hmm_range range = {
		.notifier = &probe->notifier,
		.start = start,
		.end = end,
		.hmm_pfns = pfns,
		.dev_private_owner = hdev,
	};
	int ret;

	mmap_assert_locked(probe->notifier.mm);
	do {
		if (fatal_signal_pending(current))
			return -EINTR;
		range.notifier_seq = mmu_interval_read_begin(&probe->notifier);
		memset(pfns, 0, ((end - start) >> PAGE_SHIFT) * sizeof(*pfns));
		ret = hmm_range_fault(&range);
	} while (ret == -EBUSY);
	return ret;
}

static u32 page_state(struct hmmcl_device *hdev, unsigned long hmm_pfn, unsigned long addr)
{
	struct page *page;
	u32 state;

	if (hmm_pfn & HMM_PFN_ERROR)
		return HMMCL_PAGE_ERROR;
	if (!(hmm_pfn & HMM_PFN_VALID))
		return 0;

	page = hmmcl_hmm_page(hmm_pfn, addr);
	state = HMMCL_PAGE_READ | hmm_pfn_to_map_order(hmm_pfn) << HMMCL_PAGE_ORDER_SHIFT;
	if (hmm_pfn & HMM_PFN_WRITE)
		state |= HMMCL_PAGE_WRITE;
	if (is_zero_pfn(page_to_pfn(page)))
		state |= HMMCL_PAGE_ZERO;
	if (hmmcl_is_devmem(hdev, page))
		state |= HMMCL_PAGE_DEVICE;
	/* Not folio_test_large(): nothing holds the page, and that one asserts. */
	if (PageCompound(page))
		state |= HMMCL_PAGE_LARGE;
	return state;
}

/**
 * hmmcl_snapshot - report the state of each page of a range
 * @ctx: context, entered
 * @args: ioctl's arguments, checked
 *
 * Return: 0 or a negative error.
 */
int hmmcl_snapshot(struct hmmcl_context *ctx, const struct drm_hmmcl_snapshot *args)
{
	u32 __user *states = u64_to_user_ptr(args->states);
	unsigned long end = args->addr + args->length;
	unsigned long addr, next, i;
	struct hmmcl_probe probe;
	unsigned long *pfns;
	u32 *chunk;
	int ret;

	pfns = kmalloc_array(HMMCL_PROBE_PAGES, sizeof(*pfns), GFP_KERNEL);
	chunk = kmalloc_array(HMMCL_PROBE_PAGES, sizeof(*chunk), GFP_KERNEL);
	ret = -ENOMEM;
	if (!pfns || !chunk)
		goto out_free;
	ret = hmmcl_probe_begin(&probe, ctx->mm, args->addr, end);
	if (ret)
		goto out_free;

	for (addr = args->addr; addr < end; addr = next) {
		next = min(addr + HMMCL_PROBE_PAGES * PAGE_SIZE, end);
		ret = mmap_read_lock_killable(ctx->mm);
		if (ret)
			break;
		ret = hmmcl_probe_read(&probe, ctx->hdev, addr, next, pfns);
		for (i = 0; !ret && i < (next - addr) >> PAGE_SHIFT; i++)
			chunk[i] = page_state(ctx->hdev, pfns[i], addr + (i << PAGE_SHIFT));
		mmap_read_unlock(ctx->mm);
		if (ret)
			break;
		if (copy_to_user(states, chunk, i * sizeof(*chunk))) {
			ret = -EFAULT;
			break;
		}
		states += i;
	}
	hmmcl_probe_end(&probe);
out_free:
	kfree(chunk);
	kfree(pfns);
	return ret;
}
