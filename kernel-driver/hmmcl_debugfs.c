// SPDX-License-Identifier: GPL-2.0-only
/*
 * debugfs: /sys/kernel/debug/dri/NAME/{contexts,devmem}.
 */
#include <linux/seq_file.h>

#include <drm/drm_debugfs.h>

#include "hmmcl_drv.h"

/* The contexts that are bound, and their engines. */
static int contexts_show(struct seq_file *m, void *data)
{
	struct drm_debugfs_entry *entry = m->private;
	struct hmmcl_device *hdev = to_hmmcl_device(entry->dev);
	struct hmmcl_context *ctx;
	struct hmmcl_engine *engine;

	guard(mutex)(&hdev->contexts_lock);
	list_for_each_entry(ctx, &hdev->contexts, device_link) {
		seq_printf(m, "context %llu client %d%s regions %lld device-pages %lld\n", ctx->id,
			   pid_nr(ctx->owner), READ_ONCE(ctx->ended) ? " ended" : "",
			   (s64)atomic64_read(&ctx->stats[HMMCL_STAT_REGIONS]),
			   (s64)atomic64_read(&ctx->resident_pages));
		spin_lock(&ctx->engines_lock);
		list_for_each_entry(engine, &ctx->engines, link)
			seq_printf(m, "  engine %u pid %d%s\n", engine->id,
				   engine->pid ? pid_nr(engine->pid) : 0,
				   engine->killed ? " killed" : "");
		spin_unlock(&ctx->engines_lock);
	}
	return 0;
}

/* One character a block of 2 MiB, free to full: . 1 ... 9 #, and the totals. */
static int devmem_show(struct seq_file *m, void *data)
{
	struct drm_debugfs_entry *entry = m->private;
	struct hmmcl_devmem *dm = &to_hmmcl_device(entry->dev)->devmem;
	unsigned int i;

	seq_printf(m, "blocks %u pages %u used %lu\n", dm->nr_blocks,
		   dm->nr_blocks * HMMCL_BLOCK_PAGES, READ_ONCE(dm->used_pages));
	for (i = 0; i < dm->nr_blocks; i++) {
		unsigned int used = READ_ONCE(dm->blocks[i].nr_used);

		if (i && !(i % 64))
			seq_putc(m, '\n');
		if (!used)
			seq_putc(m, '.');
		else if (used == HMMCL_BLOCK_PAGES)
			seq_putc(m, '#');
		else
			seq_putc(m, '1' + used * 9 / HMMCL_BLOCK_PAGES);
	}
	seq_putc(m, '\n');
	return 0;
}

static const struct drm_debugfs_info hmmcl_debugfs_files[] = {
	{ "contexts", contexts_show, 0 },
	{ "devmem", devmem_show, 0 },
};

void hmmcl_debugfs_init(struct hmmcl_device *hdev)
{
	drm_debugfs_add_files(&hdev->drm, hmmcl_debugfs_files, ARRAY_SIZE(hmmcl_debugfs_files));
}
