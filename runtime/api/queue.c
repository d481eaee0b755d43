/* SPDX-License-Identifier: MIT */
/* OpenCL API, 5.1 and 5.15: command-queues, flush and finish. */
#include <stdlib.h>
#include <string.h>

#include "../core/check.h"
#include "../core/info.h"
#include "../core/queue.h"
#include "../core/scheduler.h"

#define ON_HOST (CL_QUEUE_OUT_OF_ORDER_EXEC_MODE_ENABLE | CL_QUEUE_PROFILING_ENABLE)
#define ON_DEVICE (CL_QUEUE_ON_DEVICE | CL_QUEUE_ON_DEVICE_DEFAULT)

static cl_int check_flags(const char *function, cl_command_queue_properties flags)
{
	if (flags & ~(cl_command_queue_properties)(ON_HOST | ON_DEVICE))
		return hmmcl_refuse(function, CL_INVALID_VALUE, "CL_QUEUE_PROPERTIES is 0x%llx",
				    (unsigned long long)flags);
	if ((flags & CL_QUEUE_ON_DEVICE_DEFAULT && !(flags & CL_QUEUE_ON_DEVICE)) ||
	    (flags & CL_QUEUE_ON_DEVICE && !(flags & CL_QUEUE_OUT_OF_ORDER_EXEC_MODE_ENABLE)))
		return hmmcl_refuse(function, CL_INVALID_VALUE,
				    "CL_QUEUE_PROPERTIES is 0x%llx: one of the bits needs another",
				    (unsigned long long)flags);
	if (flags & ON_DEVICE)
		return hmmcl_refuse(function, CL_INVALID_QUEUE_PROPERTIES,
				    "the device has no queues of its own");
	return CL_SUCCESS;
}

static cl_int create(const char *function, cl_context context, cl_device_id device,
		     cl_command_queue_properties flags, const cl_queue_properties *properties,
		     size_t n_properties, cl_command_queue *created)
{
	cl_command_queue queue;

	if (context->scheduler->lost)
		return hmmcl_refuse(
			function, CL_OUT_OF_RESOURCES,
			"the context's engine is lost; release the context and make a new one");
	(void)device;	/* the context's only one */
	queue = hmmcl_object_new(sizeof(*queue), &hmmcl_queue_type);
	if (!queue)
		return hmmcl_refuse(function, CL_OUT_OF_HOST_MEMORY, "no memory for a queue");
	queue->context = hmmcl_object_ref(context);
	queue->flags = flags;
	if (n_properties) {
		queue->properties = malloc(n_properties * sizeof(*properties));
		if (!queue->properties) {
			hmmcl_object_unref(queue);
			return hmmcl_refuse(function, CL_OUT_OF_HOST_MEMORY,
					    "no memory for a queue");
		}
		memcpy(queue->properties, properties, n_properties * sizeof(*properties));
		queue->n_properties = n_properties;
	}
	*created = queue;
	return CL_SUCCESS;
}

/* Checks the list; @count is its length with the terminating zero, 0 for none. */
static cl_int check_properties(const char *function, const cl_queue_properties *properties,
			       cl_command_queue_properties *flags, size_t *count)
{
	bool has_flags = false, has_size = false;
	size_t n = 0;

	*flags = 0;
	*count = 0;
	if (!properties)
		return CL_SUCCESS;
	for (; properties[n]; n += 2) {
		bool *seen = properties[n] == CL_QUEUE_PROPERTIES ? &has_flags :
			     properties[n] == CL_QUEUE_SIZE ? &has_size : NULL;

		if (!seen || *seen)
			return hmmcl_refuse(function, CL_INVALID_VALUE,
					    "property 0x%llx is not known, or given twice",
					    (unsigned long long)properties[n]);
		*seen = true;
		if (seen == &has_flags)
			*flags = properties[n + 1];
	}
	if (has_size && !(*flags & CL_QUEUE_ON_DEVICE))
		return hmmcl_refuse(function, CL_INVALID_VALUE,
				    "CL_QUEUE_SIZE is for queues with CL_QUEUE_ON_DEVICE");
	*count = n + 1;
	return check_flags(function, *flags);
}

CL_API_ENTRY cl_command_queue CL_API_CALL
clCreateCommandQueueWithProperties(cl_context context, cl_device_id device,
				   const cl_queue_properties *properties, cl_int *errcode_ret)
{
	cl_command_queue_properties flags;
	cl_command_queue queue;
	size_t n_properties;

	CHECK_OBJECT(hmmcl_context_valid(context), CL_INVALID_CONTEXT, "context is not a context");
	CHECK_OBJECT(hmmcl_device_valid(device) && device == context->device, CL_INVALID_DEVICE,
		     "device is not a device of the context");
	TRY_OBJECT(check_properties(__func__, properties, &flags, &n_properties));
	TRY_OBJECT(create(__func__, context, device, flags, properties, n_properties, &queue));
	RETURN_OBJECT(queue);
}

/* cl_khr_create_command_queue */
CL_API_ENTRY cl_command_queue CL_API_CALL clCreateCommandQueueWithPropertiesKHR(
	cl_context context, cl_device_id device, const cl_queue_properties_khr *properties,
	cl_int *errcode_ret)
{
	return clCreateCommandQueueWithProperties(context, device, properties, errcode_ret);
}

CL_API_ENTRY cl_command_queue CL_API_CALL
clCreateCommandQueue(cl_context context, cl_device_id device,
		     cl_command_queue_properties properties, cl_int *errcode_ret)
{
	cl_command_queue queue;

	CHECK_OBJECT(hmmcl_context_valid(context), CL_INVALID_CONTEXT, "context is not a context");
	CHECK_OBJECT(hmmcl_device_valid(device) && device == context->device, CL_INVALID_DEVICE,
		     "device is not a device of the context");
	CHECK_OBJECT(!(properties & ~(cl_command_queue_properties)ON_HOST), CL_INVALID_VALUE,
		     "properties is 0x%llx", (unsigned long long)properties);
	TRY_OBJECT(create(__func__, context, device, properties, NULL, 0, &queue));
	RETURN_OBJECT(queue);
}

CL_API_ENTRY cl_int CL_API_CALL clRetainCommandQueue(cl_command_queue command_queue)
{
	CHECK(hmmcl_queue_valid(command_queue), CL_INVALID_COMMAND_QUEUE,
	      "command_queue is not a command-queue");
	hmmcl_object_retain(command_queue);
	return CL_SUCCESS;
}

/* Commands that are in the queue go on; they hold it. */
CL_API_ENTRY cl_int CL_API_CALL clReleaseCommandQueue(cl_command_queue command_queue)
{
	CHECK(hmmcl_queue_valid(command_queue), CL_INVALID_COMMAND_QUEUE,
	      "command_queue is not a command-queue");
	CHECK(hmmcl_object_release(command_queue), CL_INVALID_COMMAND_QUEUE,
	      "command_queue has been released before");
	return CL_SUCCESS;
}

CL_API_ENTRY cl_int CL_API_CALL clGetCommandQueueInfo(cl_command_queue command_queue,
						      cl_command_queue_info param_name,
						      size_t param_value_size, void *param_value,
						      size_t *param_value_size_ret)
{
	CHECK(hmmcl_queue_valid(command_queue), CL_INVALID_COMMAND_QUEUE,
	      "command_queue is not a command-queue");
	switch (param_name) {
	case CL_QUEUE_CONTEXT:
		RETURN_INFO(cl_context, command_queue->context);
	case CL_QUEUE_DEVICE:
		RETURN_INFO(cl_device_id, command_queue->context->device);
	case CL_QUEUE_REFERENCE_COUNT:
		RETURN_INFO(cl_uint, hmmcl_object_api_refs(command_queue));
	case CL_QUEUE_PROPERTIES:
		RETURN_INFO(cl_command_queue_properties, command_queue->flags);
	case CL_QUEUE_PROPERTIES_ARRAY:
		RETURN_INFO_ARRAY(command_queue->properties, command_queue->n_properties);
	case CL_QUEUE_SIZE:
		CHECK(false, CL_INVALID_COMMAND_QUEUE,
		      "command_queue is not a device command-queue");
	case CL_QUEUE_DEVICE_DEFAULT:
		RETURN_INFO(cl_command_queue, NULL);
	}
	CHECK(false, CL_INVALID_VALUE, "param_name 0x%x is not known", param_name);
}

/* Deprecated since 1.1, which lets a queue refuse to be changed. */
CL_API_ENTRY cl_int CL_API_CALL
clSetCommandQueueProperty(cl_command_queue command_queue, cl_command_queue_properties properties,
			  cl_bool enable, cl_command_queue_properties *old_properties)
{
	(void)enable;
	CHECK(hmmcl_queue_valid(command_queue), CL_INVALID_COMMAND_QUEUE,
	      "command_queue is not a command-queue");
	CHECK(!(properties & ~(cl_command_queue_properties)ON_HOST), CL_INVALID_VALUE,
	      "properties is 0x%llx", (unsigned long long)properties);
	if (old_properties)
		*old_properties = command_queue->flags;
	CHECK(false, CL_INVALID_OPERATION, "a queue's properties are fixed when it is created");
}

CL_API_ENTRY cl_int CL_API_CALL clSetDefaultDeviceCommandQueue(cl_context context,
							       cl_device_id device,
							       cl_command_queue command_queue)
{
	CHECK(hmmcl_context_valid(context), CL_INVALID_CONTEXT, "context is not a context");
	CHECK(hmmcl_device_valid(device), CL_INVALID_DEVICE, "device is not a device");
	CHECK(false, CL_INVALID_OPERATION, "the device has no queues of its own (queue %p)",
	      (void *)command_queue);
}

/* All that can start has been handed to the engine when it was enqueued; this finds what can by
 * now. */
CL_API_ENTRY cl_int CL_API_CALL clFlush(cl_command_queue command_queue)
{
	struct hmmcl_scheduler *scheduler;

	CHECK(hmmcl_queue_valid(command_queue), CL_INVALID_COMMAND_QUEUE,
	      "command_queue is not a command-queue");
	scheduler = command_queue->context->scheduler;
	hmmcl_scheduler_lock(scheduler);
	hmmcl_scheduler_reap(scheduler);
	hmmcl_scheduler_unlock(scheduler);
	return CL_SUCCESS;
}

/* CL_OUT_OF_RESOURCES when a command of the queue has failed on the device since the last clFinish.
 */
CL_API_ENTRY cl_int CL_API_CALL clFinish(cl_command_queue command_queue)
{
	cl_int result;

	CHECK(hmmcl_queue_valid(command_queue), CL_INVALID_COMMAND_QUEUE,
	      "command_queue is not a command-queue");
	result = hmmcl_queue_finish(command_queue);
	CHECK(result == CL_SUCCESS, result, "a command of the queue has failed on the device");
	return CL_SUCCESS;
}
