/* SPDX-License-Identifier: MIT */
/*
 * The engine process is killed.  What it had, and what comes after, ends with an error that says
 * so; what waited for something else still waits, asleep, and ends; a new context has a new engine.
 * Skipped with the host engine, which cannot be killed by itself.
 */
#include <glob.h>
#include <pthread.h>
#include <signal.h>

#include "runtime.h"

static bool is_engine(pid_t pid)
{
	char path[64], name[64] = "";
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/comm", pid);
	file = fopen(path, "re");
	if (!file)
		return false;
	if (!fgets(name, sizeof(name), file))
		name[0] = 0;
	fclose(file);
	return !strcmp(name, "hmmcl-engine\n");
}

/* The engine, of which a thread of the runtime holds a pidfd; 0 if there is none. */
static pid_t engine_of_process(void)
{
	glob_t files;
	pid_t found = 0;

	assert_int_equal(glob("/proc/self/task/*/fdinfo/*", 0, NULL, &files), 0);
	for (size_t i = 0; i < files.gl_pathc && found <= 0; i++) {
		FILE *file = fopen(files.gl_pathv[i], "re");
		char line[128];

		while (file && fgets(line, sizeof(line), file))
			sscanf(line, "Pid: %d", &found);
		if (file)
			fclose(file);
		if (found > 0 && !is_engine(found))
			found = 0;
	}
	globfree(&files);
	return found;
}

static atomic_int notices;

static void CL_CALLBACK count_notice(const char *text, const void *info, size_t size, void *data)
{
	(void)text, (void)info, (void)size, (void)data;
	atomic_fetch_add(&notices, 1);
}

static cl_context context_with_notices(void)
{
	cl_device_id device = find_device();
	cl_int error;
	cl_context context = clCreateContext(NULL, 1, &device, count_notice, NULL, &error);

	OK(error);
	return context;
}

static void kill_engine(pid_t engine)
{
	assert_int_equal(kill(engine, SIGKILL), 0);
}

/* A thread that spins would spend most of the 1.5 s that it waits. */
static double processor_seconds(void)
{
	struct timespec time;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
	return time.tv_sec + time.tv_nsec / 1e9;
}

static void *set_later(void *event)
{
	sleep_ms(1500);
	OK(clSetUserEventStatus(event, CL_COMPLETE));
	return NULL;
}

static void killed_in_flight(void **state)
{
	cl_context context = context_with_notices();
	cl_command_queue queue = new_queue(context, 0);
	cl_event gate = new_user_event(context), copies[50], held, marker;
	pid_t engine = engine_of_process();
	static char from[4 << 20], to[4 << 20];
	double before;
	pthread_t setter;

	(void)state;
	if (!engine) {
		OK(clReleaseEvent(gate));
		OK(clReleaseCommandQueue(queue));
		OK(clReleaseContext(context));
		skip();
	}
	OK(clEnqueueMarkerWithWaitList(queue, 1, &gate, &marker));
	OK(clReleaseCommandQueue(queue));
	queue = new_queue(context, 0);
	for (size_t i = 0; i < COUNT(copies); i++)
		OK(clEnqueueSVMMemcpy(queue, CL_FALSE, to, from, sizeof(to), 0, NULL, &copies[i]));
	OK(clEnqueueSVMMemcpy(queue, CL_FALSE, to, from, sizeof(to), 1, &gate, &held));
	kill_engine(engine);

	/* All that the engine had ends; the last of them cannot have completed so soon. */
	assert_cl(clWaitForEvents(COUNT(copies), copies),
		  CL_EXEC_STATUS_ERROR_FOR_EVENTS_IN_WAIT_LIST);
	assert_cl(status_of(copies[COUNT(copies) - 1]), CL_OUT_OF_RESOURCES);
	await(&notices, 1);

	/* What waits for the application waits on, and asleep. */
	before = processor_seconds();
	assert_int_equal(pthread_create(&setter, NULL, set_later, gate), 0);
	clWaitForEvents(1, &held);
	pthread_join(setter, NULL);
	assert_true(processor_seconds() - before < 1.0);
	assert_cl(status_of(held), CL_OUT_OF_RESOURCES);
	assert_cl(status_of(marker), CL_COMPLETE);

	assert_cl(clEnqueueSVMMemcpy(queue, CL_TRUE, to, from, 1, 0, NULL, NULL),
		  CL_OUT_OF_RESOURCES);
	assert_cl(clFinish(queue), CL_OUT_OF_RESOURCES);
	for (size_t i = 0; i < COUNT(copies); i++)
		OK(clReleaseEvent(copies[i]));
	OK(clReleaseEvent(held));
	OK(clReleaseEvent(marker));
	OK(clReleaseEvent(gate));

	/* A new context, while the old one is still there. */
	cl_context fresh = context_with_notices();
	cl_command_queue works = new_queue(fresh, 0);
	int one = 1, a = 0;

	OK(clEnqueueSVMMemcpy(works, CL_TRUE, &a, &one, sizeof(a), 0, NULL, NULL));
	assert_int_equal(a, 1);
	OK(clReleaseCommandQueue(works));
	OK(clReleaseContext(fresh));
	OK(clReleaseCommandQueue(queue));
	OK(clReleaseContext(context));
}

static void killed_when_idle(void **state)
{
	cl_context context = context_with_notices();
	cl_command_queue queue = new_queue(context, 0);
	pid_t engine = engine_of_process();
	int one = 1, a = 0;

	(void)state;
	if (engine) {
		OK(clEnqueueSVMMemcpy(queue, CL_TRUE, &a, &one, sizeof(a), 0, NULL, NULL));
		kill_engine(engine);
		sleep_ms(300);
		assert_cl(clEnqueueSVMMemcpy(queue, CL_TRUE, &a, &one, sizeof(a), 0, NULL, NULL),
			  CL_OUT_OF_RESOURCES);
	}
	OK(clReleaseCommandQueue(queue));
	OK(clReleaseContext(context));
	if (!engine)
		skip();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(killed_in_flight),
		cmocka_unit_test(killed_when_idle),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
