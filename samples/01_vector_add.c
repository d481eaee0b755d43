/* SPDX-License-Identifier: MIT */
/*
 * The first step: memory from clSVMAlloc.  Host and kernel use the same pointers, nothing
 * is copied and nothing is mapped.
 */
#include "sample.h"

static const char source[] =
	"kernel void add(global const float *a, global const float *b, global float *sum)\n"
	"{\n"
	"	size_t i = get_global_id(0);\n"
	"	sum[i] = a[i] + b[i];\n"
	"}\n";

int main(void)
{
	const size_t n = 1 << 20;
	const cl_svm_mem_flags flags = CL_MEM_READ_WRITE | CL_MEM_SVM_FINE_GRAIN_BUFFER;
	cl_device_id device = sample_device(CL_DEVICE_SVM_FINE_GRAIN_BUFFER);
	cl_command_queue queue;
	cl_context context = sample_context(device, &queue);
	cl_kernel add = sample_kernel(context, device, source, "add");
	float *a = clSVMAlloc(context, flags, n * sizeof(*a), 0);
	float *b = clSVMAlloc(context, flags, n * sizeof(*b), 0);
	float *sum = clSVMAlloc(context, flags, n * sizeof(*sum), 0);
	size_t right = 0;

	if (!a || !b || !sum) {
		fprintf(stderr, "clSVMAlloc found no memory\n");
		return EXIT_FAILURE;
	}
	for (size_t i = 0; i < n; i++) {
		a[i] = i;
		b[i] = 2 * i;
	}

	CHECK(clSetKernelArgSVMPointer(add, 0, a));
	CHECK(clSetKernelArgSVMPointer(add, 1, b));
	CHECK(clSetKernelArgSVMPointer(add, 2, sum));
	sample_run(queue, add, n);
	CHECK(clFinish(queue));

	for (size_t i = 0; i < n; i++)
		right += sum[i] == a[i] + b[i];
	printf("%zu of %zu sums are right\n", right, n);

	clSVMFree(context, a);
	clSVMFree(context, b);
	clSVMFree(context, sum);
	CHECK(clReleaseKernel(add));
	CHECK(clReleaseCommandQueue(queue));
	CHECK(clReleaseContext(context));
	return right == n ? EXIT_SUCCESS : EXIT_FAILURE;
}
