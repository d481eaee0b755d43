/* SPDX-License-Identifier: MIT */
/* Files of the disk cache: reading, checking, writing. */
#include "cache.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "../core/config.h"
#include "../core/log.h"
#include "cache_dir.h"

#define MAX_FILE	(256u << 20)
#define NAME_SIZE	(2 * HMMCL_HASH_SIZE + 1)

/* A file: this, the files that its program was made of, the log, the output. */
struct file_header {
	char magic[8];
	uint8_t key[HMMCL_HASH_SIZE];		/* so that a renamed file is not taken for another */
	uint64_t files_size;
	uint64_t log_size;
	uint64_t output_size;
	uint8_t digest[HMMCL_HASH_SIZE];	/* of all above, with this as zero, and all below */
};

static const char magic[8] = "hmmcl-2";

static void file_name(const uint8_t key[HMMCL_HASH_SIZE], char name[NAME_SIZE])
{
	for (int i = 0; i < HMMCL_HASH_SIZE; i++)
		sprintf(name + 2 * i, "%02x", key[i]);
}

static void file_digest(const struct file_header *header, const void *files, const void *log,
			const void *output, uint8_t digest[HMMCL_HASH_SIZE])
{
	struct file_header copy = *header;
	struct hmmcl_hash hash;

	memset(copy.digest, 0, sizeof(copy.digest));
	hmmcl_hash_init(&hash);
	hmmcl_hash_add(&hash, &copy, sizeof(copy));
	hmmcl_hash_add(&hash, files, header->files_size);
	hmmcl_hash_add(&hash, log, header->log_size);
	hmmcl_hash_add(&hash, output, header->output_size);
	hmmcl_hash_end(&hash, digest);
}

/* What is read becomes code of this process: only files that nobody else could have written. */
static bool trusted(const struct stat *status)
{
	return S_ISREG(status->st_mode) && (status->st_uid == geteuid() || status->st_uid == 0) &&
	       !(status->st_mode & (S_IWGRP | S_IWOTH));
}

static bool read_whole(int fd, char *memory, size_t size)
{
	size_t done = 0;

	while (done < size) {
		ssize_t n = read(fd, memory + done, size - done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		done += n;
	}
	return true;
}

static bool parse(const uint8_t key[HMMCL_HASH_SIZE], char *memory, size_t size,
		  struct hmmcl_cached *cached)
{
	const char *files = memory + sizeof(struct file_header), *log, *output;
	size_t body_size = size - sizeof(struct file_header);
	uint8_t digest[HMMCL_HASH_SIZE];
	struct file_header header;

	memcpy(&header, memory, sizeof(header));
	if (memcmp(header.magic, magic, sizeof(magic)) ||
	    memcmp(header.key, key, HMMCL_HASH_SIZE) ||
	    header.files_size > body_size || header.log_size > body_size - header.files_size ||
	    header.output_size != body_size - header.files_size - header.log_size)
		return false;
	log = files + header.files_size;
	output = log + header.log_size;
	file_digest(&header, files, log, output, digest);
	if (memcmp(digest, header.digest, sizeof(digest)))
		return false;
	cached->memory = memory;
	cached->files = (struct hmmcl_blob){ files, header.files_size };
	cached->log = (struct hmmcl_blob){ log, header.log_size };
	cached->output = (struct hmmcl_blob){ output, header.output_size };
	return true;
}

static bool read_file(const char *path, const uint8_t key[HMMCL_HASH_SIZE],
		      struct hmmcl_cached *cached)
{
	bool found = false;
	struct stat status;
	char *memory;
	int fd;

	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd < 0)
		return false;
	if (fstat(fd, &status) || !trusted(&status)) {
		hmmcl_warn("%s is not a file that only you can write: not used", path);
		close(fd);
		return false;
	}
	if (status.st_size >= (off_t)sizeof(struct file_header) && status.st_size <= MAX_FILE) {
		memory = malloc(status.st_size);
		if (!memory) {
			close(fd);
			return false;
		}
		found = read_whole(fd, memory, status.st_size) &&
			parse(key, memory, status.st_size, cached);
		if (!found)
			free(memory);
	}
	if (found) {
		hmmcl_cache_touch(fd, &status);
	} else {
		hmmcl_warn("%s is damaged: compiling again", path);
		unlink(path);
	}
	close(fd);
	return found;
}

bool hmmcl_cache_lookup(const uint8_t key[HMMCL_HASH_SIZE], struct hmmcl_cached *cached)
{
	char name[NAME_SIZE], *path;
	bool found;

	file_name(key, name);
	path = hmmcl_cache_path(name);
	found = path && read_file(path, key, cached);
	free(path);
	return found;
}

static bool write_whole(int fd, struct iovec *iov, int n)
{
	while (n) {
		ssize_t written = writev(fd, iov, n);

		if (written < 0 && errno == EINTR)
			continue;
		if (written <= 0)
			return false;
		while (n && (size_t)written >= iov->iov_len) {
			written -= iov->iov_len;
			iov++;
			n--;
		}
		if (n) {
			iov->iov_base = (char *)iov->iov_base + written;
			iov->iov_len -= written;
		}
	}
	return true;
}

/* @temporary ends in XXXXXX, of which it makes a name. */
static bool write_file(const char *path, char *temporary, struct iovec *iov, int n)
{
	/* Not the process's id: in containers that share a directory, it is the same for all. */
	int fd = mkostemp(temporary, O_CLOEXEC);
	bool kept;

	if (fd < 0) {
		hmmcl_warn("no compiled program can be kept in %s: %s", temporary, strerror(errno));
		return false;
	}
	kept = write_whole(fd, iov, n) && !rename(temporary, path);
	if (!kept) {
		hmmcl_warn("a compiled program cannot be kept as %s: %s", path, strerror(errno));
		unlink(temporary);
	}
	close(fd);
	return kept;
}

void hmmcl_cache_store(const uint8_t key[HMMCL_HASH_SIZE], struct hmmcl_blob files,
		       struct hmmcl_blob log, struct hmmcl_blob output)
{
	struct file_header header = {
		.files_size = files.size, .log_size = log.size, .output_size = output.size,
	};
	struct iovec iov[] = {
		{ &header, sizeof(header) },
		{ (void *)files.data, files.size },
		{ (void *)log.data, log.size },
		{ (void *)output.data, output.size },
	};
	uint64_t size = sizeof(header) + files.size + log.size + output.size;
	char name[NAME_SIZE], *path, *temporary;

	if (size > MAX_FILE || size > hmmcl_cache_limit())
		return;
	file_name(key, name);
	path = hmmcl_cache_path(name);
	temporary = hmmcl_cache_path(HMMCL_CACHE_TEMPORARY "XXXXXX");
	if (path && temporary && hmmcl_cache_make()) {
		memcpy(header.magic, magic, sizeof(magic));
		memcpy(header.key, key, HMMCL_HASH_SIZE);
		file_digest(&header, files.data, log.data, output.data, header.digest);
		if (write_file(path, temporary, iov, 4))
			hmmcl_cache_grown(size);
	}
	free(temporary);
	free(path);
}
