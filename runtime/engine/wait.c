// SPDX-License-Identifier: MIT
/* Waiting for a word to change and waking who waits: both sides of the ring. */
#include <stddef.h>

#include "control.h"
#include "syscall.h"

/* In ticks of the time stamp counter, a few thousand a microsecond. */
#define SPIN_MIN (4u << 10)
#define SPIN_YIELD (8u << 10)		/* let others run on this core that often */

bool hmmcl_spin(const struct hmmcl_control *control, _Atomic uint32_t *word, uint32_t seen,
		uint64_t until, bool *contended)
{
	uint64_t t = hmmcl_tsc(), yield = t + SPIN_YIELD;

	*contended = false;
	do {
		for (int i = 0; i < 8; i++) {
			if (atomic_load_explicit(word, memory_order_acquire) != seen)
				return true;
			hmmcl_cpu_relax();
		}
		t = hmmcl_tsc();
		if (t >= yield) {
			hmmcl_syscall1(__NR_sched_yield, 0);
			yield = hmmcl_tsc();
			/* Another thread runs on this core: perhaps for a time slice, whenever we yield;
			 * perhaps the very one that we wait for, and each of us spins while the other could
			 * go on. Better to sleep: who is woken runs at once, on an idle core if there is
			 * one. */
			if (yield - t > control->switch_ticks) {
				*contended = true;
				return atomic_load_explicit(word, memory_order_acquire) != seen;
			}
			yield += SPIN_YIELD;
		}
	} while ((int64_t)(until - t) > 0);
	return false;
}

uint64_t hmmcl_spin_learn(uint64_t budget, uint64_t waited, bool contended)
{
	if (waited < HMMCL_SPIN_MAX && !contended)
		return budget < HMMCL_SPIN_MAX / 2 ? budget * 2 : HMMCL_SPIN_MAX;
	return budget > SPIN_MIN * 2 ? budget / 2 : SPIN_MIN;
}

uint32_t hmmcl_core_bit(const struct hmmcl_control *control, unsigned int cpu)
{
	return control->pin ? 1u << (cpu % 32) : FUTEX_BITSET_MATCH_ANY;
}

static bool wake_one(struct hmmcl_control *control, uint32_t bitset)
{
	/* The woken one counts as looking for work from now on: nobody else needs to wake it. */
	atomic_fetch_add(&control->spinners, 1);
	if (hmmcl_futex_wake(&control->doorbell, 1, control->futex_flags, bitset) == 1)
		return true;
	atomic_fetch_sub(&control->spinners, 1);
	return false;
}

void hmmcl_wake_worker(struct hmmcl_control *control, int avoid_cpu)
{
	uint32_t bell;

	do {
		bell = atomic_load(&control->doorbell);
		if (atomic_load(&control->sleepers) <= 0 || atomic_load(&control->spinners) > 0)
			return;
		if (control->pin && avoid_cpu >= 0 &&
		    wake_one(control, ~hmmcl_core_bit(control, (unsigned int)avoid_cpu)))
			return;
		if (wake_one(control, FUTEX_BITSET_MATCH_ANY))
			return;
		/* Nobody slept.  Who has rung meanwhile took what we counted for a worker. */
	} while (atomic_load(&control->doorbell) != bell);
}
