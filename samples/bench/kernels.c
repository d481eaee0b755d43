/* SPDX-License-Identifier: MIT */
/*
 * Runs the kernels of kernels_*.c: first once, compared with the plain C loop's result, then in
 * turns with the plain loop (on as many threads as the device has compute units) and, with
 * --versus, with the other platform.
 */
#include "kernels.h"

#include <math.h>
#include <pthread.h>
#include <string.h>

#include "bench.h"
#include "versus.h"

#define WARM_UPS	3
#define ROUNDS		15
#define MOST_THREADS	256

static const struct kernel_bench *const kernels[] = {
	&kernel_vector_add, &kernel_sgemm_16, &kernel_sgemm_64, &kernel_reduce_tree,
	&kernel_reduce_stride, &kernel_scan, &kernel_nbody, &kernel_mandelbrot, &kernel_histogram,
	&kernel_barrier,
};
#define N_KERNELS (sizeof(kernels) / sizeof(kernels[0]))

static uint32_t random_bits(uint32_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 17;
	return *state ^= *state << 5;
}

void fill_floats(float *values, size_t n)
{
	uint32_t state = 2463534242u;

	for (size_t i = 0; i < n; i++)
		values[i] = (random_bits(&state) >> 8) * 0x1p-24f;
}

void fill_integers(unsigned int *values, size_t n)
{
	uint32_t state = 2463534242u;

	for (size_t i = 0; i < n; i++)
		values[i] = random_bits(&state);
}

bool same_floats(const float *a, const float *b, size_t n, float tolerance)
{
	for (size_t i = 0; i < n; i++)
		if (!(fabsf(a[i] - b[i]) <= tolerance * fmaxf(1, fabsf(b[i]))))
			return false;
	return true;
}

bool kernels_have(const char *name)
{
	for (size_t i = 0; i < N_KERNELS; i++)
		if (!strcmp(name, kernels[i]->name))
			return true;
	return false;
}

struct plain_run {
	const struct kernel_bench *kernel;
	void *out, *const *inputs;
	unsigned int parts;
};

struct plain_part {
	const struct plain_run *run;
	unsigned int part;
	pthread_t thread;
};

static void *run_part(void *argument)
{
	const struct plain_part *part = argument;
	const struct plain_run *run = part->run;

	run->kernel->plain(run->out, run->inputs, run->kernel->n, part->part, run->parts);
	return NULL;
}

/* Seconds for the plain loop on all its threads, of which this is one. */
static double time_plain(const struct plain_run *run)
{
	const double start = bench_now();
	struct plain_part parts[MOST_THREADS];

	for (unsigned int i = 0; i < run->parts; i++) {
		parts[i] = (struct plain_part){ .run = run, .part = i };
		if (i && pthread_create(&parts[i].thread, NULL, run_part, &parts[i])) {
			fprintf(stderr, "bench: no thread for a plain loop\n");
			exit(EXIT_FAILURE);
		}
	}
	run_part(&parts[0]);
	for (unsigned int i = 1; i < run->parts; i++)
		pthread_join(parts[i].thread, NULL);
	return bench_now() - start;
}

static double time_kernel(const struct bench *bench, const struct kernel_bench *kernel,
			  cl_kernel compiled)
{
	const double start = bench_now();

	CHECK(clEnqueueNDRangeKernel(bench->queue, compiled, kernel->dim, NULL, kernel->global,
				     kernel->local, 0, NULL, NULL));
	CHECK(clFinish(bench->queue));
	return bench_now() - start;
}

static void *allocate(const struct bench *bench, size_t size)
{
	void *memory = clSVMAlloc(bench->context, CL_MEM_READ_WRITE | CL_MEM_SVM_FINE_GRAIN_BUFFER,
				  size, 0);

	if (!memory) {
		fprintf(stderr, "bench: clSVMAlloc found no memory\n");
		exit(EXIT_FAILURE);
	}
	memset(memory, 0, size);
	return memory;
}

static void check(const struct bench *bench, const struct kernel_bench *kernel, cl_kernel compiled,
		  const struct plain_run *plain, void *out)
{
	time_kernel(bench, kernel, compiled);
	time_plain(plain);
	if (!kernel->same(out, plain->out, kernel->n)) {
		fprintf(stderr, "bench: %s: the kernel's result is not the plain loop's\n",
			kernel->name);
		exit(EXIT_FAILURE);
	}
}

/* Rates of the kernel and of the plain loop; the other process of --versus leaves out the latter. */
static void measure(const struct bench *bench, const struct kernel_bench *kernel,
		    unsigned int threads, double *rate, double *plain_rate)
{
	cl_kernel compiled = sample_kernel(bench->context, bench->device, kernel->source,
					   kernel->kernel);
	void *inputs[KERNEL_INPUTS] = { NULL }, *out = allocate(bench, kernel->out_size);
	struct plain_run plain = { .kernel = kernel, .inputs = inputs, .parts = threads };
	double times[ROUNDS], plain_times[ROUNDS] = { 0 };
	cl_uint argument = 0;

	/* The plain loop's parts may each leave something, where the kernel's groups do. */
	plain.out = calloc(1, kernel->out_size + MOST_THREADS * sizeof(double));
	if (!plain.out) {
		perror("bench");
		exit(EXIT_FAILURE);
	}
	CHECK(clSetKernelArgSVMPointer(compiled, argument++, out));
	for (size_t i = 0; i < KERNEL_INPUTS && kernel->input_sizes[i]; i++) {
		inputs[i] = allocate(bench, kernel->input_sizes[i]);
		CHECK(clSetKernelArgSVMPointer(compiled, argument++, inputs[i]));
	}
	CHECK(clSetKernelArg(compiled, argument, sizeof(kernel->n), &kernel->n));
	kernel->fill(inputs, kernel->n);

	check(bench, kernel, compiled, &plain, out);
	bench_hand_over();
	for (int i = -WARM_UPS; i < ROUNDS; i++) {
		const double time = time_kernel(bench, kernel, compiled);
		const double plain_time = versus_is_other() ? 1 : time_plain(&plain);

		if (i >= 0) {
			times[i] = time;
			plain_times[i] = plain_time;
		}
		bench_hand_over();
	}
	*rate = 1e-9 * kernel->work / bench_median(times, ROUNDS);
	*plain_rate = 1e-9 * kernel->work / bench_median(plain_times, ROUNDS);

	free(plain.out);
	CHECK(clReleaseKernel(compiled));
	clSVMFree(bench->context, out);
	for (size_t i = 0; i < KERNEL_INPUTS && inputs[i]; i++)
		clSVMFree(bench->context, inputs[i]);
}

void bench_kernels(const struct bench *bench)
{
	double sum = 0;
	cl_uint threads;
	int n = 0;

	CHECK(clGetDeviceInfo(bench->device, CL_DEVICE_MAX_COMPUTE_UNITS, sizeof(threads), &threads,
			      NULL));
	if (threads > MOST_THREADS)
		threads = MOST_THREADS;
	for (size_t i = 0; i < N_KERNELS; i++) {
		const struct kernel_bench *kernel = kernels[i];
		double rate, plain_rate;
		char name[64], unit[32];

		if (!bench_selects(bench, "kernels") && !bench_selects(bench, kernel->name))
			continue;
		measure(bench, kernel, threads, &rate, &plain_rate);
		snprintf(name, sizeof(name), "kernel_%s", kernel->name);
		snprintf(unit, sizeof(unit), "%s", kernel->unit);
		bench_report_mean(name, rate, unit, "kernels");
		if (versus_is_other())
			continue;
		snprintf(name, sizeof(name), "kernel_%s_plain_c", kernel->name);
		bench_report(name, plain_rate, unit);
		snprintf(name, sizeof(name), "kernel_%s_over_plain_c", kernel->name);
		bench_report(name, rate / plain_rate, "ratio");
		sum += log(rate / plain_rate);
		n++;
	}
	if (n)
		bench_report("kernels_over_plain_c", exp(sum / n), "ratio, geometric mean");
}
