/* SPDX-License-Identifier: MIT */
/*
 * Checks that the built-in library defines every function that Clang's opencl-c.h
 * declares, in each version of OpenCL C, but for those that the compiler lowers itself
 * and those of objects or vendors that the library has nothing to do with.
 *
 *	builtins_complete <list of defined symbols, one a line> <Clang's resource directory>
 *
 * Prints what is missing; 0 when nothing is, 1 otherwise, 2 if the check cannot be made.
 */
#include <clang-c/Index.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* opencl-c.h declares about 11000 functions: fewer than this means that it was not read. */
#define LEAST_DECLARATIONS 9000

struct symbols {
	char **names;
	size_t count;
};

struct check {
	const struct symbols *defined;
	unsigned int declared;		/* that the library must define */
	unsigned int missing;
};

/* Lowered by the compiler: compiler/workgroup. */
static const char *const lowered[] = {
	"barrier", "mem_fence", "read_mem_fence", "write_mem_fence", "atomic_work_item_fence",
	"get_fence", "printf",
};

/* Work-item functions and collectives, also the compiler's; images, pipes, queues; vendors'. */
static const char *const other_prefixes[] = {
	"get_", "work_group_", "clock_read_", "amd_", "arm_", "intel_",
};
static const char *const other_types[] = {
	"image", "pipe", "queue_t", "reserve_id_t", "clk_event_t", "sampler_t", "ndrange_t",
};

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool read_symbols(const char *path, struct symbols *symbols)
{
	FILE *file = fopen(path, "r");
	char line[1024];
	size_t capacity = 0;

	if (!file) {
		perror(path);
		return false;
	}
	while (fgets(line, sizeof(line), file)) {
		line[strcspn(line, "\n")] = '\0';
		if (symbols->count == capacity) {
			capacity = capacity ? capacity * 2 : 1 << 14;
			symbols->names = realloc(symbols->names, capacity * sizeof(char *));
		}
		if (!symbols->names || !(symbols->names[symbols->count++] = strdup(line))) {
			fprintf(stderr, "%s: out of memory\n", path);
			exit(2);
		}
	}
	fclose(file);
	qsort(symbols->names, symbols->count, sizeof(char *), compare_names);
	return true;
}

static bool is_ours(const char *name, const char *type)
{
	for (size_t i = 0; i < sizeof(lowered) / sizeof(*lowered); i++)
		if (!strcmp(name, lowered[i]))
			return false;
	for (size_t i = 0; i < sizeof(other_prefixes) / sizeof(*other_prefixes); i++)
		if (!strncmp(name, other_prefixes[i], strlen(other_prefixes[i])))
			return false;
	for (size_t i = 0; i < sizeof(other_types) / sizeof(*other_types); i++)
		if (strstr(type, other_types[i]))
			return false;
	return true;
}

static enum CXChildVisitResult check_function(CXCursor cursor, CXCursor parent, CXClientData data)
{
	struct check *check = data;
	CXString name, type, mangled;

	(void)parent;
	if (clang_getCursorKind(cursor) != CXCursor_FunctionDecl)
		return CXChildVisit_Continue;
	name = clang_getCursorSpelling(cursor);
	type = clang_getTypeSpelling(clang_getCursorType(cursor));
	if (is_ours(clang_getCString(name), clang_getCString(type))) {
		const char *symbol;

		mangled = clang_Cursor_getMangling(cursor);
		symbol = clang_getCString(mangled);
		check->declared++;
		if (!bsearch(&symbol, check->defined->names, check->defined->count, sizeof(char *),
			     compare_names)) {
			printf("missing: %s, %s as %s\n", clang_getCString(name),
			       clang_getCString(type), symbol);
			check->missing++;
		}
		clang_disposeString(mangled);
	}
	clang_disposeString(name);
	clang_disposeString(type);
	return CXChildVisit_Continue;
}

static int check_version(const struct symbols *defined, const char *resource_dir,
			 const char *version)
{
	const char *arguments[] = {
		"-x", "cl", version, "--target=spir64", "-cl-no-stdinc", "-include", "opencl-c.h",
		"-resource-dir", resource_dir,
	};
	struct CXUnsavedFile empty = { .Filename = "empty.cl", .Contents = "", .Length = 0 };
	struct check check = { .defined = defined };
	CXIndex index = clang_createIndex(0, 1);
	CXTranslationUnit unit = clang_parseTranslationUnit(index, empty.Filename, arguments,
		sizeof(arguments) / sizeof(*arguments), &empty, 1, 0);

	if (unit)
		clang_visitChildren(clang_getTranslationUnitCursor(unit), check_function, &check);
	clang_disposeTranslationUnit(unit);
	clang_disposeIndex(index);
	printf("%s: %u functions declared, %u missing\n", version, check.declared, check.missing);
	if (check.declared < LEAST_DECLARATIONS) {
		fprintf(stderr, "%s: opencl-c.h was not read in full\n", version);
		return 2;
	}
	return check.missing ? 1 : 0;
}

int main(int argc, char **argv)
{
	static const char *const versions[] = {
		"-cl-std=CL1.0", "-cl-std=CL1.1", "-cl-std=CL1.2", "-cl-std=CL2.0", "-cl-std=CL3.0",
	};
	struct symbols defined = { 0 };
	int result = 0;

	if (argc != 3 || !read_symbols(argv[1], &defined)) {
		fprintf(stderr, "usage: %s SYMBOLS RESOURCE_DIRECTORY\n", argv[0]);
		return 2;
	}
	for (size_t i = 0; i < sizeof(versions) / sizeof(*versions); i++) {
		int r = check_version(&defined, argv[2], versions[i]);

		if (r > result)
			result = r;
	}
	for (size_t i = 0; i < defined.count; i++)
		free(defined.names[i]);
	free(defined.names);
	return result;
}
