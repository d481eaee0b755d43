/* SPDX-License-Identifier: MIT */
/*
 * cl_ext_float_atomics: what the device says of it, every function on global, local and generic
 * pointers, and many work-items, or the host and the device, at one number at once.
 */
#include "program.h"

#include <math.h>

/* Built once for each type, as T, with A its atomic type. */
static const char source[] =
	"#pragma OPENCL EXTENSION cl_khr_fp16 : enable\n"
	"#define SEE(e) out[n++] = (e); out[n++] = atomic_load(p)\n"
	"#define DO(e) e; out[n++] = atomic_load(p)\n"
	"#define RELAXED memory_order_relaxed\n"
	"#define WIDE memory_order_acq_rel, memory_scope_all_svm_devices\n"
	"#define GROUP memory_order_relaxed, memory_scope_work_group\n"
	"#define EACH(f, a, b, c) SEE(f(p, (T)a)); SEE(f##_explicit(p, (T)b, RELAXED));\\\n"
	"  SEE(f##_explicit(p, (T)c, WIDE))\n"
	"#define BODY int n = 0;\\\n"
	"  DO(atomic_store(p, (T)1.5)); DO(atomic_store_explicit(p, (T)-2, memory_order_release));\\\n"
	"  DO(atomic_store_explicit(p, (T)8, GROUP)); out[n++] = atomic_load_explicit(p, RELAXED);\\\n"
	"  out[n++] = atomic_load_explicit(p, memory_order_acquire, memory_scope_device);\\\n"
	"  EACH(atomic_exchange, 0.25, 4, 100); EACH(atomic_fetch_add, 0.5, -1, 3);\\\n"
	"  EACH(atomic_fetch_sub, 2.5, -1, 30); EACH(atomic_fetch_min, 90, -7, -3);\\\n"
	"  EACH(atomic_fetch_max, -9, 0.125, 6); EACH(atomic_fetch_min, NAN, 5, NAN);\\\n"
	"  EACH(atomic_fetch_max, NAN, 7, NAN);\n"
	"kernel void in_global(global double *out, global A *p) { BODY }\n"
	"kernel void in_local(global double *out) { local A p[1]; BODY }\n"
	"kernel void in_generic(global double *out, global A *g, int where) {\n"
	"  local A l[1]; A *p = where ? (A *)l : (A *)g; BODY }\n"
	/* Each item adds 1 and sees a number that no other one sees. */
	"kernel void meet(global A *sum, global A *least, global A *most, global int *seen) {\n"
	"  local A here;\n"
	"  T id = get_global_id(0), mine = get_local_id(0);\n"
	"  if (get_local_id(0) == 0) atomic_store(&here, (T)0);\n"
	"  barrier(CLK_LOCAL_MEM_FENCE);\n"
	"  atomic_inc(seen + (int)atomic_fetch_add(sum, (T)1));\n"
	"  atomic_fetch_min(least, -id); atomic_fetch_max(most, id);\n"
	"  atomic_fetch_add(&here, mine); atomic_fetch_sub(&here, (T)1);\n"
	"  barrier(CLK_LOCAL_MEM_FENCE);\n"
	"  if (get_local_id(0) == 0)\n"
	"    seen[get_global_size(0) + get_group_id(0)] = (int)atomic_load(&here); }\n"
	"kernel void with_host(global A *p, global atomic_int *ready, int times) {\n"
	"  if (get_global_id(0) == 0) atomic_store(ready, 1);\n"
	"  for (int i = 0; i < times; i++)\n"
	"    atomic_fetch_add_explicit(p, (T)1, RELAXED, memory_scope_all_svm_devices); }\n";

static const struct type {
	const char *name;
	size_t size;
	cl_device_info query;
} types[] = {
	{ "half", 2, 0x4233 }, { "float", 4, 0x4231 }, { "double", 8, 0x4232 },
};

static cl_context context;
static cl_command_queue queue;
static cl_program programs[COUNT(types)];

static int set_up(void **state)
{
	(void)state;
	context = new_context();
	queue = new_queue(context, 0);
	for (size_t t = 0; t < COUNT(types); t++) {
		char options[128];

		snprintf(options, sizeof(options), "-cl-std=%s -DT=%s -DA=atomic_%s",
			 t == 1 ? "CL2.0" : "CL3.0", types[t].name, types[t].name);
		programs[t] = build_program(context, source, options);
	}
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	for (size_t t = 0; t < COUNT(types); t++)
		OK(clReleaseProgram(programs[t]));
	OK(clReleaseCommandQueue(queue));
	OK(clReleaseContext(context));
	return 0;
}

static void run(cl_kernel kernel, size_t global, size_t local)
{
	OK(clEnqueueNDRangeKernel(queue, kernel, 1, NULL, &global, &local, 0, NULL, NULL));
	OK(clFinish(queue));
	OK(clReleaseKernel(kernel));
}

static bool has_feature(const char *name)
{
	static cl_name_version features[64];
	size_t size;

	OK(clGetDeviceInfo(find_device(), CL_DEVICE_OPENCL_C_FEATURES, sizeof(features), features,
			   &size));
	for (size_t i = 0; i < size / sizeof(features[0]); i++)
		if (!strcmp(features[i].name, name))
			return true;
	return false;
}

/* Capabilities, features and macros say the same: everything. */
static void told(void **state)
{
	static const char *const spaces[] = { "global", "local" };
	static const char *const operations[] = { "load_store", "add", "min_max" };
	static const int bits[] = { 16, 32, 64 };
	char names[8192], text[8192] = "#ifndef cl_ext_float_atomics\n#error extension\n#endif\n";

	(void)state;
	OK(clGetDeviceInfo(find_device(), CL_DEVICE_EXTENSIONS, sizeof(names), names, NULL));
	assert_non_null(strstr(names, "cl_ext_float_atomics"));
	for (size_t t = 0; t < COUNT(types); t++) {
		cl_bitfield capabilities;

		OK(clGetDeviceInfo(find_device(), types[t].query, sizeof(capabilities), &capabilities,
				   NULL));
		assert_int_equal(capabilities, 0x70007);
		for (size_t i = 0; i < COUNT(spaces) * COUNT(operations); i++) {
			char name[64];

			/* A load or store of float or double needs no feature. */
			if (t && i / 2 == 0)
				continue;
			snprintf(name, sizeof(name), "__opencl_c_ext_fp%d_%s_atomic_%s", bits[t],
				 spaces[i % 2], operations[i / 2]);
			assert_true(has_feature(name));
			sprintf(text + strlen(text), "#ifndef %s\n#error %s\n#endif\n", name, name);
		}
	}
	strcat(text, "kernel void k() {}\n");
	OK(clReleaseProgram(build_program(context, text, "-cl-std=CL3.0")));
	OK(clReleaseProgram(build_program(context, text, "-cl-std=CL2.0")));
}

/* What BODY writes. */
static const double expected[] = {
	1.5, -2, 8, 8, 8,
	8, 0.25, 0.25, 4, 4, 100,
	100, 100.5, 100.5, 99.5, 99.5, 102.5,
	102.5, 100, 100, 101, 101, 71,
	71, 71, 71, -7, -7, -7,
	-7, -7, -7, 0.125, 0.125, 6,
	6, 6, 6, 5, 5, 5,
	5, 5, 5, 7, 7, 7,
};

static void every_function(void **state)
{
	static const char *const kernels[] = { "in_global", "in_local", "in_generic", "in_generic" };
	double out[64];
	uint64_t place;

	(void)state;
	for (size_t t = 0; t < COUNT(types); t++) {
		for (cl_int k = 0; k < (cl_int)COUNT(kernels); k++) {
			cl_kernel kernel = new_kernel(programs[t], kernels[k]);
			cl_int where = k == 3;

			memset(out, 0x55, sizeof(out));
			OK(clSetKernelArgSVMPointer(kernel, 0, out));
			if (k != 1)
				OK(clSetKernelArgSVMPointer(kernel, 1, &place));
			if (k >= 2)
				OK(clSetKernelArg(kernel, 2, sizeof(where), &where));
			run(kernel, 1, 1);
			for (size_t i = 0; i < COUNT(expected); i++) {
				if (out[i] != expected[i])
					print_message("%s, %s, value %zu: %g, not %g\n", types[t].name,
						      kernels[k], i, out[i], expected[i]);
				assert_true(out[i] == expected[i]);
			}
			assert_int_equal(((unsigned char *)(out + COUNT(expected)))[0], 0x55);
		}
	}
}

/* The number at @place, of type number @t; halves here are whole numbers up to 2048. */
static double number_at(const void *place, size_t t)
{
	uint16_t bits;
	double value;

	if (t == 1)
		return *(const float *)place;
	if (t == 2)
		return *(const double *)place;
	memcpy(&bits, place, sizeof(bits));
	value = ldexp((bits & 0x3ff) | 0x400, (bits >> 10 & 31) - 25);
	return !(bits & 0x7fff) ? 0 : bits & 0x8000 ? -value : value;
}

static void many_items(void **state)
{
	enum { items = 2048, local = 32 };
	static cl_int seen[items + items / local];
	uint64_t numbers[3];

	(void)state;
	for (size_t t = 0; t < COUNT(types); t++) {
		cl_kernel kernel = new_kernel(programs[t], "meet");

		memset(seen, 0, sizeof(seen));
		memset(numbers, 0, sizeof(numbers));
		for (cl_uint i = 0; i < 3; i++)
			OK(clSetKernelArgSVMPointer(kernel, i, &numbers[i]));
		OK(clSetKernelArgSVMPointer(kernel, 3, seen));
		run(kernel, items, local);
		assert_true(number_at(&numbers[0], t) == items);
		assert_true(number_at(&numbers[1], t) == -(items - 1));
		assert_true(number_at(&numbers[2], t) == items - 1);
		for (size_t i = 0; i < items; i++)
			assert_int_equal(seen[i], 1);
		for (size_t i = 0; i < items / local; i++)
			assert_int_equal(seen[items + i], local * (local - 1) / 2 - local);
	}
}

static void add_one(void *place, size_t t)
{
	if (t == 1) {
		_Atomic uint32_t *p = place;
		uint32_t old = atomic_load(p), new;
		float value;

		do {
			memcpy(&value, &old, sizeof(value));
			value += 1;
			memcpy(&new, &value, sizeof(new));
		} while (!atomic_compare_exchange_weak(p, &old, new));
	} else {
		_Atomic uint64_t *p = place;
		uint64_t old = atomic_load(p), new;
		double value;

		do {
			memcpy(&value, &old, sizeof(value));
			value += 1;
			memcpy(&new, &value, sizeof(new));
		} while (!atomic_compare_exchange_weak(p, &old, new));
	}
}

/* Sums stay below 2^24, where float counts exactly. */
static void host_and_device(void **state)
{
	enum { items = 8, times = 100000, host_times = 200000 };

	(void)state;
	for (size_t t = 1; t < COUNT(types); t++) {
		char *memory = clSVMAlloc(context, CL_MEM_SVM_FINE_GRAIN_BUFFER | CL_MEM_SVM_ATOMICS,
					  128, 0);
		cl_kernel kernel = new_kernel(programs[t], "with_host");
		atomic_int *ready = (atomic_int *)(memory + 64);
		cl_int count = times;
		size_t global = items, local = 1;

		assert_non_null(memory);
		memset(memory, 0, 128);
		OK(clSetKernelArgSVMPointer(kernel, 0, memory));
		OK(clSetKernelArgSVMPointer(kernel, 1, ready));
		OK(clSetKernelArg(kernel, 2, sizeof(count), &count));
		OK(clEnqueueNDRangeKernel(queue, kernel, 1, NULL, &global, &local, 0, NULL, NULL));
		OK(clFlush(queue));
		await(ready, 1);
		for (int i = 0; i < host_times; i++)
			add_one(memory, t);
		OK(clFinish(queue));
		assert_true(number_at(memory, t) == items * times + host_times);
		OK(clReleaseKernel(kernel));
		clSVMFree(context, memory);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(told),
		cmocka_unit_test(every_function),
		cmocka_unit_test(many_items),
		cmocka_unit_test(host_and_device),
	};

	return cmocka_run_group_tests_name("runtime.float_atomics", tests, set_up, tear_down);
}
