/* SPDX-License-Identifier: MIT */
/*
 * Kernels: a function of an executable, and the argument block that the next launch gets.
 *
 * The block is kept as the kernel wants it (engine/device_abi.h), so that a launch copies it and
 * does nothing else for an argument.  As the specification has it, setting arguments of one kernel
 * object is for one thread at a time, and no argument is held: an enqueued command is.
 */
#ifndef HMMCL_KERNEL_H
#define HMMCL_KERNEL_H

#include "mem.h"
#include "program.h"

struct _cl_kernel {
	struct hmmcl_object object;
	cl_context context;
	cl_program program;
	struct hmmcl_executable *executable;
	const struct hmmcl_kernel_info *info;	/* of the executable */
	uint64_t entry;
	size_t max_group_size;			/* CL_KERNEL_WORK_GROUP_SIZE */

	unsigned char *args;			/* the block: info->args_size bytes */
	cl_mem *mems;				/* of each argument: the memory object set, or NULL */
	size_t *local_sizes;			/* of each local argument: bytes */
	bool *is_set;
	unsigned int n_unset;
	uint64_t local_size;			/* of a group: static and arguments */
};

extern const struct hmmcl_object_type hmmcl_kernel_type;

static inline bool hmmcl_kernel_valid(cl_kernel kernel)
{
	return hmmcl_object_valid(kernel, &hmmcl_kernel_type);
}

/*
 * A kernel object for the kernel of that index of @executable, which @program has now.  Attaches
 * it: NULL also when the program has been built anew since.  CL_OUT_OF_HOST_MEMORY.
 */
cl_kernel hmmcl_kernel_new(cl_program program, struct hmmcl_executable *executable,
			   unsigned int index);
cl_kernel hmmcl_kernel_clone(cl_kernel source);

/* Lay the local arguments out behind the static local variables. */
void hmmcl_kernel_place_locals(cl_kernel kernel);

/*
 * The local size for an NDRange that comes without one: divides the global size, and leaves enough
 * groups for all workers.  @global has no zero.
 */
void hmmcl_kernel_choose_local(cl_kernel kernel, const size_t global[3], size_t local[3]);

#endif
