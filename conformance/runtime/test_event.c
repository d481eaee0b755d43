/* SPDX-License-Identifier: MIT */
/* Events: user events, errors that pass on, callbacks, profiling, markers, barriers, native
 * kernels. */
#include "runtime.h"

static cl_context context, other_context;
static cl_command_queue in_order, out_of_order;

static int set_up(void **state)
{
	(void)state;
	context = new_context();
	other_context = new_context();
	in_order = new_queue(context, CL_QUEUE_PROFILING_ENABLE);
	out_of_order = new_queue(context, CL_QUEUE_OUT_OF_ORDER_EXEC_MODE_ENABLE);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	OK(clReleaseCommandQueue(in_order));
	OK(clReleaseCommandQueue(out_of_order));
	OK(clReleaseContext(context));
	OK(clReleaseContext(other_context));
	return 0;
}

static void release_all(cl_event *events, size_t n)
{
	for (size_t i = 0; i < n; i++)
		OK(clReleaseEvent(events[i]));
}

static void user_event_holds_commands(void **state)
{
	cl_event gate = new_user_event(context), copied;
	int from = 42, to = 0;

	(void)state;
	assert_cl(status_of(gate), CL_SUBMITTED);
	OK(clEnqueueSVMMemcpy(in_order, CL_FALSE, &to, &from, sizeof(to), 1, &gate, &copied));
	OK(clFlush(in_order));
	sleep_ms(5);
	assert_int_equal(*(volatile int *)&to, 0);
	assert_true(status_of(copied) > CL_COMPLETE);
	OK(clSetUserEventStatus(gate, CL_COMPLETE));
	OK(clWaitForEvents(1, &copied));
	assert_int_equal(to, 42);
	assert_cl(status_of(copied), CL_COMPLETE);
	assert_cl(clSetUserEventStatus(gate, CL_COMPLETE), CL_INVALID_OPERATION);
	OK(clReleaseEvent(copied));
	OK(clReleaseEvent(gate));
}

/* The event's failure passes on through wait lists, not through the queue's order. */
static void error_passes_on(void **state)
{
	cl_event gate = new_user_event(context), events[3];
	int from = 1, to[3] = { 0 };

	(void)state;
	OK(clEnqueueSVMMemcpy(in_order, CL_FALSE, &to[0], &from, sizeof(int), 1, &gate,
			      &events[0]));
	OK(clEnqueueSVMMemcpy(out_of_order, CL_FALSE, &to[1], &from, sizeof(int), 1, &events[0],
			      &events[1]));
	OK(clEnqueueSVMMemcpy(in_order, CL_FALSE, &to[2], &from, sizeof(int), 0, NULL, &events[2]));
	OK(clSetUserEventStatus(gate, -77));
	assert_cl(clWaitForEvents(3, events), CL_EXEC_STATUS_ERROR_FOR_EVENTS_IN_WAIT_LIST);
	assert_cl(status_of(gate), -77);
	assert_cl(status_of(events[0]), CL_EXEC_STATUS_ERROR_FOR_EVENTS_IN_WAIT_LIST);
	assert_cl(status_of(events[1]), CL_EXEC_STATUS_ERROR_FOR_EVENTS_IN_WAIT_LIST);
	assert_cl(status_of(events[2]), CL_COMPLETE);
	assert_int_equal(to[0], 0);
	assert_int_equal(to[1], 0);
	assert_int_equal(to[2], 1);
	/* A blocking command says so itself. */
	assert_cl(clEnqueueSVMMemcpy(in_order, CL_TRUE, &to[0], &from, sizeof(int), 1, &gate, NULL),
		  CL_EXEC_STATUS_ERROR_FOR_EVENTS_IN_WAIT_LIST);
	OK(clFinish(in_order));
	release_all(events, 3);
	OK(clReleaseEvent(gate));
}

/* "If the enqueue is unsuccessful, no event will be created": there would be nobody to release it. */
static void failed_call_has_no_event(void **state)
{
	cl_event gate = new_user_event(context), event = gate;
	int from = 1, to = 0;

	(void)state;
	OK(clSetUserEventStatus(gate, -7));
	assert_cl(clEnqueueSVMMemcpy(in_order, CL_TRUE, &to, &from, sizeof(to), 1, &gate, &event),
		  CL_EXEC_STATUS_ERROR_FOR_EVENTS_IN_WAIT_LIST);
	assert_ptr_equal(event, gate);
	OK(clReleaseEvent(gate));
	OK(clEnqueueSVMMemcpy(in_order, CL_TRUE, &to, &from, sizeof(to), 0, NULL, &event));
	assert_int_equal(to, 1);
	assert_cl(status_of(event), CL_COMPLETE);
	OK(clReleaseEvent(event));
}

/* A user event that is released before it is set ends what waits for it. */
static void user_event_abandoned(void **state)
{
	cl_event gate = new_user_event(context), marker;

	(void)state;
	OK(clEnqueueMarkerWithWaitList(in_order, 1, &gate, &marker));
	OK(clReleaseEvent(gate));
	assert_cl(clWaitForEvents(1, &marker), CL_EXEC_STATUS_ERROR_FOR_EVENTS_IN_WAIT_LIST);
	OK(clReleaseEvent(marker));
	OK(clFinish(in_order));
}

static void wait_list_errors(void **state)
{
	cl_event good = new_user_event(context), foreign = new_user_event(other_context);
	cl_event with_null[2] = { good, NULL }, mixed[2] = { good, foreign };
	cl_event event;

	(void)state;
	assert_cl(clEnqueueMarkerWithWaitList(in_order, 1, NULL, NULL), CL_INVALID_EVENT_WAIT_LIST);
	assert_cl(clEnqueueMarkerWithWaitList(in_order, 0, &good, NULL),
		  CL_INVALID_EVENT_WAIT_LIST);
	assert_cl(clEnqueueMarkerWithWaitList(in_order, 2, with_null, NULL),
		  CL_INVALID_EVENT_WAIT_LIST);
	assert_cl(clEnqueueMarkerWithWaitList(in_order, 1, &foreign, NULL), CL_INVALID_CONTEXT);
	assert_cl(clEnqueueBarrierWithWaitList(in_order, 1, &foreign, NULL), CL_INVALID_CONTEXT);
	assert_cl(clWaitForEvents(0, &good), CL_INVALID_VALUE);
	assert_cl(clWaitForEvents(1, NULL), CL_INVALID_VALUE);
	assert_cl(clWaitForEvents(2, mixed), CL_INVALID_CONTEXT);
	assert_cl(clEnqueueWaitForEvents(in_order, 0, NULL), CL_INVALID_VALUE);
	assert_cl(clEnqueueMarker(in_order, NULL), CL_INVALID_VALUE);
	assert_cl(clSetUserEventStatus(good, CL_RUNNING), CL_INVALID_VALUE);
	assert_cl(clSetEventCallback(good, CL_QUEUED, NULL, NULL), CL_INVALID_VALUE);
	OK(clEnqueueMarker(in_order, &event));
	assert_cl(clSetUserEventStatus(event, CL_COMPLETE), CL_INVALID_EVENT);
	OK(clWaitForEvents(1, &event));
	OK(clReleaseEvent(event));
	OK(clReleaseEvent(good));
	OK(clReleaseEvent(foreign));
}

static void event_info(void **state)
{
	cl_event gate = new_user_event(context), marker;
	cl_command_queue queue;
	cl_context found;
	cl_command_type type;

	(void)state;
	OK(clEnqueueMarkerWithWaitList(in_order, 1, &gate, &marker));
	OK(clGetEventInfo(gate, CL_EVENT_COMMAND_QUEUE, sizeof(queue), &queue, NULL));
	assert_null(queue);
	OK(clGetEventInfo(gate, CL_EVENT_COMMAND_TYPE, sizeof(type), &type, NULL));
	assert_int_equal(type, CL_COMMAND_USER);
	OK(clGetEventInfo(marker, CL_EVENT_COMMAND_QUEUE, sizeof(queue), &queue, NULL));
	assert_ptr_equal(queue, in_order);
	OK(clGetEventInfo(marker, CL_EVENT_CONTEXT, sizeof(found), &found, NULL));
	assert_ptr_equal(found, context);
	OK(clGetEventInfo(marker, CL_EVENT_COMMAND_TYPE, sizeof(type), &type, NULL));
	assert_int_equal(type, CL_COMMAND_MARKER);
	assert_cl(status_of(marker), CL_QUEUED);
	assert_int_equal(refs_of_event(marker), 1);
	OK(clRetainEvent(marker));
	assert_int_equal(refs_of_event(marker), 2);
	OK(clReleaseEvent(marker));
	OK(clSetUserEventStatus(gate, CL_COMPLETE));
	OK(clFinish(in_order));
	assert_cl(status_of(marker), CL_COMPLETE);
	OK(clReleaseEvent(marker));
	OK(clReleaseEvent(gate));
}

static atomic_int called[4];
static atomic_int told[4];

static void CL_CALLBACK note(cl_event event, cl_int status, void *data)
{
	int index = (int)(intptr_t)data;

	(void)event;
	atomic_store(&told[index], status);
	atomic_fetch_add(&called[index], 1);
}

static void clear_notes(void)
{
	for (size_t i = 0; i < COUNT(called); i++) {
		atomic_store(&called[i], 0);
		atomic_store(&told[i], 12345);
	}
}

/* Nobody waits: the runtime itself finds out that the command has ended. */
static void callbacks(void **state)
{
	static char from[1 << 20], to[1 << 20];
	cl_event gate = new_user_event(context), copied;

	(void)state;
	clear_notes();
	OK(clEnqueueSVMMemcpy(in_order, CL_FALSE, to, from, sizeof(to), 1, &gate, &copied));
	OK(clSetEventCallback(copied, CL_SUBMITTED, note, (void *)0));
	OK(clSetEventCallback(copied, CL_RUNNING, note, (void *)1));
	OK(clSetEventCallback(copied, CL_COMPLETE, note, (void *)2));
	OK(clReleaseEvent(copied));
	sleep_ms(2);
	assert_int_equal(atomic_load(&called[2]), 0);
	OK(clSetUserEventStatus(gate, CL_COMPLETE));
	await(&called[0], 1);
	await(&called[1], 1);
	await(&called[2], 1);
	assert_cl(told[0], CL_SUBMITTED);
	assert_cl(told[1], CL_RUNNING);
	assert_cl(told[2], CL_COMPLETE);
	/* On an event that has ended: at once. */
	OK(clSetEventCallback(gate, CL_COMPLETE, note, (void *)3));
	await(&called[3], 1);
	assert_cl(told[3], CL_COMPLETE);
	OK(clReleaseEvent(gate));
	OK(clFinish(in_order));
}

static void callback_of_failure(void **state)
{
	cl_event gate = new_user_event(context), marker;

	(void)state;
	clear_notes();
	OK(clEnqueueMarkerWithWaitList(in_order, 1, &gate, &marker));
	OK(clSetEventCallback(gate, CL_COMPLETE, note, (void *)0));
	OK(clSetEventCallback(marker, CL_COMPLETE, note, (void *)1));
	OK(clSetUserEventStatus(gate, -5));
	await(&called[0], 1);
	await(&called[1], 1);
	assert_cl(told[0], -5);
	assert_cl(told[1], CL_EXEC_STATUS_ERROR_FOR_EVENTS_IN_WAIT_LIST);
	OK(clReleaseEvent(gate));
	OK(clReleaseEvent(marker));
	OK(clFinish(in_order));
}

static void CL_CALLBACK open_gate(cl_event event, cl_int status, void *data)
{
	(void)event, (void)status;
	OK(clSetUserEventStatus(data, CL_COMPLETE));
}

/* A callback that lets the next command go, over and over: a chain through the callback thread. */
static void callback_sets_user_event(void **state)
{
	enum { LENGTH = 50 };
	cl_event gates[LENGTH + 1], copied[LENGTH];
	int values[LENGTH + 1] = { 7 };

	(void)state;
	for (int i = 0; i <= LENGTH; i++)
		gates[i] = new_user_event(context);
	for (int i = 0; i < LENGTH; i++) {
		OK(clEnqueueSVMMemcpy(out_of_order, CL_FALSE, &values[i + 1], &values[i],
				      sizeof(int), 1, &gates[i], &copied[i]));
		OK(clSetEventCallback(copied[i], CL_COMPLETE, open_gate, gates[i + 1]));
	}
	OK(clSetUserEventStatus(gates[0], CL_COMPLETE));
	OK(clWaitForEvents(1, &gates[LENGTH]));
	assert_int_equal(values[LENGTH], 7);
	release_all(copied, LENGTH);
	release_all(gates, LENGTH + 1);
}

static cl_ulong profile(cl_event event, cl_profiling_info name)
{
	cl_ulong time;

	OK(clGetEventProfilingInfo(event, name, sizeof(time), &time, NULL));
	return time;
}

static void profiling(void **state)
{
	static char from[1 << 20], to[1 << 20];
	cl_event gate = new_user_event(context), events[2];
	cl_ulong time, last = 0;

	(void)state;
	OK(clEnqueueSVMMemcpy(in_order, CL_FALSE, to, from, sizeof(to), 1, &gate, &events[0]));
	OK(clEnqueueMarkerWithWaitList(in_order, 0, NULL, &events[1]));
	assert_cl(clGetEventProfilingInfo(events[0], CL_PROFILING_COMMAND_END, sizeof(time), &time,
					  NULL),
		  CL_PROFILING_INFO_NOT_AVAILABLE);
	assert_cl(clGetEventProfilingInfo(gate, CL_PROFILING_COMMAND_END, sizeof(time), &time,
					  NULL),
		  CL_PROFILING_INFO_NOT_AVAILABLE);
	OK(clSetUserEventStatus(gate, CL_COMPLETE));
	OK(clFinish(in_order));
	for (int i = 0; i < 2; i++) {
		cl_ulong queued = profile(events[i], CL_PROFILING_COMMAND_QUEUED);
		cl_ulong submit = profile(events[i], CL_PROFILING_COMMAND_SUBMIT);
		cl_ulong start = profile(events[i], CL_PROFILING_COMMAND_START);
		cl_ulong end = profile(events[i], CL_PROFILING_COMMAND_END);

		assert_true(queued && queued <= submit && submit <= start && start <= end);
		assert_true(last <= end);
		assert_int_equal(profile(events[i], CL_PROFILING_COMMAND_COMPLETE), end);
		last = end;
	}
	assert_cl(clGetEventProfilingInfo(events[0], 0x1234, sizeof(time), &time, NULL),
		  CL_INVALID_VALUE);
	release_all(events, 2);
	OK(clEnqueueMarkerWithWaitList(out_of_order, 0, NULL, &events[0]));
	OK(clFinish(out_of_order));
	assert_cl(clGetEventProfilingInfo(events[0], CL_PROFILING_COMMAND_END, sizeof(time), &time,
					  NULL),
		  CL_PROFILING_INFO_NOT_AVAILABLE);
	OK(clReleaseEvent(events[0]));
	OK(clReleaseEvent(gate));
}

/* A barrier holds what comes after it, and only that. */
static void barrier_in_out_of_order_queue(void **state)
{
	cl_event gate = new_user_event(context), before, barrier, after, marker;
	int one = 1, a = 0, b = 0;

	(void)state;
	OK(clEnqueueSVMMemcpy(out_of_order, CL_FALSE, &a, &one, sizeof(a), 1, &gate, &before));
	OK(clEnqueueBarrierWithWaitList(out_of_order, 0, NULL, &barrier));
	OK(clEnqueueSVMMemcpy(out_of_order, CL_FALSE, &b, &one, sizeof(b), 0, NULL, &after));
	OK(clEnqueueMarkerWithWaitList(out_of_order, 0, NULL, &marker));
	OK(clFlush(out_of_order));
	sleep_ms(5);
	assert_true(status_of(barrier) > CL_COMPLETE);
	assert_true(status_of(after) > CL_COMPLETE);
	assert_true(status_of(marker) > CL_COMPLETE);
	assert_int_equal(*(volatile int *)&b, 0);
	OK(clSetUserEventStatus(gate, CL_COMPLETE));
	OK(clWaitForEvents(1, &marker));
	assert_int_equal(a, 1);
	assert_int_equal(b, 1);
	assert_cl(status_of(before), CL_COMPLETE);
	assert_cl(status_of(after), CL_COMPLETE);
	release_all((cl_event[]){ gate, before, barrier, after, marker }, 5);
}

/* A barrier with a wait list waits for that, and holds what comes after. */
static void barrier_with_list(void **state)
{
	cl_event gate = new_user_event(context), other = new_user_event(context), barrier, after,
		 held;
	int one = 1, a = 0, b = 0;

	(void)state;
	OK(clEnqueueSVMMemcpy(out_of_order, CL_FALSE, &a, &one, sizeof(a), 1, &other, &held));
	OK(clEnqueueBarrierWithWaitList(out_of_order, 1, &gate, &barrier));
	OK(clEnqueueSVMMemcpy(out_of_order, CL_FALSE, &b, &one, sizeof(b), 0, NULL, &after));
	sleep_ms(2);
	assert_int_equal(*(volatile int *)&b, 0);
	OK(clSetUserEventStatus(gate, CL_COMPLETE));
	OK(clWaitForEvents(1, &after));
	assert_int_equal(b, 1);
	assert_true(status_of(held) > CL_COMPLETE);
	OK(clSetUserEventStatus(other, CL_COMPLETE));
	OK(clFinish(out_of_order));
	assert_int_equal(a, 1);
	release_all((cl_event[]){ gate, other, barrier, after, held }, 5);
}

/* Without the barrier they overtake: what the queue is for. */
static void out_of_order_overtakes(void **state)
{
	cl_event gate = new_user_event(context), first, second;
	int one = 1, a = 0, b = 0;

	(void)state;
	OK(clEnqueueSVMMemcpy(out_of_order, CL_FALSE, &a, &one, sizeof(a), 1, &gate, &first));
	OK(clEnqueueSVMMemcpy(out_of_order, CL_FALSE, &b, &one, sizeof(b), 0, NULL, &second));
	OK(clWaitForEvents(1, &second));
	assert_int_equal(b, 1);
	assert_int_equal(a, 0);
	OK(clSetUserEventStatus(gate, CL_COMPLETE));
	OK(clFinish(out_of_order));
	assert_int_equal(a, 1);
	release_all((cl_event[]){ gate, first, second }, 3);
}

static atomic_int native_runs, native_blocks;

struct native_args {
	int *value;
	int expected;
};

static void CL_CALLBACK native(void *data)
{
	struct native_args *args = data;

	while (atomic_load(&native_blocks))
		sleep_ms(1);
	if (*args->value == args->expected)
		atomic_fetch_add(&native_runs, 1);
	(*args->value)++;
}

static void native_kernels(void **state)
{
	struct native_args args = { NULL, 5 };
	const void *place = &args.value;
	cl_event done;
	cl_int error;
	int start = 5, result = 0;
	cl_mem buffer = clCreateBuffer(context, CL_MEM_COPY_HOST_PTR, sizeof(int), &start, &error);

	(void)state;
	OK(error);
	atomic_store(&native_runs, 0);
	atomic_store(&native_blocks, 1);
	OK(clEnqueueNativeKernel(in_order, native, &args, sizeof(args), 1, &buffer, &place, 0, NULL,
				 &done));
	args.expected = 6;	/* the first copy of the arguments is the command's own */
	OK(clEnqueueNativeKernel(in_order, native, &args, sizeof(args), 1, &buffer, &place, 0, NULL,
				 NULL));
	OK(clEnqueueReadBuffer(in_order, buffer, CL_FALSE, 0, sizeof(int), &result, 0, NULL, NULL));
	OK(clReleaseMemObject(buffer));
	assert_true(status_of(done) > CL_COMPLETE);
	atomic_store(&native_blocks, 0);
	OK(clFinish(in_order));
	assert_int_equal(atomic_load(&native_runs), 2);
	assert_int_equal(result, 7);
	OK(clReleaseEvent(done));
	assert_cl(clEnqueueNativeKernel(in_order, NULL, NULL, 0, 0, NULL, NULL, 0, NULL, NULL),
		  CL_INVALID_VALUE);
	assert_cl(clEnqueueNativeKernel(in_order, native, NULL, 8, 0, NULL, NULL, 0, NULL, NULL),
		  CL_INVALID_VALUE);
	assert_cl(clEnqueueNativeKernel(in_order, native, &args, 0, 0, NULL, NULL, 0, NULL, NULL),
		  CL_INVALID_VALUE);
}

/* Many more than the ring has room for, behind a gate and then all at once. */
static void more_than_the_ring(void **state)
{
	enum { N = 3000 };
	cl_event gate = new_user_event(context), last;
	static int values[N + 1];

	(void)state;
	values[0] = 3;
	OK(clEnqueueBarrierWithWaitList(in_order, 1, &gate, NULL));
	for (int i = 0; i < N; i++)
		OK(clEnqueueSVMMemcpy(in_order, CL_FALSE, &values[i + 1], &values[i], sizeof(int),
				      0, NULL, i == N - 1 ? &last : NULL));
	OK(clSetUserEventStatus(gate, CL_COMPLETE));
	OK(clWaitForEvents(1, &last));
	assert_int_equal(values[N], 3);
	OK(clReleaseEvent(last));
	OK(clReleaseEvent(gate));
}

/* A queue that was released goes on with its commands. */
static void released_queue_goes_on(void **state)
{
	cl_command_queue queue = new_queue(context, 0);
	cl_event gate = new_user_event(context), done;
	int one = 1, a = 0;

	(void)state;
	OK(clEnqueueSVMMemcpy(queue, CL_FALSE, &a, &one, sizeof(a), 1, &gate, &done));
	OK(clReleaseCommandQueue(queue));
	OK(clSetUserEventStatus(gate, CL_COMPLETE));
	OK(clWaitForEvents(1, &done));
	assert_int_equal(a, 1);
	OK(clReleaseEvent(done));
	OK(clReleaseEvent(gate));
}

static void CL_CALLBACK mem_destroyed(cl_mem buffer, void *data)
{
	(void)buffer;
	atomic_fetch_add((atomic_int *)data, 1);
}

/* A buffer released while a command uses it goes when that ends, though nobody asks. */
static void released_buffer_goes(void **state)
{
	static char from[16 << 20];
	static atomic_int destroyed;
	cl_event gate = new_user_event(context);
	cl_int error;
	cl_mem buffer = clCreateBuffer(context, 0, sizeof(from), NULL, &error);

	(void)state;
	OK(error);
	OK(clSetMemObjectDestructorCallback(buffer, mem_destroyed, &destroyed));
	OK(clEnqueueWriteBuffer(in_order, buffer, CL_FALSE, 0, sizeof(from), from, 1, &gate, NULL));
	OK(clReleaseMemObject(buffer));
	OK(clSetUserEventStatus(gate, CL_COMPLETE));
	OK(clReleaseEvent(gate));
	await(&destroyed, 1);
	OK(clFinish(in_order));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(user_event_holds_commands),
		cmocka_unit_test(error_passes_on),
		cmocka_unit_test(failed_call_has_no_event),
		cmocka_unit_test(user_event_abandoned),
		cmocka_unit_test(wait_list_errors),
		cmocka_unit_test(event_info),
		cmocka_unit_test(callbacks),
		cmocka_unit_test(callback_of_failure),
		cmocka_unit_test(callback_sets_user_event),
		cmocka_unit_test(profiling),
		cmocka_unit_test(barrier_in_out_of_order_queue),
		cmocka_unit_test(barrier_with_list),
		cmocka_unit_test(out_of_order_overtakes),
		cmocka_unit_test(native_kernels),
		cmocka_unit_test(more_than_the_ring),
		cmocka_unit_test(released_queue_goes_on),
		cmocka_unit_test(released_buffer_goes),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
