/* SPDX-License-Identifier: MIT */
/* System calls without a C library: no errno, no TLS.  A negative result is -errno. */
#ifndef HMMCL_ENGINE_SYSCALL_H
#define HMMCL_ENGINE_SYSCALL_H

#include <asm/unistd.h>
#include <linux/futex.h>
#include <linux/time_types.h>
#include <stdatomic.h>
#include <stdint.h>

static inline long hmmcl_syscall6(long nr, long a, long b, long c, long d, long e, long f)
{
	register long r10 __asm__("r10") = d;
	register long r8 __asm__("r8") = e;
	register long r9 __asm__("r9") = f;
	long result;

	__asm__ volatile("syscall" : "=a"(result)
			 : "a"(nr), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
			 : "rcx", "r11", "memory");
	return result;
}

#define hmmcl_syscall4(nr, a, b, c, d) \
	hmmcl_syscall6(nr, (long)(a), (long)(b), (long)(c), (long)(d), 0, 0)
#define hmmcl_syscall3(nr, a, b, c) hmmcl_syscall4(nr, a, b, c, 0)
#define hmmcl_syscall2(nr, a, b) hmmcl_syscall4(nr, a, b, 0, 0)
#define hmmcl_syscall1(nr, a) hmmcl_syscall4(nr, a, 0, 0, 0)

/* @flags: FUTEX_PRIVATE_FLAG or 0.  0 when woken. */
static inline long hmmcl_futex_wait(_Atomic uint32_t *word, uint32_t seen, uint32_t flags,
				    const struct __kernel_timespec *deadline, uint32_t bitset)
{
	return hmmcl_syscall6(__NR_futex, (long)word, FUTEX_WAIT_BITSET | flags, seen,
			      (long)deadline, 0, bitset);
}

/* Returns how many were woken. */
static inline long hmmcl_futex_wake(_Atomic uint32_t *word, int count, uint32_t flags,
				    uint32_t bitset)
{
	return hmmcl_syscall6(__NR_futex, (long)word, FUTEX_WAKE_BITSET | flags, count, 0, 0, bitset);
}

static inline void hmmcl_cpu_relax(void)
{
	__builtin_ia32_pause();
}

static inline uint64_t hmmcl_tsc(void)
{
	return __builtin_ia32_rdtsc();
}

#endif
