/* SPDX-License-Identifier: MIT */
/* Command-queues. */
#ifndef HMMCL_QUEUE_H
#define HMMCL_QUEUE_H

#include "context.h"
#include "object.h"

struct _cl_command_queue {
	struct hmmcl_object object;
	cl_context context;
	cl_command_queue_properties flags;	/* CL_QUEUE_PROPERTIES */
	cl_queue_properties *properties;	/* as given, with the terminating zero */
	size_t n_properties;

	/* Under the scheduler's lock. */
	cl_event first, last;		/* commands that have not ended, in their order */
	cl_event barrier;		/* out-of-order: the last barrier that has not ended */
	unsigned int count;		/* how many they are */
	bool failed;			/* a command has failed since the last clFinish */
};

extern const struct hmmcl_object_type hmmcl_queue_type;

static inline bool hmmcl_queue_valid(cl_command_queue queue)
{
	return hmmcl_object_valid(queue, &hmmcl_queue_type);
}

static inline bool hmmcl_queue_in_order(cl_command_queue queue)
{
	return !(queue->flags & CL_QUEUE_OUT_OF_ORDER_EXEC_MODE_ENABLE);
}

/* clFinish: wait until all that was enqueued before has ended. */
cl_int hmmcl_queue_finish(cl_command_queue queue);

#endif
