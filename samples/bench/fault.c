/* SPDX-License-Identifier: MIT */
/*
 * What an engine fault costs for each 4 KiB page, in batches of different sizes and with PMDs,
 * against a minor fault of the host on anonymous memory.  A kernel touches each page once with
 * the engine's entries dropped, and once more with them in place; the difference is the faults'.
 */
#include <sys/mman.h>

#include "../counters.h"
#include "bench.h"
#include "driver.h"

#define SIZE	(64 * MIB)
#define PAGES	(SIZE / 4096)
#define ROUNDS	5

static const char source[] =
	"kernel void touch(global uchar *memory, ulong size)\n"
	"{\n"
	"	for (ulong i = 0; i < size; i += 4096)\n"
	"		memory[i]++;\n"
	"}\n";

/* Nanoseconds a page, median. */
static double minor_fault(void)
{
	double samples[ROUNDS];

	for (int round = 0; round < ROUNDS; round++) {
		volatile char *memory = mmap(NULL, SIZE, PROT_READ | PROT_WRITE,
					     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		double start;

		if (memory == MAP_FAILED) {
			perror("mmap");
			exit(EXIT_FAILURE);
		}
		madvise((void *)memory, SIZE, MADV_NOHUGEPAGE);
		start = bench_now();
		for (size_t i = 0; i < SIZE; i += 4096)
			memory[i] = 1;
		samples[round] = 1e9 * (bench_now() - start) / PAGES;
		munmap((void *)memory, SIZE);
	}
	return bench_median(samples, ROUNDS);
}

static double engine_fault(const struct bench *bench, cl_kernel touch, int file, char *memory)
{
	double samples[ROUNDS];

	CHECK(clSetKernelArgSVMPointer(touch, 0, memory));
	for (int round = 0; round < ROUNDS; round++) {
		double cold;

		driver_zap(file, memory, SIZE);
		cold = bench_time(bench, touch, 1);
		samples[round] = 1e9 * (cold - bench_time(bench, touch, 1)) / PAGES;
	}
	return bench_median(samples, ROUNDS);
}

void bench_fault(const struct bench *bench)
{
	static const struct {
		unsigned int flags, batch;
		bool huge;
		const char *name, *ratio;
	} cases[] = {
		{ 0, 1, false, "engine_fault_1", "engine_fault_1_over_minor" },
		{ 0, 16, false, "engine_fault_16", "engine_fault_16_over_minor" },
		{ 0, 512, false, "engine_fault_512", "engine_fault_512_over_minor" },
		{ HMMCL_POLICY_PMD_MAPPINGS, 16, true, "engine_fault_pmd",
		  "engine_fault_pmd_over_minor" },
	};
	const cl_ulong size = SIZE;
	const int file = driver_file();
	cl_kernel touch;
	double minor;

	if (file < 0) {
		fprintf(stderr, "bench: no hmmcl driver in this process: no engine faults\n");
		return;
	}
	touch = sample_kernel(bench->context, bench->device, source, "touch");
	CHECK(clSetKernelArg(touch, 1, sizeof(size), &size));
	minor = bench_report("minor_fault", minor_fault(), "ns/page");
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char *memory = bench_map(SIZE, cases[i].huge);
		struct drm_hmmcl_policy old;

		if (driver_set_policy(file, cases[i].flags, cases[i].batch, &old)) {
			const long long pmds = counter("hmmcl-pmds");
			const double fault = engine_fault(bench, touch, file, memory);

			bench_report(cases[i].name, fault, "ns/page");
			bench_report(cases[i].ratio, fault / minor, "ratio");
			driver_restore_policy(file, &old);
			if (cases[i].huge && counter("hmmcl-pmds") == pmds)
				fprintf(stderr, "bench: no huge pages here, so none were mapped\n");
		} else {
			fprintf(stderr, "bench: the driver refuses the policy for %s\n",
				cases[i].name);
		}
		bench_unmap(memory, SIZE);
	}
	CHECK(clReleaseKernel(touch));
}
