/* SPDX-License-Identifier: MIT */
/* Programs: where they come from, and the result of their latest build, compilation or link. */
#ifndef HMMCL_PROGRAM_H
#define HMMCL_PROGRAM_H

#include <pthread.h>

#include "binary.h"
#include "context.h"
#include "executable.h"
#include "object.h"

enum hmmcl_program_origin {
	HMMCL_PROGRAM_SOURCE,
	HMMCL_PROGRAM_IL,
	HMMCL_PROGRAM_BINARY,
	HMMCL_PROGRAM_LINKED,
};

struct _cl_program {
	struct hmmcl_object object;
	cl_context context;
	enum hmmcl_program_origin origin;
	char *source;			/* NULL unless it comes from source; never changes */
	void *il;			/* NULL unless it comes from SPIR-V; as given, never changes */
	size_t il_size;			/* bytes */

	pthread_mutex_t lock;		/* for all below; taken before no other lock, held over no waiting */
	uint32_t *il_words;		/* SPIR-V in our byte order, with its specialization constants */
	cl_build_status status;
	char *options;			/* of the latest build; NULL: none */
	char *log;			/* NULL: empty */
	struct hmmcl_binary binary;	/* its result; type is NONE when there is none */
	struct hmmcl_executable *executable;	/* loaded, or NULL */
	unsigned int n_kernels;		/* kernel objects attached */
};

extern const struct hmmcl_object_type hmmcl_program_type;

static inline bool hmmcl_program_valid(cl_program program)
{
	return hmmcl_object_valid(program, &hmmcl_program_type);
}

/* Hold a program's lock until the end of the block: HMMCL_PROGRAM_GUARD(program); */
static inline void hmmcl_program_unlock(cl_program *program)
{
	pthread_mutex_unlock(&(*program)->lock);
}

static inline cl_program hmmcl_program_lock(cl_program program)
{
	pthread_mutex_lock(&program->lock);
	return program;
}

#define HMMCL_PROGRAM_GUARD(program)						\
	__attribute__((cleanup(hmmcl_program_unlock), unused))			\
	cl_program guard_ = hmmcl_program_lock(program)

/* A program without source or binary.  NULL: CL_OUT_OF_HOST_MEMORY. */
cl_program hmmcl_program_new(cl_context context, enum hmmcl_program_origin origin);

/* The executable, referenced for the caller; NULL when there is none. */
struct hmmcl_executable *hmmcl_program_executable(cl_program program);

#endif
