/* SPDX-License-Identifier: MIT */
/* --versus: the same measurements in a second process with another environment, taking turns. */
#ifndef BENCH_VERSUS_H
#define BENCH_VERSUS_H

#include <stdbool.h>
#include <stddef.h>

/* Start the other process; the turn is ours. @selection: @n names. */
void versus_start(char *assignment, char *const *selection, size_t n);

/* In the other process: wait for the turn. @descriptor: what --turn says. */
void versus_join(const char *descriptor);

/* Are we the other process? */
bool versus_is_other(void);

/* Nothing more to measure: all turns are the other's. */
void versus_leave(void);

/* After versus_leave(), in the first process: print the other's results, ratios and means of these. */
void versus_compare(void);

#endif
