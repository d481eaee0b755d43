/* SPDX-License-Identifier: MIT */
/* In front of each file that mutants.cmake changes: is this mutant the one that is asked for? */
#ifndef HMMCL_CONFORMANCE_COMPILER_MUTANT_H
#define HMMCL_CONFORMANCE_COMPILER_MUTANT_H

#include <cstdlib>
#include <cstring>

static inline bool hmmcl_mutant(const char *name)
{
	const char *wanted = getenv("HMMCL_MUTANT");

	return wanted && !strcmp(wanted, name);
}

#endif
