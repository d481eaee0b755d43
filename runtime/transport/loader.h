/* SPDX-License-Identifier: MIT */
/*
 * Loader of code objects: ELF relocatable files, as device_abi.h says.  The input may be
 * anything: whatever is wrong with it is found before a byte is written outside of its place.
 */
#ifndef HMMCL_TRANSPORT_LOADER_H
#define HMMCL_TRANSPORT_LOADER_H

#include <stddef.h>
#include <stdint.h>

struct hmmcl_symbol {
	uint32_t name;			/* offset in hmmcl_loader.names */
	uint64_t address;
};

/* One object on its way into the window. */
struct hmmcl_loader {
	const unsigned char *object;
	size_t size;
	char *why;
	size_t why_size;

	/* Set by hmmcl_loader_open: what must be reserved. */
	uint64_t code_size, data_size;

	/* Set by the caller between open and load. */
	uint64_t code_address, data_address;	/* in the window */
	unsigned char *code, *data;		/* where to write them */
	const uint64_t *libcalls;		/* addresses, in libcalls.def's order */

	/* Set by hmmcl_loader_load; the caller takes and frees both. */
	struct hmmcl_symbol *symbols;
	size_t symbol_count;
	char *names;

	/* Internal. */
	struct hmmcl_section *sections;
	unsigned int section_count;
	unsigned int symtab;			/* section index; 0: none */
	struct hmmcl_got *got;			/* for each symbol */
	size_t elf_symbols;
	uint64_t got_offset;			/* of the table in the code */
};

/* Check the object and lay it out.  -ENOEXEC or -ENOMEM. */
int hmmcl_loader_open(struct hmmcl_loader *loader);
/* Copy and relocate.  -ENOEXEC or -ENOMEM. */
int hmmcl_loader_load(struct hmmcl_loader *loader);
void hmmcl_loader_close(struct hmmcl_loader *loader);

#endif
