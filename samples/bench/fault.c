/* SPDX-License-Identifier: MIT */
/*
 * What an engine fault costs for each 4 KiB page, in batches of different sizes and with PMDs,
 * against a minor fault of the host on anonymous memory.  A kernel touches each page once with
 * the engine's entries dropped, and once more with them in place; the difference is the faults'.
 * All take turns, so that a round of one and a round of another compare.
 */
#include <sys/mman.h>

#include "../counters.h"
#include "bench.h"
#include "driver.h"

#define SIZE	(32 * MIB)
#define PAGES	(SIZE / 4096)
#define ROUNDS	15

static const char source[] =
	"kernel void touch(global uchar *memory, ulong size)\n"
	"{\n"
	"	for (ulong i = 0; i < size; i += 4096)\n"
	"		memory[i]++;\n"
	"}\n";

static const struct {
	unsigned int flags, batch;
	bool huge;
	const char *name, *ratio;
} cases[] = {
	{ 0, 1, false, "engine_fault_1", "engine_fault_1_over_minor" },
	{ 0, 16, false, "engine_fault_16", "engine_fault_16_over_minor" },
	{ 0, 64, false, "engine_fault_64", "engine_fault_64_over_minor" },	/* the default */
	{ 0, 512, false, "engine_fault_512", "engine_fault_512_over_minor" },
	{ HMMCL_POLICY_PMD_MAPPINGS, 16, true, "engine_fault_pmd", "engine_fault_pmd_over_minor" },
};
#define CASES (sizeof(cases) / sizeof(cases[0]))

/* Nanoseconds a page. */
static double minor_fault(void)
{
	volatile char *memory = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
				     -1, 0);
	double start, end;

	if (memory == MAP_FAILED) {
		perror("mmap");
		exit(EXIT_FAILURE);
	}
	madvise((void *)memory, SIZE, MADV_NOHUGEPAGE);
	start = bench_now();
	for (size_t i = 0; i < SIZE; i += 4096)
		memory[i] = 1;
	end = bench_now();
	munmap((void *)memory, SIZE);
	return 1e9 * (end - start) / PAGES;
}

static double engine_fault(const struct bench *bench, cl_kernel touch, int file, char *memory)
{
	double cold;

	CHECK(clSetKernelArgSVMPointer(touch, 0, memory));
	bench_time(bench, touch, 1);
	driver_zap(file, memory, SIZE);
	cold = bench_time(bench, touch, 1);
	return 1e9 * (cold - bench_time(bench, touch, 1)) / PAGES;
}

/* Nanoseconds a page of each case; those that the driver refuses stay 0. */
static void one_round(const struct bench *bench, cl_kernel touch, int file, char *const memory[2],
		      double faults[CASES])
{
	struct drm_hmmcl_policy old;

	for (size_t i = 0; i < CASES; i++) {
		if (!driver_set_policy(file, cases[i].flags, cases[i].batch, &old))
			continue;
		faults[i] = engine_fault(bench, touch, file, memory[cases[i].huge]);
		driver_restore_policy(file, &old);
	}
}

void bench_fault(const struct bench *bench)
{
	double minors[ROUNDS], rounds[ROUNDS][CASES] = { 0 }, minor;
	const cl_ulong size = SIZE;
	const int file = driver_file();
	char *memory[2];
	cl_kernel touch;
	long long pmds;

	if (file < 0) {
		fprintf(stderr, "bench: no hmmcl driver in this process: no engine faults\n");
		return;
	}
	touch = sample_kernel(bench->context, bench->device, source, "touch");
	CHECK(clSetKernelArg(touch, 1, sizeof(size), &size));
	for (int huge = 0; huge < 2; huge++)
		memory[huge] = bench_map(SIZE, huge);
	pmds = counter("hmmcl-pmds");
	for (int round = 0; round < ROUNDS; round++) {
		bench_hand_over();
		minors[round] = minor_fault();
		one_round(bench, touch, file, memory, rounds[round]);
	}
	if (counter("hmmcl-pmds") == pmds)
		fprintf(stderr, "bench: no huge pages here, so none were mapped\n");
	minor = bench_report("minor_fault", bench_median(minors, ROUNDS), "ns/page");
	for (size_t i = 0; i < CASES; i++) {
		double samples[ROUNDS], fault;

		for (int round = 0; round < ROUNDS; round++)
			samples[round] = rounds[round][i];
		fault = bench_report(cases[i].name, bench_median(samples, ROUNDS), "ns/page");
		bench_report(cases[i].ratio, fault / minor, "ratio");
	}
	for (int huge = 0; huge < 2; huge++)
		bench_unmap(memory[huge], SIZE);
	CHECK(clReleaseKernel(touch));
}
