// SPDX-License-Identifier: GPL-2.0-only
/*
 * Injected failures, for tests: the rare paths, on demand.
 */
#include <linux/module.h>

#include "hmmcl_drv.h"

bool hmmcl_debug_inject;
module_param_named(debug_inject, hmmcl_debug_inject, bool, 0444);
MODULE_PARM_DESC(debug_inject,
		 "Let contexts make operations of the device fail (for tests; default: off)");

/**
 * hmmcl_inject - whether to fail an operation
 * @hdev: device
 * @kind: HMMCL_INJECT_*
 *
 * Return: true if a failure was asked for; that one is then used up.
 */
bool hmmcl_inject(struct hmmcl_device *hdev, unsigned int kind)
{
	return unlikely(hmmcl_debug_inject) && atomic_dec_if_positive(&hdev->inject[kind]) >= 0;
}
