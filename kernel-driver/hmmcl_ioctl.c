// SPDX-License-Identifier: GPL-2.0-only
/*
 * The ioctls: every field is checked here, and only here.
 */
#include <linux/fcntl.h>
#include <linux/log2.h>
#include <linux/uaccess.h>

#include <drm/drm_ioctl.h>

#include "hmmcl_drv.h"

/* A range of user addresses: page aligned, not empty, no wrap, canonical. */
static bool range_ok(u64 addr, u64 length)
{
	u64 end;

	return PAGE_ALIGNED(addr) && PAGE_ALIGNED(length) && length &&
	       !check_add_overflow(addr, length, &end) && end <= TASK_SIZE_MAX;
}

static u64 capabilities(void)
{
	return HMMCL_CAP_PMD_MAPPINGS | (hmmcl_large_folios ? HMMCL_CAP_LARGE_FOLIOS : 0) |
	       (hmmcl_debug_inject ? HMMCL_CAP_INJECT : 0);
}

static int hmmcl_ioctl_bind(struct drm_device *drm, void *data, struct drm_file *file)
{
	struct hmmcl_device *hdev = to_hmmcl_device(drm);
	struct hmmcl_context *ctx = file->driver_priv;
	struct drm_hmmcl_bind *args = data;
	bool understood = args->version_major == HMMCL_DRM_MAJOR &&
			  args->version_minor <= HMMCL_DRM_MINOR;
	int ret;

	if (args->flags || args->reserved[0] || args->reserved[1])
		return -EINVAL;

	args->version_major = HMMCL_DRM_MAJOR;
	args->version_minor = HMMCL_DRM_MINOR;
	if (!understood)
		return -EPROTONOSUPPORT;
	ret = hmmcl_client_bind(ctx);
	if (ret)
		return ret;

	mutex_lock(&hdev->contexts_lock);
	list_add_tail(&ctx->device_link, &hdev->contexts);
	mutex_unlock(&hdev->contexts_lock);

	args->caps = capabilities();
	args->devmem_bytes = (u64)hdev->devmem.nr_blocks * HMMCL_BLOCK_SIZE;
	args->page_size = PAGE_SIZE;
	args->huge_page_size = PMD_SIZE;
	return 0;
}

static int hmmcl_ioctl_engine_create(struct drm_device *drm, void *data, struct drm_file *file)
{
	struct hmmcl_context *ctx = file->driver_priv;
	struct drm_hmmcl_engine_create *args = data;
	int ret;

	if (args->fd_flags & ~O_CLOEXEC || args->pad || args->reserved)
		return -EINVAL;
	ret = hmmcl_context_enter(ctx);
	if (ret)
		return ret;
	ret = hmmcl_engine_create(ctx, file, args);
	hmmcl_context_leave(ctx);
	return ret;
}

static int hmmcl_ioctl_migrate(struct drm_device *drm, void *data, struct drm_file *file)
{
	struct hmmcl_context *ctx = file->driver_priv;
	struct drm_hmmcl_migrate *args = data;
	int ret;

	if (!range_ok(args->addr, args->length) || args->flags || args->reserved ||
	    args->destination > HMMCL_MIGRATE_TO_DEVICE)
		return -EINVAL;
	ret = hmmcl_context_enter(ctx);
	if (ret)
		return ret;
	args->pages_done = 0;
	args->pages_moved = 0;
	args->pages_resident = 0;
	args->pages_empty = 0;
	args->pages_busy = 0;
	args->pages_unsupported = 0;
	args->pages_huge = 0;
	ret = hmmcl_migrate(ctx, args);
	hmmcl_context_leave(ctx);
	return ret;
}

static bool batch_ok(u32 pages)
{
	return pages && pages <= HMMCL_BLOCK_PAGES && is_power_of_2(pages);
}

static int hmmcl_ioctl_policy(struct drm_device *drm, void *data, struct drm_file *file)
{
	const u32 known_flags = HMMCL_POLICY_PMD_MAPPINGS | HMMCL_POLICY_LARGE_FOLIOS |
				HMMCL_POLICY_NO_FAST_PATH;
	const u32 known_set = HMMCL_POLICY_SET_FLAGS | HMMCL_POLICY_SET_FAULT_BATCH |
			      HMMCL_POLICY_SET_RETURN_BATCH;
	struct hmmcl_context *ctx = file->driver_priv;
	struct drm_hmmcl_policy *args = data;
	int ret;

	if (args->set & ~known_set || args->flags & ~known_flags || args->reserved[0] ||
	    args->reserved[1])
		return -EINVAL;
	if (args->set & HMMCL_POLICY_SET_FAULT_BATCH && !batch_ok(args->fault_batch))
		return -EINVAL;
	if (args->set & HMMCL_POLICY_SET_RETURN_BATCH && !batch_ok(args->return_batch))
		return -EINVAL;
	if (args->set & HMMCL_POLICY_SET_FLAGS && args->flags & HMMCL_POLICY_LARGE_FOLIOS &&
	    !(capabilities() & HMMCL_CAP_LARGE_FOLIOS))
		return -EOPNOTSUPP;
	ret = hmmcl_context_enter(ctx);
	if (ret)
		return ret;

	if (args->set & HMMCL_POLICY_SET_FLAGS)
		WRITE_ONCE(ctx->policy_flags, args->flags);
	if (args->set & HMMCL_POLICY_SET_FAULT_BATCH)
		WRITE_ONCE(ctx->fault_batch, args->fault_batch);
	if (args->set & HMMCL_POLICY_SET_RETURN_BATCH)
		WRITE_ONCE(ctx->return_batch, args->return_batch);
	args->flags = READ_ONCE(ctx->policy_flags);
	args->fault_batch = READ_ONCE(ctx->fault_batch);
	args->return_batch = READ_ONCE(ctx->return_batch);
	hmmcl_context_leave(ctx);
	return 0;
}

static int hmmcl_ioctl_stats(struct drm_device *drm, void *data, struct drm_file *file)
{
	struct hmmcl_context *ctx = file->driver_priv;
	struct drm_hmmcl_stats *args = data;
	u64 counters[HMMCL_STAT_COUNT];
	u32 count = min_t(u32, args->count, HMMCL_STAT_COUNT);
	int ret;

	if (args->flags)
		return -EINVAL;
	ret = hmmcl_context_enter(ctx);
	if (ret)
		return ret;
	hmmcl_stats_read(ctx, counters);
	hmmcl_context_leave(ctx);
	args->count = HMMCL_STAT_COUNT;
	if (copy_to_user(u64_to_user_ptr(args->counters), counters, count * sizeof(*counters)))
		return -EFAULT;
	return 0;
}

static int hmmcl_ioctl_zap(struct drm_device *drm, void *data, struct drm_file *file)
{
	struct hmmcl_context *ctx = file->driver_priv;
	struct drm_hmmcl_zap *args = data;
	int ret;

	if (!range_ok(args->addr, args->length) || args->flags)
		return -EINVAL;
	ret = hmmcl_context_enter(ctx);
	if (ret)
		return ret;
	hmmcl_zap(ctx, args->addr, args->addr + args->length);
	hmmcl_context_leave(ctx);
	return 0;
}

static int hmmcl_ioctl_snapshot(struct drm_device *drm, void *data, struct drm_file *file)
{
	struct hmmcl_context *ctx = file->driver_priv;
	struct drm_hmmcl_snapshot *args = data;
	int ret;

	if (!range_ok(args->addr, args->length) || args->flags ||
	    args->length >> PAGE_SHIFT > HMMCL_SNAPSHOT_MAX_PAGES)
		return -EINVAL;
	ret = hmmcl_context_enter(ctx);
	if (ret)
		return ret;
	ret = hmmcl_snapshot(ctx, args);
	hmmcl_context_leave(ctx);
	return ret;
}

static int hmmcl_ioctl_inject(struct drm_device *drm, void *data, struct drm_file *file)
{
	struct hmmcl_device *hdev = to_hmmcl_device(drm);
	struct hmmcl_context *ctx = file->driver_priv;
	struct drm_hmmcl_inject *args = data;
	int ret;

	if (args->kind < HMMCL_INJECT_DEVMEM_ALLOC || args->kind > HMMCL_INJECT_SEQ_RETRY ||
	    args->count > INT_MAX || args->reserved)
		return -EINVAL;
	if (!hmmcl_debug_inject)
		return -EOPNOTSUPP;
	ret = hmmcl_context_enter(ctx);
	if (ret)
		return ret;
	atomic_set(&hdev->inject[args->kind], args->count);
	hmmcl_context_leave(ctx);
	return 0;
}

const struct drm_ioctl_desc hmmcl_ioctls[HMMCL_NUM_IOCTLS] = {
	DRM_IOCTL_DEF_DRV(HMMCL_BIND, hmmcl_ioctl_bind, DRM_RENDER_ALLOW),
	DRM_IOCTL_DEF_DRV(HMMCL_ENGINE_CREATE, hmmcl_ioctl_engine_create, DRM_RENDER_ALLOW),
	DRM_IOCTL_DEF_DRV(HMMCL_MIGRATE, hmmcl_ioctl_migrate, DRM_RENDER_ALLOW),
	DRM_IOCTL_DEF_DRV(HMMCL_POLICY, hmmcl_ioctl_policy, DRM_RENDER_ALLOW),
	DRM_IOCTL_DEF_DRV(HMMCL_STATS, hmmcl_ioctl_stats, DRM_RENDER_ALLOW),
	DRM_IOCTL_DEF_DRV(HMMCL_ZAP, hmmcl_ioctl_zap, DRM_RENDER_ALLOW),
	DRM_IOCTL_DEF_DRV(HMMCL_SNAPSHOT, hmmcl_ioctl_snapshot, DRM_RENDER_ALLOW),
	DRM_IOCTL_DEF_DRV(HMMCL_INJECT, hmmcl_ioctl_inject, DRM_RENDER_ALLOW),
};
