// SPDX-License-Identifier: GPL-2.0-only
/*
 * Module, device, file operations; and the overview of it all.
 */
#include <linux/device/faux.h>
#include <linux/module.h>

#include <drm/drm_drv.h>
#include <drm/drm_file.h>
#include <drm/drm_ioctl.h>
#include <drm/drm_print.h>

#include "hmmcl_drv.h"

/**
 * DOC: Overview
 *
 * hmmcl gives a process, the *client*, a compute device that shares its whole address
 * space. The device is another process, the *engine*, which runs on the CPU: the MMU
 * that serves it is the device's MMU. Its address space is covered by mappings of an
 * engine file, with file offset equal to address, and:
 *
 * - A fault of the engine looks the address up in the client's mm through HMM and
 *   writes what it finds into the engine's page table (hmmcl_fault.c,
 *   hmmcl_insert.c).
 * - A change of the client's mappings arrives as an interval notification of a region
 *   and drops the engine's entries for that range (hmmcl_mirror.c).
 * - Device memory is a pool of device-private pages, each with RAM behind it
 *   (hmmcl_devmem.c). Pages of the client are moved there when it asks
 *   (hmmcl_migrate.c); the engine then maps the RAM behind them. They come home when
 *   the client asks, when a CPU touches them (hmmcl_return.c), and when room is needed
 *   (hmmcl_evict.c).
 *
 * A context is one open file of the render node, bound to one mm for good
 * (hmmcl_context.c, hmmcl_client.c). Engines are files made by a context
 * (hmmcl_engine.c); an engine ends with its context.
 */

/**
 * DOC: Locking
 *
 * In this order, outer first; those of one line are never held together:
 *
 * 1. an mm's mmap lock or a VMA's lock
 * 2. &hmmcl_device.roles_lock (mutex; roles of mms, contexts of a client);
 *    &hmmcl_device.contexts_lock (mutex; debugfs)
 * 3. &hmmcl_context.table_lock (rwsem; PTE tables against PMD entries of an engine;
 *    allocates)
 * 4. a notifier section of the client's mm
 * 5. &hmmcl_region.lock (rwsem; the notifier lock: nothing allocates under it, since
 *    reclaim invalidates)
 * 6. &hmmcl_context.mapping's i_mmap_rwsem; the engine's page table locks
 * 7. &hmmcl_client.lock, &hmmcl_context.engines_lock, &hmmcl_context.gc_lock,
 *    &hmmcl_devmem.lock (spinlocks)
 *
 * &hmmcl_context.regions_lock is outside of all of them (adding a notifier may take the
 * mmap lock), and &hmmcl_devmem.evict_lock is inside 1 and outside 4.
 *
 * Two mmap locks. A fault holds the engine's lock. It only ever *tries* to take the
 * client's (fast path), or has dropped the engine's before (slow path). So neither
 * waits for the other.
 *
 * Validation. What was read of the client's page table is worth something only if no
 * invalidation has come since: hmmcl_region_valid() asserts that the region's lock is
 * held, under which entries are then made; region_invalidate() takes it for writing to
 * move the sequence on, and drops entries after that.
 *
 * Zapping in a notifier is a notifier section of the engine's mm inside one of the
 * client's: see hmmcl_zap(). It must not recurse, so an mm is never a client and an
 * engine: hmmcl_client_exists() and hmmcl_engine_mm_exists() assert roles_lock. A
 * section that can not sleep is refused, and kills the engine: see region_invalidate().
 *
 * No lock of the driver is held while pages migrate, but evict_lock, which nobody
 * takes who holds a folio lock; and the guard of a large folio on its way home. That
 * holds back sections of the client's own tasks for all of its range, which hold no
 * lock that a migration takes but the mmap lock for reading; not reclaim, and not
 * what other processes do by rmap, inside rmap locks (guard_invalidate()).
 */

/**
 * DOC: Examples
 *
 * A client::
 *
 *	fd = open("/dev/dri/renderD128", O_RDWR | O_CLOEXEC);
 *	ioctl(fd, DRM_IOCTL_HMMCL_BIND, &(struct drm_hmmcl_bind){ .version_major = 1 });
 *	ioctl(fd, DRM_IOCTL_HMMCL_ENGINE_CREATE, &create);
 *	start_engine(create.fd);
 *	close(create.fd);
 *
 *	p = malloc(size);
 *	ioctl(fd, DRM_IOCTL_HMMCL_MIGRATE, &(struct drm_hmmcl_migrate){
 *		.addr = round_down(p), .length = ...,
 *		.destination = HMMCL_MIGRATE_TO_DEVICE });
 *	tell_engine_to_work_on(p);
 *	use(p[0]);			the page comes home
 *
 * Its engine, which keeps one window for its own code and data::
 *
 *	munmap(0, WINDOW); munmap(WINDOW_END, TASK_END - WINDOW_END);
 *	mmap(LOW, WINDOW - LOW, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fd, LOW);
 *	mmap(WINDOW_END, TASK_END - WINDOW_END, ..., fd, WINDOW_END);
 *	close(fd);
 *	loop { wait for work; do it, with the client's own pointers }
 *
 * How a fault is served::
 *
 *	seq = mmu_interval_read_begin(region)
 *	if trylock(client) { snapshot the window; unlock }
 *	if the page is there {
 *		lock region; if seq still holds { insert }; unlock; done
 *	}
 *	drop the engine's lock
 *	repeat {
 *		fault the page in for the client
 *		seq = ...; lock(client); snapshot the window; unlock
 *		lock(engine); find the VMA again
 *		lock region; if seq still holds { insert; done }
 *	}
 */

static unsigned int devmem_mb = 256;
module_param(devmem_mb, uint, 0444);
MODULE_PARM_DESC(devmem_mb, "Device memory in MiB, a multiple of 2 (default: 256)");

/* As much as there can be struct pages for; the real limit is the machine's memory. */
#define HMMCL_DEVMEM_MAX_MB	(1U << 20)

static struct faux_device *hmmcl_faux;

static int hmmcl_open(struct drm_device *drm, struct drm_file *file)
{
	struct hmmcl_context *ctx = hmmcl_context_create(to_hmmcl_device(drm), file->client_id);

	if (IS_ERR(ctx))
		return PTR_ERR(ctx);
	file->driver_priv = ctx;
	return 0;
}

static void hmmcl_postclose(struct drm_device *drm, struct drm_file *file)
{
	hmmcl_context_close(file->driver_priv);
}

static const struct file_operations hmmcl_fops = {
	.owner = THIS_MODULE,
	.open = drm_open,
	.release = drm_release,
	.unlocked_ioctl = drm_ioctl,
	.compat_ioctl = drm_compat_ioctl,
	.poll = drm_poll,
	.read = drm_read,
	.llseek = noop_llseek,
	.show_fdinfo = drm_show_fdinfo,
	.fop_flags = FOP_UNSIGNED_OFFSET,
};

static const struct drm_driver hmmcl_driver = {
	.driver_features = DRIVER_RENDER | DRIVER_GEM,
	.open = hmmcl_open,
	.postclose = hmmcl_postclose,
	.show_fdinfo = hmmcl_show_fdinfo,
	.ioctls = hmmcl_ioctls,
	.num_ioctls = HMMCL_NUM_IOCTLS,
	.fops = &hmmcl_fops,
	.name = HMMCL_DRM_NAME,
	.desc = "OpenCL SVM device in software",
	.major = HMMCL_DRM_MAJOR,
	.minor = HMMCL_DRM_MINOR,
};

static int hmmcl_probe_device(struct faux_device *faux)
{
	struct hmmcl_device *hdev;
	int ret;

	hdev = devm_drm_dev_alloc(&faux->dev, &hmmcl_driver, struct hmmcl_device, drm);
	if (IS_ERR(hdev))
		return PTR_ERR(hdev);
	mutex_init(&hdev->roles_lock);
	mutex_init(&hdev->contexts_lock);
	INIT_LIST_HEAD(&hdev->clients);
	INIT_LIST_HEAD(&hdev->engine_mms);
	INIT_LIST_HEAD(&hdev->contexts);
	faux_device_set_drvdata(faux, hdev);

	hdev->wq = alloc_workqueue("hmmcl", WQ_UNBOUND, 0);
	if (!hdev->wq)
		return -ENOMEM;
	ret = hmmcl_devmem_init(hdev, devmem_mb);
	if (ret)
		goto err_wq;
	hmmcl_debugfs_init(hdev);
	ret = drm_dev_register(&hdev->drm, 0);
	if (ret)
		goto err_devmem;
	drm_info(&hdev->drm, "%u MiB of device memory\n", devmem_mb);
	return 0;

err_devmem:
	hmmcl_devmem_fini(hdev);
err_wq:
	destroy_workqueue(hdev->wq);
	return ret;
}

static void hmmcl_remove_device(struct faux_device *faux)
{
	struct hmmcl_device *hdev = faux_device_get_drvdata(faux);

	/* Every file holds the module: no context is left, only memory may be. */
	drm_dev_unregister(&hdev->drm);
	/*
	 * Notifications of a client that has just gone may still be under way. No test can be
	 * made to meet one: closing its last context has waited for those that take long, by
	 * the mmap lock (hmmcl_split_all()), and a few instructions are left of the others.
	 */
	mmu_notifier_synchronize();
	hmmcl_devmem_fini(hdev);
	destroy_workqueue(hdev->wq);
}

static const struct faux_device_ops hmmcl_faux_ops = {
	.probe = hmmcl_probe_device,
	.remove = hmmcl_remove_device,
};

static int __init hmmcl_init(void)
{
	if (!devmem_mb || devmem_mb % 2 || devmem_mb > HMMCL_DEVMEM_MAX_MB) {
		pr_err("hmmcl: devmem_mb=%u: must be a multiple of 2, from 2 to %u\n", devmem_mb,
		       HMMCL_DEVMEM_MAX_MB);
		return -EINVAL;
	}
	hmmcl_faux = faux_device_create(HMMCL_DRM_NAME, NULL, &hmmcl_faux_ops);
	return hmmcl_faux ? 0 : -ENODEV;
}

static void __exit hmmcl_exit(void)
{
	faux_device_destroy(hmmcl_faux);
	/* Regions are freed some time after their end. */
	rcu_barrier();
}

module_init(hmmcl_init);
module_exit(hmmcl_exit);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("OpenCL SVM device in software: HMM mirror and migration");
