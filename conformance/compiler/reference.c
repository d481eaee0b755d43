/* SPDX-License-Identifier: MIT */
/* The reference: work-items as coroutines, and the functions that their code calls. */
#define _GNU_SOURCE
#include "reference.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <ucontext.h>

#define STACK_SIZE (64 << 10)

struct item {
	ucontext_t context;
	uint64_t id[3];
	bool done;
	uint32_t value;		/* what it brings to a collective */
	char *stack;
};

static struct {
	reference_kernel *kernel;
	uint32_t *out, *scratch;
	const uint32_t *in;
	const struct range *range;
	uint64_t group[3], size[3];
	uint64_t n_items;
	struct item *items, *current;
	ucontext_t scheduler;
} now;

static void item_main(void)
{
	now.kernel(now.out, now.in, now.scratch);
	now.current->done = true;
	swapcontext(&now.current->context, &now.scheduler);
}

static void wait_for_all(void)
{
	swapcontext(&now.current->context, &now.scheduler);
}

static void run_group(void)
{
	bool running = true;

	now.n_items = now.size[0] * now.size[1] * now.size[2];
	for (uint64_t i = 0; i < now.n_items; i++) {
		struct item *item = &now.items[i];

		item->id[0] = i % now.size[0];
		item->id[1] = i / now.size[0] % now.size[1];
		item->id[2] = i / now.size[0] / now.size[1];
		item->done = false;
		getcontext(&item->context);
		item->context.uc_stack.ss_sp = item->stack;
		item->context.uc_stack.ss_size = STACK_SIZE;
		item->context.uc_link = NULL;
		makecontext(&item->context, item_main, 0);
	}
	while (running) {
		running = false;
		for (uint64_t i = 0; i < now.n_items; i++) {
			if (now.items[i].done)
				continue;
			now.current = &now.items[i];
			swapcontext(&now.scheduler, &now.current->context);
			running |= !now.current->done;
		}
	}
}

void reference_run(reference_kernel *kernel, const struct range *range, uint32_t *out,
		   const uint32_t *in, uint32_t *scratch)
{
	uint64_t most = range->local[0] * range->local[1] * range->local[2];
	uint64_t groups[3];

	now.kernel = kernel;
	now.range = range;
	now.out = out;
	now.in = in;
	now.scratch = scratch;
	now.items = calloc(most, sizeof(*now.items));
	for (uint64_t i = 0; i < most; i++)
		now.items[i].stack = malloc(STACK_SIZE);
	for (int i = 0; i < 3; i++)
		groups[i] = (range->global[i] + range->local[i] - 1) / range->local[i];
	for (now.group[2] = 0; now.group[2] < groups[2]; now.group[2]++)
	for (now.group[1] = 0; now.group[1] < groups[1]; now.group[1]++)
	for (now.group[0] = 0; now.group[0] < groups[0]; now.group[0]++) {
		for (int i = 0; i < 3; i++) {
			uint64_t left = range->global[i] - now.group[i] * range->local[i];

			now.size[i] = left < range->local[i] ? left : range->local[i];
		}
		memset(scratch, 0xa5, HMMCL_LOCAL_MEM_SIZE);
		run_group();
	}
	for (uint64_t i = 0; i < most; i++)
		free(now.items[i].stack);
	free(now.items);
}

/* What the compiled kernels call, by the names that Clang gives OpenCL C's functions. */

size_t _Z12get_local_idj(unsigned d) { return d < 3 ? now.current->id[d] : 0; }
size_t _Z14get_local_sizej(unsigned d) { return d < 3 ? now.size[d] : 1; }
size_t _Z23get_enqueued_local_sizej(unsigned d) { return d < 3 ? now.range->local[d] : 1; }
size_t _Z12get_group_idj(unsigned d) { return d < 3 ? now.group[d] : 0; }
size_t _Z15get_global_sizej(unsigned d) { return d < 3 ? now.range->global[d] : 1; }
size_t _Z17get_global_offsetj(unsigned d) { return d < 3 ? now.range->offset[d] : 0; }
unsigned _Z12get_work_dimv(void) { return now.range->dim; }

size_t _Z14get_num_groupsj(unsigned d)
{
	return d < 3 ? (now.range->global[d] + now.range->local[d] - 1) / now.range->local[d] : 1;
}

size_t _Z13get_global_idj(unsigned d)
{
	if (d >= 3)
		return 0;
	return now.range->offset[d] + now.group[d] * now.range->local[d] + now.current->id[d];
}

size_t _Z19get_local_linear_idv(void)
{
	return now.current - now.items;
}

size_t _Z20get_global_linear_idv(void)
{
	uint64_t id[3];

	for (int d = 0; d < 3; d++)
		id[d] = now.group[d] * now.range->local[d] + now.current->id[d];
	return (id[2] * now.range->global[1] + id[1]) * now.range->global[0] + id[0];
}

void _Z7barrierj(unsigned flags) { (void)flags; wait_for_all(); }
void _Z18work_group_barrierj(unsigned flags) { (void)flags; wait_for_all(); }

/* Combines the values of items 0 to @last. */
static uint32_t combine(uint32_t (*op)(uint32_t, uint32_t), uint32_t start, uint64_t last)
{
	uint32_t result = start;

	for (uint64_t i = 0; i < last; i++)
		result = op(result, now.items[i].value);
	return result;
}

static uint32_t collect(uint32_t value, uint32_t (*op)(uint32_t, uint32_t), uint32_t start, int which)
{
	uint64_t self = now.current - now.items;
	uint64_t last = which == 0 ? now.n_items : which == 1 ? self + 1 : self;
	uint32_t result;

	now.current->value = value;
	wait_for_all();
	result = combine(op, start, last);
	wait_for_all();
	return result;
}

static uint32_t op_add(uint32_t a, uint32_t b) { return a + b; }
static uint32_t op_min(uint32_t a, uint32_t b) { return a < b ? a : b; }
static uint32_t op_max(uint32_t a, uint32_t b) { return a > b ? a : b; }
static uint32_t op_and(uint32_t a, uint32_t b) { return a && b; }
static uint32_t op_or(uint32_t a, uint32_t b) { return a || b; }

uint32_t _Z14work_group_alli(uint32_t x) { return collect(x, op_and, 1, 0); }
uint32_t _Z14work_group_anyi(uint32_t x) { return collect(x, op_or, 0, 0); }
uint32_t _Z21work_group_reduce_addj(uint32_t x) { return collect(x, op_add, 0, 0); }
uint32_t _Z21work_group_reduce_minj(uint32_t x) { return collect(x, op_min, ~0u, 0); }
uint32_t _Z21work_group_reduce_maxj(uint32_t x) { return collect(x, op_max, 0, 0); }
uint32_t _Z29work_group_scan_inclusive_addj(uint32_t x) { return collect(x, op_add, 0, 1); }
uint32_t _Z29work_group_scan_inclusive_maxj(uint32_t x) { return collect(x, op_max, 0, 1); }
uint32_t _Z29work_group_scan_exclusive_addj(uint32_t x) { return collect(x, op_add, 0, 2); }
uint32_t _Z29work_group_scan_exclusive_minj(uint32_t x) { return collect(x, op_min, ~0u, 2); }

uint32_t _Z20work_group_broadcastjm(uint32_t x, size_t id)
{
	uint32_t result;

	now.current->value = x;
	wait_for_all();
	result = now.items[id].value;
	wait_for_all();
	return result;
}

uint32_t _Z20work_group_broadcastjmmm(uint32_t x, size_t id0, size_t id1, size_t id2)
{
	return _Z20work_group_broadcastjm(x, (id2 * now.size[1] + id1) * now.size[0] + id0);
}

/* Atomics on local and on global memory. */
#define ATOMIC(name, result) \
	uint32_t _Z##name##PU7CLlocalVjj(volatile uint32_t *p, uint32_t x) \
	{ uint32_t old = *p; *p = (result); return old; } \
	uint32_t _Z##name##PU8CLglobalVjj(volatile uint32_t *p, uint32_t x) \
	{ uint32_t old = *p; *p = (result); return old; }

ATOMIC(10atomic_add, old + x)
ATOMIC(10atomic_max, op_max(old, x))
ATOMIC(11atomic_xchg, x)
