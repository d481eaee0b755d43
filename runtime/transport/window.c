// SPDX-License-Identifier: MIT
/* The window: reserving it, its memory files, and pages for images. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "window.h"

#ifndef MFD_EXEC
#define MFD_EXEC 0x0010U
#endif

/*
 * Far from where programs, heaps, stacks and libraries usually are, and where AddressSanitizer and
 * ThreadSanitizer let applications map; the last one is the kernel's choice.
 */
static const uint64_t candidates[] = {
	0x7e9000000000, 0x7ec000000000, 0x7d0000000000, 0x600000000000,
	0x200000000000, 0x001000000000, 0,
};

static char *reserve(uint64_t size)
{
	for (size_t i = 0; i < sizeof(candidates) / sizeof(*candidates); i++) {
		void *want = (void *)candidates[i];
		char *p = mmap(want, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE |
			       (want ? MAP_FIXED_NOREPLACE : 0), -1, 0);

		if (p == MAP_FAILED)
			continue;
		/* Kernels before 4.17 take it for a hint. */
		if (!want || p == want)
			return p;
		munmap(p, size);
	}
	return NULL;
}

/* A memory file that nobody can shrink under us. */
static int memory_file(const char *name, uint64_t size)
{
	struct rlimit limit;
	int fd;

	/* To try would end the process, by SIGXFSZ. */
	if (!getrlimit(RLIMIT_FSIZE, &limit) && limit.rlim_cur < size)
		return -EFBIG;
	fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_EXEC);

	if (fd < 0 && errno == EINVAL)		/* before Linux 6.3 */
		fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (fd < 0)
		return -errno;
	if (ftruncate(fd, (off_t)size) ||
	    fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL)) {
		int err = errno;

		close(fd);
		return -err;
	}
	return fd;
}

static int map_shared(void *address, uint64_t size, int protection, int fd)
{
	return mmap(address, size, protection, MAP_SHARED | MAP_NORESERVE | MAP_FIXED, fd, 0) ==
	       MAP_FAILED ? -errno : 0;
}

static int pages_init(struct hmmcl_pages *pages, const char *name, uint64_t size)
{
	pages->count = size / HMMCL_PAGE_SIZE;
	pages->used = calloc(pages->count / 64, sizeof(*pages->used));
	if (!pages->used)
		return -ENOMEM;
	pages->fd = memory_file(name, size);
	return pages->fd < 0 ? pages->fd : 0;
}

int hmmcl_window_create(struct hmmcl_window *window, unsigned int workers, bool execute,
			char *why, size_t why_size)
{
	const char *step = "memory files";
	char *base;
	int err;

	*window = (struct hmmcl_window) {
		.size = hmmcl_window_size(workers), .control_fd = -1,
		.code.fd = -1, .data.fd = -1, .lock = PTHREAD_MUTEX_INITIALIZER,
	};
	base = reserve(window->size);
	if (!base) {
		err = -errno;
		snprintf(why, why_size, "cannot reserve %llu GiB of addresses: %s",
			 (unsigned long long)(window->size / HMMCL_GIB), strerror(-err));
		return err;
	}
	window->base = base;
	err = pages_init(&window->code, "hmmcl-code", HMMCL_WINDOW_CODE_SIZE);
	if (!err)
		err = pages_init(&window->data, "hmmcl-data", HMMCL_WINDOW_DATA_SIZE);
	if (!err) {
		window->control_fd = memory_file("hmmcl-control", HMMCL_WINDOW_CONTROL_SIZE);
		err = window->control_fd < 0 ? window->control_fd : 0;
	}
	if (err)
		goto fail;

	step = "the window";
	err = map_shared(base + HMMCL_WINDOW_CONTROL, HMMCL_WINDOW_CONTROL_SIZE,
			 PROT_READ | PROT_WRITE, window->control_fd);
	if (!err)
		err = map_shared(base + HMMCL_WINDOW_CODE, HMMCL_WINDOW_CODE_SIZE,
				 execute ? PROT_READ | PROT_EXEC : PROT_READ, window->code.fd);
	if (!err)
		err = map_shared(base + HMMCL_WINDOW_DATA, HMMCL_WINDOW_DATA_SIZE,
				 PROT_READ | PROT_WRITE, window->data.fd);
	if (err)
		goto fail;
	window->control = (struct hmmcl_control *)(base + HMMCL_WINDOW_CONTROL);
	window->code_alias = mmap(NULL, HMMCL_WINDOW_CODE_SIZE, PROT_READ | PROT_WRITE,
				  MAP_SHARED | MAP_NORESERVE, window->code.fd, 0);
	if (window->code_alias == MAP_FAILED) {
		err = -errno;
		window->code_alias = NULL;
		goto fail;
	}
	window->code.memory = window->code_alias;
	window->data.memory = base + HMMCL_WINDOW_DATA;
	if (madvise(base, window->size, MADV_DONTFORK) ||
	    madvise(window->code_alias, HMMCL_WINDOW_CODE_SIZE, MADV_DONTFORK)) {
		err = -errno;
		goto fail;
	}
	return 0;
fail:
	snprintf(why, why_size, "cannot map %s: %s", step, strerror(-err));
	hmmcl_window_destroy(window);
	return err;
}

void hmmcl_window_close_files(struct hmmcl_window *window)
{
	const int fds[] = { window->control_fd, window->code.fd, window->data.fd };

	for (size_t i = 0; i < sizeof(fds) / sizeof(*fds); i++)
		if (fds[i] >= 0)
			close(fds[i]);
	window->control_fd = window->code.fd = window->data.fd = -1;
}

void hmmcl_window_forget(struct hmmcl_window *window)
{
	hmmcl_window_close_files(window);
	free(window->code.used);
	free(window->data.used);
	window->code.used = window->data.used = NULL;
}

void hmmcl_window_destroy(struct hmmcl_window *window)
{
	if (window->base)
		munmap(window->base, window->size);
	if (window->code_alias)
		munmap(window->code_alias, HMMCL_WINDOW_CODE_SIZE);
	window->base = window->code_alias = NULL;
	hmmcl_window_forget(window);
}

static bool page_used(const struct hmmcl_pages *pages, uint64_t page)
{
	return pages->used[page / 64] >> (page % 64) & 1;
}

static void mark(struct hmmcl_pages *pages, uint64_t first, uint64_t count, bool used)
{
	for (uint64_t i = first; i < first + count; i++) {
		if (used)
			pages->used[i / 64] |= 1ull << (i % 64);
		else
			pages->used[i / 64] &= ~(1ull << (i % 64));
	}
}

/* First run of @want free pages in [from, to), or @to. */
static uint64_t find_run(const struct hmmcl_pages *pages, uint64_t from, uint64_t to, uint64_t want)
{
	uint64_t run = 0;

	for (uint64_t i = from; i < to; i++) {
		if (i % 64 == 0 && i + 64 <= to && pages->used[i / 64] == ~0ull) {
			run = 0;
			i += 63;
			continue;
		}
		run = page_used(pages, i) ? 0 : run + 1;
		if (run == want)
			return i + 1 - want;
	}
	return to;
}

int64_t hmmcl_pages_alloc(struct hmmcl_window *window, struct hmmcl_pages *pages, uint64_t size)
{
	uint64_t want = size / HMMCL_PAGE_SIZE + (size % HMMCL_PAGE_SIZE != 0);
	uint64_t first;

	if (want > pages->count)
		return -ENOMEM;
	if (!want)
		return 0;
	pthread_mutex_lock(&window->lock);
	first = find_run(pages, pages->next, pages->count, want);
	if (first == pages->count) {
		first = find_run(pages, 0, pages->count, want);
		if (first == pages->count) {
			pthread_mutex_unlock(&window->lock);
			return -ENOMEM;
		}
	}
	mark(pages, first, want, true);
	pages->next = first + want;
	pthread_mutex_unlock(&window->lock);
	return (int64_t)(first * HMMCL_PAGE_SIZE);
}

void hmmcl_pages_free(struct hmmcl_window *window, struct hmmcl_pages *pages, int64_t offset,
		      uint64_t size)
{
	uint64_t count = size / HMMCL_PAGE_SIZE + (size % HMMCL_PAGE_SIZE != 0);

	/* Whoever gets these pages next finds zeroes; what cannot be emptied is not given out again. */
	if (!count || madvise(pages->memory + offset, count * HMMCL_PAGE_SIZE, MADV_REMOVE))
		return;
	pthread_mutex_lock(&window->lock);
	mark(pages, (uint64_t)offset / HMMCL_PAGE_SIZE, count, false);
	pthread_mutex_unlock(&window->lock);
}
