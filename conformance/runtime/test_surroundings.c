/* SPDX-License-Identifier: MIT */
/*
 * What an application has arranged for itself, and the library lives with: floating-point modes, a
 * locale, a working directory that is gone, closed standard streams, handlers of faults, threads that
 * are cancelled.  Each test is a process.
 */
#include "program.h"

#include <errno.h>
#include <fcntl.h>
#include <fenv.h>
#include <limits.h>
#include <locale.h>
#include <math.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <wchar.h>
#include <xmmintrin.h>

static cl_context context;
static cl_command_queue queue;

static void open_all(void)
{
	context = new_context();
	queue = new_queue(context, 0);
}

/* Build @source and run its kernel k with one work-item and the pointer @arg. */
static cl_int run(const char *source, void *arg)
{
	cl_program program = build_program(context, source, NULL);
	cl_kernel kernel = new_kernel(program, "k");
	const size_t one = 1;
	cl_int error;

	OK(clSetKernelArgSVMPointer(kernel, 0, arg));
	OK(clEnqueueNDRangeKernel(queue, kernel, 1, NULL, &one, NULL, 0, NULL, NULL));
	error = clFinish(queue);
	OK(clReleaseKernel(kernel));
	OK(clReleaseProgram(program));
	return error;
}

/* Kernels have the modes that CL_DEVICE_SINGLE_FP_CONFIG states, whoever made the context. */
static void own_modes(void *data)
{
	const cl_float in[] = { 1.5e-38f, 0.5f, 1.0f, 3.0f, 0.0f };
	volatile float nearest = in[2] / in[3];
	cl_float values[8];

	(void)data;
	fesetround(FE_UPWARD);
	feenableexcept(FE_DIVBYZERO | FE_INVALID | FE_OVERFLOW);
	_mm_setcsr(_mm_getcsr() | 0x8040);		/* denormals are zero, and flushed to it */
	open_all();
	memcpy(values, in, sizeof(in));
	OK(run("kernel void k(global float *v) {"
	       "	v[5] = v[0] * v[1]; v[6] = v[2] / v[3]; v[7] = v[2] / v[4]; }", values));
	fesetenv(FE_DFL_ENV);
	assert_true(values[5] == 0.75e-38f);
	assert_true(values[6] == nearest);
	assert_true(values[7] == INFINITY);
}

/* The number has a point, whatever is usual where the application runs. */
static void prints_point(void *data)
{
	char dir[] = "/tmp/hmmcl-test-XXXXXX", command[128], text[64] = "";
	int status, ends[2];

	(void)data;
	assert_non_null(mkdtemp(dir));
	snprintf(command, sizeof(command), "localedef -i de_DE -f UTF-8 %s/de_DE.utf8 2>/dev/null", dir);
	status = system(command);
	setenv("LOCPATH", dir, 1);
	if (status || !setlocale(LC_ALL, "de_DE.utf8")) {
		/* Not all machines have the sources of locales. */
		fprintf(stderr, "no locale with a decimal comma: its part of this test is left out\n");
	}
	snprintf(command, sizeof(command), "rm -r %s", dir);
	assert_int_equal(system(command), 0);
	assert_int_equal(pipe(ends), 0);
	fflush(stdout);
	assert_int_equal(dup2(ends[1], 1), 1);
	open_all();
	OK(run("kernel void k(global int *p) { printf(\"%.2f %v2f\\n\", 1.5f, (float2)(2.5f)); }", NULL));
	assert_true(read(ends[0], text, sizeof(text) - 1) > 0);
	assert_string_equal(text, "1.50 2.500000,2.500000\n");
}

/* What kernels print comes between what the application writes, though its stream takes no bytes. */
static void prints_narrow(void *data)
{
	char text[64] = "";
	int ends[2];

	(void)data;
	assert_int_equal(pipe(ends), 0);
	fflush(stdout);
	assert_int_equal(dup2(ends[1], 1), 1);
	assert_non_null(freopen("/dev/fd/1", "w", stdout));
	assert_true(fwide(stdout, 1) > 0);
	open_all();
	wprintf(L"one ");
	OK(run("kernel void k(global int *p) { printf(\"two \"); }", NULL));
	wprintf(L"three");
	fflush(stdout);
	assert_true(read(ends[0], text, sizeof(text) - 1) > 0);
	assert_string_equal(text, "one two three");
}

static void debug_trap(void *data)
{
	cl_int value = 0;

	(void)data;
	open_all();
	assert_int_not_equal(run("kernel void k(global int *p) { __builtin_debugtrap(); *p = 4; }", &value),
			     CL_SUCCESS);
	assert_int_equal(value, 0);
	OK(run("kernel void k(global int *p) { *p = 5; }", &value));
	assert_int_equal(value, 5);
}

static void directory_gone(void *data)
{
	char dir[] = "/tmp/hmmcl-test-XXXXXX";
	cl_int value = 0;

	(void)data;
	setenv("HMMCL_CACHE_DIR", "", 1);
	assert_non_null(mkdtemp(dir));
	assert_int_equal(chdir(dir), 0);
	assert_int_equal(rmdir(dir), 0);
	open_all();
	OK(run("kernel void k(global int *p) { *p = 5; }", &value));
	assert_int_equal(value, 5);
}

/* A bare root: there is no /dev/null. */
static void no_devices(void *data)
{
	cl_int value = 0;

	(void)data;
	setenv("HMMCL_CACHE_DIR", "", 1);
	if (unshare(CLONE_NEWNS) || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	    mount("none", "/dev", "tmpfs", 0, NULL)) {
		fprintf(stderr, "devices cannot be hidden here (root may): this test is left out\n");
		return;
	}
	open_all();
	OK(run("kernel void k(global int *p) { *p = 5; }", &value));
	assert_int_equal(value, 5);
}

/* What is written to a stream that was closed goes nowhere, not to the compiler or the log. */
static void streams_closed(void *data)
{
	cl_int value = 0;

	(void)data;
	setenv("HMMCL_CACHE_DIR", "", 1);
	setenv("HMMCL_LOG", "error:/dev/null", 1);
	for (int fd = 0; fd < 3; fd++)
		close(fd);
	open_all();
	if (run("kernel void k(global int *p) { *p = 5; }", &value) || value != 5)
		_exit(2);
	for (int fd = 0; fd < 3; fd++)
		if (fcntl(fd, F_GETFD) != -1 || errno != EBADF)
			_exit(3);
}

static struct sigaction replaced;
static volatile sig_atomic_t handled;

/* As one should: what was there before is called. */
static void pass_to_previous(int sig, siginfo_t *info, void *frame)
{
	handled++;
	replaced.sa_sigaction(sig, info, frame);
}

/* As crash reporters do: what was there before is put back, and the fault comes again. */
static void put_previous_back(int sig, siginfo_t *info, void *frame)
{
	(void)info, (void)frame;
	handled++;
	sigaction(sig, &replaced, NULL);
}

static void handle_with(void (*handler)(int, siginfo_t *, void *))
{
	struct sigaction action = { .sa_sigaction = handler, .sa_flags = SA_SIGINFO };

	sigaction(SIGSEGV, &action, &replaced);
	assert_true(replaced.sa_flags & SA_SIGINFO);
}

/* A kernel's fault that comes by way of the application's handler, on no stack of its own. */
static void fault_passed_on(void *data)
{
	(void)data;
	open_all();
	handle_with(pass_to_previous);
	assert_true(run("kernel void k(global int *p) { *p = 5; }", (void *)0x1000) < 0);
	assert_int_equal(handled, 1);
}

static void fault_between_contexts(void *data)
{
	volatile int *volatile nowhere = (volatile int *)16;
	const struct rlimit none = { 0 };

	signal(SIGSEGV, SIG_DFL);	/* not cmocka's */
	open_all();
	handle_with(data ? pass_to_previous : put_previous_back);
	OK(clReleaseCommandQueue(queue));
	OK(clReleaseContext(context));
	open_all();
	setrlimit(RLIMIT_CORE, &none);
	alarm(20);
	*nowhere = 1;
}

/* The application's own fault ends it, also with its handler between two of ours. */
static void dies_of(void *data)
{
	int status;
	pid_t pid;

	fflush(NULL);
	pid = fork();
	if (!pid) {
		fault_between_contexts(data);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGSEGV);
}

static void crash_reporter_ends(void **state)
{
	(void)state;
	dies_of(NULL);
}

static void chained_handler_ends(void **state)
{
	(void)state;
	dies_of("chain");
}

static void *build_big(void *program)
{
	clBuildProgram(program, 0, NULL, NULL, NULL, NULL);
	return NULL;
}

/* A thread is cancelled while it builds: others' builds go on, and its own is done or not begun. */
static void builder_cancelled(void *data)
{
	(void)data;
	setenv("HMMCL_CACHE_DIR", "", 1);
	open_all();
	alarm(200);
	for (int i = 0; i < 5; i++) {
		cl_program program = new_program(context, "kernel void k(global float *p) {"
			"	*p = lgamma(*p) + pow(p[1], p[2]) + erf(p[3]); }");
		cl_int value = 0;
		pthread_t thread;

		assert_int_equal(pthread_create(&thread, NULL, build_big, program), 0);
		usleep(10000 * i);
		pthread_cancel(thread);
		assert_int_equal(pthread_join(thread, NULL), 0);
		assert_int_not_equal(build_status(program), CL_BUILD_IN_PROGRESS);
		OK(clReleaseProgram(program));
		OK(run("kernel void k(global int *p) { *p = 5; }", &value));
		assert_int_equal(value, 5);
	}
}

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SMALL_STACK (1 << 20)		/* their frames are larger, and their threads' beginnings */
#else
#define SMALL_STACK PTHREAD_STACK_MIN
#endif

/* All that a thread does with a program: built, from the cache, with a header, and not at all. */
static void *work_on_small_stack(void *data)
{
	static const char wrong[] = "kernel void k(global int *p) { *p = missing; }";
	static const char header[] = "#define FIVE 5\n", *header_text = header, *header_name = "five.h";
	static const char source[] = "#include \"five.h\"\n"
		"kernel void k(global int *p) { *p = FIVE; printf(\"%d\", *p); }";
	const size_t origin[3] = { 0 }, region[3] = { 4, 1, 1 }, one = 1;
	cl_int *value = data, error;
	cl_program program, five, library;
	cl_kernel kernel;
	cl_event event;
	cl_mem buffer;

	open_all();
	for (int i = 0; i < 2; i++) {
		OK(run("kernel void k(global int *p) { *p = 4; }", value));
		five = clCreateProgramWithSource(context, 1, &header_text, NULL, &error);
		OK(error);
		program = new_program(context, source);
		OK(clCompileProgram(program, 0, NULL, NULL, 1, &five, &header_name, NULL, NULL));
		library = clLinkProgram(context, 0, NULL, NULL, 1, &program, NULL, NULL, &error);
		OK(error);
		kernel = new_kernel(library, "k");
		OK(clSetKernelArgSVMPointer(kernel, 0, value));
		OK(clEnqueueNDRangeKernel(queue, kernel, 1, NULL, &one, NULL, 0, NULL, &event));
		OK(clWaitForEvents(1, &event));
		OK(clReleaseEvent(event));
		OK(clReleaseKernel(kernel));
		OK(clReleaseProgram(library));
		OK(clReleaseProgram(program));
		OK(clReleaseProgram(five));
	}
	program = new_program(context, wrong);
	assert_cl(clBuildProgram(program, 0, NULL, NULL, NULL, NULL), CL_BUILD_PROGRAM_FAILURE);
	OK(clReleaseProgram(program));
	buffer = new_buffer(context, 64, NULL);
	OK(clEnqueueWriteBufferRect(queue, buffer, CL_TRUE, origin, origin, region, 0, 0, 0, 0, value, 0,
				    NULL, NULL));
	assert_cl(clEnqueueReadBuffer(queue, buffer, CL_TRUE, 64, 4, value, 0, NULL, NULL), CL_INVALID_VALUE);
	OK(clReleaseMemObject(buffer));
	OK(clReleaseCommandQueue(queue));
	OK(clReleaseContext(context));
	return NULL;
}

/* @data: the cache's directory, or "". */
static void small_stack(void *data)
{
	pthread_attr_t attributes;
	cl_int value = 0;
	pthread_t thread;

	setenv("HMMCL_CACHE_DIR", data, 1);
	setenv("HMMCL_LOG", "info:/dev/null", 1);
	find_device();		/* the loader's work is not ours to measure */
	pthread_attr_init(&attributes);
	OK(pthread_attr_setstacksize(&attributes, SMALL_STACK));
	OK(pthread_create(&thread, &attributes, work_on_small_stack, &value));
	OK(pthread_join(thread, NULL));
	assert_int_equal(value, 5);
}

static void stack_of_16_kib(void **state)
{
	char dir[] = "/tmp/hmmcl-test-XXXXXX", command[64];

	(void)state;
	assert_non_null(mkdtemp(dir));
	in_process(small_stack, dir);
	in_process(small_stack, "");
	snprintf(command, sizeof(command), "rm -r %s", dir);
	assert_int_equal(system(command), 0);
}

static atomic_int called;

static void use_stack(void)
{
	volatile char room[64 << 10];

	for (size_t i = 0; i < sizeof(room); i += 1024)
		room[i] = 1;
	called++;
}

static void CL_CALLBACK use_stack_built(cl_program program, void *data)
{
	(void)program, (void)data;
	use_stack();
}

static void CL_CALLBACK use_stack_done(cl_event event, cl_int status, void *data)
{
	(void)event, (void)status, (void)data;
	use_stack();
}

/* What the application has set for its own threads is not what its callbacks are called on. */
static void small_default_stack(void *data)
{
	pthread_attr_t attributes;
	cl_program program;
	cl_event gate;

	(void)data;
	pthread_attr_init(&attributes);
	OK(pthread_attr_setstacksize(&attributes, PTHREAD_STACK_MIN));
	OK(pthread_setattr_default_np(&attributes));
	open_all();
	program = new_program(context, "kernel void k(global int *p) { *p = 5; }");
	OK(clBuildProgram(program, 0, NULL, NULL, use_stack_built, NULL));
	await(&called, 1);
	gate = new_user_event(context);
	OK(clSetEventCallback(gate, CL_COMPLETE, use_stack_done, NULL));
	OK(clEnqueueMarkerWithWaitList(queue, 1, &gate, NULL));
	OK(clSetUserEventStatus(gate, CL_COMPLETE));
	OK(clFinish(queue));
	await(&called, 2);
	OK(clReleaseEvent(gate));
	OK(clReleaseProgram(program));
}

#define IN_PROCESS(name, function, data)						\
static void name(void **state)							\
{										\
	(void)state;								\
	in_process(function, data);						\
}

IN_PROCESS(floating_point_modes, own_modes, NULL)
IN_PROCESS(locale_of_printf, prints_point, NULL)
IN_PROCESS(wide_standard_output, prints_narrow, NULL)
IN_PROCESS(debug_trap_of_kernel, debug_trap, NULL)
IN_PROCESS(working_directory_gone, directory_gone, NULL)
IN_PROCESS(devices_missing, no_devices, NULL)
IN_PROCESS(standard_streams_closed, streams_closed, NULL)
IN_PROCESS(chained_handler_of_kernel_fault, fault_passed_on, NULL)
IN_PROCESS(cancelled_while_building, builder_cancelled, NULL)
IN_PROCESS(callbacks_have_stack, small_default_stack, NULL)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(floating_point_modes),
		cmocka_unit_test(locale_of_printf),
		cmocka_unit_test(wide_standard_output),
		cmocka_unit_test(debug_trap_of_kernel),
		cmocka_unit_test(working_directory_gone),
		cmocka_unit_test(devices_missing),
		cmocka_unit_test(standard_streams_closed),
		cmocka_unit_test(chained_handler_of_kernel_fault),
		cmocka_unit_test(crash_reporter_ends),
		cmocka_unit_test(chained_handler_ends),
		cmocka_unit_test(cancelled_while_building),
		cmocka_unit_test(stack_of_16_kib),
		cmocka_unit_test(callbacks_have_stack),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
