/* SPDX-License-Identifier: MIT */
/*
 * What building costs, from clCreateProgramWithSource to the end of the first launch: the first
 * program of a new process, a program never seen, the same again, and what a former process left
 * in the platform's cache.  Each round is two new processes with a cache directory of their own.
 */
#include <dirent.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench.h"

#define ROUNDS	15
#define SIDE	32
#define TILE	16

/* Fifty lines, in which a number makes each program a new one. */
static const char source[] =
	"#define TILE 16\n"
	"#define RADIUS 2\n"
	"#define SEED %d\n"
	"\n"
	"float weight(int d)\n"
	"{\n"
	"	return exp(-0.5f * d * d) * 0.4f;\n"
	"}\n"
	"\n"
	"kernel void product(global float *c, global const float *a, global const float *b, int n)\n"
	"{\n"
	"	local float as[TILE][TILE], bs[TILE][TILE];\n"
	"	int x = get_global_id(0), y = get_global_id(1);\n"
	"	int lx = get_local_id(0), ly = get_local_id(1);\n"
	"	float sum = SEED;\n"
	"\n"
	"	for (int k = 0; k < n; k += TILE) {\n"
	"		as[ly][lx] = a[y * n + k + lx];\n"
	"		bs[ly][lx] = b[(k + ly) * n + x];\n"
	"		barrier(CLK_LOCAL_MEM_FENCE);\n"
	"		for (int i = 0; i < TILE; i++)\n"
	"			sum = mad(as[ly][i], bs[i][lx], sum);\n"
	"		barrier(CLK_LOCAL_MEM_FENCE);\n"
	"	}\n"
	"	c[y * n + x] = sum;\n"
	"}\n"
	"\n"
	"kernel void blur(global float *out, global const float *in, int width, int height)\n"
	"{\n"
	"	int x = get_global_id(0), y = get_global_id(1);\n"
	"	float sum = 0, all = 0;\n"
	"\n"
	"	for (int dy = -RADIUS; dy <= RADIUS; dy++)\n"
	"		for (int dx = -RADIUS; dx <= RADIUS; dx++) {\n"
	"			int i = clamp(y + dy, 0, height - 1) * width;\n"
	"			float w = weight(dx) * weight(dy);\n"
	"\n"
	"			sum += w * in[i + clamp(x + dx, 0, width - 1)];\n"
	"			all += w;\n"
	"		}\n"
	"	out[y * width + x] = sum / all;\n"
	"}\n"
	"\n"
	"kernel void threshold(global uchar *out, global const float *in, float limit)\n"
	"{\n"
	"	size_t i = get_global_id(1) * get_global_size(0) + get_global_id(0);\n"
	"\n"
	"	out[i] = in[i] > limit ? 255 : 0;\n"
	"}\n";

static const char *const names[] = {
	"build_first", "build_first_launch", "build_first_both",
	"build_unseen", "build_unseen_launch", "build_unseen_both",
	"build_again", "build_again_launch", "build_again_both",
	"build_cached", "build_cached_launch", "build_cached_both",
};
#define N_RESULTS	(sizeof(names) / sizeof(names[0]))
#define N_COLD		9

/*
 * Builds program @seed, runs it and checks what it computed; milliseconds of the one, the other,
 * both.
 */
static void build_and_launch(cl_context context, cl_device_id device, cl_command_queue queue,
			     int seed, double *took)
{
	const size_t global[2] = { SIDE, SIDE }, local[2] = { TILE, TILE };
	const size_t bytes = SIDE * SIDE * sizeof(float);
	float *memory[3];
	const cl_int n = SIDE;
	char text[sizeof(source) + 16];
	cl_kernel kernel;
	double start, built;

	for (int i = 0; i < 3; i++) {
		memory[i] = clSVMAlloc(context, CL_MEM_READ_WRITE | CL_MEM_SVM_FINE_GRAIN_BUFFER,
				       bytes, 0);
		for (int j = 0; memory[i] && j < SIDE * SIDE; j++)
			memory[i][j] = j % 7;
	}
	snprintf(text, sizeof(text), source, seed);
	start = bench_now();
	kernel = sample_kernel(context, device, text, "product");
	built = bench_now();
	for (int i = 0; i < 3; i++)
		CHECK(clSetKernelArgSVMPointer(kernel, i, memory[i]));
	CHECK(clSetKernelArg(kernel, 3, sizeof(n), &n));
	CHECK(clEnqueueNDRangeKernel(queue, kernel, 2, NULL, global, local, 0, NULL, NULL));
	CHECK(clFinish(queue));
	took[2] = 1e3 * (bench_now() - start);
	took[0] = 1e3 * (built - start);
	took[1] = took[2] - took[0];
	for (int y = 0; y < SIDE; y++) {
		for (int x = 0; x < SIDE; x++) {
			float sum = seed;

			for (int k = 0; k < SIDE; k++)
				sum += memory[1][y * SIDE + k] * memory[2][k * SIDE + x];
			if (memory[0][y * SIDE + x] != sum) {
				fprintf(stderr, "bench: a built kernel gave a wrong result\n");
				exit(EXIT_FAILURE);
			}
		}
	}
	for (int i = 0; i < 3; i++)
		clSVMFree(context, memory[i]);
	CHECK(clReleaseKernel(kernel));
}

int bench_build_process(const char *seed_text)
{
	cl_device_id device = sample_device(CL_DEVICE_SVM_FINE_GRAIN_BUFFER);
	const int seed = atoi(seed_text);
	cl_command_queue queue;
	cl_context context = sample_context(device, &queue);
	double took[N_COLD];
	int n = 3;

	build_and_launch(context, device, queue, abs(seed), took);
	/* A negative seed is the second process of a round. */
	if (seed > 0) {
		build_and_launch(context, device, queue, seed + 1, took + 3);
		build_and_launch(context, device, queue, seed, took + 6);
		n = N_COLD;
	}
	for (int i = 0; i < n; i++)
		printf("%.4f\n", took[i]);
	CHECK(clReleaseCommandQueue(queue));
	CHECK(clReleaseContext(context));
	return EXIT_SUCCESS;
}

/* Runs bench_build_process() in a new process and reads @n numbers from it. */
static void run_process(int seed, double *took, int n)
{
	char command[64];
	bool complete = true;
	FILE *in;

	snprintf(command, sizeof(command), "exec /proc/%d/exe --build-process %d", (int)getpid(), seed);
	in = popen(command, "r");
	for (int i = 0; in && i < n; i++)
		complete &= fscanf(in, "%lf", &took[i]) == 1;
	if (!in || pclose(in) || !complete) {
		fprintf(stderr, "bench: the process that builds has failed\n");
		exit(EXIT_FAILURE);
	}
}

static void remove_directory(const char *path)
{
	char command[256];

	snprintf(command, sizeof(command), "rm -rf '%s'", path);
	if (system(command))
		fprintf(stderr, "bench: %s could not be removed\n", path);
}

void bench_build(const struct bench *bench)
{
	/* Where the platforms that are known keep what they built. */
	static const char *const variables[] = { "HMMCL_CACHE_DIR", "POCL_CACHE_DIR", "XDG_CACHE_HOME" };
	static double values[N_RESULTS][ROUNDS];

	(void)bench;
	for (int round = 0; round < ROUNDS; round++) {
		char directory[] = "/tmp/bench-build-XXXXXX";
		double took[N_RESULTS];

		if (!mkdtemp(directory)) {
			perror(directory);
			exit(EXIT_FAILURE);
		}
		for (size_t i = 0; i < sizeof(variables) / sizeof(variables[0]); i++)
			setenv(variables[i], directory, 1);
		run_process(1 + 2 * round, took, N_COLD);
		run_process(-(1 + 2 * round), took + N_COLD, N_RESULTS - N_COLD);
		for (size_t i = 0; i < N_RESULTS; i++)
			values[i][round] = took[i];
		remove_directory(directory);
		bench_hand_over();
	}
	for (size_t i = 0; i < N_RESULTS; i++)
		bench_report(names[i], bench_median(values[i], ROUNDS), "ms");
}
