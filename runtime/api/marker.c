/* SPDX-License-Identifier: MIT */
/* OpenCL API, 5.12: markers, barriers and waiting for events. */
#include "../core/check.h"
#include "../core/command.h"

static cl_int enqueue(const char *function, cl_command_queue queue, cl_command_type type,
		      cl_uint num_events, const cl_event *list, cl_event *event)
{
	cl_event command;

	if (!hmmcl_queue_valid(queue))
		return hmmcl_refuse(function, CL_INVALID_COMMAND_QUEUE,
				    "command_queue is not a command-queue");
	TRY(hmmcl_command_create(function, queue, type, num_events, list, &command));
	return hmmcl_command_enqueue(command, CL_FALSE, event);
}

CL_API_ENTRY cl_int CL_API_CALL clEnqueueMarkerWithWaitList(cl_command_queue command_queue,
							    cl_uint num_events_in_wait_list,
							    const cl_event *event_wait_list,
							    cl_event *event)
{
	return enqueue(__func__, command_queue, CL_COMMAND_MARKER, num_events_in_wait_list,
		       event_wait_list, event);
}

CL_API_ENTRY cl_int CL_API_CALL clEnqueueBarrierWithWaitList(cl_command_queue command_queue,
							     cl_uint num_events_in_wait_list,
							     const cl_event *event_wait_list,
							     cl_event *event)
{
	return enqueue(__func__, command_queue, CL_COMMAND_BARRIER, num_events_in_wait_list,
		       event_wait_list, event);
}

/* Deprecated since 1.2. */
CL_API_ENTRY cl_int CL_API_CALL clEnqueueMarker(cl_command_queue command_queue, cl_event *event)
{
	CHECK(hmmcl_queue_valid(command_queue), CL_INVALID_COMMAND_QUEUE,
	      "command_queue is not a command-queue");
	CHECK(event, CL_INVALID_VALUE, "event is NULL");
	return enqueue(__func__, command_queue, CL_COMMAND_MARKER, 0, NULL, event);
}

CL_API_ENTRY cl_int CL_API_CALL clEnqueueBarrier(cl_command_queue command_queue)
{
	return enqueue(__func__, command_queue, CL_COMMAND_BARRIER, 0, NULL, NULL);
}

CL_API_ENTRY cl_int CL_API_CALL clEnqueueWaitForEvents(cl_command_queue command_queue,
						       cl_uint num_events,
						       const cl_event *event_list)
{
	CHECK(hmmcl_queue_valid(command_queue), CL_INVALID_COMMAND_QUEUE,
	      "command_queue is not a command-queue");
	CHECK(num_events && event_list, CL_INVALID_VALUE, "num_events is 0 or event_list NULL");
	for (cl_uint i = 0; i < num_events; i++)
		CHECK(hmmcl_event_valid(event_list[i]), CL_INVALID_EVENT,
		      "event_list[%u] is not an event of this process", i);
	return enqueue(__func__, command_queue, CL_COMMAND_BARRIER, num_events, event_list, NULL);
}
