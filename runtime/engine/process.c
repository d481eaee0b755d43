// SPDX-License-Identifier: MIT
/*
 * The hmm engine's process.  It moves into the window, gives up the rest of its address space
 * and maps the client's memory there instead; then its threads are workers until it is killed.
 */
#include <asm/prctl.h>
#include <asm/signal.h>
#include <linux/close_range.h>
#include <linux/errno.h>
#include <linux/mman.h>
#include <linux/sched.h>
#include <stddef.h>

#include "process.h"
#include "syscall.h"
#include "worker.h"

#define ADDRESS_END 0x7ffffffff000ull	/* of a process, with 4-level page tables' addresses */
#define ADDRESS_END_5 0xfffffffffff000ull	/* with 5-level page tables, for whoever asks */
#define MAX_MMAP_MIN HMMCL_MIB		/* no system keeps more than this from being mapped */
#define SA_RESTORER 0x04000000

struct hmmcl_kernel_sigaction {
	void (*handler)(int, const void *, void *);
	unsigned long flags;
	void (*restorer)(void);
	unsigned long mask;
};

static struct hmmcl_engine_state state;
static _Atomic uint32_t arrived;	/* futex: threads that need nothing any more but to begin */
static _Atomic uint32_t go;		/* futex: they begin when the sandbox is closed */
/* What the compiler's stack protector finds at %fs:0x28 in the libcalls; the same for all. */
static uint64_t thread_area[8];

__attribute__((noreturn)) static void fail(enum hmmcl_start_step step, long error)
{
	struct hmmcl_start_failure failure = { .step = step, .error = (int32_t)error };

	hmmcl_syscall3(__NR_write, HMMCL_FD_STATUS, &failure, sizeof(failure));
	for (;;)
		hmmcl_syscall1(__NR_exit_group, 1);
}

/* On a signal stack; a fault of the engine itself ends it, and the client sees that it is gone. */
static void on_fault(int signal, const void *info, void *context)
{
	if (!hmmcl_fault_capture(&state, signal, info, context))
		hmmcl_syscall1(__NR_exit_group, 128 + signal);
}

void hmmcl_restorer(void);
__asm__(".text\n"
	"hmmcl_restorer:\n"
	"	mov $15, %eax\n"	/* rt_sigreturn */
	"	syscall\n");

static long catch_faults(void)
{
	static const int signals[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL };
	struct hmmcl_kernel_sigaction action = {
		.handler = on_fault, .restorer = hmmcl_restorer,
		.flags = SA_SIGINFO | SA_ONSTACK | SA_RESTORER,
	};
	unsigned long mask = ~0ul;
	long r = 0;

	for (unsigned int i = 0; i < sizeof(signals) / sizeof(*signals) && !r; i++) {
		mask &= ~(1ul << (signals[i] - 1));
		r = hmmcl_syscall4(__NR_rt_sigaction, signals[i], &action, NULL, sizeof(mask));
	}
	/* What is sent to the client's process group or terminal is not for us. */
	if (!r)
		r = hmmcl_syscall4(__NR_rt_sigprocmask, SIG_SETMASK, &mask, NULL, sizeof(mask));
	return r;
}

static void set_signal_stack(const struct hmmcl_worker *worker)
{
	stack_t stack = {
		.ss_sp = hmmcl_worker_alt_stack(worker), .ss_size = HMMCL_ALT_STACK_SIZE,
	};

	hmmcl_syscall2(__NR_sigaltstack, &stack, NULL);
}

static void change(_Atomic uint32_t *word)
{
	atomic_fetch_add(word, 1);
	hmmcl_futex_wake(word, INT32_MAX, FUTEX_PRIVATE_FLAG, FUTEX_BITSET_MATCH_ANY);
}

static void await(_Atomic uint32_t *word, uint32_t value)
{
	uint32_t now;

	while ((now = atomic_load(word)) != value)
		hmmcl_futex_wait(word, now, FUTEX_PRIVATE_FLAG, NULL, FUTEX_BITSET_MATCH_ANY);
}

__attribute__((noreturn)) static void thread_main(struct hmmcl_worker *worker)
{
	set_signal_stack(worker);
	change(&arrived);
	await(&go, 1);
	hmmcl_worker_run(worker);
	for (;;)
		hmmcl_syscall1(__NR_exit, 0);
}

static char *stack_top(const struct hmmcl_worker *worker)
{
	return worker->base + HMMCL_WORKER_STACK + HMMCL_WORKER_STACK_SIZE;
}

/* Start a thread on its worker's stack; its id, or -errno. */
static long start_thread(struct hmmcl_worker *worker)
{
	uint64_t *top = (uint64_t *)stack_top(worker);
	register long r10 __asm__("r10") = 0;
	register uint64_t *r8 __asm__("r8") = thread_area;
	long result;

	*--top = 0;		/* the stack is aligned where thread_main is called */
	*--top = (uint64_t)thread_main;
	*--top = (uint64_t)worker;
	__asm__ volatile("syscall\n"
			 "	test %%rax, %%rax\n"
			 "	jnz 1f\n"
			 "	xor %%ebp, %%ebp\n"
			 "	pop %%rdi\n"
			 "	pop %%rax\n"
			 "	jmp *%%rax\n"
			 "1:"
			 : "=a"(result)
			 : "a"(__NR_clone), "D"(CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND |
						CLONE_THREAD | CLONE_SYSVSEM | CLONE_SETTLS),
			   "S"(top), "d"(0), "r"(r10), "r"(r8)
			 : "rcx", "r11", "memory");
	return result;
}

static long pin(long thread, unsigned int cpu)
{
	unsigned long set[(UINT16_MAX + 1) / 64] = { 0 };

	set[cpu / 64] = 1ul << (cpu % 64);
	return hmmcl_syscall3(__NR_sched_setaffinity, thread, (cpu / 64 + 1) * sizeof(*set), set);
}

static long start_workers(struct hmmcl_control *control)
{
	for (unsigned int i = 0; i < control->workers; i++) {
		struct hmmcl_worker *worker = &state.workers[i];
		long thread = 0, r = hmmcl_worker_init(&state, i);

		/* The first one is this thread, on its stack already. */
		if (!r && i) {
			r = hmmcl_worker_map((uint64_t)worker->base + HMMCL_WORKER_STACK,
					     HMMCL_WORKER_STACK_SIZE);
			if (!r)
				r = thread = start_thread(worker);
		}
		if (r < 0)
			return r;
		worker->stack_guard = (uint64_t)worker->base + HMMCL_WORKER_STACK - HMMCL_WORKER_GUARD;
		/* A core that has gone since is no reason to fail: then the kernel chooses. */
		if (control->pin)
			pin(thread, control->cpus[i]);
	}
	return 0;
}

static long map_shared(uint64_t address, uint64_t size, int protection, int fd)
{
	long r = hmmcl_syscall6(__NR_mmap, (long)address, (long)size, protection,
				MAP_SHARED | MAP_NORESERVE | MAP_FIXED, fd, 0);

	return r < 0 ? r : 0;
}

/* The client's memory: offsets are addresses. */
static long map_client(uint64_t start, uint64_t end)
{
	long r = hmmcl_syscall6(__NR_mmap, (long)start, (long)(end - start), PROT_READ | PROT_WRITE,
				MAP_SHARED | MAP_NORESERVE | MAP_FIXED_NOREPLACE, HMMCL_FD_DEVICE,
				(long)start);

	return r < 0 ? r : 0;
}

static long map_below(uint64_t window)
{
	long r = -EPERM;

	/* The system keeps the first pages (vm.mmap_min_addr) for nobody. */
	for (uint64_t start = HMMCL_PAGE_SIZE; start <= MAX_MMAP_MIN && (r == -EPERM || r == -EACCES);
	     start *= 2)
		r = map_client(start, window);
	return r;
}

/* In the window, on worker 0's stack: nothing outside is needed any more. */
__attribute__((noreturn)) static void enter(uint64_t window, uint64_t size)
{
	struct hmmcl_control *control = (struct hmmcl_control *)(window + HMMCL_WINDOW_CONTROL);
	long r = hmmcl_syscall2(__NR_munmap, 0, window);

	if (!r)
		r = hmmcl_syscall2(__NR_munmap, window + size, ADDRESS_END - window - size);
	if (r)
		fail(HMMCL_START_UNMAP, r);

	r = map_shared((uint64_t)control, HMMCL_WINDOW_CONTROL_SIZE, PROT_READ | PROT_WRITE,
		       HMMCL_FD_CONTROL);
	if (!r)
		r = map_shared(window + HMMCL_WINDOW_CODE, HMMCL_WINDOW_CODE_SIZE,
			       PROT_READ | PROT_EXEC, HMMCL_FD_CODE);
	if (!r)
		r = map_shared(window + HMMCL_WINDOW_DATA, HMMCL_WINDOW_DATA_SIZE,
			       PROT_READ | PROT_WRITE, HMMCL_FD_DATA);
	if (r)
		fail(HMMCL_START_SHARED, r);
	if (control->version != HMMCL_CONTROL_VERSION)
		fail(HMMCL_START_VERSION, -EPROTO);

	r = map_below(window);
	if (!r)
		r = map_client(window + size, ADDRESS_END);
	/* Programs may ask for addresses there by name. With 4-level page tables there are none. */
	if (!r && (r = map_client(ADDRESS_END, ADDRESS_END_5)) == -ENOMEM)
		r = 0;
	if (r)
		fail(HMMCL_START_DEVICE, r);

	hmmcl_engine_init(&state, control);
	hmmcl_libcall_addresses(control->libcalls);
	hmmcl_syscall2(__NR_arch_prctl, ARCH_SET_FS, thread_area);
	hmmcl_syscall1(__NR_chdir, "/");
	r = catch_faults();
	if (!r)
		r = start_workers(control);
	if (r < 0)
		fail(HMMCL_START_WORKERS, r);

	set_signal_stack(&state.workers[0]);
	await(&arrived, control->workers - 1);
	hmmcl_syscall3(__NR_close_range, 0, ~0u, 0);
	if (hmmcl_sandbox())
		hmmcl_syscall1(__NR_exit_group, 1);
	atomic_store(&control->ready, 1);
	hmmcl_futex_wake(&control->ready, INT32_MAX, 0, FUTEX_BITSET_MATCH_ANY);
	change(&go);
	hmmcl_worker_run(&state.workers[0]);
	for (;;)
		hmmcl_syscall1(__NR_exit_group, 0);
}

static uint64_t parse_hex(const char *s)
{
	uint64_t value = 0;

	for (; *s; s++)
		value = value << 4 | (uint64_t)(*s <= '9' ? *s - '0' : (*s | 32) - 'a' + 10);
	return value;
}

/* Where the kernel put us, nothing relocated.  @stack: argc, argv. */
__attribute__((noreturn, used)) void hmmcl_process_start(const long *stack)
{
	const char *const *argv = (const char *const *)(stack + 1);
	uint64_t window, size, top;
	long r;

	if (stack[0] != 3)
		fail(HMMCL_START_VERSION, -EINVAL);
	window = parse_hex(argv[1]);
	size = parse_hex(argv[2]);
	r = hmmcl_syscall6(__NR_mmap, (long)window, (long)size, PROT_NONE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE, -1, 0);
	if (r < 0)
		fail(HMMCL_START_WINDOW, r);
	r = hmmcl_worker_map(window + HMMCL_WINDOW_WORKERS + HMMCL_WORKER_STACK, HMMCL_WORKER_STACK_SIZE);
	if (!r)
		r = hmmcl_image_move(window + HMMCL_WINDOW_IMAGE, HMMCL_WINDOW_IMAGE_SIZE);
	if (r < 0 && r > -4096)
		fail(HMMCL_START_IMAGE, r);
	top = window + HMMCL_WINDOW_WORKERS + HMMCL_WORKER_STACK + HMMCL_WORKER_STACK_SIZE;
	__asm__ volatile("mov %0, %%rsp\n"
			 "	xor %%ebp, %%ebp\n"
			 "	call *%1\n"
			 : : "r"(top), "r"((char *)enter + r), "D"(window), "S"(size) : "memory");
	__builtin_unreachable();
}

__asm__(".text\n"
	".globl _start\n"
	".type _start, @function\n"
	"_start:\n"
	"	xor %ebp, %ebp\n"
	"	mov %rsp, %rdi\n"
	"	and $-16, %rsp\n"
	"	call hmmcl_process_start\n"
	"	hlt\n");
