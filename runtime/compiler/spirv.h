/* SPDX-License-Identifier: MIT */
/*
 * What SPIR-V modules are made of, as far as the runtime and hmmclc look at them: form, versions,
 * specialization constants (SPIR-V specification, 2.3 "Physical Layout of a SPIR-V Module").
 * Used by both, without any other part of the runtime.
 */
#ifndef HMMCL_COMPILER_SPIRV_H
#define HMMCL_COMPILER_SPIRV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HMMCL_SPIRV_MAGIC 0x07230203u

/* X(major, minor): the versions that are taken. */
#define HMMCL_SPIRV_VERSIONS(X) X(1, 0) X(1, 1) X(1, 2) X(1, 3) X(1, 4) X(1, 5) X(1, 6)

/* One instruction: its words, of which the first is opcode and count. */
struct hmmcl_spirv_instruction {
	const uint32_t *words;
	uint32_t count;			/* at least 1 */
	uint32_t opcode;
};

/* Whether @size bytes begin like a module, of either byte order. */
bool hmmcl_spirv_is(const void *bytes, size_t size);

/*
 * Check that @size bytes are a well-formed module of a version that is taken, and write its words
 * in this machine's byte order to @words, which has room for @size bytes.  False, and @why says
 * why not (a static text).  What the instructions mean is the translator's to check.
 */
bool hmmcl_spirv_read(const void *bytes, size_t size, uint32_t *words, const char **why);

/* Step through a module that hmmcl_spirv_read wrote: *at starts as 0.  False at its end. */
bool hmmcl_spirv_next(const uint32_t *words, size_t n_words, size_t *at,
		      struct hmmcl_spirv_instruction *instruction);

enum hmmcl_spirv_specialize {
	HMMCL_SPIRV_SPECIALIZED,
	HMMCL_SPIRV_NO_SUCH_ID,
	HMMCL_SPIRV_WRONG_SIZE,
};

/*
 * Give the constants decorated with SpecId @spec_id a new default in the module.  @size is that of
 * the constant in bytes, 1 for a boolean, as it is in *needed after WRONG_SIZE.
 */
enum hmmcl_spirv_specialize hmmcl_spirv_specialize(uint32_t *words, size_t n_words, uint32_t spec_id,
						   const void *value, size_t size, size_t *needed);

#endif
