/* SPDX-License-Identifier: MIT */
/*
 * A cached program must be what compiling it now would give.  The key holds all texts that came
 * with the request.  A text that includes files of the disk means others in another directory; so
 * the key of such a program, and only of such a one, has the directory in it too.
 */
#include "sources.h"

#include <ctype.h>
#include <string.h>

static bool contains(struct hmmcl_blob text, const char *word)
{
	return memmem(text.data, text.size, word, strlen(word)) != NULL;
}

static bool is_header(const struct hmmcl_blob *blobs, unsigned int n_blobs, const char *name,
		      size_t length)
{
	for (unsigned int i = 1; i + 1 < n_blobs; i += 2)
		if (blobs[i].size == length && !memcmp(blobs[i].data, name, length))
			return true;
	return false;
}

/* Every mention of "include" is a directive whose file is one of the request's headers. */
static bool includes_headers_only(struct hmmcl_blob text, const struct hmmcl_blob *blobs,
				  unsigned int n_blobs)
{
	const char *p = text.data, *end = p + text.size;

	while ((p = memmem(p, end - p, "include", 7))) {
		const char *close;

		p += 7;
		while (p < end && (*p == ' ' || *p == '\t'))
			p++;
		if (p == end || (*p != '"' && *p != '<'))
			return false;
		close = memchr(p + 1, *p == '"' ? '"' : '>', end - p - 1);
		if (!close || !is_header(blobs, n_blobs, p + 1, close - p - 1))
			return false;
		p = close;
	}
	return true;
}

/* A line continued in the middle of a word, which could be any of the words looked for. */
static bool splits_a_word(struct hmmcl_blob text)
{
	const char *start = text.data, *p = start, *end = p + text.size;

	while ((p = memchr(p, '\\', end - p))) {
		const char *after = ++p;

		if (after < end && *after == '\r')
			after++;
		if (end - after < 2 || *after != '\n')
			continue;
		if (p - 1 > start && isalpha((unsigned char)p[-2]) && isalpha((unsigned char)after[1]))
			return true;
	}
	return false;
}

bool hmmcl_sources_closed(const struct hmmcl_blob *blobs, unsigned int n_blobs)
{
	/* The source, and each header's text. */
	for (unsigned int i = 0; i < n_blobs; i += 2)
		if (splits_a_word(blobs[i]) || contains(blobs[i], "embed") ||
		    !includes_headers_only(blobs[i], blobs, n_blobs))
			return false;
	return true;
}
