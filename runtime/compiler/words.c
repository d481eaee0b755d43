/* SPDX-License-Identifier: MIT */
/* Build options are split as hosts expect who put paths into them: nearly as in a shell. */
#include "words.h"

#include <stdbool.h>
#include <string.h>

static bool is_one_of(char c, const char *set)
{
	return c && strchr(set, c);
}

enum hmmcl_word hmmcl_word_next(const char **text, char *word, size_t *length)
{
	static const char space[] = " \t\n\v\f\r";
	const char *p = *text + strspn(*text, space);
	const char *start = p;
	char quote = 0;
	size_t n = 0;

	for (; *p && (quote || !is_one_of(*p, space)); p++) {
		if (*p == '\\' && is_one_of(p[1], "\"\\ "))
			word[n++] = *++p;
		else if (quote && *p == quote)
			quote = 0;
		else if (!quote && is_one_of(*p, "\"'"))
			quote = *p;
		else
			word[n++] = *p;
	}
	*text = p;
	*length = n;
	if (quote)
		return HMMCL_WORD_OPEN_QUOTE;
	return p == start ? HMMCL_WORD_END : HMMCL_WORD_TAKEN;
}
