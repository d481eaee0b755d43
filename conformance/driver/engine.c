// SPDX-License-Identifier: MIT
/*
 * The driver tests' engine: the smallest program that can be one. No C library: it lives in
 * the window, maps the engine file over every other address, and then executes what the
 * mailboxes ask for, reporting faults instead of dying of them.
 *
 * Usage: driver-engine ENGINE_FD MAILBOX_FD THREADS
 */
#include <asm/errno.h>
#include <asm/signal.h>
#include <asm/siginfo.h>
#include <asm/unistd.h>
#include <linux/futex.h>
#include <linux/mman.h>
#include <linux/sched.h>
#include <linux/time.h>
#include <stdint.h>

#include "mailbox.h"

#define STACK_SIZE	0x10000ul	/* of a thread; its signal stack has the same size */
#define SA_RESTORER_FLAG 0x04000000ul

struct kernel_sigaction {
	void (*handler)(int, siginfo_t *, void *);
	unsigned long flags;
	void (*restorer)(void);
	unsigned long mask;
};

struct jump { uint64_t rbx, rbp, r12, r13, r14, r15, rsp, rip; };

static struct mailbox *const mailboxes = (struct mailbox *)MAILBOX_ADDRESS;
static struct jump jumps[MAX_THREADS];
static volatile int armed[MAX_THREADS];
static int n_threads;

static inline long syscall6(long n, long a, long b, long c, long d, long e, long f)
{
	register long r10 __asm__("r10") = d;
	register long r8 __asm__("r8") = e;
	register long r9 __asm__("r9") = f;
	long ret;

	__asm__ volatile("syscall" : "=a"(ret)
			 : "a"(n), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
			 : "rcx", "r11", "memory");
	return ret;
}
#define syscall3(n, a, b, c) syscall6(n, (long)(a), (long)(b), (long)(c), 0, 0, 0)

/* The compiler may call it for structures. */
void *memset(void *to, int c, unsigned long n)
{
	char *p = to;

	while (n--)
		*p++ = (char)c;
	return to;
}

int jump_set(struct jump *j) __attribute__((returns_twice));
void jump_back(struct jump *j) __attribute__((noreturn));
void signal_return(void);
long thread_start(unsigned long flags, void *stack, void (*entry)(long), long index);
__asm__(
"jump_set:\n"
"	mov %rbx,(%rdi)\n mov %rbp,8(%rdi)\n mov %r12,16(%rdi)\n mov %r13,24(%rdi)\n"
"	mov %r14,32(%rdi)\n mov %r15,40(%rdi)\n lea 8(%rsp),%rdx\n mov %rdx,48(%rdi)\n"
"	mov (%rsp),%rdx\n mov %rdx,56(%rdi)\n xor %eax,%eax\n ret\n"
"jump_back:\n"
"	mov (%rdi),%rbx\n mov 8(%rdi),%rbp\n mov 16(%rdi),%r12\n mov 24(%rdi),%r13\n"
"	mov 32(%rdi),%r14\n mov 40(%rdi),%r15\n mov 48(%rdi),%rsp\n mov $1,%eax\n jmp *56(%rdi)\n"
"signal_return:\n"
"	mov $15,%eax\n syscall\n"
/* clone(flags, stack): the child calls entry(index) */
"thread_start:\n"
"	mov %rdx,%r8\n mov %rcx,%r9\n xor %edx,%edx\n xor %r10d,%r10d\n mov $56,%eax\n syscall\n"
"	test %eax,%eax\n jnz 1f\n xor %ebp,%ebp\n mov %r9,%rdi\n call *%r8\n ud2\n1:	ret\n");

static uint64_t now(void)
{
	struct timespec t;

	syscall3(__NR_clock_gettime, 1, &t, 0);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static void on_fault(int sig, siginfo_t *info, void *context)
{
	/* Which thread: its signal stack says. */
	unsigned long here = (unsigned long)__builtin_frame_address(0);
	unsigned long i = (here - STACK_ADDRESS) / (2 * STACK_SIZE);

	(void)context;
	if (i >= MAX_THREADS || !armed[i])
		syscall3(__NR_exit_group, 100 + sig, 0, 0);
	mailboxes[i].signal = (uint32_t)sig;
	mailboxes[i].fault_address = (uint64_t)info->_sifields._sigfault._addr;
	jump_back(&jumps[i]);
}

static __attribute__((noinline)) void execute(struct mailbox *m)
{
	volatile uint64_t *p = (volatile uint64_t *)m->addr;
	uint64_t len = m->len, value = m->value, sum = 0;
	uint64_t start = now();

	switch (m->op) {
	case OP_READ:
		m->value = *p;
		break;
	case OP_WRITE:
		*p = value;
		break;
	case OP_ADD:
		while (len--)
			__atomic_fetch_add((uint64_t *)m->addr, value, __ATOMIC_SEQ_CST);
		break;
	case OP_TOUCH_READ:
		for (uint64_t o = 0; o < len; o += 4096)
			sum += *(volatile uint8_t *)(m->addr + o);
		m->value = sum;
		break;
	case OP_TOUCH_WRITE:
		for (uint64_t o = 0; o < len; o += 4096)
			*(volatile uint8_t *)(m->addr + o) = (uint8_t)value;
		break;
	case OP_XOR:
		for (uint64_t i = 0; i < len / 8; i++)
			p[i] ^= value;
		break;
	case OP_SUM:
		for (uint64_t i = 0; i < len / 8; i++)
			sum += p[i];
		m->value = sum;
		break;
	case OP_WAIT_FOR:
		while (*p != value)
			__builtin_ia32_pause();
		break;
	case OP_ANON: {
		char *mem = (char *)syscall6(__NR_mmap, SCRATCH_ADDRESS, (long)len, PROT_READ | PROT_WRITE,
					     MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);

		syscall3(__NR_madvise, mem, len, value ? MADV_HUGEPAGE : MADV_NOHUGEPAGE);
		start = now();
		for (uint64_t o = 0; o < len; o += 4096)
			*(volatile char *)(mem + o) = 1;
		m->ns = now() - start;
		syscall3(__NR_munmap, mem, len, 0);
		return;
	}
	case OP_EXIT:
		syscall3(__NR_exit_group, 0, 0, 0);
	}
	m->ns = now() - start;
}

static void serve(long index)
{
	unsigned long base = STACK_ADDRESS + (unsigned long)index * 2 * STACK_SIZE;
	struct { unsigned long sp; int flags; unsigned long size; } alt = { base, 0, STACK_SIZE };
	struct mailbox *m = &mailboxes[index];

	syscall3(__NR_sigaltstack, &alt, 0, 0);
	__atomic_store_n(&m->ready, 1, __ATOMIC_RELEASE);
	syscall3(__NR_futex, &m->ready, FUTEX_WAKE, 1);
	for (;;) {
		uint32_t s = __atomic_load_n(&m->state, __ATOMIC_ACQUIRE);

		if (s != MAILBOX_POSTED) {
			syscall6(__NR_futex, (long)&m->state, FUTEX_WAIT, s, 0, 0, 0);
			continue;
		}
		m->signal = 0;
		m->fault_address = 0;
		if (jump_set(&jumps[index]) == 0) {
			armed[index] = 1;
			execute(m);
		}
		armed[index] = 0;
		__atomic_store_n(&m->state, MAILBOX_DONE, __ATOMIC_RELEASE);
		syscall3(__NR_futex, &m->state, FUTEX_WAKE, 1);
	}
}

static int number(const char *s)
{
	int n = 0;

	while (*s)
		n = n * 10 + *s++ - '0';
	return n;
}

static int engine_fd, mailbox_fd;

static void fail(int code)
{
	syscall3(__NR_exit_group, code, 0, 0);
}

/* The engine file over [start, end). The driver's memory may be made to fail (lab --inject): try again. */
static int map_client(unsigned long start, unsigned long end)
{
	long got;
	int tries = 1000;

	do
		got = syscall6(__NR_mmap, (long)start, (long)(end - start), PROT_READ | PROT_WRITE,
			       MAP_SHARED | MAP_FIXED | MAP_NORESERVE, engine_fd, (long)start);
	while (got == -ENOMEM && --tries);
	return got == (long)start ? 0 : -1;
}

/* On a stack inside the window; the one that execve made goes away here. */
static void live(long index)
{
	struct kernel_sigaction sa = {
		.handler = on_fault,
		.flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER | SA_RESTORER_FLAG,
		.restorer = signal_return,
	};

	syscall3(__NR_munmap, 0, WINDOW_START, 0);
	syscall3(__NR_munmap, WINDOW_END, ADDRESS_TOP - WINDOW_END, 0);
	if (map_client(ADDRESS_BOTTOM, WINDOW_START))
		fail(3);
	if (map_client(WINDOW_END, ADDRESS_TOP))
		fail(4);
	syscall3(__NR_close, engine_fd, 0, 0);
	syscall3(__NR_close, mailbox_fd, 0, 0);
	syscall6(__NR_rt_sigaction, SIGSEGV, (long)&sa, 0, 8, 0, 0);
	syscall6(__NR_rt_sigaction, SIGBUS, (long)&sa, 0, 8, 0, 0);
	for (long i = 1; i < n_threads; i++) {
		unsigned long top = STACK_ADDRESS + (unsigned long)(i + 1) * 2 * STACK_SIZE - 64;

		if (thread_start(CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD,
				 (void *)top, serve, i) < 0)
			fail(5);
	}
	serve(index);
}

void engine_main(unsigned long *stack)
{
	char **argv = (char **)(stack + 1);

	engine_fd = number(argv[1]);
	mailbox_fd = number(argv[2]);
	n_threads = number(argv[3]);
	if (syscall6(__NR_mmap, MAILBOX_ADDRESS, sizeof(struct mailbox) * MAX_THREADS,
		     PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, mailbox_fd, 0) != (long)MAILBOX_ADDRESS)
		fail(1);
	if (syscall6(__NR_mmap, STACK_ADDRESS, 2 * STACK_SIZE * MAX_THREADS, PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) != (long)STACK_ADDRESS)
		fail(2);
	__asm__ volatile("mov %0, %%rsp\n xor %%ebp, %%ebp\n xor %%edi, %%edi\n call *%1\n"
			 : : "r"(STACK_ADDRESS + 2 * STACK_SIZE - 64), "r"(live) : "memory");
	__builtin_unreachable();
}

__asm__(".globl _start\n_start:	mov %rsp,%rdi\n and $-16,%rsp\n call engine_main\n");
