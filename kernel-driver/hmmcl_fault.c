// SPDX-License-Identifier: GPL-2.0-only
/*
 * Faults of the engine.
 *
 * Fast path, with the engine's VMA or mmap lock held: look at the client's page table
 * without faulting anything in (and only if the client's lock is free), and map what
 * is there.
 *
 * Slow path: drop the engine's lock; fault the page in for the client, however long
 * that takes; look at its neighbours; take the engine's lock again, find the VMA
 * again, map. The client's and the engine's mmap locks never wait for each other.
 * What the slow path found out can only be returned by the fault that follows, since
 * it has to say VM_FAULT_RETRY itself.
 */
#include <linux/hmm.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>

#include "hmmcl_drv.h"
#include "hmmcl_trace.h"

/* How long HMM may repeat itself while the client's mappings keep changing. */
#define HMMCL_HMM_TIMEOUT	HZ

/* Repetitions of the slow path before the access itself is repeated. */
#define HMMCL_SLOW_TRIES	16

static void window_free(struct hmmcl_window *win)
{
	if (win->range.hmm_pfns != win->small)
		kfree(win->range.hmm_pfns);
	hmmcl_region_put(win->region);
}

/* Choose the pages around a fault: aligned, inside the VMA, inside one PMD. */
static int window_init(struct hmmcl_window *win, struct hmmcl_context *ctx,
		       struct vm_fault *vmf, bool huge)
{
	unsigned long size = huge ? PMD_SIZE :
				    (unsigned long)READ_ONCE(ctx->fault_batch) << PAGE_SHIFT;
	unsigned long pages;

	win->region = NULL;
	win->addr = vmf->address & PAGE_MASK;
	win->write = vmf->flags & FAULT_FLAG_WRITE;
	win->huge = huge;
	win->range = (struct hmm_range){
		.start = max(ALIGN_DOWN(win->addr, size), vmf->vma->vm_start),
		.end = min(ALIGN_DOWN(win->addr, size) + size, vmf->vma->vm_end),
		.hmm_pfns = win->small,
		.dev_private_owner = ctx->hdev,
	};
	pages = hmmcl_window_pages(win);
	if (pages > ARRAY_SIZE(win->small)) {
		win->range.hmm_pfns = kmalloc_array(pages, sizeof(long), GFP_KERNEL);
		if (!win->range.hmm_pfns)
			return -ENOMEM;
	}
	return 0;
}

/* Read the window out of the client's page table. Its mmap lock is held. */
static int window_read(struct hmmcl_window *win)
{
	win->range.default_flags = 0;
	win->range.pfn_flags_mask = 0;
	memset(win->range.hmm_pfns, 0, hmmcl_window_pages(win) * sizeof(long));
	return hmm_range_fault(&win->range);
}

/* Whether the faulting page can be mapped as the access needs it. */
static bool window_satisfied(const struct hmmcl_window *win)
{
	unsigned long hmm_pfn = hmmcl_window_pfn(win);

	return (hmm_pfn & HMM_PFN_VALID) && !(hmm_pfn & HMM_PFN_ERROR) &&
	       (!win->write || (hmm_pfn & HMM_PFN_WRITE));
}

/*
 * Outcomes. A fault that has dropped the lock leaves its result for the repetition of
 * the access by the same thread, which carries FAULT_FLAG_TRIED.
 */
static void outcome_put(struct hmmcl_context *ctx, unsigned long addr, vm_fault_t fault)
{
	unsigned long value = addr | (fault == VM_FAULT_SIGSEGV);

	/* If there is no memory for it, the access goes the whole way again. */
	xa_store(&ctx->outcomes, current->pid, xa_mk_value(value), GFP_KERNEL | __GFP_NOWARN);
}

static vm_fault_t outcome_take(struct hmmcl_context *ctx, struct vm_fault *vmf)
{
	unsigned long value;
	void *entry;

	if (xa_empty(&ctx->outcomes))
		return 0;
	entry = xa_erase(&ctx->outcomes, current->pid);
	if (!entry || !(vmf->flags & FAULT_FLAG_TRIED))
		return 0;
	value = xa_to_value(entry);
	if ((value & PAGE_MASK) != (vmf->address & PAGE_MASK))
		return 0;
	return value & 1 ? VM_FAULT_SIGSEGV : VM_FAULT_SIGBUS;
}

/* What the client itself would get for an access that can not be satisfied. */
static vm_fault_t classify(struct hmmcl_context *ctx, const struct hmmcl_window *win)
{
	vm_fault_t fault = VM_FAULT_SIGSEGV;
	struct vm_area_struct *vma;

	if (mmap_read_lock_killable(ctx->mm))
		return VM_FAULT_SIGBUS;
	vma = vma_lookup(ctx->mm, win->addr);
	if (vma && (vma->vm_flags & VM_READ) && (!win->write || (vma->vm_flags & VM_WRITE)))
		fault = VM_FAULT_SIGBUS;
	mmap_read_unlock(ctx->mm);
	return fault;
}

/*
 * Grow the client's stack, if that is what lies above the address: the client could
 * touch it. HMM does not, but access_process_vm() does.
 */
static bool grow_stack(struct hmmcl_context *ctx, unsigned long addr)
{
	struct task_struct *task;
	struct vm_area_struct *vma;
	bool stack;
	char byte;

	if (mmap_read_lock_killable(ctx->mm))
		return false;
	vma = find_vma(ctx->mm, addr);
	stack = vma && addr < vma->vm_start && (vma->vm_flags & VM_GROWSDOWN);
	mmap_read_unlock(ctx->mm);
	if (!stack)
		return false;

	task = get_pid_task(ctx->owner, PIDTYPE_TGID);
	if (!task)
		return false;
	stack = task->mm == ctx->mm && access_process_vm(task, addr, &byte, 1, 0) == 1;
	put_task_struct(task);
	return stack;
}

/*
 * Fault the page in for the client. Only this one: a required fault in a hole would
 * populate the whole hole inside the range.
 */
static int fault_in(struct hmmcl_context *ctx, const struct hmmcl_window *win)
{
	unsigned long required = HMM_PFN_REQ_FAULT | (win->write ? HMM_PFN_REQ_WRITE : 0);
	unsigned long hmm_pfn = required;
	struct hmm_range range = {
		.notifier = &win->region->notifier,
		.start = win->addr,
		.end = win->addr + PAGE_SIZE,
		.hmm_pfns = &hmm_pfn,
		.pfn_flags_mask = HMM_PFN_REQ_FAULT | HMM_PFN_REQ_WRITE,
		.dev_private_owner = ctx->hdev,
	};
	int ret = hmm_range_fault_unlocked_timeout(&range, HMMCL_HMM_TIMEOUT);

	if (ret || !win->write || (hmm_pfn & HMM_PFN_WRITE))
		return ret;
	/*
	 * HMM never write-faults a read-only entry of its own device's memory, as fork
	 * leaves them. Ask as a stranger: then it is migrated home and copied.
	 */
	range.dev_private_owner = NULL;
	hmm_pfn = required;
	return hmm_range_fault_unlocked_timeout(&range, HMMCL_HMM_TIMEOUT);
}

/* Read the window, with nothing but the client's lock held. */
static int read_neighbours(struct hmmcl_context *ctx, struct hmmcl_window *win)
{
	int ret;

	win->range.notifier = &win->region->notifier;
	win->range.notifier_seq = mmu_interval_read_begin(&win->region->notifier);
	ret = mmap_read_lock_killable(ctx->mm);
	if (ret)
		return ret;
	ret = window_read(win);
	mmap_read_unlock(ctx->mm);
	return ret;
}

/* Map the window in the engine, whose VMA may be another one by now. */
static int insert_again(struct hmmcl_context *ctx, struct mm_struct *engine_mm,
			struct hmmcl_window *win)
{
	struct hmmcl_engine *engine;
	struct vm_area_struct *vma;
	int ret = mmap_read_lock_killable(engine_mm);

	if (ret)
		return ret;
	vma = vma_lookup(engine_mm, win->addr);
	engine = vma ? hmmcl_vma_engine(vma) : NULL;
	if (engine && engine->ctx == ctx && vma->vm_start <= win->range.start &&
	    vma->vm_end >= win->range.end)
		ret = hmmcl_insert_ptes(ctx, vma, win);
	mmap_read_unlock(engine_mm);
	return ret;
}

/* One try of the slow path: 0, or -EAGAIN and others to try again, or an error. */
static int slow_try(struct hmmcl_context *ctx, struct mm_struct *engine_mm,
		    struct hmmcl_window *win)
{
	int ret;

	hmmcl_region_put(win->region);
	win->region = hmmcl_region_get(ctx, win->addr);
	if (IS_ERR(win->region)) {
		ret = PTR_ERR(win->region);
		win->region = NULL;
		return ret;
	}
	ret = fault_in(ctx, win);
	if (ret)
		return ret;
	if (win->huge)
		return 0;	/* now the fast path may find it in one piece */
	ret = read_neighbours(ctx, win);
	if (ret)
		return ret;
	if (!window_satisfied(win))
		return -EAGAIN;
	return insert_again(ctx, engine_mm, win);
}

/* No lock is held. Nothing is returned but through outcome_put(). */
static void fault_slow(struct hmmcl_context *ctx, struct mm_struct *engine_mm,
		       struct hmmcl_window *win)
{
	bool confirmed = false;
	vm_fault_t fault;
	int tries, ret;

	for (tries = 0; tries < HMMCL_SLOW_TRIES; tries++) {
		if (fatal_signal_pending(current))
			return;
		ret = slow_try(ctx, engine_mm, win);
		switch (ret) {
		case 0:
			return;
		case -EAGAIN:
		case -EBUSY:
			cond_resched();
			continue;
		case -EINTR:
			return;
		case -ENOMEM:
			schedule_timeout_killable(1);
			return;
		case -EFAULT:
			if (grow_stack(ctx, win->addr))
				continue;
			break;
		}
		fault = ret == -ESRCH ? VM_FAULT_SIGBUS : classify(ctx, win);
		/* The client may have made the mapping just now: look twice. */
		if (ret != -ESRCH && fault == VM_FAULT_SIGBUS && !confirmed) {
			confirmed = true;
			continue;
		}
		outcome_put(ctx, win->addr, fault);
		return;
	}
}

/* Return: what the fault handler returns, or 0 to take the slow path. */
static vm_fault_t fault_fast(struct hmmcl_context *ctx, struct vm_fault *vmf,
			     struct hmmcl_window *win)
{
	int ret;

	win->region = hmmcl_region_find(ctx, win->addr);
	if (!win->region)
		return 0;
	win->range.notifier = &win->region->notifier;
	win->range.notifier_seq = mmu_interval_read_begin(&win->region->notifier);
	if (!mmap_read_trylock(ctx->mm)) {
		hmmcl_count(ctx, HMMCL_STAT_TRYLOCK_FAILED);
		return 0;
	}
	ret = window_read(win);
	mmap_read_unlock(ctx->mm);
	if (ret || !window_satisfied(win))
		return 0;

	if (win->huge)
		return hmmcl_insert_pmd(ctx, vmf, win);
	ret = hmmcl_insert_ptes(ctx, vmf->vma, win);
	return ret ? 0 : VM_FAULT_NOPAGE;
}

static void count_fault(struct hmmcl_context *ctx, struct vm_fault *vmf, enum drm_hmmcl_stat path)
{
	hmmcl_count(ctx, HMMCL_STAT_FAULTS);
	hmmcl_count(ctx, path);
	if (vmf->flags & FAULT_FLAG_WRITE)
		hmmcl_count(ctx, HMMCL_STAT_FAULTS_WRITE);
}

static vm_fault_t handle_fault(struct vm_fault *vmf, bool huge)
{
	struct hmmcl_engine *engine = vmf->vma->vm_private_data;
	struct mm_struct *engine_mm = vmf->vma->vm_mm;
	struct hmmcl_context *ctx = engine->ctx;
	struct hmmcl_window win;
	vm_fault_t ret;

	assert_fault_locked(vmf);
	ret = outcome_take(ctx, vmf);
	if (ret)
		goto out;
	ret = VM_FAULT_SIGBUS;
	/* An engine that has got notifiers since it was mapped must not go on. */
	if (READ_ONCE(ctx->ended) || mm_has_notifiers(engine_mm) || !mmget_not_zero(ctx->mm))
		goto out;
	if (window_init(&win, ctx, vmf, huge)) {
		mmput_async(ctx->mm);
		return huge ? VM_FAULT_FALLBACK : VM_FAULT_OOM;
	}

	ret = READ_ONCE(ctx->policy_flags) & HMMCL_POLICY_NO_FAST_PATH && !huge ?
	      0 : fault_fast(ctx, vmf, &win);
	if (!ret && huge && (vmf->flags & FAULT_FLAG_TRIED))
		ret = VM_FAULT_FALLBACK;	/* not in one piece, although faulted in */
	else if (!ret && !(vmf->flags & FAULT_FLAG_ALLOW_RETRY))
		ret = VM_FAULT_SIGBUS;
	else if (!ret && (vmf->flags & FAULT_FLAG_RETRY_NOWAIT))
		ret = VM_FAULT_RETRY;
	if (ret) {
		trace_hmmcl_fault(ctx, win.addr, win.write, huge, false, ret);
		window_free(&win);
		mmput_async(ctx->mm);
		if (ret == VM_FAULT_NOPAGE)
			count_fault(ctx, vmf, HMMCL_STAT_FAULTS_FAST);
		goto out;
	}

	count_fault(ctx, vmf, HMMCL_STAT_FAULTS_SLOW);
	hmmcl_context_get(ctx);
	release_fault_lock(vmf);
	/* The VMA and the engine may be gone from here on. */
	fault_slow(ctx, engine_mm, &win);
	trace_hmmcl_fault(ctx, win.addr, win.write, huge, true, 0);
	window_free(&win);
	mmput(ctx->mm);
	hmmcl_context_put(ctx);
	/* MAJOR makes the repetition carry FAULT_FLAG_TRIED. */
	return VM_FAULT_RETRY | VM_FAULT_MAJOR;

out:
	if (ret == VM_FAULT_SIGSEGV)
		hmmcl_count(ctx, HMMCL_STAT_FAULTS_SIGSEGV);
	else if (ret == VM_FAULT_SIGBUS)
		hmmcl_count(ctx, HMMCL_STAT_FAULTS_SIGBUS);
	return ret;
}

static vm_fault_t hmmcl_fault(struct vm_fault *vmf)
{
	return handle_fault(vmf, false);
}

/*
 * A write to an entry that is read-only. It is not enough to drop the entry and let the
 * access be repeated: the batch of another thread's fault may put it back before that,
 * for ever. The client's page is made writable before the access is repeated.
 */
static void drop_for_write(struct vm_fault *vmf, unsigned long start, unsigned long size)
{
	struct hmmcl_engine *engine = vmf->vma->vm_private_data;

	hmmcl_count(engine->ctx, HMMCL_STAT_FAULTS_UPGRADE);
	zap_special_vma_range(vmf->vma, start, size);
}

/*
 * Only for PMD entries that are none: zapping leaves PTE tables behind, and the core
 * does not ask then. For an entry that is there, this is a write to a read-only one.
 */
static vm_fault_t hmmcl_huge_fault(struct vm_fault *vmf, unsigned int order)
{
	struct hmmcl_engine *engine = vmf->vma->vm_private_data;
	unsigned long start = vmf->address & PMD_MASK;

	if (order != PMD_ORDER)
		return VM_FAULT_FALLBACK;
	if (!pmd_none(pmdp_get_lockless(vmf->pmd)))
		drop_for_write(vmf, start, PMD_SIZE);
	if (!(READ_ONCE(engine->ctx->policy_flags) & HMMCL_POLICY_PMD_MAPPINGS) ||
	    start < vmf->vma->vm_start || start + PMD_SIZE > vmf->vma->vm_end)
		return VM_FAULT_FALLBACK;
	return handle_fault(vmf, true);
}

/*
 * VM_FAULT_RETRY alone is no answer here, the core would go on and drop the lock again;
 * with VM_FAULT_NOPAGE it is passed on.
 */
static vm_fault_t hmmcl_pfn_mkwrite(struct vm_fault *vmf)
{
	vm_fault_t ret;

	drop_for_write(vmf, vmf->address & PAGE_MASK, PAGE_SIZE);
	ret = handle_fault(vmf, false);
	return ret & VM_FAULT_RETRY ? ret | VM_FAULT_NOPAGE : ret;
}

/* There only because the core refuses ->fault() under the VMA lock without it. */
static vm_fault_t hmmcl_map_pages(struct vm_fault *vmf, pgoff_t start, pgoff_t end)
{
	return 0;
}

/* Addresses of the engine are those of the client: a mapping can not move. */
static int hmmcl_mremap(struct vm_area_struct *vma)
{
	return -EINVAL;
}

const struct vm_operations_struct hmmcl_vm_ops = {
	.open = hmmcl_engine_vma_open,
	.close = hmmcl_engine_vma_close,
	.mremap = hmmcl_mremap,
	.fault = hmmcl_fault,
	.huge_fault = hmmcl_huge_fault,
	.map_pages = hmmcl_map_pages,
	.pfn_mkwrite = hmmcl_pfn_mkwrite,
};
