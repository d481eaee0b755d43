/* SPDX-License-Identifier: MIT */
/*
 * What all entry points that enqueue have in common: the command-queue, the event wait list, and
 * the end of a blocking call whose list has an event that failed.
 */
#include "dispatch.h"

static cl_context context, other_context;
static cl_command_queue queue;
static cl_mem buffer, target;
static cl_program program;
static cl_kernel kernel;
static _Alignas(64) unsigned char memory[2][256];

static int open_objects(void **state)
{
	const char *source = "kernel void k(void) { }";
	cl_int error;

	(void)state;
	find_dispatch();
	context = new_context();
	other_context = new_context();
	queue = new_queue(context, 0);
	buffer = clCreateBuffer(context, 0, sizeof(memory), NULL, &error);
	OK(error);
	target = clCreateBuffer(context, 0, sizeof(memory), NULL, &error);
	OK(error);
	program = clCreateProgramWithSource(context, 1, &source, NULL, &error);
	OK(error);
	OK(clBuildProgram(program, 0, NULL, NULL, NULL, NULL));
	kernel = clCreateKernel(program, "k", &error);
	OK(error);
	return 0;
}

static int close_objects(void **state)
{
	(void)state;
	OK(clReleaseKernel(kernel));
	OK(clReleaseProgram(program));
	OK(clReleaseMemObject(target));
	OK(clReleaseMemObject(buffer));
	OK(clReleaseCommandQueue(queue));
	OK(clReleaseContext(other_context));
	OK(clReleaseContext(context));
	return 0;
}

static const size_t origin[3] = { 0 }, one[3] = { 1, 1, 1 };
static void *const pointers[] = { memory[0] };
static const size_t size = sizeof(memory[0]);

static void CL_CALLBACK nothing(void *args)
{
	(void)args;
}

static void CL_CALLBACK free_nothing(cl_command_queue unused, cl_uint n, void **p, void *data)
{
	(void)unused, (void)n, (void)p, (void)data;
}

#define ENQUEUER(name) static cl_int name(cl_command_queue q, cl_bool blocking, cl_uint n, \
					  const cl_event *list, cl_event *event)
#define CALL(entry, ...) { (void)blocking; return cl->entry(q, __VA_ARGS__, n, list, event); }

ENQUEUER(read_buffer) CALL(clEnqueueReadBuffer, buffer, blocking, 0, size, memory[0])
ENQUEUER(write_buffer) CALL(clEnqueueWriteBuffer, buffer, blocking, 0, size, memory[0])
ENQUEUER(read_rect) CALL(clEnqueueReadBufferRect, buffer, blocking, origin, origin, one, 0, 0, 0, 0,
			 memory[0])
ENQUEUER(write_rect) CALL(clEnqueueWriteBufferRect, buffer, blocking, origin, origin, one, 0, 0, 0,
			  0, memory[0])
ENQUEUER(copy) CALL(clEnqueueCopyBuffer, buffer, target, 0, 0, size)
ENQUEUER(copy_rect) CALL(clEnqueueCopyBufferRect, buffer, target, origin, origin, one, 0, 0, 0, 0)
ENQUEUER(fill) CALL(clEnqueueFillBuffer, buffer, "x", 1, 0, size)
ENQUEUER(migrate) CALL(clEnqueueMigrateMemObjects, 1, &buffer, 0)
ENQUEUER(ndrange) CALL(clEnqueueNDRangeKernel, kernel, 1, NULL, one, NULL)
ENQUEUER(task) CALL(clEnqueueTask, kernel)
ENQUEUER(native) CALL(clEnqueueNativeKernel, nothing, NULL, 0, 0, NULL, NULL)
ENQUEUER(svm_free) CALL(clEnqueueSVMFree, 1, (void **)pointers, free_nothing, NULL)
ENQUEUER(svm_memcpy) CALL(clEnqueueSVMMemcpy, blocking, memory[0], memory[1], size)
ENQUEUER(svm_fill) CALL(clEnqueueSVMMemFill, memory[0], "x", 1, size)
ENQUEUER(svm_map) CALL(clEnqueueSVMMap, blocking, CL_MAP_READ, memory[0], size)
ENQUEUER(svm_unmap) CALL(clEnqueueSVMUnmap, memory[0])
ENQUEUER(svm_migrate) CALL(clEnqueueSVMMigrateMem, 1, (const void **)pointers, &size, 0)

ENQUEUER(map)
{
	cl_int error;

	cl->clEnqueueMapBuffer(q, buffer, blocking, CL_MAP_READ, 0, size, n, list, event, &error);
	return error;
}

/* Of one mapping that each call makes for itself. */
ENQUEUER(unmap)
{
	cl_int error;
	void *mapped = cl->clEnqueueMapBuffer(queue, buffer, CL_TRUE, CL_MAP_READ, 0, size, 0, NULL,
					      NULL, &error);

	(void)blocking;
	OK(error);
	error = cl->clEnqueueUnmapMemObject(q, buffer, mapped, n, list, event);
	if (error)
		OK(cl->clEnqueueUnmapMemObject(queue, buffer, mapped, 0, NULL, NULL));
	return error;
}

ENQUEUER(marker)
{
	(void)blocking;
	return cl->clEnqueueMarkerWithWaitList(q, n, list, event);
}

ENQUEUER(barrier)
{
	(void)blocking;
	return cl->clEnqueueBarrierWithWaitList(q, n, list, event);
}

static const struct {
	const char *name;
	cl_int (*enqueue)(cl_command_queue, cl_bool, cl_uint, const cl_event *, cl_event *);
	bool blocks;
} enqueuers[] = {
	{ "clEnqueueReadBuffer", read_buffer, true },
	{ "clEnqueueWriteBuffer", write_buffer, true },
	{ "clEnqueueReadBufferRect", read_rect, true },
	{ "clEnqueueWriteBufferRect", write_rect, true },
	{ "clEnqueueMapBuffer", map, true },
	{ "clEnqueueSVMMemcpy", svm_memcpy, true },
	{ "clEnqueueSVMMap", svm_map, true },
	{ "clEnqueueCopyBuffer", copy, false },
	{ "clEnqueueCopyBufferRect", copy_rect, false },
	{ "clEnqueueFillBuffer", fill, false },
	{ "clEnqueueMigrateMemObjects", migrate, false },
	{ "clEnqueueUnmapMemObject", unmap, false },
	{ "clEnqueueNDRangeKernel", ndrange, false },
	{ "clEnqueueTask", task, false },
	{ "clEnqueueNativeKernel", native, false },
	{ "clEnqueueSVMFree", svm_free, false },
	{ "clEnqueueSVMMemFill", svm_fill, false },
	{ "clEnqueueSVMUnmap", svm_unmap, false },
	{ "clEnqueueSVMMigrateMem", svm_migrate, false },
	{ "clEnqueueMarkerWithWaitList", marker, false },
	{ "clEnqueueBarrierWithWaitList", barrier, false },
};

static void bad_queues(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(enqueuers); i++) {
		check_refused(enqueuers[i].name, CL_INVALID_COMMAND_QUEUE,
			      enqueuers[i].enqueue(NULL, CL_TRUE, 0, NULL, NULL));
		check_refused(enqueuers[i].name, CL_INVALID_COMMAND_QUEUE,
			      enqueuers[i].enqueue((cl_command_queue)context, CL_TRUE, 0, NULL, NULL));
	}
	/* Without wait list. */
	REFUSED(CL_INVALID_COMMAND_QUEUE, clEnqueueMarker, NULL, &(cl_event){ NULL });
	REFUSED(CL_INVALID_COMMAND_QUEUE, clEnqueueBarrier, NULL);
	REFUSED(CL_INVALID_COMMAND_QUEUE, clEnqueueWaitForEvents, NULL, 0, NULL);
}

/* In a context of its own, an event lives among objects that are all right. */
static void bad_lists(void **state)
{
	cl_event good = new_user_event(context), foreign = new_user_event(other_context);
	const cl_event with_null[] = { good, NULL }, with_other_kind[] = { good, (cl_event)context };
	const cl_event with_foreign[] = { good, foreign };

	(void)state;
	for (size_t i = 0; i < COUNT(enqueuers); i++) {
		const struct {
			cl_int code;
			cl_uint n;
			const cl_event *list;
		} cases[] = {
			{ CL_INVALID_EVENT_WAIT_LIST, 1, NULL },
			{ CL_INVALID_EVENT_WAIT_LIST, 0, with_null },
			{ CL_INVALID_EVENT_WAIT_LIST, 2, with_null },
			{ CL_INVALID_EVENT_WAIT_LIST, 2, with_other_kind },
			{ CL_INVALID_CONTEXT, 2, with_foreign },
		};

		for (size_t c = 0; c < COUNT(cases); c++) {
			cl_event event = (cl_event)context;

			check_refused(enqueuers[i].name, cases[c].code,
				      enqueuers[i].enqueue(queue, CL_TRUE, cases[c].n, cases[c].list,
							   &event));
			/* Nothing was enqueued, and no event handed out. */
			assert_ptr_equal(event, context);
		}
	}
	REFUSED(CL_INVALID_CONTEXT, clEnqueueWaitForEvents, queue, 2, with_foreign);
	REFUSED(CL_INVALID_CONTEXT, clWaitForEvents, 2, with_foreign);
	OK(clFinish(queue));
	OK(clSetUserEventStatus(good, CL_COMPLETE));
	OK(clReleaseEvent(good));
	OK(clReleaseEvent(foreign));
}

/* What waits for a failed event fails too: a blocking call says so, any other's event does. */
static void failed_events(void **state)
{
	const cl_int expected = CL_EXEC_STATUS_ERROR_FOR_EVENTS_IN_WAIT_LIST;
	cl_event failed = new_user_event(context);

	(void)state;
	OK(clSetUserEventStatus(failed, -1234));
	for (size_t i = 0; i < COUNT(enqueuers); i++) {
		cl_event event = NULL;
		cl_int result = enqueuers[i].enqueue(queue, CL_TRUE, 1, &failed, &event);

		if (enqueuers[i].blocks) {
			check_refused(enqueuers[i].name, expected, result);
			assert_null(event);
			continue;
		}
		OK(result);
		assert_cl(clWaitForEvents(1, &event), expected);
		assert_cl(status_of(event), expected);
		OK(clReleaseEvent(event));
	}
	/* The failures were the list's, not the device's. */
	OK(clFinish(queue));
	OK(clReleaseEvent(failed));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bad_queues),
		cmocka_unit_test(bad_lists),
		cmocka_unit_test(failed_events),
	};

	return cmocka_run_group_tests(tests, open_objects, close_objects);
}
