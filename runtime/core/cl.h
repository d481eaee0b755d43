/* SPDX-License-Identifier: MIT */
/* The OpenCL headers as every file of the runtime includes them: all versions, deprecated entry
 * points too, and the ICD dispatch table. */
#ifndef HMMCL_CL_H
#define HMMCL_CL_H

#ifndef CL_TARGET_OPENCL_VERSION
#define CL_TARGET_OPENCL_VERSION 300
#endif
#define CL_USE_DEPRECATED_OPENCL_1_0_APIS
#define CL_USE_DEPRECATED_OPENCL_1_1_APIS
#define CL_USE_DEPRECATED_OPENCL_1_2_APIS
#define CL_USE_DEPRECATED_OPENCL_2_0_APIS
#define CL_USE_DEPRECATED_OPENCL_2_1_APIS
#define CL_USE_DEPRECATED_OPENCL_2_2_APIS

/* Entry points are visible as far as icd/exports.map lets them, all else is hidden. */
#pragma GCC visibility push(default)
#include <CL/cl.h>
#include <CL/cl_ext.h>
#include <CL/cl_icd.h>
#pragma GCC visibility pop

/* Generated at build time from cl_icd.h (icd/generate.py). */
extern const cl_icd_dispatch hmmcl_dispatch;

#endif
