/* SPDX-License-Identifier: MIT */
/* OpenCL API, 4.1: querying platform info. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../core/check.h"
#include "../core/device.h"
#define HMMCL_INFO_FUNCTION "clGetPlatformInfo"
#include "../core/info.h"
#include "../core/platform.h"
#include "extension.h"

CL_API_ENTRY cl_int CL_API_CALL clGetPlatformIDs(cl_uint num_entries, cl_platform_id *platforms,
						 cl_uint *num_platforms)
{
	cl_platform_id platform = hmmcl_platform_get();

	CHECK(num_entries || !platforms, CL_INVALID_VALUE,
	      "num_entries is 0 but platforms is not NULL");
	CHECK(platforms || num_platforms, CL_INVALID_VALUE, "platforms and num_platforms are NULL");
	if (platforms)
		platforms[0] = platform;
	if (num_platforms)
		*num_platforms = 1;
	return CL_SUCCESS;
}

/* cl_khr_icd: what loaders call, by way of clGetExtensionFunctionAddress. */
CL_API_ENTRY cl_int CL_API_CALL clIcdGetPlatformIDsKHR(cl_uint num_entries,
						       cl_platform_id *platforms,
						       cl_uint *num_platforms)
{
	return clGetPlatformIDs(num_entries, platforms, num_platforms);
}

/* Device extensions are the platform's too: all its devices have them. */
static const char *extension_names(cl_platform_id platform)
{
	return platform->device ? platform->device->extension_names : "";
}

static cl_int get_extensions(cl_platform_id platform, size_t param_value_size, void *param_value,
			     size_t *param_value_size_ret)
{
	char names[2048];

	snprintf(names, sizeof(names), "cl_khr_icd %s", extension_names(platform));
	RETURN_INFO_STRING(names);
}

static cl_int get_extensions_with_version(cl_platform_id platform, size_t param_value_size,
					  void *param_value, size_t *param_value_size_ret)
{
	static const cl_name_version icd = { CL_MAKE_VERSION(1, 0, 0), "cl_khr_icd" };
	const cl_device_id device = platform->device;
	const size_t of_device = device ? device->n_extensions * sizeof(*device->extensions) : 0;
	const size_t size = sizeof(icd) + of_device;
	cl_name_version *all = malloc(size);
	cl_int error;

	if (!all)
		return hmmcl_refuse(HMMCL_INFO_FUNCTION, CL_OUT_OF_HOST_MEMORY,
				    "no memory for the list of extensions");
	all[0] = icd;
	if (device)
		memcpy(all + 1, device->extensions, of_device);
	error = hmmcl_info_bytes(HMMCL_INFO_FUNCTION, all, size, param_value_size, param_value,
				 param_value_size_ret);
	free(all);
	return error;
}

/* The text after the version's number is ours: it says why there is no device, if there is none. */
static cl_int get_version(cl_platform_id platform, size_t param_value_size, void *param_value,
			  size_t *param_value_size_ret)
{
	char version[sizeof(platform->why_no_device) + 64] = "OpenCL 3.0 hmmcl " HMMCL_VERSION;

	if (!platform->device)
		snprintf(version, sizeof(version), "OpenCL 3.0 hmmcl " HMMCL_VERSION " (no device: %s)",
			 platform->why_no_device);
	RETURN_INFO_STRING(version);
}

CL_API_ENTRY cl_int CL_API_CALL clGetPlatformInfo(cl_platform_id platform,
						  cl_platform_info param_name,
						  size_t param_value_size, void *param_value,
						  size_t *param_value_size_ret)
{
	/* What platform NULL means is for the implementation to define: the only one there is. */
	if (!platform)
		platform = hmmcl_platform_get();
	CHECK(hmmcl_platform_valid(platform), CL_INVALID_PLATFORM, "platform is not a platform");
	switch (param_name) {
	case CL_PLATFORM_PROFILE:
		RETURN_INFO_STRING("FULL_PROFILE");
	case CL_PLATFORM_VERSION:
		return get_version(platform, param_value_size, param_value, param_value_size_ret);
	case CL_PLATFORM_NUMERIC_VERSION:
		RETURN_INFO(cl_version, CL_MAKE_VERSION(3, 0, 0));
	case CL_PLATFORM_NAME:
		RETURN_INFO_STRING("hmmcl");
	case CL_PLATFORM_VENDOR:
		RETURN_INFO_STRING("hmmcl");
	case CL_PLATFORM_EXTENSIONS:
		return get_extensions(platform, param_value_size, param_value,
				      param_value_size_ret);
	case CL_PLATFORM_EXTENSIONS_WITH_VERSION:
		return get_extensions_with_version(platform, param_value_size, param_value,
						   param_value_size_ret);
	case CL_PLATFORM_HOST_TIMER_RESOLUTION:
		RETURN_INFO(cl_ulong, 1);	/* ns: CLOCK_MONOTONIC */
	case CL_PLATFORM_ICD_SUFFIX_KHR:
		RETURN_INFO_STRING("HMMCL");
	}
	CHECK(false, CL_INVALID_VALUE, "param_name 0x%x is not known", param_name);
}

CL_API_ENTRY void *CL_API_CALL clGetExtensionFunctionAddressForPlatform(cl_platform_id platform,
									const char *func_name)
{
	if (!hmmcl_platform_valid(platform))
		return NULL;
	return hmmcl_extension_function(func_name);
}

CL_API_ENTRY void *CL_API_CALL clGetExtensionFunctionAddress(const char *func_name)
{
	return hmmcl_extension_function(func_name);
}
