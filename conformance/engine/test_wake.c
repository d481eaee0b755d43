// SPDX-License-Identifier: MIT
/* Who sleeps is woken by what it waits for, and by nothing else; nobody is forgotten. */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "../../runtime/engine/syscall.h"
#include "../../runtime/transport/client.h"
#include "harness.h"

#define QUEUED 8
/* Once, for what is waited for; a page fault may sleep, too. */
#define FEW_SLEEPS 3

/* How often this thread has gone to sleep. */
static long sleeps(void)
{
	struct rusage usage;

	getrusage(RUSAGE_THREAD, &usage);
	return usage.ru_nvcsw;
}

struct waiter {
	pthread_t thread;
	void (*wait)(struct waiter *waiter);
	int64_t ticket;
	uint32_t seen;
	long slept;			/* times */
	_Atomic bool back;
};

static void for_events(struct waiter *waiter)
{
	hmmcl_engine_wait(engine, waiter->seen);
}

static void for_ticket(struct waiter *waiter)
{
	hmmcl_engine_wait_for(engine, waiter->ticket);
}

static void *run_waiter(void *argument)
{
	struct waiter *waiter = argument;
	long before = sleeps();

	waiter->wait(waiter);
	waiter->slept = sleeps() - before;
	atomic_store(&waiter->back, true);
	return NULL;
}

static void start(struct waiter *waiter)
{
	assert_int_equal(pthread_create(&waiter->thread, NULL, run_waiter, waiter), 0);
}

/* Until @n threads sleep, or are about to. */
static void await(_Atomic uint32_t *waiters, uint32_t n)
{
	while (atomic_load(waiters) != n)
		usleep(100);
	usleep(1000);
}

static struct hmmcl_slot *slot_of(int64_t ticket)
{
	return hmmcl_slot(engine->window.control, (uint64_t)ticket);
}

/* A row of commands, each of which ends when its gate is opened. */
struct row {
	_Atomic uint64_t arrived[QUEUED], gate[QUEUED];
	int64_t tickets[QUEUED];
};

static void submit_row(struct row *row)
{
	for (int i = 0; i < QUEUED; i++) {
		uint64_t args[2] = { (uint64_t)&row->arrived[i], (uint64_t)&row->gate[i] };
		struct hmmcl_command c = ndrange("meet", args, sizeof(args), 1, 1);

		row->arrived[i] = row->gate[i] = 0;
		if (i)
			c.after[c.n_after++] = row->tickets[i - 1];
		row->tickets[i] = submit(&c);
	}
}

/* One after the other; whoever was woken by one has time to go back to sleep before the next. */
static void open_gates(struct row *row, int first, int end)
{
	for (int i = first; i < end; i++) {
		atomic_store(&row->gate[i], 1);
		while (!hmmcl_has_ended(slot_of(row->tickets[i]), (uint64_t)row->tickets[i]))
			usleep(100);
		usleep(2000);
	}
}

static void retire_row(struct row *row)
{
	for (int i = 0; i < QUEUED; i++)
		assert_int_equal(finish(row->tickets[i]).fault, HMMCL_FAULT_NONE);
}

/* Whoever waits for the last of a row sleeps once, and is back when that has ended, not before. */
static void test_last_only(void **state)
{
	static struct row row;
	struct waiter waiters[2] = { { .wait = for_ticket }, { .wait = for_ticket } };

	(void)state;
	submit_row(&row);
	for (int i = 0; i < 2; i++) {
		waiters[i].ticket = row.tickets[QUEUED - 1];
		start(&waiters[i]);
	}
	await(&slot_of(row.tickets[QUEUED - 1])->waiters, 2);
	open_gates(&row, 0, QUEUED - 1);
	for (int i = 0; i < 2; i++)
		assert_false(atomic_load(&waiters[i].back));
	open_gates(&row, QUEUED - 1, QUEUED);
	for (int i = 0; i < 2; i++) {
		pthread_join(waiters[i].thread, NULL);
		assert_in_range(waiters[i].slept, 0, FEW_SLEEPS);
	}
	retire_row(&row);
}

/* Of many that wait, each for its own, one is woken at a time. */
static void test_each_its_own(void **state)
{
	static struct row row;
	struct waiter waiters[QUEUED];

	(void)state;
	submit_row(&row);
	for (int i = 0; i < QUEUED; i++) {
		waiters[i] = (struct waiter) { .wait = for_ticket, .ticket = row.tickets[i] };
		start(&waiters[i]);
		await(&slot_of(row.tickets[i])->waiters, 1);
	}
	for (int i = 0; i < QUEUED; i++) {
		open_gates(&row, i, i + 1);
		for (int j = i + 1; j < QUEUED; j++)
			assert_false(atomic_load(&waiters[j].back));
		pthread_join(waiters[i].thread, NULL);
		assert_in_range(waiters[i].slept, 0, FEW_SLEEPS);
	}
	retire_row(&row);
}

/* Ends that nobody asked for are not reported; those that somebody did are, each once. */
static void test_reports(void **state)
{
	static struct row row;
	struct waiter waiter = { .wait = for_events };
	uint32_t rings = 0, seen;

	(void)state;
	submit_row(&row);
	waiter.seen = hmmcl_engine_events(engine);
	hmmcl_engine_report(engine, row.tickets[QUEUED - 2]);
	hmmcl_engine_report(engine, row.tickets[QUEUED - 2]);
	start(&waiter);
	await(&engine->window.control->waiters, 1);
	open_gates(&row, 0, QUEUED - 2);
	assert_false(atomic_load(&waiter.back));
	open_gates(&row, QUEUED - 2, QUEUED - 1);
	pthread_join(waiter.thread, NULL);
	assert_in_range(waiter.slept, 0, FEW_SLEEPS);
	seen = hmmcl_engine_events(engine);
	assert_int_equal(seen, waiter.seen + 1);
	open_gates(&row, QUEUED - 1, QUEUED);
	assert_int_equal(hmmcl_engine_events(engine), seen);

	/* Asked for too late: at once. */
	hmmcl_engine_report(engine, row.tickets[QUEUED - 1]);
	assert_int_equal(hmmcl_engine_events(engine), seen + 1);
	hmmcl_engine_wait(engine, seen);
	retire_row(&row);

	/* Nobody waits: no bell rings, and no system call is made for one. */
	seen = hmmcl_engine_events(engine);
	for (unsigned int i = 0; i < HMMCL_RING_SLOTS; i++)
		rings += atomic_load(&engine->window.control->slots[i].rings);
	submit_row(&row);
	open_gates(&row, 0, QUEUED);
	assert_int_equal(hmmcl_engine_events(engine), seen);
	for (unsigned int i = 0; i < HMMCL_RING_SLOTS; i++)
		rings -= atomic_load(&engine->window.control->slots[i].rings);
	assert_int_equal(rings, 0);
	retire_row(&row);
}

/* Asked for with the command itself. */
static void test_report_from_start(void **state)
{
	struct hmmcl_command c = { .type = HMMCL_CMD_NOP, .report = true };

	(void)state;
	for (int i = 0; i < 3 * (int)HMMCL_RING_SLOTS; i++) {
		uint32_t seen = hmmcl_engine_events(engine);
		int64_t ticket;

		c.report = i % 3 != 1;
		ticket = submit(&c);
		if (c.report)
			hmmcl_engine_wait(engine, seen);
		finish(ticket);
		assert_int_equal(hmmcl_engine_events(engine), seen + c.report);
	}
}

static void *interrupt_later(void *argument)
{
	(void)argument;
	usleep(20000);
	hmmcl_engine_interrupt(engine);
	return NULL;
}

static void test_interrupt(void **state)
{
	uint32_t seen = hmmcl_engine_events(engine);
	pthread_t thread;

	(void)state;
	assert_int_equal(pthread_create(&thread, NULL, interrupt_later, NULL), 0);
	hmmcl_engine_wait(engine, seen);
	assert_int_not_equal(hmmcl_engine_events(engine), seen);
	pthread_join(thread, NULL);
	hmmcl_engine_wait(engine, seen);		/* has changed already */
}

/*
 * Whoever changes the word of events wakes the sleepers a moment later, and by then one may sleep
 * that has seen the change: that is no event to it.
 */
static void test_late_wake(void **state)
{
	struct hmmcl_control *control = engine->window.control;
	struct waiter waiter = { .wait = for_events, .seen = hmmcl_engine_events(engine) };
	bool back;

	(void)state;
	start(&waiter);
	for (int woken = 0; woken < 20 && !atomic_load(&waiter.back); usleep(1000))
		woken += (int)hmmcl_futex_wake(&control->events, 1, control->futex_flags,
					       FUTEX_BITSET_MATCH_ANY);
	back = atomic_load(&waiter.back);
	hmmcl_engine_interrupt(engine);
	pthread_join(waiter.thread, NULL);
	assert_false(back);
}

/* Many threads submit, and wait by either way: who is forgotten waits for ever. */
#define THREADS 6
#define ROUNDS 4000

static void *wait_at_random(void *argument)
{
	unsigned int seed = (unsigned int)(uintptr_t)argument;
	struct hmmcl_command c = { .type = HMMCL_CMD_NOP };
	struct hmmcl_completion completion;
	int64_t tickets[QUEUED];

	for (int round = 0; round < ROUNDS; round++) {
		int n = 1 + rand_r(&seed) % QUEUED, first = rand_r(&seed) % n;

		for (int i = 0; i < n; i++) {
			c.report = rand_r(&seed) % 4 == 0;
			c.n_after = i && rand_r(&seed) % 2;
			c.after[0] = i ? tickets[i - 1] : 0;
			tickets[i] = submit(&c);
		}
		for (int i = 0; i < n; i++) {
			int64_t ticket = tickets[(first + i) % n];

			if (rand_r(&seed) % 2) {
				hmmcl_engine_wait_for(engine, ticket);
				/* What was waited for has ended, and is counted. */
				if (!hmmcl_engine_poll(engine, ticket, &completion))
					return "woken before the end";
			} else {
				uint32_t seen = hmmcl_engine_events(engine);

				hmmcl_engine_report(engine, ticket);
				while (!hmmcl_engine_poll(engine, ticket, &completion)) {
					hmmcl_engine_wait(engine, seen);
					seen = hmmcl_engine_events(engine);
				}
			}
			hmmcl_engine_retire(engine, ticket);
		}
	}
	return NULL;
}

static void test_nobody_is_forgotten(void **state)
{
	pthread_t threads[THREADS];

	(void)state;
	for (uintptr_t i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, wait_at_random, (void *)(i + 1)), 0);
	for (int i = 0; i < THREADS; i++) {
		void *result;

		pthread_join(threads[i], &result);
		if (result)
			fail_msg("%s", (const char *)result);
	}
	assert_int_equal(engine->window.control->waiters, 0);
	for (unsigned int i = 0; i < HMMCL_RING_SLOTS; i++)
		assert_int_equal(engine->window.control->slots[i].waiters, 0);
}

/* The loss of the engine ends every wait. */
static void test_loss(void **state)
{
	static struct row row;
	struct waiter waiters[QUEUED + 1];

	submit_row(&row);
	waiters[QUEUED] = (struct waiter) { .wait = for_events, .seen = hmmcl_engine_events(engine) };
	for (int i = 0; i <= QUEUED; i++) {
		if (i < QUEUED)
			waiters[i] = (struct waiter) { .wait = for_ticket, .ticket = row.tickets[i] };
		start(&waiters[i]);
	}
	await(&engine->window.control->waiters, 1);
	for (int i = 0; i < QUEUED; i++)
		await(&slot_of(row.tickets[i])->waiters, 1);
	hmmcl_engine_mark_lost(engine, "the test says so");
	for (int i = 0; i <= QUEUED; i++)
		pthread_join(waiters[i].thread, NULL);
	for (int i = 0; i < QUEUED; i++)
		row.gate[i] = 1;
	while (!hmmcl_has_ended(slot_of(row.tickets[QUEUED - 1]), (uint64_t)row.tickets[QUEUED - 1]))
		usleep(100);
	close_engine(state);
	assert_int_equal(open_engine(state), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_last_only),
		cmocka_unit_test(test_each_its_own),
		cmocka_unit_test(test_reports),
		cmocka_unit_test(test_report_from_start),
		cmocka_unit_test(test_interrupt),
		cmocka_unit_test(test_late_wake),
		cmocka_unit_test(test_nobody_is_forgotten),
		cmocka_unit_test(test_loss),
	};

	return cmocka_run_group_tests(tests, open_engine, close_engine);
}
