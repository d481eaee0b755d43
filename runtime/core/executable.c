/* SPDX-License-Identifier: MIT */
/* Loading code objects; running their constructors. */
#include "executable.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "command.h"

static void executable_destroy(void *object)
{
	struct hmmcl_executable *executable = object;

	if (executable->image)
		hmmcl_image_unload(executable->image);
	hmmcl_code_object_free(&executable->code);
	free(executable->entries);
	hmmcl_object_unref(executable->context);
}

const struct hmmcl_object_type hmmcl_executable_type = {
	.name = "executable", .destroy = executable_destroy,
};

/*
 * Run the constructors of program-scope variables: one work-item, in a queue of its own, waited
 * for.
 */
static cl_int construct(struct hmmcl_executable *executable, char *why, size_t why_size)
{
	cl_context context = executable->context;
	cl_command_queue queue;
	cl_event command;
	cl_int error;

	snprintf(why, why_size, "the constructors of its variables did not end well");
	queue = clCreateCommandQueueWithProperties(context, context->device, NULL, &error);
	if (!queue)
		return CL_OUT_OF_RESOURCES;
	error = hmmcl_command_create(__func__, queue, CL_COMMAND_TASK, 0, NULL, &command);
	if (!error) {
		command->engine = (struct hmmcl_command){
			.type = HMMCL_CMD_NDRANGE,
			.ndrange = {
				.entry = hmmcl_image_symbol(executable->image, executable->code.init),
				.launch = {
					.work_dim = 1,
					.global_size = { 1, 1, 1 },
					.local_size = { 1, 1, 1 },
					.num_groups = { 1, 1, 1 },
				},
				.name = executable->code.init,
			},
		};
		command->has_engine_command = true;
		error = hmmcl_command_enqueue(command, CL_TRUE, NULL);
	}
	clReleaseCommandQueue(queue);
	return error ? CL_OUT_OF_RESOURCES : CL_SUCCESS;
}

static cl_int find_entries(struct hmmcl_executable *executable, char *why, size_t why_size)
{
	const struct hmmcl_code_object *code = &executable->code;

	executable->entries = calloc(code->n_kernels + 1, sizeof(*executable->entries));
	if (!executable->entries)
		return CL_OUT_OF_HOST_MEMORY;
	for (unsigned int i = 0; i < code->n_kernels; i++) {
		executable->entries[i] = hmmcl_image_symbol(executable->image, code->kernels[i].entry);
		if (executable->entries[i])
			continue;
		snprintf(why, why_size, "kernel %s: its entry is not in the code object",
			 code->kernels[i].name);
		return CL_INVALID_BINARY;
	}
	return CL_SUCCESS;
}

static cl_int load(struct hmmcl_executable *executable, const void *object, size_t size, char *why,
		   size_t why_size)
{
	int error = hmmcl_code_object_read(&executable->code, object, size);

	if (error == -ENOMEM)
		return CL_OUT_OF_HOST_MEMORY;
	if (error) {
		if (error == -E2BIG)
			snprintf(why, why_size, "a kernel's arguments take more than %u bytes; pass a pointer",
				 HMMCL_CODE_OBJECT_MAX_ARGS);
		else
			snprintf(why, why_size, error == -ENOEXEC ?
				 "not a code object of this version" :
				 "the code object's description is damaged");
		return CL_INVALID_BINARY;
	}
	error = hmmcl_image_load(executable->context->engine, object, size, &executable->image, why,
				 why_size);
	if (error == -ENOEXEC)
		return CL_INVALID_BINARY;
	if (error)
		return CL_OUT_OF_RESOURCES;
	TRY(find_entries(executable, why, why_size));
	return executable->code.init ? construct(executable, why, why_size) : CL_SUCCESS;
}

cl_int hmmcl_executable_create(cl_context context, const void *object, size_t size,
			       struct hmmcl_executable **executable, char *why, size_t why_size)
{
	struct hmmcl_executable *new = hmmcl_object_new(sizeof(*new), &hmmcl_executable_type);
	cl_int error;

	snprintf(why, why_size, "no memory");
	if (!new)
		return CL_OUT_OF_HOST_MEMORY;
	new->context = hmmcl_object_ref(context);
	error = load(new, object, size, why, why_size);
	if (error) {
		hmmcl_object_unref(new);
		return error;
	}
	*executable = new;
	return CL_SUCCESS;
}

int hmmcl_executable_find(const struct hmmcl_executable *executable, const char *kernel)
{
	for (unsigned int i = 0; i < executable->code.n_kernels; i++)
		if (!strcmp(executable->code.kernels[i].name, kernel))
			return i;
	return -1;
}
