/* SPDX-License-Identifier: MIT */
/* OpenCL API, 5.10: native kernels, the application's functions on the callback thread. */
#include <string.h>

#include "../core/check.h"
#include "../core/mem.h"

struct native_kernel {
	void (CL_CALLBACK *function)(void *);
	void *args;
};

static cl_int run(cl_event command, void *data)
{
	struct native_kernel *kernel = data;

	(void)command;
	kernel->function(kernel->args);
	return CL_SUCCESS;
}

/* Copy the arguments, with each memory object's address in the place that the application names. */
static cl_int prepare(cl_event command, void (CL_CALLBACK *function)(void *), const void *args,
		      size_t size, cl_uint num_mem_objects, const cl_mem *mem_list,
		      const void **args_mem_loc)
{
	struct native_kernel *kernel = hmmcl_command_alloc(command, sizeof(*kernel));
	char *copy = args ? hmmcl_command_alloc(command, size) : NULL;

	if (!kernel || (args && !copy))
		return CL_OUT_OF_HOST_MEMORY;
	if (args)
		memcpy(copy, args, size);
	for (cl_uint i = 0; i < num_mem_objects; i++) {
		void *data = mem_list[i]->data;

		TRY(hmmcl_command_hold(command, mem_list[i]));
		memcpy(copy + ((const char *)args_mem_loc[i] - (const char *)args), &data,
		       sizeof(data));
	}
	kernel->function = function;
	kernel->args = copy;
	command->host = run;
	command->runs_user_code = true;
	command->data = kernel;
	return CL_SUCCESS;
}

CL_API_ENTRY cl_int CL_API_CALL clEnqueueNativeKernel(
	cl_command_queue command_queue, void(CL_CALLBACK *user_func)(void *), void *args,
	size_t cb_args, cl_uint num_mem_objects, const cl_mem *mem_list, const void **args_mem_loc,
	cl_uint num_events_in_wait_list, const cl_event *event_wait_list, cl_event *event)
{
	cl_event command;
	cl_int error;

	CHECK(hmmcl_queue_valid(command_queue), CL_INVALID_COMMAND_QUEUE,
	      "command_queue is not a command-queue");
	CHECK(user_func, CL_INVALID_VALUE, "user_func is NULL");
	CHECK(args || (!cb_args && !num_mem_objects), CL_INVALID_VALUE,
	      "args is NULL but cb_args or num_mem_objects is not 0");
	CHECK(!args || cb_args, CL_INVALID_VALUE, "args is not NULL but cb_args is 0");
	CHECK(!num_mem_objects || (mem_list && args_mem_loc), CL_INVALID_VALUE,
	      "mem_list or args_mem_loc is NULL");
	CHECK(num_mem_objects || (!mem_list && !args_mem_loc), CL_INVALID_VALUE,
	      "num_mem_objects is 0 but mem_list or args_mem_loc is not NULL");
	for (cl_uint i = 0; i < num_mem_objects; i++) {
		size_t place = (const char *)args_mem_loc[i] - (const char *)args;

		CHECK(hmmcl_buffer_valid(mem_list[i]), CL_INVALID_MEM_OBJECT,
		      "mem_list[%u] is not a buffer", i);
		CHECK(mem_list[i]->context == command_queue->context, CL_INVALID_CONTEXT,
		      "mem_list[%u] is of another context", i);
		CHECK(cb_args >= sizeof(void *) && place <= cb_args - sizeof(void *),
		      CL_INVALID_VALUE, "args_mem_loc[%u] does not point into args", i);
	}
	TRY(hmmcl_command_create(__func__, command_queue, CL_COMMAND_NATIVE_KERNEL,
				 num_events_in_wait_list, event_wait_list, &command));
	error = prepare(command, user_func, args, cb_args, num_mem_objects, mem_list, args_mem_loc);
	if (error) {
		hmmcl_command_discard(command);
		CHECK(false, error, "no memory for the arguments");
	}
	return hmmcl_command_enqueue(command, CL_FALSE, event);
}
