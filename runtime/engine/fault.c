// SPDX-License-Identifier: MIT
/* Fault capture: from a signal on a worker to a command that ends with a fault. */
#include <asm/sigcontext.h>
#include <asm/siginfo.h>
#include <asm/signal.h>
#include <asm/ucontext.h>

#include "worker.h"

#define EFLAGS_TF (1u << 8)
#define EFLAGS_DF (1u << 10)
#define EFLAGS_AC (1u << 18)
#define TRAP_PAGE_FAULT 14
#define PAGE_FAULT_WRITE 2

void *hmmcl_worker_alt_stack(const struct hmmcl_worker *worker)
{
	return (char *)worker->engine->alt_stacks +
	       worker->index * HMMCL_ALT_STACK_STRIDE + HMMCL_ALT_STACK_SIZE;
}

/*
 * The worker on whose signal stack we are, or, if a handler of the application has passed the
 * fault on to us, on whose own: there is no thread-local storage to ask.
 */
static struct hmmcl_worker *current_worker(struct hmmcl_engine_state *engine)
{
	uint64_t sp = (uint64_t)__builtin_frame_address(0);
	uint64_t index = (sp - engine->alt_stacks) / HMMCL_ALT_STACK_STRIDE;

	if (sp >= engine->alt_stacks && index < engine->worker_count)
		return &engine->workers[index];
	for (index = 0; index < engine->worker_count; index++) {
		struct hmmcl_worker *worker = &engine->workers[index];
		uint64_t guard = atomic_load(&worker->stack_guard);

		if (guard && sp - (guard + HMMCL_WORKER_GUARD) < HMMCL_WORKER_STACK_SIZE)
			return worker;
	}
	return NULL;
}

static bool in_stack_guard(const struct hmmcl_worker *worker, uint64_t address)
{
	return address - worker->stack_guard < HMMCL_WORKER_GUARD;
}

bool hmmcl_fault_capture(struct hmmcl_engine_state *engine, int signal, const void *siginfo,
			 void *context)
{
	struct hmmcl_worker *worker = current_worker(engine);
	const siginfo_t *info = siginfo;
	struct sigcontext *regs = (struct sigcontext *)&((struct ucontext *)context)->uc_mcontext;

	/* si_code <= 0: sent by a process, not by the processor. */
	if (!worker || !worker->recovery.armed || info->si_code <= 0)
		return false;

	worker->fault = (struct hmmcl_fault) {
		.address = (uint64_t)info->si_addr,
		.instruction = regs->rip,
		.write = regs->trapno == TRAP_PAGE_FAULT && (regs->err & PAGE_FAULT_WRITE),
	};
	switch (signal) {
	case SIGSEGV:
		worker->fault.kind = in_stack_guard(worker, worker->fault.address) ?
				     HMMCL_FAULT_STACK_OVERFLOW : HMMCL_FAULT_BAD_ADDRESS;
		break;
	case SIGBUS:
		worker->fault.kind = HMMCL_FAULT_BUS;
		break;
	case SIGFPE:
		worker->fault.kind = HMMCL_FAULT_ARITHMETIC;
		break;
	case SIGILL:
		worker->fault.kind = HMMCL_FAULT_ILLEGAL_INSTRUCTION;
		break;
	default:
		return false;
	}
	worker->recovery.armed = 0;
	regs->rsp = worker->recovery.sp;
	regs->rip = (uint64_t)hmmcl_guarded_resume;
	regs->eflags &= ~(unsigned long)(EFLAGS_TF | EFLAGS_DF | EFLAGS_AC);
	return true;
}
