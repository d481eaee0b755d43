/* SPDX-License-Identifier: MIT */
/*
 * --versus: a second process of this program, with a changed environment. The two take turns, one
 * round each, because what a busy machine does to one run it does not do to the next: only
 * rounds beside each other compare.
 */
#include "versus.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench.h"

static int turn = -1;		/* a byte in it is the turn; -1: we are alone */
static int results = -1;	/* what the other process prints */
static pid_t other;
static bool is_other;

/* Geometric means of ratios. */
static struct {
	const char *name;
	double log_sum;
	int n;
} means[8];

static void fail(const char *what)
{
	fprintf(stderr, "bench: --versus: %s: %s\n", what, strerror(errno));
	exit(EXIT_FAILURE);
}

/* When the other one has ended, every turn is ours. */
static void await_turn(void)
{
	char token;
	ssize_t n;

	do
		n = recv(turn, &token, 1, 0);
	while (n < 0 && errno == EINTR);
}

void bench_hand_over(void)
{
	if (turn < 0)
		return;
	if (send(turn, "", 1, MSG_NOSIGNAL) == 1)
		await_turn();
}

void versus_join(const char *descriptor)
{
	is_other = true;
	turn = atoi(descriptor);
	/* Not for the engine, which would keep it open. */
	fcntl(turn, F_SETFD, FD_CLOEXEC);
	await_turn();
}

bool versus_is_other(void)
{
	return is_other;
}

void versus_start(char *assignment, char *const *selection, size_t n)
{
	char *value = strchr(assignment, '='), descriptor[12];
	char *arguments[n + 4];
	int ends[2], turns[2];

	if (!value) {
		fprintf(stderr, "bench: --versus %s: VARIABLE=VALUE is needed\n", assignment);
		exit(EXIT_FAILURE);
	}
	if (pipe2(ends, O_CLOEXEC) || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, turns))
		fail("pipe");
	other = fork();
	if (other < 0)
		fail("fork");
	if (!other) {
		snprintf(descriptor, sizeof(descriptor), "%d", turns[1]);
		arguments[0] = "bench";
		arguments[1] = "--turn";
		arguments[2] = descriptor;
		memcpy(arguments + 3, selection, n * sizeof(*selection));
		arguments[n + 3] = NULL;
		*value = '\0';
		setenv(assignment, value + 1, 1);
		dup2(ends[1], STDOUT_FILENO);
		fcntl(turns[1], F_SETFD, 0);
		execv("/proc/self/exe", arguments);
		_exit(127);
	}
	close(ends[1]);
	close(turns[1]);
	turn = turns[0];
	results = ends[0];
}

void versus_leave(void)
{
	if (turn >= 0)
		close(turn);
	turn = -1;
}

static void add_to_mean(const char *mean, double ratio)
{
	size_t i = 0;

	while (i < sizeof(means) / sizeof(means[0]) && means[i].n && strcmp(means[i].name, mean))
		i++;
	if (i == sizeof(means) / sizeof(means[0]))
		return;
	means[i].name = mean;
	means[i].log_sum += log(ratio);
	means[i].n++;
}

void versus_compare(void)
{
	const char *mean;
	char line[200], name[64];
	double value, ours;
	FILE *in = fdopen(results, "r");
	int status = -1;

	while (in && fgets(line, sizeof(line), in)) {
		if (sscanf(line, "%63[^\t]\t%lf", name, &value) != 2 || !bench_result(name, &ours, &mean))
			continue;
		printf("%s.other\t%.6g%s", name, value, strrchr(line, '\t'));
		printf("%s.ratio\t%.4g\tours/other\n", name, ours / value);
		if (mean)
			add_to_mean(mean, ours / value);
	}
	for (size_t i = 0; i < sizeof(means) / sizeof(means[0]) && means[i].n; i++)
		printf("%s.ratio\t%.4g\tours/other, geometric mean of %d\n", means[i].name,
		       exp(means[i].log_sum / means[i].n), means[i].n);
	if (in)
		fclose(in);
	waitpid(other, &status, 0);
	if (status) {
		fprintf(stderr, "bench: --versus: the other process failed\n");
		exit(EXIT_FAILURE);
	}
}
