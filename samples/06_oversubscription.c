/* SPDX-License-Identifier: MIT */
/*
 * A working set twice as large as the device's memory.  Piece by piece it is sent to the device
 * and worked on, twice over; what does not fit is evicted to the system's memory and nothing
 * is lost.
 */
#include "counters.h"
#include "sample.h"

#define MIB ((size_t)1 << 20)
#define PIECE (8 * MIB)

static const char source[] =
	"kernel void add(global uint *data, uint value)\n"
	"{\n"
	"	data[get_global_id(0)] += value;\n"
	"}\n";

int main(void)
{
	cl_device_id device = sample_device(CL_DEVICE_SVM_FINE_GRAIN_BUFFER);
	cl_command_queue queue;
	cl_context context = sample_context(device, &queue);
	cl_kernel add = sample_kernel(context, device, source, "add");
	const long long device_pages = counter("hmmcl-devmem-total-pages");
	const size_t size = device_pages > 0 ? 2 * (size_t)device_pages * 4096 : 256 * MIB;
	const long long evicted = counter("hmmcl-evicted-pages");
	char *data = clSVMAlloc(context, CL_MEM_READ_WRITE | CL_MEM_SVM_FINE_GRAIN_BUFFER, size, 0);
	size_t wrong = 0;

	if (!data) {
		fprintf(stderr, "clSVMAlloc found no memory for %zu MiB\n", size / MIB);
		return EXIT_FAILURE;
	}
	if (device_pages > 0)
		printf("The working set is twice the device's memory\n");
	else
		printf("This device has no memory of its own: nothing to oversubscribe\n");

	for (size_t i = 0; i < size / sizeof(cl_uint); i++)
		((cl_uint *)data)[i] = (cl_uint)i;

	for (cl_uint round = 1; round <= 2; round++) {
		for (size_t offset = 0; offset < size; offset += PIECE) {
			const void *piece = data + offset;
			const size_t bytes = size - offset < PIECE ? size - offset : PIECE;

			CHECK(clEnqueueSVMMigrateMem(queue, 1, &piece, &bytes, 0, 0, NULL, NULL));
			CHECK(clSetKernelArgSVMPointer(add, 0, piece));
			CHECK(clSetKernelArg(add, 1, sizeof(round), &round));
			sample_run(queue, add, bytes / sizeof(cl_uint));
		}
	}
	CHECK(clFinish(queue));
	if (device_pages > 0)
		printf("Pages were evicted to make room: %s\n",
		       counter("hmmcl-evicted-pages") > evicted ? "yes" : "no");

	for (size_t i = 0; i < size / sizeof(cl_uint); i++)
		wrong += ((cl_uint *)data)[i] != (cl_uint)i + 3;
	printf("%zu values are wrong\n", wrong);

	clSVMFree(context, data);
	CHECK(clReleaseKernel(add));
	CHECK(clReleaseCommandQueue(queue));
	CHECK(clReleaseContext(context));
	return wrong ? EXIT_FAILURE : EXIT_SUCCESS;
}
