/* SPDX-License-Identifier: MIT */
/*
 * The thread that sees the hmm engine's process end.  Programs close descriptors that they do not know
 * (daemons do) and get their numbers for files of their own.  So the thread keeps what it needs in a
 * table of descriptors of its own, and the process only one end of a socket, by which it is stopped; that
 * this is still there says that the application has not closed our descriptors.
 */
#ifndef HMMCL_TRANSPORT_WATCHER_H
#define HMMCL_TRANSPORT_WATCHER_H

#include <pthread.h>
#include <semaphore.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "engine.h"

struct hmmcl_watcher {
	int quit;			/* what comes here, or its end, ends the engine */
	dev_t quit_device;
	ino_t quit_inode;
	pthread_t thread;
	/* Of the thread; the numbers mean nothing elsewhere. */
	struct hmmcl_engine *engine;
	int pidfd, device, asked;
	uint32_t engine_id;		/* of the driver */
	sem_t started;
	int error;
};

/*
 * Watch the process @pidfd, which is @engine_id of the driver's file @device.  When it ends, or the
 * application closes our descriptors, the engine is marked as lost.  @pidfd is closed.
 * Return: 0, or a negative errno; then the process has been killed.
 */
int hmmcl_watcher_start(struct hmmcl_watcher *watcher, struct hmmcl_engine *engine, int pidfd,
			int device, uint32_t engine_id);

/* End the process and the thread.  Any thread may, once. */
void hmmcl_watcher_stop(struct hmmcl_watcher *watcher);

/* In a child of the process: give back what was inherited. */
void hmmcl_watcher_forget(struct hmmcl_watcher *watcher);

/* Are this process's descriptors still those that we opened? */
bool hmmcl_watcher_has_descriptors(const struct hmmcl_watcher *watcher);

/* Kill the process and wait for its end. */
void hmmcl_kill_engine(int pidfd);

#endif
