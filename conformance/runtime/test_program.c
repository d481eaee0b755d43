/* SPDX-License-Identifier: MIT */
/* Programs: sources, builds, compiling and linking, binaries, queries, errors. */
#include <pthread.h>
#include <sys/stat.h>

#include "program.h"

#include "../../runtime/compiler/hash.h"

static const char source[] =
	"kernel void one(global int *p) { p[get_global_id(0)] = 1; }\n"
	"kernel void two(global int *p) { p[get_global_id(0)] = 2; }\n";

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

/* Run a kernel over one int and return it. */
static cl_int run_one(cl_program program, const char *name)
{
	cl_command_queue queue = new_queue(context, 0);
	cl_kernel kernel = new_kernel(program, name);
	cl_int result = 0;
	cl_mem buffer = new_buffer(context, sizeof(result), &result);
	const size_t global = 1;

	OK(clSetKernelArg(kernel, 0, sizeof(buffer), &buffer));
	OK(clEnqueueNDRangeKernel(queue, kernel, 1, NULL, &global, NULL, 0, NULL, NULL));
	OK(clEnqueueReadBuffer(queue, buffer, CL_TRUE, 0, sizeof(result), &result, 0, NULL, NULL));
	OK(clReleaseMemObject(buffer));
	OK(clReleaseKernel(kernel));
	OK(clReleaseCommandQueue(queue));
	return result;
}

static void test_sources(void **state)
{
	const char *strings[] = { "kernel void k(global int *p) {", "*p = 4XYZ", "2; }" };
	const size_t lengths[] = { 0, 6, 0 };	/* "*p = 4" */
	const char *with_null[] = { "ab\0cd", NULL };
	const size_t five = 5;
	char text[128];
	cl_program program;
	cl_int error;
	size_t size;

	(void)state;
	program = clCreateProgramWithSource(context, 3, strings, lengths, &error);
	OK(error);
	OK(clGetProgramInfo(program, CL_PROGRAM_SOURCE, sizeof(text), text, &size));
	assert_string_equal(text, "kernel void k(global int *p) {*p = 42; }");
	assert_int_equal(size, strlen(text) + 1);
	OK(clBuildProgram(program, 0, NULL, NULL, NULL, NULL));
	assert_int_equal(run_one(program, "k"), 42);
	OK(clReleaseProgram(program));

	program = clCreateProgramWithSource(context, 1, with_null, &five, &error);
	OK(clGetProgramInfo(program, CL_PROGRAM_SOURCE, sizeof(text), text, NULL));
	assert_string_equal(text, "abcd");
	OK(clReleaseProgram(program));

	assert_null(clCreateProgramWithSource(context, 0, strings, NULL, &error));
	assert_cl(error, CL_INVALID_VALUE);
	assert_null(clCreateProgramWithSource(context, 1, NULL, NULL, &error));
	assert_cl(error, CL_INVALID_VALUE);
	assert_null(clCreateProgramWithSource(context, 2, with_null, NULL, &error));
	assert_cl(error, CL_INVALID_VALUE);
	assert_null(clCreateProgramWithSource(NULL, 1, strings, NULL, &error));
	assert_cl(error, CL_INVALID_CONTEXT);
}

static void test_build_and_queries(void **state)
{
	cl_program program = new_program(context, source);
	cl_device_id device = find_device();
	cl_context its_context;
	cl_uint number;
	size_t count, size;
	char text[256];

	(void)state;
	assert_int_equal(build_status(program), CL_BUILD_NONE);
	assert_int_equal(binary_type(program), CL_PROGRAM_BINARY_TYPE_NONE);
	assert_cl(clGetProgramInfo(program, CL_PROGRAM_NUM_KERNELS, sizeof(count), &count, NULL),
		  CL_INVALID_PROGRAM_EXECUTABLE);
	OK(clGetProgramInfo(program, CL_PROGRAM_BINARY_SIZES, sizeof(size), &size, NULL));
	assert_int_equal(size, 0);

	OK(clBuildProgram(program, 1, &device, "-D X=1  -cl-std=CL2.0", NULL, NULL));
	assert_int_equal(build_status(program), CL_BUILD_SUCCESS);
	assert_int_equal(binary_type(program), CL_PROGRAM_BINARY_TYPE_EXECUTABLE);
	OK(clGetProgramBuildInfo(program, device, CL_PROGRAM_BUILD_OPTIONS, sizeof(text), text, NULL));
	assert_string_equal(text, "-D X=1  -cl-std=CL2.0");
	OK(clGetProgramInfo(program, CL_PROGRAM_NUM_KERNELS, sizeof(count), &count, NULL));
	assert_int_equal(count, 2);
	OK(clGetProgramInfo(program, CL_PROGRAM_KERNEL_NAMES, sizeof(text), text, &size));
	assert_string_equal(text, "one;two");
	assert_int_equal(size, 8);
	OK(clGetProgramInfo(program, CL_PROGRAM_REFERENCE_COUNT, sizeof(number), &number, NULL));
	assert_int_equal(number, 1);
	OK(clGetProgramInfo(program, CL_PROGRAM_CONTEXT, sizeof(its_context), &its_context, NULL));
	assert_ptr_equal(its_context, context);
	OK(clGetProgramInfo(program, CL_PROGRAM_IL, 0, NULL, &size));
	assert_int_equal(size, 0);
	assert_cl(clGetProgramInfo(program, CL_PROGRAM_NUM_DEVICES, 1, &number, NULL), CL_INVALID_VALUE);
	assert_cl(clGetProgramInfo(program, 0x1234, sizeof(number), &number, NULL), CL_INVALID_VALUE);
	assert_cl(clGetProgramBuildInfo(program, NULL, CL_PROGRAM_BUILD_STATUS, 4, &number, NULL),
		  CL_INVALID_DEVICE);
	assert_int_equal(run_one(program, "one"), 1);
	assert_int_equal(run_one(program, "two"), 2);
	OK(clReleaseProgram(program));
	assert_cl(clReleaseProgram(NULL), CL_INVALID_PROGRAM);
}

static void test_failures(void **state)
{
	cl_program program = new_program(context, "kernel void k() { undeclared = 1; }");
	cl_device_id device = find_device();
	char log[4096];

	(void)state;
	assert_cl(clBuildProgram(program, 0, NULL, NULL, NULL, NULL), CL_BUILD_PROGRAM_FAILURE);
	assert_int_equal(build_status(program), CL_BUILD_ERROR);
	OK(clGetProgramBuildInfo(program, device, CL_PROGRAM_BUILD_LOG, sizeof(log), log, NULL));
	assert_non_null(strstr(log, "undeclared"));
	assert_cl(clCompileProgram(program, 0, NULL, NULL, 0, NULL, NULL, NULL, NULL),
		  CL_COMPILE_PROGRAM_FAILURE);
	assert_cl(clBuildProgram(program, 0, NULL, "-not-an-option", NULL, NULL),
		  CL_INVALID_BUILD_OPTIONS);
	assert_cl(clCompileProgram(program, 0, NULL, "-not-an-option", 0, NULL, NULL, NULL, NULL),
		  CL_INVALID_COMPILER_OPTIONS);

	assert_cl(clBuildProgram(NULL, 0, NULL, NULL, NULL, NULL), CL_INVALID_PROGRAM);
	assert_cl(clBuildProgram(program, 1, NULL, NULL, NULL, NULL), CL_INVALID_VALUE);
	assert_cl(clBuildProgram(program, 0, &device, NULL, NULL, NULL), CL_INVALID_VALUE);
	assert_cl(clBuildProgram(program, 0, NULL, NULL, NULL, &device), CL_INVALID_VALUE);
	device = NULL;
	assert_cl(clBuildProgram(program, 1, &device, NULL, NULL, NULL), CL_INVALID_DEVICE);
	OK(clReleaseProgram(program));
}

static void test_rebuild(void **state)
{
	cl_program program = build_program(context, source, NULL);
	cl_kernel kernel = new_kernel(program, "one");

	(void)state;
	assert_cl(clBuildProgram(program, 0, NULL, NULL, NULL, NULL), CL_INVALID_OPERATION);
	assert_cl(clCompileProgram(program, 0, NULL, NULL, 0, NULL, NULL, NULL, NULL),
		  CL_INVALID_OPERATION);
	OK(clReleaseKernel(kernel));
	OK(clBuildProgram(program, 0, NULL, "-cl-opt-disable", NULL, NULL));
	assert_int_equal(run_one(program, "two"), 2);
	OK(clReleaseProgram(program));
}

static atomic_int built;

static void CL_CALLBACK on_built(cl_program program, void *data)
{
	*(cl_build_status *)data = build_status(program);
	atomic_fetch_add(&built, 1);
}

static void test_asynchronous_build(void **state)
{
	static cl_build_status good_status, bad_status;
	cl_program good = new_program(context, source), bad = new_program(context, "nonsense");

	(void)state;
	atomic_store(&built, 0);
	OK(clBuildProgram(good, 0, NULL, "-D ASYNC", on_built, &good_status));
	OK(clBuildProgram(bad, 0, NULL, NULL, on_built, &bad_status));
	await(&built, 2);
	assert_int_equal(good_status, CL_BUILD_SUCCESS);
	assert_int_equal(bad_status, CL_BUILD_ERROR);
	assert_int_equal(run_one(good, "one"), 1);
	OK(clReleaseProgram(good));
	OK(clReleaseProgram(bad));
}

static void test_compile_and_link(void **state)
{
	cl_program main_part = new_program(context,
		"#include \"answer.h\"\n#include <sub/dir.h>\n"
		"int twice(int);\nkernel void k(global int *p) { *p = twice(ANSWER) + OFFSET; }\n");
	cl_program other = new_program(context, "int twice(int x) { return 2 * x; }\n");
	cl_program headers[] = { new_program(context, "#define ANSWER 21\n"),
				 new_program(context, "#define OFFSET 1\n") };
	const char *names[] = { "answer.h", "sub/dir.h" };
	cl_program parts[2], library, linked;
	cl_int error;

	(void)state;
	OK(clCompileProgram(main_part, 0, NULL, NULL, 2, headers, names, NULL, NULL));
	OK(clCompileProgram(other, 0, NULL, NULL, 0, NULL, NULL, NULL, NULL));
	assert_int_equal(binary_type(main_part), CL_PROGRAM_BINARY_TYPE_COMPILED_OBJECT);

	library = clLinkProgram(context, 0, NULL, "-create-library -enable-link-options", 1, &other, NULL, NULL, &error);
	OK(error);
	assert_int_equal(binary_type(library), CL_PROGRAM_BINARY_TYPE_LIBRARY);
	parts[0] = main_part;
	parts[1] = library;
	linked = clLinkProgram(context, 0, NULL, NULL, 2, parts, NULL, NULL, &error);
	OK(error);
	assert_int_equal(binary_type(linked), CL_PROGRAM_BINARY_TYPE_EXECUTABLE);
	assert_int_equal(run_one(linked, "k"), 43);
	assert_cl(clBuildProgram(linked, 0, NULL, NULL, NULL, NULL), CL_INVALID_OPERATION);
	OK(clReleaseProgram(linked));

	/* Without the other part a symbol is missing; there is a program for the log. */
	linked = clLinkProgram(context, 0, NULL, NULL, 1, &main_part, NULL, NULL, &error);
	assert_cl(error, CL_LINK_PROGRAM_FAILURE);
	assert_non_null(linked);
	assert_int_equal(build_status(linked), CL_BUILD_ERROR);
	OK(clReleaseProgram(linked));

	assert_null(clLinkProgram(context, 0, NULL, NULL, 1, headers, NULL, NULL, &error));
	assert_cl(error, CL_INVALID_OPERATION);
	assert_null(clLinkProgram(context, 0, NULL, NULL, 0, NULL, NULL, NULL, &error));
	assert_cl(error, CL_INVALID_VALUE);
	assert_null(clLinkProgram(context, 0, NULL, "-no-such", 2, parts, NULL, NULL, &error));
	assert_cl(error, CL_INVALID_LINKER_OPTIONS);
	assert_null(clLinkProgram(context, 0, NULL, "-enable-link-options", 2, parts, NULL, NULL, &error));
	assert_cl(error, CL_INVALID_LINKER_OPTIONS);
	assert_cl(clCompileProgram(main_part, 0, NULL, NULL, 1, NULL, NULL, NULL, NULL),
		  CL_INVALID_VALUE);
	OK(clReleaseProgram(library));
	OK(clReleaseProgram(main_part));
	OK(clReleaseProgram(other));
	OK(clReleaseProgram(headers[0]));
	OK(clReleaseProgram(headers[1]));
}

static void write_file(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	OK(fclose(file));
}

/* In a directory whose files have the names of the headers that come with the program, and its own. */
static void test_headers_before_files(void **state)
{
	static const char *const files[] = { "near.h", "a/b.h", "a/near.h", "value.h" };
	const char *names[] = { "value.h", "a/b.h", "a/near.h", "/.hmmcl-test/none.h", "value.h" };
	cl_program headers[] = {
		new_program(context, "#define VALUE 1\n"),
		new_program(context, "#include \"near.h\"\n#include \"value.h\"\n#include \"disk.h\"\n"),
		new_program(context, "#define NEAR 10\n"),
		new_program(context, "#define ABSOLUTE 100\n"),
		new_program(context, "#error the second of a name\n"),
	};
	char directory[] = "/tmp/hmmcl-test-headers-XXXXXX", old[4096];
	cl_program program = new_program(context,
		"#include \"a/b.h\"\n#include </.hmmcl-test/none.h>\n#include \"program.cl\"\n"
		"kernel void k(global int *p) { *p = VALUE + NEAR + ABSOLUTE + DISK + OTHER; }\n");
	cl_program linked;
	cl_int error;

	(void)state;
	assert_non_null(mkdtemp(directory));
	assert_non_null(getcwd(old, sizeof(old)));
	OK(chdir(directory));
	OK(mkdir("a", 0700));
	for (size_t i = 0; i < COUNT(files); i++)
		write_file(files[i], "#error a file, not the header\n");
	write_file("disk.h", "#define DISK 1000\n");
	write_file("program.cl", "#define OTHER 10000\n");
	error = clCompileProgram(program, 0, NULL, "-I . -I a", COUNT(names), headers, names, NULL, NULL);
	if (error)
		print_log(program);
	OK(error);
	linked = clLinkProgram(context, 0, NULL, NULL, 1, &program, NULL, NULL, &error);
	OK(error);
	assert_int_equal(run_one(linked, "k"), 11111);
	for (size_t i = 0; i < COUNT(files); i++)
		OK(unlink(files[i]));
	OK(unlink("disk.h"));
	OK(unlink("program.cl"));
	OK(rmdir("a"));
	OK(chdir(old));
	OK(rmdir(directory));
	OK(clReleaseProgram(linked));
	OK(clReleaseProgram(program));
	for (size_t i = 0; i < COUNT(headers); i++)
		OK(clReleaseProgram(headers[i]));
}

/* The log says which line of the program is wrong, by a name that is the same everywhere. */
static void test_log(void **state)
{
	static char log[1 << 12];
	cl_program program = new_program(context, "\nkernel void k() { nonsense; }\n");
	cl_program assembly = new_program(context, "__asm__(\"nop\");\nkernel void k() {}\n");

	(void)state;
	assert_cl(clBuildProgram(program, 0, NULL, NULL, NULL, NULL), CL_BUILD_PROGRAM_FAILURE);
	OK(clGetProgramBuildInfo(program, find_device(), CL_PROGRAM_BUILD_LOG, sizeof(log), log, NULL));
	assert_int_equal(strncmp(log, "program.cl:2:19: error: ", 24), 0);
	/* Assembly has no place in OpenCL C, not outside of functions either. */
	assert_cl(clBuildProgram(assembly, 0, NULL, NULL, NULL, NULL), CL_BUILD_PROGRAM_FAILURE);
	OK(clGetProgramBuildInfo(assembly, find_device(), CL_PROGRAM_BUILD_LOG, sizeof(log), log, NULL));
	assert_non_null(strstr(log, "assembly"));
	assert_cl(clCompileProgram(assembly, 0, NULL, NULL, 0, NULL, NULL, NULL, NULL),
		  CL_COMPILE_PROGRAM_FAILURE);
	OK(clReleaseProgram(assembly));
	OK(clReleaseProgram(program));
}

static void test_binaries(void **state)
{
	cl_program program = build_program(context, source, "-cl-std=CL1.2"), copy;
	cl_device_id device = find_device();
	const unsigned char *bytes;
	cl_int error, status;
	unsigned char *binary, *again;
	size_t size, size_again;
	char text[64];

	(void)state;
	bytes = binary = get_binary(program, &size);
	copy = clCreateProgramWithBinary(context, 1, &device, &size, &bytes, &status, &error);
	OK(error);
	OK(status);
	assert_cl(clCompileProgram(copy, 0, NULL, NULL, 0, NULL, NULL, NULL, NULL),
		  CL_INVALID_OPERATION);
	OK(clBuildProgram(copy, 0, NULL, NULL, NULL, NULL));
	OK(clGetProgramBuildInfo(copy, device, CL_PROGRAM_BUILD_OPTIONS, sizeof(text), text, NULL));
	assert_string_equal(text, "-cl-std=CL1.2");
	assert_int_equal(run_one(copy, "two"), 2);
	again = get_binary(copy, &size_again);
	assert_int_equal(size, size_again);
	assert_memory_equal(binary, again, size);
	free(again);
	OK(clReleaseProgram(copy));

	/* Any byte that is not as it was, and every size that is too small. */
	for (size_t at = 0; at < size; at += size / 61 + 1) {
		binary[at] ^= 0x40;
		assert_null(clCreateProgramWithBinary(context, 1, &device, &size, &bytes, &status,
						      &error));
		assert_cl(error, CL_INVALID_BINARY);
		assert_cl(status, CL_INVALID_BINARY);
		binary[at] ^= 0x40;
		if (!at)
			continue;
		assert_null(clCreateProgramWithBinary(context, 1, &device, &at, &bytes, NULL, &error));
		assert_cl(error, CL_INVALID_BINARY);
	}
	/* Whole, and from another machine: the target is at 8, the digest behind the sizes (core/binary.c). */
	struct hmmcl_hash hash;
	binary[8] ^= 1;
	memset(binary + 40, 0, HMMCL_HASH_SIZE);
	hmmcl_hash_init(&hash);
	hmmcl_hash_add(&hash, binary, size);
	hmmcl_hash_end(&hash, binary + 40);
	assert_null(clCreateProgramWithBinary(context, 1, &device, &size, &bytes, &status, &error));
	assert_cl(error, CL_INVALID_BINARY);
	assert_cl(status, CL_INVALID_BINARY);
	/* So forged it would be taken, were it from here. */
	binary[8] ^= 1;
	memset(binary + 40, 0, HMMCL_HASH_SIZE);
	hmmcl_hash_init(&hash);
	hmmcl_hash_add(&hash, binary, size);
	hmmcl_hash_end(&hash, binary + 40);
	copy = clCreateProgramWithBinary(context, 1, &device, &size, &bytes, &status, &error);
	OK(error);
	OK(clReleaseProgram(copy));

	size = 0;
	assert_null(clCreateProgramWithBinary(context, 1, &device, &size, &bytes, &status, &error));
	assert_cl(error, CL_INVALID_VALUE);
	assert_cl(status, CL_INVALID_VALUE);
	assert_null(clCreateProgramWithBinary(context, 0, NULL, &size, &bytes, NULL, &error));
	assert_cl(error, CL_INVALID_VALUE);
	free(binary);
	OK(clReleaseProgram(program));
}

static void test_unsupported(void **state)
{
	cl_program program = new_program(context, source);
	cl_device_id device = find_device();
	cl_int error;

	(void)state;
	assert_null(clCreateProgramWithIL(context, "x", 1, &error));
	assert_cl(error, CL_INVALID_OPERATION);
	assert_null(clCreateProgramWithBuiltInKernels(context, 1, &device, "k", &error));
	assert_cl(error, CL_INVALID_VALUE);
	assert_cl(clSetProgramReleaseCallback(program, NULL, NULL), CL_INVALID_VALUE);
	assert_cl(clSetProgramReleaseCallback(program, on_built, NULL), CL_INVALID_OPERATION);
	assert_cl(clSetProgramSpecializationConstant(program, 0, 4, &error), CL_INVALID_OPERATION);
	OK(clReleaseProgram(program));
}

/* Each program has its own program-scope variables, and they keep their values between kernels. */
static void test_program_scope_variables(void **state)
{
	static const char text[] = "global int counter = 10;\n"
				   "kernel void k(global int *p) { *p = ++counter; }\n";
	cl_program a = build_program(context, text, "-cl-std=CL3.0");
	cl_program b = build_program(context, text, "-cl-std=CL3.0");
	size_t size;

	(void)state;
	OK(clGetProgramBuildInfo(a, find_device(), CL_PROGRAM_BUILD_GLOBAL_VARIABLE_TOTAL_SIZE,
				 sizeof(size), &size, NULL));
	assert_true(size >= sizeof(cl_int));
	assert_int_equal(run_one(a, "k"), 11);
	assert_int_equal(run_one(a, "k"), 12);
	assert_int_equal(run_one(b, "k"), 11);
	OK(clReleaseProgram(a));
	OK(clReleaseProgram(b));
}

static void *build_many(void *data)
{
	int base = *(int *)data;

	for (int i = 0; i < 4; i++) {
		char text[128];
		cl_program program;

		snprintf(text, sizeof(text), "kernel void k(global int *p) { *p = %d; }", base + i);
		program = build_program(context, text, NULL);
		assert_int_equal(run_one(program, "k"), base + i);
		OK(clReleaseProgram(program));
	}
	return NULL;
}

static void test_threads(void **state)
{
	pthread_t threads[4];
	int bases[4];

	(void)state;
	for (int i = 0; i < 4; i++) {
		bases[i] = 100 * i;
		assert_int_equal(pthread_create(&threads[i], NULL, build_many, &bases[i]), 0);
	}
	for (int i = 0; i < 4; i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_sources, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_build_and_queries, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_failures, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_rebuild, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_asynchronous_build, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_compile_and_link, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_headers_before_files, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_log, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_binaries, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_unsupported, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_program_scope_variables, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_threads, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
