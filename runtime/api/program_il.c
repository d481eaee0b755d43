/* SPDX-License-Identifier: MIT */
/* Programs in an intermediate language, SPIR-V (OpenCL API, 5.8.1 and 5.8.3; cl_khr_il_program). */
#include <stdlib.h>
#include <string.h>

#include "../compiler/spirv.h"
#include "../core/check.h"
#include "../core/program.h"
#include "extension.h"

static const char no_il[] = "the device takes no intermediate language: " HMMCL_TRANSLATOR_MISSING;

static cl_program create(const char *function, cl_context context, const void *il, size_t length,
			 cl_int *error)
{
	cl_program program = hmmcl_program_new(context, HMMCL_PROGRAM_IL);
	const char *why;

	*error = CL_OUT_OF_HOST_MEMORY;
	if (program) {
		program->il = malloc(length);
		program->il_words = malloc(length);
		program->il_size = length;
	}
	if (!program || !program->il || !program->il_words) {
		hmmcl_refuse(function, *error, "no memory for the program");
	} else if (!hmmcl_spirv_read(il, length, program->il_words, &why)) {
		*error = CL_INVALID_VALUE;
		hmmcl_refuse(function, *error, "il is not a SPIR-V module: %s", why);
	} else {
		memcpy(program->il, il, length);
		*error = CL_SUCCESS;
		return program;
	}
	hmmcl_object_unref(program);
	return NULL;
}

CL_API_ENTRY cl_program CL_API_CALL
clCreateProgramWithIL(cl_context context, const void *il, size_t length, cl_int *errcode_ret)
{
	cl_program program;
	cl_int error;

	CHECK_OBJECT(hmmcl_context_valid(context), CL_INVALID_CONTEXT, "context is not a context");
	CHECK_OBJECT(context->device->takes_il, CL_INVALID_OPERATION, "%s", no_il);
	CHECK_OBJECT(il && length, CL_INVALID_VALUE, "il is %p, length is %zu", il, length);
	program = create(__func__, context, il, length, &error);
	TRY_OBJECT(error);
	RETURN_OBJECT(program);
}

cl_program CL_API_CALL hmmcl_create_program_with_il_khr(cl_context context, const void *il, size_t length,
							cl_int *errcode_ret)
{
	return clCreateProgramWithIL(context, il, length, errcode_ret);
}

CL_API_ENTRY cl_int CL_API_CALL
clSetProgramSpecializationConstant(cl_program program, cl_uint spec_id, size_t spec_size,
				   const void *spec_value)
{
	enum hmmcl_spirv_specialize result;
	size_t needed = 0;

	CHECK(hmmcl_program_valid(program), CL_INVALID_PROGRAM, "program is not a program");
	CHECK(program->context->device->takes_il, CL_INVALID_OPERATION, "%s", no_il);
	CHECK(program->origin == HMMCL_PROGRAM_IL, CL_INVALID_PROGRAM,
	      "program was not created from an intermediate language");
	CHECK(spec_value, CL_INVALID_VALUE, "spec_value is NULL");
	{
		HMMCL_PROGRAM_GUARD(program);
		result = hmmcl_spirv_specialize(program->il_words,
						program->il_size / sizeof(*program->il_words), spec_id,
						spec_value, spec_size, &needed);
	}
	CHECK(result != HMMCL_SPIRV_NO_SUCH_ID, CL_INVALID_SPEC_ID,
	      "the module has no specialization constant %u", spec_id);
	CHECK(result != HMMCL_SPIRV_WRONG_SIZE, CL_INVALID_VALUE,
	      "spec_size is %zu, specialization constant %u has %zu bytes", spec_size, spec_id, needed);
	return CL_SUCCESS;
}
