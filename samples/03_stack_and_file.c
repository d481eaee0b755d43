/* SPDX-License-Identifier: MIT */
/*
 * Any memory will do: a kernel reads and changes a mapped file, and counts into a variable
 * on this function's stack.  What it writes to the mapping is in the file.
 */
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "sample.h"

static const char source[] =
	"kernel void shout(global char *text, global int *changed)\n"
	"{\n"
	"	size_t i = get_global_id(0);\n"
	"	if (text[i] >= 'a' && text[i] <= 'z') {\n"
	"		text[i] -= 'a' - 'A';\n"
	"		atomic_inc(changed);\n"
	"	}\n"
	"}\n";

int main(void)
{
	static const char text[] = "the pointer is the interface\n";
	const size_t length = sizeof(text) - 1;
	char path[] = "/tmp/hmmcl-sample-XXXXXX";
	char read_back[sizeof(text)] = "";
	cl_int changed = 0;
	cl_device_id device = sample_device(CL_DEVICE_SVM_FINE_GRAIN_SYSTEM);
	cl_command_queue queue;
	cl_context context = sample_context(device, &queue);
	cl_kernel shout = sample_kernel(context, device, source, "shout");
	int file = mkstemp(path);
	char *mapping;

	if (file < 0 || write(file, text, length) != (ssize_t)length) {
		perror(path);
		return EXIT_FAILURE;
	}
	unlink(path);
	mapping = mmap(NULL, length, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
	if (mapping == MAP_FAILED) {
		perror("mmap");
		return EXIT_FAILURE;
	}

	CHECK(clSetKernelArgSVMPointer(shout, 0, mapping));
	CHECK(clSetKernelArgSVMPointer(shout, 1, &changed));
	sample_run(queue, shout, length);
	CHECK(clFinish(queue));

	if (pread(file, read_back, length, 0) != (ssize_t)length) {
		perror("pread");
		return EXIT_FAILURE;
	}
	printf("%d letters changed, the file reads: %s", changed, read_back);

	munmap(mapping, length);
	close(file);
	CHECK(clReleaseKernel(shout));
	CHECK(clReleaseCommandQueue(queue));
	CHECK(clReleaseContext(context));
	return EXIT_SUCCESS;
}
