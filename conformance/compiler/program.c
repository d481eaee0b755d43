/* SPDX-License-Identifier: MIT */
/* A built program for tests. */
#define _GNU_SOURCE
#include "program.h"

#include <dlfcn.h>
#include <elf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static void die(const char *what)
{
	fprintf(stderr, "program.c: %s\n", what);
	exit(1);
}

static void write_file(int fd, const void *data, size_t size)
{
	if (write(fd, data, size) != (ssize_t)size)
		die("cannot write the code object");
	close(fd);
}

static void link_shared(const char *object, const char *shared)
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		execlp("ld.lld-19", "ld.lld-19", "-shared", "-o", shared, object, (char *)NULL);
		_exit(127);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid || status)
		die("ld.lld-19 failed");
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
	return NULL;
}

struct program program_load(const void *object, size_t size)
{
	char object_path[] = "/tmp/hmmcl-test-XXXXXX", shared_path[sizeof(object_path) + 3];
	struct program program;
	int fd = mkstemp(object_path);

	if (fd < 0)
		die("mkstemp");
	write_file(fd, object, size);
	snprintf(shared_path, sizeof(shared_path), "%s.so", object_path);
	link_shared(object_path, shared_path);
	program.handle = dlopen(shared_path, RTLD_NOW | RTLD_LOCAL);
	if (!program.handle)
		die(dlerror());
	unlink(object_path);
	unlink(shared_path);
	program.meta = read_meta(object);
	return program;
}

void program_unload(struct program *program)
{
	dlclose(program->handle);
	free(program->meta);
}

/* The number in field @field of the first line that starts with @key after @at. */
static uint64_t number_after(const char *at, const char *key, int field)
{
	char pattern[64];
	const char *line;

	snprintf(pattern, sizeof(pattern), "\n%s\t", key);
	line = strstr(at, pattern);
	if (!line)
		die(key);
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
		die("no such kernel");
	*(void **)&kernel.function = dlsym(program->handle, symbol);
	if (!kernel.function)
		die(dlerror());
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
