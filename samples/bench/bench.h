/* SPDX-License-Identifier: MIT */
/* What the benchmarks share: the device under test, clocks, medians, reporting. */
#ifndef BENCH_H
#define BENCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../sample.h"

#define KIB ((size_t)1 << 10)
#define MIB ((size_t)1 << 20)

struct bench {
	cl_device_id device;
	cl_context context;
	cl_command_queue queue;		/* in order */
	char *const *selection;		/* names from the command line, up to NULL */
};

/* A group of measurements; returns when what it needs is not there. */
typedef void bench_run(const struct bench *bench);

bench_run bench_launch, bench_svm, bench_bandwidth, bench_build, bench_migrate, bench_fault, bench_kernels;

/* What a process that the group "build" starts does; returns its exit status. */
int bench_build_process(const char *seed);

/* Print one result, "name<TAB>value<TAB>unit", and return the value. */
double bench_report(const char *name, double value, const char *unit);

/* The same; --versus also prints the geometric mean of the ratios of all results of one @mean. */
double bench_report_mean(const char *name, double value, const char *unit, const char *mean);

/* What was reported under a name; false: nothing.  @mean gets its mean's name, or NULL. */
bool bench_result(const char *name, double *value, const char **mean);

/* Does the command line ask for @name, or for everything? */
bool bench_selects(const struct bench *bench, const char *name);

/* Is there a kernel of this name in the group "kernels"? */
bool kernels_have(const char *name);

/*
 * Between rounds, with nothing under way: let the other process of --versus measure one of its
 * rounds. Both must call it equally often in a group.
 */
void bench_hand_over(void);

/* Seconds on a clock that only goes forward. */
double bench_now(void);

/* The median; sorts @values. */
double bench_median(double *values, size_t n);

/* Anonymous memory, populated by the host: by huge pages (2 MiB aligned) or only by small ones. */
char *bench_map(size_t size, bool huge);
void bench_unmap(char *memory, size_t size);

/* Run @kernel over @items work-items and wait; seconds from enqueue to finish. */
double bench_time(const struct bench *bench, cl_kernel kernel, size_t items);

#endif
