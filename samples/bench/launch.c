/* SPDX-License-Identifier: MIT */
/* Empty kernels: what a launch costs, and whether that depends on the number of allocations. */
#include <pthread.h>

#include "bench.h"

#define WARM_UPS	200
#define LATENCIES	2000
#define IN_A_ROW	20000
#define MANY		10000
#define THREADS		4
#define BY_EACH		5000

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

struct launcher {
	pthread_t thread;
	pthread_barrier_t *start;
	const struct bench *bench;
	void *argument;
};

/* One of several threads that launch and finish, each with a queue and a kernel of its own. */
static void *launch_and_finish(void *data)
{
	const struct launcher *launcher = data;
	struct bench own = *launcher->bench;
	cl_kernel empty = sample_kernel(own.context, own.device, source, "empty");
	cl_int err;

	own.queue = clCreateCommandQueueWithProperties(own.context, own.device, NULL, &err);
	CHECK(err);
	CHECK(clSetKernelArgSVMPointer(empty, 0, launcher->argument));
	for (int i = 0; i < WARM_UPS; i++)
		bench_time(&own, empty, 1);
	pthread_barrier_wait(launcher->start);
	for (int i = 0; i < BY_EACH; i++)
		bench_time(&own, empty, 1);
	CHECK(clReleaseCommandQueue(own.queue));
	CHECK(clReleaseKernel(empty));
	return NULL;
}

/* What a launch and its end take each of THREADS threads, on average, in microseconds. */
static double latency_of_threads(const struct bench *bench, void *argument)
{
	struct launcher launchers[THREADS];
	pthread_barrier_t start;
	double begin;

	pthread_barrier_init(&start, NULL, THREADS + 1);
	for (int i = 0; i < THREADS; i++) {
		launchers[i] = (struct launcher) {
			.start = &start, .bench = bench, .argument = argument,
		};
		if (pthread_create(&launchers[i].thread, NULL, launch_and_finish, &launchers[i])) {
			fprintf(stderr, "bench: cannot start a thread\n");
			exit(EXIT_FAILURE);
		}
	}
	pthread_barrier_wait(&start);
	begin = bench_now();
	for (int i = 0; i < THREADS; i++)
		pthread_join(launchers[i].thread, NULL);
	pthread_barrier_destroy(&start);
	return 1e6 * (bench_now() - begin) / BY_EACH;
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

	bench_report("launch_4_threads", latency_of_threads(bench, allocations[0]), "us");

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
