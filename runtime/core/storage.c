/* SPDX-License-Identifier: MIT */
/* Memory behind buffers and clSVMAlloc. */
#include "storage.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "../engine/device_abi.h"

#define PAGE_SIZE	((size_t)4096)
#define HUGE_PAGE_SIZE	((size_t)2 << 20)

/* Map @size bytes, a multiple of the page size, on a huge page's boundary. */
static void *map_huge_aligned(size_t size)
{
	const size_t span = size + HUGE_PAGE_SIZE - PAGE_SIZE;
	char *start, *aligned;
	size_t head, tail;

	start = mmap(NULL, span, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (start == MAP_FAILED)
		return NULL;

	aligned = (char *)(((uintptr_t)start + HUGE_PAGE_SIZE - 1) & ~(HUGE_PAGE_SIZE - 1));
	head = (size_t)(aligned - start);
	tail = span - head - size;
	if (head)
		munmap(start, head);
	if (tail)
		munmap(aligned + size, tail);

	/* A hint: where the kernel has no huge pages, small ones do. */
	madvise(aligned, size, MADV_HUGEPAGE);
	return aligned;
}

int hmmcl_storage_alloc(struct hmmcl_storage *storage, size_t size, size_t align)
{
	if (align < HMMCL_ABI_ALIGN)
		align = HMMCL_ABI_ALIGN;
	if (size >= PAGE_SIZE && align < PAGE_SIZE)
		align = PAGE_SIZE;

	storage->mapped = 0;
	if (size < HUGE_PAGE_SIZE)
		return posix_memalign(&storage->addr, align, size) ? -ENOMEM : 0;

	if (size > SIZE_MAX / 2)
		return -ENOMEM;
	storage->mapped = (size + PAGE_SIZE - 1) & ~(PAGE_SIZE - 1);
	storage->addr = map_huge_aligned(storage->mapped);
	return storage->addr ? 0 : -ENOMEM;
}

void hmmcl_storage_free(struct hmmcl_storage *storage)
{
	if (storage->mapped)
		munmap(storage->addr, storage->mapped);
	else
		free(storage->addr);
	storage->addr = NULL;
}
