/* SPDX-License-Identifier: MIT */
/* What the runtime itself needs to know of build options.  hmmclc checks them. */
#ifndef HMMCL_BUILD_OPTIONS_H
#define HMMCL_BUILD_OPTIONS_H

#include <stdbool.h>

/*
 * Whether work-groups must be uniform (OpenCL API, 5.10): -cl-uniform-work-group-size is given, or the
 * language is older than OpenCL C 2.0, as it is without -cl-std.  An intermediate language has no
 * such version.
 */
bool hmmcl_options_uniform_groups(const char *options, bool is_il);

/* Whether clLinkProgram makes a library: -create-library. */
bool hmmcl_options_create_library(const char *options);

#endif
