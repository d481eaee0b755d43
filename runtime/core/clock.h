/* SPDX-License-Identifier: MIT */
/* The clock of host and device: CLOCK_MONOTONIC in nanoseconds. */
#ifndef HMMCL_CLOCK_H
#define HMMCL_CLOCK_H

#include <stdint.h>
#include <time.h>

static inline uint64_t hmmcl_now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000u + now.tv_nsec;
}

#endif
