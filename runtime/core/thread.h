/* SPDX-License-Identifier: MIT */
/* Threads of ours, on which the application's callbacks run, too. */
#ifndef HMMCL_THREAD_H
#define HMMCL_THREAD_H

#include <pthread.h>

/*
 * Start a thread with all signals blocked, which are the application's threads' to handle.  Its
 * stack has the size that is usual in this process, but at least 1 MiB: an application with many threads
 * may have set that for what its own ones need (pthread_setattr_default_np(), ulimit -s).
 * Return: 0, or an errno value.  Join or detach it.
 */
int hmmcl_thread_start(pthread_t *thread, void *(*function)(void *data), void *data);

#endif
