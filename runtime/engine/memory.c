// SPDX-License-Identifier: MIT
/* Copying and filling the client's memory: no library's functions, so that a fault may
 * abandon them at any instruction. */
#include <cpuid.h>
#include <stddef.h>

#include "worker.h"

typedef long long hmmcl_block __attribute__((vector_size(16), aligned(1), may_alias));
typedef uint64_t hmmcl_word __attribute__((aligned(1), may_alias));

/* Below this, starting the string instructions costs more than they save. */
#define STRING_MIN 1024

/* What one worker fills that no cache can keep: from here on reading the lines first is waste. */
#define PAST_CACHES_MIN (8ull << 20)

/* Bytes stored in a round; a multiple of every pattern's size. */
#define FILL_BLOCK 128

/* Enhanced rep movsb/stosb, CPUID(7).ebx bit 9. */
static bool has_erms(void)
{
	static _Atomic int known;	/* 0: not asked yet, 1: no, 2: yes */
	int state = atomic_load_explicit(&known, memory_order_relaxed);

	if (!state) {
		unsigned int a, b = 0, c, d;

		state = __get_cpuid_count(7, 0, &a, &b, &c, &d) && (b >> 9 & 1) ? 2 : 1;
		atomic_store_explicit(&known, state, memory_order_relaxed);
	}
	return state == 2;
}

HMMCL_NO_SANITIZE static void copy_up(char *dst, const char *src, uint64_t size)
{
	if (size >= STRING_MIN && has_erms()) {
		__asm__ volatile("rep movsb" : "+D"(dst), "+S"(src), "+c"(size) : : "memory");
		return;
	}
	for (; size >= 64; size -= 64, dst += 64, src += 64) {
		const hmmcl_block *s = (const hmmcl_block *)src;
		hmmcl_block a = s[0], b = s[1], c = s[2], d = s[3];
		hmmcl_block *o = (hmmcl_block *)dst;

		o[0] = a;
		o[1] = b;
		o[2] = c;
		o[3] = d;
	}
	for (; size >= 8; size -= 8, dst += 8, src += 8)
		*(hmmcl_word *)dst = *(const hmmcl_word *)src;
	for (; size; size--)
		*(volatile char *)dst++ = *src++;
}

HMMCL_NO_SANITIZE static void copy_down(char *dst, const char *src, uint64_t size)
{
	for (; size >= 64; size -= 64) {
		const hmmcl_block *s = (const hmmcl_block *)(src + size) - 4;
		hmmcl_block a = s[0], b = s[1], c = s[2], d = s[3];
		hmmcl_block *o = (hmmcl_block *)(dst + size) - 4;

		o[0] = a;
		o[1] = b;
		o[2] = c;
		o[3] = d;
	}
	for (; size; size--)
		*(volatile char *)(dst + size - 1) = src[size - 1];
}

HMMCL_NO_SANITIZE void hmmcl_copy(void *dst, const void *src, uint64_t size)
{
	if ((uint64_t)dst - (uint64_t)src < size)
		copy_down(dst, src, size);
	else
		copy_up(dst, src, size);
}

/* Stores that leave the caches alone; dst may be at any address. */
HMMCL_NO_SANITIZE static void fill_past_caches(char *out, uint64_t size, const unsigned char *block)
{
	uint64_t head = -(uint64_t)out & 15;

	for (uint64_t i = 0; i < head; i++)
		((volatile char *)out)[i] = (char)block[i];
	out += head;
	size -= head;
	/* The pattern goes on where the head ended: the block is read from there. */
	for (; size >= FILL_BLOCK; size -= FILL_BLOCK, out += FILL_BLOCK)
		for (unsigned int i = 0; i < FILL_BLOCK / 16; i++) {
			hmmcl_block value = *(const hmmcl_block *)(block + head + 16 * i);

			__asm__ volatile("movntdq %1, %0" : "=m"(((hmmcl_block *)out)[i]) : "x"(value));
		}
	for (uint64_t i = 0; i < size; i++)
		((volatile char *)out)[i] = (char)block[head + i];
	/* The command's completion must not pass them. */
	__asm__ volatile("sfence" : : : "memory");
}

HMMCL_NO_SANITIZE void hmmcl_fill(void *dst, uint64_t size, const void *pattern,
				  uint32_t pattern_size)
{
	_Alignas(16) unsigned char block[FILL_BLOCK + 16];
	char *out = dst;

	/* FILL_BLOCK is a multiple of every pattern's size. */
	for (uint32_t i = 0; i < sizeof(block); i++)
		((volatile unsigned char *)block)[i] =
			((const unsigned char *)pattern)[i & (pattern_size - 1)];
	if (size >= PAST_CACHES_MIN) {
		fill_past_caches(out, size, block);
		return;
	}
	if (pattern_size <= 8 && size >= STRING_MIN && has_erms()) {
		uint64_t count = size / 8, word = *(const hmmcl_word *)block;

		__asm__ volatile("rep stosq" : "+D"(out), "+c"(count) : "a"(word) : "memory");
		size &= 7;
	}
	for (; size >= FILL_BLOCK; size -= FILL_BLOCK, out += FILL_BLOCK)
		for (unsigned int i = 0; i < FILL_BLOCK / 16; i++)
			((hmmcl_block *)out)[i] = ((const hmmcl_block *)block)[i];
	for (uint64_t i = 0; i < size; i++)
		((volatile char *)out)[i] = (char)block[i];
}
