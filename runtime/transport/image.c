// SPDX-License-Identifier: MIT
/* Images: code objects in the window. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client.h"
#include "loader.h"

struct hmmcl_image {
	struct hmmcl_image *next;	/* under the engine's images_lock */
	struct hmmcl_engine *engine;
	int64_t code, data;		/* offsets in the window's parts */
	uint64_t code_size, data_size;
	struct hmmcl_symbol *symbols;
	size_t symbol_count;
	char *names;
};

static void free_image(struct hmmcl_image *image)
{
	struct hmmcl_window *window = &image->engine->window;

	/* In a child there is no window; a lost engine's lives as long as its contexts. */
	if (hmmcl_engine_ours(image->engine)) {
		if (image->code >= 0)
			hmmcl_pages_free(window, &window->code, image->code, image->code_size);
		if (image->data >= 0)
			hmmcl_pages_free(window, &window->data, image->data, image->data_size);
	}
	free(image->symbols);
	free(image->names);
	free(image);
}

static int load(struct hmmcl_image *image, struct hmmcl_loader *loader)
{
	struct hmmcl_window *window = &image->engine->window;
	int err = hmmcl_loader_open(loader);

	if (err)
		return err;
	image->code_size = loader->code_size;
	image->data_size = loader->data_size;
	image->code = hmmcl_pages_alloc(window, &window->code, image->code_size);
	image->data = hmmcl_pages_alloc(window, &window->data, image->data_size);
	if (image->code < 0 || image->data < 0) {
		snprintf(loader->why, loader->why_size,
			 "no room in the engine's window for %llu bytes of code and %llu of data",
			 (unsigned long long)image->code_size, (unsigned long long)image->data_size);
		return -ENOMEM;
	}
	loader->code_address = (uint64_t)window->base + HMMCL_WINDOW_CODE + (uint64_t)image->code;
	loader->data_address = (uint64_t)window->base + HMMCL_WINDOW_DATA + (uint64_t)image->data;
	loader->code = (unsigned char *)window->code_alias + image->code;
	loader->data = (unsigned char *)loader->data_address;
	loader->libcalls = window->control->libcalls;
	err = hmmcl_loader_load(loader);
	image->symbols = loader->symbols;
	image->symbol_count = loader->symbol_count;
	image->names = loader->names;
	return err;
}

int hmmcl_image_load(struct hmmcl_engine *engine, const void *object, size_t size,
		     struct hmmcl_image **result, char *why, size_t why_size)
{
	struct hmmcl_loader loader = {
		.object = object, .size = size, .why = why, .why_size = why_size,
	};
	struct hmmcl_image *image;
	int err;

	if (!hmmcl_engine_usable(engine)) {
		snprintf(why, why_size, "the engine is lost: %s", hmmcl_engine_why_lost(engine));
		return -EIO;
	}
	image = calloc(1, sizeof(*image));
	if (!image) {
		snprintf(why, why_size, "out of memory");
		return -ENOMEM;
	}
	*image = (struct hmmcl_image) { .engine = engine, .code = -1, .data = -1 };
	snprintf(why, why_size, "out of memory");
	err = load(image, &loader);
	hmmcl_loader_close(&loader);
	if (err) {
		free_image(image);
		return err;
	}
	/* Workers synchronise with the new code before they run it. */
	atomic_fetch_add(&engine->window.control->code_generation, 1);
	pthread_mutex_lock(&engine->images_lock);
	image->next = engine->images;
	engine->images = image;
	pthread_mutex_unlock(&engine->images_lock);
	*result = image;
	return 0;
}

void hmmcl_image_unload(struct hmmcl_image *image)
{
	struct hmmcl_engine *engine;

	if (!image)
		return;
	engine = image->engine;
	if (hmmcl_engine_ours(engine)) {
		pthread_mutex_lock(&engine->images_lock);
		for (struct hmmcl_image **p = &engine->images; *p; p = &(*p)->next) {
			if (*p == image) {
				*p = image->next;
				break;
			}
		}
		pthread_mutex_unlock(&engine->images_lock);
	}
	free_image(image);
}

uint64_t hmmcl_image_symbol(const struct hmmcl_image *image, const char *symbol)
{
	for (size_t i = 0; i < image->symbol_count; i++)
		if (!strcmp(image->names + image->symbols[i].name, symbol))
			return image->symbols[i].address;
	return 0;
}

uint64_t hmmcl_image_offset(struct hmmcl_engine *engine, uint64_t address)
{
	uint64_t offset = address - (uint64_t)engine->window.base - HMMCL_WINDOW_CODE;
	uint64_t result = 0;

	pthread_mutex_lock(&engine->images_lock);
	for (const struct hmmcl_image *image = engine->images; image; image = image->next) {
		if (offset - (uint64_t)image->code < image->code_size) {
			result = offset - (uint64_t)image->code;
			break;
		}
	}
	pthread_mutex_unlock(&engine->images_lock);
	return result;
}
