/* SPDX-License-Identifier: MIT */
/*
 * How the transport starts the hmm engine, and the engine's own parts.
 *
 *	hmmcl-engine <window address, hexadecimal> <window size, hexadecimal>
 *
 * with the descriptors below and no others.  When something fails, the engine writes a struct
 * hmmcl_start_failure to HMMCL_FD_STATUS and ends; when all is well it closes it, and soon
 * sets control.ready.
 */
#ifndef HMMCL_ENGINE_PROCESS_H
#define HMMCL_ENGINE_PROCESS_H

#include <stdint.h>

enum hmmcl_engine_fd {
	HMMCL_FD_DEVICE = 3,		/* engine file of the driver */
	HMMCL_FD_CONTROL,		/* memory files of the window's parts */
	HMMCL_FD_CODE,
	HMMCL_FD_DATA,
	HMMCL_FD_STATUS,		/* a socket or pipe */
	HMMCL_FD_END,
};

/* What the engine was doing when it failed. */
enum hmmcl_start_step {
	HMMCL_START_EXEC,		/* the transport's child, before there is an engine */
	HMMCL_START_WINDOW,		/* -EEXIST: its own addresses are in the way; try again */
	HMMCL_START_IMAGE,
	HMMCL_START_UNMAP,
	HMMCL_START_SHARED,
	HMMCL_START_DEVICE,
	HMMCL_START_WORKERS,
	HMMCL_START_VERSION,
	HMMCL_START_SANDBOX,		/* nothing can be written any more: the transport's conclusion */
};

struct hmmcl_start_failure {
	uint32_t step;			/* enum hmmcl_start_step */
	int32_t error;			/* negative errno */
};

/* sandbox.c; negative on failure */
int hmmcl_sandbox(void);

/* relocate.c: move the program into the window, at @to; the distance that its code moved, or -errno.
 * Only what it returns may be used afterwards, nothing that lies where the kernel put it. */
long hmmcl_image_move(uint64_t to, uint64_t room);

#endif
