/* SPDX-License-Identifier: MIT */
/*
 * Commands that fail on the device.  cmocka takes SIGSEGV for itself when a test begins, as any
 * application may; the host engine takes it when its first context is made.  So each test makes its
 * own.
 */
#include <sys/mman.h>

#include "runtime.h"

static atomic_int notified;
static char notice[512];

static void CL_CALLBACK hear(const char *text, const void *info, size_t size, void *data)
{
	(void)info, (void)data;
	assert_true(size > 0);
	snprintf(notice, sizeof(notice), "%s", text);
	atomic_fetch_add(&notified, 1);
}

/* An address that is not there: the command fails, the application is told, and all goes on. */
static void fault(void **state)
{
	void *hole = mmap(NULL, 1 << 16, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	cl_device_id device = find_device();
	cl_event bad, dependent, independent;
	cl_int error;
	cl_context own = clCreateContext(NULL, 1, &device, hear, NULL, &error);
	cl_command_queue queue = new_queue(own, 0);
	int one = 1, a = 0, b = 0;
	char address[32];

	(void)state;
	OK(error);
	atomic_store(&notified, 0);
	OK(clEnqueueSVMMemcpy(queue, CL_FALSE, hole, &one, sizeof(one), 0, NULL, &bad));
	OK(clEnqueueSVMMemcpy(queue, CL_FALSE, &a, &one, sizeof(a), 1, &bad, &dependent));
	OK(clEnqueueSVMMemcpy(queue, CL_FALSE, &b, &one, sizeof(b), 0, NULL, &independent));
	assert_cl(clFinish(queue), CL_OUT_OF_RESOURCES);
	assert_cl(status_of(bad), CL_OUT_OF_RESOURCES);
	assert_cl(status_of(dependent), CL_EXEC_STATUS_ERROR_FOR_EVENTS_IN_WAIT_LIST);
	assert_cl(status_of(independent), CL_COMPLETE);
	assert_int_equal(b, 1);
	await(&notified, 1);
	snprintf(address, sizeof(address), "%p", hole);
	assert_non_null(strstr(notice, address));
	OK(clEnqueueSVMMemcpy(queue, CL_TRUE, &a, &one, sizeof(a), 0, NULL, NULL));
	OK(clFinish(queue));
	OK(clReleaseEvent(bad));
	OK(clReleaseEvent(dependent));
	OK(clReleaseEvent(independent));
	OK(clReleaseCommandQueue(queue));
	OK(clReleaseContext(own));
	munmap(hole, 1 << 16);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fault),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
