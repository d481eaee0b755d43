/* SPDX-License-Identifier: MIT */
/* Starting threads of ours. */
#include "thread.h"

#include <signal.h>

#define MIN_STACK_SIZE ((size_t)1 << 20)

int hmmcl_thread_start(pthread_t *thread, void *(*function)(void *data), void *data)
{
	sigset_t all, before;
	pthread_attr_t attributes;
	size_t size = 0;
	int error = pthread_attr_init(&attributes);

	if (error)
		return error;
	pthread_attr_getstacksize(&attributes, &size);
	if (size < MIN_STACK_SIZE)
		pthread_attr_setstacksize(&attributes, MIN_STACK_SIZE);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	error = pthread_create(thread, &attributes, function, data);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	pthread_attr_destroy(&attributes);
	return error;
}
