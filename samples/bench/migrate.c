/* SPDX-License-Identifier: MIT */
/*
 * Migration to the device and back, of small and of huge pages, against memcpy of as much and, where
 * it is loaded, against the kernel's test_hmm. All take turns, so that a round of one and a round of
 * another compare.
 */
#include <string.h>

#include "bench.h"
#include "dmirror.h"
#include "driver.h"

#define SIZE	(32 * MIB)
#define ROUNDS	15

/* What is measured, each with small and with huge pages. */
enum { TO_DEVICE, TO_SYSTEM, THEIRS_TO_DEVICE, THEIRS_TO_SYSTEM, COPY, KINDS };

static double samples[KINDS][2][ROUNDS];

/* Seconds. */
static double migrate(const struct bench *bench, const char *memory, bool to_system)
{
	const void *pointers[] = { memory };
	const size_t size = SIZE;
	const double start = bench_now();

	CHECK(clEnqueueSVMMigrateMem(bench->queue, 1, pointers, &size,
				     to_system ? CL_MIGRATE_MEM_OBJECT_HOST : 0, 0, NULL, NULL));
	CHECK(clFinish(bench->queue));
	return bench_now() - start;
}

static double copy(char *to, const char *from)
{
	const double start = bench_now();

	memcpy(to, from, SIZE);
	return bench_now() - start;
}

static void one_round(const struct bench *bench, int round, char *const memory[2],
		      char *const copies[2], bool dmirror)
{
	for (int huge = 0; huge < 2; huge++) {
		for (int to_system = 0; to_system < 2; to_system++) {
			samples[TO_DEVICE + to_system][huge][round] =
				migrate(bench, memory[huge], to_system);
			if (dmirror)
				samples[THEIRS_TO_DEVICE + to_system][huge][round] =
					dmirror_migrate(huge, to_system);
		}
		samples[COPY][huge][round] = copy(copies[huge], memory[huge]);
	}
}

/* Report the rates of a kind, with small and with huge pages, and how much faster huge ones are. */
static void report(int kind, const char *name, const char *direction, double rates[2])
{
	static const char *const sizes[] = { "4K", "2M" };
	char line[64];

	for (int huge = 0; huge < 2; huge++) {
		rates[huge] = 1e-9 * SIZE / bench_median(samples[kind][huge], ROUNDS);
		snprintf(line, sizeof(line), "%s_%s%s", name, sizes[huge], direction);
		bench_report(line, rates[huge], "GB/s");
	}
	if (kind == COPY)
		return;
	snprintf(line, sizeof(line), "%s_2M_over_4K%s", name, direction);
	bench_report(line, rates[1] / rates[0], "ratio");
}

static void report_all(bool dmirror)
{
	static const char *const directions[] = { "_to_device", "_to_system" };
	double copies[2], ours[2], theirs[2];
	char line[64];

	report(COPY, "memcpy", "", copies);
	for (int to_system = 0; to_system < 2; to_system++) {
		const char *direction = directions[to_system];

		report(TO_DEVICE + to_system, "migrate", direction, ours);
		for (int huge = 0; huge < 2; huge++) {
			snprintf(line, sizeof(line), "migrate_%s%s_over_memcpy",
				 huge ? "2M" : "4K", direction);
			bench_report(line, ours[huge] / copies[huge], "ratio");
		}
		if (!dmirror)
			continue;
		report(THEIRS_TO_DEVICE + to_system, "test_hmm", direction, theirs);
		for (int huge = 0; huge < 2; huge++) {
			snprintf(line, sizeof(line), "migrate_%s%s_over_test_hmm",
				 huge ? "2M" : "4K", direction);
			bench_report(line, ours[huge] / theirs[huge], "ratio");
		}
	}
}

void bench_migrate(const struct bench *bench)
{
	const int file = driver_file();
	struct drm_hmmcl_policy old;
	char *memory[2], *copies[2];
	bool large_folios, dmirror;

	if (file < 0) {
		fprintf(stderr, "bench: no hmmcl driver in this process: nothing migrates\n");
		return;
	}
	dmirror = dmirror_start(SIZE);
	if (!dmirror)
		fprintf(stderr, "bench: no test_hmm.ko here to compare with\n");
	large_folios = driver_set_policy(file, HMMCL_POLICY_PMD_MAPPINGS |
					 HMMCL_POLICY_LARGE_FOLIOS, 16, &old);
	if (!large_folios)
		fprintf(stderr, "bench: the driver has no large folios: huge pages move as small ones\n");
	for (int huge = 0; huge < 2; huge++) {
		memory[huge] = bench_map(SIZE, huge);
		copies[huge] = bench_map(SIZE, huge);
	}
	/* The first round's pages may be new to this machine. */
	one_round(bench, 0, memory, copies, dmirror);
	for (int round = 0; round < ROUNDS; round++) {
		bench_hand_over();
		one_round(bench, round, memory, copies, dmirror);
	}
	report_all(dmirror);
	for (int huge = 0; huge < 2; huge++) {
		bench_unmap(memory[huge], SIZE);
		bench_unmap(copies[huge], SIZE);
	}
	if (large_folios)
		driver_restore_policy(file, &old);
	if (dmirror)
		dmirror_stop();
}
