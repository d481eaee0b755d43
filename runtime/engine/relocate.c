// SPDX-License-Identifier: MIT
/*
 * Moving the hmm engine's program into the window.  The kernel puts a position-independent
 * program anywhere, and that place belongs to the client's memory.  This runs before anything
 * is relocated: no global pointer can be used yet.
 */
#include <linux/elf.h>
#include <linux/errno.h>
#include <linux/mman.h>
#include <stddef.h>

#include "control.h"
#include "process.h"
#include "syscall.h"

extern const Elf64_Ehdr __ehdr_start __attribute__((visibility("hidden")));

#define PAGE_DOWN(x) ((x) & ~(HMMCL_PAGE_SIZE - 1))
#define PAGE_UP(x) PAGE_DOWN((x) + HMMCL_PAGE_SIZE - 1)

static void copy(char *to, const char *from, uint64_t size)
{
	__asm__ volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(size) : : "memory");
}

/* Add the program's new base to every pointer in it; nothing else is left to link. */
static int relocate(char *base, const Elf64_Dyn *dynamic)
{
	const Elf64_Rela *rela = NULL;
	uint64_t size = 0;

	for (; dynamic->d_tag != DT_NULL; dynamic++) {
		if (dynamic->d_tag == DT_RELA)
			rela = (const Elf64_Rela *)(base + dynamic->d_un.d_ptr);
		else if (dynamic->d_tag == DT_RELASZ)
			size = dynamic->d_un.d_val;
	}
	for (; size >= sizeof(*rela); size -= sizeof(*rela), rela++) {
		if (ELF64_R_TYPE(rela->r_info) != 8 /* R_X86_64_RELATIVE */)
			return -ENOEXEC;
		*(uint64_t *)(base + rela->r_offset) = (uint64_t)base + (uint64_t)rela->r_addend;
	}
	return 0;
}

static int protect(char *base, const Elf64_Phdr *ph, int protection)
{
	uint64_t start = PAGE_DOWN((uint64_t)base + ph->p_vaddr);
	uint64_t end = PAGE_UP((uint64_t)base + ph->p_vaddr + ph->p_memsz);

	return (int)hmmcl_syscall3(__NR_mprotect, start, end - start, protection);
}

long hmmcl_image_move(uint64_t to, uint64_t room)
{
	const char *from = (const char *)&__ehdr_start;
	const Elf64_Phdr *ph = (const Elf64_Phdr *)(from + __ehdr_start.e_phoff);
	unsigned int count = __ehdr_start.e_phnum;
	const Elf64_Dyn *dynamic = NULL;
	char *base = (char *)to;
	uint64_t span = 0;
	long r;

	for (unsigned int i = 0; i < count; i++)
		if (ph[i].p_type == PT_LOAD && ph[i].p_vaddr + ph[i].p_memsz > span)
			span = PAGE_UP(ph[i].p_vaddr + ph[i].p_memsz);
	if (span > room)
		return -ENOMEM;
	r = hmmcl_syscall6(__NR_mmap, (long)to, (long)span, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	if (r < 0)
		return r;
	for (unsigned int i = 0; i < count; i++) {
		if (ph[i].p_type == PT_LOAD)
			copy(base + ph[i].p_vaddr, from + ph[i].p_vaddr, ph[i].p_filesz);
		else if (ph[i].p_type == PT_DYNAMIC)
			dynamic = (const Elf64_Dyn *)(base + ph[i].p_vaddr);
	}
	r = dynamic ? relocate(base, dynamic) : -ENOEXEC;
	for (unsigned int i = 0; i < count && !r; i++) {
		int protection = (ph[i].p_flags & PF_R ? PROT_READ : 0) |
				 (ph[i].p_flags & PF_W ? PROT_WRITE : 0) |
				 (ph[i].p_flags & PF_X ? PROT_EXEC : 0);

		if (ph[i].p_type == PT_LOAD)
			r = protect(base, &ph[i], protection);
	}
	return r ? r : base - from;
}
