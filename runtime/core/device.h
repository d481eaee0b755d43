/* SPDX-License-Identifier: MIT */
/* The device and its constants. */
#ifndef HMMCL_DEVICE_H
#define HMMCL_DEVICE_H

#include "../transport/engine.h"
#include "object.h"

/* Limits that entry points check too; the specification's minimums and more. */
#define HMMCL_MEM_BASE_ADDR_ALIGN	128u	/* bytes: long16; CL_DEVICE_MEM_BASE_ADDR_ALIGN is in bits */
#define HMMCL_MAX_PARAMETER_SIZE	4096u
#define HMMCL_MAX_CONSTANT_ARGS		64u
#define HMMCL_PRINTF_BUFFER_SIZE	(4u << 20)

struct _cl_device_id {
	struct hmmcl_object object;
	cl_platform_id platform;
	struct hmmcl_engine_info info;
	uint64_t global_mem_size;	/* CL_DEVICE_GLOBAL_MEM_SIZE, CL_DEVICE_MAX_MEM_ALLOC_SIZE: all of RAM, for the */
	uint64_t max_mem_alloc_size;	/* device uses the application's memory */
};

extern const struct hmmcl_object_type hmmcl_device_type;

static inline bool hmmcl_device_valid(cl_device_id device)
{
	return hmmcl_object_valid(device, &hmmcl_device_type);
}

#endif
