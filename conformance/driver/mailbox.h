/* SPDX-License-Identifier: MIT */
/*
 * What the driver tests and their test engine (engine.c) share: where the engine's window
 * lies, and one mailbox for each engine thread in a memfd that both map there.
 */
#ifndef MAILBOX_H
#define MAILBOX_H

#include <stdint.h>

/* The window: the only addresses at which the engine does not see its client's memory.
 * The engine's program is linked to its start (CMakeLists.txt). */
#define WINDOW_START	0x7d0000000000ul
#define WINDOW_SIZE	0x000010000000ul
#define WINDOW_END	(WINDOW_START + WINDOW_SIZE)
#define MAILBOX_ADDRESS	(WINDOW_START + 0x01000000ul)
#define STACK_ADDRESS	(WINDOW_START + 0x02000000ul)
#define SCRATCH_ADDRESS	(WINDOW_START + 0x04000000ul)	/* for OP_ANON, up to the window's end */
#define ADDRESS_TOP	0x7ffffffff000ul
#define ADDRESS_BOTTOM	0x10000ul
#define MAX_THREADS	8

enum op {
	OP_READ,	/* value = *(u64 *)addr */
	OP_WRITE,	/* *(u64 *)addr = value */
	OP_ADD,		/* len times: atomic add of value to *(u64 *)addr */
	OP_TOUCH_READ,	/* a byte of each page; value = their sum */
	OP_TOUCH_WRITE,	/* the first byte of each page = value */
	OP_XOR,		/* each u64 ^= value */
	OP_SUM,		/* value = sum of each u64 */
	OP_WAIT_FOR,	/* spin until *(u64 *)addr == value */
	OP_ANON,	/* touch len bytes of fresh anonymous memory of the engine's own: the yardstick;
			 * value 1: huge pages allowed */
	OP_EXIT,
};

enum mailbox_state { MAILBOX_IDLE, MAILBOX_POSTED, MAILBOX_DONE };

struct mailbox {
	_Alignas(4096) uint32_t state;	/* enum mailbox_state, a futex */
	uint32_t op;
	uint64_t addr, len, value;
	/* The answer: */
	uint32_t signal;		/* 0, SIGSEGV or SIGBUS */
	uint32_t ready;			/* 1 when this thread has started */
	uint64_t fault_address;
	uint64_t ns;			/* time the operation took */
};

#endif
