/* SPDX-License-Identifier: MIT */
/*
 * Calls into the library itself, by its dispatch table: ICD loaders answer some wrong calls on
 * their own (NULL for an object), and then nothing of ours would be tested.
 */
#ifndef HMMCL_TEST_DISPATCH_H
#define HMMCL_TEST_DISPATCH_H

#include "runtime.h"

#include <CL/cl_icd.h>

static const cl_icd_dispatch *cl;

static inline void find_dispatch(void)
{
	cl = *(const cl_icd_dispatch **)find_platform();
}

static inline void check_refused(const char *call, cl_int expected, cl_int code)
{
	if (code != expected)
		print_message("%s: %d, should be %d\n", call, code, expected);
	assert_cl(code, expected);
}

/* The entry point @name refuses these arguments with @code. */
#define REFUSED(code, name, ...) check_refused(#name "(" #__VA_ARGS__ ")", (code), \
					       cl->name(__VA_ARGS__))

/* The same for one that returns an object or pointer, and takes errcode_ret last: with one and
 * without. */
#define NOTHING(code, name, ...) do {						\
	cl_int error_ = CL_SUCCESS;						\
										\
	assert_null(cl->name(__VA_ARGS__, &error_));				\
	check_refused(#name "(" #__VA_ARGS__ ")", (code), error_);		\
	assert_null(cl->name(__VA_ARGS__, NULL));				\
} while (0)

#endif
