/* SPDX-License-Identifier: MIT */
/* A built program for tests. */
#define _GNU_SOURCE
#include "program.h"

#include <elf.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "../../runtime/engine/worker.h"
#include "../../runtime/transport/loader.h"

/* Code and constants first, then data: both within reach of 32 bits. */
struct program_image {
	unsigned char *base;
	size_t size;
	struct hmmcl_symbol *symbols;
	size_t symbol_count;
	char *names;
};

__attribute__((format(printf, 1, 2), noreturn))
static void die(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	fputs("program.c: ", stderr);
	vfprintf(stderr, format, args);
	fputc('\n', stderr);
	va_end(args);
	exit(1);
}

static char *read_meta(const char *object)
{
	const Elf64_Ehdr *header = (const void *)object;
	const Elf64_Shdr *sections = (const void *)(object + header->e_shoff);
	const char *names = object + sections[header->e_shstrndx].sh_offset;

	for (int i = 0; i < header->e_shnum; i++)
		if (!strcmp(names + sections[i].sh_name, HMMCL_META_SECTION))
			return strndup(object + sections[i].sh_offset, sections[i].sh_size);
	die("no " HMMCL_META_SECTION);
}

static size_t whole_pages(size_t size)
{
	return (size + HMMCL_PAGE_SIZE - 1) / HMMCL_PAGE_SIZE * HMMCL_PAGE_SIZE;
}

struct program program_load(const void *object, size_t size)
{
	uint64_t libcalls[HMMCL_MAX_LIBCALLS];
	char why[256] = "out of memory";
	struct hmmcl_loader loader = {
		.object = object, .size = size, .why = why, .why_size = sizeof(why), .libcalls = libcalls,
	};
	struct program_image *image = calloc(1, sizeof(*image));
	struct program program = {.image = image};
	size_t code_size;

	hmmcl_libcall_addresses(libcalls);
	if (hmmcl_loader_open(&loader))
		die("the loader refuses a code object of %zu bytes: %s", size, why);
	code_size = whole_pages(loader.code_size);
	image->size = code_size + whole_pages(loader.data_size);
	image->base = mmap(NULL, image->size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (image->base == MAP_FAILED)
		die("mmap of %zu bytes: %s", image->size, strerror(errno));
	loader.code = image->base;
	loader.data = image->base + code_size;
	loader.code_address = (uintptr_t)loader.code;
	loader.data_address = (uintptr_t)loader.data;
	if (hmmcl_loader_load(&loader))
		die("the loader refuses a code object of %zu bytes: %s", size, why);
	if (code_size && mprotect(image->base, code_size, PROT_READ | PROT_EXEC))
		die("mprotect: %s", strerror(errno));
	image->symbols = loader.symbols;
	image->symbol_count = loader.symbol_count;
	image->names = loader.names;
	hmmcl_loader_close(&loader);
	program.meta = read_meta(object);
	return program;
}

void program_unload(struct program *program)
{
	munmap(program->image->base, program->image->size);
	free(program->image->symbols);
	free(program->image->names);
	free(program->image);
	free(program->meta);
}

static uint64_t symbol_address(const struct program_image *image, const char *symbol)
{
	for (size_t i = 0; i < image->symbol_count; i++)
		if (!strcmp(image->names + image->symbols[i].name, symbol))
			return image->symbols[i].address;
	die("no symbol '%s'", symbol);
}

/* The number in field @field of the first line that starts with @key after @at. */
static uint64_t number_after(const char *at, const char *key, int field)
{
	char pattern[64];
	const char *line;

	snprintf(pattern, sizeof(pattern), "\n%s\t", key);
	line = strstr(at, pattern);
	if (!line)
		die("no '%s' in %s", key, at);
	line++;
	while (field--)
		line = strchr(line, '\t') + 1;
	return strtoull(line, NULL, 10);
}

struct kernel program_kernel(const struct program *program, const char *name)
{
	struct kernel kernel;
	char pattern[256], symbol[256];
	const char *at;

	snprintf(pattern, sizeof(pattern), "\nkernel\t%s\t", name);
	at = strstr(program->meta, pattern);
	if (!at || sscanf(at + strlen(pattern), "%255s", symbol) != 1)
		die("no kernel '%s'", name);
	kernel.function = (hmmcl_work_group_fn *)symbol_address(program->image, symbol);
	kernel.args_size = number_after(at, "args_size", 1);
	kernel.local_size = number_after(at, "local", 1);
	kernel.context_item = number_after(at, "context", 2);
	return kernel;
}

void kernel_run(const struct kernel *kernel, const struct range *range, const void *args,
		struct hmmcl_printf_buffer *printf_buffer)
{
	uint64_t items = range->local[0] * range->local[1] * range->local[2];
	size_t context_size = (kernel->context_item * items + HMMCL_ABI_ALIGN) / HMMCL_ABI_ALIGN * HMMCL_ABI_ALIGN;
	struct hmmcl_group group = {
		.local_memory = aligned_alloc(HMMCL_ABI_ALIGN, HMMCL_LOCAL_MEM_SIZE),
		.context = aligned_alloc(HMMCL_ABI_ALIGN, context_size),
	};
	struct hmmcl_launch launch = {.work_dim = range->dim, .printf_buffer = (uintptr_t)printf_buffer};
	uint64_t id[3];

	for (int i = 0; i < 3; i++) {
		launch.global_offset[i] = range->offset[i];
		launch.global_size[i] = range->global[i];
		launch.local_size[i] = range->local[i];
		launch.num_groups[i] = (range->global[i] + range->local[i] - 1) / range->local[i];
	}
	for (id[2] = 0; id[2] < launch.num_groups[2]; id[2]++)
	for (id[1] = 0; id[1] < launch.num_groups[1]; id[1]++)
	for (id[0] = 0; id[0] < launch.num_groups[0]; id[0]++) {
		for (int i = 0; i < 3; i++) {
			uint64_t left = range->global[i] - id[i] * range->local[i];

			group.id[i] = id[i];
			group.local_size[i] = left < range->local[i] ? left : range->local[i];
		}
		/* Nothing may depend on what memory held before. */
		memset(group.local_memory, 0xa5, HMMCL_LOCAL_MEM_SIZE);
		memset(group.context, 0x5a, context_size);
		kernel->function(args, &launch, &group);
	}
	free(group.local_memory);
	free(group.context);
}
