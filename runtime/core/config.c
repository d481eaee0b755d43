/* SPDX-License-Identifier: MIT */
/* Reading the environment. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "config.h"
#include "log.h"

struct hmmcl_config hmmcl_config;

/* Index of @value among the words of "a|b|c", or of the default when it is none of them. */
static int choose(const char *variable, const char *value, const char *words, const char *fallback)
{
	int index = 0, found = 0;
	size_t length;

	for (const char *word = words; ; word += length + 1, index++) {
		length = strcspn(word, "|");
		if (value && strlen(value) == length && !strncmp(word, value, length))
			return index;
		if (strlen(fallback) == length && !strncmp(word, fallback, length))
			found = index;
		if (!word[length])
			break;
	}
	if (value)
		hmmcl_warn("%s=%s: not one of %s; using %s", variable, value, words, fallback);
	return found;
}

static void read_environment(void)
{
	const char *value;

	hmmcl_log_init(getenv("HMMCL_LOG"));
#define STRING(member, variable, default_value, help)			\
	value = getenv(#variable);					\
	hmmcl_config.member = value ? value : default_value;
#define CHOICE(member, variable, default_value, words, help)		\
	hmmcl_config.member = choose(#variable, getenv(#variable), words, default_value);
#include "config.def"
#undef STRING
#undef CHOICE
}

void hmmcl_config_init(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, read_environment);
}
