/* SPDX-License-Identifier: MIT */
/*
 * What compiled kernels, the engine and the runtime agree on: how a work-group
 * function is called, where its arguments lie, and what a code object says
 * about itself.  hmmclc emits code for exactly these structures, so a change
 * here is a change of HMMCL_DEVICE_ABI_VERSION (it is part of the cache key).
 */
#ifndef HMMCL_DEVICE_ABI_H
#define HMMCL_DEVICE_ABI_H

#include <stdint.h>

#define HMMCL_DEVICE_ABI_VERSION 1

/* Alignment of local memory, of the context arena and of argument blocks: the largest OpenCL
 * type (long16, double16) is 128 bytes. */
#define HMMCL_ABI_ALIGN 128

/* Most work-items in one group; CL_DEVICE_MAX_WORK_GROUP_SIZE. */
#define HMMCL_MAX_WORK_GROUP_SIZE 4096

/*
 * Work-items of a sub-group: consecutive in the order of their linear local ids; the last of a
 * group may have fewer.  The same on every machine, so that programs do not depend on it: one
 * AVX-512 register of floats; narrower CPUs take two or four.
 */
#define HMMCL_SUB_GROUP_SIZE 16

/* Size of one group's local memory; CL_DEVICE_LOCAL_MEM_SIZE. */
#define HMMCL_LOCAL_MEM_SIZE (64u << 10)

/*
 * Where private memory lies: in the context arena, of at most this size, and on the stack, with
 * memory that nobody can access below it: HMMCL_WORKER_STACK_SIZE below a group function's frame
 * there is nothing else.  Generic pointers are told apart by that.
 */
#define HMMCL_CONTEXT_MAX (960ull << 20)
#define HMMCL_WORKER_STACK_SIZE (8ull << 20)
#define HMMCL_WORKER_GUARD (1ull << 20)

/* One NDRange: the same for all its groups, read-only to kernels. */
struct hmmcl_launch {
	uint32_t work_dim;		/* 1 to 3; unused dimensions have size 1, offset 0 */
	uint32_t reserved;
	uint64_t global_offset[3];
	uint64_t global_size[3];	/* work-items */
	uint64_t local_size[3];		/* the enqueued local size, work-items */
	uint64_t num_groups[3];		/* rounded up: the last may be smaller */
	uint64_t printf_buffer;		/* address of a struct hmmcl_printf_buffer, or 0 */
};

/* One work-group, on one worker. */
struct hmmcl_group {
	uint64_t id[3];
	uint64_t local_size[3];		/* of this group: smaller than enqueued in a non-uniform tail */
	void *local_memory;		/* HMMCL_LOCAL_MEM_SIZE bytes: the kernel's static __local variables
					 * at offset 0, __local arguments where their slot says */
	void *context;			/* what lives across barriers: context_fixed + context_item *
					 * items of the enqueued local size, as the code object says */
};

/*
 * A compiled kernel.  @args: the argument block, each argument at the offset that
 * the code object names: values in place, pointers as 8-byte addresses, a __local
 * pointer as an 8-byte offset into the group's local memory.  Runs all work-items
 * of one group and returns.  No lock is held; it may fault.
 */
typedef void hmmcl_work_group_fn(const void *args, const struct hmmcl_launch *launch,
				 const struct hmmcl_group *group);

/*
 * printf: a kernel reserves space by an atomic add on @used; what does not fit is
 * dropped, and @used then exceeds @size, which the runtime reports.  The runtime
 * formats the records when the command has ended (OpenCL C, 6.15.14).
 */
struct hmmcl_printf_buffer {
	uint32_t size;			/* bytes in @data */
	uint32_t used;			/* bytes asked for so far */
	uint8_t data[];			/* records, 8-byte aligned */
};

/* A record: then the arguments, each 8-byte aligned and padded: integers and floats at their
 * own size after C's promotions, vectors as their elements (3 as 4), pointers and %s as 8 bytes. */
struct hmmcl_printf_record {
	uint32_t size;			/* of the record, this header included, a multiple of 8 */
	uint32_t format;		/* index of the code object's printf line */
};

/*
 * A code object is an ELF relocatable file (ET_REL, x86-64, small PIC code model)
 * with the section below: lines of text, fields separated by tabs; in the last
 * field of a line \t \n \\ \xHH are escapes.  A reader ignores lines it does not know.
 *
 *   hmmcl	<HMMCL_DEVICE_ABI_VERSION>
 *   options	<the build options>
 *   globals	<bytes of program-scope variables>
 *   init	<symbol of a work-group function that runs program-scope constructors>
 *   fini	<the same for destructors>
 *   printf	<index>	<argument types, comma separated: i4 u8 f8 v4f4 v3i2 p s>	<format>
 *   kernel	<name>	<entry symbol>		the lines below belong to the last kernel line
 *   arg	<offset>	<size>	<kind>	<access>	<qualifiers>	<type name>	<name>
 *		kind: value global constant local image sampler pipe queue;
 *		access: none read_only write_only read_write;
 *		qualifiers: none, or const,restrict,volatile,pipe comma separated
 *		(of a local argument size is 8 and what clSetKernelArg gives is the bytes to reserve)
 *   args_size	<bytes of the argument block>
 *   pointee_align	<index>	<alignment the kernel may assume of a local argument>
 *   local	<bytes of static local memory>
 *   context	<fixed bytes>	<bytes a work-item>
 *   private	<bytes of private memory a work-item, an estimate for queries>
 *   reqd_work_group_size	<x>	<y>	<z>
 *   work_group_size_hint	<x>	<y>	<z>
 *   vec_type_hint	<type>
 *   uniform_work_group_size	1	the code relies on every group having the enqueued size: the
 *		global size must be a multiple of the local size (absent otherwise)
 *   attributes	<CL_KERNEL_ATTRIBUTES string>
 *   uses	<comma separated: printf>
 *
 * Undefined symbols are the C library's names in libcalls.def and nothing else.
 */
#define HMMCL_META_SECTION ".hmmcl.meta"

#endif
