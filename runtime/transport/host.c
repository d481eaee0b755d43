// SPDX-License-Identifier: MIT
/*
 * The host engine: the engine's workers as threads of this process.
 *
 * A kernel's fault is a signal that the whole process shares.  Our handlers take only what
 * a worker of ours raised while it ran a command; everything else goes on to the handlers
 * that were there before, as if ours were not.  An application that installs its own
 * later replaces ours, as is its right: then kernels' faults are its own.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../engine/syscall.h"
#include "../engine/worker.h"
#include "client.h"

struct hmmcl_host {
	struct hmmcl_engine_state state;
	unsigned int started;
	pthread_t threads[HMMCL_MAX_WORKERS];
};

static const int fault_signals[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL };
#define FAULT_SIGNALS (sizeof(fault_signals) / sizeof(*fault_signals))

/* The one host engine that may have commands running; changed while the table is locked. */
static struct hmmcl_host *_Atomic capturing;

/*
 * Our handlers, and for each what was there before. Installed a second time over a handler of the
 * application, another one is taken: that handler may pass on to the first, which then goes on to what
 * was below it, and not in a circle.
 */
#define LAYERS 4
static struct sigaction previous[LAYERS][NSIG];
static unsigned int next_layer[NSIG];

/* The default action, for the signal that the handler was called for. */
static void default_action(int sig, const siginfo_t *info)
{
	struct sigaction action = { .sa_handler = SIG_DFL };

	sigaction(sig, &action, NULL);
	/* Returning repeats the instruction that faulted; what a process sent must be sent again. */
	if (info->si_code <= 0)
		syscall(SYS_rt_tgsigqueueinfo, getpid(), (pid_t)syscall(SYS_gettid), sig, info);
}

/* Do what would have been done without us. */
static void pass_on(unsigned int layer, int sig, siginfo_t *info, void *context)
{
	struct sigaction action = previous[layer][sig];
	sigset_t mask, saved;

	if (!(action.sa_flags & SA_SIGINFO) && action.sa_handler == SIG_IGN) {
		/* The kernel does not let a fault of the processor be ignored. */
		if (info->si_code > 0)
			default_action(sig, info);
		return;
	}
	if (!(action.sa_flags & SA_SIGINFO) && action.sa_handler == SIG_DFL) {
		default_action(sig, info);
		return;
	}
	mask = action.sa_mask;
	if (!(action.sa_flags & SA_NODEFER))
		sigaddset(&mask, sig);
	pthread_sigmask(SIG_BLOCK, &mask, &saved);
	if (action.sa_flags & SA_RESETHAND)
		previous[layer][sig] = (struct sigaction) { .sa_handler = SIG_DFL };
	if (action.sa_flags & SA_SIGINFO)
		action.sa_sigaction(sig, info, context);
	else
		action.sa_handler(sig);
	pthread_sigmask(SIG_SETMASK, &saved, NULL);
}

static void on_fault(unsigned int layer, int sig, siginfo_t *info, void *context)
{
	struct hmmcl_host *host = atomic_load(&capturing);
	int err = errno;

	if (!host || !hmmcl_fault_capture(&host->state, sig, info, context))
		pass_on(layer, sig, info, context);
	errno = err;
}

#define HANDLER(layer) \
	static void handler_##layer(int sig, siginfo_t *info, void *context) \
	{ \
		on_fault(layer, sig, info, context); \
	}
HANDLER(0)
HANDLER(1)
HANDLER(2)
HANDLER(3)

static void (*const handlers[LAYERS])(int, siginfo_t *, void *) = {
	handler_0, handler_1, handler_2, handler_3,
};

/* The layer of the handler that is in place, or LAYERS: it is not ours. */
static unsigned int current_layer(int sig, struct sigaction *now)
{
	unsigned int layer = 0;

	sigaction(sig, NULL, now);
	if (!(now->sa_flags & SA_SIGINFO))
		return LAYERS;
	while (layer < LAYERS && now->sa_sigaction != handlers[layer])
		layer++;
	return layer;
}

static void install_handlers(void)
{
	for (size_t i = 0; i < FAULT_SIGNALS; i++) {
		/* Nothing masked: pass_on sets what the previous handler asked for. */
		struct sigaction now, action = { .sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER };
		int sig = fault_signals[i];
		unsigned int layer = next_layer[sig];

		if (current_layer(sig, &now) < LAYERS)
			continue;
		previous[layer][sig] = now;
		action.sa_sigaction = handlers[layer];
		sigaction(sig, &action, NULL);
		if (layer < LAYERS - 1)
			next_layer[sig]++;
	}
}

/* Where ours are still in place, put back what was there before. */
static void remove_handlers(void)
{
	for (size_t i = 0; i < FAULT_SIGNALS; i++) {
		struct sigaction now;
		int sig = fault_signals[i];
		unsigned int layer = current_layer(sig, &now);

		if (layer == LAYERS)
			continue;
		sigaction(sig, &previous[layer][sig], NULL);
		next_layer[sig] = layer;
	}
}

static void *worker_thread(void *argument)
{
	struct hmmcl_worker *worker = argument;
	stack_t stack = {
		.ss_sp = hmmcl_worker_alt_stack(worker), .ss_size = HMMCL_ALT_STACK_SIZE,
	}, saved;
	pthread_attr_t attributes;
	void *bottom = NULL;
	size_t size;
	sigset_t faults;

	if (!pthread_getattr_np(pthread_self(), &attributes)) {
		pthread_attr_getstack(&attributes, &bottom, &size);
		pthread_attr_destroy(&attributes);
		worker->stack_guard = (uint64_t)bottom - HMMCL_WORKER_GUARD;
	}
	/* The application's signals are not for this thread; faults cannot be held back. */
	sigemptyset(&faults);
	for (size_t i = 0; i < FAULT_SIGNALS; i++)
		sigaddset(&faults, fault_signals[i]);
	sigaltstack(&stack, &saved);
	pthread_sigmask(SIG_UNBLOCK, &faults, NULL);
	hmmcl_worker_run(worker);
	pthread_sigmask(SIG_BLOCK, &faults, NULL);
	sigaltstack(&saved, NULL);
	return NULL;
}

static int start_worker(struct hmmcl_host *host, unsigned int index)
{
	struct hmmcl_worker *worker = &host->state.workers[index];
	pthread_attr_t attributes;
	sigset_t everything, saved;
	int err = hmmcl_worker_init(&host->state, index);

	if (err)
		return err;
	pthread_attr_init(&attributes);
	/* The C library's own stack: its fork touches all threads' descriptors, which lie on them. */
	pthread_attr_setstacksize(&attributes, HMMCL_WORKER_STACK_SIZE);
	pthread_attr_setguardsize(&attributes, HMMCL_WORKER_GUARD);
	sigfillset(&everything);
	pthread_sigmask(SIG_SETMASK, &everything, &saved);
	err = pthread_create(&host->threads[index], &attributes, worker_thread, worker);
	pthread_sigmask(SIG_SETMASK, &saved, NULL);
	pthread_attr_destroy(&attributes);
	if (!err)
		pthread_setname_np(host->threads[index], "hmmcl-worker");
	return -err;
}

static void host_stop(struct hmmcl_engine *engine)
{
	struct hmmcl_host *host = engine->private, *expected = host;
	struct hmmcl_control *control = engine->window.control;

	atomic_store(&control->stop, 1);
	atomic_fetch_add(&control->doorbell, 1);
	hmmcl_futex_wake(&control->doorbell, INT_MAX, control->futex_flags, FUTEX_BITSET_MATCH_ANY);
	for (unsigned int i = 0; i < host->started; i++)
		pthread_join(host->threads[i], NULL);
	/* An engine that was opened when this one was lost keeps them. */
	if (atomic_compare_exchange_strong(&capturing, &expected, NULL))
		remove_handlers();
	free(host);
	engine->private = NULL;
}

static int host_start(struct hmmcl_engine *engine, char *why, size_t why_size)
{
	struct hmmcl_host *host = calloc(1, sizeof(*host));
	int err = 0;

	if (!host) {
		snprintf(why, why_size, "out of memory");
		return -ENOMEM;
	}
	engine->private = host;
	engine->window.control->futex_flags = FUTEX_PRIVATE_FLAG;
	hmmcl_libcall_addresses(engine->window.control->libcalls);
	hmmcl_engine_init(&host->state, engine->window.control);
	atomic_store(&capturing, host);
	install_handlers();
	while (!err && host->started < engine->info.workers) {
		err = start_worker(host, host->started);
		if (!err)
			host->started++;
	}
	if (!err && madvise(engine->window.base, engine->window.size, MADV_DONTFORK))
		err = -errno;
	if (err) {
		snprintf(why, why_size, "cannot start worker %u of %u: %s", host->started,
			 engine->info.workers, strerror(-err));
		host_stop(engine);
	}
	return err;
}

static int host_probe(struct hmmcl_engine_info *info, char *why, size_t why_size)
{
	(void)info;
	(void)why;
	(void)why_size;
	return 0;
}

/* The threads are the parent's. */
static void host_forget(struct hmmcl_engine *engine)
{
	atomic_store(&capturing, NULL);
	free(engine->private);
	engine->private = NULL;
}

/* All memory is system memory, where it is. */
static int host_migrate(struct hmmcl_engine *engine, const void *addr, size_t size, bool to_device,
			uint64_t *moved)
{
	(void)engine;
	(void)addr;
	(void)size;
	(void)to_device;
	(void)moved;
	return 0;
}

static int host_counters(struct hmmcl_engine *engine, struct hmmcl_engine_counters *counters)
{
	(void)engine;
	(void)counters;
	return 0;
}

const struct hmmcl_backend hmmcl_host_backend = {
	.probe = host_probe,
	.start = host_start,
	.stop = host_stop,
	.forget = host_forget,
	.migrate = host_migrate,
	.counters = host_counters,
};
