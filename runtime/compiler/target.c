/* SPDX-License-Identifier: MIT */
/* The processor, as CPUID describes it. */
#include "target.h"

#include <cpuid.h>
#include <stdint.h>

#include "../engine/device_abi.h"

#define OSXSAVE (1u << 27)

static uint32_t enabled_states(void)
{
	uint32_t eax, edx;

	__asm__ volatile("xgetbv" : "=a"(eax), "=d"(edx) : "c"(0));
	return eax;
}

void hmmcl_target_add(struct hmmcl_hash *hash)
{
	/* Not leaf 1's EBX: it says which core this is. */
	uint32_t words[16] = { HMMCL_DEVICE_ABI_VERSION };
	uint32_t eax, ebx, ecx, edx;

	if (__get_cpuid(0, &eax, &ebx, &ecx, &edx)) {
		words[1] = ebx;
		words[2] = ecx;
		words[3] = edx;
	}
	if (__get_cpuid(1, &eax, &ebx, &ecx, &edx)) {
		words[4] = eax;
		words[5] = ecx;
		words[6] = edx;
		if (ecx & OSXSAVE)
			words[7] = enabled_states();
	}
	if (__get_cpuid_count(7, 0, &eax, &ebx, &ecx, &edx)) {
		words[8] = ebx;
		words[9] = ecx;
		words[10] = edx;
	}
	if (__get_cpuid_count(7, 1, &eax, &ebx, &ecx, &edx)) {
		words[11] = eax;
		words[12] = edx;
	}
	if (__get_cpuid(0x80000001, &eax, &ebx, &ecx, &edx)) {
		words[13] = ecx;
		words[14] = edx;
	}
	hmmcl_hash_add(hash, words, sizeof(words));
}
