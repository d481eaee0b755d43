/* SPDX-License-Identifier: MIT */
/*
 * Answers of clGet*Info.  For functions with the specification's parameter names
 * param_value_size, param_value and param_value_size_ret:
 *
 *	switch (param_name) {
 *	case CL_MEM_SIZE:
 *		RETURN_INFO(size_t, memobj->size);
 *	case CL_PROGRAM_SOURCE:
 *		RETURN_INFO_STRING(program->source);
 *	case CL_CONTEXT_PROPERTIES:
 *		RETURN_INFO_ARRAY(context->properties, context->n_properties);
 *	}
 *	CHECK(false, CL_INVALID_VALUE, "param_name 0x%x is not known", param_name);
 */
#ifndef HMMCL_INFO_H
#define HMMCL_INFO_H

#include <string.h>

#include "cl.h"

/* CL_INVALID_VALUE (logged) when @param_value is given and smaller than @size. */
cl_int hmmcl_info_bytes(const char *function, const void *value, size_t size,
			size_t param_value_size, void *param_value, size_t *param_value_size_ret);

/* The entry point's name for messages; a file whose helpers answer defines it before. */
#ifndef HMMCL_INFO_FUNCTION
#define HMMCL_INFO_FUNCTION __func__
#endif

#define RETURN_INFO_BYTES(value, size) \
	return hmmcl_info_bytes(HMMCL_INFO_FUNCTION, (value), (size), param_value_size, \
				param_value, param_value_size_ret)

#define RETURN_INFO(type, value) do {						\
	type info_ = (value);							\
										\
	RETURN_INFO_BYTES(&info_, sizeof(info_));				\
} while (0)

#define RETURN_INFO_STRING(string) do {						\
	const char *info_ = (string);						\
										\
	RETURN_INFO_BYTES(info_, strlen(info_) + 1);				\
} while (0)

/* @count elements at @array; none: size 0. */
#define RETURN_INFO_ARRAY(array, count) \
	RETURN_INFO_BYTES((array), (count) * sizeof(*(array)))

#endif
