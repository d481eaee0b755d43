/* SPDX-License-Identifier: MIT */
/* The driver's render node: finding it, and its ioctls. */
#ifndef HMMCL_TRANSPORT_DEVICE_H
#define HMMCL_TRANSPORT_DEVICE_H

#include <stddef.h>
#include <stdint.h>

/* What a bound context says about itself. */
struct hmmcl_device_info {
	uint64_t caps;			/* HMMCL_CAP_* */
	uint64_t memory;		/* bytes */
};

/*
 * Open the driver's render node (close-on-exec).  Negative errno, and one line in @why: no
 * driver, no permission, ...
 */
int hmmcl_device_open(char *why, size_t why_size);
/* Bind an open context to this process. */
int hmmcl_device_bind(int fd, struct hmmcl_device_info *info, char *why, size_t why_size);

#endif
