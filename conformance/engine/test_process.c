// SPDX-License-Identifier: MIT
/* The engine and the application's process: fork, wait(), windows that are taken, loss. */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness.h"

static char why[256];

/* Run @function in a child; it ends with 0 when all is well. */
static void expect_in_child(int (*function)(void))
{
	pid_t pid = fork();
	int status;

	assert_true(pid >= 0);
	if (!pid)
		_exit(function());
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

/* What a child may do with the parent's engine: nothing, but safely. */
static int use_inherited(void)
{
	struct hmmcl_command c = { .type = HMMCL_CMD_NOP };
	struct hmmcl_completion completion;
	struct hmmcl_engine_counters counters;
	struct hmmcl_image *other;
	uint64_t moved;
	size_t size;

	if (hmmcl_engine_submit(engine, &c) != -EIO)
		return 1;
	if (!hmmcl_engine_poll(engine, 1, &completion) || completion.fault != HMMCL_FAULT_ENGINE_LOST)
		return 2;
	hmmcl_engine_wait(engine, hmmcl_engine_events(engine));
	hmmcl_engine_wait_for(engine, 1);
	hmmcl_engine_report(engine, 1);
	hmmcl_engine_interrupt(engine);
	hmmcl_engine_retire(engine, 1);
	if (hmmcl_engine_counters(engine, &counters) != -EIO)
		return 3;
	if (hmmcl_engine_migrate(engine, &c, sizeof(c), true, &moved) != -EIO)
		return 4;
	if (hmmcl_image_load(engine, read_kernels(&size), 100, &other, why, sizeof(why)) != -EIO)
		return 5;
	hmmcl_image_unload(image);
	hmmcl_engine_close(engine);
	return 0;
}

static int own_engine(void)
{
	static uint64_t out[100];
	uint64_t args[2] = { (uint64_t)out, 5 };
	struct hmmcl_command c;

	if (open_engine(NULL))
		return 10;
	memset(out, 0, sizeof(out));
	c = ndrange("ids", args, sizeof(args), 100, 1);
	run(&c);
	for (uint64_t i = 0; i < 100; i++)
		if (out[i] != 5 + i)
			return 11;
	close_engine(NULL);
	return 0;
}

static int own_engine_in_grandchild(void)
{
	int status, err = own_engine();
	pid_t pid;

	if (err || open_engine(NULL))
		return 20;
	pid = fork();
	if (!pid) {
		err = use_inherited();
		_exit(err ? err : own_engine());
	}
	if (waitpid(pid, &status, 0) != pid || status)
		return 21;
	return 0;
}

static void test_fork(void **state)
{
	uint64_t counter = 0, args[1] = { (uint64_t)&counter };
	struct hmmcl_command c;

	(void)state;
	expect_in_child(use_inherited);
#ifndef __SANITIZE_THREAD__	/* starts no threads in a child of a process that has some */
	expect_in_child(own_engine);
	expect_in_child(own_engine_in_grandchild);
#else
	(void)own_engine_in_grandchild;
#endif
	c = ndrange("count", args, sizeof(args), 10, 10);
	run(&c);
	assert_int_equal(counter, 100);
}

/* Forking while commands run: the child is quiet, the parent computes on. */
static void test_fork_while_busy(void **state)
{
	static uint64_t sum;
	uint64_t args[2] = { (uint64_t)&sum, 20000 };
	int64_t tickets[10];

	(void)state;
	for (int i = 0; i < 20; i++) {
		struct hmmcl_command c = ndrange("work", args, sizeof(args), 100, 1);
		pid_t pid;
		int status;

		for (int j = 0; j < 10; j++)
			tickets[j] = submit(&c);
		pid = fork();
		assert_true(pid >= 0);
		if (!pid)
			_exit(0);
		waitpid(pid, &status, 0);
		assert_int_equal(status, 0);
		for (int j = 0; j < 10; j++)
			assert_int_equal(finish(tickets[j]).fault, HMMCL_FAULT_NONE);
	}
}

static volatile sig_atomic_t children;

static void on_child(int sig)
{
	(void)sig;
	children++;
}

/* The application has no children that it did not make, and hears of none. */
static void test_no_children(void **state)
{
	struct sigaction action = { .sa_handler = on_child }, saved;

	sigaction(SIGCHLD, &action, &saved);
	close_engine(state);
	assert_int_equal(open_engine(state), 0);
	assert_int_equal(waitpid(-1, NULL, __WALL), -1);
	assert_int_equal(errno, ECHILD);
	close_engine(state);
	assert_int_equal(waitpid(-1, NULL, __WALL), -1);
	assert_int_equal(children, 0);
	sigaction(SIGCHLD, &saved, NULL);
	assert_int_equal(open_engine(state), 0);
}

static unsigned int count_fds(void)
{
	DIR *dir = opendir("/proc/self/fd");
	unsigned int count = 0;

	while (readdir(dir))
		count++;
	closedir(dir);
	return count;
}

static void test_descriptors(void **state)
{
	unsigned int before;

	close_engine(state);
	before = count_fds();
	for (int i = 0; i < 10; i++) {
		assert_int_equal(open_engine(state), 0);
		close_engine(state);
	}
	assert_int_equal(count_fds(), before);
	assert_int_equal(open_engine(state), 0);
}

/* Where the window would be is taken: it goes elsewhere. */
static int window_taken(void)
{
	static const uint64_t places[] = {
		0x7e9000000000,
#ifndef __SANITIZE_THREAD__	/* lets nobody map at the others */
		0x7ec000000000, 0x7d0000000000, 0x600000000000, 0x200000000000, 0x001000000000,
#endif
	};

	for (size_t i = 0; i < sizeof(places) / sizeof(*places); i++) {
		int err;

		mmap((void *)(places[i] + (1 << 20)), 4096, PROT_NONE,
		     MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
		err = own_engine();
		if (err)
			return err;
	}
	return 0;
}

/* So few addresses that there is no place: an error and a reason. */
static int no_addresses(void)
{
	const struct rlimit limit = { 3ull << 30, 3ull << 30 };
	struct hmmcl_engine *other;

	if (setrlimit(RLIMIT_AS, &limit))
		return 1;
	return hmmcl_engine_open(kind_under_test(), &other, why, sizeof(why)) >= 0 || !*why;
}

static void test_window(void **state)
{
	close_engine(state);
	expect_in_child(window_taken);
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
	expect_in_child(no_addresses);
#else
	(void)no_addresses;
#endif
	assert_int_equal(open_engine(state), 0);
}

/* The engine's process: the only one of which we have a pidfd, and that in a thread's own table. */
static pid_t engine_pid(void)
{
	glob_t files;
	pid_t pid = 0;

	assert_int_equal(glob("/proc/self/task/*/fdinfo/*", 0, NULL, &files), 0);
	for (size_t i = 0; i < files.gl_pathc && pid <= 0; i++) {
		FILE *f = fopen(files.gl_pathv[i], "r");
		char line[128];

		while (f && fgets(line, sizeof(line), f))
			sscanf(line, "Pid: %d", &pid);
		if (f)
			fclose(f);
	}
	globfree(&files);
	return pid;
}

/* Killed with work in flight: all of it fails, everything later is refused, a new one works. */
static void test_loss(void **state)
{
	static _Atomic uint64_t flags[2];
	uint64_t args[2] = { (uint64_t)&flags[0], (uint64_t)&flags[1] };
	struct hmmcl_command c;
	int64_t tickets[3];

	(void)state;
	if (kind_under_test() != HMMCL_ENGINE_HMM)
		skip();
	for (int round = 0; round < 10; round++) {
		pid_t pid = engine_pid();

		assert_true(pid > 0);
		flags[0] = flags[1] = 0;
		c = ndrange("meet", args, sizeof(args), 1, 1);
		for (int i = 0; i < 3; i++)
			tickets[i] = submit(&c);
		while (!flags[0])
			usleep(100);
		assert_int_equal(kill(pid, SIGKILL), 0);
		for (int i = 0; i < 3; i++)
			assert_int_equal(finish(tickets[i]).fault, HMMCL_FAULT_ENGINE_LOST);
		assert_int_equal(hmmcl_engine_submit(engine, &c), -EIO);
		hmmcl_engine_wait(engine, hmmcl_engine_events(engine));
		close_engine(state);
		assert_int_equal(open_engine(state), 0);
		c = ndrange("empty", NULL, 0, 10, 10);
		run(&c);
	}
}

/*
 * A daemon closes what it does not know and opens files of its own. They stay as they are; the host engine
 * goes on, and the hmm engine is lost, whether it has something to do or not.
 */
static int close_descriptors(void)
{
	static _Atomic uint64_t flags[2];
	uint64_t args[2] = { (uint64_t)&flags[0], (uint64_t)&flags[1] };
	struct hmmcl_engine_counters counters;
	struct hmmcl_command c;
	int files[16];
	int64_t ticket;

	if (open_engine(NULL))
		return 1;
	c = ndrange("meet", args, sizeof(args), 1, 1);
	ticket = submit(&c);
	while (!flags[0])
		usleep(100);
	close_range(3, ~0u, 0);
	for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++) {
		files[i] = open("/tmp", O_TMPFILE | O_RDWR, 0600);
		if (files[i] < 0)
			return 2;
	}
	if (kind_under_test() == HMMCL_ENGINE_HOST) {
		flags[1] = 1;
		if (finish(ticket).fault || hmmcl_engine_why_lost(engine))
			return 3;
	} else {
		if (finish(ticket).fault != HMMCL_FAULT_ENGINE_LOST)
			return 4;
		if (!strstr(hmmcl_engine_why_lost(engine), "closed"))
			return 5;
		if (hmmcl_engine_counters(engine, &counters) >= 0)
			return 6;
	}
	close_engine(NULL);
	for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++) {
		struct stat now;

		if (fstat(files[i], &now) || now.st_size)
			return 7;
	}
	return own_engine();
}

static void test_closed_descriptors(void **state)
{
	close_engine(state);
	expect_in_child(close_descriptors);
	assert_int_equal(open_engine(state), 0);
}

/* The engine's process holds no file and makes no system call for a kernel. */
static void test_sandbox(void **state)
{
	long result = 0;
	uint64_t args[1] = { (uint64_t)&result };
	struct hmmcl_command c = ndrange("call_system", args, sizeof(args), 1, 1);
	char path[64], line[256];
	bool confined = false;
	DIR *dir;
	FILE *f;

	if (kind_under_test() != HMMCL_ENGINE_HMM)
		skip();
	snprintf(path, sizeof(path), "/proc/%d/fd", engine_pid());
	dir = opendir(path);
	assert_non_null(dir);
	for (struct dirent *entry; (entry = readdir(dir));)
		assert_int_equal(entry->d_name[0], '.');
	closedir(dir);
	snprintf(path, sizeof(path), "/proc/%d/status", engine_pid());
	f = fopen(path, "r");
	assert_non_null(f);
	while (fgets(line, sizeof(line), f))
		confined = confined || !strcmp(line, "Seccomp:\t2\n");
	fclose(f);
	assert_true(confined);

	assert_int_equal(finish(submit(&c)).fault, HMMCL_FAULT_ENGINE_LOST);
	assert_int_equal(result, 0);
	close_engine(state);
	assert_int_equal(open_engine(state), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fork),
		cmocka_unit_test(test_fork_while_busy),
		cmocka_unit_test(test_no_children),
		cmocka_unit_test(test_descriptors),
		cmocka_unit_test(test_window),
		cmocka_unit_test(test_loss),
		cmocka_unit_test(test_closed_descriptors),
		cmocka_unit_test(test_sandbox),
	};

	return cmocka_run_group_tests(tests, open_engine, close_engine);
}
