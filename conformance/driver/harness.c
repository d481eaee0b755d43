// SPDX-License-Identifier: MIT
/* Runs the registered tests, one process each; see harness.h. */
#include "harness.h"

#include <errno.h>
#include <fnmatch.h>
#include <getopt.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "device.h"

#define EXIT_FAIL 1
#define EXIT_SKIP 77

static struct test *tests, **tests_end = &tests;
static unsigned int slowness = 1;

void test_register(struct test *test)
{
	*tests_end = test;
	tests_end = &test->next;
}

void test_fail(const char *file, int line, const char *format, ...)
{
	va_list args;

	printf("# %s:%d: ", strrchr(file, '/') ? strrchr(file, '/') + 1 : file, line);
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	printf("\n");
	fflush(stdout);
	_exit(EXIT_FAIL);
}

void test_skip(const char *format, ...)
{
	va_list args;

	printf("# skip: ");
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	printf("\n");
	fflush(stdout);
	_exit(EXIT_SKIP);
}

unsigned int test_rounds(unsigned int rounds)
{
	const unsigned int fewest = 5;

	return rounds / slowness > fewest ? rounds / slowness : rounds < fewest ? rounds : fewest;
}

bool test_memory_fails(void)
{
	static int percent = -1;
	FILE *f;

	if (percent < 0) {
		percent = 0;
		f = fopen("/sys/kernel/debug/failslab/probability", "r");
		if (f) {
			if (fscanf(f, "%d", &percent) != 1)
				percent = 0;
			fclose(f);
		}
	}
	return percent;
}

/*
 * Nothing may be left: no page of device memory, no region.  The driver frees some of it
 * after the process has gone (engine killed, mm released later), so look for a while.
 */
static bool nothing_left(void)
{
	const struct timespec pause = { .tv_nsec = 20 * 1000 * 1000 };
	uint64_t pages = 0;

	for (int i = 0; i < 250; i++) {
		if (!device_pages_in_use(&pages)) {
			printf("# the device is gone\n");
			return false;
		}
		if (!pages)
			return true;
		nanosleep(&pause, NULL);
	}
	printf("# %llu pages of device memory are still in use\n", (unsigned long long)pages);
	return false;
}

/* After an oops nothing that follows means anything. */
static bool kernel_died(void)
{
	unsigned long tainted = 0;
	FILE *f = fopen("/proc/sys/kernel/tainted", "r");

	if (f) {
		if (fscanf(f, "%lu", &tainted) != 1)
			tainted = 0;
		fclose(f);
	}
	return tainted & (1ul << 7);		/* TAINT_DIE */
}

/* The kernel's log shall show which test a report belongs to. */
static void log_name(const struct test *test)
{
	FILE *f = fopen("/dev/kmsg", "w");

	if (f) {
		fprintf(f, "<4>driver-tests: %s\n", test->name);
		fclose(f);
	}
}

/* @return the wait status of the test's process, killed with its group when time is up */
static int run_limited(struct test *test)
{
	const struct timespec pause = { .tv_nsec = 5 * 1000 * 1000 };
	struct timespec start, now;
	const unsigned int limit = test->seconds * slowness;
	int status;
	pid_t pid;

	log_name(test);
	pid = fork();
	if (pid < 0)
		return -1;
	if (!pid) {
		setpgid(0, 0);
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		test->run();
		fflush(stdout);
		_exit(0);
	}
	setpgid(pid, pid);
	clock_gettime(CLOCK_MONOTONIC, &start);
	for (;;) {
		pid_t got = waitpid(pid, &status, WNOHANG);

		if (got == pid)
			break;
		clock_gettime(CLOCK_MONOTONIC, &now);
		if (now.tv_sec - start.tv_sec > (long)limit) {
			printf("# no end after %u s\n", limit);
			kill(-pid, SIGKILL);
			waitpid(pid, &status, 0);
			status = 256 * EXIT_FAIL;
			break;
		}
		nanosleep(&pause, NULL);
	}
	kill(-pid, SIGKILL);		/* children that a failed test left */
	return status;
}

static void usage(const char *name)
{
	printf("Usage: %s [--list] [PATTERN...]\n"
	       "Tests hmmcl.ko on this machine's kernel. Needs the module loaded and root.\n"
	       "  --list     name the tests\n"
	       "  PATTERN    run only the tests that match, as in migrate_*\n"
	       "HMMCL_TEST_SLOW=N: the kernel is so many times slower than a stock one (a debug kernel);\n"
	       "time limits are multiplied by it, and rounds of the long tests divided.\n", name);
}

static bool chosen(const struct test *test, char **patterns)
{
	if (!*patterns)
		return true;
	for (; *patterns; patterns++)
		if (!fnmatch(*patterns, test->name, 0))
			return true;
	return false;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "list", no_argument, NULL, 'l' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	unsigned int n = 0, passed = 0, failed = 0, skipped = 0;
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (c) {
		case 'l':
			for (struct test *t = tests; t; t = t->next)
				puts(t->name);
			return 0;
		case 'h':
			usage(argv[0]);
			return 0;
		default:
			usage(argv[0]);
			return 2;
		}
	}
	if (getenv("HMMCL_TEST_SLOW") && atoi(getenv("HMMCL_TEST_SLOW")) > 0)
		slowness = (unsigned int)atoi(getenv("HMMCL_TEST_SLOW"));
	setvbuf(stdout, NULL, _IOLBF, 0);
	if (!device_pages_in_use(&(uint64_t){ 0 })) {
		printf("Bail out! no hmmcl render node here: is the module loaded?\n");
		return 1;
	}
	for (struct test *t = tests; t; t = t->next) {
		int status;
		bool ok, skip;

		if (!chosen(t, argv + optind))
			continue;
		status = run_limited(t);
		skip = WIFEXITED(status) && WEXITSTATUS(status) == EXIT_SKIP;
		ok = WIFEXITED(status) && (skip || !WEXITSTATUS(status));
		if (WIFSIGNALED(status))
			printf("# killed by signal %d (%s)\n", WTERMSIG(status), strsignal(WTERMSIG(status)));
		if (!nothing_left())
			ok = false;
		printf("%s %u - %s%s\n", ok ? "ok" : "not ok", ++n, t->name, ok && skip ? " # SKIP" : "");
		if (!ok)
			failed++;
		else if (skip)
			skipped++;
		else
			passed++;
		if (kernel_died()) {
			printf("Bail out! the kernel has oopsed: see its log\n");
			return 1;
		}
	}
	printf("1..%u\n# %u passed, %u failed, %u skipped\n", n, passed, failed, skipped);
	return failed ? 1 : 0;
}
