/* SPDX-License-Identifier: MIT */
/* Shared virtual memory: allocation, lookup, commands on any pointer, freeing, errors. */
#include <pthread.h>
#include <sys/mman.h>

#include "memory.h"

#define FINE	CL_MEM_SVM_FINE_GRAIN_BUFFER
#define SIZE	4096

static void capabilities(void **state)
{
	cl_device_svm_capabilities svm;

	(void)state;
	assert_cl(clGetDeviceInfo(device, CL_DEVICE_SVM_CAPABILITIES, sizeof(svm), &svm, NULL),
		  CL_SUCCESS);
	assert_int_equal(svm, CL_DEVICE_SVM_COARSE_GRAIN_BUFFER | CL_DEVICE_SVM_FINE_GRAIN_BUFFER |
			      CL_DEVICE_SVM_FINE_GRAIN_SYSTEM | CL_DEVICE_SVM_ATOMICS);
}

static void allocation_table(void **state)
{
	cl_ulong most;

	(void)state;
	assert_cl(clGetDeviceInfo(device, CL_DEVICE_MAX_MEM_ALLOC_SIZE, sizeof(most), &most, NULL),
		  CL_SUCCESS);

	const struct {
		cl_svm_mem_flags flags;
		size_t size;
		cl_uint alignment;
		bool works;
	} cases[] = {
		{ 0, 1, 0, true },
		{ CL_MEM_READ_WRITE, SIZE, 0, true },
		{ CL_MEM_READ_ONLY, 3 << 20, 16, true },
		{ CL_MEM_WRITE_ONLY, 100, 128, true },
		{ FINE, 100, 1, true },
		{ CL_MEM_READ_ONLY | FINE | CL_MEM_SVM_ATOMICS, 100, 2, true },
		{ 0, 0, 0, false },
		{ 0, most + 1, 0, false },
		{ 0, SIZE, 3, false },
		{ 0, SIZE, 256, false },
		{ CL_MEM_SVM_ATOMICS, SIZE, 0, false },
		{ CL_MEM_READ_ONLY | CL_MEM_WRITE_ONLY, SIZE, 0, false },
		{ CL_MEM_USE_HOST_PTR, SIZE, 0, false },
		{ CL_MEM_HOST_READ_ONLY, SIZE, 0, false },
		{ (cl_svm_mem_flags)1 << 40, SIZE, 0, false },
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		const size_t alignment = cases[i].alignment ? cases[i].alignment : 128;
		char *ptr = clSVMAlloc(context, cases[i].flags, cases[i].size, cases[i].alignment);

		assert_int_equal(ptr != NULL, cases[i].works);
		if (!ptr)
			continue;
		assert_int_equal((uintptr_t)ptr % alignment, 0);
		ptr[0] = 1;
		ptr[cases[i].size - 1] = 1;
		clSVMFree(context, ptr);
	}
	assert_null(clSVMAlloc(NULL, 0, SIZE, 0));
	clSVMFree(context, NULL);
}

/* Buffers on SVM: what they know about their pointer, and that the memory is the same. */
static void buffers_on_svm(void **state)
{
	char *svm = clSVMAlloc(context, 0, SIZE, 0), out[SIZE];
	char *foreign = clSVMAlloc(other_context, 0, SIZE, 0);
	static char plain[SIZE];
	const struct {
		void *ptr;
		size_t size;
		cl_bool uses_svm;
		cl_int error;
	} cases[] = {
		{ svm, SIZE, CL_TRUE, CL_SUCCESS },
		{ svm + 128, SIZE - 128, CL_TRUE, CL_SUCCESS },
		{ svm + SIZE - 1, 1, CL_TRUE, CL_SUCCESS },
		{ plain, SIZE, CL_FALSE, CL_SUCCESS },
		{ foreign, SIZE, CL_FALSE, CL_SUCCESS },
		{ svm, SIZE + 1, CL_FALSE, CL_INVALID_BUFFER_SIZE },
		{ svm, 2 * SIZE, CL_FALSE, CL_INVALID_BUFFER_SIZE },
		{ svm + 128, SIZE, CL_FALSE, CL_INVALID_BUFFER_SIZE },
	};
	cl_mem buffer, sub_buffer;
	cl_bool uses_svm;
	cl_int error;

	(void)state;
	assert_non_null(svm);
	for (size_t i = 0; i < COUNT(cases); i++) {
		buffer = clCreateBuffer(context, CL_MEM_USE_HOST_PTR, cases[i].size, cases[i].ptr,
					&error);
		assert_cl(error, cases[i].error);
		if (!buffer)
			continue;
		assert_cl(clGetMemObjectInfo(buffer, CL_MEM_USES_SVM_POINTER, sizeof(uses_svm),
					     &uses_svm, NULL), CL_SUCCESS);
		assert_int_equal(uses_svm, cases[i].uses_svm);
		assert_cl(clReleaseMemObject(buffer), CL_SUCCESS);
	}
	assert_null(clCreateBuffer(context, CL_MEM_COPY_HOST_PTR, SIZE + 1, svm, &error));
	assert_cl(error, CL_INVALID_BUFFER_SIZE);

	buffer = new_buffer(CL_MEM_USE_HOST_PTR, SIZE, svm);
	sub_buffer = new_sub_buffer(buffer, 0, 1024, 1024);
	assert_cl(clGetMemObjectInfo(sub_buffer, CL_MEM_USES_SVM_POINTER, sizeof(uses_svm), &uses_svm,
				     NULL), CL_SUCCESS);
	assert_int_equal(uses_svm, CL_TRUE);
	memset(svm, 6, SIZE);
	assert_cl(clEnqueueReadBuffer(queue, buffer, CL_TRUE, 0, SIZE, out, 0, NULL, NULL),
		  CL_SUCCESS);
	assert_memory_equal(out, svm, SIZE);

	assert_cl(clReleaseMemObject(sub_buffer), CL_SUCCESS);
	assert_cl(clReleaseMemObject(buffer), CL_SUCCESS);
	clSVMFree(context, svm);
	clSVMFree(other_context, foreign);
}

/* The commands work on SVM, on the heap, on the stack, in any combination. */
static void any_pointer(void **state)
{
	char stack[SIZE], expected[SIZE];
	char *heap = malloc(SIZE), *svm = clSVMAlloc(context, 0, SIZE, 0);
	char *pointers[] = { stack, heap, svm };
	const cl_uchar4 pattern = { .s = { 1, 2, 3, 4 } };
	cl_event events[4];

	(void)state;
	for (size_t i = 0; i < SIZE; i++)
		expected[i] = (char)(1 + i % 4);
	for (int to = 0; to < 3; to++) {
		for (int from = 0; from < 3; from++) {
			if (to == from)
				continue;
			memset(pointers[to], 0, SIZE);
			assert_cl(clEnqueueSVMMemFill(queue, pointers[from], &pattern, sizeof(pattern),
						      SIZE, 0, NULL, &events[0]), CL_SUCCESS);
			assert_cl(clEnqueueSVMMemcpy(queue, CL_FALSE, pointers[to], pointers[from],
						     SIZE, 1, &events[0], &events[1]), CL_SUCCESS);
			assert_cl(clEnqueueSVMMap(queue, CL_TRUE, CL_MAP_READ | CL_MAP_WRITE,
						  pointers[to], SIZE, 0, NULL, &events[2]), CL_SUCCESS);
			assert_memory_equal(pointers[to], expected, SIZE);
			assert_cl(clEnqueueSVMUnmap(queue, pointers[to], 0, NULL, &events[3]),
				  CL_SUCCESS);
			assert_int_equal(event_type(events[0]), CL_COMMAND_SVM_MEMFILL);
			assert_int_equal(event_type(events[1]), CL_COMMAND_SVM_MEMCPY);
			assert_int_equal(event_type(events[2]), CL_COMMAND_SVM_MAP);
			assert_int_equal(event_type(events[3]), CL_COMMAND_SVM_UNMAP);
			assert_cl(clFinish(queue), CL_SUCCESS);
			for (int i = 0; i < 4; i++)
				assert_cl(clReleaseEvent(events[i]), CL_SUCCESS);
		}
	}
	clSVMFree(context, svm);
	free(heap);
}

/* With 5-level page tables, programs get addresses above 2^47 if they name them. */
static void high_pointer(void **state)
{
	const cl_uchar4 pattern = { .s = { 1, 2, 3, 4 } };
	char *high = mmap((void *)(1ull << 50), SIZE, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	(void)state;
	assert_ptr_not_equal(high, MAP_FAILED);
	if ((uintptr_t)high >> 47) {
		assert_cl(clEnqueueSVMMemFill(queue, high, &pattern, sizeof(pattern), SIZE, 0, NULL,
					      NULL), CL_SUCCESS);
		assert_cl(clFinish(queue), CL_SUCCESS);
		for (size_t i = 0; i < SIZE; i++)
			assert_int_equal(high[i], 1 + i % 4);
	}
	munmap(high, SIZE);
	if (!((uintptr_t)high >> 47))
		skip();		/* this machine has only 47 bits for programs */
}

static void command_errors(void **state)
{
	static char memory[SIZE] __attribute__((aligned(128)));
	char *svm = clSVMAlloc(context, 0, SIZE, 0);
	const void *pointers[] = { svm, memory };
	const size_t beyond[] = { SIZE + 1, 0 }, system_memory[] = { SIZE, SIZE }, none[] = { 0, 0 };
	const cl_mem_migration_flags all = CL_MIGRATE_MEM_OBJECT_HOST |
					   CL_MIGRATE_MEM_OBJECT_CONTENT_UNDEFINED;
	cl_event bad = new_user_event(context);
	cl_int p = 0;

	(void)state;
#define COPY(q, to, from, size) clEnqueueSVMMemcpy(q, CL_TRUE, to, from, size, 0, NULL, NULL)
	assert_cl(COPY(NULL, svm, memory, SIZE), CL_INVALID_COMMAND_QUEUE);
	assert_cl(COPY(queue, NULL, memory, SIZE), CL_INVALID_VALUE);
	assert_cl(COPY(queue, svm, NULL, SIZE), CL_INVALID_VALUE);
	assert_cl(COPY(queue, svm, svm, 1), CL_MEM_COPY_OVERLAP);
	assert_cl(COPY(queue, svm + 10, svm, 11), CL_MEM_COPY_OVERLAP);
	assert_cl(COPY(queue, svm, svm + 10, 11), CL_MEM_COPY_OVERLAP);
	assert_cl(COPY(queue, svm, svm + 10, 10), CL_SUCCESS);
	assert_cl(COPY(queue, svm, memory, 0), CL_SUCCESS);
	assert_cl(clEnqueueSVMMemcpy(queue, CL_TRUE, svm, memory, 1, 1, NULL, NULL),
		  CL_INVALID_EVENT_WAIT_LIST);

#define FILL(q, to, pattern, pattern_size, size) \
	clEnqueueSVMMemFill(q, to, pattern, pattern_size, size, 0, NULL, NULL)
	assert_cl(FILL(NULL, svm, &p, 4, SIZE), CL_INVALID_COMMAND_QUEUE);
	assert_cl(FILL(queue, NULL, &p, 4, SIZE), CL_INVALID_VALUE);
	assert_cl(FILL(queue, svm, NULL, 4, SIZE), CL_INVALID_VALUE);
	assert_cl(FILL(queue, svm, &p, 0, SIZE), CL_INVALID_VALUE);
	assert_cl(FILL(queue, svm, memory, 6, SIZE), CL_INVALID_VALUE);
	assert_cl(FILL(queue, svm, memory, 256, SIZE), CL_INVALID_VALUE);
	assert_cl(FILL(queue, svm + 2, &p, 4, 4), CL_INVALID_VALUE);
	assert_cl(FILL(queue, svm, &p, 4, 6), CL_INVALID_VALUE);
	assert_cl(FILL(queue, svm, memory, 128, SIZE), CL_SUCCESS);

	assert_cl(clEnqueueSVMMap(NULL, CL_TRUE, CL_MAP_READ, svm, SIZE, 0, NULL, NULL),
		  CL_INVALID_COMMAND_QUEUE);
	assert_cl(clEnqueueSVMMap(queue, CL_TRUE, CL_MAP_READ, NULL, SIZE, 0, NULL, NULL),
		  CL_INVALID_VALUE);
	assert_cl(clEnqueueSVMMap(queue, CL_TRUE, CL_MAP_READ, svm, 0, 0, NULL, NULL),
		  CL_INVALID_VALUE);
	assert_cl(clEnqueueSVMMap(queue, CL_TRUE, CL_MAP_READ | CL_MAP_WRITE_INVALIDATE_REGION, svm,
				  SIZE, 0, NULL, NULL), CL_INVALID_VALUE);
	assert_cl(clEnqueueSVMUnmap(NULL, svm, 0, NULL, NULL), CL_INVALID_COMMAND_QUEUE);
	assert_cl(clEnqueueSVMUnmap(queue, NULL, 0, NULL, NULL), CL_INVALID_VALUE);

#define MIGRATE(q, n, p, sizes, flags) \
	clEnqueueSVMMigrateMem(q, n, p, sizes, flags, 0, NULL, NULL)
	assert_cl(MIGRATE(NULL, 1, pointers, NULL, 0), CL_INVALID_COMMAND_QUEUE);
	assert_cl(MIGRATE(queue, 0, pointers, NULL, 0), CL_INVALID_VALUE);
	assert_cl(MIGRATE(queue, 1, NULL, NULL, 0), CL_INVALID_VALUE);
	assert_cl(MIGRATE(queue, 1, pointers, NULL, all << 1), CL_INVALID_VALUE);
	assert_cl(MIGRATE(queue, 1, pointers, beyond, 0), CL_INVALID_VALUE);
	assert_cl(MIGRATE(queue, 1, pointers, none, all), CL_SUCCESS);
	/* Memory of the system migrates too; only then the size must be given. */
	assert_cl(MIGRATE(queue, 2, pointers, NULL, 0), CL_INVALID_VALUE);
	assert_cl(MIGRATE(queue, 2, pointers, none, 0), CL_INVALID_VALUE);
	assert_cl(MIGRATE(queue, 2, pointers, system_memory, 0), CL_SUCCESS);

	assert_cl(clSetUserEventStatus(bad, -3), CL_SUCCESS);
	assert_cl(clEnqueueSVMMemcpy(queue, CL_TRUE, svm, memory, SIZE, 1, &bad, NULL),
		  CL_EXEC_STATUS_ERROR_FOR_EVENTS_IN_WAIT_LIST);
	assert_cl(clEnqueueSVMMap(queue, CL_TRUE, CL_MAP_READ, svm, SIZE, 1, &bad, NULL),
		  CL_EXEC_STATUS_ERROR_FOR_EVENTS_IN_WAIT_LIST);
	clFinish(queue);
	assert_cl(clReleaseEvent(bad), CL_SUCCESS);
	clSVMFree(context, svm);
}

struct freed {
	atomic_int calls;
	cl_uint n;
	void *pointers[2];
	cl_command_queue queue;
};

static void CL_CALLBACK free_callback(cl_command_queue from, cl_uint n, void *pointers[],
				      void *data)
{
	struct freed *freed = data;

	freed->n = n;
	freed->queue = from;
	for (cl_uint i = 0; i < n; i++)
		freed->pointers[i] = pointers[i];
	clSVMFree(context, pointers[0]);
	free(pointers[1]);
	atomic_fetch_add(&freed->calls, 1);
}

static void enqueue_free(void **state)
{
	void *pointers[2] = { clSVMAlloc(context, 0, SIZE, 0), clSVMAlloc(context, 0, 1 << 22, 0) };
	struct freed freed = { 0 };
	cl_event go = new_user_event(context), event;
	char out[16] = "";

	(void)state;
	assert_cl(clEnqueueSVMFree(NULL, 2, pointers, NULL, NULL, 0, NULL, NULL),
		  CL_INVALID_COMMAND_QUEUE);
	assert_cl(clEnqueueSVMFree(queue, 0, pointers, NULL, NULL, 0, NULL, NULL), CL_INVALID_VALUE);
	assert_cl(clEnqueueSVMFree(queue, 1, NULL, NULL, NULL, 0, NULL, NULL), CL_INVALID_VALUE);
	assert_cl(clEnqueueSVMFree(queue, 0, NULL, NULL, NULL, 0, NULL, NULL), CL_SUCCESS);

	/* The memory is there until its turn comes: what is before it in the queue may use it. */
	memset(pointers[0], 9, SIZE);
	assert_cl(clEnqueueSVMMemcpy(queue, CL_FALSE, out, pointers[0], sizeof(out), 1, &go, NULL),
		  CL_SUCCESS);
	assert_cl(clEnqueueSVMFree(queue, 2, pointers, NULL, NULL, 0, NULL, &event), CL_SUCCESS);
	assert_cl(clSetUserEventStatus(go, CL_COMPLETE), CL_SUCCESS);
	assert_cl(clWaitForEvents(1, &event), CL_SUCCESS);
	assert_int_equal(event_type(event), CL_COMMAND_SVM_FREE);
	assert_int_equal(out[15], 9);
	assert_cl(clReleaseEvent(event), CL_SUCCESS);
	assert_cl(clReleaseEvent(go), CL_SUCCESS);

	/* With a callback the application frees, and the list is a copy. */
	void *const svm = pointers[0] = clSVMAlloc(context, 0, SIZE, 0);
	void *const heap = pointers[1] = malloc(SIZE);

	go = new_user_event(context);
	assert_cl(clEnqueueSVMFree(queue, 2, pointers, free_callback, &freed, 1, &go, NULL),
		  CL_SUCCESS);
	pointers[0] = pointers[1] = NULL;
	assert_int_equal(atomic_load(&freed.calls), 0);
	assert_cl(clSetUserEventStatus(go, CL_COMPLETE), CL_SUCCESS);
	assert_cl(clFinish(queue), CL_SUCCESS);
	await(&freed.calls, 1);
	assert_int_equal(freed.n, 2);
	assert_ptr_equal(freed.pointers[0], svm);
	assert_ptr_equal(freed.pointers[1], heap);
	assert_ptr_equal(freed.queue, queue);
	assert_cl(clReleaseEvent(go), CL_SUCCESS);
}

/* Whether the runtime knows @ptr as SVM with exactly @size bytes left behind it. */
static bool known(char *ptr, size_t size)
{
	cl_int error, beyond;
	cl_mem buffer = clCreateBuffer(context, CL_MEM_USE_HOST_PTR, size, ptr, &error);
	cl_bool uses_svm;

	assert_cl(error, CL_SUCCESS);
	assert_cl(clGetMemObjectInfo(buffer, CL_MEM_USES_SVM_POINTER, sizeof(uses_svm), &uses_svm,
				     NULL), CL_SUCCESS);
	assert_cl(clReleaseMemObject(buffer), CL_SUCCESS);
	if (uses_svm) {
		assert_null(clCreateBuffer(context, CL_MEM_USE_HOST_PTR, size + 1, ptr, &beyond));
		assert_cl(beyond, CL_INVALID_BUFFER_SIZE);
	}
	return uses_svm;
}

/* Ten thousand allocations, freed and made again in random order; the index knows each. */
static void many(void **state)
{
	enum { N = 10000 };
	static struct {
		char *ptr;
		size_t size;
	} all[N];

	(void)state;
	for (int round = 0; round < 4 * N; round++) {
		const unsigned int i = round < N ? (unsigned int)round : random_below(N);

		if (all[i].ptr) {
			const size_t inside = random_below((uint32_t)all[i].size);

			assert_true(known(all[i].ptr + inside, all[i].size - inside));
			clSVMFree(context, all[i].ptr);
			all[i].ptr = NULL;
		} else {
			all[i].size = 1 + random_below(10000);
			all[i].ptr = clSVMAlloc(context, 0, all[i].size, 0);
			assert_non_null(all[i].ptr);
		}
	}
	for (int i = 0; i < N; i++)
		clSVMFree(context, all[i].ptr);
}

static void *churn(void *unused)
{
	char *mine[64] = { NULL };
	uint32_t state = (uint32_t)(uintptr_t)unused;

	for (int i = 0; i < 5000; i++) {
		char **slot = &mine[(state = state * 1664525 + 1013904223) >> 26];

		if (*slot && **slot != (char)(uintptr_t)unused)
			return unused;
		clSVMFree(context, *slot);
		*slot = clSVMAlloc(context, 0, 1 + (state >> 10) % 9000, 0);
		if (!*slot)
			return unused;
		**slot = (char)(uintptr_t)unused;
	}
	for (int i = 0; i < 64; i++)
		clSVMFree(context, mine[i]);
	return NULL;
}

static void threads(void **state)
{
	pthread_t thread[4];
	void *failed;

	(void)state;
	for (uintptr_t i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&thread[i], NULL, churn, (void *)(i + 1)), 0);
	for (int i = 0; i < 4; i++) {
		assert_int_equal(pthread_join(thread[i], &failed), 0);
		assert_null(failed);
	}
}

/* An allocation keeps its context; the last free lets it go. */
static void outlives_release(void **state)
{
	cl_int error;
	cl_context short_lived = clCreateContext(NULL, 1, &device, NULL, NULL, &error);
	char *ptr = clSVMAlloc(short_lived, 0, SIZE, 0);

	(void)state;
	assert_cl(error, CL_SUCCESS);
	assert_non_null(ptr);
	assert_cl(clReleaseContext(short_lived), CL_SUCCESS);
	memset(ptr, 1, SIZE);
	clSVMFree(short_lived, ptr);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(capabilities),
		cmocka_unit_test(allocation_table),
		cmocka_unit_test(buffers_on_svm),
		cmocka_unit_test(any_pointer),
		cmocka_unit_test(high_pointer),
		cmocka_unit_test(command_errors),
		cmocka_unit_test(enqueue_free),
		cmocka_unit_test(many),
		cmocka_unit_test(threads),
		cmocka_unit_test(outlives_release),
	};

	return cmocka_run_group_tests(tests, open_contexts, close_contexts);
}
