/* SPDX-License-Identifier: MIT */
/* Buffers and sub-buffers: creation, queries, one-dimensional transfers, lifetime, errors. */
#include "memory.h"

#define SIZE	4096

static void flags_table(void **state)
{
	static const struct {
		cl_mem_flags flags;
		bool host_ptr;
		cl_int error;
	} cases[] = {
		{ 0, false, CL_SUCCESS },
		{ CL_MEM_READ_WRITE, false, CL_SUCCESS },
		{ CL_MEM_READ_ONLY, false, CL_SUCCESS },
		{ CL_MEM_WRITE_ONLY | CL_MEM_HOST_READ_ONLY, false, CL_SUCCESS },
		{ CL_MEM_USE_HOST_PTR, true, CL_SUCCESS },
		{ CL_MEM_ALLOC_HOST_PTR, false, CL_SUCCESS },
		{ CL_MEM_COPY_HOST_PTR, true, CL_SUCCESS },
		{ CL_MEM_COPY_HOST_PTR | CL_MEM_ALLOC_HOST_PTR, true, CL_SUCCESS },
		{ CL_MEM_HOST_NO_ACCESS | CL_MEM_USE_HOST_PTR, true, CL_SUCCESS },
		{ CL_MEM_READ_WRITE | CL_MEM_READ_ONLY, false, CL_INVALID_VALUE },
		{ CL_MEM_READ_WRITE | CL_MEM_WRITE_ONLY, false, CL_INVALID_VALUE },
		{ CL_MEM_READ_ONLY | CL_MEM_WRITE_ONLY, false, CL_INVALID_VALUE },
		{ CL_MEM_USE_HOST_PTR | CL_MEM_ALLOC_HOST_PTR, true, CL_INVALID_VALUE },
		{ CL_MEM_USE_HOST_PTR | CL_MEM_COPY_HOST_PTR, true, CL_INVALID_VALUE },
		{ CL_MEM_HOST_READ_ONLY | CL_MEM_HOST_WRITE_ONLY, false, CL_INVALID_VALUE },
		{ CL_MEM_HOST_READ_ONLY | CL_MEM_HOST_NO_ACCESS, false, CL_INVALID_VALUE },
		{ CL_MEM_HOST_WRITE_ONLY | CL_MEM_HOST_NO_ACCESS, false, CL_INVALID_VALUE },
		{ CL_MEM_SVM_FINE_GRAIN_BUFFER, false, CL_INVALID_VALUE },
		{ CL_MEM_KERNEL_READ_AND_WRITE, false, CL_INVALID_VALUE },
		{ (cl_mem_flags)1 << 40, false, CL_INVALID_VALUE },
		{ CL_MEM_USE_HOST_PTR, false, CL_INVALID_HOST_PTR },
		{ CL_MEM_COPY_HOST_PTR, false, CL_INVALID_HOST_PTR },
		{ CL_MEM_READ_WRITE, true, CL_INVALID_HOST_PTR },
		{ CL_MEM_ALLOC_HOST_PTR, true, CL_INVALID_HOST_PTR },
	};
	static char memory[SIZE];

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		cl_int error = 1;
		cl_mem_flags flags;
		cl_mem buffer = clCreateBuffer(context, cases[i].flags, SIZE,
					       cases[i].host_ptr ? memory : NULL, &error);

		assert_cl(error, cases[i].error);
		assert_int_equal(!buffer, error != CL_SUCCESS);
		if (!buffer)
			continue;
		assert_cl(clGetMemObjectInfo(buffer, CL_MEM_FLAGS, sizeof(flags), &flags, NULL),
			  CL_SUCCESS);
		assert_int_equal(flags, cases[i].flags);
		assert_cl(clReleaseMemObject(buffer), CL_SUCCESS);
	}
}

static void create_errors(void **state)
{
	static const cl_mem_properties none[] = { 0 }, unknown[] = { 0x1234, 1, 0 };
	cl_mem_properties properties[4];
	cl_ulong most;
	size_t size;
	cl_int error;
	cl_mem buffer;

	(void)state;
	assert_cl(clGetDeviceInfo(device, CL_DEVICE_MAX_MEM_ALLOC_SIZE, sizeof(most), &most, NULL),
		  CL_SUCCESS);
	assert_null(clCreateBuffer(context, 0, 0, NULL, &error));
	assert_cl(error, CL_INVALID_BUFFER_SIZE);
	assert_null(clCreateBuffer(context, 0, most + 1, NULL, &error));
	assert_cl(error, CL_INVALID_BUFFER_SIZE);
	assert_null(clCreateBuffer(NULL, 0, SIZE, NULL, NULL));
	assert_null(clCreateBufferWithProperties(context, unknown, 0, SIZE, NULL, &error));
	assert_cl(error, CL_INVALID_PROPERTY);

	/* The list is returned as it was given, also when it is empty; or not, when there was none. */
	buffer = clCreateBufferWithProperties(context, none, 0, SIZE, NULL, &error);
	assert_cl(error, CL_SUCCESS);
	assert_cl(clGetMemObjectInfo(buffer, CL_MEM_PROPERTIES, sizeof(properties), properties,
				     &size), CL_SUCCESS);
	assert_int_equal(size, sizeof(none));
	assert_int_equal(properties[0], 0);
	assert_cl(clReleaseMemObject(buffer), CL_SUCCESS);
	buffer = new_buffer(0, SIZE, NULL);
	assert_cl(clGetMemObjectInfo(buffer, CL_MEM_PROPERTIES, sizeof(properties), properties,
				     &size), CL_SUCCESS);
	assert_int_equal(size, 0);
	assert_cl(clReleaseMemObject(buffer), CL_SUCCESS);
}

static void sub_buffer_errors(void **state)
{
	static const struct {
		cl_mem_flags parent, flags;
		size_t origin, size;
		cl_int error;
	} cases[] = {
		{ 0, 0, 0, SIZE, CL_SUCCESS },
		{ 0, 0, SIZE - 128, 128, CL_SUCCESS },
		{ 0, CL_MEM_READ_ONLY | CL_MEM_HOST_NO_ACCESS, 128, 1, CL_SUCCESS },
		{ CL_MEM_READ_ONLY, CL_MEM_READ_ONLY, 0, 1, CL_SUCCESS },
		{ CL_MEM_HOST_READ_ONLY, CL_MEM_HOST_NO_ACCESS, 0, 1, CL_SUCCESS },
		{ 0, 0, 0, 0, CL_INVALID_BUFFER_SIZE },
		{ 0, 0, 0, SIZE + 1, CL_INVALID_VALUE },
		{ 0, 0, SIZE, 1, CL_INVALID_VALUE },
		{ 0, 0, 128, SIZE_MAX, CL_INVALID_VALUE },
		{ 0, 0, SIZE_MAX - 127, 256, CL_INVALID_VALUE },
		{ 0, 0, 64, 128, CL_MISALIGNED_SUB_BUFFER_OFFSET },
		{ 0, 0, 1, 1, CL_MISALIGNED_SUB_BUFFER_OFFSET },
		{ 0, CL_MEM_USE_HOST_PTR, 0, 1, CL_INVALID_VALUE },
		{ 0, CL_MEM_ALLOC_HOST_PTR, 0, 1, CL_INVALID_VALUE },
		{ 0, CL_MEM_COPY_HOST_PTR, 0, 1, CL_INVALID_VALUE },
		{ 0, CL_MEM_READ_ONLY | CL_MEM_WRITE_ONLY, 0, 1, CL_INVALID_VALUE },
		{ CL_MEM_WRITE_ONLY, CL_MEM_READ_WRITE, 0, 1, CL_INVALID_VALUE },
		{ CL_MEM_WRITE_ONLY, CL_MEM_READ_ONLY, 0, 1, CL_INVALID_VALUE },
		{ CL_MEM_READ_ONLY, CL_MEM_READ_WRITE, 0, 1, CL_INVALID_VALUE },
		{ CL_MEM_READ_ONLY, CL_MEM_WRITE_ONLY, 0, 1, CL_INVALID_VALUE },
		{ CL_MEM_HOST_WRITE_ONLY, CL_MEM_HOST_READ_ONLY, 0, 1, CL_INVALID_VALUE },
		{ CL_MEM_HOST_READ_ONLY, CL_MEM_HOST_WRITE_ONLY, 0, 1, CL_INVALID_VALUE },
		{ CL_MEM_HOST_NO_ACCESS, CL_MEM_HOST_READ_ONLY, 0, 1, CL_INVALID_VALUE },
		{ CL_MEM_HOST_NO_ACCESS, CL_MEM_HOST_WRITE_ONLY, 0, 1, CL_INVALID_VALUE },
	};
	const cl_buffer_region region = { 0, 128 };
	cl_mem parent, sub_buffer;
	cl_int error;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		const cl_buffer_region r = { cases[i].origin, cases[i].size };

		parent = new_buffer(cases[i].parent, SIZE, NULL);
		sub_buffer = clCreateSubBuffer(parent, cases[i].flags,
					       CL_BUFFER_CREATE_TYPE_REGION, &r, &error);
		assert_cl(error, cases[i].error);
		assert_int_equal(!sub_buffer, error != CL_SUCCESS);
		if (sub_buffer)
			assert_cl(clReleaseMemObject(sub_buffer), CL_SUCCESS);
		assert_cl(clReleaseMemObject(parent), CL_SUCCESS);
	}

	parent = new_buffer(0, SIZE, NULL);
	sub_buffer = new_sub_buffer(parent, 0, 128, 1024);
	assert_null(clCreateSubBuffer(sub_buffer, 0, CL_BUFFER_CREATE_TYPE_REGION, &region, &error));
	assert_cl(error, CL_INVALID_MEM_OBJECT);
	assert_null(clCreateSubBuffer(parent, 0, 0, &region, &error));
	assert_cl(error, CL_INVALID_VALUE);
	assert_null(clCreateSubBuffer(parent, 0, CL_BUFFER_CREATE_TYPE_REGION, NULL, &error));
	assert_cl(error, CL_INVALID_VALUE);
	assert_cl(clReleaseMemObject(sub_buffer), CL_SUCCESS);
	assert_cl(clReleaseMemObject(parent), CL_SUCCESS);
}

#define assert_info(mem, name, type, expected) do {					\
	type info_value;								\
	size_t info_size = 0;								\
											\
	assert_cl(clGetMemObjectInfo(mem, name, sizeof(info_value), &info_value,	\
				     &info_size), CL_SUCCESS);				\
	assert_int_equal(info_size, sizeof(type));					\
	assert_true(info_value == (expected));						\
} while (0)

static void queries(void **state)
{
	static char memory[SIZE];
	cl_mem buffer = new_buffer(CL_MEM_READ_ONLY | CL_MEM_USE_HOST_PTR | CL_MEM_HOST_WRITE_ONLY,
				   SIZE, memory);
	cl_mem sub_buffer = new_sub_buffer(buffer, 0, 256, 512);
	cl_mem plain = new_buffer(0, SIZE, NULL);
	cl_uint small;

	(void)state;
	assert_info(buffer, CL_MEM_TYPE, cl_mem_object_type, CL_MEM_OBJECT_BUFFER);
	assert_info(buffer, CL_MEM_SIZE, size_t, SIZE);
	assert_info(buffer, CL_MEM_HOST_PTR, void *, memory);
	assert_info(buffer, CL_MEM_MAP_COUNT, cl_uint, 0);
	assert_info(buffer, CL_MEM_REFERENCE_COUNT, cl_uint, 1);
	assert_info(buffer, CL_MEM_CONTEXT, cl_context, context);
	assert_info(buffer, CL_MEM_ASSOCIATED_MEMOBJECT, cl_mem, NULL);
	assert_info(buffer, CL_MEM_OFFSET, size_t, 0);
	assert_info(buffer, CL_MEM_USES_SVM_POINTER, cl_bool, CL_FALSE);
	assert_info(plain, CL_MEM_HOST_PTR, void *, NULL);

	assert_info(sub_buffer, CL_MEM_TYPE, cl_mem_object_type, CL_MEM_OBJECT_BUFFER);
	assert_info(sub_buffer, CL_MEM_FLAGS, cl_mem_flags,
		    CL_MEM_READ_ONLY | CL_MEM_USE_HOST_PTR | CL_MEM_HOST_WRITE_ONLY);
	assert_info(sub_buffer, CL_MEM_SIZE, size_t, 512);
	assert_info(sub_buffer, CL_MEM_OFFSET, size_t, 256);
	assert_info(sub_buffer, CL_MEM_HOST_PTR, void *, memory + 256);
	assert_info(sub_buffer, CL_MEM_ASSOCIATED_MEMOBJECT, cl_mem, buffer);
	assert_info(sub_buffer, CL_MEM_CONTEXT, cl_context, context);

	assert_cl(clRetainMemObject(buffer), CL_SUCCESS);
	assert_info(buffer, CL_MEM_REFERENCE_COUNT, cl_uint, 2);
	assert_cl(clReleaseMemObject(buffer), CL_SUCCESS);

	assert_cl(clGetMemObjectInfo(buffer, CL_MEM_SIZE, sizeof(small), &small, NULL),
		  CL_INVALID_VALUE);
	assert_cl(clGetMemObjectInfo(buffer, 0x1234, 0, NULL, NULL), CL_INVALID_VALUE);
	assert_cl(clGetMemObjectInfo(buffer, CL_MEM_SIZE, 0, NULL, NULL), CL_SUCCESS);

	assert_cl(clReleaseMemObject(plain), CL_SUCCESS);
	assert_cl(clReleaseMemObject(sub_buffer), CL_SUCCESS);
	assert_cl(clReleaseMemObject(buffer), CL_SUCCESS);
}

static unsigned int order[8];
static atomic_int n_order;

static void CL_CALLBACK destroyed(cl_mem memobj, void *user_data)
{
	(void)memobj;
	order[n_order++ % 8] = (unsigned int)(uintptr_t)user_data;
}

static void destructor_callbacks(void **state)
{
	cl_mem buffer = new_buffer(0, SIZE, NULL);
	cl_mem sub_buffer = new_sub_buffer(buffer, 0, 0, 128);

	(void)state;
	n_order = 0;
	assert_cl(clSetMemObjectDestructorCallback(buffer, destroyed, (void *)1), CL_SUCCESS);
	assert_cl(clSetMemObjectDestructorCallback(buffer, destroyed, (void *)2), CL_SUCCESS);
	assert_cl(clSetMemObjectDestructorCallback(buffer, NULL, NULL), CL_INVALID_VALUE);
	assert_cl(clSetMemObjectDestructorCallback(sub_buffer, destroyed, (void *)3), CL_SUCCESS);

	/* A buffer stays as long as a sub-buffer needs it. */
	assert_cl(clReleaseMemObject(buffer), CL_SUCCESS);
	assert_int_equal(n_order, 0);
	assert_cl(clReleaseMemObject(sub_buffer), CL_SUCCESS);
	assert_int_equal(n_order, 3);
	assert_int_equal(order[0], 3);
	assert_int_equal(order[1], 2);
	assert_int_equal(order[2], 1);
}

/* A buffer that was released stays until the commands that use it have ended. */
static void released_in_use(void **state)
{
	char in[SIZE], out[SIZE] = "";
	cl_mem buffer = new_buffer(CL_MEM_COPY_HOST_PTR, SIZE, memset(in, 7, SIZE));
	cl_event go = new_user_event(context);

	(void)state;
	n_order = 0;
	assert_cl(clSetMemObjectDestructorCallback(buffer, destroyed, (void *)1), CL_SUCCESS);
	assert_cl(clEnqueueReadBuffer(queue, buffer, CL_FALSE, 0, SIZE, out, 1, &go, NULL),
		  CL_SUCCESS);
	assert_cl(clReleaseMemObject(buffer), CL_SUCCESS);
	assert_int_equal(n_order, 0);
	assert_cl(clSetUserEventStatus(go, CL_COMPLETE), CL_SUCCESS);
	assert_cl(clFinish(queue), CL_SUCCESS);
	assert_memory_equal(out, in, SIZE);
	await(&n_order, 1);
	assert_cl(clReleaseEvent(go), CL_SUCCESS);
}

static void use_host_ptr_is_storage(void **state)
{
	char memory[SIZE], out[SIZE];
	const cl_int pattern = 0x01020304;
	cl_mem buffer = new_buffer(CL_MEM_USE_HOST_PTR, SIZE, memset(memory, 1, SIZE));

	(void)state;
	memset(memory, 2, SIZE);
	assert_cl(clEnqueueReadBuffer(queue, buffer, CL_TRUE, 0, SIZE, out, 0, NULL, NULL),
		  CL_SUCCESS);
	assert_memory_equal(out, memory, SIZE);
	assert_cl(clEnqueueFillBuffer(queue, buffer, &pattern, sizeof(pattern), 0, SIZE, 0, NULL,
				      NULL), CL_SUCCESS);
	assert_cl(clFinish(queue), CL_SUCCESS);
	for (size_t i = 0; i < SIZE; i += sizeof(pattern))
		assert_memory_equal(memory + i, &pattern, sizeof(pattern));
	assert_cl(clReleaseMemObject(buffer), CL_SUCCESS);
}

/* Random reads, writes, copies and fills on a buffer and its sub-buffers, against a copy. */
static void random_transfers(void **state)
{
	enum { TOTAL = 16384, PARTS = 4 };
	static unsigned char expected[TOTAL], staging[TOTAL], zero[TOTAL];
	cl_mem buffers[1 + PARTS];
	size_t origins[1 + PARTS] = { 0 }, sizes[1 + PARTS] = { TOTAL };

	(void)state;
	buffers[0] = new_buffer(CL_MEM_COPY_HOST_PTR, TOTAL, zero);
	for (int i = 1; i <= PARTS; i++) {
		origins[i] = 128 * random_below(TOTAL / 128);
		sizes[i] = 1 + random_below((uint32_t)(TOTAL - origins[i]));
		buffers[i] = new_sub_buffer(buffers[0], 0, origins[i], sizes[i]);
	}

	for (int round = 0; round < 4000; round++) {
		const unsigned int b = random_below(1 + PARTS), c = random_below(1 + PARTS);
		const size_t offset = random_below((uint32_t)sizes[b]);
		size_t size = random_below((uint32_t)(sizes[b] - offset) + 1);
		unsigned char *at = expected + origins[b] + offset;

		switch (random_below(4)) {
		case 0:
			assert_cl(clEnqueueReadBuffer(queue, buffers[b], CL_TRUE, offset, size,
						      staging, 0, NULL, NULL), CL_SUCCESS);
			assert_memory_equal(staging, at, size);
			break;
		case 1:
			random_bytes(staging, size);
			memcpy(at, staging, size);
			assert_cl(clEnqueueWriteBuffer(queue, buffers[b], CL_TRUE, offset, size,
						       staging, 0, NULL, NULL), CL_SUCCESS);
			break;
		case 2: {
			const size_t from = random_below((uint32_t)sizes[c]);
			size_t source;

			if (size > sizes[c] - from)
				size = sizes[c] - from;
			source = origins[c] + from;
			if (source < origins[b] + offset + size && origins[b] + offset < source + size) {
				assert_cl(clEnqueueCopyBuffer(queue, buffers[c], buffers[b], from,
							      offset, size, 0, NULL, NULL),
					  size ? CL_MEM_COPY_OVERLAP : CL_SUCCESS);
			} else {
				memcpy(at, expected + source, size);
				assert_cl(clEnqueueCopyBuffer(queue, buffers[c], buffers[b], from,
							      offset, size, 0, NULL, NULL),
					  CL_SUCCESS);
			}
			break;
		}
		case 3: {
			const size_t pattern_size = (size_t)1 << random_below(8);
			const size_t start = offset / pattern_size * pattern_size;
			unsigned char pattern[128];

			size = size / pattern_size * pattern_size;
			random_bytes(pattern, pattern_size);
			for (size_t i = 0; i < size; i++)
				expected[origins[b] + start + i] = pattern[i % pattern_size];
			assert_cl(clEnqueueFillBuffer(queue, buffers[b], pattern, pattern_size, start,
						      size, 0, NULL, NULL), CL_SUCCESS);
			break;
		}
		}
	}
	assert_cl(clEnqueueReadBuffer(queue, buffers[0], CL_TRUE, 0, TOTAL, staging, 0, NULL, NULL),
		  CL_SUCCESS);
	assert_memory_equal(staging, expected, TOTAL);
	for (int i = PARTS; i >= 0; i--)
		assert_cl(clReleaseMemObject(buffers[i]), CL_SUCCESS);
}

/* One table for the errors of each transfer; each row differs from a good call in one argument. */
static void transfer_errors(void **state)
{
	char memory[SIZE] = "";
	cl_int pattern = 0;
	cl_int error;
	cl_mem a = new_buffer(0, SIZE, NULL), b = new_buffer(0, SIZE, NULL);
	cl_mem no_host = new_buffer(CL_MEM_HOST_NO_ACCESS, SIZE, NULL);
	cl_mem host_reads = new_buffer(CL_MEM_HOST_READ_ONLY, SIZE, NULL);
	cl_mem host_writes = new_buffer(CL_MEM_HOST_WRITE_ONLY, SIZE, NULL);
	cl_mem foreign = clCreateBuffer(other_context, 0, SIZE, NULL, &error);
	cl_event event = new_user_event(context), other_event = clCreateUserEvent(other_context, &error);
	cl_event none = NULL;

	(void)state;
#define READ(q, m, offset, size, ptr, n, list) \
	clEnqueueReadBuffer(q, m, CL_TRUE, offset, size, ptr, n, list, NULL)
#define WRITE(q, m, offset, size, ptr, n, list) \
	clEnqueueWriteBuffer(q, m, CL_TRUE, offset, size, ptr, n, list, NULL)
#define BOTH(code, ...) do {			\
	assert_cl(READ(__VA_ARGS__), code);	\
	assert_cl(WRITE(__VA_ARGS__), code);	\
} while (0)
	BOTH(CL_SUCCESS, queue, a, 0, SIZE, memory, 0, NULL);
	BOTH(CL_SUCCESS, queue, a, SIZE, 0, memory, 0, NULL);
	BOTH(CL_INVALID_COMMAND_QUEUE, NULL, a, 0, SIZE, memory, 0, NULL);
	BOTH(CL_INVALID_MEM_OBJECT, queue, NULL, 0, SIZE, memory, 0, NULL);
	BOTH(CL_INVALID_MEM_OBJECT, queue, (cl_mem)(void *)queue, 0, SIZE, memory, 0, NULL);
	BOTH(CL_INVALID_CONTEXT, queue, foreign, 0, SIZE, memory, 0, NULL);
	BOTH(CL_INVALID_VALUE, queue, a, 1, SIZE, memory, 0, NULL);
	BOTH(CL_INVALID_VALUE, queue, a, SIZE_MAX, 2, memory, 0, NULL);
	BOTH(CL_INVALID_VALUE, queue, a, 2, SIZE_MAX, memory, 0, NULL);
	BOTH(CL_INVALID_VALUE, queue, a, 0, SIZE, NULL, 0, NULL);
	BOTH(CL_INVALID_EVENT_WAIT_LIST, queue, a, 0, SIZE, memory, 1, NULL);
	BOTH(CL_INVALID_EVENT_WAIT_LIST, queue, a, 0, SIZE, memory, 0, &event);
	BOTH(CL_INVALID_EVENT_WAIT_LIST, queue, a, 0, SIZE, memory, 1, &none);
	BOTH(CL_INVALID_CONTEXT, queue, a, 0, SIZE, memory, 1, &other_event);
	BOTH(CL_INVALID_OPERATION, queue, no_host, 0, SIZE, memory, 0, NULL);
	assert_cl(READ(queue, host_writes, 0, SIZE, memory, 0, NULL), CL_INVALID_OPERATION);
	assert_cl(WRITE(queue, host_writes, 0, SIZE, memory, 0, NULL), CL_SUCCESS);
	assert_cl(READ(queue, host_reads, 0, SIZE, memory, 0, NULL), CL_SUCCESS);
	assert_cl(WRITE(queue, host_reads, 0, SIZE, memory, 0, NULL), CL_INVALID_OPERATION);

#define COPY(src, dst, from, to, size) \
	clEnqueueCopyBuffer(queue, src, dst, from, to, size, 0, NULL, NULL)
	assert_cl(clEnqueueCopyBuffer(NULL, a, b, 0, 0, 1, 0, NULL, NULL), CL_INVALID_COMMAND_QUEUE);
	assert_cl(COPY(NULL, b, 0, 0, 1), CL_INVALID_MEM_OBJECT);
	assert_cl(COPY(a, NULL, 0, 0, 1), CL_INVALID_MEM_OBJECT);
	assert_cl(COPY(foreign, b, 0, 0, 1), CL_INVALID_CONTEXT);
	assert_cl(COPY(a, foreign, 0, 0, 1), CL_INVALID_CONTEXT);
	assert_cl(COPY(a, b, 1, 0, SIZE), CL_INVALID_VALUE);
	assert_cl(COPY(a, b, 0, 1, SIZE), CL_INVALID_VALUE);
	assert_cl(COPY(a, a, 0, 10, 11), CL_MEM_COPY_OVERLAP);
	assert_cl(COPY(a, a, 10, 0, 11), CL_MEM_COPY_OVERLAP);
	assert_cl(COPY(a, a, 0, 10, 10), CL_SUCCESS);
	assert_cl(COPY(no_host, b, 0, 0, SIZE), CL_SUCCESS);

#define FILL(m, p, pattern_size, offset, size) \
	clEnqueueFillBuffer(queue, m, p, pattern_size, offset, size, 0, NULL, NULL)
	assert_cl(FILL(a, &pattern, 4, 4, 8), CL_SUCCESS);
	assert_cl(FILL(no_host, &pattern, 4, 0, SIZE), CL_SUCCESS);
	assert_cl(FILL(NULL, &pattern, 4, 0, 4), CL_INVALID_MEM_OBJECT);
	assert_cl(FILL(foreign, &pattern, 4, 0, 4), CL_INVALID_CONTEXT);
	assert_cl(FILL(a, NULL, 4, 0, 4), CL_INVALID_VALUE);
	assert_cl(FILL(a, &pattern, 0, 0, 4), CL_INVALID_VALUE);
	assert_cl(FILL(a, &pattern, 3, 0, 3), CL_INVALID_VALUE);
	assert_cl(FILL(a, memory, 256, 0, 256), CL_INVALID_VALUE);
	assert_cl(FILL(a, &pattern, 4, 2, 4), CL_INVALID_VALUE);
	assert_cl(FILL(a, &pattern, 4, 4, 6), CL_INVALID_VALUE);
	assert_cl(FILL(a, &pattern, 4, SIZE, 4), CL_INVALID_VALUE);

	/* Blocking calls say so when what they wait for has failed. */
	assert_cl(clSetUserEventStatus(event, -7), CL_SUCCESS);
	BOTH(CL_EXEC_STATUS_ERROR_FOR_EVENTS_IN_WAIT_LIST, queue, a, 0, SIZE, memory, 1, &event);

	clFinish(queue);
	assert_cl(clReleaseEvent(event), CL_SUCCESS);
	assert_cl(clReleaseEvent(other_event), CL_SUCCESS);
	assert_cl(clReleaseMemObject(a), CL_SUCCESS);
	assert_cl(clReleaseMemObject(b), CL_SUCCESS);
	assert_cl(clReleaseMemObject(no_host), CL_SUCCESS);
	assert_cl(clReleaseMemObject(host_reads), CL_SUCCESS);
	assert_cl(clReleaseMemObject(host_writes), CL_SUCCESS);
	assert_cl(clReleaseMemObject(foreign), CL_SUCCESS);
}

static void migration(void **state)
{
	const cl_mem_migration_flags all = CL_MIGRATE_MEM_OBJECT_HOST |
					   CL_MIGRATE_MEM_OBJECT_CONTENT_UNDEFINED;
	static char in[1 << 20], out[1 << 20];
	cl_int error;
	cl_mem buffer = new_buffer(CL_MEM_COPY_HOST_PTR, sizeof(in), memset(in, 5, sizeof(in)));
	cl_mem foreign = clCreateBuffer(other_context, 0, SIZE, NULL, &error);
	cl_event event;

	(void)state;
	assert_cl(clEnqueueMigrateMemObjects(NULL, 1, &buffer, 0, 0, NULL, NULL),
		  CL_INVALID_COMMAND_QUEUE);
	assert_cl(clEnqueueMigrateMemObjects(queue, 0, &buffer, 0, 0, NULL, NULL), CL_INVALID_VALUE);
	assert_cl(clEnqueueMigrateMemObjects(queue, 1, NULL, 0, 0, NULL, NULL), CL_INVALID_VALUE);
	assert_cl(clEnqueueMigrateMemObjects(queue, 1, &buffer, all << 1, 0, NULL, NULL),
		  CL_INVALID_VALUE);
	assert_cl(clEnqueueMigrateMemObjects(queue, 1, &foreign, 0, 0, NULL, NULL),
		  CL_INVALID_CONTEXT);

	/* Where the bytes are makes no difference to what they are. */
	assert_cl(clEnqueueMigrateMemObjects(queue, 1, &buffer, 0, 0, NULL, &event), CL_SUCCESS);
	assert_cl(clWaitForEvents(1, &event), CL_SUCCESS);
	assert_int_equal(event_type(event), CL_COMMAND_MIGRATE_MEM_OBJECTS);
	assert_cl(clEnqueueMigrateMemObjects(queue, 1, &buffer, CL_MIGRATE_MEM_OBJECT_HOST, 0, NULL,
					     NULL), CL_SUCCESS);
	assert_cl(clEnqueueReadBuffer(queue, buffer, CL_TRUE, 0, sizeof(out), out, 0, NULL, NULL),
		  CL_SUCCESS);
	assert_memory_equal(in, out, sizeof(in));
	assert_cl(clReleaseEvent(event), CL_SUCCESS);
	assert_cl(clReleaseMemObject(foreign), CL_SUCCESS);
	assert_cl(clReleaseMemObject(buffer), CL_SUCCESS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(flags_table),
		cmocka_unit_test(create_errors),
		cmocka_unit_test(sub_buffer_errors),
		cmocka_unit_test(queries),
		cmocka_unit_test(destructor_callbacks),
		cmocka_unit_test(released_in_use),
		cmocka_unit_test(use_host_ptr_is_storage),
		cmocka_unit_test(random_transfers),
		cmocka_unit_test(transfer_errors),
		cmocka_unit_test(migration),
	};

	return cmocka_run_group_tests(tests, open_contexts, close_contexts);
}
