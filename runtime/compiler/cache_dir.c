/* SPDX-License-Identifier: MIT */
/*
 * The cache's directory.  Its size is known only by looking at every file, so each process looks
 * once, when it first adds one, then counts what it adds, and looks again when that has passed the
 * bound.  So several processes can exceed it together, for as long as it takes until one of them
 * looks.
 */
#include "cache_dir.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "../core/config.h"
#include "../core/log.h"

/* A file that is being written for so long belongs to a process that died, seconds. */
#define STALE 600

/* How often a file's time of use is brought up to date, seconds: reading should rarely write. */
#define TOUCH_INTERVAL 60

struct entry {
	struct timespec used;
	uint64_t size;
	char name[80];
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static uint64_t known_size;	/* of all files, as far as this process knows */
static bool looked;

char *hmmcl_cache_path(const char *name)
{
	const char *separator = name[0] ? "/" : "";
	const char *base, *under;
	char *path;

	if ((base = hmmcl_config.cache_dir))
		under = "";
	else if ((base = getenv("XDG_CACHE_HOME")) && base[0] == '/')
		under = "/hmmcl";
	else if ((base = getenv("HOME")) && base[0] == '/')
		under = "/.cache/hmmcl";
	else
		return NULL;
	if (!base[0] || asprintf(&path, "%s%s%s%s", base, under, separator, name) < 0)
		return NULL;
	return path;
}

static bool make(char *path)
{
	if (!access(path, F_OK))
		return true;
	for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = 0;
		mkdir(path, 0700);
		*slash = '/';
	}
	if (mkdir(path, 0700) && errno != EEXIST) {
		hmmcl_warn("no directory %s for compiled programs: %s", path, strerror(errno));
		return false;
	}
	return true;
}

bool hmmcl_cache_make(void)
{
	char *path = hmmcl_cache_path("");
	bool made = path && make(path);

	free(path);
	return made;
}

uint64_t hmmcl_cache_limit(void)
{
	char *end;
	uint64_t size = strtoull(hmmcl_config.cache_size, &end, 10);

	switch (*end) {
	case 'k': case 'K':
		return size << 10;
	case 'm': case 'M':
		return size << 20;
	case 'g': case 'G':
		return size << 30;
	}
	return size;
}

void hmmcl_cache_touch(int fd, const struct stat *status)
{
	if (time(NULL) - status->st_mtim.tv_sec > TOUCH_INTERVAL)
		futimens(fd, NULL);	/* may fail where it cannot be written: no harm */
}

static int by_use(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;

	if (x->used.tv_sec != y->used.tv_sec)
		return x->used.tv_sec < y->used.tv_sec ? -1 : 1;
	return x->used.tv_nsec < y->used.tv_nsec ? -1 : x->used.tv_nsec > y->used.tv_nsec;
}

/* All files of ours; removes the leavings of dead processes.  NULL when there is no memory. */
static struct entry *list(DIR *dir, size_t *count, uint64_t *total)
{
	struct entry *entries = NULL, *grown;
	size_t room = 0;
	struct dirent *item;
	struct stat status;

	*count = 0;
	*total = 0;
	while ((item = readdir(dir))) {
		size_t length = strlen(item->d_name);

		if (item->d_name[0] == '.' || length >= sizeof(entries->name) ||
		    fstatat(dirfd(dir), item->d_name, &status, AT_SYMLINK_NOFOLLOW) ||
		    !S_ISREG(status.st_mode))
			continue;
		if (!strncmp(item->d_name, HMMCL_CACHE_TEMPORARY, strlen(HMMCL_CACHE_TEMPORARY))) {
			if (time(NULL) - status.st_mtim.tv_sec > STALE)
				unlinkat(dirfd(dir), item->d_name, 0);
			continue;
		}
		/* The directory may be shared with others: only names that the cache gives. */
		if (length != 64 || strspn(item->d_name, "0123456789abcdef") != length)
			continue;
		if (*count == room) {
			room = room ? 2 * room : 256;
			grown = realloc(entries, room * sizeof(*entries));
			if (!grown) {
				free(entries);
				return NULL;
			}
			entries = grown;
		}
		entries[*count].used = status.st_mtim;
		entries[*count].size = status.st_size;
		memcpy(entries[*count].name, item->d_name, length + 1);
		*total += status.st_size;
		++*count;
	}
	return entries;
}

/* Look at all files; when they are too many, remove the oldest down to seven eighths of the bound. */
static uint64_t shrink(uint64_t limit)
{
	char *path = hmmcl_cache_path("");
	DIR *dir = path ? opendir(path) : NULL;
	struct entry *entries;
	uint64_t total = 0;
	size_t count;

	free(path);
	if (!dir)
		return 0;
	entries = list(dir, &count, &total);
	if (entries && total > limit) {
		qsort(entries, count, sizeof(*entries), by_use);
		for (size_t i = 0; i < count && total > limit / 8 * 7; i++)
			if (!unlinkat(dirfd(dir), entries[i].name, 0))
				total -= entries[i].size;
	}
	free(entries);
	closedir(dir);
	return total;
}

void hmmcl_cache_grown(uint64_t size)
{
	uint64_t limit = hmmcl_cache_limit();

	/* Another thread is looking already, or one was when this process was forked. */
	if (pthread_mutex_trylock(&lock))
		return;
	known_size += size;
	if (!looked || known_size > limit) {
		known_size = shrink(limit);
		looked = true;
	}
	pthread_mutex_unlock(&lock);
}
