/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What differs between kernel versions and configurations: all of it is here.
 *
 * Needed: Linux 7.3 (device-private folios of 2 MiB, hmm_range_fault_unlocked_timeout())
 * with CONFIG_DEVICE_PRIVATE, CONFIG_HMM_MIRROR, CONFIG_TRANSPARENT_HUGEPAGE and
 * CONFIG_DRM.
 */
#ifndef _HMMCL_COMPAT_H_
#define _HMMCL_COMPAT_H_

#include <linux/version.h>

#if LINUX_VERSION_CODE < KERNEL_VERSION(7, 3, 0)
#error "hmmcl needs Linux 7.3 or newer"
#endif
#if !IS_ENABLED(CONFIG_DEVICE_PRIVATE) || !IS_ENABLED(CONFIG_HMM_MIRROR)
#error "hmmcl needs a kernel with CONFIG_DEVICE_PRIVATE and CONFIG_HMM_MIRROR"
#endif
#if !IS_ENABLED(CONFIG_TRANSPARENT_HUGEPAGE)
#error "hmmcl needs a kernel with CONFIG_TRANSPARENT_HUGEPAGE"
#endif

#endif
