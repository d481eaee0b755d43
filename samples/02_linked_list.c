/* SPDX-License-Identifier: MIT */
/*
 * A linked list, built with malloc like any other, walked and changed by a kernel.  The
 * nodes' own pointers lead the device through the host's heap.
 */
#include "sample.h"

static const char source[] =
	"struct node {\n"
	"	int value;\n"
	"	global struct node *next;\n"
	"};\n"
	"\n"
	"kernel void square(global struct node *node, global int *length)\n"
	"{\n"
	"	for (; node; node = node->next) {\n"
	"		node->value *= node->value;\n"
	"		++*length;\n"
	"	}\n"
	"}\n";

struct node {
	cl_int value;
	struct node *next;
};

int main(void)
{
	cl_device_id device = sample_device(CL_DEVICE_SVM_FINE_GRAIN_SYSTEM);
	cl_command_queue queue;
	cl_context context = sample_context(device, &queue);
	cl_kernel square = sample_kernel(context, device, source, "square");
	struct node *head = NULL;
	cl_int *length = calloc(1, sizeof(*length));

	for (int value = 10; value >= 1; value--) {
		struct node *node = malloc(sizeof(*node));

		if (!node || !length)
			return EXIT_FAILURE;
		*node = (struct node){ .value = value, .next = head };
		head = node;
	}

	/* No clSetKernelExecInfo for what the nodes point to: this device sees all memory. */
	CHECK(clSetKernelArgSVMPointer(square, 0, head));
	CHECK(clSetKernelArgSVMPointer(square, 1, length));
	sample_run(queue, square, 1);
	CHECK(clFinish(queue));

	printf("The kernel found %d nodes and squared them:", *length);
	while (head) {
		struct node *next = head->next;

		printf(" %d", head->value);
		free(head);
		head = next;
	}
	printf("\n");

	free(length);
	CHECK(clReleaseKernel(square));
	CHECK(clReleaseCommandQueue(queue));
	CHECK(clReleaseContext(context));
	return EXIT_SUCCESS;
}
