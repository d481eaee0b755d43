/* SPDX-License-Identifier: MIT */
/* One line for each thing worth saying, on stderr or in a file, where HMMCL_LOG asks for it. */
#ifndef HMMCL_LOG_H
#define HMMCL_LOG_H

#include <stdbool.h>

enum hmmcl_log_level {
	HMMCL_LOG_NONE,
	HMMCL_LOG_ERROR,	/* a call fails, or something is lost: what, where, what to do */
	HMMCL_LOG_WARN,		/* works, but not as it could: no cache, no driver */
	HMMCL_LOG_INFO,		/* what was chosen: engine, device, compiler */
	HMMCL_LOG_DEBUG,	/* each command */
};

/* Up to which level to log; set once, by hmmcl_config_init. */
extern enum hmmcl_log_level hmmcl_log_level;

/* Take the value of HMMCL_LOG, or NULL; called once. */
void hmmcl_log_init(const char *setting);

/* Writes "hmmcl: <level>: <text>\n" in one write.  Any thread, also with locks held. */
void hmmcl_log_write(enum hmmcl_log_level level, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* The arguments are not evaluated when nobody listens. */
#define hmmcl_log(level, ...) do {					\
	if (__builtin_expect((level) <= hmmcl_log_level, 0))		\
		hmmcl_log_write((level), __VA_ARGS__);			\
} while (0)

#define hmmcl_error(...)	hmmcl_log(HMMCL_LOG_ERROR, __VA_ARGS__)
#define hmmcl_warn(...)		hmmcl_log(HMMCL_LOG_WARN, __VA_ARGS__)
#define hmmcl_inform(...)	hmmcl_log(HMMCL_LOG_INFO, __VA_ARGS__)
#define hmmcl_debug(...)	hmmcl_log(HMMCL_LOG_DEBUG, __VA_ARGS__)

#endif
