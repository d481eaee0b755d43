// SPDX-License-Identifier: MIT
/* Waiting: a thread is woken when what it waits for has ended, not before, and never forgotten. */
#include <pthread.h>
#include <sys/resource.h>

#include "runtime.h"

#define QUEUED 8
/* Once, for what is waited for; a lock or a page fault may sleep, too. */
#define FEW_SLEEPS 4

static cl_context context;

static int set_up(void **state)
{
	(void)state;
	context = new_context();
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	OK(clReleaseContext(context));
	return 0;
}

/* How often this thread has gone to sleep. */
static long sleeps(void)
{
	struct rusage usage;

	getrusage(RUSAGE_THREAD, &usage);
	return usage.ru_nvcsw;
}

/* clFinish sleeps until the last of a row of commands has ended, through the ends of the others. */
static void finish_sleeps_once(void **state)
{
	cl_command_queue queue = new_queue(context, 0);
	const size_t size = 8 << 20;
	char *from = calloc(2, size), *to = from + size;
	long before;

	(void)state;
	assert_non_null(from);
	memset(from, 1, 2 * size);
	for (int i = 0; i < 2 * QUEUED; i++)
		OK(clEnqueueSVMMemcpy(queue, CL_FALSE, to, from, size, 0, NULL, NULL));
	before = sleeps();
	OK(clFinish(queue));
	assert_in_range(sleeps() - before, 0, FEW_SLEEPS);
	OK(clReleaseCommandQueue(queue));
	free(from);
}

/* More commands than the ring has room for, and nobody who enqueues another: the rest follows. */
static void full_ring_moves_on(void **state)
{
	cl_command_queue queue = new_queue(context, CL_QUEUE_OUT_OF_ORDER_EXEC_MODE_ENABLE);
	static char from[1 << 20], to[1 << 20];
	cl_event last;

	(void)state;
	for (int i = 0; i < 1500; i++)
		OK(clEnqueueSVMMemcpy(queue, CL_FALSE, to, from, sizeof(to), 0, NULL, NULL));
	OK(clEnqueueSVMMemcpy(queue, CL_FALSE, to, from, 1, 0, NULL, &last));
	OK(clWaitForEvents(1, &last));
	OK(clFinish(queue));
	OK(clReleaseEvent(last));
	OK(clReleaseCommandQueue(queue));
}

static void CL_CALLBACK set_flag(cl_event event, cl_int status, void *flag)
{
	(void)event;
	(void)status;
	atomic_store((atomic_bool *)flag, true);
}

/* The end that is reported is found among many, some of which end while they are looked at. */
static void reported_end_is_found(void **state)
{
	cl_command_queue queue = new_queue(context, CL_QUEUE_OUT_OF_ORDER_EXEC_MODE_ENABLE);
	static char from[256 << 10], to[256 << 10];
	cl_event last;

	(void)state;
	for (int round = 0; round < 200; round++) {
		atomic_bool ended = false;

		for (int i = 0; i < 100; i++)
			OK(clEnqueueSVMMemcpy(queue, CL_FALSE, to, from, sizeof(to), 0, NULL, NULL));
		OK(clEnqueueSVMMemcpy(queue, CL_FALSE, to, from, 1, 0, NULL, &last));
		OK(clSetEventCallback(last, CL_COMPLETE, set_flag, &ended));
		OK(clFlush(queue));
		/* Without a call that would look for it. */
		for (int i = 0; i < 10000 && !atomic_load(&ended); i++)
			usleep(1000);
		assert_true(atomic_load(&ended));
		OK(clFinish(queue));
		OK(clReleaseEvent(last));
	}
	OK(clReleaseCommandQueue(queue));
}

/* A command that waits for more of them than the engine can be told. */
static void many_dependencies(void **state)
{
	cl_command_queue queue = new_queue(context, CL_QUEUE_OUT_OF_ORDER_EXEC_MODE_ENABLE);
	static char from[1 << 20], to[1 << 20];
	cl_event copies[40], marker;

	(void)state;
	for (int round = 0; round < 10; round++) {
		for (size_t i = 0; i < COUNT(copies); i++)
			OK(clEnqueueSVMMemcpy(queue, CL_FALSE, to, from, sizeof(to), 0, NULL, &copies[i]));
		OK(clEnqueueMarkerWithWaitList(queue, COUNT(copies), copies, &marker));
		OK(clWaitForEvents(1, &marker));
		for (size_t i = 0; i < COUNT(copies); i++) {
			assert_cl(status_of(copies[i]), CL_COMPLETE);
			OK(clReleaseEvent(copies[i]));
		}
		OK(clReleaseEvent(marker));
	}
	OK(clReleaseCommandQueue(queue));
}

struct sleeper {
	pthread_t thread;
	cl_event event;
	long slept;
	atomic_bool back;
};

static void *wait_for_event(void *argument)
{
	struct sleeper *sleeper = argument;
	long before = sleeps();

	OK(clWaitForEvents(1, &sleeper->event));
	sleeper->slept = sleeps() - before;
	atomic_store(&sleeper->back, true);
	return NULL;
}

/* Threads that wait for events of the application sleep until their own is set. */
static void user_events_wake_their_own(void **state)
{
	struct sleeper sleepers[2 * QUEUED] = { 0 };

	(void)state;
	for (size_t i = 0; i < COUNT(sleepers); i++) {
		sleepers[i].event = new_user_event(context);
		assert_int_equal(pthread_create(&sleepers[i].thread, NULL, wait_for_event,
						&sleepers[i]), 0);
	}
	sleep_ms(20);
	for (size_t i = 0; i < COUNT(sleepers); i++) {
		OK(clSetUserEventStatus(sleepers[i].event, CL_COMPLETE));
		pthread_join(sleepers[i].thread, NULL);
		sleep_ms(1);
		for (size_t j = i + 1; j < COUNT(sleepers); j++)
			assert_false(atomic_load(&sleepers[j].back));
		assert_in_range(sleepers[i].slept, 0, FEW_SLEEPS);
		OK(clReleaseEvent(sleepers[i].event));
	}
}

/*
 * The same dance in many threads: queues of both kinds, commands for the engine and for the host,
 * user events that another thread sets, callbacks, more commands than the ring has room for; and
 * waits of every kind, in any order.  Who is forgotten waits for ever.
 */
#define THREADS 6
#define ROUNDS 500

static atomic_int callbacks, natives;
static struct {
	pthread_mutex_t lock;
	cl_event events[THREADS * 4];
	size_t n;
	bool stop;
} gates = { .lock = PTHREAD_MUTEX_INITIALIZER };

static void CL_CALLBACK native(void *args)
{
	(void)args;
	atomic_fetch_add(&natives, 1);
}

static void CL_CALLBACK called_back(cl_event event, cl_int status, void *data)
{
	(void)event;
	(void)data;
	if (status == CL_COMPLETE)
		atomic_fetch_add(&callbacks, 1);
}

static cl_event new_gate(void)
{
	cl_event event = new_user_event(context);

	OK(clRetainEvent(event));
	for (;;) {
		bool taken = false;

		pthread_mutex_lock(&gates.lock);
		if (gates.n < COUNT(gates.events)) {
			gates.events[gates.n++] = event;
			taken = true;
		}
		pthread_mutex_unlock(&gates.lock);
		if (taken)
			return event;
		sleep_ms(1);
	}
}

static void *open_gates(void *argument)
{
	unsigned int seed = 1;
	bool stop = false;

	(void)argument;
	while (!stop) {
		cl_event event = NULL;

		pthread_mutex_lock(&gates.lock);
		if (gates.n) {
			size_t i = (size_t)rand_r(&seed) % gates.n;

			event = gates.events[i];
			gates.events[i] = gates.events[--gates.n];
		}
		stop = !event && gates.stop;
		pthread_mutex_unlock(&gates.lock);
		if (event) {
			OK(clSetUserEventStatus(event, CL_COMPLETE));
			OK(clReleaseEvent(event));
		}
		if (!event || rand_r(&seed) % 4 == 0)
			usleep(100);
	}
	return NULL;
}

struct dancer {
	pthread_t thread;
	unsigned int seed;
	int callbacks, natives;		/* asked for */
};

static cl_event enqueue(struct dancer *dancer, cl_command_queue queue, int *value, cl_event after)
{
	const cl_event *list = after ? &after : NULL;
	cl_bool blocking = !after && rand_r(&dancer->seed) % 16 == 0;
	static const int one = 1;
	cl_event event;

	switch (rand_r(&dancer->seed) % 8) {
	case 0:
		OK(clEnqueueNativeKernel(queue, native, NULL, 0, 0, NULL, NULL, !!after, list, &event));
		dancer->natives++;
		break;
	case 1:
		OK(clEnqueueMarkerWithWaitList(queue, !!after, list, &event));
		break;
	case 2:
		OK(clEnqueueBarrierWithWaitList(queue, !!after, list, &event));
		break;
	default:
		OK(clEnqueueSVMMemcpy(queue, blocking, value, &one, sizeof(one), !!after, list, &event));
	}
	if (rand_r(&dancer->seed) % 8 == 0) {
		OK(clSetEventCallback(event, CL_COMPLETE, called_back, NULL));
		dancer->callbacks++;
	}
	return event;
}

static void *dance(void *argument)
{
	struct dancer *dancer = argument;
	unsigned int *seed = &dancer->seed;
	cl_command_queue queues[2] = {
		new_queue(context, 0), new_queue(context, CL_QUEUE_OUT_OF_ORDER_EXEC_MODE_ENABLE),
	};
	static const int many = 400;
	cl_event *events = calloc((size_t)many, sizeof(*events));
	int *values = calloc((size_t)many, sizeof(*values));

	for (int round = 0; round < ROUNDS; round++) {
		int n = round % 50 == 0 ? many : 1 + rand_r(seed) % 12;

		for (int i = 0; i < n; i++) {
			cl_event after = NULL;

			if (rand_r(seed) % 16 == 0)
				after = new_gate();
			else if (i && rand_r(seed) % 2)
				OK(clRetainEvent(after = events[rand_r(seed) % i]));
			events[i] = enqueue(dancer, queues[rand_r(seed) % 2], &values[i], after);
			if (after)
				OK(clReleaseEvent(after));
		}
		switch (rand_r(seed) % 3) {
		case 0:
			OK(clWaitForEvents((cl_uint)n, events));
			break;
		case 1:
			OK(clWaitForEvents(1, &events[rand_r(seed) % n]));
			break;
		}
		OK(clFinish(queues[rand_r(seed) % 2]));
		for (int i = 0; i < n; i++)
			OK(clReleaseEvent(events[i]));
	}
	for (int i = 0; i < 2; i++) {
		OK(clFinish(queues[i]));
		OK(clReleaseCommandQueue(queues[i]));
	}
	free(events);
	free(values);
	return NULL;
}

static void nobody_is_forgotten(void **state)
{
	struct dancer dancers[THREADS];
	pthread_t opener;

	(void)state;
	assert_int_equal(pthread_create(&opener, NULL, open_gates, NULL), 0);
	for (size_t i = 0; i < THREADS; i++) {
		dancers[i] = (struct dancer) { .seed = (unsigned int)i + 1 };
		assert_int_equal(pthread_create(&dancers[i].thread, NULL, dance, &dancers[i]), 0);
	}
	for (size_t i = 0; i < THREADS; i++)
		pthread_join(dancers[i].thread, NULL);
	pthread_mutex_lock(&gates.lock);
	gates.stop = true;
	pthread_mutex_unlock(&gates.lock);
	pthread_join(opener, NULL);
	for (size_t i = 1; i < THREADS; i++) {
		dancers[0].callbacks += dancers[i].callbacks;
		dancers[0].natives += dancers[i].natives;
	}
	assert_int_equal(atomic_load(&natives), dancers[0].natives);
	/* Callbacks come of themselves, perhaps after the wait. */
	while (atomic_load(&callbacks) < dancers[0].callbacks)
		sleep_ms(1);
	assert_int_equal(atomic_load(&callbacks), dancers[0].callbacks);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finish_sleeps_once),
		cmocka_unit_test(full_ring_moves_on),
		cmocka_unit_test(reported_end_is_found),
		cmocka_unit_test(many_dependencies),
		cmocka_unit_test(user_events_wake_their_own),
		cmocka_unit_test(nobody_is_forgotten),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
