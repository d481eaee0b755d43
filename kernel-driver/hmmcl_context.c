// SPDX-License-Identifier: GPL-2.0-only
/*
 * Contexts: one open file of the render node each, bound to one mm.
 *
 * Lifetimes. The drm_file, every engine file, every fault that has dropped its lock
 * and every device page hold a reference to the context, which is only memory. What
 * the context does ends earlier, and for good: hmmcl_context_end() when the client's
 * mm goes away or the drm_file is closed. The context keeps the client's mm_struct
 * (mmgrab), never its memory (mmget) but for the time of one operation.
 */
#include <linux/sched/mm.h>
#include <linux/slab.h>

#include "hmmcl_drv.h"

static const struct address_space_operations hmmcl_aops;

/* A class of its own: it nests inside the i_mmap_rwsem of the client's files. */
static struct lock_class_key hmmcl_i_mmap_key;

/**
 * hmmcl_context_create - make a context, not bound to a client
 * @hdev: device
 * @id: DRM client id
 *
 * Return: the context with one reference, or an ERR_PTR.
 */
struct hmmcl_context *hmmcl_context_create(struct hmmcl_device *hdev, u64 id)
{
	struct hmmcl_context *ctx = kzalloc_obj(*ctx);

	if (!ctx)
		return ERR_PTR(-ENOMEM);
	kref_init(&ctx->ref);
	ctx->hdev = hdev;
	ctx->id = id;
	INIT_LIST_HEAD(&ctx->device_link);

	address_space_init_once(&ctx->mapping);
	ctx->mapping.a_ops = &hmmcl_aops;
	lockdep_set_class(&ctx->mapping.i_mmap_rwsem, &hmmcl_i_mmap_key);

	spin_lock_init(&ctx->engines_lock);
	INIT_LIST_HEAD(&ctx->engines);
	init_rwsem(&ctx->table_lock);
	xa_init(&ctx->outcomes);
	hmmcl_regions_init(ctx);

	ctx->policy_flags = HMMCL_POLICY_PMD_MAPPINGS |
			    (hmmcl_large_folios ? HMMCL_POLICY_LARGE_FOLIOS : 0);
	ctx->fault_batch = 64;
	ctx->return_batch = 64;
	return ctx;
}

/* May run in atomic context: the last reference may be a device page's. */
static void context_release(struct kref *ref)
{
	struct hmmcl_context *ctx = container_of(ref, struct hmmcl_context, ref);

	xa_destroy(&ctx->outcomes);
	xa_destroy(&ctx->regions);
	put_pid(ctx->owner);
	if (ctx->mm)
		mmdrop(ctx->mm);
	kfree(ctx);
}

void hmmcl_context_get(struct hmmcl_context *ctx)
{
	kref_get(&ctx->ref);
}

void hmmcl_context_put(struct hmmcl_context *ctx)
{
	kref_put(&ctx->ref, context_release);
}

/**
 * hmmcl_context_end - stop a context's engines for good
 * @ctx: context
 *
 * Never sleeps. Faults under way may still insert entries, until the notifiers of
 * the client's teardown, or hmmcl_context_close(), remove them.
 */
void hmmcl_context_end(struct hmmcl_context *ctx)
{
	WRITE_ONCE(ctx->ended, true);
	hmmcl_engines_kill(ctx, "its client is gone");
}

/**
 * hmmcl_context_close - end a context and drop what it holds of its client
 * @ctx: context whose drm_file is being closed
 */
void hmmcl_context_close(struct hmmcl_context *ctx)
{
	hmmcl_context_end(ctx);
	if (ctx->client) {
		mutex_lock(&ctx->hdev->contexts_lock);
		list_del(&ctx->device_link);
		mutex_unlock(&ctx->hdev->contexts_lock);
		hmmcl_regions_remove_all(ctx);
		hmmcl_client_unbind(ctx);
	}
	hmmcl_context_put(ctx);
}

/**
 * hmmcl_context_enter - begin an operation on the client's memory, for an ioctl
 * @ctx: context
 *
 * Return: 0 with the client's memory kept alive until hmmcl_context_leave();
 * -ENOTCONN if the context is not bound; -ECHILD if the caller is not the client;
 * -ESRCH if the context has ended.
 */
int hmmcl_context_enter(struct hmmcl_context *ctx)
{
	/* Pairs with hmmcl_client_bind(). */
	if (!smp_load_acquire(&ctx->client))
		return -ENOTCONN;
	if (READ_ONCE(ctx->ended))
		return -ESRCH;
	if (ctx->mm != current->mm)
		return -ECHILD;
	return mmget_not_zero(ctx->mm) ? 0 : -ESRCH;
}

void hmmcl_context_leave(struct hmmcl_context *ctx)
{
	mmput(ctx->mm);
}
