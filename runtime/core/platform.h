/* SPDX-License-Identifier: MIT */
/* The platform: one for each process, with one device or, when HMMCL_ENGINE asks for a driver that
 * is not there, none. */
#ifndef HMMCL_PLATFORM_H
#define HMMCL_PLATFORM_H

#include "object.h"

struct _cl_platform_id {
	struct hmmcl_object object;
	cl_device_id device;		/* NULL: none */
	char why_no_device[256];	/* a clause, where there is none */
};

extern const struct hmmcl_object_type hmmcl_platform_type;

/* The platform, set up at the first call (configuration, choice of the engine).  Never NULL. */
cl_platform_id hmmcl_platform_get(void);

static inline bool hmmcl_platform_valid(cl_platform_id platform)
{
	return hmmcl_object_valid(platform, &hmmcl_platform_type);
}

#endif
