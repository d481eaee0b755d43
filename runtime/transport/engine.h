/* SPDX-License-Identifier: MIT */
/*
 * The device as the runtime sees it: an engine that takes commands from a ring in
 * shared memory and executes them on its workers.  Both kinds are behind this one
 * interface: the hmm engine, an isolated process that shares this process's address
 * space through hmmcl.ko, and the host engine, threads of this process.
 *
 * Every function is safe to call from several threads at once unless it says otherwise.
 * Errors are negative errno values; hmmcl_engine_open also explains itself in words.
 */
#ifndef HMMCL_ENGINE_H
#define HMMCL_ENGINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../engine/device_abi.h"

struct hmmcl_engine;
struct hmmcl_image;

enum hmmcl_engine_kind { HMMCL_ENGINE_HOST, HMMCL_ENGINE_HMM };

/* What one engine can do; fixed from open to close. */
struct hmmcl_engine_info {
	enum hmmcl_engine_kind kind;
	unsigned int workers;		/* threads, one a core it may use: CL_DEVICE_MAX_COMPUTE_UNITS */
	uint64_t device_memory;		/* bytes of device memory, 0 for the host engine */
	char name[64];			/* the CPU's name */
};

/*
 * Whether an engine of this kind can be had here at all, without starting it.  When not,
 * @why gets one line: what is missing, where, and what to do.  Fills @info.
 */
int hmmcl_engine_probe(enum hmmcl_engine_kind kind, struct hmmcl_engine_info *info,
		       char *why, size_t why_size);

/*
 * Start an engine.  One for each process and kind is shared by all contexts: opening again
 * takes a reference; after fork() a child's open starts a new one.
 */
int hmmcl_engine_open(enum hmmcl_engine_kind kind, struct hmmcl_engine **engine,
		      char *why, size_t why_size);
void hmmcl_engine_close(struct hmmcl_engine *engine);
const struct hmmcl_engine_info *hmmcl_engine_info(const struct hmmcl_engine *engine);

/*
 * Code.  Loads a code object (device_abi.h) into the engine's window, resolves its libcalls,
 * makes it executable there and readable (not writable) here at the same address; program-scope
 * variables are readable and writable in both.  -ENOEXEC: not a code object, or made for
 * another ABI version or CPU; -ENOMEM: the window is full.  Unload only when no command uses it.
 */
int hmmcl_image_load(struct hmmcl_engine *engine, const void *object, size_t size,
		     struct hmmcl_image **image, char *why, size_t why_size);
void hmmcl_image_unload(struct hmmcl_image *image);
/* Address of a symbol's code or data in the window; 0 if there is none. */
uint64_t hmmcl_image_symbol(const struct hmmcl_image *image, const char *symbol);

/* Commands. */
enum hmmcl_command_type {
	HMMCL_CMD_NOP,			/* takes its place in the order, does nothing */
	HMMCL_CMD_NDRANGE,
	HMMCL_CMD_COPY,			/* memmove(dst, src, size) */
	HMMCL_CMD_COPY_RECT,
	HMMCL_CMD_FILL,			/* repeat a pattern of 1..128 bytes, a power of two */
};

#define HMMCL_MAX_AFTER 6u

struct hmmcl_command {
	enum hmmcl_command_type type;
	bool report;			/* as hmmcl_engine_report does */
	/* Tickets of commands that must have ended before this one starts; it may overlap with all
	 * others. */
	uint32_t n_after;
	int64_t after[HMMCL_MAX_AFTER];
	union {
		struct {
			uint64_t entry;			/* from hmmcl_image_symbol */
			struct hmmcl_launch launch;
			const void *args;		/* copied at submit */
			uint32_t args_size;
			uint32_t context_fixed;		/* of the code object's context line */
			uint32_t context_item;
			uint32_t local_size;		/* bytes of local memory used, static and arguments */
			const char *name;		/* of the kernel, for messages; copied, cut to 63 bytes */
		} ndrange;
		struct { void *dst; const void *src; uint64_t size; } copy;
		struct {
			void *dst; const void *src;	/* of the first byte, origins already added */
			uint64_t region[3];		/* bytes, rows, slices */
			uint64_t dst_row_pitch, dst_slice_pitch;
			uint64_t src_row_pitch, src_slice_pitch;
		} copy_rect;
		struct { void *dst; uint64_t size; uint32_t pattern_size; uint8_t pattern[128]; } fill;
	};
};

enum hmmcl_fault_kind {
	HMMCL_FAULT_NONE,
	HMMCL_FAULT_BAD_ADDRESS,	/* nothing is mapped there, or not with that right */
	HMMCL_FAULT_BUS,		/* beyond a file's end, or memory could not be had */
	HMMCL_FAULT_ARITHMETIC,
	HMMCL_FAULT_ILLEGAL_INSTRUCTION,
	HMMCL_FAULT_STACK_OVERFLOW,
	HMMCL_FAULT_ENGINE_LOST,	/* the engine process is gone: this command and all later ones fail */
};

struct hmmcl_completion {
	enum hmmcl_fault_kind fault;	/* NONE: it ended well */
	uint64_t address;		/* that faulted */
	uint64_t instruction;		/* offset in the image */
	bool write;
	uint64_t start_ns, end_ns;	/* CLOCK_MONOTONIC */
	char kernel[64];
};

/*
 * Submit.  Returns a ticket (> 0, increasing by one) or a negative errno: -EIO when the engine is
 * lost.  Blocks while the ring is full (never while a lock of this module is held that completion
 * needs).  The engine starts it at once, no flush is needed; when its workers are awake this
 * makes no system call.
 */
int64_t hmmcl_engine_submit(struct hmmcl_engine *engine, const struct hmmcl_command *command);

/*
 * How many of the commands submitted since the engine was opened have ended, or are just about to:
 * no more than so many are found by hmmcl_engine_poll; UINT64_MAX when the engine is lost, and with
 * it all of them.
 */
uint64_t hmmcl_engine_done(const struct hmmcl_engine *engine);

/*
 * True when the ticket's command has ended, with its completion; false while it has not.  Each
 * ticket's completion is kept until hmmcl_engine_retire has been called for it.
 */
bool hmmcl_engine_poll(struct hmmcl_engine *engine, int64_t ticket, struct hmmcl_completion *completion);

/*
 * Sleep until this command has ended, a short spin first.  The end of another wakes nobody here.
 * Any number of threads.
 */
void hmmcl_engine_wait_for(struct hmmcl_engine *engine, int64_t ticket);

/*
 * For who waits for several commands: sleep until one has ended that was to be reported, after @seen
 * was read; or until hmmcl_engine_interrupt.  Any number of threads.
 *	seen = hmmcl_engine_events(e); poll what you wait for; if not ended: hmmcl_engine_wait(e, seen)
 * An end that comes before it is asked to be reported is reported at once.
 */
void hmmcl_engine_report(struct hmmcl_engine *engine, int64_t ticket);
uint32_t hmmcl_engine_events(struct hmmcl_engine *engine);
void hmmcl_engine_wait(struct hmmcl_engine *engine, uint32_t seen);
void hmmcl_engine_interrupt(struct hmmcl_engine *engine);
/*
 * Why this process can use the engine no more, in words that live as long as the engine; NULL
 * while it can.  Once it cannot, nothing here sleeps.
 */
const char *hmmcl_engine_why_lost(const struct hmmcl_engine *engine);
void hmmcl_engine_retire(struct hmmcl_engine *engine, int64_t ticket);

/*
 * Where memory is.  Migrate page-aligned inward [addr, addr + size) to device or system memory: a
 * hint, never an error for memory that cannot move; *moved is in bytes.  Nothing to do for the host engine.
 */
int hmmcl_engine_migrate(struct hmmcl_engine *engine, const void *addr, size_t size, bool to_device,
			 uint64_t *moved);

struct hmmcl_engine_counters {
	uint64_t commands, groups;
	uint64_t faults, pages_mapped, huge_mapped, invalidations;
	uint64_t to_device_bytes, to_system_bytes, cpu_faults, evicted_bytes, device_resident_bytes;
};
int hmmcl_engine_counters(struct hmmcl_engine *engine, struct hmmcl_engine_counters *counters);

#endif
