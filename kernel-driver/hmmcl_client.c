// SPDX-License-Identifier: GPL-2.0-only
/*
 * Clients: which mms have contexts, and what happens when one goes away.
 *
 * The driver zaps the engine's page table inside the client's notifiers, and zapping
 * calls the notifiers of the engine's mm. If an mm could be the client of one context
 * and the engine of another, two processes could form a ring, and an munmap in one of
 * them would recurse until the kernel's stack overflows. So an mm has one role at
 * most, decided under one lock, both at bind and at mmap.
 */
#include <linux/sched/mm.h>
#include <linux/slab.h>

#include "hmmcl_drv.h"

static struct hmmcl_client *to_client(struct mmu_notifier *notifier)
{
	return container_of(notifier, struct hmmcl_client, notifier);
}

/* The client's mm is about to be torn down: exit, execve, or the last context closed. */
static void client_release(struct mmu_notifier *notifier, struct mm_struct *mm)
{
	struct hmmcl_client *client = to_client(notifier);
	struct hmmcl_context *ctx;

	spin_lock(&client->lock);
	list_for_each_entry(ctx, &client->contexts, client_link)
		hmmcl_context_end(ctx);
	spin_unlock(&client->lock);
}

static struct mmu_notifier *client_alloc(struct mm_struct *mm)
{
	struct hmmcl_client *client = kzalloc_obj(*client);

	if (!client)
		return ERR_PTR(-ENOMEM);
	INIT_LIST_HEAD(&client->link);
	INIT_LIST_HEAD(&client->contexts);
	spin_lock_init(&client->lock);
	return &client->notifier;
}

static void client_free(struct mmu_notifier *notifier)
{
	kfree(to_client(notifier));
}

static int client_invalidate_start(struct mmu_notifier *notifier,
				   const struct mmu_notifier_range *range)
{
	hmmcl_split_for_change(to_client(notifier), range);
	return 0;
}

static const struct mmu_notifier_ops client_ops = {
	.release = client_release,
	.invalidate_range_start = client_invalidate_start,
	.alloc_notifier = client_alloc,
	.free_notifier = client_free,
};

/**
 * hmmcl_client_exists - whether an mm is a client
 * @hdev: device
 * @mm: mm
 *
 * Return: true if some context is bound to @mm.
 */
bool hmmcl_client_exists(struct hmmcl_device *hdev, struct mm_struct *mm)
{
	struct hmmcl_client *client;

	lockdep_assert_held(&hdev->roles_lock);
	list_for_each_entry(client, &hdev->clients, link)
		if (client->notifier.mm == mm)
			return true;
	return false;
}

/**
 * hmmcl_client_bind - make current->mm the client of a context
 * @ctx: context, not bound
 *
 * Return: 0, -EBUSY if the context is bound, -EPERM if the mm is an engine's,
 * -ENOMEM, -EINTR.
 */
int hmmcl_client_bind(struct hmmcl_context *ctx)
{
	struct hmmcl_device *hdev = ctx->hdev;
	struct mm_struct *mm = current->mm;
	struct mmu_notifier *notifier;
	struct hmmcl_client *client;
	int ret = 0;

	/* The same order as in mmap: the mm's lock, then the roles. */
	if (mmap_write_lock_killable(mm))
		return -EINTR;
	mutex_lock(&hdev->roles_lock);

	if (ctx->client) {
		ret = -EBUSY;
		goto out;
	}
	if (hmmcl_engine_mm_exists(hdev, mm)) {
		ret = -EPERM;
		goto out;
	}
	notifier = mmu_notifier_get_locked(&client_ops, mm);
	if (IS_ERR(notifier)) {
		ret = PTR_ERR(notifier);
		goto out;
	}
	client = to_client(notifier);
	if (!client->binds++) {
		client->hdev = hdev;
		list_add(&client->link, &hdev->clients);
	}

	mmgrab(mm);
	ctx->mm = mm;
	ctx->owner = get_pid(task_tgid(current));
	spin_lock(&client->lock);
	list_add(&ctx->client_link, &client->contexts);
	spin_unlock(&client->lock);
	/* Pairs with hmmcl_context_enter(): whoever sees the client sees the mm. */
	smp_store_release(&ctx->client, client);
out:
	mutex_unlock(&hdev->roles_lock);
	mmap_write_unlock(mm);
	return ret;
}

/**
 * hmmcl_client_unbind - undo hmmcl_client_bind()
 * @ctx: context, without regions
 */
void hmmcl_client_unbind(struct hmmcl_context *ctx)
{
	struct hmmcl_device *hdev = ctx->hdev;
	struct hmmcl_client *client = ctx->client;

	/* The last one's split is the one that counts; the others cost only time. */
	hmmcl_split_all(client);

	mutex_lock(&hdev->roles_lock);
	spin_lock(&client->lock);
	list_del(&ctx->client_link);
	spin_unlock(&client->lock);
	if (!--client->binds)
		list_del(&client->link);
	mmu_notifier_put(&client->notifier);
	mutex_unlock(&hdev->roles_lock);
}
