/* SPDX-License-Identifier: MIT */
/* Where log lines go. */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "../transport/descriptor.h"
#include "config.h"
#include "log.h"

static const char *const level_names[] = { "none", "error", "warn", "info", "debug" };

enum hmmcl_log_level hmmcl_log_level;
static int log_fd = STDERR_FILENO;

void hmmcl_log_write(enum hmmcl_log_level level, const char *format, ...)
{
	int saved_errno = errno;
	char line[1024];
	va_list arguments;
	int length, more;

	length = snprintf(line, sizeof(line), "hmmcl: %s: ", level_names[level]);
	va_start(arguments, format);
	more = vsnprintf(line + length, sizeof(line) - length - 1, format, arguments);
	va_end(arguments);
	if (more > 0)
		length += more;
	if (length > (int)sizeof(line) - 2)
		length = sizeof(line) - 2;	/* cut; room for the newline */
	line[length++] = '\n';
	if (write(log_fd, line, length) < 0) {
		/* Nobody is left to be told. */
	}
	errno = saved_errno;
}

void hmmcl_log_init(const char *setting)
{
	const char *colon = setting ? strchr(setting, ':') : NULL;
	size_t length = colon ? (size_t)(colon - setting) : setting ? strlen(setting) : 0;

	if (!length)
		return;
	for (int level = HMMCL_LOG_NONE; level <= HMMCL_LOG_DEBUG; level++) {
		bool digit = length == 1 && setting[0] == '0' + level;

		if (digit || (strlen(level_names[level]) == length &&
			      !strncmp(setting, level_names[level], length))) {
			hmmcl_log_level = level;
			length = 0;
			break;
		}
	}
	if (length) {
		hmmcl_log_level = HMMCL_LOG_WARN;
		hmmcl_warn("HMMCL_LOG=%s: no such level; say none, error, warn, info or debug",
			   setting);
	}
	if (colon && colon[1]) {
		int fd = open(colon + 1, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);

		fd = fd < 0 ? -errno : hmmcl_above_standard(fd);
		if (fd >= 0)
			log_fd = fd;
		else
			hmmcl_warn("HMMCL_LOG=%s: cannot open the file: %s; logging to stderr",
				   setting, strerror(-fd));
	}
}
