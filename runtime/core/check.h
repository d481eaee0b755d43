/* SPDX-License-Identifier: MIT */
/*
 * How an entry point refuses: argument checks that read like the specification's list of
 * errors, one log line for each refusal.
 *
 *	cl_int clRetainMemObject(cl_mem memobj)
 *	{
 *		CHECK(hmmcl_mem_valid(memobj), CL_INVALID_MEM_OBJECT, "memobj is not one");
 *		...
 *
 * The condition is what must hold.  The text needs no function name: __func__ is put in front,
 * so checks belong into the entry point itself, or into helpers that get its name.
 */
#ifndef HMMCL_CHECK_H
#define HMMCL_CHECK_H

#include "cl.h"
#include "log.h"

/* Name of an error code, "CL_INVALID_VALUE"; a number as text for what is none. */
const char *hmmcl_error_name(cl_int code);

/* Log the refusal and return @code. */
cl_int hmmcl_refuse(const char *function, cl_int code, const char *format, ...)
	__attribute__((format(printf, 3, 4), cold));

/* In a function that returns cl_int. */
#define CHECK(condition, code, ...) do {					\
	if (__builtin_expect(!(condition), 0))					\
		return hmmcl_refuse(__func__, (code), __VA_ARGS__);		\
} while (0)

/* In a function that returns an object and has the parameter errcode_ret. */
#define CHECK_OBJECT(condition, code, ...) do {					\
	if (__builtin_expect(!(condition), 0)) {				\
		cl_int refused_ = hmmcl_refuse(__func__, (code), __VA_ARGS__);	\
										\
		if (errcode_ret)						\
			*errcode_ret = refused_;				\
		return NULL;							\
	}									\
} while (0)

/* Hand an error on that has been logged where it arose. */
#define TRY(expression) do {							\
	cl_int error_ = (expression);						\
										\
	if (error_ != CL_SUCCESS)						\
		return error_;							\
} while (0)

#define TRY_OBJECT(expression) do {						\
	cl_int error_ = (expression);						\
										\
	if (error_ != CL_SUCCESS) {						\
		if (errcode_ret)						\
			*errcode_ret = error_;					\
		return NULL;							\
	}									\
} while (0)

/* End of a function that returns an object: the object, and CL_SUCCESS in errcode_ret. */
#define RETURN_OBJECT(object) do {						\
	if (errcode_ret)							\
		*errcode_ret = CL_SUCCESS;					\
	return (object);							\
} while (0)

#endif
