/* SPDX-License-Identifier: MIT */
/*
 * A kernel follows a wild pointer.  The command fails, the context's callback says which
 * kernel touched which address, and the program goes on: the next kernel works.
 */
#include <stdatomic.h>
#include <stdbool.h>
#include <unistd.h>

#include "sample.h"

static const char source[] =
	"kernel void store(global int *where, int value)\n"
	"{\n"
	"	*where = value;\n"
	"}\n";

static atomic_bool told;

static void CL_CALLBACK report(const char *message, const void *data, size_t size, void *user)
{
	(void)data;
	(void)size;
	(void)user;
	printf("The context says: %s\n", message);
	atomic_store(&told, true);
}

/* Run the kernel once; returns the command's final status. */
static cl_int store(cl_command_queue queue, cl_kernel kernel, cl_int *where, cl_int value)
{
	const size_t items = 1;
	cl_event event;
	cl_int status;

	CHECK(clSetKernelArgSVMPointer(kernel, 0, where));
	CHECK(clSetKernelArg(kernel, 1, sizeof(value), &value));
	CHECK(clEnqueueNDRangeKernel(queue, kernel, 1, NULL, &items, NULL, 0, NULL, &event));
	clWaitForEvents(1, &event);	/* returns an error if the command failed */
	CHECK(clGetEventInfo(event, CL_EVENT_COMMAND_EXECUTION_STATUS, sizeof(status), &status,
			     NULL));
	CHECK(clReleaseEvent(event));
	return status;
}

int main(void)
{
	cl_device_id device = sample_device(CL_DEVICE_SVM_FINE_GRAIN_SYSTEM);
	cl_int error, status, good = 0;
	cl_context context = clCreateContext(NULL, 1, &device, report, NULL, &error);
	cl_command_queue queue;
	cl_kernel kernel;

	CHECK(error);
	queue = clCreateCommandQueueWithProperties(context, device, NULL, &error);
	CHECK(error);
	kernel = sample_kernel(context, device, source, "store");

	status = store(queue, kernel, (cl_int *)0xdead0000, 1);
	for (int ms = 0; ms < 5000 && !atomic_load(&told); ms++)
		usleep(1000);		/* the callback may come a little later */
	printf("The bad command %s\n", status < 0 ? "failed" : "ended well?");

	status = store(queue, kernel, &good, 42);
	printf("The next one %s and stored %d\n", status < 0 ? "failed" : "ended well", good);

	CHECK(clReleaseKernel(kernel));
	CHECK(clReleaseCommandQueue(queue));
	CHECK(clReleaseContext(context));
	return atomic_load(&told) && good == 42 ? EXIT_SUCCESS : EXIT_FAILURE;
}
