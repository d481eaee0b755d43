/* SPDX-License-Identifier: MIT */
/*
 * The window (engine/control.h) on the client's side, and the space for images in it.
 * Nothing of it is inherited by a child.
 */
#ifndef HMMCL_TRANSPORT_WINDOW_H
#define HMMCL_TRANSPORT_WINDOW_H

#include <pthread.h>

#include "../engine/control.h"

/* Pages of a part of the window, backed by a memfd: one bit a page in use. */
struct hmmcl_pages {
	int fd;				/* -1 once the engine has it */
	char *memory;			/* their place, writable, here */
	uint64_t count;
	uint64_t next;			/* where to look first */
	uint64_t *used;
};

struct hmmcl_window {
	char *base;
	uint64_t size;
	struct hmmcl_control *control;
	int control_fd;
	char *code_alias;		/* the code part, writable; elsewhere, at any address */
	pthread_mutex_t lock;		/* of both parts' pages */
	struct hmmcl_pages code, data;
};

/*
 * Reserve a window for @workers at an address of its own and map its shared parts; the code part
 * executable or only readable here.  -errno and one line in @why when it cannot be had.
 */
int hmmcl_window_create(struct hmmcl_window *window, unsigned int workers, bool execute,
			char *why, size_t why_size);
/* In the process that created it.  */
void hmmcl_window_destroy(struct hmmcl_window *window);
/*
 * The engine has what it needs: close the descriptors.  Programs close descriptors that they do
 * not know (daemons do), and get their numbers for files of their own.
 */
void hmmcl_window_close_files(struct hmmcl_window *window);
/* In a child of that process: the mappings are not there, the descriptors are. */
void hmmcl_window_forget(struct hmmcl_window *window);

/*
 * Space for @size bytes: page aligned, zero.  Returns its offset in the part, or -ENOMEM.  Free
 * gives the memory back to the system.
 */
int64_t hmmcl_pages_alloc(struct hmmcl_window *window, struct hmmcl_pages *pages, uint64_t size);
void hmmcl_pages_free(struct hmmcl_window *window, struct hmmcl_pages *pages, int64_t offset,
		      uint64_t size);

#endif
