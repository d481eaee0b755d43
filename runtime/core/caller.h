/* SPDX-License-Identifier: MIT */
/*
 * The callback thread: runs the application's code that the runtime calls (event callbacks, context
 * callbacks, native kernels), in the order in which it was asked for, so that a callback
 * that blocks or takes long holds up other callbacks and nothing else.  One for each process,
 * started at the first call.
 */
#ifndef HMMCL_CALLER_H
#define HMMCL_CALLER_H

#include "cl.h"

struct hmmcl_call {
	struct hmmcl_call *next;
	void (*run)(struct hmmcl_call *call);	/* owns @call */
};

/* Any thread, also with the scheduler's lock held.  Runs @call->run(@call) on the callback thread;
 * where no thread can be started, nowhere: logged, and CL_OUT_OF_RESOURCES. */
cl_int hmmcl_call_later(struct hmmcl_call *call);

/* Start the thread now, so that hmmcl_call_later cannot fail any more. */
cl_int hmmcl_caller_start(void);

#endif
