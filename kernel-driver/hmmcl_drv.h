/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The driver's objects and what its files offer each other. hmmcl_drv.c has the
 * overview and the locking rules.
 */
#ifndef _HMMCL_DRV_H_
#define _HMMCL_DRV_H_

#include <linux/completion.h>
#include <linux/fs.h>
#include <linux/hmm.h>
#include <linux/kref.h>
#include <linux/mm.h>
#include <linux/mmu_notifier.h>
#include <linux/mutex.h>
#include <linux/rwsem.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>
#include <linux/xarray.h>

#include <drm/drm_device.h>
#include <drm/drm_file.h>
#include <drm/drm_ioctl.h>

#include <drm/hmmcl_drm.h>

#include "hmmcl_compat.h"
#include "hmmcl_devmem.h"

struct hmmcl_engine_event;

/**
 * struct hmmcl_device - the one device
 * @drm: base
 * @devmem: device memory
 * @roles_lock: guards @clients, @engine_mms, &hmmcl_client.contexts, and the roles
 *	of every mm: it is a client, an engine or neither, never both
 * @clients: &hmmcl_client.link
 * @engine_mms: &hmmcl_engine.role_link, engines that have a mapping
 * @contexts_lock: guards @contexts
 * @contexts: &hmmcl_context.device_link, bound ones, for debugfs
 * @wq: where empty regions are collected
 * @stats: counters of the device, by enum drm_hmmcl_stat
 * @inject: failures still to be injected, by HMMCL_INJECT_*
 */
struct hmmcl_device {
	struct drm_device drm;
	struct hmmcl_devmem devmem;

	struct mutex roles_lock;
	struct list_head clients;
	struct list_head engine_mms;

	struct mutex contexts_lock;
	struct list_head contexts;

	struct workqueue_struct *wq;
	atomic64_t stats[HMMCL_STAT_COUNT];
	atomic_t inject[HMMCL_INJECT_SEQ_RETRY + 1];
};

static inline struct hmmcl_device *to_hmmcl_device(struct drm_device *drm)
{
	return container_of(drm, struct hmmcl_device, drm);
}

/**
 * struct hmmcl_client - an mm that has contexts
 * @notifier: tells when the mm goes away
 * @hdev: device
 * @link: in &hmmcl_device.clients
 * @lock: guards @contexts; a spinlock, since ->release() takes it
 * @contexts: &hmmcl_context.client_link
 * @binds: contexts bound, under &hmmcl_device.roles_lock
 * @has_large: pages were migrated as large folios
 * @split_pfns: for splitting them, under the mm's mmap lock held for writing
 */
struct hmmcl_client {
	struct mmu_notifier notifier;
	struct hmmcl_device *hdev;
	struct list_head link;
	spinlock_t lock;
	struct list_head contexts;
	unsigned int binds;
	bool has_large;
	unsigned long split_pfns[2 * HMMCL_BLOCK_PAGES];
};

/**
 * struct hmmcl_context - one open file of the render node
 * @ref: one of the drm_file, one of each engine file, of each fault that has
 *	dropped its lock, and of each device page (for @resident_pages)
 * @hdev: device
 * @client: client, once bound
 * @mm: the client's mm, once bound; held by mmgrab()
 * @owner: the client's thread group, for the log and to grow its stack
 * @client_link: in &hmmcl_client.contexts
 * @device_link: in &hmmcl_device.contexts
 * @id: DRM client id, for the log
 * @ended: no engine can do anything any more
 * @mapping: all engine VMAs of this context hang here, file offset == address
 * @engines_lock: guards @engines, @next_engine_id, &hmmcl_engine.pid
 * @engines: &hmmcl_engine.link
 * @nr_engines: their number
 * @next_engine_id: last id given
 * @policy_flags: HMMCL_POLICY_*
 * @fault_batch: pages mapped around a fault
 * @return_batch: pages brought home around a CPU fault
 * @table_lock: keeps an engine's PTE tables and PMD entries apart, see
 *	hmmcl_insert.c
 * @regions_lock: serialises adding and removing regions
 * @regions: &struct hmmcl_region by address / HMMCL_REGION_SIZE; read under RCU
 * @gc_lock: guards @gc_list
 * @gc_list: &hmmcl_region.gc_link, regions that may have become empty
 * @gc_work: frees those that have
 * @outcomes: results of faults that dropped the lock, by the thread's pid
 * @resident_pages: device pages that this context migrated
 * @stats: counters, by enum drm_hmmcl_stat
 */
struct hmmcl_context {
	struct kref ref;
	struct hmmcl_device *hdev;
	struct hmmcl_client *client;
	struct mm_struct *mm;
	struct pid *owner;
	struct list_head client_link;
	struct list_head device_link;
	u64 id;
	bool ended;

	struct address_space mapping;

	spinlock_t engines_lock;
	struct list_head engines;
	unsigned int nr_engines;
	u32 next_engine_id;

	u32 policy_flags;
	u32 fault_batch;
	u32 return_batch;

	struct rw_semaphore table_lock;

	struct mutex regions_lock;
	struct xarray regions;
	spinlock_t gc_lock;
	struct list_head gc_list;
	struct work_struct gc_work;

	struct xarray outcomes;

	atomic64_t resident_pages;
	atomic64_t stats[HMMCL_STAT_COUNT];
};

/**
 * struct hmmcl_engine - one engine file
 * @ctx: context, referenced
 * @id: number in its context
 * @link: in &hmmcl_context.engines
 * @role_link: in &hmmcl_device.engine_mms while @vmas > 0
 * @mm: the engine's mm from the first mmap on; held by mmgrab()
 * @vmas: its VMAs of this file, under &hmmcl_device.roles_lock
 * @pid: its thread group while @vmas > 0, under &hmmcl_context.engines_lock
 * @killed: the driver sent SIGKILL
 * @event: sent once, when the engine has gone; NULL afterwards
 *
 * Lives as long as its file, which every VMA of it holds.
 */
struct hmmcl_engine {
	struct hmmcl_context *ctx;
	u32 id;
	struct list_head link;
	struct list_head role_link;
	struct mm_struct *mm;
	unsigned int vmas;
	struct pid *pid;
	bool killed;
	struct hmmcl_engine_event *event;
};

/* Size and alignment of a region: what one interval notifier covers */
#define HMMCL_REGION_SHIFT	25
#define HMMCL_REGION_SIZE	(1UL << HMMCL_REGION_SHIFT)

/**
 * struct hmmcl_region - an aligned part of the client's addresses
 * @notifier: the client's changes there
 * @ref: one of the context's tree, one of each fault that uses it
 * @ctx: context, valid while the region is not @dead
 * @start: first address
 * @end: first address behind it
 * @lock: the notifier lock: held for reading to insert engine entries, for
 *	writing to move the sequence on
 * @dead: removed: nothing invalidates engine entries any more, so none may be made
 * @gc_link: in &hmmcl_context.gc_list, or empty
 * @rcu: frees it
 */
struct hmmcl_region {
	struct mmu_interval_notifier notifier;
	struct kref ref;
	struct hmmcl_context *ctx;
	unsigned long start;
	unsigned long end;
	struct rw_semaphore lock;
	bool dead;
	struct list_head gc_link;
	struct rcu_head rcu;
};

/* hmmcl_client.c */
int hmmcl_client_bind(struct hmmcl_context *ctx);
void hmmcl_client_unbind(struct hmmcl_context *ctx);
bool hmmcl_client_exists(struct hmmcl_device *hdev, struct mm_struct *mm);

/* hmmcl_context.c */
struct hmmcl_context *hmmcl_context_create(struct hmmcl_device *hdev, u64 id);
void hmmcl_context_get(struct hmmcl_context *ctx);
void hmmcl_context_put(struct hmmcl_context *ctx);
void hmmcl_context_end(struct hmmcl_context *ctx);
void hmmcl_context_close(struct hmmcl_context *ctx);
int hmmcl_context_enter(struct hmmcl_context *ctx);
void hmmcl_context_leave(struct hmmcl_context *ctx);

/* hmmcl_engine.c */
int hmmcl_engine_create(struct hmmcl_context *ctx, struct drm_file *file,
			struct drm_hmmcl_engine_create *args);
void hmmcl_engines_kill(struct hmmcl_context *ctx, const char *why);
bool hmmcl_engine_mm_exists(struct hmmcl_device *hdev, struct mm_struct *mm);
struct hmmcl_engine *hmmcl_vma_engine(struct vm_area_struct *vma);
void hmmcl_engine_vma_open(struct vm_area_struct *vma);
void hmmcl_engine_vma_close(struct vm_area_struct *vma);

/* hmmcl_fault.c */

/**
 * struct hmmcl_window - the pages that one fault looks at
 * @region: region that they lie in, referenced
 * @range: for hmm_range_fault()
 * @addr: page-aligned address of the fault
 * @write: it was a write
 * @huge: a PMD entry is wanted
 * @small: @range's pfns, if they fit
 */
struct hmmcl_window {
	struct hmmcl_region *region;
	struct hmm_range range;
	unsigned long addr;
	bool write;
	bool huge;
	unsigned long small[64];
};

static inline unsigned long hmmcl_window_pages(const struct hmmcl_window *win)
{
	return (win->range.end - win->range.start) >> PAGE_SHIFT;
}

/* The entry of the faulting page. */
static inline unsigned long hmmcl_window_pfn(const struct hmmcl_window *win)
{
	return win->range.hmm_pfns[(win->addr - win->range.start) >> PAGE_SHIFT];
}

extern const struct vm_operations_struct hmmcl_vm_ops;

/* hmmcl_insert.c */
int hmmcl_insert_ptes(struct hmmcl_context *ctx, struct vm_area_struct *vma,
		      struct hmmcl_window *win);
vm_fault_t hmmcl_insert_pmd(struct hmmcl_context *ctx, struct vm_fault *vmf,
			    struct hmmcl_window *win);
struct page *hmmcl_hmm_page(unsigned long hmm_pfn, unsigned long addr);
pmd_t *hmmcl_lookup_pmd(struct mm_struct *mm, unsigned long addr);

/* hmmcl_large.c */
extern bool hmmcl_large_folios;

/**
 * struct hmmcl_guard - holds back who would zap all of a range
 * @notifier: of the range
 * @hdev: device
 * @task: who migrates
 * @start: first address
 * @end: first address behind it
 * @done: the migration is done
 */
struct hmmcl_guard {
	struct mmu_interval_notifier notifier;
	struct hmmcl_device *hdev;
	struct task_struct *task;
	unsigned long start;
	unsigned long end;
	struct completion done;
};

int hmmcl_guard_begin(struct hmmcl_guard *guard, struct hmmcl_device *hdev, struct mm_struct *mm,
		      unsigned long start, unsigned long end);
void hmmcl_guard_end(struct hmmcl_guard *guard);
int hmmcl_split_part(struct hmmcl_device *hdev, struct vm_area_struct *vma, unsigned long start,
		     unsigned long end, unsigned long *pfns);
void hmmcl_split_for_change(struct hmmcl_client *client, const struct mmu_notifier_range *range);
void hmmcl_split_all(struct hmmcl_client *client);
bool hmmcl_split_for_fault(struct hmmcl_device *hdev, struct vm_fault *vmf);

/* hmmcl_mirror.c */
struct hmmcl_region *hmmcl_region_find(struct hmmcl_context *ctx, unsigned long addr);
struct hmmcl_region *hmmcl_region_get(struct hmmcl_context *ctx, unsigned long addr);
void hmmcl_region_put(struct hmmcl_region *region);
bool hmmcl_region_valid(struct hmmcl_region *region, unsigned long seq);
void hmmcl_regions_init(struct hmmcl_context *ctx);
void hmmcl_regions_remove_all(struct hmmcl_context *ctx);
void hmmcl_zap(struct hmmcl_context *ctx, unsigned long start, unsigned long end);

/* hmmcl_ioctl.c */
#define HMMCL_NUM_IOCTLS	(DRM_HMMCL_INJECT + 1)
extern const struct drm_ioctl_desc hmmcl_ioctls[HMMCL_NUM_IOCTLS];

/* hmmcl_migrate.c */
int hmmcl_migrate(struct hmmcl_context *ctx, struct drm_hmmcl_migrate *args);

/* hmmcl_return.c */
vm_fault_t hmmcl_migrate_to_ram(struct vm_fault *vmf);
void hmmcl_return_pages(struct hmmcl_device *hdev, unsigned long *src, unsigned long *dst,
			unsigned long pages, struct vm_area_struct *vma, unsigned long addr);
unsigned long hmmcl_return_huge(struct hmmcl_device *hdev, struct vm_area_struct *vma,
				unsigned long addr, struct page *fault_page, unsigned long *pfns);
unsigned long hmmcl_moved(const unsigned long *src, const unsigned long *dst,
			  unsigned long pages, unsigned long *huge);

/* hmmcl_snapshot.c */

/**
 * struct hmmcl_probe - looks at the client's pages without faulting them in
 * @notifier: of the whole range, as hmm_range_fault() wants one
 */
struct hmmcl_probe {
	struct mmu_interval_notifier notifier;
};

int hmmcl_probe_begin(struct hmmcl_probe *probe, struct mm_struct *mm, unsigned long start,
		      unsigned long end);
int hmmcl_probe_read(struct hmmcl_probe *probe, struct hmmcl_device *hdev, unsigned long start,
		     unsigned long end, unsigned long *pfns);
void hmmcl_probe_end(struct hmmcl_probe *probe);
int hmmcl_snapshot(struct hmmcl_context *ctx, const struct drm_hmmcl_snapshot *args);

/* hmmcl_stats.c */
void hmmcl_stats_read(struct hmmcl_context *ctx, u64 *counters);
void hmmcl_show_fdinfo(struct drm_printer *p, struct drm_file *file);

/* hmmcl_debugfs.c */
void hmmcl_debugfs_init(struct hmmcl_device *hdev);

/* hmmcl_inject.c */
extern bool hmmcl_debug_inject;
bool hmmcl_inject(struct hmmcl_device *hdev, unsigned int kind);

/* Counters */
static inline void hmmcl_count_n(struct hmmcl_context *ctx, enum drm_hmmcl_stat stat, s64 n)
{
	atomic64_add(n, &ctx->stats[stat]);
}

static inline void hmmcl_count(struct hmmcl_context *ctx, enum drm_hmmcl_stat stat)
{
	hmmcl_count_n(ctx, stat, 1);
}

static inline void hmmcl_count_device(struct hmmcl_device *hdev, enum drm_hmmcl_stat stat, s64 n)
{
	atomic64_add(n, &hdev->stats[stat]);
}

#endif
