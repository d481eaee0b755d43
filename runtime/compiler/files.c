/* SPDX-License-Identifier: MIT */
/*
 * Records of files.  A file counts by what is in it, not by its times: these say nothing when a
 * file is replaced by an older one, or twice within a tick of the clock.
 */
#include "files.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "hash.h"

struct entry {
	char kind;
	const char *path;
	const uint8_t *more;	/* digest or size, by kind */
};

static size_t size_of_more(char kind)
{
	return kind == HMMCL_COMPILER_FILE_READ ? HMMCL_HASH_SIZE :
	       kind == HMMCL_COMPILER_FILE_FOUND ? sizeof(uint64_t) : 0;
}

/* Takes the next entry off @record.  False: at the end (then it is empty), or it is damaged. */
static bool next(struct hmmcl_blob *record, struct entry *entry)
{
	const char *start = record->data;
	const char *end = record->size ? memchr(start, 0, record->size) : NULL;
	size_t size;

	if (!end || end == start)
		return false;
	entry->kind = start[0];
	entry->path = start + 1;
	entry->more = (const uint8_t *)end + 1;
	size = end + 1 - start + size_of_more(entry->kind);
	if (size > record->size)
		return false;
	*record = (struct hmmcl_blob){ start + size, record->size - size };
	return true;
}

static bool has_contents(const char *path, const uint8_t wanted[HMMCL_HASH_SIZE])
{
	uint8_t digest[HMMCL_HASH_SIZE];
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct hmmcl_hash hash;
	struct stat status;
	char buffer[2048];	/* on the application's stack */
	ssize_t n = -1;

	if (fd < 0)
		return false;
	hmmcl_hash_init(&hash);
	/* What is no plain file gave something once and may not give it again. */
	if (!fstat(fd, &status) && S_ISREG(status.st_mode))
		while ((n = read(fd, buffer, sizeof(buffer))) > 0 || (n < 0 && errno == EINTR))
			if (n > 0)
				hmmcl_hash_add(&hash, buffer, n);
	close(fd);
	hmmcl_hash_end(&hash, digest);
	return n == 0 && !memcmp(digest, wanted, sizeof(digest));
}

static bool is_unchanged(const struct entry *entry)
{
	struct stat status;
	uint64_t size;

	switch (entry->kind) {
	case HMMCL_COMPILER_FILE_READ:
		return has_contents(entry->path, entry->more);
	case HMMCL_COMPILER_FILE_FOUND:
		memcpy(&size, entry->more, sizeof(size));
		return !stat(entry->path, &status) && !S_ISDIR(status.st_mode) &&
		       (uint64_t)status.st_size == size;
	case HMMCL_COMPILER_FILE_DIRECTORY:
		return !stat(entry->path, &status) && S_ISDIR(status.st_mode);
	case HMMCL_COMPILER_FILE_ABSENT:
		return stat(entry->path, &status) != 0;
	}
	return false;
}

bool hmmcl_files_lasting(struct hmmcl_blob record)
{
	struct entry entry;

	while (next(&record, &entry))
		if (entry.kind == HMMCL_COMPILER_FILE_CLOCK)
			return false;
	return !record.size;
}

bool hmmcl_files_unchanged(struct hmmcl_blob record)
{
	struct entry entry;

	while (next(&record, &entry))
		if (!is_unchanged(&entry))
			return false;
	return !record.size;
}
