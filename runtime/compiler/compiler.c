/* SPDX-License-Identifier: MIT */
/* A request: its name in the cache, the cache, then the compiler. */
#include "compiler.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "../core/config.h"
#include "../core/log.h"
#include "cache.h"
#include "files.h"
#include "target.h"
#include "translator.h"
#include "words.h"

/* Options that differ only in how their words are put down mean the same. */
static int add_options(struct hmmcl_hash *hash, const char *options)
{
	char *word = malloc(strlen(options) + 1);
	enum hmmcl_word what;
	size_t length;

	if (!word)
		return -ENOMEM;
	while ((what = hmmcl_word_next(&options, word, &length)) == HMMCL_WORD_TAKEN)
		hmmcl_hash_add_field(hash, word, length);
	free(word);
	/* Tells the end, and what hmmclc refuses, from a word. */
	hmmcl_hash_add(hash, &(uint64_t){ UINT64_MAX - what }, sizeof(uint64_t));
	return 0;
}

static bool is_il(enum hmmcl_compiler_op op)
{
	return op == HMMCL_COMPILER_BUILD_IL || op == HMMCL_COMPILER_COMPILE_IL;
}

/* The translator's file; a change of it changes what comes out. */
static int add_translator(struct hmmcl_hash *hash, struct hmmcl_blob path)
{
	/* Too large for the application's stack. */
	struct hmmcl_translator *translator = malloc(sizeof(*translator));
	char *name = strndup(path.data, path.size);
	int error = translator && name ? 0 : -ENOMEM;

	if (!error) {
		hmmcl_translator_find(translator, name);
		hmmcl_hash_add_field(hash, translator->version, sizeof(translator->version));
	}
	free(name);
	free(translator);
	return error;
}

/*
 * Not in the key is what the files are that the program includes, and where it looks for them: the
 * result's record has that (files.h).
 */
static int make_key(const struct hmmcl_server_program *program, enum hmmcl_compiler_op op,
		    const char *options, const struct hmmcl_blob *blobs, unsigned int n_blobs,
		    uint8_t key[HMMCL_HASH_SIZE])
{
	struct hmmcl_hash hash;
	uint32_t number = op;
	int error;

	hmmcl_hash_init(&hash);
	hmmcl_hash_add_field(&hash, program, sizeof(*program));
	hmmcl_target_add(&hash);
	/* hmmclc reads it by itself. */
	hmmcl_hash_add_field(&hash, hmmcl_config.vector_width, strlen(hmmcl_config.vector_width));
	hmmcl_hash_add(&hash, &number, sizeof(number));
	error = add_options(&hash, options);
	if (error)
		return error;
	for (unsigned int i = 0; i < n_blobs; i++)
		hmmcl_hash_add_field(&hash, blobs[i].data, blobs[i].size);
	if (is_il(op))
		error = add_translator(&hash, blobs[1]);
	hmmcl_hash_end(&hash, key);
	return error;
}

static bool look_up(const uint8_t key[HMMCL_HASH_SIZE], struct hmmcl_cached *cached)
{
	if (!hmmcl_cache_lookup(key, cached))
		return false;
	if (hmmcl_files_unchanged(cached->files))
		return true;
	free(cached->memory);
	return false;
}

/* Takes over @memory. */
static int fill(struct hmmcl_compiled *compiled, enum hmmcl_compiler_status status,
		struct hmmcl_blob log, struct hmmcl_blob output, void *memory)
{
	char *text = malloc(log.size + 1 + output.size);

	if (!text) {
		free(memory);
		return -ENOMEM;
	}
	if (output.size)
		memcpy(text, output.data, output.size);
	memcpy(text + output.size, log.data, log.size);
	text[output.size + log.size] = 0;
	free(memory);
	compiled->status = status;
	compiled->memory = text;
	compiled->output = (struct hmmcl_blob){ text, output.size };
	compiled->log = text + output.size;
	return 0;
}

static int ask(const struct hmmcl_server_program *program, enum hmmcl_compiler_op op,
	       const char *options, const struct hmmcl_blob *blobs, unsigned int n_blobs,
	       struct hmmcl_reply *reply)
{
	struct hmmcl_blob *all = malloc((n_blobs + 1) * sizeof(*all));

	if (!all)
		return -ENOMEM;
	all[0] = (struct hmmcl_blob){ options, strlen(options) };
	memcpy(all + 1, blobs, n_blobs * sizeof(*all));
	hmmcl_server_request(program, op, all, n_blobs + 1, reply);
	free(all);
	return 0;
}

int hmmcl_compile(enum hmmcl_compiler_op op, const char *options, const struct hmmcl_blob *blobs,
		  unsigned int n_blobs, struct hmmcl_compiled *compiled)
{
	struct hmmcl_server_program program;
	uint8_t key[HMMCL_HASH_SIZE];
	struct hmmcl_cached cached;
	struct hmmcl_reply reply;
	struct hmmcl_blob none = { "", 0 };
	int error;

	error = hmmcl_server_find(&program);
	if (error)
		return error;
	error = make_key(&program, op, options, blobs, n_blobs, key);
	if (error)
		return error;
	if (look_up(key, &cached))
		return fill(compiled, HMMCL_COMPILER_OK, cached.log, cached.output, cached.memory);
	error = ask(&program, op, options, blobs, n_blobs, &reply);
	if (error)
		return error;
	if (reply.status == HMMCL_COMPILER_OK && reply.n_blobs != HMMCL_REPLY_BLOBS)
		reply.status = HMMCL_COMPILER_CRASHED;
	if (reply.status != HMMCL_COMPILER_OK)
		reply.blobs[1] = none;
	else if (hmmcl_files_lasting(reply.blobs[2]))
		hmmcl_cache_store(key, reply.blobs[2], reply.blobs[0], reply.blobs[1]);
	return fill(compiled, reply.status, reply.blobs[0], reply.blobs[1], reply.memory);
}

void hmmcl_compiled_free(struct hmmcl_compiled *compiled)
{
	free(compiled->memory);
	compiled->memory = NULL;
}

uint64_t hmmcl_target_id(void)
{
	uint8_t digest[HMMCL_HASH_SIZE];
	struct hmmcl_hash hash;
	uint64_t id;

	hmmcl_hash_init(&hash);
	hmmcl_target_add(&hash);
	hmmcl_hash_end(&hash, digest);
	memcpy(&id, digest, sizeof(id));
	return id;
}
