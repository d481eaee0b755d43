/* SPDX-License-Identifier: MIT */
/* --versus: the same measurements in a second process with another environment, taking turns. */
#ifndef BENCH_VERSUS_H
#define BENCH_VERSUS_H

#include <stddef.h>

/* Start the other process; the turn is ours. @selection: @n groups. */
void versus_start(char *assignment, char **selection, size_t n);

/* In the other process: wait for the turn. @descriptor: what --turn says. */
void versus_join(const char *descriptor);

/* Nothing more to measure: all turns are the other's. */
void versus_leave(void);

/* After versus_leave(), in the first process: print the other's results and ratios. */
void versus_compare(void);

#endif
