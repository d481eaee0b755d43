/* SPDX-License-Identifier: MIT */
/* clSVMAlloc and clSVMFree: whether their cost depends on the number of allocations. */
#include "bench.h"

#define SAMPLES	2000
#define MANY	10000
#define SIZE	4096

/* Medians of an allocation and of a free of one of @n allocations, each time another. */
static void measure(const struct bench *bench, void **allocations, size_t n, double *alloc_ns,
		    double *free_ns)
{
	static double allocs[SAMPLES], frees[SAMPLES];

	for (size_t i = 0; i < SAMPLES; i++) {
		void **victim = &allocations[i * 7919 % n];
		double start = bench_now();

		clSVMFree(bench->context, *victim);
		frees[i] = bench_now() - start;
		start = bench_now();
		*victim = clSVMAlloc(bench->context, CL_MEM_READ_WRITE, SIZE, 0);
		allocs[i] = bench_now() - start;
		if (!*victim) {
			fprintf(stderr, "bench: clSVMAlloc found no memory\n");
			exit(EXIT_FAILURE);
		}
	}
	*alloc_ns = 1e9 * bench_median(allocs, SAMPLES);
	*free_ns = 1e9 * bench_median(frees, SAMPLES);
}

void bench_svm(const struct bench *bench)
{
	static void *allocations[MANY];
	double alloc_few, free_few, alloc_many, free_many;

	for (size_t i = 0; i < 10; i++)
		allocations[i] = clSVMAlloc(bench->context, CL_MEM_READ_WRITE, SIZE, 0);
	measure(bench, allocations, 10, &alloc_few, &free_few);
	for (size_t i = 10; i < MANY; i++)
		allocations[i] = clSVMAlloc(bench->context, CL_MEM_READ_WRITE, SIZE, 0);
	measure(bench, allocations, MANY, &alloc_many, &free_many);
	for (size_t i = 0; i < MANY; i++)
		clSVMFree(bench->context, allocations[i]);

	bench_report("svm_alloc_10_allocations", alloc_few, "ns");
	bench_report("svm_alloc_10000_allocations", alloc_many, "ns");
	bench_report("svm_free_10_allocations", free_few, "ns");
	bench_report("svm_free_10000_allocations", free_many, "ns");
	bench_report("svm_free_10000_over_10_allocations", free_many / free_few, "ratio");
}
