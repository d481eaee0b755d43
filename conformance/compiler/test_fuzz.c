/* SPDX-License-Identifier: MIT */
/*
 * Generated kernels against the reference, over all local sizes, optimised and not.
 *
 *   test_compiler_fuzz		the kept seeds
 *   test_compiler_fuzz FIRST COUNT	COUNT seeds from FIRST
 *   test_compiler_fuzz -p SEED	prints the program
 *
 * Ends at the first difference, with the seed.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "client.h"
#include "compare.h"
#include "generate.h"

/* Run by every test run; a seed that finds a bug is added. */
static const uint64_t kept[] = {1, 2, 3, 4, 5, 6};

/* Plain Clang makes a library of @source; its path without ".so" is @base. */
static void *build_reference(const char *source, const char *base)
{
	char input[64], output[64];
	FILE *file;
	pid_t pid;
	int status;
	void *handle;

	snprintf(input, sizeof(input), "%s.cl", base);
	snprintf(output, sizeof(output), "%s.so", base);
	file = fopen(input, "w");
	if (!file || fputs(source, file) < 0 || fclose(file)) {
		perror(input);
		exit(1);
	}
	pid = fork();
	if (pid == 0) {
		execl(CLANG, CLANG, "-x", "cl", "-cl-std=CL3.0", "--target=x86_64-linux-gnu", "-O1", "-w",
		      "-D__opencl_c_work_group_collective_functions=1", "-fPIC", "-shared",
		      "-nostdlib", input, "-o", output, (char *)NULL);
		_exit(127);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid || status) {
		fprintf(stderr, "the reference of %s cannot be built\n", input);
		exit(1);
	}
	handle = dlopen(output, RTLD_NOW | RTLD_LOCAL);
	unlink(output);
	if (!handle) {
		fprintf(stderr, "%s\n", dlerror());
		exit(1);
	}
	unlink(input);
	return handle;
}

static bool check_build(struct client *client, const char *options, const char *source,
			reference_kernel *reference, const char *name)
{
	struct reply reply = client_build(client, options, source);
	struct program program;
	struct kernel kernel;
	bool same = true;

	if (reply.message.status != HMMCL_COMPILER_OK) {
		fprintf(stderr, "%s: %s\n", name, reply.log ? reply.log : "no reply");
		reply_free(&reply);
		return false;
	}
	program = program_load(reply.output, reply.output_size);
	kernel = program_kernel(&program, "test");
	for (int r = 0; r < n_test_ranges && same; r++)
		same = compare_kernel(&kernel, reference, name, &test_ranges[r], true);
	program_unload(&program);
	reply_free(&reply);
	return same;
}

static bool check_seed(struct client *client, uint64_t seed)
{
	char *source = generate_program(seed);
	char base[32] = "/tmp/hmmcl-fuzz-XXXXXX", name[64];
	reference_kernel *reference;
	void *handle;
	bool same;

	snprintf(name, sizeof(name), "seed %llu", (unsigned long long)seed);
	if (!mkdtemp(base)) {
		perror(base);
		exit(1);
	}
	char file[40];

	snprintf(file, sizeof(file), "%s/k", base);
	handle = build_reference(source, file);
	*(void **)&reference = dlsym(handle, "test");
	same = reference &&
	       check_build(client, "-cl-std=CL3.0", source, reference, name) &&
	       check_build(client, "-cl-std=CL3.0 -cl-opt-disable", source, reference, name);
	dlclose(handle);
	rmdir(base);
	free(source);
	return same;
}

int main(int argc, char **argv)
{
	uint64_t first = 0, count = 0;
	struct client client;
	bool good = true;

	if (argc == 3 && !strcmp(argv[1], "-p")) {
		fputs(generate_program(strtoull(argv[2], NULL, 0)), stdout);
		return 0;
	}
	if (argc == 3) {
		first = strtoull(argv[1], NULL, 0);
		count = strtoull(argv[2], NULL, 0);
	}
	client = client_start();
	for (size_t i = 0; argc < 3 && i < sizeof(kept) / sizeof(*kept) && good; i++)
		good = check_seed(&client, kept[i]);
	for (uint64_t i = 0; i < count && good; i++) {
		good = check_seed(&client, first + i);
		if (i % 10 == 9)
			fprintf(stderr, "%llu of %llu\n", (unsigned long long)i + 1, (unsigned long long)count);
	}
	return client_stop(&client) || !good;
}
