/* SPDX-License-Identifier: MIT */
/*
 * Migration by the kernel's own test driver for HMM (test_hmm.ko), in a process of its own, so that
 * its notifiers are not in the way of the device's under test.
 */
#ifndef BENCH_DMIRROR_H
#define BENCH_DMIRROR_H

#include <stdbool.h>
#include <stddef.h>

/* Start the process, with @size bytes of huge and as many of small pages; false: no test_hmm. */
bool dmirror_start(size_t size);

/* Seconds that it takes to migrate all huge, or all small pages. */
double dmirror_migrate(bool huge, bool to_system);

void dmirror_stop(void);

#endif
