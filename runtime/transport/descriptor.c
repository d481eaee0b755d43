// SPDX-License-Identifier: MIT
/* Descriptors that the runtime keeps in the application's process. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "descriptor.h"

int hmmcl_move_above(int fd, int lowest)
{
	int high;

	if (fd > lowest)
		return fd;
	high = fcntl(fd, F_DUPFD_CLOEXEC, lowest + 1);
	if (high < 0)
		high = -errno;
	close(fd);
	return high;
}

int hmmcl_above_standard(int fd)
{
	return hmmcl_move_above(fd, STDERR_FILENO);
}
