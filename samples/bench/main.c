/* SPDX-License-Identifier: MIT */
/*
 * Benchmarks of whichever OpenCL platform the environment names.  Results go to stdout, a line
 * each: name, value and unit, separated by tabs; what is left out, and why, to stderr.
 */
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include "bench.h"
#include "versus.h"

static const struct group {
	const char *name;
	bench_run *run;
	const char *help;
} groups[] = {
	{ "launch", bench_launch, "empty kernels: latency, 4 threads', throughput, with 10 and 10000 allocations" },
	{ "svm", bench_svm, "clSVMAlloc and clSVMFree among 10 and 10000 allocations" },
	{ "bandwidth", bench_bandwidth, "steady bandwidth of a kernel, and of memcpy" },
	{ "fault", bench_fault, "engine faults against anonymous minor faults (hmmcl's driver only)" },
	{ "build", bench_build, "building a program of 50 lines: in a new process, unseen, again, cached" },
	{ "migrate", bench_migrate, "migration both ways against memcpy and test_hmm.ko (hmmcl's driver only)" },
	{ "kernels", bench_kernels, "generated code against plain C; or a kernel's name, as vector_add" },
};
#define N_GROUPS (sizeof(groups) / sizeof(groups[0]))

static struct {
	char name[64];
	double value;
	const char *mean;
} results[128];
static size_t n_results;

double bench_report_mean(const char *name, double value, const char *unit, const char *mean)
{
	printf("%s\t%.6g\t%s\n", name, value, unit);
	fflush(stdout);
	if (n_results < sizeof(results) / sizeof(results[0])) {
		snprintf(results[n_results].name, sizeof(results[0].name), "%s", name);
		results[n_results].mean = mean;
		results[n_results++].value = value;
	}
	return value;
}

double bench_report(const char *name, double value, const char *unit)
{
	return bench_report_mean(name, value, unit, NULL);
}

bool bench_result(const char *name, double *value, const char **mean)
{
	for (size_t i = 0; i < n_results; i++) {
		if (!strcmp(results[i].name, name)) {
			*value = results[i].value;
			*mean = results[i].mean;
			return true;
		}
	}
	return false;
}

double bench_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec + now.tv_nsec * 1e-9;
}

static int compare(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

double bench_median(double *values, size_t n)
{
	qsort(values, n, sizeof(*values), compare);
	return values[n / 2];
}

char *bench_map(size_t size, bool huge)
{
	/* Each time at another address: where small pages were mapped, a device may keep the page
	 * tables for them, and cannot map a huge page then. */
	static uintptr_t hint = (uintptr_t)1 << 45;
	const size_t align = 2 * MIB;
	char *start = mmap((void *)hint, size + align, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *memory = (char *)(((uintptr_t)start + align - 1) & ~(align - 1));

	if (start == MAP_FAILED) {
		perror("mmap");
		exit(EXIT_FAILURE);
	}
	if (memory > start)
		munmap(start, memory - start);
	munmap(memory + size, start + align - memory);
	hint = (uintptr_t)memory + size + align;
	madvise(memory, size, huge ? MADV_HUGEPAGE : MADV_NOHUGEPAGE);
	memset(memory, 1, size);
	return memory;
}

void bench_unmap(char *memory, size_t size)
{
	munmap(memory, size);
}

double bench_time(const struct bench *bench, cl_kernel kernel, size_t items)
{
	const double start = bench_now();

	sample_run(bench->queue, kernel, items);
	CHECK(clFinish(bench->queue));
	return bench_now() - start;
}

static void usage(void)
{
	printf("Usage: bench [--versus VARIABLE=VALUE] [GROUP or kernel...]\n"
	       "Measures the first OpenCL device that has fine-grain SVM buffers; without GROUP, all:\n");
	for (size_t i = 0; i < N_GROUPS; i++)
		printf("  %-10s %s\n", groups[i].name, groups[i].help);
	printf("--versus runs everything in a second process with the variable set, taking turns with this\n"
	       "one, and prints for each result NAME.other and NAME.ratio, ours divided by the other's.\n"
	       "Examples:\n"
	       "  HMMCL_ENGINE=hmm bench --versus HMMCL_ENGINE=host fault migrate bandwidth launch\n"
	       "  bench --versus OCL_ICD_VENDORS=/etc/OpenCL/vendors/pocl.icd kernels\n");
}

bool bench_selects(const struct bench *bench, const char *name)
{
	for (char *const *selected = bench->selection; *selected; selected++)
		if (!strcmp(*selected, name))
			return true;
	return !*bench->selection;
}

static bool is_group(const char *name)
{
	for (size_t g = 0; g < N_GROUPS; g++)
		if (!strcmp(name, groups[g].name))
			return true;
	return false;
}

/* Is anything of this group selected? */
static bool selects_group(const struct bench *bench, const struct group *group)
{
	bool selects = bench_selects(bench, group->name);

	for (char *const *name = bench->selection; *name && group->run == bench_kernels; name++)
		selects |= kernels_have(*name);
	return selects;
}

int main(int argc, char **argv)
{
	struct bench bench;
	char *versus = NULL;
	int next = 1;

	for (; next < argc && argv[next][0] == '-'; next++) {
		if (!strcmp(argv[next], "--help")) {
			usage();
			return EXIT_SUCCESS;
		}
		if (!strcmp(argv[next], "--turn") && next + 1 < argc) {
			/* Not for users: what --versus starts. */
			versus_join(argv[++next]);
			continue;
		}
		/* How the group "build" runs itself in new processes. */
		if (!strcmp(argv[next], "--build-process") && next + 1 < argc)
			return bench_build_process(argv[next + 1]);
		if (strcmp(argv[next], "--versus") || next + 1 == argc) {
			fprintf(stderr, "bench: unknown option '%s'; try --help\n", argv[next]);
			return EXIT_FAILURE;
		}
		versus = argv[++next];
	}
	bench.selection = argv + next;
	for (char *const *name = bench.selection; *name; name++) {
		if (!is_group(*name) && !kernels_have(*name)) {
			fprintf(stderr, "bench: unknown group '%s'; try --help\n", *name);
			return EXIT_FAILURE;
		}
	}

	if (versus)
		versus_start(versus, bench.selection, (size_t)(argc - next));
	bench.device = sample_device(CL_DEVICE_SVM_FINE_GRAIN_BUFFER);
	bench.context = sample_context(bench.device, &bench.queue);
	for (size_t g = 0; g < N_GROUPS; g++) {
		if (selects_group(&bench, &groups[g])) {
			groups[g].run(&bench);
			bench_hand_over();
		}
	}
	CHECK(clReleaseCommandQueue(bench.queue));
	CHECK(clReleaseContext(bench.context));
	versus_leave();
	if (versus)
		versus_compare();
	return EXIT_SUCCESS;
}
