/* SPDX-License-Identifier: MIT */
/* Blobs in memory files. */
#include "payload.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

/* A reply beyond this is nonsense. */
#define MAX_PAYLOAD (1u << 30)

static size_t padded(size_t size)
{
	return (size + 7) & ~(size_t)7;
}

static int write_all(int fd, const void *data, size_t size)
{
	const char *p = data;

	while (size) {
		ssize_t n = write(fd, p, size);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : -ENOSPC;
		p += n;
		size -= n;
	}
	return 0;
}

int hmmcl_payload_write(const struct hmmcl_blob *blobs, unsigned int n_blobs)
{
	static const char zeros[8];
	int fd = memfd_create("hmmcl-request", MFD_CLOEXEC);

	if (fd < 0)
		return -errno;
	for (unsigned int i = 0; i < n_blobs; i++) {
		uint64_t size = blobs[i].size;
		int error = write_all(fd, &size, sizeof(size));

		if (!error)
			error = write_all(fd, blobs[i].data, size);
		if (!error)
			error = write_all(fd, zeros, padded(size) - size);
		if (error) {
			close(fd);
			return error;
		}
	}
	return fd;
}

static int read_file(int fd, size_t size, char *memory)
{
	size_t done = 0;

	while (done < size) {
		ssize_t n = pread(fd, memory + done, size - done, done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return -EPROTO;
		done += n;
	}
	return 0;
}

static int split(const char *memory, size_t size, uint32_t n_blobs, struct hmmcl_reply *reply)
{
	size_t at = 0;

	for (uint32_t i = 0; i < n_blobs; i++) {
		uint64_t length;

		if (size - at < sizeof(length))
			return -EPROTO;
		memcpy(&length, memory + at, sizeof(length));
		at += sizeof(length);
		if (length > size - at)
			return -EPROTO;
		reply->blobs[i] = (struct hmmcl_blob){ memory + at, length };
		at += length;
		at += padded(length) - length;
		if (at > size)	/* the last one's padding */
			at = size;
	}
	reply->n_blobs = n_blobs;
	return 0;
}

int hmmcl_payload_read(int fd, uint32_t n_blobs, struct hmmcl_reply *reply)
{
	struct stat status;
	char *memory;
	int error;

	if (fd < 0 || n_blobs < 1 || n_blobs > HMMCL_REPLY_BLOBS || fstat(fd, &status) ||
	    status.st_size < 0 || status.st_size > MAX_PAYLOAD)
		return -EPROTO;
	memory = malloc(status.st_size + 1);
	if (!memory)
		return -ENOMEM;
	error = read_file(fd, status.st_size, memory);
	if (!error)
		error = split(memory, status.st_size, n_blobs, reply);
	if (error) {
		free(memory);
		return error;
	}
	reply->memory = memory;
	return 0;
}
