/* SPDX-License-Identifier: MIT */
/*
 * Sub-groups: queries, operations where all items meet and where only some do, in loops that items
 * leave at different times, sub-groups that do different things and that wait for one another.
 */
#include "program.h"

#include <limits.h>

static const char source[] =
	"kernel void queries(global uint *out) {\n"
	"  global uint *p = out + get_global_linear_id() * 8;\n"
	"  p[0] = get_local_linear_id(); p[1] = get_sub_group_id(); p[2] = get_sub_group_local_id();\n"
	"  p[3] = get_sub_group_size(); p[4] = get_max_sub_group_size(); p[5] = get_num_sub_groups();\n"
	"  p[6] = get_enqueued_num_sub_groups(); p[7] = get_local_size(0); }\n"
	/* Odd values meet odd ones, even ones even ones; each goes round as often as it likes. */
	"kernel void part(global int *values, global int *out) {\n"
	"  int v = values[get_global_linear_id()], sum = 0;\n"
	"  for (int i = 0; i < (v & 7); i++) {\n"
	"    if (v & 1) { sum += sub_group_non_uniform_reduce_add(v + i); continue; }\n"
	"    sum += sub_group_ballot(v & 2).x;\n"
	"    if (sub_group_elect() && (v & 16)) break;\n"
	"    sum ^= sub_group_non_uniform_scan_exclusive_max(v * 3 - i);\n"
	"  }\n"
	"  out[get_global_linear_id()] = sum + 1000 * sub_group_reduce_max(sum); }\n"
	/* Each sub-group has its own way between the group's barriers. */
	"kernel void apart(global int *values, global int *out) {\n"
	"  local int left[256];\n"
	"  uint id = get_sub_group_id(), at = get_local_linear_id();\n"
	"  int v = values[get_global_linear_id()];\n"
	"  if (id & 1)\n"
	"    for (uint i = 0; i <= id; i++) v += sub_group_scan_inclusive_add(v & 15);\n"
	"  else if (id == 2)\n"
	"    v = sub_group_broadcast(v, get_sub_group_size() - 1);\n"
	"  left[at] = v;\n"
	"  work_group_barrier(CLK_LOCAL_MEM_FENCE);\n"
	"  v = left[get_local_size(0) * get_local_size(1) * get_local_size(2) - 1 - at];\n"
	"  out[get_global_linear_id()] = v + work_group_reduce_max(v); }\n"
	/* The last sub-group waits for the one before it, and so on; the first for the host's word. */
	"kernel void chain(global int *out) {\n"
	"  local atomic_int turn;\n"
	"  if (get_local_linear_id() == 0) atomic_init(&turn, get_num_sub_groups());\n"
	"  work_group_barrier(CLK_LOCAL_MEM_FENCE);\n"
	"  int id = get_sub_group_id(), mine = get_sub_group_local_id() + id;\n"
	"  if (sub_group_elect())\n"
	"    while (atomic_load(&turn) != id + 1);\n"
	"  int sum = sub_group_reduce_add(mine);\n"
	"  if (sub_group_elect()) atomic_fetch_sub(&turn, 1);\n"
	"  out[get_global_linear_id()] = sum; }\n"
	"kernel void vectors(global double4 *out) {\n"
	"  double4 v = (double4)(get_sub_group_local_id(), get_sub_group_id(), 3, 4.5);\n"
	"  out[get_global_linear_id()] = get_sub_group_local_id() & 1 ?\n"
	"    sub_group_non_uniform_broadcast(v, 1) : sub_group_non_uniform_broadcast(v * 2, 2); }\n";

enum { lanes = 16, most = 4096 };

static cl_context context;
static cl_command_queue queue;
static cl_program program;

static int set_up(void **state)
{
	(void)state;
	context = new_context();
	queue = new_queue(context, 0);
	program = build_program(context, source, "-cl-std=CL3.0");
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

/* Local sizes with full and partial sub-groups in rows, planes and bodies; three groups each. */
static const size_t locals[][3] = {
	{ 1, 1, 1 }, { 7, 1, 1 }, { 16, 1, 1 }, { 17, 1, 1 }, { 64, 1, 1 }, { 100, 1, 1 },
	{ 7, 5, 1 }, { 16, 4, 1 }, { 3, 4, 5 }, { 5, 1, 9 },
};

static void run(const char *name, int *values, void *out, const size_t local[3])
{
	size_t global[3] = { local[0], local[1], 3 * local[2] };
	cl_kernel kernel = new_kernel(program, name);

	if (values)
		OK(clSetKernelArgSVMPointer(kernel, 0, values));
	OK(clSetKernelArgSVMPointer(kernel, values ? 1 : 0, out));
	OK(clEnqueueNDRangeKernel(queue, kernel, 3, NULL, global, local, 0, NULL, NULL));
	OK(clFinish(queue));
	OK(clReleaseKernel(kernel));
}

/* Items of the sub-group that begins at item @first of a group of @items. */
static size_t members(size_t items, size_t first)
{
	return items - first < lanes ? items - first : lanes;
}

static void queries(void **state)
{
	static cl_uint out[most * 8];

	(void)state;
	for (size_t n = 0; n < COUNT(locals); n++) {
		size_t items = locals[n][0] * locals[n][1] * locals[n][2];

		run("queries", NULL, out, locals[n]);
		for (size_t i = 0; i < 3 * items; i++) {
			const cl_uint *p = out + 8 * i;

			assert_int_equal(p[0], i % items);
			assert_int_equal(p[1], i % items / lanes);
			assert_int_equal(p[2], i % items % lanes);
			assert_int_equal(p[3], members(items, i % items / lanes * lanes));
			assert_int_equal(p[4], items < lanes ? items : lanes);
			assert_int_equal(p[5], (items + lanes - 1) / lanes);
			assert_int_equal(p[6], p[5]);
		}
	}
}

/* A last group that is smaller. */
static void uneven(void **state)
{
	const size_t global = 100, local = 40;
	cl_kernel kernel = new_kernel(program, "queries");
	static cl_uint out[100 * 8];

	(void)state;
	OK(clSetKernelArgSVMPointer(kernel, 0, out));
	OK(clEnqueueNDRangeKernel(queue, kernel, 1, NULL, &global, &local, 0, NULL, NULL));
	OK(clFinish(queue));
	OK(clReleaseKernel(kernel));
	for (size_t i = 0; i < global; i++) {
		const cl_uint *p = out + 8 * i;
		size_t items = i < 80 ? 40 : 20;

		assert_int_equal(p[3], members(items, p[1] * lanes));
		assert_int_equal(p[5], (items + lanes - 1) / lanes);
		assert_int_equal(p[6], 3);
	}
}

static void fill(int *values)
{
	unsigned int seed = 12345;

	for (int i = 0; i < most; i++) {
		seed = seed * 1103515245 + 12345;
		values[i] = seed >> 16 & 1023;
	}
}

/* What "part" does, a sub-group at once. */
static void expect_part(const int *v, size_t n, int *out)
{
	bool inside[lanes], odd[lanes];
	int sum[lanes] = { 0 }, top = INT_MIN;

	for (size_t l = 0; l < n; l++)
		inside[l] = v[l] & 7;
	for (int i = 0; i < 7; i++) {
		int total = 0, votes = 0, so_far = INT_MIN;
		bool elected = false;

		for (size_t l = 0; l < n; l++) {
			inside[l] = inside[l] && i < (v[l] & 7);
			odd[l] = v[l] & 1;
			if (inside[l] && odd[l])
				total += v[l] + i;
			if (inside[l] && !odd[l])
				votes |= (v[l] & 2 ? 1 : 0) << l;
		}
		for (size_t l = 0; l < n; l++) {
			if (!inside[l])
				continue;
			if (odd[l]) {
				sum[l] += total;
				continue;
			}
			sum[l] += votes;
			if (!elected && v[l] & 16)
				inside[l] = false;
			elected = true;
			if (!inside[l])
				continue;
			sum[l] ^= so_far;
			if (v[l] * 3 - i > so_far)
				so_far = v[l] * 3 - i;
		}
	}
	for (size_t l = 0; l < n; l++)
		top = sum[l] > top ? sum[l] : top;
	for (size_t l = 0; l < n; l++)
		out[l] = sum[l] + (int)(1000u * top);
}

static void only_some_meet(void **state)
{
	static int values[most], out[most];
	int expected[lanes];

	(void)state;
	fill(values);
	for (size_t n = 0; n < COUNT(locals); n++) {
		size_t items = locals[n][0] * locals[n][1] * locals[n][2];

		run("part", values, out, locals[n]);
		for (size_t group = 0; group < 3; group++) {
			for (size_t first = 0; first < items; first += lanes) {
				size_t at = group * items + first, count = members(items, first);

				expect_part(values + at, count, expected);
				assert_memory_equal(out + at, expected, count * sizeof(int));
			}
		}
	}
}

static void expect_apart(const int *v, size_t items, int *out)
{
	int left[256], top = INT_MIN;

	for (size_t first = 0; first < items; first += lanes) {
		size_t n = members(items, first), id = first / lanes;
		int *mine = left + first;

		memcpy(mine, v + first, n * sizeof(int));
		for (size_t i = 0; id & 1 && i <= id; i++) {
			int sum = 0;

			for (size_t l = 0; l < n; l++) {
				sum += mine[l] & 15;
				mine[l] += sum;
			}
		}
		for (size_t l = 0; id == 2 && l < n; l++)
			mine[l] = v[first + n - 1];
	}
	for (size_t i = 0; i < items; i++)
		top = left[i] > top ? left[i] : top;
	for (size_t i = 0; i < items; i++)
		out[i] = left[items - 1 - i] + top;
}

static void sub_groups_differ(void **state)
{
	static int values[most], out[most];
	int expected[256];

	(void)state;
	fill(values);
	for (size_t n = 0; n < COUNT(locals); n++) {
		size_t items = locals[n][0] * locals[n][1] * locals[n][2];

		run("apart", values, out, locals[n]);
		for (size_t group = 0; group < 3; group++) {
			expect_apart(values + group * items, items, expected);
			assert_memory_equal(out + group * items, expected, items * sizeof(int));
		}
	}
}

static void wait_for_one_another(void **state)
{
	static int out[most];

	(void)state;
	for (size_t n = 0; n < COUNT(locals); n++) {
		size_t items = locals[n][0] * locals[n][1] * locals[n][2];

		run("chain", NULL, out, locals[n]);
		for (size_t i = 0; i < 3 * items; i++) {
			size_t id = i % items / lanes, count = members(items, id * lanes);

			assert_int_equal(out[i], count * id + count * (count - 1) / 2);
		}
	}
}

static void vectors(void **state)
{
	const size_t local[3] = { 48, 1, 1 };
	static double out[3 * 48 * 4] __attribute__((aligned(32)));

	(void)state;
	run("vectors", NULL, out, local);
	for (size_t i = 0; i < 3 * 48; i++) {
		size_t id = i % 48 / lanes;

		assert_true(out[4 * i] == (i & 1 ? 1 : 4));
		assert_true(out[4 * i + 1] == (i & 1 ? id : 2 * id));
		assert_true(out[4 * i + 3] == (i & 1 ? 4.5 : 9));
	}
}

static void kernel_info(void **state)
{
	cl_kernel kernel = new_kernel(program, "part");
	const size_t plane[2] = { 7, 5 }, three = 3, many = 1 << 20;
	cl_device_id device = find_device();
	size_t size, sizes[3];
	cl_uint most_sub_groups;

	(void)state;
	OK(clGetKernelSubGroupInfo(kernel, device, CL_KERNEL_MAX_SUB_GROUP_SIZE_FOR_NDRANGE,
				   sizeof(plane), plane, sizeof(size), &size, NULL));
	assert_int_equal(size, lanes);
	OK(clGetKernelSubGroupInfo(kernel, NULL, CL_KERNEL_SUB_GROUP_COUNT_FOR_NDRANGE,
				   sizeof(plane), plane, sizeof(size), &size, NULL));
	assert_int_equal(size, 3);
	OK(clGetKernelSubGroupInfo(kernel, device, CL_KERNEL_MAX_SUB_GROUP_SIZE_FOR_NDRANGE,
				   sizeof(size_t), plane, sizeof(size), &size, NULL));
	assert_int_equal(size, 7);
	OK(clGetKernelSubGroupInfo(kernel, device, CL_KERNEL_LOCAL_SIZE_FOR_SUB_GROUP_COUNT,
				   sizeof(three), &three, sizeof(sizes), sizes, &size));
	assert_int_equal(size, sizeof(sizes));
	assert_int_equal(sizes[0], 3 * lanes);
	assert_int_equal(sizes[1] * sizes[2], 1);
	OK(clGetKernelSubGroupInfo(kernel, device, CL_KERNEL_LOCAL_SIZE_FOR_SUB_GROUP_COUNT,
				   sizeof(many), &many, sizeof(sizes), sizes, NULL));
	assert_int_equal(sizes[0] + sizes[1] + sizes[2], 0);
	OK(clGetKernelSubGroupInfo(kernel, device, CL_KERNEL_MAX_NUM_SUB_GROUPS, 0, NULL,
				   sizeof(size), &size, NULL));
	OK(clGetDeviceInfo(device, CL_DEVICE_MAX_NUM_SUB_GROUPS, sizeof(most_sub_groups),
			   &most_sub_groups, NULL));
	assert_int_equal(size, most_sub_groups);
	OK(clGetKernelSubGroupInfo(kernel, device, CL_KERNEL_COMPILE_NUM_SUB_GROUPS, 0, NULL,
				   sizeof(size), &size, NULL));
	assert_int_equal(size, 0);
	assert_cl(clGetKernelSubGroupInfo(kernel, device, CL_KERNEL_SUB_GROUP_COUNT_FOR_NDRANGE, 0,
					  NULL, sizeof(size), &size, NULL), CL_INVALID_VALUE);
	assert_cl(clGetKernelSubGroupInfo(kernel, device, CL_KERNEL_LOCAL_SIZE_FOR_SUB_GROUP_COUNT, 3,
					  &three, sizeof(sizes), sizes, NULL), CL_INVALID_VALUE);
	assert_cl(clGetKernelSubGroupInfo(kernel, device, 0x1234, 0, NULL, sizeof(size), &size, NULL),
		  CL_INVALID_VALUE);
	assert_cl(clGetKernelSubGroupInfo(kernel, (cl_device_id)kernel, CL_KERNEL_MAX_NUM_SUB_GROUPS,
					  0, NULL, sizeof(size), &size, NULL), CL_INVALID_DEVICE);
	OK(clReleaseKernel(kernel));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(queries),
		cmocka_unit_test(uneven),
		cmocka_unit_test(only_some_meet),
		cmocka_unit_test(sub_groups_differ),
		cmocka_unit_test(wait_for_one_another),
		cmocka_unit_test(vectors),
		cmocka_unit_test(kernel_info),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
