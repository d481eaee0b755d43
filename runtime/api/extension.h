/* SPDX-License-Identifier: MIT */
/* Entry points that are not in the ICD dispatch table, and are found by name. */
#ifndef HMMCL_EXTENSION_H
#define HMMCL_EXTENSION_H

#include "../core/cl.h"

/* clCreateProgramWithILKHR. */
cl_program CL_API_CALL hmmcl_create_program_with_il_khr(cl_context context, const void *il,
							size_t length, cl_int *errcode_ret);

/* Address of the entry point, or NULL when there is none of that name. */
void *hmmcl_extension_function(const char *name);

#endif
