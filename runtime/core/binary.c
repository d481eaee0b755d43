/* SPDX-License-Identifier: MIT */
/* The container of program binaries. */
#include "binary.h"

#include <stdlib.h>
#include <string.h>

#include "../compiler/compiler.h"
#include "../compiler/hash.h"

struct binary_header {
	char magic[8];
	uint64_t target;		/* hmmcl_target_id of where it was made */
	uint32_t type;			/* cl_program_binary_type */
	uint32_t unused;		/* zero */
	uint64_t options_size;		/* with its zero, padded to 16 */
	uint64_t code_size;
	uint8_t digest[HMMCL_HASH_SIZE];	/* of all above, with this as zero, and all below */
	uint8_t reserved[8];		/* to a multiple of 16 */
};

static const char magic[8] = "hmmclb1";

static void make_digest(const struct binary_header *header, const void *body, size_t body_size,
			uint8_t digest[HMMCL_HASH_SIZE])
{
	struct binary_header copy = *header;
	struct hmmcl_hash hash;

	memset(copy.digest, 0, sizeof(copy.digest));
	hmmcl_hash_init(&hash);
	hmmcl_hash_add(&hash, &copy, sizeof(copy));
	hmmcl_hash_add(&hash, body, body_size);
	hmmcl_hash_end(&hash, digest);
}

static void point_into(struct hmmcl_binary *binary, void *memory)
{
	const struct binary_header *header = memory;
	char *body = (char *)memory + sizeof(*header);

	binary->type = header->type;
	binary->options = body;
	binary->code = (struct hmmcl_blob){ body + header->options_size, header->code_size };
	binary->memory = memory;
	binary->size = sizeof(*header) + header->options_size + header->code_size;
}

cl_int hmmcl_binary_make(struct hmmcl_binary *binary, cl_program_binary_type type,
			 const char *options, struct hmmcl_blob code)
{
	struct binary_header header = {
		.target = hmmcl_target_id(),
		.type = type,
		.options_size = (strlen(options) + 16) & ~(size_t)15,
		.code_size = code.size,
	};
	size_t body_size = header.options_size + code.size;
	char *memory = calloc(1, sizeof(header) + body_size);
	char *body = memory + sizeof(header);

	if (!memory)
		return CL_OUT_OF_HOST_MEMORY;
	memcpy(header.magic, magic, sizeof(magic));
	strcpy(body, options);
	memcpy(body + header.options_size, code.data, code.size);
	make_digest(&header, body, body_size, header.digest);
	memcpy(memory, &header, sizeof(header));
	point_into(binary, memory);
	return CL_SUCCESS;
}

cl_int hmmcl_binary_read(struct hmmcl_binary *binary, const void *data, size_t size,
			 const char **why)
{
	uint8_t digest[HMMCL_HASH_SIZE];
	struct binary_header header;
	size_t body_size;
	char *memory;

	*why = "this is not a program binary of hmmcl, or of another version";
	if (size < sizeof(header))
		return CL_INVALID_BINARY;
	memcpy(&header, data, sizeof(header));
	if (memcmp(header.magic, magic, sizeof(magic)))
		return CL_INVALID_BINARY;

	*why = "the program binary is damaged";
	body_size = size - sizeof(header);
	if (!header.options_size || header.options_size % 16 || header.options_size > body_size ||
	    header.code_size != body_size - header.options_size)
		return CL_INVALID_BINARY;
	make_digest(&header, (const char *)data + sizeof(header), body_size, digest);
	if (memcmp(digest, header.digest, sizeof(digest)) ||
	    ((const char *)data)[sizeof(header) + header.options_size - 1])
		return CL_INVALID_BINARY;

	*why = "the program binary was made for another processor or another version of hmmcl";
	if (header.target != hmmcl_target_id())
		return CL_INVALID_BINARY;

	*why = "no memory";
	memory = malloc(size);
	if (!memory)
		return CL_OUT_OF_HOST_MEMORY;
	memcpy(memory, data, size);
	point_into(binary, memory);
	return CL_SUCCESS;
}

void hmmcl_binary_free(struct hmmcl_binary *binary)
{
	free(binary->memory);
	*binary = (struct hmmcl_binary){ .type = CL_PROGRAM_BINARY_TYPE_NONE };
}
