// SPDX-License-Identifier: MIT
/* Loader of code objects: checks, layout, relocation. */
#include <elf.h>
#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../engine/control.h"
#include "loader.h"

#define SECTION_UNWIND 0x70000001u

struct hmmcl_section {
	Elf64_Shdr header;
	bool loaded;
	bool writable;			/* lies in the data part */
	uint64_t offset;		/* in its part */
};

/* What a symbol needs beside its address. */
struct hmmcl_got {
	uint64_t slot;			/* 1 + index in the table of addresses; 0: none */
	uint64_t stub;			/* 1 + index of the jump to a libcall; 0: none */
};

/* A jump through the table: jmp *disp32(%rip), padded. */
#define STUB_SIZE 8u
#define SLOT_SIZE 8u

static const char *const libcall_names[] = {
#define HMMCL_LIBCALL(name) #name,
#include "../engine/libcalls.def"
};

__attribute__((format(printf, 2, 3)))
static int refuse(struct hmmcl_loader *loader, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(loader->why, loader->why_size, format, args);
	va_end(args);
	return -ENOEXEC;
}

static bool inside(uint64_t offset, uint64_t size, uint64_t whole)
{
	return offset <= whole && size <= whole - offset;
}

/* A string that ends within its table, or NULL. */
static const char *string_at(const struct hmmcl_loader *loader, const Elf64_Shdr *table,
			     uint64_t offset)
{
	const char *strings = (const char *)loader->object + table->sh_offset;

	if (table->sh_type != SHT_STRTAB || offset >= table->sh_size ||
	    !memchr(strings + offset, 0, table->sh_size - offset))
		return NULL;
	return strings + offset;
}

/* The object may lie at any alignment. */
static Elf64_Sym symbol_at(const struct hmmcl_loader *loader, uint64_t index)
{
	Elf64_Sym symbol;

	memcpy(&symbol, loader->object + loader->sections[loader->symtab].header.sh_offset +
	       index * sizeof(symbol), sizeof(symbol));
	return symbol;
}

static const char *symbol_name(const struct hmmcl_loader *loader, const Elf64_Sym *symbol)
{
	uint32_t strings = loader->sections[loader->symtab].header.sh_link;

	return string_at(loader, &loader->sections[strings].header, symbol->st_name);
}

/* Index of a libcall, or -1. */
static int find_libcall(const char *name)
{
	for (size_t i = 0; i < sizeof(libcall_names) / sizeof(*libcall_names); i++)
		if (!strcmp(name, libcall_names[i]))
			return (int)i;
	return -1;
}

static int read_headers(struct hmmcl_loader *loader)
{
	Elf64_Ehdr header;

	if (loader->size < sizeof(header))
		return refuse(loader, "not a code object: %zu bytes", loader->size);
	memcpy(&header, loader->object, sizeof(header));
	if (memcmp(header.e_ident, ELFMAG, SELFMAG) || header.e_ident[EI_CLASS] != ELFCLASS64 ||
	    header.e_ident[EI_DATA] != ELFDATA2LSB || header.e_type != ET_REL ||
	    header.e_machine != EM_X86_64)
		return refuse(loader, "not a code object: no x86-64 ELF relocatable file");
	if (header.e_shentsize != sizeof(Elf64_Shdr) || !header.e_shnum ||
	    header.e_shstrndx >= header.e_shnum ||
	    !inside(header.e_shoff, (uint64_t)header.e_shnum * sizeof(Elf64_Shdr), loader->size))
		return refuse(loader, "damaged code object: section headers");
	loader->section_count = header.e_shnum;
	loader->sections = calloc(header.e_shnum, sizeof(*loader->sections));
	if (!loader->sections)
		return -ENOMEM;
	for (unsigned int i = 0; i < header.e_shnum; i++) {
		Elf64_Shdr *section = &loader->sections[i].header;

		memcpy(section, loader->object + header.e_shoff + i * sizeof(*section), sizeof(*section));
		if (section->sh_type != SHT_NOBITS && section->sh_type != SHT_NULL &&
		    !inside(section->sh_offset, section->sh_size, loader->size))
			return refuse(loader, "damaged code object: section %u", i);
	}
	return 0;
}

/* The description must be there, and be of our version (device_abi.h). */
static int check_meta(struct hmmcl_loader *loader)
{
	Elf64_Ehdr header;
	char wanted[32];
	int length = snprintf(wanted, sizeof(wanted), "hmmcl\t%d\n", HMMCL_DEVICE_ABI_VERSION);

	memcpy(&header, loader->object, sizeof(header));
	for (unsigned int i = 0; i < loader->section_count; i++) {
		const Elf64_Shdr *section = &loader->sections[i].header;
		const char *name = string_at(loader, &loader->sections[header.e_shstrndx].header,
					     section->sh_name);

		if (!name)
			return refuse(loader, "damaged code object: name of section %u", i);
		if (strcmp(name, HMMCL_META_SECTION) || section->sh_type == SHT_NOBITS)
			continue;
		if (section->sh_size < (uint64_t)length ||
		    memcmp(loader->object + section->sh_offset, wanted, (size_t)length))
			return refuse(loader, "code object of another version of the device ABI");
		return 0;
	}
	return refuse(loader, "not a code object: no section " HMMCL_META_SECTION);
}

/* Reserve @size bytes at the end of a part. */
static bool append(uint64_t *part, uint64_t limit, uint64_t size, uint64_t align, uint64_t *offset)
{
	if (!align)
		align = 1;
	if (align & (align - 1) || align > HMMCL_PAGE_SIZE)
		return false;
	*offset = (*part + align - 1) & ~(align - 1);
	if (!inside(*offset, size, limit))
		return false;
	*part = *offset + size;
	return true;
}

static int lay_out_sections(struct hmmcl_loader *loader)
{
	for (unsigned int i = 0; i < loader->section_count; i++) {
		struct hmmcl_section *section = &loader->sections[i];
		const Elf64_Shdr *header = &section->header;
		bool ok;

		if (header->sh_type == SHT_SYMTAB) {
			if (loader->symtab || header->sh_entsize != sizeof(Elf64_Sym) ||
			    header->sh_link >= loader->section_count ||
			    loader->sections[header->sh_link].header.sh_type != SHT_STRTAB)
				return refuse(loader, "damaged code object: symbol table");
			loader->symtab = i;
			loader->elf_symbols = header->sh_size / sizeof(Elf64_Sym);
			continue;
		}
		/* No unwind tables: nothing unwinds a kernel. */
		if (!(header->sh_flags & SHF_ALLOC) || header->sh_type == SHT_NULL ||
		    header->sh_type == SECTION_UNWIND)
			continue;
		if (header->sh_flags & SHF_TLS)
			return refuse(loader, "code object with thread-local variables");
		if (header->sh_flags & SHF_WRITE && header->sh_flags & SHF_EXECINSTR)
			return refuse(loader, "code object with writable code");
		section->loaded = true;
		section->writable = header->sh_flags & SHF_WRITE;
		if (section->writable)
			ok = append(&loader->data_size, HMMCL_WINDOW_DATA_SIZE, header->sh_size,
				    header->sh_addralign, &section->offset);
		else	/* constants are few: zeroes of them too are written */
			ok = append(&loader->code_size, HMMCL_WINDOW_CODE_SIZE, header->sh_size,
				    header->sh_addralign, &section->offset);
		if (!ok)
			return refuse(loader, "code object with a section too large or oddly aligned");
	}
	return 0;
}

static bool is_got_relocation(uint32_t type)
{
	return type == R_X86_64_GOTPCREL || type == R_X86_64_GOTPCRELX ||
	       type == R_X86_64_REX_GOTPCRELX;
}

/* Bytes that a relocation changes; 0: a kind that we do not know. */
static unsigned int relocation_size(uint32_t type)
{
	switch (type) {
	case R_X86_64_64:
	case R_X86_64_PC64:
		return 8;
	case R_X86_64_PC32:
	case R_X86_64_PLT32:
	case R_X86_64_32:
	case R_X86_64_32S:
	case R_X86_64_GOTPCREL:
	case R_X86_64_GOTPCRELX:
	case R_X86_64_REX_GOTPCRELX:
		return 4;
	default:
		return 0;
	}
}

typedef int relocation_fn(struct hmmcl_loader *loader, const struct hmmcl_section *section,
			  const Elf64_Rela *rela);

static int for_each_relocation(struct hmmcl_loader *loader, relocation_fn *function)
{
	for (unsigned int i = 0; i < loader->section_count; i++) {
		const Elf64_Shdr *header = &loader->sections[i].header;
		const struct hmmcl_section *target;

		if (header->sh_type == SHT_REL)
			return refuse(loader, "code object with relocations without addends");
		if (header->sh_type != SHT_RELA)
			continue;
		if (header->sh_info >= loader->section_count || header->sh_entsize != sizeof(Elf64_Rela))
			return refuse(loader, "damaged code object: relocations");
		target = &loader->sections[header->sh_info];
		if (!target->loaded)
			continue;
		if (!loader->symtab || header->sh_link != loader->symtab)
			return refuse(loader, "damaged code object: relocations without symbols");
		for (uint64_t n = 0; n < header->sh_size / sizeof(Elf64_Rela); n++) {
			Elf64_Rela rela;
			int err;

			memcpy(&rela, loader->object + header->sh_offset + n * sizeof(rela), sizeof(rela));
			if (ELF64_R_TYPE(rela.r_info) == R_X86_64_NONE)
				continue;
			err = function(loader, target, &rela);
			if (err)
				return err;
		}
	}
	return 0;
}

/* First pass: check everything about a relocation that does not need addresses. */
static int check_relocation(struct hmmcl_loader *loader, const struct hmmcl_section *section,
			    const Elf64_Rela *rela)
{
	uint32_t type = ELF64_R_TYPE(rela->r_info);
	uint64_t index = ELF64_R_SYM(rela->r_info);
	unsigned int size = relocation_size(type);
	struct hmmcl_got *got;
	Elf64_Sym symbol;

	if (!size)
		return refuse(loader, "code object with a relocation of unknown type %u", type);
	if (section->header.sh_type == SHT_NOBITS || index >= loader->elf_symbols ||
	    !inside(rela->r_offset, size, section->header.sh_size))
		return refuse(loader, "damaged code object: relocation at %#llx",
			      (unsigned long long)rela->r_offset);
	symbol = symbol_at(loader, index);
	got = &loader->got[index];
	if (is_got_relocation(type)) {
		got->slot = 1;
	} else if (symbol.st_shndx == SHN_UNDEF && index &&
		   (type == R_X86_64_PLT32 || type == R_X86_64_PC32)) {
		/* The engine's functions may be out of reach of 32 bits. */
		got->slot = 1;
		got->stub = 1;
	}
	return 0;
}

/* Give the symbols that need them table slots and stubs, behind the code. */
static int lay_out_got(struct hmmcl_loader *loader)
{
	uint64_t slots = 0, stubs = 0;

	for (size_t i = 0; i < loader->elf_symbols; i++) {
		if (loader->got[i].slot)
			loader->got[i].slot = ++slots;
		if (loader->got[i].stub)
			loader->got[i].stub = ++stubs;
	}
	/* Stubs first: their number is what slot addresses need to know. */
	if (!append(&loader->code_size, HMMCL_WINDOW_CODE_SIZE, stubs * STUB_SIZE + slots * SLOT_SIZE,
		    16, &loader->got_offset))
		return refuse(loader, "code object too large");
	for (size_t i = 0; i < loader->elf_symbols; i++)
		if (loader->got[i].slot)
			loader->got[i].slot += stubs;
	return 0;
}

int hmmcl_loader_open(struct hmmcl_loader *loader)
{
	int err = read_headers(loader);

	if (!err)
		err = check_meta(loader);
	if (!err)
		err = lay_out_sections(loader);
	if (err)
		return err;
	loader->got = calloc(loader->elf_symbols + 1, sizeof(*loader->got));
	if (!loader->got)
		return -ENOMEM;
	err = for_each_relocation(loader, check_relocation);
	return err ? err : lay_out_got(loader);
}

static uint64_t section_address(const struct hmmcl_loader *loader,
				const struct hmmcl_section *section)
{
	return (section->writable ? loader->data_address : loader->code_address) + section->offset;
}

static unsigned char *section_place(const struct hmmcl_loader *loader,
				    const struct hmmcl_section *section)
{
	return (section->writable ? loader->data : loader->code) + section->offset;
}

/* Offset in the code of a symbol's slot or stub, both numbered from 1 in one row: stubs, slots. */
static uint64_t got_offset(const struct hmmcl_loader *loader, uint64_t number)
{
	_Static_assert(STUB_SIZE == SLOT_SIZE, "one row");
	return loader->got_offset + (number - 1) * SLOT_SIZE;
}

static int symbol_address(struct hmmcl_loader *loader, uint64_t index, uint64_t *address)
{
	Elf64_Sym symbol = symbol_at(loader, index);
	const struct hmmcl_section *section;
	const char *name;
	int libcall;

	*address = 0;
	if (!index)
		return 0;
	if (symbol.st_shndx == SHN_UNDEF) {
		name = symbol_name(loader, &symbol);
		libcall = name ? find_libcall(name) : -1;
		if (libcall >= 0)
			*address = loader->libcalls[libcall];
		else if (ELF64_ST_BIND(symbol.st_info) != STB_WEAK)
			return refuse(loader, "undefined symbol %s", name ? name : "without a name");
		return 0;
	}
	if (symbol.st_shndx == SHN_ABS) {
		*address = symbol.st_value;
		return 0;
	}
	if (symbol.st_shndx >= loader->section_count)
		return refuse(loader, "damaged code object: section of symbol %llu",
			      (unsigned long long)index);
	section = &loader->sections[symbol.st_shndx];
	if (!section->loaded || symbol.st_value > section->header.sh_size)
		return refuse(loader, "damaged code object: address of symbol %llu",
			      (unsigned long long)index);
	*address = section_address(loader, section) + symbol.st_value;
	return 0;
}

/* Second pass. */
static int apply_relocation(struct hmmcl_loader *loader, const struct hmmcl_section *section,
			    const Elf64_Rela *rela)
{
	uint32_t type = ELF64_R_TYPE(rela->r_info);
	uint64_t index = ELF64_R_SYM(rela->r_info);
	const struct hmmcl_got *got = &loader->got[index];
	unsigned char *place = section_place(loader, section) + rela->r_offset;
	uint64_t here = section_address(loader, section) + rela->r_offset;
	uint64_t value;
	int err = symbol_address(loader, index, &value);
	bool fits = true;

	if (err)
		return err;
	if (is_got_relocation(type))
		value = loader->code_address + got_offset(loader, got->slot);
	else if (got->stub && (type == R_X86_64_PLT32 || type == R_X86_64_PC32))
		value = loader->code_address + got_offset(loader, got->stub);
	value += (uint64_t)rela->r_addend;
	switch (type) {
	case R_X86_64_64:
		memcpy(place, &value, 8);
		return 0;
	case R_X86_64_PC64:
		value -= here;
		memcpy(place, &value, 8);
		return 0;
	case R_X86_64_32:
		fits = value == (uint32_t)value;
		break;
	case R_X86_64_32S:
		fits = (int64_t)value == (int32_t)value;
		break;
	default:
		value -= here;
		fits = (int64_t)value == (int32_t)value;
		break;
	}
	if (!fits)
		return refuse(loader, "code object with an address out of reach at %#llx",
			      (unsigned long long)rela->r_offset);
	memcpy(place, &value, 4);
	return 0;
}

static int write_got(struct hmmcl_loader *loader)
{
	for (size_t i = 0; i < loader->elf_symbols; i++) {
		const struct hmmcl_got *got = &loader->got[i];
		uint64_t slot, address;
		int err;

		if (!got->slot)
			continue;
		err = symbol_address(loader, i, &address);
		if (err)
			return err;
		slot = got_offset(loader, got->slot);
		memcpy(loader->code + slot, &address, sizeof(address));
		if (got->stub) {
			uint64_t stub = got_offset(loader, got->stub);
			uint32_t distance = (uint32_t)(slot - (stub + 6));
			unsigned char code[STUB_SIZE] = { 0xff, 0x25, 0, 0, 0, 0, 0xcc, 0xcc };

			memcpy(code + 2, &distance, sizeof(distance));
			memcpy(loader->code + stub, code, sizeof(code));
		}
	}
	return 0;
}

/* Keep the names of what the object defines. */
static int export_symbols(struct hmmcl_loader *loader)
{
	const Elf64_Shdr *strings;

	if (!loader->symtab)
		return 0;
	strings = &loader->sections[loader->sections[loader->symtab].header.sh_link].header;
	loader->names = malloc(strings->sh_size + 1);
	loader->symbols = calloc(loader->elf_symbols + 1, sizeof(*loader->symbols));
	if (!loader->names || !loader->symbols)
		return -ENOMEM;
	memcpy(loader->names, loader->object + strings->sh_offset, strings->sh_size);
	loader->names[strings->sh_size] = 0;
	for (size_t i = 1; i < loader->elf_symbols; i++) {
		Elf64_Sym symbol = symbol_at(loader, i);
		unsigned int type = ELF64_ST_TYPE(symbol.st_info);
		uint64_t address;
		int err;

		if (symbol.st_shndx == SHN_UNDEF || symbol.st_shndx >= loader->section_count ||
		    !loader->sections[symbol.st_shndx].loaded || symbol.st_name >= strings->sh_size ||
		    (type != STT_FUNC && type != STT_OBJECT && type != STT_NOTYPE))
			continue;
		err = symbol_address(loader, i, &address);
		if (err)
			return err;
		loader->symbols[loader->symbol_count++] = (struct hmmcl_symbol) {
			.name = symbol.st_name, .address = address,
		};
	}
	return 0;
}

int hmmcl_loader_load(struct hmmcl_loader *loader)
{
	int err;

	for (unsigned int i = 0; i < loader->section_count; i++) {
		const struct hmmcl_section *section = &loader->sections[i];

		/* The pages are zero already. */
		if (section->loaded && section->header.sh_type != SHT_NOBITS)
			memcpy(section_place(loader, section),
			       loader->object + section->header.sh_offset, section->header.sh_size);
	}
	err = write_got(loader);
	if (!err)
		err = for_each_relocation(loader, apply_relocation);
	return err ? err : export_symbols(loader);
}

void hmmcl_loader_close(struct hmmcl_loader *loader)
{
	free(loader->sections);
	free(loader->got);
	loader->sections = NULL;
	loader->got = NULL;
}
