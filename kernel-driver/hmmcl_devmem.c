// SPDX-License-Identifier: GPL-2.0-only
/*
 * Device memory.
 *
 * The device has a pool of device-private struct pages, which no CPU can map, and
 * as much RAM, which the driver owns. Both are in blocks of 2 MiB; page i of a block
 * stands for page i of its RAM, so which RAM a page means follows from its pfn, and
 * a folio that splits moves no data.
 *
 * A block in use belongs to one aligned 2 MiB of one client: page i of the client
 * goes to page i of the block. So pages that were migrated one by one are in one
 * piece all the same, and an engine can map them with one entry. Only when no block
 * is free do pages go where there is room.
 */
#include <linux/device.h>
#include <linux/highmem.h>
#include <linux/ioport.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>

#include "hmmcl_drv.h"

static struct hmmcl_device *folio_device(struct folio *folio)
{
	return folio->pgmap->owner;
}

struct hmmcl_block *hmmcl_page_block(struct hmmcl_device *hdev, struct page *page)
{
	return &hdev->devmem.blocks[(page_to_pfn(page) - hdev->devmem.first_pfn) >>
				    HMMCL_BLOCK_ORDER];
}

static unsigned int page_index_in_block(struct hmmcl_device *hdev, struct page *page)
{
	return (page_to_pfn(page) - hdev->devmem.first_pfn) & (HMMCL_BLOCK_PAGES - 1);
}

/**
 * hmmcl_is_devmem - whether a page is ours
 * @hdev: device
 * @page: any page
 *
 * Return: true for a page of this device's memory.
 */
bool hmmcl_is_devmem(struct hmmcl_device *hdev, struct page *page)
{
	return is_device_private_page(page) && page_pgmap(page) == &hdev->devmem.pgmap;
}

/**
 * hmmcl_backing - the RAM behind a page of device memory
 * @hdev: device
 * @page: page of device memory
 *
 * Return: the page of RAM.
 */
struct page *hmmcl_backing(struct hmmcl_device *hdev, struct page *page)
{
	return hmmcl_page_block(hdev, page)->backing + page_index_in_block(hdev, page);
}

static void *backing_map(struct hmmcl_device *hdev, struct page *page)
{
	return hmmcl_page_block(hdev, page)->map + page_index_in_block(hdev, page) * PAGE_SIZE;
}

/**
 * hmmcl_devmem_write - copy into device memory
 * @hdev: device
 * @to: first page of device memory, in one block
 * @from: first page of system memory, contiguous; NULL for zeroes
 * @pages: their number
 */
void hmmcl_devmem_write(struct hmmcl_device *hdev, struct page *to, struct page *from,
			unsigned long pages)
{
	void *map = backing_map(hdev, to);
	unsigned long i;

	for (i = 0; i < pages; i++, map += PAGE_SIZE) {
		void *addr;

		if (!from) {
			clear_page(map);
			continue;
		}
		addr = kmap_local_page(from + i);
		copy_page(map, addr);
		kunmap_local(addr);
	}
}

/**
 * hmmcl_devmem_read - copy out of device memory
 * @hdev: device
 * @to: first page of system memory, contiguous
 * @from: first page of device memory, in one block
 * @pages: their number
 */
void hmmcl_devmem_read(struct hmmcl_device *hdev, struct page *to, struct page *from,
		       unsigned long pages)
{
	void *map = backing_map(hdev, from);
	unsigned long i;

	for (i = 0; i < pages; i++, map += PAGE_SIZE) {
		void *addr = kmap_local_page(to + i);

		copy_page(addr, map);
		kunmap_local(addr);
	}
}

static void block_becomes_free(struct hmmcl_devmem *dm, struct hmmcl_block *block)
{
	lockdep_assert_held(&dm->lock);
	hash_del(&block->hash);
	if (block->evicting)
		list_move_tail(&block->link, &dm->free);
	else
		list_move(&block->link, &dm->free);
}

/* Called by the core when nothing refers to a folio any more; may be atomic. */
static void hmmcl_folio_free(struct folio *folio)
{
	struct hmmcl_device *hdev = folio_device(folio);
	struct hmmcl_devmem *dm = &hdev->devmem;
	struct hmmcl_block *block = hmmcl_page_block(hdev, &folio->page);
	unsigned int first = page_index_in_block(hdev, &folio->page);
	unsigned int nr = folio_nr_pages(folio);
	struct hmmcl_context *ctx = folio->page.zone_device_data;

	spin_lock(&dm->lock);
	block->large = false;
	folio->page.zone_device_data = NULL;
	bitmap_clear(block->used, first, nr);
	block->nr_used -= nr;
	dm->used_pages -= nr;
	if (!block->nr_used && !block->pins)
		block_becomes_free(dm, block);
	spin_unlock(&dm->lock);

	atomic64_sub(nr, &ctx->resident_pages);
	hmmcl_context_put(ctx);
}

/* A folio is split in place: @tail is one of the new folios, NULL for the last call. */
static void hmmcl_folio_split(struct folio *head, struct folio *tail)
{
	struct hmmcl_context *ctx = head->page.zone_device_data;
	struct hmmcl_device *hdev = folio_device(head);

	if (!tail)
		return;
	spin_lock(&hdev->devmem.lock);
	hmmcl_page_block(hdev, &head->page)->large = false;
	spin_unlock(&hdev->devmem.lock);
	hmmcl_context_get(ctx);
	tail->pgmap = head->pgmap;
	tail->page.mapping = head->page.mapping;
	tail->page.zone_device_data = ctx;
}

static const struct dev_pagemap_ops hmmcl_pagemap_ops = {
	.folio_free = hmmcl_folio_free,
	.folio_split = hmmcl_folio_split,
	.migrate_to_ram = hmmcl_migrate_to_ram,
};

static u64 block_key(struct hmmcl_context *ctx, unsigned long addr)
{
	return ctx->id << 36 | addr >> (PAGE_SHIFT + HMMCL_BLOCK_ORDER);
}

static bool block_has_room(const struct hmmcl_block *block)
{
	return block->nr_used < HMMCL_BLOCK_PAGES && !block->evicting;
}

/*
 * Find a block with room for the client's 2 MiB, if any, and pin it. One that was for
 * these addresses before may be full of what stood there and has been moved elsewhere.
 */
static struct hmmcl_block *block_find(struct hmmcl_devmem *dm, u64 key, unsigned int pages)
{
	struct hmmcl_block *block;

	lockdep_assert_held(&dm->lock);

	hash_for_each_possible(dm->by_key, block, hash, key)
		if (block->key == key && block_has_room(block) &&
		    block->nr_used + pages <= HMMCL_BLOCK_PAGES)
			goto found;

	/* One being evicted is at the end, if it has become free. */
	block = list_first_entry_or_null(&dm->free, struct hmmcl_block, link);
	if (block && !block->evicting) {
		block->key = key;
		hash_add(dm->by_key, &block->hash, key);
		goto found;
	}

	/* No free block. Scattered room is better than eviction. */
	if (dm->nr_blocks * HMMCL_BLOCK_PAGES - dm->used_pages >= pages)
		list_for_each_entry(block, &dm->lru, link)
			if (block_has_room(block))
				goto found;
	return NULL;

found:
	block->pins++;
	list_move_tail(&block->link, &dm->lru);
	return block;
}

/**
 * hmmcl_block_get - find room for a part of an aligned 2 MiB of a client
 * @hdev: device
 * @ctx: context of the client
 * @addr: address in the client
 * @pages: pages needed
 *
 * Evicts other blocks if there is no room. May sleep; hold no folio lock.
 *
 * Return: a block, to be given back with hmmcl_block_put(), or NULL if nothing
 * could be evicted.
 */
struct hmmcl_block *hmmcl_block_get(struct hmmcl_device *hdev, struct hmmcl_context *ctx,
				    unsigned long addr, unsigned int pages)
{
	struct hmmcl_devmem *dm = &hdev->devmem;
	u64 key = block_key(ctx, addr);
	struct hmmcl_block *block;

	for (;;) {
		spin_lock(&dm->lock);
		block = block_find(dm, key, pages);
		if (block)
			block->return_batch = READ_ONCE(ctx->return_batch);
		spin_unlock(&dm->lock);
		if (block || !hmmcl_evict_one(hdev))
			return block;
	}
}

/**
 * hmmcl_block_put - give back a block got by hmmcl_block_get()
 * @hdev: device
 * @block: block, or NULL
 */
void hmmcl_block_put(struct hmmcl_device *hdev, struct hmmcl_block *block)
{
	struct hmmcl_devmem *dm = &hdev->devmem;

	if (!block)
		return;
	spin_lock(&dm->lock);
	if (!--block->pins && !block->nr_used)
		block_becomes_free(dm, block);
	spin_unlock(&dm->lock);
}

/**
 * hmmcl_devmem_alloc - allocate a page of device memory
 * @hdev: device
 * @ctx: context that it is for
 * @block: block to take it from, if it has room
 * @index: which page of the block, if that is free
 *
 * Never sleeps, and so never evicts: hmmcl_block_get() did.
 *
 * Return: the page, locked, with one reference; NULL if there is no room.
 */
struct page *hmmcl_devmem_alloc(struct hmmcl_device *hdev, struct hmmcl_context *ctx,
				struct hmmcl_block *block, unsigned int index)
{
	struct hmmcl_devmem *dm = &hdev->devmem;
	struct page *page = NULL;

	if (hmmcl_inject(hdev, HMMCL_INJECT_DEVMEM_ALLOC))
		return NULL;

	spin_lock(&dm->lock);
	if (block->nr_used == HMMCL_BLOCK_PAGES) {
		struct hmmcl_block *other;

		block = NULL;
		list_for_each_entry(other, &dm->lru, link) {
			if (block_has_room(other)) {
				block = other;
				break;
			}
		}
	}
	if (block) {
		if (test_bit(index, block->used))
			index = find_first_zero_bit(block->used, HMMCL_BLOCK_PAGES);
		__set_bit(index, block->used);
		block->nr_used++;
		dm->used_pages++;
		page = pfn_to_page(dm->first_pfn + (block - dm->blocks) * HMMCL_BLOCK_PAGES +
				   index);
	}
	spin_unlock(&dm->lock);
	if (!page)
		return NULL;

	/* Not page_folio(): the page may look like the tail of a folio long gone. */
	zone_device_folio_init((struct folio *)page, &dm->pgmap, 0);
	hmmcl_context_get(ctx);
	page->zone_device_data = ctx;
	atomic64_inc(&ctx->resident_pages);
	return page;
}

/**
 * hmmcl_devmem_alloc_huge - allocate a whole block as one folio
 * @hdev: device
 * @ctx: context that it is for
 * @block: block, got by hmmcl_block_get()
 *
 * Return: the first page, locked, with one reference; NULL if the block is in use.
 */
struct page *hmmcl_devmem_alloc_huge(struct hmmcl_device *hdev, struct hmmcl_context *ctx,
				     struct hmmcl_block *block)
{
	struct hmmcl_devmem *dm = &hdev->devmem;
	struct page *page;

	if (hmmcl_inject(hdev, HMMCL_INJECT_DEVMEM_ALLOC) ||
	    hmmcl_inject(hdev, HMMCL_INJECT_DEVMEM_HUGE))
		return NULL;

	spin_lock(&dm->lock);
	if (block->nr_used) {
		spin_unlock(&dm->lock);
		return NULL;
	}
	bitmap_fill(block->used, HMMCL_BLOCK_PAGES);
	block->nr_used = HMMCL_BLOCK_PAGES;
	block->large = true;
	dm->used_pages += HMMCL_BLOCK_PAGES;
	spin_unlock(&dm->lock);

	page = pfn_to_page(dm->first_pfn + (block - dm->blocks) * HMMCL_BLOCK_PAGES);
	zone_device_folio_init((struct folio *)page, &dm->pgmap, HMMCL_BLOCK_ORDER);
	hmmcl_context_get(ctx);
	page->zone_device_data = ctx;
	atomic64_add(HMMCL_BLOCK_PAGES, &ctx->resident_pages);
	WRITE_ONCE(ctx->client->has_large, true);
	return page;
}

/**
 * hmmcl_block_large_owner - whose large folio a block is
 * @hdev: device
 * @block: block
 * @addr: returns the address that it was migrated from
 *
 * Return: the context, referenced, or NULL if the block is no large folio.
 */
struct hmmcl_context *hmmcl_block_large_owner(struct hmmcl_device *hdev,
					      struct hmmcl_block *block, unsigned long *addr)
{
	struct hmmcl_devmem *dm = &hdev->devmem;
	struct page *page = pfn_to_page(dm->first_pfn + (block - dm->blocks) * HMMCL_BLOCK_PAGES);
	struct hmmcl_context *ctx = NULL;

	guard(spinlock)(&dm->lock);
	/* hmmcl_folio_free() drops the page's reference only after clearing large. */
	if (block->large)
		ctx = READ_ONCE(page->zone_device_data);
	if (ctx) {
		hmmcl_context_get(ctx);
		*addr = (block->key & GENMASK_ULL(35, 0)) << (PAGE_SHIFT + HMMCL_BLOCK_ORDER);
	}
	return ctx;
}

static void free_backing(struct hmmcl_devmem *dm)
{
	unsigned int i;

	for (i = 0; i < dm->nr_blocks; i++) {
		struct hmmcl_block *block = &dm->blocks[i];

		vunmap(block->map);
		if (block->backing)
			__free_pages(block->backing, HMMCL_BLOCK_ORDER);
	}
	kvfree(dm->blocks);
}

/*
 * Map a block's RAM once more for the kernel. In its direct map all blocks are aligned to 2 MiB,
 * as huge pages of system memory are: source and destination of a copy would throw each other,
 * word by word, out of a direct-mapped TLB, as emulators have them (13 times as slow). Areas of
 * vmap() lie a guard page more than 2 MiB apart.
 */
static void *map_backing(struct page *backing)
{
	struct page **pages = kmalloc_array(HMMCL_BLOCK_PAGES, sizeof(*pages), GFP_KERNEL);
	void *map = NULL;
	unsigned int i;

	for (i = 0; pages && i < HMMCL_BLOCK_PAGES; i++)
		pages[i] = backing + i;
	if (pages)
		map = vmap(pages, HMMCL_BLOCK_PAGES, VM_MAP, PAGE_KERNEL);
	kfree(pages);
	return map;
}

/**
 * hmmcl_devmem_init - create the device memory
 * @hdev: device
 * @megabytes: size, a multiple of 2
 *
 * Return: 0, or a negative error, logged.
 */
int hmmcl_devmem_init(struct hmmcl_device *hdev, unsigned int megabytes)
{
	struct hmmcl_devmem *dm = &hdev->devmem;
	struct device *dev = hdev->drm.dev;
	unsigned int i;
	void *addr;
	int ret;

	spin_lock_init(&dm->lock);
	mutex_init(&dm->evict_lock);
	INIT_LIST_HEAD(&dm->free);
	INIT_LIST_HEAD(&dm->lru);
	hash_init(dm->by_key);

	dm->nr_blocks = megabytes / (HMMCL_BLOCK_SIZE >> 20);
	dm->blocks = kvcalloc(dm->nr_blocks, sizeof(*dm->blocks), GFP_KERNEL);
	if (!dm->blocks)
		return -ENOMEM;
	for (i = 0; i < dm->nr_blocks; i++) {
		struct hmmcl_block *block = &dm->blocks[i];

		block->backing = alloc_pages(GFP_KERNEL | __GFP_NOWARN | __GFP_RETRY_MAYFAIL,
					     HMMCL_BLOCK_ORDER);
		if (!block->backing) {
			dev_err(dev,
				"no memory for device memory: got %u of %u blocks of 2 MiB; load with a smaller devmem_mb=, or earlier, before memory is fragmented\n",
				i, dm->nr_blocks);
			ret = -ENOMEM;
			goto err_backing;
		}
		block->map = map_backing(block->backing);
		if (!block->map) {
			dev_err(dev, "no kernel addresses for %u MiB of device memory\n",
				megabytes);
			ret = -ENOMEM;
			goto err_backing;
		}
		INIT_HLIST_NODE(&block->hash);
		list_add_tail(&block->link, &dm->free);
	}

	dm->region = request_free_mem_region(&iomem_resource,
					     (unsigned long)dm->nr_blocks * HMMCL_BLOCK_SIZE,
					     HMMCL_DRM_NAME);
	if (IS_ERR(dm->region)) {
		ret = PTR_ERR(dm->region);
		dev_err(dev, "no free physical addresses for %u MiB: %d\n", megabytes, ret);
		goto err_backing;
	}

	dm->pgmap.type = MEMORY_DEVICE_PRIVATE;
	dm->pgmap.range.start = dm->region->start;
	dm->pgmap.range.end = dm->region->end;
	dm->pgmap.nr_range = 1;
	dm->pgmap.ops = &hmmcl_pagemap_ops;
	dm->pgmap.owner = hdev;
	addr = memremap_pages(&dm->pgmap, NUMA_NO_NODE);
	if (IS_ERR(addr)) {
		ret = PTR_ERR(addr);
		dev_err(dev, "no struct pages for %u MiB of device memory: %d\n", megabytes, ret);
		goto err_region;
	}
	dm->first_pfn = PHYS_PFN(dm->region->start);
	return 0;

err_region:
	release_mem_region(dm->region->start, resource_size(dm->region));
err_backing:
	free_backing(dm);
	return ret;
}

/**
 * hmmcl_devmem_fini - give device memory back
 * @hdev: device
 *
 * No context exists any more, but processes may still have pages here, which were
 * theirs or came by fork: brings all of them home first.
 */
void hmmcl_devmem_fini(struct hmmcl_device *hdev)
{
	struct hmmcl_devmem *dm = &hdev->devmem;

	hmmcl_evict_all(hdev);
	memunmap_pages(&dm->pgmap);
	release_mem_region(dm->region->start, resource_size(dm->region));
	free_backing(dm);
}
