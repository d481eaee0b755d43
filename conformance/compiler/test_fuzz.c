/* SPDX-License-Identifier: MIT */
/*
 * Generated kernels against the reference, over all local sizes, optimised and not.
 *
 *   test_compiler_fuzz		the kept seeds
 *   test_compiler_fuzz FIRST COUNT	COUNT seeds from FIRST
 *   test_compiler_fuzz -p SEED	prints the program
 *   test_compiler_fuzz -m SEEDS NAME[@SEED]...	each of these mutants of the compiler (mutants.cmake)
 *			must be found by one of SEEDS seeds from SEED (1) on, and not by chance
 *
 * Ends at the first difference, with the seed.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "client.h"
#include "compare.h"
#include "generate.h"

/* Run by every test run; a seed that finds a bug is added. */
static const uint64_t kept[] = {1, 2, 3, 4, 5, 6, 500012};

/* What is being checked, for whoever must say so. */
static char name[64];

/* Compiled code may crash or never end: the seed is what one wants to know then. */
static void on_signal(int signal)
{
	const char *why = signal == SIGALRM ? ": its kernels do not end\n" : ": its kernels crash\n";

	(void)!write(STDERR_FILENO, name, strlen(name));
	(void)!write(STDERR_FILENO, why, strlen(why));
	_exit(1);
}

static void catch_signals(void)
{
	static const int signals[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGALRM};
	static char stack[1 << 16];
	const stack_t other = {.ss_sp = stack, .ss_size = sizeof(stack)};
	const struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_ONSTACK};

	sigaltstack(&other, NULL);
	for (size_t i = 0; i < sizeof(signals) / sizeof(*signals); i++)
		sigaction(signals[i], &action, NULL);
}

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
		fprintf(stderr, "%s: %s fails with wait status %#x: the reference, %s, is not built\n", name,
			CLANG, status, input);
		exit(1);
	}
	handle = dlopen(output, RTLD_NOW | RTLD_LOCAL);
	unlink(output);
	if (!handle) {
		fprintf(stderr, "%s: the reference: %s\n", name, dlerror());
		exit(1);
	}
	unlink(input);
	return handle;
}

static bool check_build(struct client *client, const char *options, const char *source,
			reference_kernel *reference)
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

/* Compiles for the sake of a mutant, whose stages run whether the code is optimised or not. */
static bool optimised_only;

/* What a mutant makes of a program may never end: then SIGVTALRM ends the process, and that finds it. */
static void limit_mutant(void)
{
	const struct itimerval limit = { .it_value.tv_sec = 20 };

	setitimer(ITIMER_VIRTUAL, &limit, NULL);
}

static bool check_seed(struct client *client, uint64_t seed)
{
	char *source = generate_program(seed);
	char base[32] = "/tmp/hmmcl-fuzz-XXXXXX";
	reference_kernel *reference;
	void *handle;
	bool same;

	snprintf(name, sizeof(name), "seed %llu", (unsigned long long)seed);
	/* Two builds, each at most as long as client_build() waits. */
	alarm(1000);
	if (optimised_only)
		limit_mutant();
	if (!mkdtemp(base)) {
		perror(base);
		exit(1);
	}
	char file[40];

	snprintf(file, sizeof(file), "%s/k", base);
	handle = build_reference(source, file);
	*(void **)&reference = dlsym(handle, "test");
	same = reference &&
	       check_build(client, "-cl-std=CL3.0", source, reference) &&
	       (optimised_only ||
		check_build(client, "-cl-std=CL3.0 -cl-opt-disable", source, reference));
	dlclose(handle);
	rmdir(base);
	free(source);
	return same;
}

/* The first of @seeds seeds from @first on that finds the compiler wrong, in a process of its own; or 0. */
static uint64_t first_found(const char *mutant, uint64_t first, uint64_t seeds)
{
	uint64_t tried = 0;
	int pair[2], status;
	pid_t pid;

	if (pipe(pair) || (pid = fork()) < 0) {
		perror("a process for a mutant");
		exit(1);
	}
	if (pid == 0) {
		struct client client;
		bool good = true;
		int null = open("/dev/null", O_WRONLY);

		if (*mutant)
			dup2(null, STDERR_FILENO);
		setenv("HMMCL_MUTANT", mutant, 1);
		client = client_start();
		for (uint64_t seed = first; seed < first + seeds && good; seed++) {
			if (write(pair[1], &seed, sizeof(seed)) != sizeof(seed))
				_exit(1);
			good = check_seed(&client, seed);
		}
		client_stop(&client);
		_exit(!good);
	}
	close(pair[1]);
	for (uint64_t seed; read(pair[0], &seed, sizeof(seed)) == sizeof(seed);)
		tried = seed;
	close(pair[0]);
	if (waitpid(pid, &status, 0) != pid) {
		perror("waitpid");
		exit(1);
	}
	return status ? tried : 0;
}

/* @mutant may end in "@SEED", where the search begins: one that few programs show is found sooner. */
static bool check_mutant(uint64_t seeds, char *mutant)
{
	char *at = strchr(mutant, '@');
	uint64_t seed;

	if (at)
		*at++ = '\0';
	seed = first_found(mutant, at ? strtoull(at, NULL, 0) : 1, seeds);
	if (!seed) {
		printf("%s: NOT FOUND by %llu seeds\n", mutant, (unsigned long long)seeds);
		return false;
	}
	printf("%s: found by seed %llu\n", mutant, (unsigned long long)seed);
	fflush(stdout);
	/* The same compiler with no mutant switched on has nothing to find. */
	return !first_found("", seed, 1);
}

static bool check_mutants(uint64_t seeds, char **mutants, int count)
{
	bool good = true;

	optimised_only = true;
	for (int i = 0; i < count; i++)
		good &= check_mutant(seeds, mutants[i]);
	return good;
}

int main(int argc, char **argv)
{
	uint64_t first = 0, count = 0;
	struct client client;
	bool good = true;

	catch_signals();
	if (argc > 3 && !strcmp(argv[1], "-m"))
		return !check_mutants(strtoull(argv[2], NULL, 0), argv + 3, argc - 3);
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
