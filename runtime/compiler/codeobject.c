/* SPDX-License-Identifier: MIT */
/* Reading the text section of code objects.  Nothing in them is believed unchecked. */
#include "codeobject.h"

#include <elf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../engine/device_abi.h"

#define MAX_FIELDS 8

/* Finds a section's bytes. */
static int find_section(const char *object, size_t size, const char *name, const char **data,
			size_t *data_size)
{
	const Elf64_Ehdr *header = (const void *)object;
	const Elf64_Shdr *sections;
	const Elf64_Shdr *names;

	if (size < sizeof(*header) || memcmp(header->e_ident, ELFMAG, SELFMAG) ||
	    header->e_ident[EI_CLASS] != ELFCLASS64 || header->e_type != ET_REL ||
	    header->e_machine != EM_X86_64 || header->e_shentsize != sizeof(*sections) ||
	    header->e_shoff > size || header->e_shoff % 8 ||
	    header->e_shnum > (size - header->e_shoff) / sizeof(*sections) ||
	    header->e_shstrndx >= header->e_shnum)
		return -ENOEXEC;
	sections = (const void *)(object + header->e_shoff);
	names = &sections[header->e_shstrndx];
	if (names->sh_offset > size || names->sh_size > size - names->sh_offset)
		return -ENOEXEC;
	for (unsigned int i = 1; i < header->e_shnum; i++) {
		const Elf64_Shdr *section = &sections[i];
		size_t length = strlen(name) + 1;

		if (section->sh_name > names->sh_size || names->sh_size - section->sh_name < length ||
		    memcmp(object + names->sh_offset + section->sh_name, name, length))
			continue;
		if (section->sh_type == SHT_NOBITS || section->sh_offset > size ||
		    section->sh_size > size - section->sh_offset)
			return -ENOEXEC;
		*data = object + section->sh_offset;
		*data_size = section->sh_size;
		return 0;
	}
	return -ENOEXEC;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* In place.  \x00 would end the string: no text of OpenCL C that gets here has one. */
static void unescape(char *text)
{
	char *to = text;

	for (const char *p = text; *p; p++) {
		if (*p != '\\') {
			*to++ = *p;
		} else if (p[1] == 'n') {
			*to++ = '\n';
			p++;
		} else if (p[1] == 't') {
			*to++ = '\t';
			p++;
		} else if (p[1] == 'x' && hex_digit(p[2]) >= 0 && hex_digit(p[3]) >= 0) {
			*to++ = hex_digit(p[2]) << 4 | hex_digit(p[3]);
			p += 3;
		} else if (p[1]) {
			*to++ = *++p;
		}
	}
	*to = 0;
}

/* Splits a line at tabs, at most MAX_FIELDS; the last gets its escapes replaced. */
static unsigned int split(char *line, char *fields[MAX_FIELDS])
{
	unsigned int n = 0;

	for (;;) {
		char *tab = strchr(line, '\t');

		fields[n++] = line;
		if (!tab || n == MAX_FIELDS)
			break;
		*tab = 0;
		line = tab + 1;
	}
	unescape(fields[n - 1]);
	return n;
}

static bool number(const char *text, uint64_t max, uint64_t *value)
{
	char *end;

	if (*text < '0' || *text > '9')
		return false;
	errno = 0;
	*value = strtoull(text, &end, 10);
	return !errno && !*end && *value <= max;
}

static bool number32(const char *text, uint32_t *value)
{
	uint64_t wide;

	if (!number(text, UINT32_MAX, &wide))
		return false;
	*value = wide;
	return true;
}

static int word_index(const char *const words[], int n, const char *word)
{
	for (int i = 0; i < n; i++)
		if (!strcmp(words[i], word))
			return i;
	return -1;
}

/* One more element for an array that grows by doubling; its bytes are zero. */
static void *append(void *array, unsigned int *count, size_t size)
{
	void **pointer = array;
	char *element;

	if (!(*count & (*count - 1))) {
		void *grown = realloc(*pointer, (*count ? 2 * *count : 1) * size);

		if (!grown)
			return NULL;
		*pointer = grown;
	}
	element = (char *)*pointer + (size_t)*count * size;
	memset(element, 0, size);
	++*count;
	return element;
}

static cl_kernel_arg_type_qualifier qualifiers(const char *text)
{
	cl_kernel_arg_type_qualifier set = CL_KERNEL_ARG_TYPE_NONE;

	if (strstr(text, "const"))
		set |= CL_KERNEL_ARG_TYPE_CONST;
	if (strstr(text, "restrict"))
		set |= CL_KERNEL_ARG_TYPE_RESTRICT;
	if (strstr(text, "volatile"))
		set |= CL_KERNEL_ARG_TYPE_VOLATILE;
	if (strstr(text, "pipe"))
		set |= CL_KERNEL_ARG_TYPE_PIPE;
	return set;
}

/* arg <offset> <size> <kind> <access> <qualifiers> <type name> <name> */
static int read_arg(struct hmmcl_kernel_info *kernel, char **fields, unsigned int n)
{
	static const char *const kinds[] = { "value", "global", "constant", "local", "image", "sampler",
					     "pipe", "queue" };
	static const char *const accesses[] = { "read_only", "write_only", "read_write", "none" };
	struct hmmcl_arg_info *arg = append(&kernel->args, &kernel->n_args, sizeof(*arg));
	int kind, access;

	if (!arg)
		return -ENOMEM;
	if (n < 8 || !number32(fields[1], &arg->offset) || !number32(fields[2], &arg->size))
		return -EINVAL;
	kind = word_index(kinds, 8, fields[3]);
	access = word_index(accesses, 4, fields[4]);
	if (kind < 0 || access < 0)
		return -EINVAL;
	arg->kind = kind;
	arg->access = CL_KERNEL_ARG_ACCESS_READ_ONLY + access;
	arg->qualifiers = qualifiers(fields[5]);
	arg->type = fields[6];
	arg->name = fields[7];
	arg->pointee_align = HMMCL_ABI_ALIGN;
	return 0;
}

static int read_pointee_align(struct hmmcl_kernel_info *kernel, char **fields, unsigned int n)
{
	uint32_t index, align;

	if (n < 3 || !number32(fields[1], &index) || !number32(fields[2], &align) ||
	    index >= kernel->n_args || !align || align > HMMCL_ABI_ALIGN || align & (align - 1))
		return -EINVAL;
	kernel->args[index].pointee_align = align;
	return 0;
}

/* A line that belongs to @kernel; 1 when it is none that is known. */
static int read_kernel_line(struct hmmcl_kernel_info *kernel, char **fields, unsigned int n)
{
	const char *word = fields[0];
	bool good = n >= 2;

	if (!strcmp(word, "arg"))
		return read_arg(kernel, fields, n);
	if (!strcmp(word, "pointee_align"))
		return read_pointee_align(kernel, fields, n);
	if (!strcmp(word, "args_size")) {
		good = good && number32(fields[1], &kernel->args_size);
		if (good && kernel->args_size > HMMCL_CODE_OBJECT_MAX_ARGS)
			return -E2BIG;
	} else if (!strcmp(word, "local"))
		good = good && number32(fields[1], &kernel->local_size);
	else if (!strcmp(word, "private"))
		good = good && number32(fields[1], &kernel->private_size);
	else if (!strcmp(word, "context"))
		good = n >= 3 && number32(fields[1], &kernel->context_fixed) &&
		       number32(fields[2], &kernel->context_item);
	else if (!strcmp(word, "reqd_work_group_size"))
		good = n >= 4 && number32(fields[1], &kernel->reqd_work_group_size[0]) &&
		       number32(fields[2], &kernel->reqd_work_group_size[1]) &&
		       number32(fields[3], &kernel->reqd_work_group_size[2]);
	else if (!strcmp(word, "work_group_size_hint"))
		good = n >= 4 && number32(fields[1], &kernel->work_group_size_hint[0]) &&
		       number32(fields[2], &kernel->work_group_size_hint[1]) &&
		       number32(fields[3], &kernel->work_group_size_hint[2]);
	else if (!strcmp(word, "vec_type_hint"))
		kernel->vec_type_hint = good ? fields[1] : "";
	else if (!strcmp(word, "attributes"))
		kernel->attributes = good ? fields[1] : "";
	else if (!strcmp(word, "uniform_work_group_size"))
		kernel->uniform_groups = true;
	else if (!strcmp(word, "uses"))
		kernel->uses_printf = good && strstr(fields[1], "printf");
	else
		return 1;
	return good ? 0 : -EINVAL;
}

static int read_kernel(struct hmmcl_code_object *code, char **fields, unsigned int n)
{
	struct hmmcl_kernel_info *kernel = append(&code->kernels, &code->n_kernels, sizeof(*kernel));

	if (!kernel)
		return -ENOMEM;
	kernel->vec_type_hint = "";
	kernel->attributes = "";
	if (n < 3)
		return -EINVAL;
	kernel->name = fields[1];
	kernel->entry = fields[2];
	return 0;
}

static int read_printf(struct hmmcl_code_object *code, char **fields, unsigned int n)
{
	struct hmmcl_printf_format *format = append(&code->formats, &code->n_formats, sizeof(*format));
	uint64_t index;

	if (!format)
		return -ENOMEM;
	if (n < 4 || !number(fields[1], UINT32_MAX, &index) || index != code->n_formats - 1)
		return -EINVAL;
	format->types = fields[2];
	format->format = fields[3];
	return 0;
}

static int read_line(struct hmmcl_code_object *code, char *line)
{
	char *fields[MAX_FIELDS];
	unsigned int n = split(line, fields);
	const char *word = fields[0];
	const char *value = n > 1 ? fields[1] : "";

	if (!strcmp(word, "options"))
		code->options = value;
	else if (!strcmp(word, "globals"))
		return number(value, UINT64_MAX, &code->globals_size) ? 0 : -EINVAL;
	else if (!strcmp(word, "init"))
		code->init = value;
	else if (!strcmp(word, "fini"))
		return -EINVAL;		/* no language that hmmclc takes has destructors */
	else if (!strcmp(word, "printf"))
		return read_printf(code, fields, n);
	else if (!strcmp(word, "kernel"))
		return read_kernel(code, fields, n);
	else if (code->n_kernels) {
		int result = read_kernel_line(&code->kernels[code->n_kernels - 1], fields, n);

		return result == 1 ? 0 : result;
	}
	return 0;
}

/* The first line says whether the rest can be understood. */
static bool right_version(const char *line)
{
	uint64_t version;

	return !strncmp(line, "hmmcl\t", 6) && number(line + 6, UINT32_MAX, &version) &&
	       version == HMMCL_DEVICE_ABI_VERSION;
}

static int read_text(struct hmmcl_code_object *code, char *text)
{
	bool first = true;
	char *next;

	for (char *line = text; line && *line; line = next) {
		int error = 0;

		next = strchr(line, '\n');
		if (next)
			*next++ = 0;
		if (first && !right_version(line))
			return -ENOEXEC;
		if (!first)
			error = read_line(code, line);
		if (error)
			return error;
		first = false;
	}
	return first ? -ENOEXEC : 0;
}

/* Arguments lie in the argument block. */
static int check_args(const struct hmmcl_code_object *code)
{
	for (unsigned int k = 0; k < code->n_kernels; k++) {
		const struct hmmcl_kernel_info *kernel = &code->kernels[k];

		for (unsigned int i = 0; i < kernel->n_args; i++) {
			const struct hmmcl_arg_info *arg = &kernel->args[i];

			if (arg->offset > kernel->args_size ||
			    arg->size > kernel->args_size - arg->offset ||
			    (arg->kind != HMMCL_ARG_VALUE && arg->size != sizeof(uint64_t)))
				return -EINVAL;
		}
	}
	return 0;
}

int hmmcl_code_object_read(struct hmmcl_code_object *code, const void *object, size_t size)
{
	const char *section;
	size_t section_size;
	int error;

	memset(code, 0, sizeof(*code));
	error = find_section(object, size, HMMCL_META_SECTION, &section, &section_size);
	if (error)
		return error;
	code->text = strndup(section, section_size);
	if (!code->text)
		return -ENOMEM;
	code->options = "";
	error = read_text(code, code->text);
	if (!error)
		error = check_args(code);
	if (error)
		hmmcl_code_object_free(code);
	return error;
}

void hmmcl_code_object_free(struct hmmcl_code_object *code)
{
	for (unsigned int i = 0; i < code->n_kernels; i++)
		free(code->kernels[i].args);
	free(code->kernels);
	free(code->formats);
	free(code->text);
	memset(code, 0, sizeof(*code));
}
