/* SPDX-License-Identifier: MIT */
/*
 * Where memory is.  The host fills an array, sends it to the device's memory, a kernel works on
 * it there, and the host's next touch brings it home.  The driver counts what moves; the pointer
 * stays the same all the time.
 */
#include <stdbool.h>

#include "counters.h"
#include "sample.h"

#define MIB ((size_t)1 << 20)

static const char source[] =
	"kernel void twice(global int *data)\n"
	"{\n"
	"	data[get_global_id(0)] *= 2;\n"
	"}\n";

/* Tell what moved since the last call; the first, with NULL, only takes note. */
static void tell(const char *what)
{
	static long long to_device, to_host;
	const long long now_device = counter("hmmcl-pages-to-device");
	const long long now_host = counter("hmmcl-cpu-fault-pages");

	if (what && now_device >= 0)
		printf("%-28s %3lld MiB to the device, %3lld MiB back\n", what,
		       (now_device - to_device) / 256, (now_host - to_host) / 256);
	to_device = now_device;
	to_host = now_host;
}

int main(void)
{
	const size_t size = 16 * MIB, n = size / sizeof(cl_int);
	cl_device_id device = sample_device(CL_DEVICE_SVM_FINE_GRAIN_BUFFER);
	cl_command_queue queue;
	cl_context context = sample_context(device, &queue);
	cl_kernel twice = sample_kernel(context, device, source, "twice");
	cl_int *data = clSVMAlloc(context, CL_MEM_READ_WRITE | CL_MEM_SVM_FINE_GRAIN_BUFFER, size, 0);
	const void *pointers[] = { data };
	bool right = true;

	if (!data) {
		fprintf(stderr, "clSVMAlloc found no memory\n");
		return EXIT_FAILURE;
	}
	if (counter("hmmcl-pages-to-device") < 0)
		printf("This device has no memory of its own: nothing migrates\n");

	tell(NULL);
	for (size_t i = 0; i < n; i++)
		data[i] = i;
	tell("The host fills 16 MiB:");

	CHECK(clEnqueueSVMMigrateMem(queue, 1, pointers, &size, 0, 0, NULL, NULL));
	CHECK(clFinish(queue));
	tell("clEnqueueSVMMigrateMem:");

	CHECK(clSetKernelArgSVMPointer(twice, 0, data));
	sample_run(queue, twice, n);
	CHECK(clFinish(queue));
	tell("A kernel doubles them:");

	for (size_t i = 0; i < n; i++)
		right &= data[i] == 2 * (cl_int)i;
	tell("The host reads them:");
	printf("All values are %s\n", right ? "right" : "WRONG");

	clSVMFree(context, data);
	CHECK(clReleaseKernel(twice));
	CHECK(clReleaseCommandQueue(queue));
	CHECK(clReleaseContext(context));
	return right ? EXIT_SUCCESS : EXIT_FAILURE;
}
