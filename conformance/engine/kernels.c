// SPDX-License-Identifier: MIT
/*
 * Kernels for the engine's tests, as hmmclc would emit them but written in C: compiled to a
 * relocatable object with the section that makes it a code object (device_abi.h).
 */
#include <stdatomic.h>
#include <stddef.h>

#include "../../runtime/engine/device_abi.h"

__asm__(".pushsection .hmmcl.meta, \"\", @progbits\n"
	".ascii \"hmmcl\\t1\\n\"\n"
	".popsection\n");

typedef const struct hmmcl_launch *launch_t;
typedef const struct hmmcl_group *group_t;

double sin(double);
double pow(double, double);

static uint64_t global_id(launch_t l, group_t g, int d, uint64_t item)
{
	return l->global_offset[d] + g->id[d] * l->local_size[d] + item;
}

void empty(const void *args, launch_t l, group_t g)
{
	(void)args;
	(void)l;
	(void)g;
}

/* args: long *out, long add.  out[linear id] += global ids packed. */
void ids(const void *args, launch_t l, group_t g)
{
	uint64_t *out = *(uint64_t *const *)args;
	uint64_t add = ((const uint64_t *)args)[1];

	for (uint64_t z = 0; z < g->local_size[2]; z++)
		for (uint64_t y = 0; y < g->local_size[1]; y++)
			for (uint64_t x = 0; x < g->local_size[0]; x++) {
				uint64_t i = global_id(l, g, 0, x), j = global_id(l, g, 1, y),
					 k = global_id(l, g, 2, z);
				uint64_t n = (i - l->global_offset[0]) + l->global_size[0] *
					     ((j - l->global_offset[1]) + l->global_size[1] *
					      (k - l->global_offset[2]));

				out[n] += add + (i | j << 20 | k << 40);
			}
}

/* args: atomic counter, expected old value, flag set when it was another. */
void step(const void *args, launch_t l, group_t g)
{
	struct { _Atomic uint64_t *counter; uint64_t expected; _Atomic uint64_t *wrong; } const *a = args;

	(void)l;
	(void)g;
	if (atomic_load(a->counter) != a->expected)
		atomic_store(a->wrong, 1);
	atomic_store(a->counter, a->expected + 1);
}

/* args: atomic counter */
void count(const void *args, launch_t l, group_t g)
{
	(void)l;
	atomic_fetch_add(*(_Atomic uint64_t *const *)args, g->local_size[0]);
}

/* args: flag to set, flag to wait for */
void meet(const void *args, launch_t l, group_t g)
{
	_Atomic uint64_t *const *a = args;

	(void)l;
	(void)g;
	atomic_fetch_add(a[0], 1);
	while (!atomic_load(a[1]))
		__builtin_ia32_pause();
}

/* args: address, kind.  Faults in the group in the middle only. */
void fault(const void *args, launch_t l, group_t g)
{
	uint64_t address = ((const uint64_t *)args)[0], kind = ((const uint64_t *)args)[1];

	if (g->id[0] != l->num_groups[0] / 2)
		return;
	switch (kind) {
	case 0:
		(void)*(volatile char *)address;
		break;
	case 1:
		*(volatile char *)address = 1;
		break;
	case 2:
		__asm__ volatile("xor %%ecx, %%ecx\n\tmov $1, %%eax\n\tcltd\n\tidiv %%ecx"
				 : : : "eax", "ecx", "edx");
		break;
	case 3:
		__asm__ volatile("ud2");
		break;
	}
}

__attribute__((noinline)) static uint64_t dig(volatile char *above, uint64_t depth)
{
	volatile char hole[4000];

	hole[0] = *above;
	return depth ? dig(hole, depth - 1) + (uint64_t)hole[depth % 4000] : (uint64_t)hole[0];
}

/* args: depth of recursion, 4000 bytes each */
void recurse(const void *args, launch_t l, group_t g)
{
	volatile char top = 1;

	(void)l;
	(void)g;
	dig(&top, *(const uint64_t *)args);
}

/* Leaves the processor's modes as it should not. */
void mess(const void *args, launch_t l, group_t g)
{
	(void)l;
	(void)g;
	__asm__ volatile("std\n\tmovb $0, (%0)" : : "r"(*(char *const *)args) : "memory");
}

/* Asks the system for its process's id, as no kernel may. */
void call_system(const void *args, launch_t l, group_t g)
{
	long result;

	(void)l;
	(void)g;
	__asm__ volatile("syscall" : "=a"(result) : "a"(39) : "rcx", "r11", "memory");
	**(long *const *)args = result;
}

static volatile int counter = 41;	/* nothing is known when it is compiled */
static uint64_t zeroes[1000];
int exported = 7;
const double table[4] = { 1, 2, 3, 4 };
const double *const pointer_to_table = table;
static int one_more(int x) { return x + 1; }
static int two_more(int x) { return x + 2; }
static int (*const add_table[])(int) = { one_more, two_more };

/* args: double *out: everything that needs a relocation */
void variables(const void *args, launch_t l, group_t g)
{
	double *out = *(double *const *)args;

	(void)l;
	(void)g;
	out[0] = add_table[0](counter);
	out[1] = exported;
	out[2] = pointer_to_table[3];
	out[3] = (double)zeroes[counter];
	out[4] = sin(counter + 1);
	out[5] = pow(counter - 37, 0.5);
	out[6] = add_table[1](counter);
	exported++;
	zeroes[counter]++;
}

/* args: out: fills local memory and context and sums them */
void scratch(const void *args, launch_t l, group_t g)
{
	uint64_t **out = *(uint64_t **const *)args, sum = 0, n = ((const uint64_t *)args)[1];
	volatile unsigned char *local = g->local_memory, *context = g->context;

	(void)l;
	(void)out;
	for (uint32_t i = 0; i < HMMCL_LOCAL_MEM_SIZE; i++)
		local[i] = (unsigned char)(i + g->id[0]);
	for (uint64_t i = 0; i < n; i += 64)
		context[i] = (unsigned char)(i / 64 + g->id[0]);
	for (uint32_t i = 0; i < HMMCL_LOCAL_MEM_SIZE; i++)
		sum += local[i] != (unsigned char)(i + g->id[0]);
	for (uint64_t i = 0; i < n; i += 64)
		sum += context[i] != (unsigned char)(i / 64 + g->id[0]);
	(*(uint64_t *const *)args)[g->id[0]] = sum + 1;
}

/* args: pointer to an array of longs, iterations: takes long, changes nothing else */
void work(const void *args, launch_t l, group_t g)
{
	_Atomic uint64_t *out = *(_Atomic uint64_t *const *)args;
	uint64_t x = g->id[0] + 1;

	(void)l;
	for (uint64_t i = 0; i < ((const uint64_t *)args)[1]; i++)
		x = x * 6364136223846793005u + 1442695040888963407u;
	atomic_fetch_add(out, x & 1);
}
