/* SPDX-License-Identifier: MIT */
/* What a compilation looked at outside its request (compiler/protocol.h): is it still so? */
#ifndef HMMCL_COMPILER_FILES_H
#define HMMCL_COMPILER_FILES_H

#include <stdbool.h>

#include "server.h"

/* Whether a record is whole and has nothing in it that changes by itself: its result may be kept. */
bool hmmcl_files_lasting(struct hmmcl_blob record);

/* Whether every file of a record is, or is missing, as it was then.  Reads those that were read. */
bool hmmcl_files_unchanged(struct hmmcl_blob record);

#endif
