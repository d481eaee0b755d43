// SPDX-License-Identifier: GPL-2.0-only
/*
 * Counters: for DRM_IOCTL_HMMCL_STATS and for fdinfo.
 */
#include <drm/drm_print.h>

#include "hmmcl_drv.h"

static const char * const stat_names[HMMCL_STAT_COUNT] = {
	[HMMCL_STAT_FAULTS] = "faults",
	[HMMCL_STAT_FAULTS_FAST] = "faults-fast",
	[HMMCL_STAT_FAULTS_SLOW] = "faults-slow",
	[HMMCL_STAT_FAULTS_WRITE] = "faults-write",
	[HMMCL_STAT_FAULTS_UPGRADE] = "faults-upgrade",
	[HMMCL_STAT_FAULTS_SIGSEGV] = "faults-sigsegv",
	[HMMCL_STAT_FAULTS_SIGBUS] = "faults-sigbus",
	[HMMCL_STAT_PTES] = "ptes",
	[HMMCL_STAT_PMDS] = "pmds",
	[HMMCL_STAT_TRYLOCK_FAILED] = "trylock-failed",
	[HMMCL_STAT_SEQ_RETRIES] = "seq-retries",
	[HMMCL_STAT_INVALIDATIONS] = "invalidations",
	[HMMCL_STAT_INVALIDATIONS_NONBLOCK] = "invalidations-nonblock",
	[HMMCL_STAT_REGIONS] = "regions",
	[HMMCL_STAT_PAGES_TO_DEVICE] = "pages-to-device",
	[HMMCL_STAT_PAGES_TO_SYSTEM] = "pages-to-system",
	[HMMCL_STAT_HUGE_TO_DEVICE] = "huge-to-device",
	[HMMCL_STAT_HUGE_TO_SYSTEM] = "huge-to-system",
	[HMMCL_STAT_CPU_FAULTS] = "cpu-faults",
	[HMMCL_STAT_CPU_FAULT_PAGES] = "cpu-fault-pages",
	[HMMCL_STAT_EVICTIONS] = "evictions",
	[HMMCL_STAT_EVICTED_PAGES] = "evicted-pages",
	[HMMCL_STAT_DEVMEM_TOTAL_PAGES] = "devmem-total-pages",
	[HMMCL_STAT_DEVMEM_USED_PAGES] = "devmem-used-pages",
	[HMMCL_STAT_ENGINES_KILLED] = "engines-killed",
};

/**
 * hmmcl_stats_read - read all counters
 * @ctx: context
 * @counters: HMMCL_STAT_COUNT of them
 */
void hmmcl_stats_read(struct hmmcl_context *ctx, u64 *counters)
{
	struct hmmcl_device *hdev = ctx->hdev;
	unsigned int i;

	/* Each counter is kept in one of the two places. */
	for (i = 0; i < HMMCL_STAT_COUNT; i++)
		counters[i] = atomic64_read(&ctx->stats[i]) + atomic64_read(&hdev->stats[i]);
	counters[HMMCL_STAT_DEVMEM_TOTAL_PAGES] =
		(u64)hdev->devmem.nr_blocks * HMMCL_BLOCK_PAGES;
	counters[HMMCL_STAT_DEVMEM_USED_PAGES] = READ_ONCE(hdev->devmem.used_pages);
}

static void print_size(struct drm_printer *p, const char *key, u64 pages)
{
	drm_printf(p, "%s:\t%llu KiB\n", key, pages << (PAGE_SHIFT - 10));
}

/**
 * hmmcl_show_fdinfo - the driver's part of /proc/PID/fdinfo/FD
 * @p: where to print
 * @file: file
 *
 * Keys as Documentation/gpu/drm-usage-stats.rst has them. Memory in "system" is the
 * client's own, and is not counted here: nothing of it belongs to the context.
 */
void hmmcl_show_fdinfo(struct drm_printer *p, struct drm_file *file)
{
	struct hmmcl_context *ctx = file->driver_priv;
	u64 pages = atomic64_read(&ctx->resident_pages);
	u64 counters[HMMCL_STAT_COUNT];
	unsigned int i;

	print_size(p, "drm-total-device", pages);
	print_size(p, "drm-resident-device", pages);
	print_size(p, "drm-shared-device", 0);
	print_size(p, "drm-purgeable-device", 0);
	print_size(p, "drm-active-device", pages);
	print_size(p, "drm-total-system", 0);
	print_size(p, "drm-resident-system", 0);

	hmmcl_stats_read(ctx, counters);
	for (i = 0; i < HMMCL_STAT_COUNT; i++)
		drm_printf(p, "hmmcl-%s:\t%llu\n", stat_names[i], counters[i]);
}
