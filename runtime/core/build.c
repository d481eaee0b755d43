/* SPDX-License-Identifier: MIT */
/* Building programs. */
#include "build.h"

#include <elf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "thread.h"

/* A build under way.  Owns what it points to and holds the objects. */
struct job {
	struct hmmcl_build build;
	const char *function;
	char *options;
	cl_program *inputs;		/* COMPILE: headers */
	char **copies;			/* COMPILE: the headers' names; LINK: the inputs' code */
	uint32_t *il;			/* SPIR-V of the program, as it is now */
	struct hmmcl_blob *blobs;	/* what goes to the compiler behind the options */
	unsigned int n_blobs;
};

/* How it ended. */
struct outcome {
	cl_int error;
	char *log;			/* NULL: empty */
	struct hmmcl_binary binary;
	struct hmmcl_executable *executable;
};

static void job_free(struct job *job)
{
	for (cl_uint i = 0; i < job->build.n_inputs; i++) {
		if (job->inputs)
			hmmcl_object_unref(job->inputs[i]);
		if (job->copies)
			free(job->copies[i]);
	}
	free(job->inputs);
	free(job->copies);
	free(job->il);
	free(job->blobs);
	free(job->options);
	hmmcl_object_unref(job->build.program);
	free(job);
}

static void add_blob(struct job *job, const void *data, size_t size)
{
	job->blobs[job->n_blobs++] = (struct hmmcl_blob){ data, size };
}

/* A header: its name is copied, its text, which never changes, held. */
static cl_int add_header(struct job *job, cl_uint i)
{
	cl_program header = job->build.inputs[i];

	job->copies[i] = strdup(job->build.names[i]);
	if (!job->copies[i])
		return CL_OUT_OF_HOST_MEMORY;
	job->inputs[i] = hmmcl_object_ref(header);
	add_blob(job, job->copies[i], strlen(job->copies[i]));
	add_blob(job, header->source, strlen(header->source));
	return CL_SUCCESS;
}

/* A compiled program or library: its code is copied, for it could be compiled again. */
static cl_int add_compiled(struct job *job, cl_uint i)
{
	cl_program input = job->build.inputs[i];
	const struct hmmcl_binary *binary = &input->binary;

	HMMCL_PROGRAM_GUARD(input);
	if (input->status == CL_BUILD_IN_PROGRESS ||
	    (binary->type != CL_PROGRAM_BINARY_TYPE_COMPILED_OBJECT &&
	     binary->type != CL_PROGRAM_BINARY_TYPE_LIBRARY))
		return CL_INVALID_OPERATION;
	job->copies[i] = malloc(binary->code.size + 1);
	if (!job->copies[i])
		return CL_OUT_OF_HOST_MEMORY;
	memcpy(job->copies[i], binary->code.data, binary->code.size);
	add_blob(job, job->copies[i], binary->code.size);
	return CL_SUCCESS;
}

/* The program itself, as source or as SPIR-V. */
static cl_int add_program(struct job *job)
{
	cl_program program = job->build.program;
	const char *translator = program->context->device->translator.path;

	if (program->origin != HMMCL_PROGRAM_IL) {
		add_blob(job, program->source ? program->source : "",
			 program->source ? strlen(program->source) : 0);
		return CL_SUCCESS;
	}
	job->il = malloc(program->il_size);
	if (!job->il)
		return CL_OUT_OF_HOST_MEMORY;
	{
		HMMCL_PROGRAM_GUARD(program);
		memcpy(job->il, program->il_words, program->il_size);
	}
	add_blob(job, job->il, program->il_size);
	add_blob(job, translator, strlen(translator));
	return CL_SUCCESS;
}

/* Collect what the compiler gets (compiler/protocol.h), as it is now. */
static cl_int collect(struct job *job)
{
	size_t n = job->build.n_inputs;

	job->inputs = calloc(n + 1, sizeof(*job->inputs));
	job->copies = calloc(n + 1, sizeof(*job->copies));
	job->blobs = calloc(2 * n + 2, sizeof(*job->blobs));
	if (!job->options || !job->inputs || !job->copies || !job->blobs)
		return CL_OUT_OF_HOST_MEMORY;
	if (job->build.op != HMMCL_COMPILER_LINK)
		TRY(add_program(job));
	for (cl_uint i = 0; i < n; i++)
		TRY(job->build.op == HMMCL_COMPILER_LINK ? add_compiled(job, i) : add_header(job, i));
	return CL_SUCCESS;
}

static cl_int job_new(const char *function, const struct hmmcl_build *build, struct job **new)
{
	const char *options = build->options;
	struct job *job = calloc(1, sizeof(*job));
	cl_int error;

	if (!job)
		return CL_OUT_OF_HOST_MEMORY;
	if (!options)
		options = build->program->origin == HMMCL_PROGRAM_BINARY ?
			  build->program->binary.options : "";
	job->function = function;
	job->build = *build;
	hmmcl_object_ref(build->program);
	job->options = strdup(options);
	error = collect(job);
	if (error) {
		job_free(job);
		return error;
	}
	*new = job;
	return CL_SUCCESS;
}

/* hmmclc has read the options: clLinkProgram makes a library if bitcode comes back, not a code object. */
static cl_program_binary_type result_type(const struct job *job, struct hmmcl_blob output)
{
	if (job->build.op == HMMCL_COMPILER_COMPILE)
		return CL_PROGRAM_BINARY_TYPE_COMPILED_OBJECT;
	if (output.size < SELFMAG || memcmp(output.data, ELFMAG, SELFMAG))
		return CL_PROGRAM_BINARY_TYPE_LIBRARY;
	return CL_PROGRAM_BINARY_TYPE_EXECUTABLE;
}

static cl_int status_code(enum hmmcl_compiler_op op, enum hmmcl_compiler_status status)
{
	bool options = status == HMMCL_COMPILER_INVALID_OPTIONS;

	if (status == HMMCL_COMPILER_OK)
		return CL_SUCCESS;
	switch (op) {
	case HMMCL_COMPILER_COMPILE:
		return options ? CL_INVALID_COMPILER_OPTIONS : CL_COMPILE_PROGRAM_FAILURE;
	case HMMCL_COMPILER_LINK:
		return options ? CL_INVALID_LINKER_OPTIONS : CL_LINK_PROGRAM_FAILURE;
	default:
		return options ? CL_INVALID_BUILD_OPTIONS : CL_BUILD_PROGRAM_FAILURE;
	}
}

/* Load the executable in @binary; on failure the log gets a line more. */
static void load(cl_program program, const struct hmmcl_binary *binary, struct outcome *outcome)
{
	char why[256], *log;

	outcome->error = hmmcl_executable_create(program->context, binary->code.data,
						 binary->code.size, &outcome->executable, why,
						 sizeof(why));
	if (!outcome->error)
		return;
	if (asprintf(&log, "%sThe program cannot be loaded: %s.\n", outcome->log ? outcome->log : "",
		     why) < 0)
		return;
	free(outcome->log);
	outcome->log = log;
}

/* What the compiler is asked for. */
static enum hmmcl_compiler_op compiler_op(const struct hmmcl_build *build)
{
	if (build->program->origin != HMMCL_PROGRAM_IL)
		return build->op;
	return build->op == HMMCL_COMPILER_BUILD ? HMMCL_COMPILER_BUILD_IL : HMMCL_COMPILER_COMPILE_IL;
}

static void compile(struct job *job, struct outcome *outcome)
{
	struct hmmcl_compiled compiled;
	int error;

	error = hmmcl_compile(compiler_op(&job->build), job->options, job->blobs, job->n_blobs, &compiled);
	if (error) {
		outcome->error = error != -ENOENT ? CL_OUT_OF_HOST_MEMORY :
				 job->build.op == HMMCL_COMPILER_LINK ? CL_LINKER_NOT_AVAILABLE :
				 CL_COMPILER_NOT_AVAILABLE;
		outcome->log = strdup(error == -ENOENT ? "hmmclc, the compiler, was not found.\n" :
				      "There is no memory for the build.\n");
		return;
	}
	outcome->error = status_code(job->build.op, compiled.status);
	if (compiled.log[0])
		outcome->log = strdup(compiled.log);
	if (!outcome->error)
		outcome->error = hmmcl_binary_make(&outcome->binary, result_type(job, compiled.output),
						   job->options, compiled.output);
	hmmcl_compiled_free(&compiled);
	if (!outcome->error && outcome->binary.type == CL_PROGRAM_BINARY_TYPE_EXECUTABLE)
		load(job->build.program, &outcome->binary, outcome);
}

/* Code that hmmclc made and that cannot be loaded is a build that failed. */
static cl_int failure(const struct job *job, cl_int error)
{
	if (error == CL_INVALID_BINARY && job->build.program->origin != HMMCL_PROGRAM_BINARY)
		return status_code(job->build.op, HMMCL_COMPILER_FAILED);
	return error;
}

static cl_int run(struct job *job)
{
	struct outcome outcome = { .binary.type = CL_PROGRAM_BINARY_TYPE_NONE };
	struct hmmcl_build build = job->build;
	cl_program program = build.program;

	hmmcl_object_ref(program);
	if (program->origin == HMMCL_PROGRAM_BINARY)
		load(program, &program->binary, &outcome);
	else
		compile(job, &outcome);
	if (outcome.error) {
		outcome.error = failure(job, outcome.error);
		hmmcl_refuse(job->function, outcome.error, "%s",
			     outcome.log ? outcome.log : "see the build log");
		hmmcl_binary_free(&outcome.binary);
	}
	{
		HMMCL_PROGRAM_GUARD(program);
		program->log = outcome.log;
		program->executable = outcome.executable;
		if (program->origin != HMMCL_PROGRAM_BINARY)
			program->binary = outcome.binary;
		program->status = outcome.error ? CL_BUILD_ERROR : CL_BUILD_SUCCESS;
	}
	job_free(job);
	if (build.notify)
		build.notify(program, build.user_data);
	hmmcl_object_unref(program);
	return outcome.error;
}

static void *run_in_thread(void *data)
{
	run(data);
	return NULL;
}

static cl_int run_later(struct job *job)
{
	pthread_t thread;

	if (hmmcl_thread_start(&thread, run_in_thread, job))
		return CL_OUT_OF_RESOURCES;
	pthread_detach(thread);
	return CL_SUCCESS;
}

/* Take the program for this build: what the last one left goes. */
static cl_int begin(const struct job *job)
{
	cl_program program = job->build.program;
	struct hmmcl_executable *old;
	char *options = strdup(job->options);

	if (!options)
		return hmmcl_refuse(job->function, CL_OUT_OF_HOST_MEMORY, "no memory for the build");
	{
		HMMCL_PROGRAM_GUARD(program);
		if (program->status == CL_BUILD_IN_PROGRESS || program->n_kernels) {
			free(options);
			return hmmcl_refuse(job->function, CL_INVALID_OPERATION,
					    program->n_kernels ? "kernels are attached to the program" :
					    "a build of this program has not ended");
		}
		program->status = CL_BUILD_IN_PROGRESS;
		free(program->options);
		program->options = options;
		free(program->log);
		program->log = NULL;
		if (program->origin != HMMCL_PROGRAM_BINARY)
			hmmcl_binary_free(&program->binary);
		old = program->executable;
		program->executable = NULL;
	}
	hmmcl_object_unref(old);
	return CL_SUCCESS;
}

static cl_int build_run(const char *function, const struct hmmcl_build *build)
{
	struct job *job;
	cl_int error = job_new(function, build, &job);

	if (error)
		return hmmcl_refuse(function, error, error == CL_INVALID_OPERATION ?
				    "an input program is not compiled, or not yet" :
				    "no memory for the build");
	error = begin(job);
	if (error) {
		job_free(job);
		return error;
	}
	if (!build->notify)
		return run(job);
	error = run_later(job);
	if (error) {
		job_free(job);
		HMMCL_PROGRAM_GUARD(build->program);
		build->program->status = CL_BUILD_ERROR;
		return hmmcl_refuse(function, error, "no thread can be started for the build");
	}
	return CL_SUCCESS;
}

cl_int hmmcl_build_run(const char *function, const struct hmmcl_build *build)
{
	cl_int error;
	int state;

	/* Other threads' builds wait for what this one has begun. */
	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &state);
	error = build_run(function, build);
	pthread_setcancelstate(state, NULL);
	return error;
}
