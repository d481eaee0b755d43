// SPDX-License-Identifier: MIT
/* The hmm engine: a process of its own, that sees this one's memory through hmmcl.ko. */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "client.h"
#include "device.h"

/* A context of its own answers best: the node opens, versions match, this process may bind. */
static int hmm_probe(struct hmmcl_engine_info *info, char *why, size_t why_size)
{
	struct hmmcl_device_info device;
	int fd = hmmcl_device_open(why, why_size), err;

	if (fd < 0)
		return fd;
	err = hmmcl_device_bind(fd, &device, why, why_size);
	if (!err)
		info->device_memory = device.memory;
	close(fd);
	return err;
}

static int hmm_start(struct hmmcl_engine *engine, char *why, size_t why_size)
{
	(void)engine;
	snprintf(why, why_size, "the hmm engine cannot be started yet");
	return -ENOSYS;
}

const struct hmmcl_backend hmmcl_hmm_backend = {
	.probe = hmm_probe,
	.start = hmm_start,
};
