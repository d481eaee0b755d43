/* SPDX-License-Identifier: MIT */
/*
 * Host and device count at the same time, with atomics, in variables that share one cache
 * line.  They wait for each other first, so they really run side by side; no increment is
 * lost.
 */
#include <stdalign.h>
#include <stdatomic.h>

#include "sample.h"

#define ROUNDS 200000
#define TEXT(x) TEXT_(x)
#define TEXT_(x) #x

static const char source[] =
	"struct line {\n"
	"	atomic_uint host_ready, device_ready, host, device, both;\n"
	"};\n"
	"#define ADD(what) atomic_fetch_add_explicit(&(what), 1, memory_order_relaxed, \\\n"
	"					    memory_scope_all_svm_devices)\n"
	"\n"
	"kernel void count(global struct line *line)\n"
	"{\n"
	"	atomic_store_explicit(&line->device_ready, 1, memory_order_release,\n"
	"			      memory_scope_all_svm_devices);\n"
	"	while (!atomic_load_explicit(&line->host_ready, memory_order_acquire,\n"
	"				     memory_scope_all_svm_devices))\n"
	"		;\n"
	"	for (int i = 0; i < " TEXT(ROUNDS) "; i++) {\n"
	"		ADD(line->device);\n"
	"		ADD(line->both);\n"
	"	}\n"
	"}\n";

struct line {
	alignas(64) atomic_uint host_ready;
	atomic_uint device_ready, host, device, both;
};

int main(void)
{
	struct line line = { 0 };	/* one cache line of this function's stack */
	cl_device_id device = sample_device(CL_DEVICE_SVM_FINE_GRAIN_SYSTEM |
					    CL_DEVICE_SVM_ATOMICS);
	cl_command_queue queue;
	cl_context context = sample_context(device, &queue);
	cl_kernel count = sample_kernel(context, device, source, "count");

	CHECK(clSetKernelArgSVMPointer(count, 0, &line));
	sample_run(queue, count, 1);
	CHECK(clFlush(queue));		/* the kernel starts now, not at clFinish */

	while (!atomic_load(&line.device_ready))
		;
	atomic_store(&line.host_ready, 1);
	for (int i = 0; i < ROUNDS; i++) {
		atomic_fetch_add_explicit(&line.host, 1, memory_order_relaxed);
		atomic_fetch_add_explicit(&line.both, 1, memory_order_relaxed);
	}
	CHECK(clFinish(queue));

	printf("host %u, device %u, together %u\n", line.host, line.device, line.both);

	CHECK(clReleaseKernel(count));
	CHECK(clReleaseCommandQueue(queue));
	CHECK(clReleaseContext(context));
	return line.both == 2 * ROUNDS ? EXIT_SUCCESS : EXIT_FAILURE;
}
