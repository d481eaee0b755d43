/* SPDX-License-Identifier: MIT */
/* OpenCL API, 5.11 and 5.14: event objects and profiling. */
#include "../core/check.h"
#include "../core/event.h"
#include "../core/info.h"

CL_API_ENTRY cl_event CL_API_CALL clCreateUserEvent(cl_context context, cl_int *errcode_ret)
{
	cl_event event;

	CHECK_OBJECT(hmmcl_context_valid(context), CL_INVALID_CONTEXT, "context is not a context");
	event = hmmcl_user_event_new(context);
	CHECK_OBJECT(event, CL_OUT_OF_HOST_MEMORY, "no memory for an event");
	RETURN_OBJECT(event);
}

CL_API_ENTRY cl_int CL_API_CALL clSetUserEventStatus(cl_event event, cl_int execution_status)
{
	CHECK(hmmcl_event_valid(event) && event->type == CL_COMMAND_USER, CL_INVALID_EVENT,
	      "event is not a user event");
	CHECK(execution_status <= CL_COMPLETE, CL_INVALID_VALUE,
	      "execution_status is %d: neither CL_COMPLETE nor negative", execution_status);
	CHECK(hmmcl_user_event_set(event, execution_status), CL_INVALID_OPERATION,
	      "the event's status has been set before");
	return CL_SUCCESS;
}

CL_API_ENTRY cl_int CL_API_CALL clWaitForEvents(cl_uint num_events, const cl_event *event_list)
{
	bool failed = false;

	CHECK(num_events && event_list, CL_INVALID_VALUE, "num_events is 0 or event_list NULL");
	for (cl_uint i = 0; i < num_events; i++) {
		CHECK(hmmcl_event_valid(event_list[i]), CL_INVALID_EVENT,
		      "event_list[%u] is not an event of this process", i);
		CHECK(event_list[i]->context == event_list[0]->context, CL_INVALID_CONTEXT,
		      "event_list[%u] is of another context than the first", i);
	}
	for (cl_uint i = 0; i < num_events; i++)
		failed |= hmmcl_event_wait(event_list[i]) < 0;
	CHECK(!failed, CL_EXEC_STATUS_ERROR_FOR_EVENTS_IN_WAIT_LIST,
	      "an event of the list has a negative status");
	return CL_SUCCESS;
}

CL_API_ENTRY cl_int CL_API_CALL clGetEventInfo(cl_event event, cl_event_info param_name,
					       size_t param_value_size, void *param_value,
					       size_t *param_value_size_ret)
{
	CHECK(hmmcl_event_valid(event), CL_INVALID_EVENT, "event is not an event of this process");
	switch (param_name) {
	case CL_EVENT_COMMAND_QUEUE:
		RETURN_INFO(cl_command_queue, event->queue);
	case CL_EVENT_CONTEXT:
		RETURN_INFO(cl_context, event->context);
	case CL_EVENT_COMMAND_TYPE:
		RETURN_INFO(cl_command_type, event->type);
	case CL_EVENT_COMMAND_EXECUTION_STATUS:
		RETURN_INFO(cl_int, hmmcl_event_status(event));
	case CL_EVENT_REFERENCE_COUNT:
		RETURN_INFO(cl_uint, hmmcl_object_api_refs(event));
	}
	CHECK(false, CL_INVALID_VALUE, "param_name 0x%x is not known", param_name);
}

CL_API_ENTRY cl_int CL_API_CALL
clSetEventCallback(cl_event event, cl_int command_exec_callback_type,
		   void(CL_CALLBACK *pfn_notify)(cl_event, cl_int, void *), void *user_data)
{
	CHECK(hmmcl_event_valid(event), CL_INVALID_EVENT, "event is not an event of this process");
	CHECK(pfn_notify, CL_INVALID_VALUE, "pfn_notify is NULL");
	CHECK(command_exec_callback_type == CL_SUBMITTED ||
		      command_exec_callback_type == CL_RUNNING ||
		      command_exec_callback_type == CL_COMPLETE,
	      CL_INVALID_VALUE, "command_exec_callback_type is %d", command_exec_callback_type);
	return hmmcl_event_add_callback(event, command_exec_callback_type, pfn_notify, user_data);
}

CL_API_ENTRY cl_int CL_API_CALL clRetainEvent(cl_event event)
{
	CHECK(hmmcl_event_valid(event), CL_INVALID_EVENT, "event is not an event of this process");
	hmmcl_object_retain(event);
	return CL_SUCCESS;
}

CL_API_ENTRY cl_int CL_API_CALL clReleaseEvent(cl_event event)
{
	CHECK(hmmcl_event_valid(event), CL_INVALID_EVENT, "event is not an event of this process");
	CHECK(hmmcl_object_release(event), CL_INVALID_EVENT, "event has been released before");
	return CL_SUCCESS;
}

CL_API_ENTRY cl_int CL_API_CALL clGetEventProfilingInfo(cl_event event,
							cl_profiling_info param_name,
							size_t param_value_size, void *param_value,
							size_t *param_value_size_ret)
{
	CHECK(hmmcl_event_valid(event), CL_INVALID_EVENT, "event is not an event of this process");
	CHECK(event->queue && event->queue->flags & CL_QUEUE_PROFILING_ENABLE,
	      CL_PROFILING_INFO_NOT_AVAILABLE,
	      "a user event, or its queue was not created with CL_QUEUE_PROFILING_ENABLE");
	CHECK(hmmcl_event_status(event) == CL_COMPLETE, CL_PROFILING_INFO_NOT_AVAILABLE,
	      "the command has not completed");
	switch (param_name) {
	case CL_PROFILING_COMMAND_QUEUED:
		RETURN_INFO(cl_ulong, event->queued_ns);
	case CL_PROFILING_COMMAND_SUBMIT:
		RETURN_INFO(cl_ulong, event->submit_ns);
	case CL_PROFILING_COMMAND_START:
		RETURN_INFO(cl_ulong, event->start_ns);
	case CL_PROFILING_COMMAND_END:
	case CL_PROFILING_COMMAND_COMPLETE:	/* no child kernels */
		RETURN_INFO(cl_ulong, event->end_ns);
	}
	CHECK(false, CL_INVALID_VALUE, "param_name 0x%x is not known", param_name);
}
