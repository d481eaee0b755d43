/* SPDX-License-Identifier: MIT */
/* Where hmmclc is. */
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../core/config.h"
#include "../core/log.h"
#include "server.h"

/* As seen from the folder of libhmmcl.so: beside it, in the build tree, installed. */
static const char *const places[] = {
	"hmmclc",
	"../compiler/hmmclc",
	"../libexec/hmmcl/hmmclc",
	"../../libexec/hmmcl/hmmclc",
};

static bool use(struct hmmcl_server_program *program)
{
	struct stat status;

	if (stat(program->path, &status) || !S_ISREG(status.st_mode) || access(program->path, X_OK))
		return false;
	program->version[0] = status.st_dev;
	program->version[1] = status.st_ino;
	program->version[2] = status.st_size;
	program->version[3] = status.st_mtim.tv_sec;
	program->version[4] = status.st_mtim.tv_nsec;
	program->version[5] = status.st_ctim.tv_sec;
	return true;
}

static bool find_near_library(struct hmmcl_server_program *program)
{
	const char *slash;
	Dl_info info;

	if (!dladdr(&hmmcl_server_find, &info) || !info.dli_fname)
		return false;
	slash = strrchr(info.dli_fname, '/');
	if (!slash)
		return false;
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		int n = snprintf(program->path, sizeof(program->path), "%.*s/%s",
				 (int)(slash - info.dli_fname), info.dli_fname, places[i]);

		if (n > 0 && (size_t)n < sizeof(program->path) && use(program))
			return true;
	}
	return false;
}

int hmmcl_server_find(struct hmmcl_server_program *program)
{
	memset(program, 0, sizeof(*program));
	if (hmmcl_config.compiler) {
		int n = snprintf(program->path, sizeof(program->path), "%s", hmmcl_config.compiler);

		if (n > 0 && (size_t)n < sizeof(program->path) && use(program))
			return 0;
		hmmcl_error("HMMCL_COMPILER=%s is not an executable file", hmmcl_config.compiler);
		return -ENOENT;
	}
	if (find_near_library(program))
		return 0;
	hmmcl_error("hmmclc, the compiler, is neither beside libhmmcl.so nor where it is installed; HMMCL_COMPILER can name it");
	return -ENOENT;
}
