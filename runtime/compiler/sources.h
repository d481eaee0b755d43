/* SPDX-License-Identifier: MIT */
/* What a program's text says about what else goes into its compilation. */
#ifndef HMMCL_COMPILER_SOURCES_H
#define HMMCL_COMPILER_SOURCES_H

#include <stdbool.h>

#include "server.h"

/*
 * Whether a compilation names no file but those among its blobs (of a BUILD or COMPILE request
 * without its options: source, then names and texts of headers).  May err on the side of false.
 */
bool hmmcl_sources_closed(const struct hmmcl_blob *blobs, unsigned int n_blobs);

#endif
