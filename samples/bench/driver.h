/* SPDX-License-Identifier: MIT */
/* hmmcl's driver, as far as benchmarks need it: its policy, and dropping what is mapped. */
#ifndef BENCH_DRIVER_H
#define BENCH_DRIVER_H

#include <stdbool.h>
#include <stddef.h>

#include <drm/hmmcl_drm.h>

/* The render node that the runtime of this process has open; -1: there is none. */
int driver_file(void);

/* Set the policy; false when the driver cannot do that.  @old gets what was before. */
bool driver_set_policy(int file, unsigned int flags, unsigned int fault_batch,
		       struct drm_hmmcl_policy *old);
void driver_restore_policy(int file, const struct drm_hmmcl_policy *old);

/* Drop the engine's page table entries for a range: the next access faults. */
void driver_zap(int file, const void *addr, size_t size);

#endif
