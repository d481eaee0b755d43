// SPDX-License-Identifier: MIT
/* What a chunk of a command does.  Everything here may fault and be abandoned. */
#include <stddef.h>

#include "worker.h"

/* Part @chunk of @total things in @chunks nearly equal parts. */
struct range {
	uint64_t first, end;
};

static struct range part(uint64_t total, unsigned int chunks, unsigned int first, unsigned int end)
{
	uint64_t per = total / chunks, rest = total % chunks;

	return (struct range) {
		first * per + (first < rest ? first : rest),
		end * per + (end < rest ? end : rest),
	};
}

static bool faulted(struct hmmcl_slot *slot)
{
	return atomic_load_explicit(&slot->faulted, memory_order_relaxed);
}

/* Items of a group in one dimension: the last group may be smaller. */
static uint64_t items(const struct hmmcl_launch *launch, int d, uint64_t id)
{
	uint64_t left = launch->global_size[d] - id * launch->local_size[d];

	return left < launch->local_size[d] ? left : launch->local_size[d];
}

HMMCL_NO_SANITIZE static void execute_groups(struct hmmcl_work *work)
{
	struct hmmcl_slot *slot = work->slot;
	const struct hmmcl_launch *launch = &slot->command.ndrange.launch;
	hmmcl_work_group_fn *entry = (hmmcl_work_group_fn *)slot->command.ndrange.entry;
	const void *args = slot->command.ndrange.args;
	const uint64_t *num = launch->num_groups;
	struct range range = part(num[0] * num[1] * num[2], work->chunks, work->first, work->end);
	uint64_t x = range.first % num[0];
	uint64_t y = range.first / num[0] % num[1];
	uint64_t z = range.first / num[0] / num[1];
	uint64_t left = range.end - range.first;
	struct hmmcl_group group = {
		.local_memory = work->worker->base + HMMCL_WORKER_LOCAL,
		.context = work->worker->base + HMMCL_WORKER_ARENA,
	};

	while (left) {
		group.id[1] = y;
		group.id[2] = z;
		group.local_size[1] = items(launch, 1, y);
		group.local_size[2] = items(launch, 2, z);
		for (; x < num[0] && left; x++, left--) {
			if (faulted(slot))
				return;
			group.id[0] = x;
			group.local_size[0] = items(launch, 0, x);
			entry(args, launch, &group);
			work->groups++;
		}
		x = 0;
		if (++y == num[1]) {
			y = 0;
			z++;
		}
	}
}

/* Pieces of copies and fills begin at multiples of this, so that no two workers write to one
 * cache line and a fill's pieces begin with its pattern. */
#define PIECE_ALIGN 4096u

static struct range piece(const struct hmmcl_work *work, uint64_t size)
{
	struct range range = part((size + PIECE_ALIGN - 1) / PIECE_ALIGN, work->chunks,
				  work->first, work->end);

	range.first *= PIECE_ALIGN;
	range.end *= PIECE_ALIGN;
	if (range.first > size)
		range.first = size;
	if (range.end > size)
		range.end = size;
	return range;
}

HMMCL_NO_SANITIZE static void execute_rows(struct hmmcl_work *work)
{
	const struct hmmcl_command *c = &work->slot->command;
	const uint64_t *region = c->copy_rect.region;
	struct range range = part(region[1] * region[2], work->chunks, work->first, work->end);

	for (uint64_t n = range.first; n < range.end && !faulted(work->slot); n++) {
		uint64_t row = n % region[1], slice = n / region[1];

		hmmcl_copy((char *)c->copy_rect.dst + row * c->copy_rect.dst_row_pitch +
				   slice * c->copy_rect.dst_slice_pitch,
			   (const char *)c->copy_rect.src + row * c->copy_rect.src_row_pitch +
				   slice * c->copy_rect.src_slice_pitch,
			   region[0]);
	}
}

HMMCL_NO_SANITIZE void hmmcl_execute(void *argument)
{
	struct hmmcl_work *work = argument;
	const struct hmmcl_command *c = &work->slot->command;
	struct range range;

	switch (c->type) {
	case HMMCL_CMD_NOP:
		break;
	case HMMCL_CMD_NDRANGE:
		execute_groups(work);
		break;
	case HMMCL_CMD_COPY:
		range = piece(work, c->copy.size);
		hmmcl_copy((char *)c->copy.dst + range.first, (const char *)c->copy.src + range.first,
			   range.end - range.first);
		break;
	case HMMCL_CMD_COPY_RECT:
		execute_rows(work);
		break;
	case HMMCL_CMD_FILL:
		range = piece(work, c->fill.size);
		hmmcl_fill((char *)c->fill.dst + range.first, range.end - range.first,
			   c->fill.pattern, c->fill.pattern_size);
		break;
	}
}
