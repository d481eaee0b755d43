/* SPDX-License-Identifier: MIT */
/* Migration to the device and back, of small and of huge pages, against memcpy of as much. */
#include <string.h>

#include "bench.h"
#include "driver.h"

#define SIZE	(64 * MIB)
#define ROUNDS	5

/* GB/s to the device and back, medians. */
static void measure(const struct bench *bench, char *memory, double *to_device, double *to_system)
{
	const void *pointers[] = { memory };
	const size_t size = SIZE;
	double times[2][ROUNDS];

	for (int round = 0; round < ROUNDS; round++) {
		for (int back = 0; back < 2; back++) {
			const double start = bench_now();

			CHECK(clEnqueueSVMMigrateMem(bench->queue, 1, pointers, &size,
						     back ? CL_MIGRATE_MEM_OBJECT_HOST : 0, 0, NULL,
						     NULL));
			CHECK(clFinish(bench->queue));
			times[back][round] = bench_now() - start;
		}
	}
	*to_device = 1e-9 * SIZE / bench_median(times[0], ROUNDS);
	*to_system = 1e-9 * SIZE / bench_median(times[1], ROUNDS);
}

static double copy(char *to, const char *from)
{
	double times[ROUNDS];

	for (int round = 0; round < ROUNDS; round++) {
		const double start = bench_now();

		memcpy(to, from, SIZE);
		times[round] = bench_now() - start;
	}
	return 1e-9 * SIZE / bench_median(times, ROUNDS);
}

void bench_migrate(const struct bench *bench)
{
	const int file = driver_file();
	double small[2], huge[2], memcpy_rate;
	struct drm_hmmcl_policy old;
	char *a, *b;
	bool large_folios;

	if (file < 0) {
		fprintf(stderr, "bench: no hmmcl driver in this process: nothing migrates\n");
		return;
	}
	a = bench_map(SIZE, false);
	b = bench_map(SIZE, false);
	memcpy_rate = bench_report("memcpy_64M", copy(a, b), "GB/s");
	bench_unmap(b, SIZE);
	measure(bench, a, &small[0], &small[1]);
	bench_unmap(a, SIZE);
	bench_report("migrate_4K_to_device", small[0], "GB/s");
	bench_report("migrate_4K_to_system", small[1], "GB/s");
	bench_report("migrate_4K_to_device_over_memcpy", small[0] / memcpy_rate, "ratio");
	bench_report("migrate_4K_to_system_over_memcpy", small[1] / memcpy_rate, "ratio");

	a = bench_map(SIZE, true);
	large_folios = driver_set_policy(file, HMMCL_POLICY_PMD_MAPPINGS |
					 HMMCL_POLICY_LARGE_FOLIOS, 16, &old);
	if (!large_folios)
		fprintf(stderr, "bench: the driver has no large folios: huge pages move as small ones\n");
	measure(bench, a, &huge[0], &huge[1]);
	if (large_folios)
		driver_restore_policy(file, &old);
	bench_unmap(a, SIZE);
	bench_report("migrate_2M_to_device", huge[0], "GB/s");
	bench_report("migrate_2M_to_system", huge[1], "GB/s");
	bench_report("migrate_2M_to_device_over_memcpy", huge[0] / memcpy_rate, "ratio");
	bench_report("migrate_2M_to_system_over_memcpy", huge[1] / memcpy_rate, "ratio");
	bench_report("migrate_2M_over_4K_to_device", huge[0] / small[0], "ratio");
	bench_report("migrate_2M_over_4K_to_system", huge[1] / small[1], "ratio");
}
