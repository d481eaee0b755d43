/* SPDX-License-Identifier: MIT */
/* NDRanges: sizes, offsets, groups that are not uniform, empty ranges, what is refused. */
#include "program.h"

static const char source[] =
	"kernel void ids(global ulong *out, ulong width, ulong height) {\n"
	"  size_t at = (get_global_id(2) - get_global_offset(2)) * width * height +\n"
	"              (get_global_id(1) - get_global_offset(1)) * width +\n"
	"              get_global_id(0) - get_global_offset(0);\n"
	"  global ulong *p = out + at * 8;\n"
	"  p[0] = get_global_id(0); p[1] = get_global_id(1); p[2] = get_global_id(2);\n"
	"  p[3] = get_local_size(0); p[4] = get_local_id(0); p[5] = get_group_id(0);\n"
	"  p[6] = get_enqueued_local_size(0); p[7] = get_num_groups(0); }\n"
	"kernel void count(global int *n) { atomic_inc(n); }\n"
	"kernel __attribute__((reqd_work_group_size(8, 1, 1))) void eight(global int *n)\n"
	"{ if (get_local_size(0) == 8) atomic_inc(n); }\n";

static cl_context context;
static cl_command_queue queue;
static cl_program modern, old;

static int set_up(void **state)
{
	(void)state;
	context = new_context();
	queue = new_queue(context, 0);
	modern = build_program(context, source, "-cl-std=CL3.0");
	old = build_program(context, "kernel void count(global int *n) { atomic_inc(n); }", NULL);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	OK(clReleaseProgram(modern));
	OK(clReleaseProgram(old));
	OK(clReleaseCommandQueue(queue));
	OK(clReleaseContext(context));
	return 0;
}

static void check_ids(const size_t offset[3], const size_t global[3], const size_t *local)
{
	const cl_ulong width = global[0], height = global[1];
	size_t items = global[0] * global[1] * global[2];
	cl_ulong *out = calloc(items, 64);
	cl_kernel kernel = new_kernel(modern, "ids");

	OK(clSetKernelArgSVMPointer(kernel, 0, out));
	OK(clSetKernelArg(kernel, 1, sizeof(width), &width));
	OK(clSetKernelArg(kernel, 2, sizeof(height), &height));
	OK(clEnqueueNDRangeKernel(queue, kernel, 3, offset, global, local, 0, NULL, NULL));
	OK(clFinish(queue));
	for (size_t z = 0, at = 0; z < global[2]; z++) {
		for (size_t y = 0; y < global[1]; y++) {
			for (size_t x = 0; x < global[0]; x++, at++) {
				const cl_ulong *p = out + 8 * at;
				size_t enqueued = p[6], group = p[5];
				size_t left = global[0] - group * enqueued;

				assert_int_equal(p[0], x + offset[0]);
				assert_int_equal(p[1], y + offset[1]);
				assert_int_equal(p[2], z + offset[2]);
				if (local)
					assert_int_equal(enqueued, local[0]);
				assert_int_equal(group, x / enqueued);
				assert_int_equal(p[4], x % enqueued);
				assert_int_equal(p[3], left < enqueued ? left : enqueued);
				assert_int_equal(p[7], (global[0] + enqueued - 1) / enqueued);
			}
		}
	}
	OK(clReleaseKernel(kernel));
	free(out);
}

static void test_ids(void **state)
{
	static const struct { size_t offset[3], global[3], local[3]; } cases[] = {
		{ { 0, 0, 0 }, { 1, 1, 1 }, { 1, 1, 1 } },
		{ { 0, 0, 0 }, { 64, 1, 1 }, { 16, 1, 1 } },
		{ { 5, 7, 9 }, { 12, 10, 4 }, { 4, 5, 2 } },
		{ { 0, 0, 0 }, { 17, 3, 2 }, { 5, 2, 2 } },
		{ { 1000000007, 1, 0 }, { 101, 1, 1 }, { 100, 1, 1 } },
		{ { 0, 3, 0 }, { 3, 50, 1 }, { 64, 7, 1 } },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		check_ids(cases[i].offset, cases[i].global, cases[i].local);
		check_ids(cases[i].offset, cases[i].global, NULL);
	}
}

static cl_int run_count(cl_program program, const char *name, cl_uint dims, const size_t *offset,
			const size_t *global, const size_t *local, cl_int *n)
{
	cl_kernel kernel = new_kernel(program, name);
	cl_int error;

	*n = 0;
	OK(clSetKernelArgSVMPointer(kernel, 0, n));
	error = clEnqueueNDRangeKernel(queue, kernel, dims, offset, global, local, 0, NULL, NULL);
	OK(clFinish(queue));
	OK(clReleaseKernel(kernel));
	return error;
}

static void test_uniform(void **state)
{
	const size_t nine = 9, four = 4, three = 3, prime = 10007;
	cl_program option = build_program(context, source,
					  "-cl-std=CL2.0 -cl-uniform-work-group-size");
	cl_int n;

	(void)state;
	assert_cl(run_count(old, "count", 1, NULL, &nine, &four, &n), CL_INVALID_WORK_GROUP_SIZE);
	assert_cl(run_count(option, "count", 1, NULL, &nine, &four, &n), CL_INVALID_WORK_GROUP_SIZE);
	OK(run_count(modern, "count", 1, NULL, &nine, &four, &n));
	assert_int_equal(n, 9);
	OK(run_count(old, "count", 1, NULL, &nine, &three, &n));
	assert_int_equal(n, 9);
	OK(run_count(old, "count", 1, NULL, &prime, NULL, &n));
	assert_int_equal(n, prime);
	OK(clReleaseProgram(option));
}

static cl_program compile_part(const char *text, const char *options)
{
	cl_program program = new_program(context, text);

	OK(clCompileProgram(program, 0, NULL, options, 0, NULL, NULL, NULL, NULL));
	return program;
}

/* Of programs that are linked, each kernel keeps what the options said that it was compiled with. */
static void test_uniform_linked(void **state)
{
	static const char tail[] = "kernel void tail(global int *n)\n"
				   "{ if (get_local_size(0) == 2) atomic_inc(n); }\n";
	const size_t ten = 10, four = 4, five = 5;
	cl_program parts[] = {
		compile_part("kernel void strict(global int *n) { atomic_inc(n); }", "-cl-std=CL1.2"),
		compile_part(tail, "-cl-std=CL3.0"),
	};
	cl_program linked, option;
	cl_int error, n;

	(void)state;
	linked = clLinkProgram(context, 0, NULL, NULL, 2, parts, NULL, NULL, &error);
	OK(error);
	OK(run_count(linked, "tail", 1, NULL, &ten, &four, &n));
	assert_int_equal(n, 2);
	assert_cl(run_count(linked, "strict", 1, NULL, &ten, &four, &n), CL_INVALID_WORK_GROUP_SIZE);
	OK(run_count(linked, "strict", 1, NULL, &ten, &five, &n));
	assert_int_equal(n, 10);
	option = clLinkProgram(context, 0, NULL, "-cl-uniform-work-group-size", 2, parts, NULL, NULL,
			       &error);
	OK(error);
	assert_cl(run_count(option, "tail", 1, NULL, &ten, &four, &n), CL_INVALID_WORK_GROUP_SIZE);
	OK(clReleaseProgram(option));
	OK(clReleaseProgram(linked));
	OK(clReleaseProgram(parts[0]));
	OK(clReleaseProgram(parts[1]));
}

static void test_required_size(void **state)
{
	const size_t sixteen = 16, eight = 8, four = 4, twelve = 12;
	cl_int n;

	(void)state;
	OK(run_count(modern, "eight", 1, NULL, &sixteen, &eight, &n));
	assert_int_equal(n, 16);
	OK(run_count(modern, "eight", 1, NULL, &sixteen, NULL, &n));
	assert_int_equal(n, 16);
	assert_cl(run_count(modern, "eight", 1, NULL, &sixteen, &four, &n), CL_INVALID_WORK_GROUP_SIZE);
	OK(run_count(modern, "eight", 1, NULL, &twelve, NULL, &n));
	assert_int_equal(n, 8);
}

static void test_empty(void **state)
{
	const size_t sizes[3] = { 4, 0, 4 };
	cl_kernel kernel = new_kernel(modern, "count");
	cl_event event;
	cl_int n = 0;

	(void)state;
	OK(clSetKernelArgSVMPointer(kernel, 0, &n));
	OK(clEnqueueNDRangeKernel(queue, kernel, 3, NULL, sizes, NULL, 0, NULL, &event));
	OK(clWaitForEvents(1, &event));
	assert_int_equal(status_of(event), CL_COMPLETE);
	OK(clReleaseEvent(event));
	OK(clEnqueueNDRangeKernel(queue, kernel, 1, NULL, NULL, NULL, 0, NULL, &event));
	OK(clWaitForEvents(1, &event));
	OK(clReleaseEvent(event));
	assert_int_equal(n, 0);
	OK(clReleaseKernel(kernel));
}

static void test_refused(void **state)
{
	const size_t sizes[4] = { 4, 4, 4, 4 }, zero[3] = { 0, 1, 1 }, large[3] = { 64, 64, 64 };
	const size_t huge[3] = { SIZE_MAX, 1, 1 }, one[3] = { 1, 1, 1 }, wide = 1 << 20;
	const size_t vast[3] = { (size_t)1 << 40, (size_t)1 << 40, 1 };
	cl_context other = new_context();
	cl_command_queue foreign = new_queue(other, 0);
	cl_kernel kernel = new_kernel(modern, "count");
	cl_event event = NULL;
	cl_int n = 0;

	(void)state;
	assert_cl(clEnqueueNDRangeKernel(queue, kernel, 1, NULL, sizes, NULL, 0, NULL, NULL),
		  CL_INVALID_KERNEL_ARGS);
	OK(clSetKernelArgSVMPointer(kernel, 0, &n));
	assert_cl(clEnqueueNDRangeKernel(NULL, kernel, 1, NULL, sizes, NULL, 0, NULL, NULL),
		  CL_INVALID_COMMAND_QUEUE);
	assert_cl(clEnqueueNDRangeKernel(queue, NULL, 1, NULL, sizes, NULL, 0, NULL, NULL),
		  CL_INVALID_KERNEL);
	assert_cl(clEnqueueNDRangeKernel(foreign, kernel, 1, NULL, sizes, NULL, 0, NULL, NULL),
		  CL_INVALID_CONTEXT);
	assert_cl(clEnqueueNDRangeKernel(queue, kernel, 0, NULL, sizes, NULL, 0, NULL, NULL),
		  CL_INVALID_WORK_DIMENSION);
	assert_cl(clEnqueueNDRangeKernel(queue, kernel, 4, NULL, sizes, NULL, 0, NULL, NULL),
		  CL_INVALID_WORK_DIMENSION);
	assert_cl(clEnqueueNDRangeKernel(queue, kernel, 3, huge, one, NULL, 0, NULL, NULL),
		  CL_INVALID_GLOBAL_OFFSET);
	assert_cl(clEnqueueNDRangeKernel(queue, kernel, 3, NULL, vast, NULL, 0, NULL, NULL),
		  CL_INVALID_GLOBAL_WORK_SIZE);
	assert_cl(clEnqueueNDRangeKernel(queue, kernel, 3, NULL, sizes, zero, 0, NULL, NULL),
		  CL_INVALID_WORK_GROUP_SIZE);
	assert_cl(clEnqueueNDRangeKernel(queue, kernel, 3, NULL, large, large, 0, NULL, NULL),
		  CL_INVALID_WORK_GROUP_SIZE);
	assert_cl(clEnqueueNDRangeKernel(queue, kernel, 1, NULL, &wide, &wide, 0, NULL, NULL),
		  CL_INVALID_WORK_ITEM_SIZE);
	assert_cl(clEnqueueNDRangeKernel(queue, kernel, 1, NULL, sizes, NULL, 1, NULL, NULL),
		  CL_INVALID_EVENT_WAIT_LIST);
	assert_cl(clEnqueueNDRangeKernel(queue, kernel, 1, NULL, sizes, NULL, 1, &event, NULL),
		  CL_INVALID_EVENT_WAIT_LIST);
	OK(clFinish(queue));
	assert_int_equal(n, 0);
	OK(clReleaseKernel(kernel));
	OK(clReleaseCommandQueue(foreign));
	OK(clReleaseContext(other));
}

static void test_task(void **state)
{
	cl_kernel kernel = new_kernel(modern, "count"), fixed = new_kernel(modern, "eight");
	cl_command_type type;
	cl_event event;
	cl_int n = 0;

	(void)state;
	OK(clSetKernelArgSVMPointer(kernel, 0, &n));
	OK(clSetKernelArgSVMPointer(fixed, 0, &n));
	OK(clEnqueueTask(queue, kernel, 0, NULL, &event));
	OK(clFinish(queue));
	assert_int_equal(n, 1);
	OK(clGetEventInfo(event, CL_EVENT_COMMAND_TYPE, sizeof(type), &type, NULL));
	assert_int_equal(type, CL_COMMAND_TASK);
	OK(clReleaseEvent(event));
	assert_cl(clEnqueueTask(queue, fixed, 0, NULL, NULL), CL_INVALID_WORK_GROUP_SIZE);
	OK(clReleaseKernel(kernel));
	OK(clReleaseKernel(fixed));
}

/* The size that is suggested is the one that a launch without local size gets. */
static void test_suggested(void **state)
{
	clGetKernelSuggestedLocalWorkSizeKHR_fn suggest =
		(clGetKernelSuggestedLocalWorkSizeKHR_fn)clGetExtensionFunctionAddressForPlatform(
			find_platform(), "clGetKernelSuggestedLocalWorkSizeKHR");
	static const size_t globals[][3] = { { 1, 1, 1 }, { 4096, 1, 1 }, { 30, 14, 6 }, { 113, 3, 7 } };
	cl_kernel kernel = new_kernel(modern, "ids");
	size_t local[3];

	(void)state;
	assert_non_null(suggest);
	for (size_t i = 0; i < COUNT(globals); i++) {
		const cl_ulong width = globals[i][0], height = globals[i][1];
		cl_ulong *out = calloc(width * height * globals[i][2], 64);

		OK(clSetKernelArgSVMPointer(kernel, 0, out));
		OK(clSetKernelArg(kernel, 1, sizeof(width), &width));
		OK(clSetKernelArg(kernel, 2, sizeof(height), &height));
		OK(suggest(queue, kernel, 3, NULL, globals[i], local));
		for (int d = 0; d < 3; d++)
			assert_int_equal(globals[i][d] % local[d], 0);
		OK(clEnqueueNDRangeKernel(queue, kernel, 3, NULL, globals[i], NULL, 0, NULL, NULL));
		OK(clFinish(queue));
		assert_int_equal(out[6], local[0]);
		free(out);
	}
	assert_cl(suggest(queue, kernel, 3, NULL, globals[0], NULL), CL_INVALID_VALUE);
	assert_cl(suggest(queue, kernel, 3, NULL, NULL, local), CL_INVALID_GLOBAL_WORK_SIZE);
	OK(clReleaseKernel(kernel));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_ids, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_uniform, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_uniform_linked, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_required_size, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_empty, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_refused, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_task, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_suggested, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
