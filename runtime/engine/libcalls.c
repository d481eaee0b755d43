// SPDX-License-Identifier: MIT
/*
 * The functions that kernels may call.  They are linked under the prefix hmmcl_libcall_,
 * so that neither the application's C library nor ours takes their place
 * (engine/CMakeLists.txt makes them from musl's and the compiler's archives).
 */
#include "worker.h"

#define HMMCL_LIBCALL(name) \
	__attribute__((visibility("hidden"))) extern const char hmmcl_libcall_##name[];
#include "libcalls.def"

static const char *const libcalls[] = {
#define HMMCL_LIBCALL(name) hmmcl_libcall_##name,
#include "libcalls.def"
};

_Static_assert(sizeof(libcalls) / sizeof(*libcalls) <= HMMCL_MAX_LIBCALLS, "control.libcalls");

void hmmcl_libcall_addresses(uint64_t *addresses)
{
	for (unsigned int i = 0; i < sizeof(libcalls) / sizeof(*libcalls); i++)
		addresses[i] = (uint64_t)libcalls[i];
}
