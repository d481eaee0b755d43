/* SPDX-License-Identifier: MIT */
/*
 * The built-in library as hmmclc carries it, written by library_pack.cpp: bitcode modules of a few
 * functions each, and an index by function name, so that a build opens only what its program
 * names.  Offsets are in bytes from the start; numbers are in the machine's order.
 *
 *   header, n_groups of library_group, n_functions of library_function (sorted by name),
 *   names (each ends with a zero), modules (each aligned to 8)
 */
#ifndef HMMCL_COMPILER_LIBRARY_FORMAT_H
#define HMMCL_COMPILER_LIBRARY_FORMAT_H

#include <cstdint>

namespace hmmcl {

struct library_header {
	uint32_t n_groups;
	uint32_t n_functions;
};

struct library_group {
	uint32_t offset, size;		/* of its bitcode */
};

struct library_function {
	uint32_t name;			/* offset */
	uint32_t group;			/* that defines it */
};

} // namespace hmmcl

#endif
