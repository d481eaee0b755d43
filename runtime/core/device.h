/* SPDX-License-Identifier: MIT */
/* The device and its constants. */
#ifndef HMMCL_DEVICE_H
#define HMMCL_DEVICE_H

#include "../compiler/translator.h"
#include "../transport/engine.h"
#include "object.h"

/* Limits that entry points check too; the specification's minimums and more. */
#define HMMCL_MEM_BASE_ADDR_ALIGN	128u	/* bytes; the query is in bits */
#define HMMCL_MAX_PARAMETER_SIZE	4096u
#define HMMCL_MAX_CONSTANT_ARGS		64u
#define HMMCL_PRINTF_BUFFER_SIZE	(4u << 20)
#define HMMCL_MAX_GLOBAL_VARIABLE_SIZE	(16u << 20)
#define HMMCL_WORK_GROUP_MULTIPLE	16u	/* CL_DEVICE_PREFERRED_WORK_GROUP_SIZE_MULTIPLE */

struct _cl_device_id {
	struct hmmcl_object object;
	cl_platform_id platform;
	struct hmmcl_engine_info info;
	uint64_t global_mem_size;	/* bytes: RAM, for it is the application's memory */
	uint64_t max_mem_alloc_size;	/* bytes, of one buffer or SVM allocation */
	uint64_t cache_size;		/* bytes, of the last level */
	cl_uint max_clock_mhz;		/* 0: not known */
	cl_uint vector_bytes;		/* of the CPU's widest vector registers */
	const cl_name_version *extensions;
	size_t n_extensions;
	const char *extension_names;	/* separated by blanks */
	bool takes_il;			/* SPIR-V, through the translator */
	struct hmmcl_translator translator;
};

/* Fill in what depends on this machine. */
void hmmcl_device_init(cl_device_id device, cl_platform_id platform,
		       const struct hmmcl_engine_info *info);

extern const struct hmmcl_object_type hmmcl_device_type;

static inline bool hmmcl_device_valid(cl_device_id device)
{
	return hmmcl_object_valid(device, &hmmcl_device_type);
}

#endif
