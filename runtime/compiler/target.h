/* SPDX-License-Identifier: MIT */
/* What code is compiled for. */
#ifndef HMMCL_COMPILER_TARGET_H
#define HMMCL_COMPILER_TARGET_H

#include "hash.h"

/* Adds the device ABI and the processor's model and features: what hmmclc looks at on its own. */
void hmmcl_target_add(struct hmmcl_hash *hash);

#endif
