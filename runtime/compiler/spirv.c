/* SPDX-License-Identifier: MIT */
/* Reading the form of SPIR-V modules, and setting specialization constants. */
#include "spirv.h"

#include <string.h>

enum {
	header_words = 5,	/* magic, version, generator, bound, schema */
	op_memory_model = 14,
	op_entry_point = 15,
	op_decorate = 71,
	op_type_int = 21,
	op_type_float = 22,
	op_spec_constant_true = 48,
	op_spec_constant_false = 49,
	op_spec_constant = 50,
	op_function = 54,
	op_function_end = 56,
	decoration_spec_id = 1,
};

static bool is_known_version(uint32_t version)
{
	static const uint32_t known[] = {
#define AS_WORD(major, minor) (major) << 16 | (minor) << 8,
		HMMCL_SPIRV_VERSIONS(AS_WORD)
#undef AS_WORD
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (version == known[i])
			return true;
	return false;
}

bool hmmcl_spirv_is(const void *bytes, size_t size)
{
	uint32_t magic = 0;

	if (size >= sizeof(magic))
		memcpy(&magic, bytes, sizeof(magic));
	return magic == HMMCL_SPIRV_MAGIC || magic == __builtin_bswap32(HMMCL_SPIRV_MAGIC);
}

static bool has_function(const uint32_t *words, size_t n_words, size_t from, uint32_t id)
{
	struct hmmcl_spirv_instruction i;

	for (size_t at = from; hmmcl_spirv_next(words, n_words, &at, &i); )
		if (i.opcode == op_function && i.count >= 3 && i.words[2] == id)
			return true;
	return false;
}

/*
 * Nothing was lost behind an instruction's end (2.4, logical layout of a module): there is a memory
 * model, functions are closed, and each entry point has its own.
 */
static bool is_whole(const uint32_t *words, size_t n_words)
{
	struct hmmcl_spirv_instruction i;
	bool has_model = false, in_function = false;

	for (size_t at = 0; hmmcl_spirv_next(words, n_words, &at, &i); ) {
		switch (i.opcode) {
		case op_memory_model:
			has_model = true;
			break;
		case op_entry_point:
			if (i.count < 4 || !has_function(words, n_words, at, i.words[2]))
				return false;
			break;
		case op_function:
		case op_function_end:
			if (in_function == (i.opcode == op_function))
				return false;
			in_function = !in_function;
			break;
		}
	}
	return has_model && !in_function;
}

bool hmmcl_spirv_read(const void *bytes, size_t size, uint32_t *words, const char **why)
{
	size_t n = size / sizeof(*words), at = 0;
	struct hmmcl_spirv_instruction instruction;

	*why = "it does not begin with the magic number of SPIR-V";
	if (!hmmcl_spirv_is(bytes, size))
		return false;
	*why = "it is no sequence of 32-bit words with a header of SPIR-V";
	if (size % sizeof(*words) || n < header_words)
		return false;
	memcpy(words, bytes, size);
	/* Strings have their first byte in a word's low bits, so they turn like all else. */
	if (words[0] != HMMCL_SPIRV_MAGIC)
		for (size_t i = 0; i < n; i++)
			words[i] = __builtin_bswap32(words[i]);
	*why = "it is of a version of SPIR-V that is not taken (CL_DEVICE_IL_VERSION lists those that are)";
	if (!is_known_version(words[1]))
		return false;
	*why = "its SPIR-V header has no bound of ids, or an unknown schema";
	if (!words[3] || words[4])
		return false;
	*why = "it is cut short, or an instruction's length is wrong";
	while (hmmcl_spirv_next(words, n, &at, &instruction))
		;
	if (at != n)
		return false;
	*why = "it is cut short: it has no memory model, or a function is missing or has no end";
	return is_whole(words, n);
}

bool hmmcl_spirv_next(const uint32_t *words, size_t n_words, size_t *at,
		      struct hmmcl_spirv_instruction *instruction)
{
	uint32_t count;

	if (!*at)
		*at = header_words;
	if (*at >= n_words)
		return false;
	count = words[*at] >> 16;
	if (!count || count > n_words - *at)
		return false;
	*instruction = (struct hmmcl_spirv_instruction){
		.words = words + *at, .count = count, .opcode = words[*at] & 0xffff,
	};
	*at += count;
	return true;
}

/* Bytes of the numeric type with that id, 0: none. */
static size_t type_size(const uint32_t *words, size_t n_words, uint32_t type)
{
	struct hmmcl_spirv_instruction i;

	for (size_t at = 0; hmmcl_spirv_next(words, n_words, &at, &i); )
		if ((i.opcode == op_type_int || i.opcode == op_type_float) && i.count >= 3 &&
		    i.words[1] == type)
			return i.words[2] / 8;
	return 0;
}

/* The instruction that makes the specialization constant with that id.  NULL: there is none. */
static uint32_t *find_constant(uint32_t *words, size_t n_words, uint32_t id)
{
	struct hmmcl_spirv_instruction i;

	for (size_t at = 0; hmmcl_spirv_next(words, n_words, &at, &i); ) {
		bool is_bool = i.opcode == op_spec_constant_true ||
			       i.opcode == op_spec_constant_false;

		if ((is_bool && i.count == 3 && i.words[2] == id) ||
		    (i.opcode == op_spec_constant && i.count >= 4 && i.words[2] == id))
			return words + (i.words - words);
	}
	return NULL;
}

static enum hmmcl_spirv_specialize set_constant(uint32_t *words, size_t n_words, uint32_t *constant,
						const void *value, size_t size, size_t *needed)
{
	uint32_t opcode = constant[0] & 0xffff, count = constant[0] >> 16;
	bool is_bool = opcode != op_spec_constant;

	*needed = is_bool ? 1 : type_size(words, n_words, constant[1]);
	/* A value narrower than a word has a word of its own; OpenCL has unsigned types only. */
	if (!*needed || (!is_bool && (*needed + 3) / 4 != count - 3))
		return HMMCL_SPIRV_NO_SUCH_ID;
	if (size != *needed)
		return HMMCL_SPIRV_WRONG_SIZE;
	if (is_bool) {
		constant[0] = count << 16 | (*(const uint8_t *)value ? op_spec_constant_true :
					     op_spec_constant_false);
		return HMMCL_SPIRV_SPECIALIZED;
	}
	memset(constant + 3, 0, (count - 3) * sizeof(*constant));
	memcpy(constant + 3, value, size);
	return HMMCL_SPIRV_SPECIALIZED;
}

enum hmmcl_spirv_specialize hmmcl_spirv_specialize(uint32_t *words, size_t n_words, uint32_t spec_id,
						   const void *value, size_t size, size_t *needed)
{
	enum hmmcl_spirv_specialize result = HMMCL_SPIRV_NO_SUCH_ID;
	struct hmmcl_spirv_instruction i;

	for (size_t at = 0; hmmcl_spirv_next(words, n_words, &at, &i); ) {
		uint32_t *constant;

		if (i.opcode != op_decorate || i.count < 4 || i.words[2] != decoration_spec_id ||
		    i.words[3] != spec_id)
			continue;
		constant = find_constant(words, n_words, i.words[1]);
		if (!constant)
			continue;
		result = set_constant(words, n_words, constant, value, size, needed);
		if (result != HMMCL_SPIRV_SPECIALIZED)
			return result;
	}
	return result;
}
