// SPDX-License-Identifier: GPL-2.0-only
/*
 * Engine files: how a process becomes the engine of a context, and how it ends.
 *
 * The engine's file and VMAs refer to the context, never to the client's drm_file:
 * so the client's exit closes the drm_file, which ends the engine, whatever the
 * engine holds.
 */
#include <linux/anon_inodes.h>
#include <linux/file.h>
#include <linux/mman.h>
#include <linux/pid.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>

#include <drm/drm_print.h>

#include "hmmcl_drv.h"
#include "hmmcl_trace.h"

/* Engines in one context: enough for any use, and no way to exhaust memory. */
#define HMMCL_MAX_ENGINES	64

/* The DRM core frees it through @base, which is therefore first. */
struct hmmcl_engine_event {
	struct drm_pending_event base;
	struct hmmcl_event_engine event;
};

/**
 * hmmcl_engine_mm_exists - whether an mm is an engine's
 * @hdev: device
 * @mm: mm
 *
 * Return: true if @mm has a mapping of an engine file.
 */
bool hmmcl_engine_mm_exists(struct hmmcl_device *hdev, struct mm_struct *mm)
{
	struct hmmcl_engine *engine;

	lockdep_assert_held(&hdev->roles_lock);
	list_for_each_entry(engine, &hdev->engine_mms, role_link)
		if (engine->mm == mm)
			return true;
	return false;
}

/**
 * hmmcl_vma_engine - the engine that a VMA belongs to
 * @vma: VMA, stable
 *
 * Return: the engine, or NULL if this is no VMA of an engine file.
 */
struct hmmcl_engine *hmmcl_vma_engine(struct vm_area_struct *vma)
{
	return vma->vm_ops == &hmmcl_vm_ops ? vma->vm_private_data : NULL;
}

/* The engine has gone: tell the client, once. */
static void engine_gone(struct hmmcl_engine *engine, u32 reason)
{
	struct hmmcl_engine_event *event = xchg(&engine->event, NULL);

	if (!event)
		return;
	event->event.reason = READ_ONCE(engine->killed) ? HMMCL_ENGINE_KILLED : reason;
	trace_hmmcl_engine(engine->ctx, engine->id, event->event.reason);
	drm_send_event(&engine->ctx->hdev->drm, &event->base);
}

/**
 * hmmcl_engines_kill - send SIGKILL to a context's engines
 * @ctx: context
 * @why: for the log
 *
 * Never sleeps. Only processes that have a mapping of an engine file are engines: one
 * that has called execve since is not touched.
 */
void hmmcl_engines_kill(struct hmmcl_context *ctx, const char *why)
{
	struct hmmcl_engine *engine;

	spin_lock(&ctx->engines_lock);
	list_for_each_entry(engine, &ctx->engines, link) {
		if (!engine->pid || engine->killed)
			continue;
		drm_dbg_driver(&ctx->hdev->drm, "context %llu: kill engine %u, pid %d: %s\n",
			       ctx->id, engine->id, pid_nr(engine->pid), why);
		WRITE_ONCE(engine->killed, true);
		hmmcl_count(ctx, HMMCL_STAT_ENGINES_KILLED);
		kill_pid(engine->pid, SIGKILL, 1);
	}
	spin_unlock(&ctx->engines_lock);
}

/* Take the calling process as the engine. Roles and engine fields change together. */
static int engine_attach(struct hmmcl_engine *engine)
{
	struct hmmcl_context *ctx = engine->ctx;
	struct hmmcl_device *hdev = ctx->hdev;
	struct mm_struct *mm = current->mm;

	guard(mutex)(&hdev->roles_lock);

	if (hmmcl_client_exists(hdev, mm) || mm_has_notifiers(mm))
		return -EPERM;
	if (engine->mm && engine->mm != mm)
		return -EBUSY;
	if (!READ_ONCE(engine->event))
		return -ESRCH;	/* it dropped its last mapping, and was reported gone */
	if (!engine->mm) {
		mmgrab(mm);
		engine->mm = mm;
	}
	if (!engine->vmas++) {
		list_add(&engine->role_link, &hdev->engine_mms);
		spin_lock(&ctx->engines_lock);
		engine->pid = get_pid(task_tgid(current));
		spin_unlock(&ctx->engines_lock);
	}
	/*
	 * Whoever ends the context takes engines_lock after setting ended: either it
	 * has seen the pid, or ended is seen here.
	 */
	if (READ_ONCE(ctx->ended))
		hmmcl_engines_kill(ctx, "its client is gone");
	return 0;
}

/* A VMA is gone. */
static void engine_detach(struct hmmcl_engine *engine)
{
	struct hmmcl_context *ctx = engine->ctx;
	struct pid *pid = NULL;

	mutex_lock(&ctx->hdev->roles_lock);
	if (!--engine->vmas) {
		list_del(&engine->role_link);
		spin_lock(&ctx->engines_lock);
		swap(pid, engine->pid);
		spin_unlock(&ctx->engines_lock);
		/* With the lock: from now on it cannot attach again. */
		engine_gone(engine, HMMCL_ENGINE_EXITED);
	}
	mutex_unlock(&ctx->hdev->roles_lock);
	put_pid(pid);
}

/* The core has split a VMA. */
void hmmcl_engine_vma_open(struct vm_area_struct *vma)
{
	struct hmmcl_engine *engine = vma->vm_private_data;

	mutex_lock(&engine->ctx->hdev->roles_lock);
	engine->vmas++;
	mutex_unlock(&engine->ctx->hdev->roles_lock);
}

void hmmcl_engine_vma_close(struct vm_area_struct *vma)
{
	engine_detach(vma->vm_private_data);
}

static int engine_mmap(struct file *file, struct vm_area_struct *vma)
{
	struct hmmcl_engine *engine = file->private_data;
	int ret;

	if (!(vma->vm_flags & VM_SHARED) || vma->vm_pgoff != vma->vm_start >> PAGE_SHIFT)
		return -EINVAL;
	if (vma->vm_flags & VM_EXEC)
		return -EPERM;	/* as the core does for files of a noexec file system */
	if (READ_ONCE(engine->ctx->ended))
		return -ESRCH;
	ret = engine_attach(engine);
	if (ret)
		return ret;

	/* VM_DONTCOPY: a child of the engine is no engine. */
	vm_flags_mod(vma, VM_PFNMAP | VM_IO | VM_DONTEXPAND | VM_DONTDUMP | VM_DONTCOPY,
		     VM_MAYEXEC);
	vma->vm_ops = &hmmcl_vm_ops;
	vma->vm_private_data = engine;
	return 0;
}

static int engine_release(struct inode *inode, struct file *file)
{
	struct hmmcl_engine *engine = file->private_data;
	struct hmmcl_context *ctx = engine->ctx;

	engine_gone(engine, HMMCL_ENGINE_NEVER_MAPPED);
	spin_lock(&ctx->engines_lock);
	list_del(&engine->link);
	ctx->nr_engines--;
	spin_unlock(&ctx->engines_lock);
	if (engine->mm)
		mmdrop(engine->mm);
	kfree(engine);
	hmmcl_context_put(ctx);
	return 0;
}

static const struct file_operations engine_fops = {
	.owner = THIS_MODULE,
	.mmap = engine_mmap,
	.release = engine_release,
	.llseek = noop_llseek,
	.fop_flags = FOP_UNSIGNED_OFFSET,
};

/* Reserve the engine's number and its place in the context. */
static int engine_add(struct hmmcl_context *ctx, struct hmmcl_engine *engine)
{
	guard(spinlock)(&ctx->engines_lock);

	if (ctx->nr_engines == HMMCL_MAX_ENGINES)
		return -ENOSPC;
	ctx->nr_engines++;
	engine->id = ++ctx->next_engine_id;
	list_add_tail(&engine->link, &ctx->engines);
	return 0;
}

/**
 * hmmcl_engine_create - make an engine file
 * @ctx: context, bound
 * @file: its drm_file, to which the engine's event goes
 * @args: ioctl's arguments, checked
 *
 * Return: 0 or a negative error.
 */
int hmmcl_engine_create(struct hmmcl_context *ctx, struct drm_file *file,
			struct drm_hmmcl_engine_create *args)
{
	struct drm_device *drm = &ctx->hdev->drm;
	struct hmmcl_engine *engine;
	struct hmmcl_engine_event *event;
	struct file *filp;
	int fd, ret;

	engine = kzalloc_obj(*engine);
	event = kzalloc_obj(*event);
	if (!engine || !event) {
		ret = -ENOMEM;
		goto err_free;
	}
	engine->ctx = ctx;
	ret = engine_add(ctx, engine);
	if (ret)
		goto err_free;

	/* Reserved now, so that it can not fail when it is needed. */
	event->event.base.type = HMMCL_EVENT_ENGINE_GONE;
	event->event.base.length = sizeof(event->event);
	event->event.engine_id = engine->id;
	event->event.user_data = args->user_data;
	ret = drm_event_reserve_init(drm, file, &event->base, &event->event.base);
	if (ret)
		goto err_remove;

	fd = get_unused_fd_flags(args->fd_flags);
	if (fd < 0) {
		ret = fd;
		goto err_event;
	}
	filp = anon_inode_getfile("[hmmcl-engine]", &engine_fops, engine, O_RDWR);
	if (IS_ERR(filp)) {
		ret = PTR_ERR(filp);
		goto err_fd;
	}
	/* All anonymous files have the one inode, which never goes away. */
	ctx->mapping.host = file_inode(filp);
	filp->f_mapping = &ctx->mapping;
	hmmcl_context_get(ctx);
	engine->event = event;

	args->fd = fd;
	args->engine_id = engine->id;
	fd_install(fd, filp);
	return 0;

err_fd:
	put_unused_fd(fd);
err_event:
	drm_event_cancel_free(drm, &event->base);
	event = NULL;
err_remove:
	spin_lock(&ctx->engines_lock);
	list_del(&engine->link);
	ctx->nr_engines--;
	spin_unlock(&ctx->engines_lock);
err_free:
	kfree(event);
	kfree(engine);
	return ret;
}
