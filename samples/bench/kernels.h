/* SPDX-License-Identifier: MIT */
/* The benchmarks of generated code: a kernel beside a plain C loop that does the same. */
#ifndef BENCH_KERNELS_H
#define BENCH_KERNELS_H

#include <stdbool.h>
#include <stddef.h>

#define KERNEL_INPUTS 2

/*
 * One kernel: void (global T *out, global const T *input..., uint n).  The plain function does
 * part @part of @parts of the same work, and @same compares what both have written.
 */
struct kernel_bench {
	const char *name, *unit;	/* the unit of a rate, in 1e9 a second */
	double work;			/* what one run does, in the unit without the "G" */
	const char *source, *kernel;
	unsigned int dim;
	size_t global[2], local[2];
	unsigned int n;
	size_t out_size, input_sizes[KERNEL_INPUTS];	/* bytes; 0: no such input */
	void (*fill)(void *const *inputs, unsigned int n);
	void (*plain)(void *out, void *const *inputs, unsigned int n, unsigned int part,
		      unsigned int parts);
	bool (*same)(const void *out, const void *plain, unsigned int n);
};

/* In the order of the table in kernels.c. */
extern const struct kernel_bench kernel_vector_add, kernel_sgemm_16, kernel_sgemm_64,
	kernel_reduce_tree, kernel_reduce_stride, kernel_scan, kernel_nbody, kernel_mandelbrot,
	kernel_histogram, kernel_barrier;

/*
 * Plain functions are built for the baseline and for newer CPUs, and the newest that this one can
 * run is taken: as a compiled kernel, they know the machine.
 */
#define PLAIN __attribute__((target_clones("default", "arch=x86-64-v3", "arch=x86-64-v4")))

/* The bounds of part @part of @parts of @n elements. */
static inline size_t part_begin(size_t n, unsigned int part, unsigned int parts)
{
	return n * part / parts;
}

/* Random numbers, the same in each run: floats in [0, 1), integers of 32 bits. */
void fill_floats(float *values, size_t n);
void fill_integers(unsigned int *values, size_t n);

/* Do @n floats agree to @tolerance, relative to the larger one or 1? */
bool same_floats(const float *a, const float *b, size_t n, float tolerance);

#endif
