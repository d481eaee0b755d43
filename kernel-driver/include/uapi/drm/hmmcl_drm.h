/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * hmmcl: interface between user space and the hmmcl.ko render node.
 *
 * One open file of the render node is one *context*. A context is bound to the
 * address space (mm) of the process that calls DRM_IOCTL_HMMCL_BIND, the
 * *client*. Another process, the *engine*, receives an engine file made by
 * DRM_IOCTL_HMMCL_ENGINE_CREATE and maps it; in those mappings it sees the
 * client's memory at the client's own addresses.
 *
 * Rules for every ioctl below
 * - Reserved fields and padding must be zero, unknown flags are refused: EINVAL.
 * - Addresses and lengths are multiples of the page size, the range is not empty,
 *   does not wrap and lies in user space: otherwise EINVAL.
 * - Every ioctl but BIND needs a bound context: ENOTCONN.
 * - A context belongs to the mm that bound it. A child that inherited the file
 *   through fork, or a program after execve, gets ECHILD. When the client's mm
 *   is gone, or is being torn down: ESRCH.
 *
 * The engine file
 * - mmap() of it needs MAP_SHARED, and a file offset equal to the virtual address
 *   of the mapping (so MAP_FIXED): otherwise EINVAL. PROT_READ and PROT_WRITE only, never
 *   PROT_EXEC: EPERM. It may be mapped in several pieces.
 * - The first mmap() makes the calling process the engine. A second process is
 *   refused: EBUSY. An mm is never a client (of any context) and an engine (of any
 *   context), and an engine has no MMU notifiers of its own (KVM, RDMA, another
 *   GPU's SVM): EPERM, at bind and at mmap.
 * - An access by the engine behaves as the same access by the client would:
 *   SIGSEGV where the client has no mapping or no permission, SIGBUS where the
 *   client would get SIGBUS, and SIGBUS for memory that cannot be mirrored (mappings
 *   of I/O memory) and after the context has ended. si_addr is the address. One
 *   difference: a mapping without PROT_READ cannot be read or written.
 * - An engine process is killed (SIGKILL to the thread group) when the client
 *   closes the render node file, exits or calls execve, and when the kernel must
 *   take the memory of a dying client back.
 * - mmap keeps what it needs: the engine may close the file after mapping it.
 *
 * Events: read(2) and poll(2) on the render node file give struct
 * hmmcl_event_engine when an engine has gone, for whatever reason.
 *
 * Version history
 * 1.0  initial interface
 */
#ifndef _UAPI_DRM_HMMCL_DRM_H_
#define _UAPI_DRM_HMMCL_DRM_H_

#if defined(__KERNEL__)
#include <drm/drm.h>
#else
#include "drm.h"	/* libdrm's: pkg-config --cflags libdrm */
#endif

#if defined(__cplusplus)
extern "C" {
#endif

#define HMMCL_DRM_NAME		"hmmcl"
#define HMMCL_DRM_MAJOR		1
#define HMMCL_DRM_MINOR		0

#define DRM_HMMCL_BIND			0x00
#define DRM_HMMCL_ENGINE_CREATE		0x01
#define DRM_HMMCL_MIGRATE		0x02
#define DRM_HMMCL_POLICY		0x03
#define DRM_HMMCL_STATS			0x04
#define DRM_HMMCL_ZAP			0x05
#define DRM_HMMCL_SNAPSHOT		0x06
#define DRM_HMMCL_INJECT		0x07

/* Capabilities, in struct drm_hmmcl_bind::caps */
#define HMMCL_CAP_PMD_MAPPINGS		(1ULL << 0)	/* engine mappings of 2 MiB */
#define HMMCL_CAP_LARGE_FOLIOS		(1ULL << 1)	/* device folios of 2 MiB */
#define HMMCL_CAP_INJECT		(1ULL << 2)	/* DRM_IOCTL_HMMCL_INJECT is enabled */

/**
 * struct drm_hmmcl_bind - bind the context to the calling process's mm
 *
 * Errors: EPROTONOSUPPORT (@version_major differs, or @version_minor is newer than
 * the driver's: @version_major and @version_minor then hold what the driver has);
 * EBUSY (bound already); EPERM (this process is an engine); ENOMEM.
 */
struct drm_hmmcl_bind {
	__u32 version_major;	/* in: HMMCL_DRM_MAJOR; out: the driver's */
	__u32 version_minor;	/* in: the least minor version needed; out: the driver's */
	__u64 flags;		/* in: must be zero */
	__u64 caps;		/* out: HMMCL_CAP_* */
	__u64 devmem_bytes;	/* out: device memory, all contexts share it */
	__u32 page_size;	/* out: bytes */
	__u32 huge_page_size;	/* out: bytes of a PMD mapping and of a large folio */
	__u64 reserved[2];	/* in: must be zero */
};

/**
 * struct drm_hmmcl_engine_create - make an engine file
 *
 * Errors: EMFILE, ENFILE, ENOMEM, ENOSPC (too many engines in this context).
 */
struct drm_hmmcl_engine_create {
	__u32 fd_flags;		/* in: 0 or O_CLOEXEC */
	__s32 fd;		/* out: the engine file, for the engine to mmap */
	__u32 engine_id;	/* out: 1, 2, ... in this context */
	__u32 pad;
	__u64 user_data;	/* in: returned in the engine's event */
	__u64 reserved;
};

/* Destinations of a migration */
#define HMMCL_MIGRATE_TO_SYSTEM		0
#define HMMCL_MIGRATE_TO_DEVICE		1

/**
 * struct drm_hmmcl_migrate - move the pages of a range
 *
 * Moves what can be moved and counts the rest; that some pages could not be moved
 * is no error. When device memory is full, other pages are evicted to system
 * memory; when the range is larger than device memory, its end stays there.
 * A page never touched gets its (zero) page on the device, if that is the
 * destination. The counts are true after an error, too.
 *
 * Errors: EFAULT (a hole in the range: what stood before it was moved);
 * EINTR (a signal; again with what is left, see @pages_done); ENOMEM.
 */
struct drm_hmmcl_migrate {
	__u64 addr;		/* in: bytes, page aligned */
	__u64 length;		/* in: bytes, page aligned */
	__u32 destination;	/* in: HMMCL_MIGRATE_TO_* */
	__u32 flags;		/* in: must be zero */
	__u64 pages_done;	/* out: pages looked at, from addr on */
	__u64 pages_moved;	/* out: moved by this call */
	__u64 pages_resident;	/* out: were at the destination already */
	__u64 pages_empty;	/* out: not populated, and so nothing to move */
	__u64 pages_busy;	/* out: pinned, locked, being moved, or shared with another
				 * process since a fork and not written to since
				 */
	__u64 pages_unsupported;/* out: in mappings that cannot migrate: shared, files'
				 * own pages, hugetlbfs, I/O, no PROT_READ, mlock(),
				 * MADV_MERGEABLE
				 */
	__u64 pages_huge;	/* out: of pages_moved, those moved as 2 MiB folios */
	__u64 reserved;
};

/* Policy switches, in struct drm_hmmcl_policy::flags */
#define HMMCL_POLICY_PMD_MAPPINGS	(1U << 0)	/* map 2 MiB at once where possible */
#define HMMCL_POLICY_LARGE_FOLIOS	(1U << 1)	/* migrate huge pages as one folio */
#define HMMCL_POLICY_NO_FAST_PATH	(1U << 2)	/* always drop the lock (tests) */

/* What to set, in struct drm_hmmcl_policy::set */
#define HMMCL_POLICY_SET_FLAGS		(1U << 0)
#define HMMCL_POLICY_SET_FAULT_BATCH	(1U << 1)
#define HMMCL_POLICY_SET_RETURN_BATCH	(1U << 2)

/**
 * struct drm_hmmcl_policy - set and read the context's policy
 *
 * @set chooses the fields that are taken in; all fields hold the policy in force
 * on return. Policy never changes what a program computes, only what it costs.
 * HMMCL_POLICY_LARGE_FOLIOS needs HMMCL_CAP_LARGE_FOLIOS: EOPNOTSUPP.
 */
struct drm_hmmcl_policy {
	__u32 set;		/* in: HMMCL_POLICY_SET_* */
	__u32 flags;		/* in/out: HMMCL_POLICY_* */
	__u32 fault_batch;	/* in/out: pages mapped around a fault: 1, 2, 4 ... 512 */
	__u32 return_batch;	/* in/out: pages brought home around a CPU fault: 1 ... 512 */
	__u64 reserved[2];
};

/* Counters, by index. Those marked (device) count for all contexts together. */
enum drm_hmmcl_stat {
	HMMCL_STAT_FAULTS = 0,		/* engine faults that reached the driver */
	HMMCL_STAT_FAULTS_FAST,		/* resolved without dropping the lock */
	HMMCL_STAT_FAULTS_SLOW,		/* the lock was dropped */
	HMMCL_STAT_FAULTS_WRITE,	/* for writing */
	HMMCL_STAT_FAULTS_UPGRADE,	/* write to an entry that was read-only */
	HMMCL_STAT_FAULTS_SIGSEGV,	/* ended in SIGSEGV */
	HMMCL_STAT_FAULTS_SIGBUS,	/* ended in SIGBUS */
	HMMCL_STAT_PTES,		/* 4 KiB entries written */
	HMMCL_STAT_PMDS,		/* 2 MiB entries written */
	HMMCL_STAT_TRYLOCK_FAILED,	/* fast path given up: the client's lock was taken */
	HMMCL_STAT_SEQ_RETRIES,		/* validations that failed: the client changed */
	HMMCL_STAT_INVALIDATIONS,	/* notifier calls */
	HMMCL_STAT_INVALIDATIONS_NONBLOCK, /* of these, those that could not sleep */
	HMMCL_STAT_REGIONS,		/* notifier regions, now */
	HMMCL_STAT_PAGES_TO_DEVICE,	/* migrated to the device by MIGRATE */
	HMMCL_STAT_PAGES_TO_SYSTEM,	/* migrated home by MIGRATE */
	HMMCL_STAT_HUGE_TO_DEVICE,	/* 2 MiB folios among them, in folios */
	HMMCL_STAT_HUGE_TO_SYSTEM,	/* by MIGRATE and by CPU faults (device) */
	HMMCL_STAT_CPU_FAULTS,		/* CPU touches of device pages (device) */
	HMMCL_STAT_CPU_FAULT_PAGES,	/* pages brought home by them (device) */
	HMMCL_STAT_EVICTIONS,		/* blocks of device memory evicted (device) */
	HMMCL_STAT_EVICTED_PAGES,	/* pages in them that moved home (device) */
	HMMCL_STAT_DEVMEM_TOTAL_PAGES,	/* (device) */
	HMMCL_STAT_DEVMEM_USED_PAGES,	/* now (device) */
	HMMCL_STAT_ENGINES_KILLED,	/* by the driver */
	HMMCL_STAT_COUNT
};

/**
 * struct drm_hmmcl_stats - read counters
 *
 * Copies the first @count counters (enum drm_hmmcl_stat) to @counters, an array of
 * __u64; those that the driver does not have are left as they were, and @count
 * returns how many it has.
 */
struct drm_hmmcl_stats {
	__u64 counters;		/* in: user pointer */
	__u32 count;		/* in/out */
	__u32 flags;		/* in: must be zero */
};

/**
 * struct drm_hmmcl_zap - drop the engines' entries for a range
 *
 * Always legal: the next access faults again. For tests and measurements.
 */
struct drm_hmmcl_zap {
	__u64 addr;
	__u64 length;
	__u64 flags;		/* in: must be zero */
};

/* State of a page, as the device would see it; 0 is "nothing there yet" */
#define HMMCL_PAGE_READ			(1U << 0)	/* can be read without a fault */
#define HMMCL_PAGE_WRITE		(1U << 1)	/* can be written without a fault */
#define HMMCL_PAGE_ERROR		(1U << 2)	/* an access fails */
#define HMMCL_PAGE_ZERO			(1U << 3)	/* the shared zero page of 4 KiB */
#define HMMCL_PAGE_DEVICE		(1U << 4)	/* in our device memory */
#define HMMCL_PAGE_LARGE		(1U << 5)	/* part of a folio of more than a page */
#define HMMCL_PAGE_ORDER(state)		(((state) >> 8) & 0x3f)	/* level that maps it */
#define HMMCL_PAGE_ORDER_SHIFT		8

/* Most pages in one DRM_IOCTL_HMMCL_SNAPSHOT */
#define HMMCL_SNAPSHOT_MAX_PAGES	(1U << 20)

/**
 * struct drm_hmmcl_snapshot - state of each page of a range
 *
 * Nothing is faulted in. @states is an array of __u32, one a page.
 */
struct drm_hmmcl_snapshot {
	__u64 addr;
	__u64 length;		/* in: at most HMMCL_SNAPSHOT_MAX_PAGES pages */
	__u64 states;		/* in: user pointer */
	__u64 flags;		/* in: must be zero */
};

/* Failures that can be injected */
#define HMMCL_INJECT_DEVMEM_ALLOC	1	/* device memory, any size */
#define HMMCL_INJECT_DEVMEM_HUGE	2	/* device memory, 2 MiB */
#define HMMCL_INJECT_SYSMEM_ALLOC	3	/* system memory on the way home, any size */
#define HMMCL_INJECT_SYSMEM_HUGE	4	/* system memory on the way home, 2 MiB */
#define HMMCL_INJECT_SEQ_RETRY		5	/* validation of a fault */

/**
 * struct drm_hmmcl_inject - make the next @count operations of a kind fail
 *
 * The injection is for the whole device. Errors: EOPNOTSUPP, unless the module was
 * loaded with debug_inject=1.
 */
struct drm_hmmcl_inject {
	__u32 kind;		/* in: HMMCL_INJECT_* */
	__u32 count;		/* in: 0 ends it */
	__u64 reserved;
};

/* Reasons of an engine's end, in struct hmmcl_event_engine::reason */
#define HMMCL_ENGINE_EXITED		1	/* it exited, or dropped its last mapping */
#define HMMCL_ENGINE_NEVER_MAPPED	2	/* the file was closed unmapped */
#define HMMCL_ENGINE_KILLED		3	/* the driver killed it */

/* struct drm_event::type values */
#define HMMCL_EVENT_ENGINE_GONE		0x80000001

/** struct hmmcl_event_engine - read from the render node file */
struct hmmcl_event_engine {
	struct drm_event base;
	__u32 engine_id;
	__u32 reason;		/* HMMCL_ENGINE_* */
	__u64 user_data;
};

#define DRM_IOCTL_HMMCL_BIND \
	DRM_IOWR(DRM_COMMAND_BASE + DRM_HMMCL_BIND, struct drm_hmmcl_bind)
#define DRM_IOCTL_HMMCL_ENGINE_CREATE \
	DRM_IOWR(DRM_COMMAND_BASE + DRM_HMMCL_ENGINE_CREATE, struct drm_hmmcl_engine_create)
#define DRM_IOCTL_HMMCL_MIGRATE \
	DRM_IOWR(DRM_COMMAND_BASE + DRM_HMMCL_MIGRATE, struct drm_hmmcl_migrate)
#define DRM_IOCTL_HMMCL_POLICY \
	DRM_IOWR(DRM_COMMAND_BASE + DRM_HMMCL_POLICY, struct drm_hmmcl_policy)
#define DRM_IOCTL_HMMCL_STATS \
	DRM_IOWR(DRM_COMMAND_BASE + DRM_HMMCL_STATS, struct drm_hmmcl_stats)
#define DRM_IOCTL_HMMCL_ZAP \
	DRM_IOW(DRM_COMMAND_BASE + DRM_HMMCL_ZAP, struct drm_hmmcl_zap)
#define DRM_IOCTL_HMMCL_SNAPSHOT \
	DRM_IOW(DRM_COMMAND_BASE + DRM_HMMCL_SNAPSHOT, struct drm_hmmcl_snapshot)
#define DRM_IOCTL_HMMCL_INJECT \
	DRM_IOW(DRM_COMMAND_BASE + DRM_HMMCL_INJECT, struct drm_hmmcl_inject)

#if defined(__cplusplus)
}
#endif

#endif
