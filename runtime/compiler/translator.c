/* SPDX-License-Identifier: MIT */
/* Finding the LLVM/SPIR-V translator. */
#include "translator.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The file at translator->path.  It is not run to ask for its version: that takes 30 ms. */
static bool use(struct hmmcl_translator *translator)
{
	struct stat status;

	if (stat(translator->path, &status) || !S_ISREG(status.st_mode) ||
	    access(translator->path, X_OK))
		return false;
	translator->version[0] = status.st_dev;
	translator->version[1] = status.st_ino;
	translator->version[2] = status.st_size;
	translator->version[3] = status.st_mtim.tv_sec;
	translator->version[4] = status.st_mtim.tv_nsec;
	translator->version[5] = status.st_ctim.tv_sec;
	return true;
}

static bool find_in_path(struct hmmcl_translator *translator)
{
	const char *path = getenv("PATH");

	if (!path)
		path = "/usr/local/bin:/usr/bin:/bin";
	for (; ; path++) {
		size_t length = strcspn(path, ":");
		int n = snprintf(translator->path, sizeof(translator->path), "%.*s/%s", (int)length,
				 path, HMMCL_TRANSLATOR_NAME);

		/* Not in the working directory, which an empty entry or a relative one would mean. */
		if (path[0] == '/' && n > 0 && (size_t)n < sizeof(translator->path) &&
		    use(translator))
			return true;
		path += length;
		if (!*path)
			return false;
	}
}

bool hmmcl_translator_find(struct hmmcl_translator *translator, const char *named)
{
	int n;

	memset(translator, 0, sizeof(*translator));
	if (!named)
		return find_in_path(translator);
	n = snprintf(translator->path, sizeof(translator->path), "%s", named);
	return n > 0 && (size_t)n < sizeof(translator->path) && use(translator);
}
