/* SPDX-License-Identifier: MIT */
/* Finding options among others. */
#include "build_options.h"

#include <ctype.h>
#include <stddef.h>
#include <string.h>

/*
 * The next option from *rest on: its start and, in *length, its length.  NULL: no more.  White space
 * in quotes does not separate.
 */
static const char *next_option(const char **rest, size_t *length)
{
	const char *start = *rest, *p;
	char quote = 0;

	while (isspace((unsigned char)*start))
		start++;
	for (p = start; *p && (quote || !isspace((unsigned char)*p)); p++) {
		if (*p == '\\' && p[1])
			p++;
		else if (quote == *p)
			quote = 0;
		else if (!quote && (*p == '"' || *p == '\''))
			quote = *p;
	}
	*rest = p;
	*length = p - start;
	return p == start ? NULL : start;
}

static bool is(const char *option, size_t length, const char *word)
{
	return length == strlen(word) && !memcmp(option, word, length);
}

bool hmmcl_options_uniform_groups(const char *options, bool is_il)
{
	bool old_language = !is_il;
	const char *option;
	size_t length;

	while ((option = next_option(&options, &length))) {
		if (is(option, length, "-cl-uniform-work-group-size"))
			return true;
		if (!is_il && length > 8 && !memcmp(option, "-cl-std=", 8))
			old_language = !strncmp(option + 8, "CL1", 3);
	}
	return old_language;
}

bool hmmcl_options_create_library(const char *options)
{
	const char *option;
	size_t length;

	while ((option = next_option(&options, &length)))
		if (is(option, length, "-create-library"))
			return true;
	return false;
}
