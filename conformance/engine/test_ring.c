// SPDX-License-Identifier: MIT
/* Order, completion and waiting: tickets, after[], many threads, more commands than slots. */
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "harness.h"

#define MANY 5000

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

/* @command starts after the one of @ticket (0: none), too. */
static void add_after(struct hmmcl_command *command, int64_t ticket)
{
	if (ticket)
		command->after[command->n_after++] = ticket;
}

/* Each command finds what the one before it left. */
static void test_after(void **state)
{
	static _Atomic uint64_t counter, wrong;
	int64_t last = 0;

	(void)state;
	for (uint64_t i = 0; i < MANY; i++) {
		uint64_t args[3] = { (uint64_t)&counter, i, (uint64_t)&wrong };
		struct hmmcl_command c = ndrange("step", args, sizeof(args), 1, 1);
		int64_t ticket;

		add_after(&c, last);
		ticket = submit(&c);
		if (last)
			assert_int_equal(ticket, last + 1);
		last = ticket;
		hmmcl_engine_retire(engine, ticket - 1);
	}
	finish(last);
	assert_int_equal(counter, MANY);
	assert_int_equal(wrong, 0);
}

/* Stages of many overlapping commands, each stage after all of the one before. */
static void test_stages(void **state)
{
	static _Atomic uint64_t counter[4], wrong;
	struct hmmcl_command c, step;
	int64_t ticket = 0, stage = 0;

	(void)state;
	for (int round = 0; round < 100; round++) {
		uint64_t args[3] = { (uint64_t)&counter[0], (uint64_t)(round + 1) * 243 + (uint64_t)round,
				     (uint64_t)&wrong };

		step = ndrange("step", args, sizeof(args), 1, 1);
		for (unsigned int i = 0; i < HMMCL_MAX_AFTER; i++) {
			uint64_t own[1] = { (uint64_t)&counter[0] };

			c = ndrange("count", own, sizeof(own), 1 + (uint64_t)i * 5, 3);
			add_after(&c, stage);
			ticket = submit(&c);
			add_after(&step, ticket);
			hmmcl_engine_retire(engine, ticket);
		}
		ticket = submit(&step);
		if (round % 10 == 0)
			finish(ticket);
		c = (struct hmmcl_command) { .type = HMMCL_CMD_NOP };
		add_after(&c, ticket);
		stage = submit(&c);
	}
	finish(stage);
	assert_int_equal(wrong, 0);
	assert_int_equal(counter[0], 100 * 244);
}

/* Two commands that wait for each other must be able to run at the same time. */
static void test_overlap(void **state)
{
	static _Atomic uint64_t flags[2];
	uint64_t a[2] = { (uint64_t)&flags[0], (uint64_t)&flags[1] };
	uint64_t b[2] = { (uint64_t)&flags[1], (uint64_t)&flags[0] };
	struct hmmcl_command c;
	int64_t first, second = 0;

	(void)state;
	if (hmmcl_engine_info(engine)->workers < 2)
		skip();
	for (int i = 0; i < 200; i++) {

		flags[0] = flags[1] = 0;
		c = ndrange("meet", a, sizeof(a), 1, 1);
		add_after(&c, second);
		first = submit(&c);
		if (i % 3 == 0)
			usleep(100);
		c = ndrange("meet", b, sizeof(b), 1, 1);
		second = submit(&c);
		assert_int_equal(finish(second).fault, HMMCL_FAULT_NONE);
		assert_int_equal(finish(first).fault, HMMCL_FAULT_NONE);
	}
}

/* A command that must wait is passed over by those behind it that need not. */
static void test_others_pass(void **state)
{
	static _Atomic uint64_t flags[2], counter;
	uint64_t meet[2] = { (uint64_t)&flags[0], (uint64_t)&flags[1] };
	uint64_t count[1] = { (uint64_t)&counter };
	struct hmmcl_command c = ndrange("meet", meet, sizeof(meet), 1, 1);
	struct hmmcl_completion completion;
	int64_t running, blocked[50];

	(void)state;
	if (hmmcl_engine_info(engine)->workers < 2)
		skip();
	flags[0] = flags[1] = counter = 0;
	running = submit(&c);
	for (int i = 0; i < 50; i++) {
		c = ndrange("count", count, sizeof(count), 1, 1);
		add_after(&c, i ? blocked[i - 1] : running);
		blocked[i] = submit(&c);
	}
	for (int i = 0; i < 50; i++) {
		c = ndrange("count", count, sizeof(count), 1, 1);
		finish(submit(&c));
	}
	assert_int_equal(counter, 50);
	assert_false(hmmcl_engine_poll(engine, running, &completion));
	assert_false(hmmcl_engine_poll(engine, blocked[0], &completion));
	flags[1] = 1;
	finish(running);
	for (int i = 0; i < 50; i++)
		finish(blocked[i]);
	assert_int_equal(counter, 100);
}

/* Two commands that the end of a third makes ready run at the same time. */
static void test_both_at_once(void **state)
{
	static _Atomic uint64_t gate[2], flags[2];
	uint64_t g[2] = { (uint64_t)&gate[0], (uint64_t)&gate[1] };
	uint64_t a[2] = { (uint64_t)&flags[0], (uint64_t)&flags[1] };
	uint64_t b[2] = { (uint64_t)&flags[1], (uint64_t)&flags[0] };

	(void)state;
	if (hmmcl_engine_info(engine)->workers < 2)
		skip();
	for (int i = 0; i < 100; i++) {
		struct hmmcl_command c = ndrange("meet", g, sizeof(g), 1, 1);
		int64_t first, second, third;

		gate[0] = gate[1] = flags[0] = flags[1] = 0;
		first = submit(&c);
		c = ndrange("meet", a, sizeof(a), 1, 1);
		add_after(&c, first);
		second = submit(&c);
		c = ndrange("meet", b, sizeof(b), 1, 1);
		add_after(&c, first);
		third = submit(&c);
		usleep(i % 2 ? 0 : 300);	/* the other worker spins, or sleeps */
		gate[1] = 1;
		finish(first);
		finish(second);
		finish(third);
	}
}

/* Only commands that have been submitted can be waited for. */
static void test_bad_after(void **state)
{
	struct hmmcl_command c = { .type = HMMCL_CMD_NOP };
	int64_t last = submit(&c);
	const int64_t bad[] = { last + 1, last + 1000, -1 };

	(void)state;
	c.n_after = 1;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		c.after[0] = bad[i];
		assert_int_equal(hmmcl_engine_submit(engine, &c), -EINVAL);
	}
	c.after[0] = last;
	c.n_after = HMMCL_MAX_AFTER + 1;
	assert_int_equal(hmmcl_engine_submit(engine, &c), -EINVAL);
	c.n_after = 1;
	assert_int_equal(finish(submit(&c)).fault, HMMCL_FAULT_NONE);
	finish(last);
}

/* The host changes what a running kernel waits for. */
static void test_host_meets_kernel(void **state)
{
	static _Atomic uint64_t flags[2];
	uint64_t args[2] = { (uint64_t)&flags[0], (uint64_t)&flags[1] };
	struct hmmcl_command c = ndrange("meet", args, sizeof(args), 1, 1);

	(void)state;
	for (int i = 0; i < 100; i++) {
		struct hmmcl_completion completion;
		int64_t ticket;

		flags[0] = flags[1] = 0;
		ticket = submit(&c);
		while (!flags[0])
			usleep(10);
		assert_false(hmmcl_engine_poll(engine, ticket, &completion));
		flags[1] = 1;
		finish(ticket);
	}
}

/* Nobody retires: completions outlive their slots. */
static void test_completions_are_kept(void **state)
{
	struct hmmcl_command c = { .type = HMMCL_CMD_NOP };
	struct hmmcl_completion completion;
	int64_t first = 0, last = 0;
	uint64_t before = now_ns();

	(void)state;
	for (int i = 0; i < MANY; i++) {
		last = submit(&c);
		if (!i)
			first = last;
	}
	for (int64_t t = last; t >= first; t--) {
		completion = finish(t);
		assert_int_equal(completion.fault, HMMCL_FAULT_NONE);
		assert_true(completion.start_ns >= before && completion.end_ns <= now_ns());
	}
	assert_false(hmmcl_engine_poll(engine, first, &completion));
}

static void *submit_many(void *argument)
{
	uint64_t args[1] = { (uint64_t)argument };
	struct hmmcl_command c = ndrange("count", args, sizeof(args), 3, 2);
	int64_t tickets[10];

	for (int i = 0; i < MANY / 10; i++) {
		for (int j = 0; j < 10; j++) {
			c.n_after = 0;
			for (int k = 0; k < j && j == 5; k++)
				add_after(&c, tickets[k]);
			tickets[j] = submit(&c);
		}
		for (int j = 0; j < 10; j++)
			if (finish(tickets[j]).fault)
				return (void *)1;
	}
	return NULL;
}

static void test_threads(void **state)
{
	static _Atomic uint64_t counter;
	pthread_t threads[4];

	(void)state;
	for (int i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, submit_many, &counter), 0);
	for (int i = 0; i < 4; i++) {
		void *result;

		pthread_join(threads[i], &result);
		assert_null(result);
	}
	assert_int_equal(counter, 4 * MANY * 6);
}

/* Arguments of every size, up to the most, through a ring smaller than all together. */
static void test_arguments(void **state)
{
	static const uint32_t sizes[] = { 0, 8, 100, 1024, 4096, 65536, 1 << 20 };
	_Atomic uint64_t counter = 0;
	char *args = calloc(1, (1 << 20) + 1);
	struct hmmcl_command c;
	uint64_t want = 0;
	int64_t tickets[200];

	(void)state;
	*(uint64_t *)args = (uint64_t)&counter;
	for (int i = 0; i < 200; i++) {
		uint32_t size = sizes[i % (int)(sizeof(sizes) / sizeof(*sizes))];

		c = ndrange(size ? "count" : "empty", args, size, 1, 1);
		tickets[i] = submit(&c);
		want += size != 0;
	}
	for (int i = 0; i < 200; i++)
		finish(tickets[i]);
	assert_int_equal(counter, want);
	c = ndrange("count", args, (1 << 20) + 1, 1, 1);
	assert_int_equal(hmmcl_engine_submit(engine, &c), -E2BIG);
	free(args);
}

/* Two of one kind are one; its counters count. */
static void test_shared(void **state)
{
	struct hmmcl_engine *again;
	struct hmmcl_engine_counters before, after;
	struct hmmcl_command c = ndrange("empty", NULL, 0, 17, 2);
	char why[256];

	(void)state;
	assert_int_equal(hmmcl_engine_open(kind_under_test(), &again, why, sizeof(why)), 0);
	assert_ptr_equal(again, engine);
	assert_int_equal(hmmcl_engine_counters(engine, &before), 0);
	run(&c);
	assert_int_equal(hmmcl_engine_counters(again, &after), 0);
	assert_int_equal(after.commands, before.commands + 1);
	assert_int_equal(after.groups, before.groups + 17);
	hmmcl_engine_close(again);
	run(&c);
}

/* Closing ends all threads and gives back everything; opening starts anew. */
static void test_reopen(void **state)
{
	for (int i = 0; i < 20; i++) {
		struct hmmcl_command c;

		close_engine(state);
		assert_int_equal(open_engine(state), 0);
		c = ndrange("empty", NULL, 0, 5, 5);
		run(&c);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_after),
		cmocka_unit_test(test_others_pass),
		cmocka_unit_test(test_both_at_once),
		cmocka_unit_test(test_bad_after),
		cmocka_unit_test(test_stages),
		cmocka_unit_test(test_overlap),
		cmocka_unit_test(test_host_meets_kernel),
		cmocka_unit_test(test_completions_are_kept),
		cmocka_unit_test(test_threads),
		cmocka_unit_test(test_arguments),
		cmocka_unit_test(test_shared),
		cmocka_unit_test(test_reopen),
	};

	return cmocka_run_group_tests(tests, open_engine, close_engine);
}
