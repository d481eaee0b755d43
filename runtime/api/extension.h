/* SPDX-License-Identifier: MIT */
/* Entry points that are not in the ICD dispatch table, and are found by name. */
#ifndef HMMCL_EXTENSION_H
#define HMMCL_EXTENSION_H

/* Address of the entry point, or NULL when there is none of that name. */
void *hmmcl_extension_function(const char *name);

#endif
