/* SPDX-License-Identifier: MIT */
/* The words of a string of build options: C17 and C++, for hmmclc and the runtime. */
#ifndef HMMCL_COMPILER_WORDS_H
#define HMMCL_COMPILER_WORDS_H

#include <stddef.h>

enum hmmcl_word {
	HMMCL_WORD_END,
	HMMCL_WORD_TAKEN,
	HMMCL_WORD_OPEN_QUOTE,	/* a quote is not closed: these are no options */
};

/*
 * Take the next word from *text on and go past it.  White space separates words, but not in quotes,
 * single or double; anywhere, a backslash before a double quote, a backslash or a space makes it
 * an ordinary character.  @word gets the word without what quotes it, and *length its length; it has
 * no terminating zero, and must have room for strlen(*text) bytes.  Follows no locale.
 */
enum hmmcl_word hmmcl_word_next(const char **text, char *word, size_t *length);

#endif
