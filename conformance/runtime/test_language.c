/* SPDX-License-Identifier: MIT */
/*
 * The language, executed: each language/NAME.cl checks itself (check.h) and says in its first comments with
 * which options and sizes it runs; it is built with and without optimisation.  Then programs that must
 * be refused, with a word that the log must have.
 */
#include "program.h"

static char *read_source(const char *name)
{
	char path[512];
	char *text = calloc(1, 1 << 16);
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s.cl", LANGUAGE_DIR, name);
	file = fopen(path, "r");
	assert_non_null(file);
	assert_in_range(fread(text, 1, (1 << 16) - 1, file), 1, (1 << 16) - 2);
	fclose(file);
	return text;
}

/* What stands after @key in one of the file's comments; "" if nothing does. */
static void read_note(const char *text, const char *key, char *note, size_t size)
{
	const char *start = strstr(text, key);

	note[0] = 0;
	if (start) {
		start += strlen(key);
		snprintf(note, size, "%.*s", (int)(strstr(start, " */") - start), start);
	}
}

/* "X Y Z : X Y Z", global and local; one item if it is empty. */
static cl_uint read_sizes(const char *note, size_t *global, size_t *local)
{
	char *at = (char *)note;
	cl_uint dim = 0;

	global[0] = local[0] = 1;
	if (!*at)
		return 1;
	for (; *at && *at != ':'; at += strspn(at, " "))
		global[dim++] = strtoul(at, &at, 10);
	for (cl_uint i = 0; i < dim; i++)
		local[i] = strtoul(at + 1, &at, 10);
	return dim;
}

static void run(const char *name, const char *more_options)
{
	char note[256], sizes[64], options[1024];
	char *text = read_source(name);
	cl_context context = new_context();
	cl_command_queue queue = new_queue(context, 0);
	unsigned int *out = aligned_alloc(128, 4096);
	size_t global[3], local[3];
	cl_uint dim, wrong = 0;
	cl_program program;
	cl_kernel kernel;
	const int one = 1;

	memset(out, 0, 4096);
	read_note(text, "options: ", note, sizeof(note));
	read_note(text, "size: ", sizes, sizeof(sizes));
	dim = read_sizes(sizes, global, local);
	snprintf(options, sizeof(options), "%s -I %s %s", note, LANGUAGE_DIR, more_options);
	program = build_program(context, text, options);
	kernel = new_kernel(program, "test");
	OK(clSetKernelArgSVMPointer(kernel, 0, out));
	OK(clSetKernelArg(kernel, 1, sizeof(one), &one));
	OK(clEnqueueNDRangeKernel(queue, kernel, dim, NULL, global, local, 0, NULL, NULL));
	OK(clFinish(queue));
	for (unsigned int i = 0; i < out[1023] && i < 900; i++) {
		if (out[i] == 1)
			continue;
		wrong++;
		fprintf(stderr, "%s.cl:%u: check %u fails with options %s\n", name, out[i], i, options);
	}
	assert_int_equal(wrong, 0);
	assert_in_range(out[1023], 5, 900);
	free(out);
	OK(clReleaseKernel(kernel));
	OK(clReleaseProgram(program));
	OK(clReleaseCommandQueue(queue));
	OK(clReleaseContext(context));
	free(text);
}

static void test_file(void **state)
{
	run(*state, "");
	run(*state, "-cl-opt-disable");
}

struct refusal {
	const char *source, *options, *word;
};

static const struct refusal refusals[] = {
	{ "int f(int n) { return n ? f(n - 1) : 0; } kernel void k(global int *p) { *p = f(*p); }", "", "recursion" },
	{ "int g(int); int f(int n) { return n ? g(n - 1) : 0; } int g(int n) { return f(n); }"
	  "kernel void k(global int *p) { *p = f(*p); }", "", "recursion" },
	{ "int f(int n) { return n ? f(n - 1) : 0; } kernel void k(global int *p) { *p = f(*p); }", "", "'f'" },
	{ "int f(int n) { return n; } kernel void k(global int *p) { int (*g)(int) = f; *p = g(1); }", "",
	  "function" },
	{ "int f(int n, ...) { return n; } kernel void k(global int *p) { *p = f(1, 2); }", "", "variadic" },
	{ "struct s { int a : 3; }; kernel void k(global int *p) { struct s x; x.a = *p; *p = x.a; }", "", "bit" },
	{ "kernel void k(global int *p) { int n = *p; int a[n]; a[0] = 1; *p = a[0]; }", "", "variable length" },
	{ "kernel int k(global int *p) { return *p; }", "", "void" },
	{ "kernel void k(int *p) { *p = 1; }", "-cl-std=CL1.2", "" },
	{ "kernel void k(bool b, global int *p) { *p = b; }", "", "bool" },
	{ "kernel void k(size_t n, global int *p) { *p = n; }", "", "size_t" },
	{ "kernel void k(event_t e) { }", "", "event_t" },
	{ "kernel void k(half h, global half *p) { *p = h * h; }", "-cl-std=CL1.2", "" },
	{ "void f(void) { local int x; x = 1; } kernel void k(void) { f(); }", "", "local" },
	{ "kernel void k(global int *p) { if (*p) { local int x; x = 1; *p = x; } }", "", "scope" },
	{ "kernel void k(global int *p) { local int x = 1; *p = x; }", "", "initializ" },
	{ "kernel void k(global int *p) __asm__(\"a;b\"); kernel void k(global int *p) { *p = 1; }", "", "name" },
	{ "global int far[4] __attribute__((aligned(8192))); kernel void k(global int *p) { *p = far[0]; }",
	  "-cl-std=CL3.0", "'far'" },
	{ "constant int c; kernel void k(global int *p) { *p = c; }", "", "" },
	{ "kernel void k(constant int *p) { *p = 1; }", "", "" },
	{ "int x = 1; kernel void k(global int *p) { *p = x; }", "-cl-std=CL1.2", "address space" },
	{ "kernel void k(global int *p) { static int x; *p = x++; }", "-cl-std=CL1.2", "" },
	{ "kernel void k(global int *g, local int *l) { g = l; *g = 1; }", "", "address space" },
	{ "#include <stdio.h>\nkernel void k(void) { }", "", "stdio.h" },
	{ "kernel void k(global int *p) { *p = getpid(); }", "", "getpid" },
	{ "int missing(int); kernel void k(global int *p) { *p = missing(*p); }", "", "missing" },
	{ "extern constant int c; kernel void k(global int *p) { *p = c; }", "", "c" },
	{ "kernel void k(global int *p) { int4 v = (int4)(1, 2, 3); *p = v.x; }", "", "" },
	{ "kernel void k(global int *p) { int2 v = 1; *p = v.z; }", "", "" },
	{ "kernel void k(global int *p) { *p = as_int2(1.0f).x; }", "", "as_int2" },
	{ "kernel void k(global int *p) { asm(\"nop\"); new int; }", "", "" },
	{ "kernel void k(global int *p) { try { *p = 1; } catch (...) { } }", "", "" },
	{ "kernel __attribute__((reqd_work_group_size(0, 1, 1))) void k(void) { }", "", "" },
	{ "kernel void k(global int *p) { *p = 1; } kernel void k(global int *p) { *p = 2; }", "", "k" },
	{ "kernel void k(read_only pipe int p) { }", "-cl-std=CL3.0", "pipe" },
	{ "kernel void k(global int *p) { enqueue_kernel(get_default_queue(), 0, ndrange_1D(1), ^{ *p = 1; }); }",
	  "-cl-std=CL3.0", "" },
	{ "kernel void k(global int *p) { #error stop here\n }", "", "" },
	{ "#error stop here\n", "", "stop here" },
	{ "kernel void k(global int *p) { printf(\"%d\"", "", "" },
	{ "kernel void k(int x) { printf(x ? \"%d\" : \"%i\", x); }", "", "at compile time" },
	{ "kernel void k(global int *p) { __asm__ volatile(\"nop\"); *p = 1; }", "", "assembly" },
	{ "kernel __attribute__((intel_reqd_sub_group_size(8))) void k(global int *p) { *p = 1; }", "",
	  "sub-groups of 8" },
	{ "\xff\xfe\x00", "", "" },
};

static void test_refused(void **state)
{
	cl_context context = new_context();

	(void)state;
	for (size_t i = 0; i < COUNT(refusals); i++) {
		const struct refusal *refusal = &refusals[i];
		cl_program program = new_program(context, refusal->source);
		cl_int error = clBuildProgram(program, 0, NULL, refusal->options, NULL, NULL);
		char log[4096] = "";

		OK(clGetProgramBuildInfo(program, find_device(), CL_PROGRAM_BUILD_LOG, sizeof(log), log, NULL));
		if (error != CL_BUILD_PROGRAM_FAILURE || !strstr(log, "error") || !strstr(log, refusal->word) ||
		    strstr(log, "internal error"))
			fail_msg("'%s' gives %d and the log '%s'", refusal->source, error, log);
		OK(clReleaseProgram(program));
	}
	/* What differs from one of these in a number only. */
	OK(clReleaseProgram(build_program(context, "kernel __attribute__((intel_reqd_sub_group_size(16))) void k(void) { }",
					  NULL)));
	OK(clReleaseContext(context));
}

#define FILE_TEST(file) { #file, test_file, NULL, NULL, #file }

int main(void)
{
	const struct CMUnitTest tests[] = {
		FILE_TEST(variables), FILE_TEST(names), FILE_TEST(pointers), FILE_TEST(blocks),
		FILE_TEST(collectives), FILE_TEST(atomics), FILE_TEST(vectors), FILE_TEST(copies),
		FILE_TEST(language), FILE_TEST(options), FILE_TEST(old), FILE_TEST(control),
		FILE_TEST(alignment),
		cmocka_unit_test(test_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
