/* SPDX-License-Identifier: MIT */
/* Mapping and unmapping buffers: pointers, counts, overlaps, order, errors. */
#include "memory.h"

#define SIZE	4096

static cl_uint map_count(cl_mem mem)
{
	cl_uint count;

	assert_cl(clGetMemObjectInfo(mem, CL_MEM_MAP_COUNT, sizeof(count), &count, NULL),
		  CL_SUCCESS);
	return count;
}

static char *map(cl_mem mem, cl_map_flags flags, size_t offset, size_t size, cl_int expected)
{
	cl_int error = 1;
	char *ptr = clEnqueueMapBuffer(queue, mem, CL_TRUE, flags, offset, size, 0, NULL, NULL,
				       &error);

	assert_cl(error, expected);
	assert_int_equal(!ptr, error != CL_SUCCESS);
	return ptr;
}

static void unmap(cl_mem mem, void *ptr, cl_int expected)
{
	assert_cl(clEnqueueUnmapMemObject(queue, mem, ptr, 0, NULL, NULL), expected);
	assert_cl(clFinish(queue), CL_SUCCESS);
}

static void contents(void **state)
{
	char memory[SIZE], out[SIZE];
	cl_mem buffer = new_buffer(CL_MEM_COPY_HOST_PTR, SIZE, memset(memory, 3, SIZE));
	char *ptr = map(buffer, CL_MAP_READ | CL_MAP_WRITE, 100, 200, CL_SUCCESS);

	(void)state;
	assert_memory_equal(ptr, memory, 200);
	memset(ptr, 4, 200);
	unmap(buffer, ptr, CL_SUCCESS);
	memset(memory + 100, 4, 200);
	assert_cl(clEnqueueReadBuffer(queue, buffer, CL_TRUE, 0, SIZE, out, 0, NULL, NULL),
		  CL_SUCCESS);
	assert_memory_equal(out, memory, SIZE);
	assert_cl(clReleaseMemObject(buffer), CL_SUCCESS);
}

static void host_pointer(void **state)
{
	static char memory[SIZE];
	cl_mem buffer = new_buffer(CL_MEM_USE_HOST_PTR, SIZE, memory);
	cl_mem sub_buffer = new_sub_buffer(buffer, 0, 256, 256);

	(void)state;
	assert_ptr_equal(map(buffer, CL_MAP_READ, 10, 10, CL_SUCCESS), memory + 10);
	assert_ptr_equal(map(sub_buffer, CL_MAP_READ, 10, 10, CL_SUCCESS), memory + 266);
	unmap(buffer, memory + 10, CL_SUCCESS);
	unmap(sub_buffer, memory + 266, CL_SUCCESS);
	assert_cl(clReleaseMemObject(sub_buffer), CL_SUCCESS);
	assert_cl(clReleaseMemObject(buffer), CL_SUCCESS);
}

static void counts_and_overlaps(void **state)
{
	cl_mem buffer = new_buffer(0, SIZE, NULL);
	cl_mem low = new_sub_buffer(buffer, 0, 0, 1024), high = new_sub_buffer(buffer, 0, 1024, 1024);
	char *first, *second, *read[2];

	(void)state;
	/* Many may read the same place. */
	read[0] = map(buffer, CL_MAP_READ, 0, SIZE, CL_SUCCESS);
	read[1] = map(buffer, CL_MAP_READ, 0, SIZE, CL_SUCCESS);
	assert_ptr_equal(read[0], read[1]);
	assert_int_equal(map_count(buffer), 2);
	assert_int_equal(map_count(low), 0);
	/* Only two writers exclude each other. */
	unmap(buffer, map(buffer, CL_MAP_WRITE, 1, 10, CL_SUCCESS), CL_SUCCESS);
	unmap(buffer, read[0], CL_SUCCESS);
	assert_int_equal(map_count(buffer), 1);
	unmap(buffer, read[1], CL_SUCCESS);
	unmap(buffer, read[1], CL_INVALID_VALUE);
	assert_int_equal(map_count(buffer), 0);

	/* One may write it, be it through a sub-buffer. */
	first = map(buffer, CL_MAP_WRITE, 100, 100, CL_SUCCESS);
	map(buffer, CL_MAP_WRITE, 199, 1, CL_INVALID_OPERATION);
	map(buffer, CL_MAP_WRITE_INVALIDATE_REGION, 0, SIZE, CL_INVALID_OPERATION);
	map(low, CL_MAP_WRITE, 0, 101, CL_INVALID_OPERATION);
	second = map(low, CL_MAP_WRITE, 200, 824, CL_SUCCESS);
	assert_int_equal(map_count(buffer), 1);
	assert_int_equal(map_count(low), 1);
	map(buffer, CL_MAP_WRITE, 1023, 2, CL_INVALID_OPERATION);
	unmap(high, map(high, CL_MAP_WRITE, 0, 1024, CL_SUCCESS), CL_SUCCESS);
	/* It is not the buffer's mapping, though at an address inside it. */
	unmap(buffer, second, CL_INVALID_VALUE);
	unmap(low, second, CL_SUCCESS);
	unmap(buffer, first, CL_SUCCESS);
	unmap(buffer, map(buffer, CL_MAP_WRITE, 0, SIZE, CL_SUCCESS), CL_SUCCESS);

	assert_cl(clReleaseMemObject(low), CL_SUCCESS);
	assert_cl(clReleaseMemObject(high), CL_SUCCESS);
	assert_cl(clReleaseMemObject(buffer), CL_SUCCESS);
}

/* A sub-buffer that goes while mapped takes its mappings along. */
static void released_mapped(void **state)
{
	cl_mem buffer = new_buffer(0, SIZE, NULL), sub_buffer = new_sub_buffer(buffer, 0, 0, SIZE);

	(void)state;
	map(sub_buffer, CL_MAP_WRITE, 0, SIZE, CL_SUCCESS);
	map(buffer, CL_MAP_WRITE, 0, 1, CL_INVALID_OPERATION);
	assert_cl(clReleaseMemObject(sub_buffer), CL_SUCCESS);
	unmap(buffer, map(buffer, CL_MAP_WRITE, 0, SIZE, CL_SUCCESS), CL_SUCCESS);
	assert_cl(clReleaseMemObject(buffer), CL_SUCCESS);
}

/* Commands that follow each other map and unmap the same place. */
static void in_order(void **state)
{
	cl_mem buffer = new_buffer(0, SIZE, NULL);
	cl_event go = new_user_event(context), last = NULL;
	cl_int error;

	(void)state;
	for (int i = 0; i < 10; i++) {
		void *ptr = clEnqueueMapBuffer(queue, buffer, CL_FALSE, CL_MAP_WRITE, 0, SIZE, 1, &go,
					       NULL, &error);

		assert_cl(error, CL_SUCCESS);
		if (last)
			assert_cl(clReleaseEvent(last), CL_SUCCESS);
		assert_cl(clEnqueueUnmapMemObject(queue, buffer, ptr, 0, NULL, &last), CL_SUCCESS);
	}
	assert_true(status_of(last) > CL_COMPLETE);
	assert_cl(clSetUserEventStatus(go, CL_COMPLETE), CL_SUCCESS);
	assert_cl(clFinish(queue), CL_SUCCESS);
	assert_int_equal(status_of(last), CL_COMPLETE);
	assert_int_equal(event_type(last), CL_COMMAND_UNMAP_MEM_OBJECT);
	assert_cl(clReleaseEvent(last), CL_SUCCESS);
	assert_cl(clReleaseEvent(go), CL_SUCCESS);
	assert_cl(clReleaseMemObject(buffer), CL_SUCCESS);
}

/* A map command that fails has mapped nothing. */
static void failed(void **state)
{
	cl_mem buffer = new_buffer(0, SIZE, NULL);
	cl_event bad = new_user_event(context), event;
	cl_int error;

	(void)state;
	assert_non_null(clEnqueueMapBuffer(queue, buffer, CL_FALSE, CL_MAP_WRITE, 0, SIZE, 1, &bad,
					   &event, &error));
	assert_cl(error, CL_SUCCESS);
	assert_int_equal(map_count(buffer), 1);
	assert_cl(clSetUserEventStatus(bad, -1), CL_SUCCESS);
	assert_cl(clWaitForEvents(1, &event), CL_EXEC_STATUS_ERROR_FOR_EVENTS_IN_WAIT_LIST);
	assert_int_equal(map_count(buffer), 0);

	assert_null(clEnqueueMapBuffer(queue, buffer, CL_TRUE, CL_MAP_WRITE, 0, SIZE, 1, &bad, NULL,
				       &error));
	assert_cl(error, CL_EXEC_STATUS_ERROR_FOR_EVENTS_IN_WAIT_LIST);
	assert_int_equal(map_count(buffer), 0);
	clFinish(queue);
	unmap(buffer, map(buffer, CL_MAP_WRITE, 0, SIZE, CL_SUCCESS), CL_SUCCESS);
	assert_cl(clReleaseEvent(event), CL_SUCCESS);
	assert_cl(clReleaseEvent(bad), CL_SUCCESS);
	assert_cl(clReleaseMemObject(buffer), CL_SUCCESS);
}

static void errors(void **state)
{
	cl_int error;
	cl_mem buffer = new_buffer(0, SIZE, NULL);
	cl_mem no_host = new_buffer(CL_MEM_HOST_NO_ACCESS, SIZE, NULL);
	cl_mem host_reads = new_buffer(CL_MEM_HOST_READ_ONLY, SIZE, NULL);
	cl_mem host_writes = new_buffer(CL_MEM_HOST_WRITE_ONLY, SIZE, NULL);
	cl_mem foreign = clCreateBuffer(other_context, 0, SIZE, NULL, &error);
	cl_event event = new_user_event(context);
	const struct {
		cl_command_queue queue;
		cl_mem mem;
		cl_map_flags flags;
		size_t offset, size;
		cl_uint n;
		cl_int error;
	} cases[] = {
		{ NULL, buffer, CL_MAP_READ, 0, SIZE, 0, CL_INVALID_COMMAND_QUEUE },
		{ queue, NULL, CL_MAP_READ, 0, SIZE, 0, CL_INVALID_MEM_OBJECT },
		{ queue, foreign, CL_MAP_READ, 0, SIZE, 0, CL_INVALID_CONTEXT },
		{ queue, buffer, CL_MAP_READ, 1, SIZE, 0, CL_INVALID_VALUE },
		{ queue, buffer, CL_MAP_READ, SIZE_MAX, 2, 0, CL_INVALID_VALUE },
		{ queue, buffer, CL_MAP_READ, 0, 0, 0, CL_INVALID_VALUE },
		{ queue, buffer, CL_MAP_READ | CL_MAP_WRITE_INVALIDATE_REGION, 0, 1, 0,
		  CL_INVALID_VALUE },
		{ queue, buffer, CL_MAP_WRITE | CL_MAP_WRITE_INVALIDATE_REGION, 0, 1, 0,
		  CL_INVALID_VALUE },
		{ queue, buffer, 1 << 10, 0, 1, 0, CL_INVALID_VALUE },
		{ queue, buffer, CL_MAP_READ, 0, 1, 1, CL_INVALID_EVENT_WAIT_LIST },
		{ queue, no_host, CL_MAP_READ, 0, 1, 0, CL_INVALID_OPERATION },
		{ queue, no_host, CL_MAP_WRITE, 0, 1, 0, CL_INVALID_OPERATION },
		{ queue, host_reads, CL_MAP_WRITE, 0, 1, 0, CL_INVALID_OPERATION },
		{ queue, host_reads, CL_MAP_WRITE_INVALIDATE_REGION, 0, 1, 0, CL_INVALID_OPERATION },
		{ queue, host_writes, CL_MAP_READ, 0, 1, 0, CL_INVALID_OPERATION },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		error = 1;
		assert_null(clEnqueueMapBuffer(cases[i].queue, cases[i].mem, CL_TRUE, cases[i].flags,
					       cases[i].offset, cases[i].size, cases[i].n, NULL, NULL,
					       &error));
		assert_cl(error, cases[i].error);
	}
	assert_int_equal(map_count(buffer), 0);

	assert_cl(clEnqueueUnmapMemObject(NULL, buffer, NULL, 0, NULL, NULL),
		  CL_INVALID_COMMAND_QUEUE);
	assert_cl(clEnqueueUnmapMemObject(queue, NULL, NULL, 0, NULL, NULL), CL_INVALID_MEM_OBJECT);
	assert_cl(clEnqueueUnmapMemObject(queue, foreign, NULL, 0, NULL, NULL), CL_INVALID_CONTEXT);
	assert_cl(clEnqueueUnmapMemObject(queue, buffer, NULL, 0, NULL, NULL), CL_INVALID_VALUE);
	assert_cl(clEnqueueUnmapMemObject(queue, buffer, NULL, 0, &event, NULL),
		  CL_INVALID_EVENT_WAIT_LIST);

	assert_cl(clReleaseEvent(event), CL_SUCCESS);
	assert_cl(clReleaseMemObject(buffer), CL_SUCCESS);
	assert_cl(clReleaseMemObject(no_host), CL_SUCCESS);
	assert_cl(clReleaseMemObject(host_reads), CL_SUCCESS);
	assert_cl(clReleaseMemObject(host_writes), CL_SUCCESS);
	assert_cl(clReleaseMemObject(foreign), CL_SUCCESS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(contents),
		cmocka_unit_test(host_pointer),
		cmocka_unit_test(counts_and_overlaps),
		cmocka_unit_test(released_mapped),
		cmocka_unit_test(in_order),
		cmocka_unit_test(failed),
		cmocka_unit_test(errors),
	};

	return cmocka_run_group_tests(tests, open_contexts, close_contexts);
}
