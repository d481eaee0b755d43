/* SPDX-License-Identifier: MIT */
/* The kernel's test_hmm, as something to compare with. */
#include "dmirror.h"

#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench.h"

#define DEVICE	"/dev/hmm_dmirror0"	/* the first one with device-private memory */

struct dmirror_command {
	uint64_t addr;
	uint64_t buffer;		/* for what the device reads there, as many pages */
	uint64_t pages;
	uint64_t pages_done;
	uint64_t faults;
};
#define DMIRROR_TO_DEVICE	_IOWR('H', 0x02, struct dmirror_command)
#define DMIRROR_TO_SYSTEM	_IOWR('H', 0x03, struct dmirror_command)

struct order {
	bool huge, to_system;
};

static pid_t process;
static int line = -1;

/* Carry out orders until there are no more. A negative answer: it can not. */
static void serve(int from, size_t size)
{
	const int device = open(DEVICE, O_RDWR | O_CLOEXEC);
	struct dmirror_command command;
	char *memory[2], *buffer;
	double seconds = device < 0 ? -1 : 0;
	struct order order;

	memory[false] = bench_map(size, false);
	memory[true] = bench_map(size, true);
	buffer = bench_map(size, true);
	while (write(from, &seconds, sizeof(seconds)) == sizeof(seconds) &&
	       read(from, &order, sizeof(order)) == sizeof(order)) {
		command = (struct dmirror_command) {
			.addr = (uintptr_t)memory[order.huge], .buffer = (uintptr_t)buffer,
			.pages = size / 4096,
		};
		seconds = bench_now();
		if (ioctl(device, order.to_system ? DMIRROR_TO_SYSTEM : DMIRROR_TO_DEVICE, &command))
			_exit(1);
		seconds = bench_now() - seconds;
	}
	_exit(0);
}

static double answer(void)
{
	double seconds;

	if (read(line, &seconds, sizeof(seconds)) == sizeof(seconds))
		return seconds;
	fprintf(stderr, "bench: test_hmm failed to migrate\n");
	exit(EXIT_FAILURE);
}

bool dmirror_start(size_t size)
{
	int ends[2];

	if (access(DEVICE, R_OK | W_OK) || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends))
		return false;
	process = fork();
	if (process < 0)
		return false;
	if (!process) {
		close(ends[0]);
		serve(ends[1], size);
	}
	close(ends[1]);
	line = ends[0];
	if (answer() >= 0)
		return true;
	dmirror_stop();
	return false;
}

double dmirror_migrate(bool huge, bool to_system)
{
	const struct order order = { huge, to_system };

	if (write(line, &order, sizeof(order)) != sizeof(order))
		return -1;
	return answer();
}

void dmirror_stop(void)
{
	close(line);
	line = -1;
	waitpid(process, NULL, 0);
}
