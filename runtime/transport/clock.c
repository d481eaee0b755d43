// SPDX-License-Identifier: MIT
/*
 * Time.  The engine stamps commands with the processor's time stamp counter, because it
 * costs no system call.  A stamp becomes CLOCK_MONOTONIC by interpolation between the
 * engine's start and now: exact at both ends, so what has just happened is the most exact.
 */
#include <cpuid.h>
#include <fcntl.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "../engine/syscall.h"
#include "client.h"

uint64_t hmmcl_now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

/* The counter counts evenly on all cores: the processor says so, or the kernel relies on it. */
enum hmmcl_clock hmmcl_clock_choose(void)
{
	unsigned int a, b, c, d = 0;
	char source[16] = "";
	int fd;

	if (__get_cpuid(0x80000007, &a, &b, &c, &d) && (d >> 8 & 1))
		return HMMCL_CLOCK_TSC;
	fd = open("/sys/devices/system/clocksource/clocksource0/current_clocksource",
		  O_RDONLY | O_CLOEXEC);
	if (fd >= 0) {
		if (read(fd, source, sizeof(source) - 1) < 0)
			source[0] = 0;
		close(fd);
	}
	return strcmp(source, "tsc\n") ? HMMCL_CLOCK_SYSTEM : HMMCL_CLOCK_TSC;
}

void hmmcl_clock_start(struct hmmcl_engine *engine)
{
	engine->clock.ns = hmmcl_now_ns();
	engine->clock.ticks = hmmcl_tsc();
}

uint64_t hmmcl_clock_ns(const struct hmmcl_engine *engine, uint64_t ticks)
{
	uint64_t ns, now;

	if (engine->window.control->clock == HMMCL_CLOCK_SYSTEM)
		return ticks;
	ns = hmmcl_now_ns();
	now = hmmcl_tsc();
	if (ticks <= engine->clock.ticks || now <= engine->clock.ticks)
		return engine->clock.ns;
	if (ticks > now)
		ticks = now;
	return engine->clock.ns + (uint64_t)((unsigned __int128)(ticks - engine->clock.ticks) *
					     (ns - engine->clock.ns) / (now - engine->clock.ticks));
}
