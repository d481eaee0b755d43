// SPDX-License-Identifier: MIT
/*
 * The program or its engine is killed at a random moment, with commands, migrations and faults in
 * flight; then nothing is left: no process, no context, no device page.  Needs the hmm
 * engine, root and debugfs.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "harness.h"

#define ROUNDS 200
#define DEBUGFS "/sys/kernel/debug"
#define BUFFER_SIZE (4u << 20)

/* A program: works until its engine is gone, or for ever. */
static void program(void)
{
	uint64_t *buffer = mmap(NULL, BUFFER_SIZE, PROT_READ | PROT_WRITE,
				MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	uint64_t args[2] = { (uint64_t)buffer, 2000 }, moved;

	if (open_engine(NULL))
		_exit(99);
	for (unsigned int i = 0;; i++) {
		struct hmmcl_command fill = { .type = HMMCL_CMD_FILL, .fill = {
			.dst = buffer, .size = BUFFER_SIZE, .pattern_size = 8, .pattern = { (uint8_t)i } } };
		struct hmmcl_command work = ndrange("work", args, sizeof(args), 64, 1);
		int64_t tickets[2] = {
			hmmcl_engine_submit(engine, &fill), hmmcl_engine_submit(engine, &work),
		};

		hmmcl_engine_migrate(engine, buffer, BUFFER_SIZE, i % 3 != 2, &moved);
		buffer[i % (BUFFER_SIZE / 8)]++;
		if (i % 7 == 3)
			madvise(buffer, BUFFER_SIZE / 2, MADV_DONTNEED);
		for (int j = 0; j < 2; j++) {
			if (tickets[j] == -EIO || finish(tickets[j]).fault == HMMCL_FAULT_ENGINE_LOST) {
				close_engine(NULL);
				_exit(0);
			}
		}
	}
}

/* The engine of @client by the driver's list of contexts; 0: none.  @any: of any client. */
static pid_t find_engine(pid_t client, bool *any)
{
	FILE *f = fopen(DEBUGFS "/dri/hmmcl/contexts", "r");
	pid_t pid = 0, of = 0, found = 0;
	char line[256];

	assert_non_null(f);
	*any = false;
	while (fgets(line, sizeof(line), f)) {
		*any = true;
		if (sscanf(line, "context %*u client %d", &of) == 1)
			continue;
		if (of == client && sscanf(line, " engine %*u pid %d", &pid) == 1)
			found = pid;
	}
	fclose(f);
	return found;
}

static long device_pages(void)
{
	FILE *f = fopen(DEBUGFS "/dri/hmmcl/devmem", "r");
	long used = -1;

	assert_non_null(f);
	assert_int_equal(fscanf(f, "blocks %*u pages %*u used %ld", &used), 1);
	fclose(f);
	return used;
}

static void test_kill(void **state)
{
	bool any;

	(void)state;
	if (kind_under_test() != HMMCL_ENGINE_HMM)
		skip();
	if (access(DEBUGFS "/dri", F_OK))
		assert_int_equal(mount("none", DEBUGFS, "debugfs", 0, NULL), 0);
	srandom(1);
	for (int round = 0; round < ROUNDS; round++) {
		bool kill_program = random() % 2;
		pid_t client = fork(), process;
		int status;

		assert_true(client >= 0);
		if (!client)
			program();
		while (!(process = find_engine(client, &any)))
			usleep(1000);
		usleep((useconds_t)(random() % 60000));
		assert_int_equal(kill(kill_program ? client : process, SIGKILL), 0);
		assert_int_equal(waitpid(client, &status, 0), client);
		if (kill_program) {
			assert_true(WIFSIGNALED(status));
		} else {
			/* Killed before it was ready: then it could not be opened. */
			assert_true(WIFEXITED(status));
			assert_true(WEXITSTATUS(status) == 0 || WEXITSTATUS(status) == 99);
		}
		/* The last of it goes when the kernel has time for it. */
		for (int i = 0; i < 1000; i++) {
			find_engine(0, &any);
			if (!any && kill(process, 0) && !device_pages())
				break;
			usleep(10000);
		}
		assert_false(any);
		assert_int_equal(kill(process, 0), -1);
		assert_int_equal(device_pages(), 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_kill) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
