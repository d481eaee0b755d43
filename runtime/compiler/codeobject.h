/* SPDX-License-Identifier: MIT */
/* What a code object says about itself: the text section of engine/device_abi.h. */
#ifndef HMMCL_COMPILER_CODEOBJECT_H
#define HMMCL_COMPILER_CODEOBJECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../core/cl.h"

enum hmmcl_arg_kind {
	HMMCL_ARG_VALUE,
	HMMCL_ARG_GLOBAL,
	HMMCL_ARG_CONSTANT,
	HMMCL_ARG_LOCAL,
	HMMCL_ARG_IMAGE,
	HMMCL_ARG_SAMPLER,
	HMMCL_ARG_PIPE,
	HMMCL_ARG_QUEUE,
};

struct hmmcl_arg_info {
	uint32_t offset;		/* in the argument block */
	uint32_t size;
	enum hmmcl_arg_kind kind;
	uint32_t pointee_align;		/* of a local argument */
	cl_kernel_arg_access_qualifier access;
	cl_kernel_arg_type_qualifier qualifiers;
	const char *type;
	const char *name;
};

struct hmmcl_kernel_info {
	const char *name;
	const char *entry;		/* symbol */
	struct hmmcl_arg_info *args;
	unsigned int n_args;
	uint32_t args_size;
	uint32_t local_size;		/* static */
	uint32_t context_fixed, context_item;
	uint32_t private_size;
	uint32_t reqd_work_group_size[3];	/* 0, 0, 0: none */
	uint32_t work_group_size_hint[3];
	const char *vec_type_hint;
	const char *attributes;
	bool uses_printf;
	bool uniform_groups;		/* every work-group must have the enqueued size */
};

struct hmmcl_printf_format {
	const char *types;
	const char *format;
};

struct hmmcl_code_object {
	struct hmmcl_kernel_info *kernels;
	unsigned int n_kernels;
	struct hmmcl_printf_format *formats;	/* by index */
	unsigned int n_formats;
	uint64_t globals_size;
	const char *options;
	const char *init;		/* symbol, or NULL */
	char *text;			/* what the strings point into */
};

/* What a kernel's arguments may take, bytes; CL_DEVICE_MAX_PARAMETER_SIZE promises less. */
#define HMMCL_CODE_OBJECT_MAX_ARGS (64u << 10)

/*
 * Read the description in @object.  Returns 0; -ENOEXEC: not a code object, or of another device
 * ABI; -EINVAL: its description is damaged; -E2BIG: a kernel's arguments are too large; -ENOMEM.  Strings do not point into @object.
 */
int hmmcl_code_object_read(struct hmmcl_code_object *code, const void *object, size_t size);
void hmmcl_code_object_free(struct hmmcl_code_object *code);

#endif
