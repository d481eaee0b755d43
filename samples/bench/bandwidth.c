/* SPDX-License-Identifier: MIT */
/* Bandwidth in the steady state, when all pages are where they stay: a triad, and memcpy. */
#include <string.h>

#include "../counters.h"
#include "bench.h"

#define SIZE	(32 * MIB)
#define ROUNDS	31
/* From one array's end to the next one's start. Without it their addresses differ by a power of
 * two, more or less by chance, and they meet in the same sets of caches and of emulated TLBs. */
#define GAP	((size_t)170 * 4096 + 21 * 64)

static const char source[] =
	"kernel void triad(global float4 *a, global const float4 *b, global const float4 *c)\n"
	"{\n"
	"	size_t i = get_global_id(0);\n"
	"	a[i] = b[i] + 3.0f * c[i];\n"
	"}\n";

/* Ordinary values, whose sums are not exact: an emulated processor computes slowly as long as no
 * result of the thread has been rounded, as with zeros, and rounds on the hardware from then on. */
static void fill(char *memory, size_t size)
{
	float *values = (float *)memory;

	for (size_t i = 0; i < size / sizeof(*values); i++)
		values[i] = 1.0f + (float)(i % 1000) / 7.0f;
}

void bench_bandwidth(const struct bench *bench)
{
	cl_kernel triad = sample_kernel(bench->context, bench->device, source, "triad");
	const size_t whole = (3 * (SIZE + GAP) + 2 * MIB - 1) / (2 * MIB) * (2 * MIB);
	char *arrays[3], *memory;
	double kernel[ROUNDS], copy[ROUNDS];
	long long faults;

	memory = clSVMAlloc(bench->context, CL_MEM_READ_WRITE | CL_MEM_SVM_FINE_GRAIN_BUFFER, whole, 0);
	if (!memory) {
		fprintf(stderr, "bench: clSVMAlloc found no memory\n");
		exit(EXIT_FAILURE);
	}
	fill(memory, whole);
	for (cl_uint i = 0; i < 3; i++) {
		arrays[i] = memory + i * (SIZE + GAP);
		CHECK(clSetKernelArgSVMPointer(triad, i, arrays[i]));
	}
	bench_time(bench, triad, SIZE / sizeof(cl_float4));
	faults = counter("hmmcl-faults");
	for (int i = 0; i < ROUNDS; i++) {
		bench_hand_over();
		/* What the other process left in caches and TLBs is not steady. */
		bench_time(bench, triad, SIZE / sizeof(cl_float4));
		kernel[i] = bench_time(bench, triad, SIZE / sizeof(cl_float4));
	}
	if (faults >= 0)
		bench_report("triad_engine_faults", counter("hmmcl-faults") - faults, "faults");
	for (int i = 0; i < ROUNDS; i++) {
		double start;

		bench_hand_over();
		memcpy(arrays[0], arrays[1], SIZE);
		start = bench_now();
		memcpy(arrays[0], arrays[1], SIZE);
		copy[i] = bench_now() - start;
	}
	/* Bytes read and written. */
	bench_report("triad_bandwidth", 3e-9 * SIZE / bench_median(kernel, ROUNDS), "GB/s");
	bench_report("memcpy_bandwidth", 2e-9 * SIZE / bench_median(copy, ROUNDS), "GB/s");

	clSVMFree(bench->context, memory);
	CHECK(clReleaseKernel(triad));
}
