// SPDX-License-Identifier: GPL-2.0-only
/*
 * Regions: the parts of the client's address space that are mirrored, and what
 * happens when the client changes them.
 *
 * A region is an aligned 32 MiB with an interval notifier of its own, made at the
 * first fault there and freed when the client has no mapping left in it. A change in
 * one region never makes a fault in another one repeat its work.
 */
#include <linux/lockdep.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>

#include "hmmcl_drv.h"
#include "hmmcl_trace.h"

/* Says to lockdep what hmmcl_zap() depends on, while it hides the nested notifier. */
#ifdef CONFIG_LOCKDEP
static struct lockdep_map hmmcl_zap_map = STATIC_LOCKDEP_MAP_INIT("hmmcl_zap", &hmmcl_zap_map);
#endif

/**
 * hmmcl_zap - drop the engines' entries for a range
 * @ctx: context
 * @start: first address
 * @end: first address behind it
 *
 * Called from the client's notifiers and from process context. May sleep on
 * @ctx->mapping's i_mmap_rwsem, which nobody holds while allocating.
 *
 * It begins a notifier section of the engine's mm inside one of the client's: to
 * lockdep, a recursion. It is none: an engine has no notifiers, and is no client.
 */
void hmmcl_zap(struct hmmcl_context *ctx, unsigned long start, unsigned long end)
{
	lock_map_acquire(&hmmcl_zap_map);
	lockdep_off();
	unmap_mapping_pages(&ctx->mapping, start >> PAGE_SHIFT, (end - start) >> PAGE_SHIFT, true);
	lockdep_on();
	lock_map_release(&hmmcl_zap_map);
}

static void region_queue_gc(struct hmmcl_region *region)
{
	struct hmmcl_context *ctx = region->ctx;

	spin_lock(&ctx->gc_lock);
	if (list_empty(&region->gc_link) && !region->dead) {
		kref_get(&region->ref);
		list_add_tail(&region->gc_link, &ctx->gc_list);
		queue_work(ctx->hdev->wq, &ctx->gc_work);
	}
	spin_unlock(&ctx->gc_lock);
}

/* Without sleeping: possible where no engine has anything of the client mapped. */
static bool invalidate_nonblock(struct hmmcl_region *region, unsigned long seq)
{
	bool mapped;

	if (!down_write_trylock(&region->lock))
		return false;
	/* Entries are made with the lock held, in VMAs that are in the mapping by then. */
	mapped = mapping_mapped(&region->ctx->mapping);
	if (!mapped)
		mmu_interval_set_seq(&region->notifier, seq);
	up_write(&region->lock);
	return !mapped;
}

static bool region_invalidate(struct mmu_interval_notifier *notifier,
			      const struct mmu_notifier_range *range, unsigned long seq)
{
	struct hmmcl_region *region = container_of(notifier, struct hmmcl_region, notifier);
	struct hmmcl_context *ctx = region->ctx;
	unsigned long start = max(range->start, region->start);
	unsigned long end = min(range->end, region->end);

	hmmcl_count(ctx, HMMCL_STAT_INVALIDATIONS);
	trace_hmmcl_invalidate(ctx, start, end, range->event);

	if (!mmu_notifier_range_blockable(range)) {
		/*
		 * Only the OOM reaper and process_mrelease() can not sleep here: the
		 * client is dying, and a fault of its engine may be what keeps its
		 * memory alive.
		 */
		hmmcl_count(ctx, HMMCL_STAT_INVALIDATIONS_NONBLOCK);
		if (invalidate_nonblock(region, seq))
			return true;
		hmmcl_engines_kill(ctx, "its client is being reaped");
		return false;
	}

	down_write(&region->lock);
	mmu_interval_set_seq(notifier, seq);
	up_write(&region->lock);
	hmmcl_zap(ctx, start, end);

	if (range->event == MMU_NOTIFY_UNMAP)
		region_queue_gc(region);
	return true;
}

static const struct mmu_interval_notifier_ops region_ops = {
	.invalidate = region_invalidate,
};

static void region_release(struct kref *ref)
{
	struct hmmcl_region *region = container_of(ref, struct hmmcl_region, ref);

	kfree_rcu(region, rcu);
}

void hmmcl_region_put(struct hmmcl_region *region)
{
	if (region)
		kref_put(&region->ref, region_release);
}

/**
 * hmmcl_region_find - find the region of an address
 * @ctx: context
 * @addr: address
 *
 * Never sleeps, takes no lock: for the fast path.
 *
 * Return: the region, to be put, or NULL.
 */
struct hmmcl_region *hmmcl_region_find(struct hmmcl_context *ctx, unsigned long addr)
{
	struct hmmcl_region *region;

	guard(rcu)();
	region = xa_load(&ctx->regions, addr >> HMMCL_REGION_SHIFT);
	return region && kref_get_unless_zero(&region->ref) ? region : NULL;
}

static struct hmmcl_region *region_create(struct hmmcl_context *ctx, unsigned long addr)
{
	struct hmmcl_region *region = kzalloc_obj(*region);
	int ret;

	if (!region)
		return ERR_PTR(-ENOMEM);
	kref_init(&region->ref);
	region->ctx = ctx;
	region->start = ALIGN_DOWN(addr, HMMCL_REGION_SIZE);
	region->end = region->start + HMMCL_REGION_SIZE;
	init_rwsem(&region->lock);
	INIT_LIST_HEAD(&region->gc_link);

	ret = xa_reserve(&ctx->regions, addr >> HMMCL_REGION_SHIFT, GFP_KERNEL);
	if (ret)
		goto err_free;
	ret = mmu_interval_notifier_insert(&region->notifier, ctx->mm, region->start,
					   HMMCL_REGION_SIZE, &region_ops);
	if (ret)
		goto err_release;
	xa_store(&ctx->regions, addr >> HMMCL_REGION_SHIFT, region, GFP_KERNEL);
	hmmcl_count(ctx, HMMCL_STAT_REGIONS);
	return region;

err_release:
	xa_release(&ctx->regions, addr >> HMMCL_REGION_SHIFT);
err_free:
	kfree(region);
	return ERR_PTR(ret);
}

/**
 * hmmcl_region_get - find or make the region of an address
 * @ctx: context; the caller holds a reference to the client's memory (mmget)
 * @addr: address
 *
 * Sleeps, and takes regions_lock: call it with no mmap lock held.
 *
 * Return: the region, to be put; an ERR_PTR: -ESRCH if the context has ended, -ENOMEM.
 */
struct hmmcl_region *hmmcl_region_get(struct hmmcl_context *ctx, unsigned long addr)
{
	struct hmmcl_region *region = hmmcl_region_find(ctx, addr);

	if (region)
		return region;

	guard(mutex)(&ctx->regions_lock);
	if (READ_ONCE(ctx->ended))
		return ERR_PTR(-ESRCH);
	region = xa_load(&ctx->regions, addr >> HMMCL_REGION_SHIFT);
	if (!region)
		region = region_create(ctx, addr);
	if (!IS_ERR(region))
		kref_get(&region->ref);
	return region;
}

/**
 * hmmcl_region_valid - whether what was read of the client still holds
 * @region: region; its lock is held
 * @seq: sequence from before the reading
 *
 * Return: true if engine entries may be made from it.
 */
bool hmmcl_region_valid(struct hmmcl_region *region, unsigned long seq)
{
	lockdep_assert_held(&region->lock);
	return !region->dead && !mmu_interval_read_retry(&region->notifier, seq);
}

/*
 * Remove a region: first no new entries, then no entries, then no notifications.
 * Drops the tree's reference. The tree's entry is already gone.
 */
static void region_remove(struct hmmcl_region *region)
{
	struct hmmcl_context *ctx = region->ctx;
	bool queued;

	down_write(&region->lock);
	region->dead = true;
	up_write(&region->lock);
	hmmcl_zap(ctx, region->start, region->end);
	mmu_interval_notifier_remove(&region->notifier);
	hmmcl_count_n(ctx, HMMCL_STAT_REGIONS, -1);

	spin_lock(&ctx->gc_lock);
	queued = !list_empty(&region->gc_link);
	list_del_init(&region->gc_link);
	spin_unlock(&ctx->gc_lock);
	if (queued)
		hmmcl_region_put(region);
	hmmcl_region_put(region);
}

static bool region_empty(struct hmmcl_region *region)
{
	struct mm_struct *mm = region->ctx->mm;
	bool empty;

	mmap_read_lock(mm);
	empty = !find_vma_intersection(mm, region->start, region->end);
	mmap_read_unlock(mm);
	return empty;
}

static struct hmmcl_region *gc_pop(struct hmmcl_context *ctx)
{
	struct hmmcl_region *region;

	guard(spinlock)(&ctx->gc_lock);
	region = list_first_entry_or_null(&ctx->gc_list, struct hmmcl_region, gc_link);
	if (region)
		list_del_init(&region->gc_link);
	return region;
}

/* Free the regions that the client has left. */
static void gc_work(struct work_struct *work)
{
	struct hmmcl_context *ctx = container_of(work, struct hmmcl_context, gc_work);
	struct hmmcl_region *region;

	if (!mmget_not_zero(ctx->mm))
		return;		/* the client is exiting: hmmcl_context_close() comes */
	while ((region = gc_pop(ctx))) {
		unsigned long index = region->start >> HMMCL_REGION_SHIFT;

		if (region_empty(region)) {
			bool mine;

			mutex_lock(&ctx->regions_lock);
			mine = xa_cmpxchg(&ctx->regions, index, region, NULL, 0) == region;
			mutex_unlock(&ctx->regions_lock);
			if (mine)
				region_remove(region);
		}
		hmmcl_region_put(region);
	}
	mmput(ctx->mm);
}

void hmmcl_regions_init(struct hmmcl_context *ctx)
{
	mutex_init(&ctx->regions_lock);
	xa_init(&ctx->regions);
	spin_lock_init(&ctx->gc_lock);
	INIT_LIST_HEAD(&ctx->gc_list);
	INIT_WORK(&ctx->gc_work, gc_work);
}

/**
 * hmmcl_regions_remove_all - remove all regions of a context that has ended
 * @ctx: context
 */
void hmmcl_regions_remove_all(struct hmmcl_context *ctx)
{
	struct hmmcl_region *region;
	unsigned long index;

	/* Makes sure that nobody who has not seen the end is still adding one. */
	mutex_lock(&ctx->regions_lock);
	mutex_unlock(&ctx->regions_lock);
	disable_work_sync(&ctx->gc_work);

	xa_for_each(&ctx->regions, index, region) {
		xa_erase(&ctx->regions, index);
		region_remove(region);
	}
}
