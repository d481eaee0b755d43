/* SPDX-License-Identifier: MIT */
/* The callback thread. */
#include <pthread.h>
#include <stdbool.h>
#include <string.h>

#include "caller.h"
#include "check.h"
#include "thread.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t wake = PTHREAD_COND_INITIALIZER;
static struct hmmcl_call *first, **last = &first;
static bool running;

static void *run_calls(void *unused)
{
	struct hmmcl_call *call;

	(void)unused;
	pthread_setname_np(pthread_self(), "hmmcl-callback");
	for (;;) {
		pthread_mutex_lock(&lock);
		while (!first)
			pthread_cond_wait(&wake, &lock);
		call = first;
		first = call->next;
		if (!first)
			last = &first;
		pthread_mutex_unlock(&lock);
		call->run(call);
	}
	return NULL;
}

/* The child of fork() has no such thread, and its parent's calls are not its own. */
static void in_forked_child(void)
{
	pthread_mutex_init(&lock, NULL);
	pthread_cond_init(&wake, NULL);
	first = NULL;
	last = &first;
	running = false;
}

__attribute__((constructor)) static void watch_forks(void)
{
	pthread_atfork(NULL, NULL, in_forked_child);
}

static int start(void)
{
	pthread_t thread;
	int error = hmmcl_thread_start(&thread, run_calls, NULL);

	if (error) {
		hmmcl_error("cannot start the callback thread: %s; raise the limit on threads",
			    strerror(error));
		return error;
	}
	pthread_detach(thread);
	running = true;
	return 0;
}

cl_int hmmcl_caller_start(void)
{
	int error = 0;

	pthread_mutex_lock(&lock);
	if (!running)
		error = start();
	pthread_mutex_unlock(&lock);
	return error ? CL_OUT_OF_RESOURCES : CL_SUCCESS;
}

cl_int hmmcl_call_later(struct hmmcl_call *call)
{
	call->next = NULL;
	pthread_mutex_lock(&lock);
	if (!running && start()) {
		pthread_mutex_unlock(&lock);
		return CL_OUT_OF_RESOURCES;
	}
	*last = call;
	last = &call->next;
	pthread_cond_signal(&wake);
	pthread_mutex_unlock(&lock);
	return CL_SUCCESS;
}
