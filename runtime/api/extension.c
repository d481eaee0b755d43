/* SPDX-License-Identifier: MIT */
/* Entry points by name (clGetExtensionFunctionAddressForPlatform). */
#include <string.h>

#include "../core/cl.h"
#include "extension.h"

static const struct {
	const char *name;
	void *function;
} functions[] = {
#define FUNCTION(name) { #name, (void *)name }
	FUNCTION(clIcdGetPlatformIDsKHR),
	FUNCTION(clGetPlatformInfo),
	FUNCTION(clCreateCommandQueueWithPropertiesKHR),
	FUNCTION(clGetKernelSuggestedLocalWorkSizeKHR),
	FUNCTION(clGetKernelSubGroupInfoKHR),
#undef FUNCTION
	{ "clCreateProgramWithILKHR", (void *)hmmcl_create_program_with_il_khr },
};

void *hmmcl_extension_function(const char *name)
{
	for (size_t i = 0; name && i < sizeof(functions) / sizeof(functions[0]); i++)
		if (!strcmp(functions[i].name, name))
			return functions[i].function;
	return NULL;
}
