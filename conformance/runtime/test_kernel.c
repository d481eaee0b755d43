/* SPDX-License-Identifier: MIT */
/* Kernels: creation, arguments, copies, queries. */
#include "program.h"

static const char source[] =
	"typedef struct { int a; char b; } pair;\n"
	"kernel void many(global const int *restrict in, constant float *c, local float4 *scratch,\n"
	"                 pair s, float3 v, char small, volatile global int *out)\n"
	"{ *out = in[0] + (int)c[0] + s.a + s.b + (int)v.z + small; scratch[0] = 0; }\n"
	"kernel __attribute__((reqd_work_group_size(4, 2, 1))) void fixed(global int *out)\n"
	"{ out[get_global_id(0)] = get_local_size(0); }\n"
	"kernel void locals(local char *a, local int *b, local double *c, global int *out)\n"
	"{ local int own[3]; own[2] = 7; a[4] = 1; b[0] = 2; c[1] = 3;\n"
	"  out[0] = a[4] + b[0] + (int)c[1] + own[2];\n"
	"  out[1] = ((size_t)b % 4 == 0) && ((size_t)c % 8 == 0); }\n"
	"struct __attribute__((aligned(256))) wide { float4 v[2]; };\n"
	"struct __attribute__((packed)) tight { char a; int b; };\n"
	"#pragma OPENCL EXTENSION cl_khr_fp16 : enable\n"
	"kernel void aligned(struct tight t, struct wide w, char c, half3 h, global int *global *out)\n"
	"{ **out = t.a + t.b + (int)w.v[1].w + c + (int)h.z + (((size_t)&w & 255) ? 0 : 1000); }\n"
	"kernel void pointer(global int *p) { if (p) *p = 5; }\n"
	"kernel void none(void) { }\n";

struct pair { cl_int a; cl_char b; };

static cl_context context;
static cl_command_queue queue;
static cl_program program;

static int set_up(void **state)
{
	(void)state;
	context = new_context();
	queue = new_queue(context, 0);
	program = build_program(context, source, "-cl-kernel-arg-info -cl-std=CL2.0");
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	OK(clReleaseProgram(program));
	OK(clReleaseCommandQueue(queue));
	OK(clReleaseContext(context));
	return 0;
}

static cl_int run(cl_kernel kernel)
{
	const size_t one = 1;
	cl_int error = clEnqueueNDRangeKernel(queue, kernel, 1, NULL, &one, NULL, 0, NULL, NULL);

	if (!error)
		OK(clFinish(queue));
	return error;
}

static void test_create(void **state)
{
	cl_program unbuilt = new_program(context, source);
	cl_kernel kernels[6], kernel;
	cl_program its_program;
	cl_uint count;
	cl_int error;
	char name[32];

	(void)state;
	assert_null(clCreateKernel(unbuilt, "none", &error));
	assert_cl(error, CL_INVALID_PROGRAM_EXECUTABLE);
	assert_null(clCreateKernel(NULL, "none", &error));
	assert_cl(error, CL_INVALID_PROGRAM);
	assert_null(clCreateKernel(program, "not_there", &error));
	assert_cl(error, CL_INVALID_KERNEL_NAME);
	assert_null(clCreateKernel(program, NULL, &error));
	assert_cl(error, CL_INVALID_VALUE);
	OK(clReleaseProgram(unbuilt));

	OK(clCreateKernelsInProgram(program, 0, NULL, &count));
	assert_int_equal(count, 6);
	assert_cl(clCreateKernelsInProgram(program, 5, kernels, NULL), CL_INVALID_VALUE);
	OK(clCreateKernelsInProgram(program, 6, kernels, &count));
	for (cl_uint i = 0; i < count; i++) {
		OK(clGetKernelInfo(kernels[i], CL_KERNEL_FUNCTION_NAME, sizeof(name), name, NULL));
		kernel = new_kernel(program, name);
		OK(clReleaseKernel(kernel));
		OK(clReleaseKernel(kernels[i]));
	}

	/* A kernel keeps its program. */
	kernel = new_kernel(program, "none");
	OK(clRetainProgram(program));
	OK(clReleaseProgram(program));
	OK(clGetKernelInfo(kernel, CL_KERNEL_PROGRAM, sizeof(its_program), &its_program, NULL));
	assert_ptr_equal(its_program, program);
	OK(clRetainKernel(kernel));
	OK(clGetKernelInfo(kernel, CL_KERNEL_REFERENCE_COUNT, sizeof(count), &count, NULL));
	assert_int_equal(count, 2);
	OK(clReleaseKernel(kernel));
	OK(run(kernel));
	OK(clReleaseKernel(kernel));
	assert_cl(clReleaseKernel(NULL), CL_INVALID_KERNEL);
}

static void test_arguments(void **state)
{
	cl_kernel kernel = new_kernel(program, "many"), copy;
	cl_context other = new_context();
	const cl_float3 v = { { 0, 0, 100, 0 } };
	const struct pair s = { 1000, 3 };
	cl_float constant = 20;
	cl_int in = 1, out = 0, error;
	cl_char small = -4;
	cl_mem in_buffer = new_buffer(context, sizeof(in), &in);
	cl_mem c_buffer = new_buffer(context, sizeof(constant), &constant);
	cl_mem out_buffer = new_buffer(context, sizeof(out), &out);
	cl_mem foreign = new_buffer(other, 4, NULL);
	cl_ulong local_size;

	(void)state;
	assert_cl(clSetKernelArg(NULL, 0, sizeof(cl_mem), &in_buffer), CL_INVALID_KERNEL);
	assert_cl(clSetKernelArg(kernel, 7, sizeof(cl_mem), &in_buffer), CL_INVALID_ARG_INDEX);
	assert_cl(clSetKernelArg(kernel, 0, 4, &in_buffer), CL_INVALID_ARG_SIZE);
	assert_cl(clSetKernelArg(kernel, 0, sizeof(cl_mem), &queue), CL_INVALID_MEM_OBJECT);
	assert_cl(clSetKernelArg(kernel, 0, sizeof(cl_mem), &foreign), CL_INVALID_CONTEXT);
	assert_cl(clSetKernelArg(kernel, 2, 16, &v), CL_INVALID_ARG_VALUE);
	assert_cl(clSetKernelArg(kernel, 2, 0, NULL), CL_INVALID_ARG_SIZE);
	assert_cl(clSetKernelArg(kernel, 3, 4, &s), CL_INVALID_ARG_SIZE);
	assert_cl(clSetKernelArg(kernel, 3, sizeof(s), NULL), CL_INVALID_ARG_VALUE);
	assert_cl(clSetKernelArg(kernel, 4, 12, &v), CL_INVALID_ARG_SIZE);

	OK(clSetKernelArg(kernel, 0, sizeof(cl_mem), &in_buffer));
	OK(clSetKernelArg(kernel, 1, sizeof(cl_mem), &c_buffer));
	OK(clSetKernelArg(kernel, 2, 64, NULL));
	OK(clSetKernelArg(kernel, 3, sizeof(s), &s));
	OK(clSetKernelArg(kernel, 4, sizeof(v), &v));
	OK(clSetKernelArg(kernel, 5, sizeof(small), &small));
	assert_cl(run(kernel), CL_INVALID_KERNEL_ARGS);
	OK(clSetKernelArg(kernel, 6, sizeof(cl_mem), &out_buffer));
	OK(run(kernel));
	OK(clEnqueueReadBuffer(queue, out_buffer, CL_TRUE, 0, 4, &out, 0, NULL, NULL));
	assert_int_equal(out, 1 + 20 + 1000 + 3 + 100 - 4);

	/* A copy has the arguments, and its own from then on. */
	copy = clCloneKernel(kernel, &error);
	OK(error);
	small = 6;
	OK(clSetKernelArg(kernel, 5, sizeof(small), &small));
	OK(run(copy));
	OK(clEnqueueReadBuffer(queue, out_buffer, CL_TRUE, 0, 4, &out, 0, NULL, NULL));
	assert_int_equal(out, 1 + 20 + 1000 + 3 + 100 - 4);
	OK(clGetKernelWorkGroupInfo(copy, NULL, CL_KERNEL_LOCAL_MEM_SIZE, sizeof(local_size),
				    &local_size, NULL));
	assert_true(local_size >= 64);

	/* More than there is can be set, but not be run. */
	OK(clSetKernelArg(kernel, 2, (size_t)1 << 40, NULL));
	assert_cl(run(kernel), CL_OUT_OF_RESOURCES);

	OK(clReleaseKernel(copy));
	OK(clReleaseKernel(kernel));
	OK(clReleaseMemObject(in_buffer));
	OK(clReleaseMemObject(c_buffer));
	OK(clReleaseMemObject(out_buffer));
	OK(clReleaseMemObject(foreign));
	OK(clReleaseContext(other));
}

/* What a launch gets is what was set when it was enqueued. */
static void test_snapshot(void **state)
{
	cl_kernel kernel = new_kernel(program, "pointer");
	cl_event gate = new_user_event(context);
	const size_t one = 1;
	cl_int first = 0, second = 0;

	(void)state;
	OK(clSetKernelArgSVMPointer(kernel, 0, &first));
	OK(clEnqueueNDRangeKernel(queue, kernel, 1, NULL, &one, NULL, 1, &gate, NULL));
	OK(clSetKernelArgSVMPointer(kernel, 0, &second));
	OK(clReleaseKernel(kernel));
	OK(clSetUserEventStatus(gate, CL_COMPLETE));
	OK(clFinish(queue));
	assert_int_equal(first, 5);
	assert_int_equal(second, 0);
	OK(clReleaseEvent(gate));
}

static void test_pointers(void **state)
{
	cl_kernel kernel = new_kernel(program, "pointer"), values = new_kernel(program, "many");
	cl_mem nothing = NULL;
	const cl_bool yes = CL_TRUE;
	void *pointers[2] = { &kernel, &values };
	cl_int on_stack = 0;

	(void)state;
	OK(clSetKernelArg(kernel, 0, sizeof(cl_mem), NULL));
	OK(run(kernel));
	OK(clSetKernelArg(kernel, 0, sizeof(cl_mem), &nothing));
	OK(run(kernel));
	OK(clSetKernelArgSVMPointer(kernel, 0, NULL));
	OK(run(kernel));
	OK(clSetKernelArgSVMPointer(kernel, 0, &on_stack));
	OK(run(kernel));
	assert_int_equal(on_stack, 5);
	assert_cl(clSetKernelArgSVMPointer(kernel, 1, NULL), CL_INVALID_ARG_INDEX);
	assert_cl(clSetKernelArgSVMPointer(values, 3, NULL), CL_INVALID_ARG_VALUE);
	assert_cl(clSetKernelArgSVMPointer(values, 2, NULL), CL_INVALID_ARG_VALUE);

	OK(clSetKernelExecInfo(kernel, CL_KERNEL_EXEC_INFO_SVM_PTRS, sizeof(pointers), pointers));
	OK(clSetKernelExecInfo(kernel, CL_KERNEL_EXEC_INFO_SVM_PTRS, 0, NULL));
	OK(clSetKernelExecInfo(kernel, CL_KERNEL_EXEC_INFO_SVM_FINE_GRAIN_SYSTEM, sizeof(yes), &yes));
	assert_cl(clSetKernelExecInfo(kernel, CL_KERNEL_EXEC_INFO_SVM_PTRS, 3, pointers),
		  CL_INVALID_VALUE);
	assert_cl(clSetKernelExecInfo(kernel, CL_KERNEL_EXEC_INFO_SVM_PTRS, 8, NULL),
		  CL_INVALID_VALUE);
	assert_cl(clSetKernelExecInfo(kernel, 0x1234, sizeof(yes), &yes), CL_INVALID_VALUE);
	assert_cl(clSetKernelExecInfo(NULL, CL_KERNEL_EXEC_INFO_SVM_PTRS, 0, NULL),
		  CL_INVALID_KERNEL);
	OK(clReleaseKernel(kernel));
	OK(clReleaseKernel(values));
}

static void test_local_arguments(void **state)
{
	cl_kernel kernel = new_kernel(program, "locals");
	cl_int out[2] = { 0, 0 };

	(void)state;
	OK(clSetKernelArg(kernel, 0, 5, NULL));
	OK(clSetKernelArg(kernel, 1, 4, NULL));
	OK(clSetKernelArg(kernel, 2, 16, NULL));
	OK(clSetKernelArgSVMPointer(kernel, 3, out));
	OK(run(kernel));
	assert_int_equal(out[0], 1 + 2 + 3 + 7);
	assert_int_equal(out[1], 1);
	OK(clReleaseKernel(kernel));
}

/* Structures by value have the alignment that their attributes give them; names have no qualifiers. */
static void test_aligned(void **state)
{
	static const char *const types[] = { "struct tight", "struct wide", "char", "half3", "int**" };
	struct { cl_char a; cl_int b; } __attribute__((packed)) tight = { 1, 20 };
	cl_float wide[64] = { [7] = 300 };
	const cl_half3 h = { { 0, 0, 0x4000, 0 } };
	const cl_char c = -1;
	cl_int result = 0, *place = &result;
	cl_kernel kernel = new_kernel(program, "aligned");
	char text[64];

	(void)state;
	for (cl_uint i = 0; i < COUNT(types); i++) {
		OK(clGetKernelArgInfo(kernel, i, CL_KERNEL_ARG_TYPE_NAME, sizeof(text), text, NULL));
		assert_string_equal(text, types[i]);
	}
	assert_cl(clSetKernelArg(kernel, 1, 32, wide), CL_INVALID_ARG_SIZE);
	OK(clSetKernelArg(kernel, 0, sizeof(tight), &tight));
	OK(clSetKernelArg(kernel, 1, sizeof(wide), wide));
	OK(clSetKernelArg(kernel, 2, sizeof(c), &c));
	OK(clSetKernelArg(kernel, 3, sizeof(h), &h));
	OK(clSetKernelArgSVMPointer(kernel, 4, &place));
	OK(run(kernel));
	assert_int_equal(result, 1 + 20 + 300 - 1 + 2 + 1000);
	OK(clReleaseKernel(kernel));
}

static void test_info(void **state)
{
	cl_kernel kernel = new_kernel(program, "fixed");
	cl_device_id device = find_device();
	size_t sizes[3], size;
	cl_uint count;
	char text[128];

	(void)state;
	OK(clGetKernelInfo(kernel, CL_KERNEL_NUM_ARGS, sizeof(count), &count, NULL));
	assert_int_equal(count, 1);
	OK(clGetKernelInfo(kernel, CL_KERNEL_ATTRIBUTES, sizeof(text), text, NULL));
	assert_string_equal(text, "reqd_work_group_size(4,2,1)");
	OK(clGetKernelWorkGroupInfo(kernel, device, CL_KERNEL_COMPILE_WORK_GROUP_SIZE, sizeof(sizes),
				    sizes, NULL));
	assert_int_equal(sizes[0], 4);
	assert_int_equal(sizes[1], 2);
	assert_int_equal(sizes[2], 1);
	OK(clGetKernelWorkGroupInfo(kernel, NULL, CL_KERNEL_WORK_GROUP_SIZE, sizeof(size), &size, NULL));
	assert_true(size >= 8);
	assert_cl(clGetKernelWorkGroupInfo(kernel, device, CL_KERNEL_GLOBAL_WORK_SIZE, sizeof(sizes),
					   sizes, NULL), CL_INVALID_VALUE);
	assert_cl(clGetKernelWorkGroupInfo(kernel, (cl_device_id)kernel, CL_KERNEL_WORK_GROUP_SIZE,
					   sizeof(size), &size, NULL), CL_INVALID_DEVICE);
	assert_cl(clGetKernelInfo(kernel, 0x1234, sizeof(count), &count, NULL), CL_INVALID_VALUE);
	assert_cl(clGetKernelInfo(kernel, CL_KERNEL_NUM_ARGS, 1, &count, NULL), CL_INVALID_VALUE);
	OK(clReleaseKernel(kernel));
}

static void test_arg_info(void **state)
{
	static const struct {
		const char *type, *name;
		cl_kernel_arg_address_qualifier address;
		cl_kernel_arg_type_qualifier qualifiers;
	} expected[] = {
		{ "int*", "in", CL_KERNEL_ARG_ADDRESS_GLOBAL,
		  CL_KERNEL_ARG_TYPE_CONST | CL_KERNEL_ARG_TYPE_RESTRICT },
		{ "float*", "c", CL_KERNEL_ARG_ADDRESS_CONSTANT, CL_KERNEL_ARG_TYPE_CONST },
		{ "float4*", "scratch", CL_KERNEL_ARG_ADDRESS_LOCAL, CL_KERNEL_ARG_TYPE_NONE },
		{ "pair", "s", CL_KERNEL_ARG_ADDRESS_PRIVATE, CL_KERNEL_ARG_TYPE_NONE },
		{ "float3", "v", CL_KERNEL_ARG_ADDRESS_PRIVATE, CL_KERNEL_ARG_TYPE_NONE },
		{ "char", "small", CL_KERNEL_ARG_ADDRESS_PRIVATE, CL_KERNEL_ARG_TYPE_NONE },
		{ "int*", "out", CL_KERNEL_ARG_ADDRESS_GLOBAL, CL_KERNEL_ARG_TYPE_VOLATILE },
	};
	cl_kernel kernel = new_kernel(program, "many");
	cl_kernel_arg_address_qualifier address;
	cl_kernel_arg_access_qualifier access;
	cl_kernel_arg_type_qualifier qualifiers;
	char text[64];

	(void)state;
	for (cl_uint i = 0; i < COUNT(expected); i++) {
		OK(clGetKernelArgInfo(kernel, i, CL_KERNEL_ARG_TYPE_NAME, sizeof(text), text, NULL));
		assert_string_equal(text, expected[i].type);
		OK(clGetKernelArgInfo(kernel, i, CL_KERNEL_ARG_NAME, sizeof(text), text, NULL));
		assert_string_equal(text, expected[i].name);
		OK(clGetKernelArgInfo(kernel, i, CL_KERNEL_ARG_ADDRESS_QUALIFIER, sizeof(address),
				      &address, NULL));
		assert_int_equal(address, expected[i].address);
		OK(clGetKernelArgInfo(kernel, i, CL_KERNEL_ARG_TYPE_QUALIFIER, sizeof(qualifiers),
				      &qualifiers, NULL));
		assert_int_equal(qualifiers, expected[i].qualifiers);
		OK(clGetKernelArgInfo(kernel, i, CL_KERNEL_ARG_ACCESS_QUALIFIER, sizeof(access),
				      &access, NULL));
		assert_int_equal(access, CL_KERNEL_ARG_ACCESS_NONE);
	}
	assert_cl(clGetKernelArgInfo(kernel, 7, CL_KERNEL_ARG_NAME, sizeof(text), text, NULL),
		  CL_INVALID_ARG_INDEX);
	OK(clReleaseKernel(kernel));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_create, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_arguments, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_snapshot, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_pointers, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_local_arguments, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_aligned, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_info, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_arg_info, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
