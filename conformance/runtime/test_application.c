/* SPDX-License-Identifier: MIT */
/*
 * What applications do around us: exit with work in flight, end in their own way, close descriptors,
 * call back into the library from callbacks, make very many objects.  Each test is a process.
 */
#include "program.h"

#include <fcntl.h>
#include <pthread.h>
#include <sys/stat.h>
#include <sys/syscall.h>

static cl_context context;
static cl_command_queue queue, unordered;
static volatile cl_int gate;

static void open_all(void)
{
	context = new_context();
	queue = new_queue(context, 0);
	unordered = new_queue(context, CL_QUEUE_OUT_OF_ORDER_EXEC_MODE_ENABLE);
}

static cl_kernel make_kernel(const char *source)
{
	cl_program program = build_program(context, source, "-cl-std=CL3.0");
	cl_kernel kernel = new_kernel(program, "k");

	OK(clReleaseProgram(program));
	return kernel;
}

/* Runs until the gate is open.  What is left at exit() is no leak: it can be found from here. */
static cl_kernel gated;

static void make_gated(void)
{
	gated = make_kernel("kernel void k(global volatile int *gate) { while (!*gate); }");
	OK(clSetKernelArgSVMPointer(gated, 0, (void *)&gate));
}

static cl_kernel counting(cl_int *counter)
{
	cl_kernel kernel = make_kernel("kernel void k(global int *n) { atomic_inc(n); }");

	OK(clSetKernelArgSVMPointer(kernel, 0, counter));
	return kernel;
}

static void launch(cl_command_queue to, cl_kernel kernel, cl_uint n, const cl_event *list,
		   cl_event *event)
{
	const size_t one = 1;

	OK(clEnqueueNDRangeKernel(to, kernel, 1, NULL, &one, NULL, n, list, event));
}

static void CL_CALLBACK count_call(cl_event event, cl_int status, void *data)
{
	(void)event, (void)status;
	atomic_fetch_add((atomic_int *)data, 1);
}

/* A kernel that never ends does not keep the process: its threads end with it. */
static void exit_at_work(void *data)
{
	static atomic_int calls;
	cl_event event;

	(void)data;
	open_all();
	make_gated();
	for (int i = 0; i < 10; i++)
		launch(queue, gated, 0, NULL, i < 9 ? NULL : &event);
	OK(clSetEventCallback(event, CL_COMPLETE, count_call, &calls));
	sleep_ms(10);
	exit(0);
}

static void finish_all(void)
{
	cl_int copy = 0, value = 5;

	if (clFinish(queue) || clEnqueueSVMMemcpy(queue, CL_TRUE, &copy, &value, sizeof(copy), 0, NULL,
						  NULL) ||
	    copy != value || clReleaseCommandQueue(queue) || clReleaseContext(context))
		_exit(1);
}

/* Handlers of atexit() may use what the application has not released. */
static void used_at_exit(void *data)
{
	bool early = data;

	if (early)
		atexit(finish_all);
	open_all();
	if (!early)
		atexit(finish_all);
	gate = 1;
	make_gated();
	launch(queue, gated, 0, NULL, NULL);
	exit(0);
}

static void *exit_later(void *unused)
{
	sleep_ms(20);
	exit(0);
	return unused;
}

static void exit_beside_finish(void *data)
{
	pthread_t thread;

	(void)data;
	open_all();
	make_gated();
	launch(queue, gated, 0, NULL, NULL);
	assert_int_equal(pthread_create(&thread, NULL, exit_later, NULL), 0);
	clFinish(queue);
	_exit(1);	/* it cannot have finished */
}

/* A daemon closes what it does not know, and opens files of its own: they stay untouched. */
static void close_descriptors(void *data)
{
	struct stat before[16], after;
	char source[100];
	cl_kernel kernel;
	cl_int value = 0;
	int files[16];

	(void)data;
	open_all();
	snprintf(source, sizeof(source), "kernel void k(void) { /* %d */ }", getpid());
	kernel = make_kernel(source);
	syscall(SYS_close_range, 3, ~0u, 0);
	for (size_t i = 0; i < COUNT(files); i++) {
		files[i] = open("/tmp", O_TMPFILE | O_RDWR, 0600);
		assert_true(files[i] >= 0);
		assert_int_equal(write(files[i], "mine", 4), 4);
		assert_int_equal(fstat(files[i], &before[i]), 0);
	}
	OK(clReleaseKernel(kernel));	/* gives the code's memory back */
	snprintf(source, sizeof(source), "kernel void k(global int *p) { *p = %d; }", getpid());
	kernel = make_kernel(source);
	OK(clSetKernelArgSVMPointer(kernel, 0, &value));
	launch(queue, kernel, 0, NULL, NULL);
	OK(clFinish(queue));
	assert_int_equal(value, getpid());
	for (size_t i = 0; i < COUNT(files); i++) {
		assert_int_equal(fstat(files[i], &after), 0);
		assert_int_equal(after.st_ino, before[i].st_ino);
		assert_int_equal(after.st_size, 4);
	}
}

#define MANY 20000

/* Each command waits for the one before it, through events; @data: the first one fails. */
static void long_chain(void *data)
{
	static cl_event events[MANY + 1];
	static atomic_int calls;
	cl_int counter = 0;
	cl_kernel kernel;

	open_all();
	kernel = counting(&counter);
	events[0] = new_user_event(context);
	for (int i = 0; i < MANY; i++)
		launch(i % 3 ? unordered : queue, kernel, 1, &events[i], &events[i + 1]);
	OK(clSetEventCallback(events[MANY], CL_COMPLETE, count_call, &calls));
	OK(clSetUserEventStatus(events[0], data ? -1 : CL_COMPLETE));
	assert_cl(clWaitForEvents(1, &events[MANY]),
		  data ? CL_EXEC_STATUS_ERROR_FOR_EVENTS_IN_WAIT_LIST : CL_SUCCESS);
	assert_int_equal(counter, data ? 0 : MANY);
	for (int i = 0; i <= MANY; i++)
		OK(clReleaseEvent(events[i]));
	await(&calls, 1);
}

/* Everything waits for one event, then all of it goes at once, through more queues than workers. */
static void many_queues(void *data)
{
	enum { QUEUES = 1000, ROUNDS = 10 };
	static cl_command_queue queues[QUEUES];
	static cl_int counters[QUEUES];
	static cl_event events[QUEUES];
	cl_event start;
	cl_kernel kernel;

	(void)data;
	open_all();
	start = new_user_event(context);
	kernel = counting(&counters[0]);
	for (int i = 0; i < QUEUES; i++)
		queues[i] = new_queue(context, 0);
	for (int round = 0; round < ROUNDS; round++) {
		for (int i = 0; i < QUEUES; i++) {
			OK(clSetKernelArgSVMPointer(kernel, 0, &counters[i]));
			launch(queues[i], kernel, !round, round ? NULL : &start,
			       round == ROUNDS - 1 ? &events[i] : NULL);
		}
	}
	OK(clSetUserEventStatus(start, CL_COMPLETE));
	OK(clWaitForEvents(QUEUES, events));
	for (int i = 0; i < QUEUES; i++) {
		assert_int_equal(counters[i], ROUNDS);
		OK(clReleaseEvent(events[i]));
		OK(clReleaseCommandQueue(queues[i]));
	}
}

/* Callbacks that enqueue the next command, and at the end release all there is. */
struct chain {
	cl_kernel kernel;
	int left;
	atomic_int done;
};

static void CL_CALLBACK go_on(cl_event event, cl_int status, void *data)
{
	struct chain *chain = data;
	cl_event next;

	OK(status);
	OK(clReleaseEvent(event));
	if (chain->left--) {
		launch(chain->left % 2 ? queue : unordered, chain->kernel, 0, NULL, &next);
		OK(clSetEventCallback(next, CL_COMPLETE, go_on, chain));
		OK(clFlush(queue));
		return;
	}
	OK(clReleaseKernel(chain->kernel));
	OK(clReleaseCommandQueue(queue));
	OK(clReleaseCommandQueue(unordered));
	OK(clReleaseContext(context));
	atomic_store(&chain->done, 1);
}

static void callbacks_go_on(void *data)
{
	struct chain chain = { .left = 200 };
	cl_int counter = 0;
	cl_event event;

	(void)data;
	open_all();
	chain.kernel = counting(&counter);
	launch(queue, chain.kernel, 0, NULL, &event);
	OK(clSetEventCallback(event, CL_COMPLETE, go_on, &chain));
	await(&chain.done, 1);
	assert_int_equal(counter, 201);
	OK(clReleaseContext(new_context()));
}

/* A kernel's arguments that do not fit are a build that fails and says so. */
static void too_many_arguments(void *data)
{
	const char *source = "typedef struct { int a[30000]; } S;\n"
			     "kernel void k(global int *o, S s) { *o = s.a[29999]; }";
	cl_program program;
	char log[4096];

	(void)data;
	open_all();
	program = new_program(context, source);
	assert_cl(clBuildProgram(program, 0, NULL, NULL, NULL, NULL), CL_BUILD_PROGRAM_FAILURE);
	OK(clGetProgramBuildInfo(program, find_device(), CL_PROGRAM_BUILD_LOG, sizeof(log), log, NULL));
	assert_non_null(strstr(log, "arguments"));
}

#define IN_PROCESS(name, function, data)					\
static void name(void **state)							\
{										\
	(void)state;								\
	in_process(function, data);						\
}

IN_PROCESS(exits_at_work, exit_at_work, NULL)
IN_PROCESS(uses_in_atexit, used_at_exit, NULL)
IN_PROCESS(uses_in_early_atexit, used_at_exit, "early")
IN_PROCESS(exits_beside_finish, exit_beside_finish, NULL)
IN_PROCESS(closes_descriptors, close_descriptors, NULL)
IN_PROCESS(long_chain_runs, long_chain, NULL)
IN_PROCESS(long_chain_fails, long_chain, "fails")
IN_PROCESS(thousand_queues, many_queues, NULL)
IN_PROCESS(callbacks_enqueue_and_release, callbacks_go_on, NULL)
IN_PROCESS(large_arguments, too_many_arguments, NULL)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(exits_at_work),
		cmocka_unit_test(uses_in_atexit),
		cmocka_unit_test(uses_in_early_atexit),
		cmocka_unit_test(exits_beside_finish),
		cmocka_unit_test(closes_descriptors),
		cmocka_unit_test(long_chain_runs),
		cmocka_unit_test(long_chain_fails),
		cmocka_unit_test(thousand_queues),
		cmocka_unit_test(callbacks_enqueue_and_release),
		cmocka_unit_test(large_arguments),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
