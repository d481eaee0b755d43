/* SPDX-License-Identifier: MIT */
/*
 * clSVMAlloc and clSVMFree: whether their cost depends on the number of allocations.  Memory
 * that was not used lately is not in the CPU's caches, so even free(3) costs more among many
 * allocations than among few: it is measured beside.
 */
#include "bench.h"

#define SAMPLES	2000
#define MANY	10000
#define SIZE	4096

static void *heap_alloc(cl_context context)
{
	(void)context;
	return aligned_alloc(128, SIZE);
}

static void heap_free(cl_context context, void *ptr)
{
	(void)context;
	free(ptr);
}

static void *svm_alloc(cl_context context)
{
	return clSVMAlloc(context, CL_MEM_READ_WRITE, SIZE, 0);
}

static void svm_free(cl_context context, void *ptr)
{
	clSVMFree(context, ptr);
}

/* Medians in ns of freeing one of @n allocations, each time another, and of allocating it anew. */
static void measure(cl_context context, size_t n, void *(*alloc)(cl_context),
		    void (*release)(cl_context, void *), double *alloc_ns, double *free_ns)
{
	static double allocs[SAMPLES], frees[SAMPLES];
	static void *allocations[MANY];

	for (size_t i = 0; i < n; i++)
		allocations[i] = alloc(context);
	for (size_t i = 0; i < SAMPLES; i++) {
		void **victim = &allocations[i * 7919 % n];
		double start = bench_now();

		release(context, *victim);
		frees[i] = bench_now() - start;
		start = bench_now();
		*victim = alloc(context);
		allocs[i] = bench_now() - start;
		if (!*victim) {
			fprintf(stderr, "bench: no memory for an allocation\n");
			exit(EXIT_FAILURE);
		}
	}
	for (size_t i = 0; i < n; i++)
		release(context, allocations[i]);
	*alloc_ns = 1e9 * bench_median(allocs, SAMPLES);
	*free_ns = 1e9 * bench_median(frees, SAMPLES);
}

void bench_svm(const struct bench *bench)
{
	double alloc[2], free_[2], heap[2], unused;

	for (int many = 0; many < 2; many++) {
		const size_t n = many ? MANY : 10;

		measure(bench->context, n, svm_alloc, svm_free, &alloc[many], &free_[many]);
		measure(bench->context, n, heap_alloc, heap_free, &unused, &heap[many]);
	}
	bench_report("svm_alloc_10_allocations", alloc[0], "ns");
	bench_report("svm_alloc_10000_allocations", alloc[1], "ns");
	bench_report("svm_free_10_allocations", free_[0], "ns");
	bench_report("svm_free_10000_allocations", free_[1], "ns");
	bench_report("heap_free_10_allocations", heap[0], "ns");
	bench_report("heap_free_10000_allocations", heap[1], "ns");
	bench_report("svm_free_10000_over_10_allocations", free_[1] / free_[0], "ratio");
	bench_report("heap_free_10000_over_10_allocations", heap[1] / heap[0], "ratio");
}
