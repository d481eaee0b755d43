/* SPDX-License-Identifier: MIT */
/* Empty kernels: what a launch costs, and whether that depends on the number of allocations. */
#include "bench.h"

#define WARM_UPS	200
#define LATENCIES	2000
#define IN_A_ROW	20000
#define MANY		10000

static const char source[] = "kernel void empty(global int *unused) { }\n";

/* Median from enqueue to finish, in microseconds. */
static double latency(const struct bench *bench, cl_kernel empty)
{
	static double samples[LATENCIES];

	for (int i = 0; i < WARM_UPS; i++)
		bench_time(bench, empty, 1);
	for (int i = 0; i < LATENCIES; i++)
		samples[i] = bench_time(bench, empty, 1);
	return 1e6 * bench_median(samples, LATENCIES);
}

void bench_launch(const struct bench *bench)
{
	static void *allocations[MANY];
	cl_kernel empty = sample_kernel(bench->context, bench->device, source, "empty");
	double few, many, start;

	for (int i = 0; i < 10; i++)
		allocations[i] = clSVMAlloc(bench->context, CL_MEM_READ_WRITE, 4096, 0);
	CHECK(clSetKernelArgSVMPointer(empty, 0, allocations[0]));

	few = bench_report("launch_latency", latency(bench, empty), "us");

	start = bench_now();
	for (int i = 0; i < IN_A_ROW; i++)
		sample_run(bench->queue, empty, 1);
	CHECK(clFinish(bench->queue));
	bench_report("launch_throughput", IN_A_ROW / (bench_now() - start), "launches/s");

	for (int i = 10; i < MANY; i++)
		allocations[i] = clSVMAlloc(bench->context, CL_MEM_READ_WRITE, 4096, 0);
	many = bench_report("launch_latency_10000_allocations", latency(bench, empty), "us");
	bench_report("launch_10000_over_10_allocations", many / few, "ratio");

	for (int i = 0; i < MANY; i++)
		clSVMFree(bench->context, allocations[i]);
	CHECK(clReleaseKernel(empty));
}
