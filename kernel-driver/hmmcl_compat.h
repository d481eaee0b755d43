/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What differs between kernel versions and configurations: all of it is here.
 *
 * Needed: Linux 7.3 (device-private folios of 2 MiB, hmm_range_fault_unlocked_timeout())
 * with CONFIG_DEVICE_PRIVATE, CONFIG_HMM_MIRROR, CONFIG_TRANSPARENT_HUGEPAGE and
 * CONFIG_DRM.
 */
#ifndef _HMMCL_COMPAT_H_
#define _HMMCL_COMPAT_H_

#include <linux/mm_types.h>
#include <linux/sched.h>
#include <linux/version.h>

#if LINUX_VERSION_CODE < KERNEL_VERSION(7, 3, 0)
#error "hmmcl needs Linux 7.3 or newer"
#endif
#if !IS_ENABLED(CONFIG_DEVICE_PRIVATE) || !IS_ENABLED(CONFIG_HMM_MIRROR)
#error "hmmcl needs a kernel with CONFIG_DEVICE_PRIVATE and CONFIG_HMM_MIRROR"
#endif
#if !IS_ENABLED(CONFIG_TRANSPARENT_HUGEPAGE)
#error "hmmcl needs a kernel with CONFIG_TRANSPARENT_HUGEPAGE"
#endif
#if !IS_ENABLED(CONFIG_DRM)
#error "hmmcl needs a kernel with CONFIG_DRM"
#endif

/*
 * Whether current holds an mm's mmap lock for writing. Bit 0 of the owner says that it is a
 * reader, bit 1 is no concern of ours (kernel/locking/rwsem.c); with PREEMPT_RT there is
 * another kind of lock.
 *
 * No test tells readers from writers: of what hmmcl_split_for_change() is asked, 7.3 notifies
 * with the lock held for reading only in munmap() and for shared files. Then the VMA is gone
 * from the tree, or not anonymous, and nothing happens in either case.
 */
static inline bool hmmcl_mmap_write_locked_by_current(struct mm_struct *mm)
{
#ifdef CONFIG_PREEMPT_RT
#error "hmmcl does not know how PREEMPT_RT's mmap lock names its owner"
#else
	return (atomic_long_read(&mm->mmap_lock.owner) & ~2L) == (long)current;
#endif
}

#endif
