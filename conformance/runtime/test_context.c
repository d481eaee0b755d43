/* SPDX-License-Identifier: MIT */
/* Contexts and command-queues: creation, queries, counts, errors, lifetime. */
#include <dirent.h>
#include <sys/wait.h>

#include "runtime.h"

static void CL_CALLBACK ignore(const char *text, const void *info, size_t size, void *data)
{
	(void)text, (void)info, (void)size, (void)data;
}

static void context_errors(void **state)
{
	cl_device_id device = find_device();
	cl_context_properties platform = (cl_context_properties)find_platform();
	const cl_context_properties good[] = { CL_CONTEXT_PLATFORM, platform, 0 };
	const cl_context_properties twice[] = { CL_CONTEXT_PLATFORM, platform, CL_CONTEXT_PLATFORM,
						platform, 0 };
	const cl_context_properties unknown[] = { CL_CONTEXT_PLATFORM, platform, 0x1234, 1, 0 };
	cl_int error, data;
	cl_context context;

	(void)state;
	context = clCreateContext(good, 1, &device, NULL, NULL, &error);
	OK(error);
	OK(clReleaseContext(context));
	assert_null(clCreateContext(twice, 1, &device, NULL, NULL, &error));
	assert_cl(error, CL_INVALID_PROPERTY);
	assert_null(clCreateContext(unknown, 1, &device, NULL, NULL, &error));
	assert_cl(error, CL_INVALID_PROPERTY);
	assert_null(clCreateContext(good, 1, &device, NULL, &data, &error));
	assert_cl(error, CL_INVALID_VALUE);
	assert_null(clCreateContext(good, 0, &device, NULL, NULL, &error));
	assert_cl(error, CL_INVALID_VALUE);
	context = clCreateContextFromType(good, CL_DEVICE_TYPE_DEFAULT, ignore, &data, &error);
	OK(error);
	OK(clReleaseContext(context));
	assert_null(clCreateContextFromType(good, CL_DEVICE_TYPE_GPU, NULL, NULL, &error));
	assert_cl(error, CL_DEVICE_NOT_FOUND);
	assert_null(clCreateContextFromType(good, 0, NULL, NULL, &error));
	assert_cl(error, CL_INVALID_DEVICE_TYPE);
}

static void context_info(void **state)
{
	cl_device_id device = find_device(), found;
	const cl_context_properties properties[] = { CL_CONTEXT_PLATFORM,
						     (cl_context_properties)find_platform(), 0 };
	cl_context_properties answer[8];
	cl_context context;
	cl_uint count;
	cl_int error;
	size_t size;

	(void)state;
	context = clCreateContext(properties, 1, &device, NULL, NULL, &error);
	OK(error);
	OK(clGetContextInfo(context, CL_CONTEXT_DEVICES, sizeof(found), &found, &size));
	assert_ptr_equal(found, device);
	assert_int_equal(size, sizeof(found));
	OK(clGetContextInfo(context, CL_CONTEXT_NUM_DEVICES, sizeof(count), &count, NULL));
	assert_int_equal(count, 1);
	OK(clGetContextInfo(context, CL_CONTEXT_PROPERTIES, sizeof(answer), answer, &size));
	assert_int_equal(size, sizeof(properties));
	assert_memory_equal(answer, properties, size);
	OK(clRetainContext(context));
	OK(clGetContextInfo(context, CL_CONTEXT_REFERENCE_COUNT, sizeof(count), &count, NULL));
	assert_int_equal(count, 2);
	OK(clReleaseContext(context));
	assert_cl(clGetContextInfo(context, 0x1234, sizeof(count), &count, NULL), CL_INVALID_VALUE);
	OK(clReleaseContext(context));
}

static int order[3], n_called;

static void CL_CALLBACK destroyed(cl_context context, void *data)
{
	(void)context;
	order[n_called++] = *(int *)data;
}

/* Last registered, first called; and only when the queue that holds the context has gone. */
static void context_destructors(void **state)
{
	static int one = 1, two = 2, three = 3;
	cl_context context = new_context();
	cl_command_queue queue = new_queue(context, 0);

	(void)state;
	n_called = 0;
	OK(clSetContextDestructorCallback(context, destroyed, &one));
	OK(clSetContextDestructorCallback(context, destroyed, &two));
	OK(clSetContextDestructorCallback(context, destroyed, &three));
	assert_cl(clSetContextDestructorCallback(context, NULL, NULL), CL_INVALID_VALUE);
	OK(clReleaseContext(context));
	assert_int_equal(n_called, 0);
	OK(clReleaseCommandQueue(queue));
	assert_int_equal(n_called, 3);
	assert_int_equal(order[0], 3);
	assert_int_equal(order[1], 2);
	assert_int_equal(order[2], 1);
}

static void CL_CALLBACK gone(cl_context context, void *data)
{
	(void)context;
	atomic_fetch_add((atomic_int *)data, 1);
}

/* A queue outlives its context's release, is used, and released: both go when its commands have
 * ended, without another call. */
static void context_goes_with_its_queue(void **state)
{
	cl_context context = new_context();
	cl_command_queue queue = new_queue(context, 0);
	static atomic_int destructed;
	static char from[1 << 20], to[1 << 20];

	(void)state;
	OK(clSetContextDestructorCallback(context, gone, &destructed));
	OK(clReleaseContext(context));
	for (int i = 0; i < 10; i++)
		OK(clEnqueueSVMMemcpy(queue, CL_FALSE, to, from, sizeof(to), 0, NULL, NULL));
	OK(clReleaseCommandQueue(queue));
	await(&destructed, 1);
}

static void queue_errors(void **state)
{
	static const struct {
		cl_queue_properties properties[5];
		cl_int error;
	} cases[] = {
		{ { 0 }, CL_SUCCESS },
		{ { CL_QUEUE_PROPERTIES, 0, 0 }, CL_SUCCESS },
		{ { CL_QUEUE_PROPERTIES, CL_QUEUE_PROFILING_ENABLE, 0 }, CL_SUCCESS },
		{ { CL_QUEUE_PROPERTIES, CL_QUEUE_OUT_OF_ORDER_EXEC_MODE_ENABLE, 0 }, CL_SUCCESS },
		{ { CL_QUEUE_PROPERTIES,
		    CL_QUEUE_OUT_OF_ORDER_EXEC_MODE_ENABLE | CL_QUEUE_ON_DEVICE, 0 },
		  CL_INVALID_QUEUE_PROPERTIES },
		{ { CL_QUEUE_PROPERTIES, CL_QUEUE_ON_DEVICE, 0 }, CL_INVALID_VALUE },
		{ { CL_QUEUE_PROPERTIES, CL_QUEUE_ON_DEVICE_DEFAULT, 0 }, CL_INVALID_VALUE },
		{ { CL_QUEUE_PROPERTIES, 1 << 20, 0 }, CL_INVALID_VALUE },
		{ { CL_QUEUE_SIZE, 1024, 0 }, CL_INVALID_VALUE },
		{ { 0x4321, 1, 0 }, CL_INVALID_VALUE },
	};
	cl_context context = new_context();
	cl_device_id device = find_device();
	cl_command_queue queue;
	cl_int error;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		queue = clCreateCommandQueueWithProperties(context, device, cases[i].properties,
							   &error);
		assert_cl(error, cases[i].error);
		assert_int_equal(!queue, error != CL_SUCCESS);
		if (queue)
			OK(clReleaseCommandQueue(queue));
	}
	queue = clCreateCommandQueue(context, device, CL_QUEUE_ON_DEVICE, &error);
	assert_null(queue);
	assert_cl(error, CL_INVALID_VALUE);
	assert_null(clCreateCommandQueueWithProperties(context, NULL, NULL, &error));
	assert_cl(error, CL_INVALID_DEVICE);
	OK(clReleaseContext(context));
}

static void queue_info(void **state)
{
	const cl_queue_properties properties[] = { CL_QUEUE_PROPERTIES, CL_QUEUE_PROFILING_ENABLE,
						   0 };
	cl_context context = new_context(), found;
	cl_command_queue queue, other;
	cl_command_queue_properties flags;
	cl_queue_properties answer[8];
	cl_device_id device;
	cl_uint count;
	cl_int error;
	size_t size;

	(void)state;
	queue = clCreateCommandQueueWithProperties(context, find_device(), properties, &error);
	OK(error);
	OK(clGetCommandQueueInfo(queue, CL_QUEUE_CONTEXT, sizeof(found), &found, NULL));
	assert_ptr_equal(found, context);
	OK(clGetCommandQueueInfo(queue, CL_QUEUE_DEVICE, sizeof(device), &device, NULL));
	assert_ptr_equal(device, find_device());
	OK(clGetCommandQueueInfo(queue, CL_QUEUE_PROPERTIES, sizeof(flags), &flags, NULL));
	assert_int_equal(flags, CL_QUEUE_PROFILING_ENABLE);
	OK(clGetCommandQueueInfo(queue, CL_QUEUE_PROPERTIES_ARRAY, sizeof(answer), answer, &size));
	assert_int_equal(size, sizeof(properties));
	assert_memory_equal(answer, properties, size);
	OK(clGetCommandQueueInfo(queue, CL_QUEUE_DEVICE_DEFAULT, sizeof(other), &other, NULL));
	assert_null(other);
	assert_cl(clGetCommandQueueInfo(queue, CL_QUEUE_SIZE, sizeof(count), &count, NULL),
		  CL_INVALID_COMMAND_QUEUE);
	OK(clGetCommandQueueInfo(queue, CL_QUEUE_REFERENCE_COUNT, sizeof(count), &count, NULL));
	assert_int_equal(count, 1);
	assert_cl(clSetDefaultDeviceCommandQueue(context, find_device(), queue),
		  CL_INVALID_OPERATION);
	OK(clReleaseCommandQueue(queue));
	queue = clCreateCommandQueue(context, find_device(), 0, &error);
	OK(error);
	OK(clGetCommandQueueInfo(queue, CL_QUEUE_PROPERTIES_ARRAY, sizeof(answer), answer, &size));
	assert_int_equal(size, 0);
	OK(clReleaseCommandQueue(queue));
	OK(clReleaseContext(context));
}

/* What a device without the optional features says (OpenCL API, appendix H). */
static void absent_features(void **state)
{
	const cl_image_format format = { CL_RGBA, CL_UNORM_INT8 };
	const cl_image_desc desc = { .image_type = CL_MEM_OBJECT_IMAGE2D, .image_width = 4,
				     .image_height = 4 };
	cl_context context = new_context();
	cl_uint count = 77;
	cl_int error;

	(void)state;
	assert_null(clCreateImage(context, CL_MEM_READ_ONLY, &format, &desc, NULL, &error));
	assert_cl(error, CL_INVALID_OPERATION);
	assert_null(clCreateSampler(context, CL_TRUE, CL_ADDRESS_CLAMP, CL_FILTER_NEAREST, &error));
	assert_cl(error, CL_INVALID_OPERATION);
	assert_null(clCreatePipe(context, 0, 4, 16, NULL, &error));
	assert_cl(error, CL_INVALID_OPERATION);
	OK(clGetSupportedImageFormats(context, CL_MEM_READ_ONLY, CL_MEM_OBJECT_IMAGE2D, 0, NULL,
				      &count));
	assert_int_equal(count, 0);
	OK(clReleaseContext(context));
}

static int threads_of_process(void)
{
	DIR *tasks = opendir("/proc/self/task");
	int count = 0;

	assert_non_null(tasks);
	while (readdir(tasks))
		count++;
	closedir(tasks);
	return count;
}

/* With the last context the engine's threads go, whatever was left in flight. */
static void nothing_remains(void **state)
{
	int before;

	(void)state;
	sleep_ms(100);		/* for the threads of earlier tests to leave /proc */
	before = threads_of_process();
	for (int i = 0; i < 10; i++) {
		cl_context context = new_context();
		cl_command_queue queue = new_queue(context, 0);
		static char from[1 << 20], to[1 << 20];

		for (int j = 0; j < 20; j++)
			OK(clEnqueueSVMMemcpy(queue, CL_FALSE, to, from, sizeof(to), 0, NULL,
					      NULL));
		OK(clFinish(queue));
		OK(clReleaseCommandQueue(queue));
		OK(clReleaseContext(context));
	}
	/* A thread that was joined may take a moment to leave /proc. */
	for (int i = 0; i < 1000 && threads_of_process() > before; i++)
		sleep_ms(1);
	/* Fewer are no fault: one of an earlier test may have been on its way out. */
	assert_true(threads_of_process() <= before);
}

/* A child of fork() cannot use its parent's objects, is told so, and can make its own. */
static int use_in_child(cl_context context, cl_command_queue queue, cl_event event)
{
	cl_context own;
	cl_command_queue own_queue;
	char from[256] = "abc", to[256] = "";
	cl_int error;
	cl_device_id device = find_device();

	clCreateUserEvent(context, &error);
	if (error != CL_INVALID_CONTEXT || clFinish(queue) != CL_INVALID_COMMAND_QUEUE ||
	    clWaitForEvents(1, &event) != CL_INVALID_EVENT ||
	    clReleaseContext(context) != CL_INVALID_CONTEXT)
		return 1;
	own = clCreateContext(NULL, 1, &device, NULL, NULL, &error);
	if (error)
		return 2;
	own_queue = clCreateCommandQueueWithProperties(own, device, NULL, &error);
	if (error)
		return 3;
	if (clEnqueueSVMMemcpy(own_queue, CL_TRUE, to, from, sizeof(to), 0, NULL, NULL) ||
	    strcmp(from, to))
		return 4;
	if (clReleaseCommandQueue(own_queue) || clReleaseContext(own))
		return 5;
	return 0;
}

/*
 * Until all other threads sleep.  AddressSanitizer's malloc does not prepare for fork: a thread that
 * is being started allocates (pthread_getattr_np), and a lock that it holds then stays locked in the
 * child for ever.  A program of threads and fork() alone, without OpenCL, hangs so.
 */
static void let_threads_settle(void)
{
#ifdef __SANITIZE_ADDRESS__
	int busy;

	do {
		DIR *tasks = opendir("/proc/self/task");
		char path[300], line[512];

		assert_non_null(tasks);
		busy = -1;		/* this one */
		for (struct dirent *task; (task = readdir(tasks));) {
			FILE *file;

			snprintf(path, sizeof(path), "/proc/self/task/%s/stat", task->d_name);
			file = task->d_name[0] == '.' ? NULL : fopen(path, "r");
			if (file && fgets(line, sizeof(line), file))
				busy += strrchr(line, ')')[2] == 'R';
			if (file)
				fclose(file);
		}
		closedir(tasks);
		sleep_ms(1);
	} while (busy > 0);
#endif
}

static void fork_child(void **state)
{
	cl_context context = new_context();
	cl_command_queue queue = new_queue(context, 0);
	cl_event event = new_user_event(context), marker;
	int status;
	pid_t pid;

	(void)state;
#ifdef __SANITIZE_THREAD__
	skip();		/* its runtime lets no child of a process with threads start one */
#endif
	OK(clEnqueueMarkerWithWaitList(queue, 1, &event, &marker));
	let_threads_settle();
	pid = fork();
	if (pid == 0) {
		alarm(30);
		_exit(use_in_child(context, queue, event));
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	OK(clSetUserEventStatus(event, CL_COMPLETE));
	OK(clWaitForEvents(1, &marker));
	OK(clReleaseEvent(marker));
	OK(clReleaseEvent(event));
	OK(clReleaseCommandQueue(queue));
	OK(clReleaseContext(context));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(context_errors),
		cmocka_unit_test(context_info),
		cmocka_unit_test(context_destructors),
		cmocka_unit_test(context_goes_with_its_queue),
		cmocka_unit_test(queue_errors),
		cmocka_unit_test(queue_info),
		cmocka_unit_test(absent_features),
		cmocka_unit_test(nothing_remains),
		cmocka_unit_test(fork_child),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
