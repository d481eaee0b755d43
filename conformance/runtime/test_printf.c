/* SPDX-License-Identifier: MIT */
/* printf of kernels: the text, its place in time, and what happens when there is too much of it. */
#include "program.h"

#include <pthread.h>
#include <sys/mman.h>

static char printed[32 << 20];

/* Run the kernel k of @text with stdout going to a file, and leave what it printed in printed. */
static void run_and_read(const char *text, size_t items)
{
	cl_context context = new_context();
	cl_command_queue queue = new_queue(context, 0);
	cl_program program = build_program(context, text, "-cl-std=CL3.0");
	cl_kernel kernel = new_kernel(program, "k");
	int saved, file = memfd_create("printed", MFD_CLOEXEC);
	ssize_t n;

	fflush(stdout);
	saved = dup(1);
	dup2(file, 1);
	OK(clEnqueueNDRangeKernel(queue, kernel, 1, NULL, &items, NULL, 0, NULL, NULL));
	OK(clFinish(queue));
	dup2(saved, 1);	/* what clFinish left in a buffer would miss the file */
	close(saved);
	n = pread(file, printed, sizeof(printed) - 1, 0);
	assert_true(n >= 0);
	printed[n] = 0;
	close(file);
	OK(clReleaseKernel(kernel));
	OK(clReleaseProgram(program));
	OK(clReleaseCommandQueue(queue));
	OK(clReleaseContext(context));
}

static void check(const char *statement, const char *expected)
{
	char text[1024];

	snprintf(text, sizeof(text), "kernel void k(void) { %s }", statement);
	run_and_read(text, 1);
	assert_string_equal(printed, expected);
}

static void test_integers(void **state)
{
	(void)state;
	check("printf(\"%d %i %u %o %x %X\\n\", -1, 2, 3u, 8, 255, 255);", "-1 2 3 10 ff FF\n");
	check("printf(\"%hhd %hhu %hd %hu\\n\", 300, 300, 70000, 70000);", "44 44 4464 4464\n");
	check("printf(\"%hhd %hd\\n\", (char)-1, (short)-2);", "-1 -2\n");
	check("printf(\"%ld %lu %lx\\n\", -5000000000L, 18446744073709551615UL, 0x123456789abcL);",
	      "-5000000000 18446744073709551615 123456789abc\n");
	check("printf(\"[%5d|%-5d|%05d|%+d|% d|%.3d|%#x|%#o|%.0d]\\n\", 42, 42, 42, 42, 42, 7, 255, 8, 0);",
	      "[   42|42   |00042|+42| 42|007|0xff|010|]\n");
}

static void test_floats(void **state)
{
	(void)state;
	check("printf(\"%f %.2f %e %g %G\\n\", 1.5f, 2.005f, 12345.678f, 0.0001f, 1e20f);",
	      "1.500000 2.01 1.234568e+04 0.0001 1E+20\n");
	check("printf(\"%f %F %f\\n\", INFINITY, -INFINITY, NAN);", "inf -INF nan\n");
	check("printf(\"%a %.1a %A\\n\", 1.0f, 0.15625f, 10.0f);", "0x1p+0 0x1.4p-3 0X1.4P+3\n");
	check("printf(\"%10.3f|%-10.1f|%+.0f|%#.0f|%010.2f\\n\", 3.14159f, 2.5f, 7.0f, 7.0f, -1.5f);",
	      "     3.142|2.5       |+7|7.|-000001.50\n");
}

static void test_vectors(void **state)
{
	(void)state;
	check("printf(\"f4 = %2.2v4hlf\\n\", (float4)(1.0f, 2.0f, 3.0f, 4.0f));",
	      "f4 = 1.00,2.00,3.00,4.00\n");
	check("printf(\"uc = %#v4hhx\\n\", (uchar4)(0xFA, 0xFB, 0xFC, 0xFD));",
	      "uc = 0xfa,0xfb,0xfc,0xfd\n");
	check("printf(\"%v3hld|%v2ld|%v8hd\\n\", (int3)(-1, 2, -3), (long2)(-4, 1L << 40),"
	      " (short8)(1, 2, 3, 4, 5, 6, 7, -8));", "-1,2,-3|-4,1099511627776|1,2,3,4,5,6,7,-8\n");
	check("printf(\"%v16hhd\\n\", (char16)(-1));",
	      "-1,-1,-1,-1,-1,-1,-1,-1,-1,-1,-1,-1,-1,-1,-1,-1\n");
	check("printf(\"%v2lf %d\\n\", (double2)(0.5, -0.25), 9);", "0.500000,-0.250000 9\n");
}

static void test_others(void **state)
{
	(void)state;
	check("printf(\"%c%c %s %.3s %8s|%-8s| 100%%\\n\", 'o', 107, \"string\", \"cut it\", \"right\","
	      " \"left\");", "ok string cut    right|left    | 100%\n");
	check("printf(\"no arguments\\n\");", "no arguments\n");
	check("printf(\"%d\\n\", 1, 2, 3);", "1\n");
	check("printf(\"%s\\n\", (constant char *)0);", "(null)\n");
	check("printf(\"tab\\there \\\"quoted\\\" back\\\\slash\\n\");", "tab\there \"quoted\" back\\slash\n");
	check("int x; printf(\"%d\\n\", ((ulong)&x != 0) + printf(\"inner \"));", "inner 1\n");
}

/* Formats that are no literals where printf is called, and yet known. */
static void test_known_formats(void **state)
{
	(void)state;
	check("constant char *format = \"<%d>\"; printf(format, 1); printf(format + 1, 2);", "<1>2>");
	check("constant char list[2][4] = {\"a%d\", \"b%d\"}; printf(list[1], 3);", "b3");
	run_and_read("constant char format[] = \"F%d,\";"
		     "void print(constant char *f, int v) { printf(f, v); }"
		     "kernel void k(void) { for (int i = 0; i < 2; i++) { print(\"A%d,\", i); print(format, i); } }", 1);
	assert_string_equal(printed, "A0,F0,A1,F1,");
}

/* All items' lines are whole, and each is there once. */
static void test_many_items(void **state)
{
	enum { items = 5000 };
	static char seen[items];
	char *line, *rest = printed;

	(void)state;
	run_and_read("kernel void k(void) { printf(\"item %d of %v2hld\\n\", (int)get_global_id(0),"
		     " (int2)(5000, 1)); }", items);
	memset(seen, 0, sizeof(seen));
	while ((line = strsep(&rest, "\n")) && *line) {
		int item, consumed = 0;

		assert_int_equal(sscanf(line, "item %d of 5000,1%n", &item, &consumed), 1);
		assert_int_equal(consumed, strlen(line));
		assert_in_range(item, 0, items - 1);
		assert_int_equal(seen[item]++, 0);
	}
	for (int i = 0; i < items; i++)
		assert_int_equal(seen[i], 1);
}

/* The buffer is full: whole lines, at least as many bytes of records as the device says, no crash. */
static void test_overflow(void **state)
{
	const size_t items = 1 << 19;
	size_t buffer_size, lines = 0;

	(void)state;
	OK(clGetDeviceInfo(find_device(), CL_DEVICE_PRINTF_BUFFER_SIZE, sizeof(buffer_size),
			   &buffer_size, NULL));
	run_and_read("kernel void k(void) { printf(\"%d\\n\", 12345); }", items);
	for (const char *p = printed; *p; p += 6, lines++)
		assert_memory_equal(p, "12345\n", 6);
	assert_true(lines < items);
	assert_true(lines >= buffer_size / 64);
}

/* Two commands of one queue print in their order. */
static void test_order(void **state)
{
	cl_context context = new_context();
	cl_command_queue queue = new_queue(context, 0);
	cl_program program = build_program(context, "kernel void k(int x) { printf(\"%d \", x); }",
					   NULL);
	cl_kernel kernel = new_kernel(program, "k");
	int saved, file = memfd_create("printed", MFD_CLOEXEC);
	char expected[512], *to = expected;
	const size_t one = 1;

	(void)state;
	fflush(stdout);
	saved = dup(1);
	dup2(file, 1);
	for (cl_int i = 0; i < 100; i++) {
		OK(clSetKernelArg(kernel, 0, sizeof(i), &i));
		OK(clEnqueueNDRangeKernel(queue, kernel, 1, NULL, &one, NULL, 0, NULL, NULL));
		to += sprintf(to, "%d ", i);
	}
	OK(clFinish(queue));
	dup2(saved, 1);
	close(saved);
	assert_int_equal(pread(file, printed, sizeof(printed), 0), to - expected);
	assert_memory_equal(printed, expected, to - expected);
	close(file);
	OK(clReleaseKernel(kernel));
	OK(clReleaseProgram(program));
	OK(clReleaseCommandQueue(queue));
	OK(clReleaseContext(context));
}

/*
 * While what a kernel has printed waits to be written, any number of commands may end behind it.
 * They finish after it, all at once, on a thread with a stack of usual size or less.
 */
static void test_slow_output(void **state)
{
	const char *text = "kernel void k(volatile global int *ran) { *ran = printf(\"first\") + 1; }";
	static volatile cl_int ran;
	cl_command_queue queue;
	cl_context context;
	cl_program program;
	cl_kernel kernel;
	int saved, file = memfd_create("printed", MFD_CLOEXEC);
	pthread_attr_t usual, small;
	const size_t one = 1;
	cl_event last;

	(void)state;
	OK(pthread_getattr_default_np(&usual));
	pthread_attr_init(&small);
	pthread_attr_setstacksize(&small, 1 << 20);	/* TSan needs as much */
	OK(pthread_setattr_default_np(&small));
	context = new_context();	/* the first, and so the engine's, and its threads' */
	OK(pthread_setattr_default_np(&usual));
	queue = new_queue(context, 0);
	program = build_program(context, text, NULL);
	kernel = new_kernel(program, "k");
	fflush(stdout);
	saved = dup(1);
	dup2(file, 1);

	flockfile(stdout);
	OK(clSetKernelArgSVMPointer(kernel, 0, (void *)&ran));
	OK(clEnqueueNDRangeKernel(queue, kernel, 1, NULL, &one, NULL, 0, NULL, NULL));
	/* The runtime's thread shall write, not this one when it enqueues the next. */
	while (!ran)
		sleep_ms(1);
	sleep_ms(100);
	for (int i = 0; i < 100000; i++)
		OK(clEnqueueMarkerWithWaitList(queue, 0, NULL, NULL));
	OK(clEnqueueMarkerWithWaitList(queue, 0, NULL, &last));
	/* All but the last few have ended in the engine when the last one is there. */
	while (status_of(last) == CL_QUEUED)
		sleep_ms(1);
	funlockfile(stdout);
	OK(clWaitForEvents(1, &last));

	dup2(saved, 1);
	close(saved);
	assert_int_equal(pread(file, printed, sizeof(printed), 0), 5);
	assert_memory_equal(printed, "first", 5);
	close(file);
	OK(clReleaseEvent(last));
	OK(clReleaseKernel(kernel));
	OK(clReleaseProgram(program));
	OK(clReleaseCommandQueue(queue));
	OK(clReleaseContext(context));
	pthread_attr_destroy(&small);
	pthread_attr_destroy(&usual);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_integers),
		cmocka_unit_test(test_floats),
		cmocka_unit_test(test_vectors),
		cmocka_unit_test(test_others),
		cmocka_unit_test(test_known_formats),
		cmocka_unit_test(test_many_items),
		cmocka_unit_test(test_overflow),
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_slow_output),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
