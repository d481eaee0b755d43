/* SPDX-License-Identifier: MIT */
/* Random kernels that are legal: no race, no undefined arithmetic, barriers in uniform control flow. */
#ifndef HMMCL_CONFORMANCE_COMPILER_GENERATE_H
#define HMMCL_CONFORMANCE_COMPILER_GENERATE_H

#include <stdint.h>

/*
 * From this seed on, programs also have variables that only some items assign, and loops with several
 * ways out and barriers between them; those before stay what they are, for the seeds that found a bug.
 */
#define GENERATE_OPEN 1000000

/* The program with a kernel "test" (arguments as in reference.h), malloc'ed; the same for the same seed. */
char *generate_program(uint64_t seed);

#endif
