/* SPDX-License-Identifier: MIT */
/* Command-queues: their end, and clFinish. */
#include <stdlib.h>

#include "check.h"
#include "command.h"
#include "queue.h"
#include "scheduler.h"

static void queue_destroy(void *object)
{
	cl_command_queue queue = object;

	free(queue->properties);
	hmmcl_object_unref(queue->context);
}

const struct hmmcl_object_type hmmcl_queue_type = {
	.name = "cl_command_queue", .destroy = queue_destroy,
};

/* The last command of an in-order queue stands for all; in an out-of-order queue a marker does. */
static cl_int last_command(cl_command_queue queue, cl_event *last)
{
	struct hmmcl_scheduler *scheduler = queue->context->scheduler;
	cl_event marker;

	if (hmmcl_queue_in_order(queue)) {
		hmmcl_scheduler_lock(scheduler);
		*last = queue->last ? hmmcl_object_ref(queue->last) : NULL;
		hmmcl_scheduler_unlock(scheduler);
		return CL_SUCCESS;
	}
	TRY(hmmcl_command_create("clFinish", queue, CL_COMMAND_MARKER, 0, NULL, &marker));
	*last = marker;
	return hmmcl_command_enqueue(marker, CL_FALSE, last);
}

cl_int hmmcl_queue_finish(cl_command_queue queue)
{
	struct hmmcl_scheduler *scheduler = queue->context->scheduler;
	bool failed;
	cl_event last;

	TRY(last_command(queue, &last));
	if (last) {
		hmmcl_event_wait(last);
		hmmcl_object_unref(last);
	}
	hmmcl_scheduler_lock(scheduler);
	failed = queue->failed;
	queue->failed = false;
	hmmcl_scheduler_unlock(scheduler);
	return failed ? CL_OUT_OF_RESOURCES : CL_SUCCESS;
}
