/* SPDX-License-Identifier: MIT */
/*
 * Memory behind buffers and clSVMAlloc: ordinary pages of this process, since the device
 * shares its address space.  Nothing is touched here, so pages appear where they are
 * first used.
 */
#ifndef HMMCL_CORE_STORAGE_H
#define HMMCL_CORE_STORAGE_H

#include <stddef.h>

struct hmmcl_storage {
	void *addr;
	size_t mapped;		/* bytes to unmap; 0 when it came from the heap */
};

/*
 * Get @size (> 0) bytes.  The address is a multiple of @align (a power of two; 128 at least is
 * given), of the page size from one page on, and of 2 MiB from 2 MiB on, so that whole pages
 * and huge pages can migrate without their neighbours.  Returns 0 or -ENOMEM.
 */
int hmmcl_storage_alloc(struct hmmcl_storage *storage, size_t size, size_t align);
void hmmcl_storage_free(struct hmmcl_storage *storage);

#endif
