/* SPDX-License-Identifier: MIT */
/* The life of programs. */
#include "program.h"

#include <stdlib.h>

static void program_destroy(void *object)
{
	cl_program program = object;

	hmmcl_object_unref(program->executable);
	hmmcl_binary_free(&program->binary);
	free(program->source);
	free(program->il);
	free(program->il_words);
	free(program->options);
	free(program->log);
	pthread_mutex_destroy(&program->lock);
	hmmcl_object_unref(program->context);
}

const struct hmmcl_object_type hmmcl_program_type = {
	.name = "cl_program", .destroy = program_destroy, .lazy = true,
};

cl_program hmmcl_program_new(cl_context context, enum hmmcl_program_origin origin)
{
	cl_program program = hmmcl_object_new(sizeof(*program), &hmmcl_program_type);

	if (!program)
		return NULL;
	program->context = hmmcl_object_ref(context);
	program->origin = origin;
	program->status = CL_BUILD_NONE;
	program->binary.type = CL_PROGRAM_BINARY_TYPE_NONE;
	pthread_mutex_init(&program->lock, NULL);
	return program;
}

struct hmmcl_executable *hmmcl_program_executable(cl_program program)
{
	HMMCL_PROGRAM_GUARD(program);
	return program->executable ? hmmcl_object_ref(program->executable) : NULL;
}
