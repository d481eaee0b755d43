// SPDX-License-Identifier: MIT
/* Device memory whose client has moved it to other addresses. */
#include <stdint.h>
#include <sys/mman.h>

#include "device.h"
#include "harness.h"

static bool is_home(struct device *d, const char *p, size_t size)
{
	for (size_t i = 0; i < size; i += HUGE / 2)
		if (device_page_state(d, p + i) & HMMCL_PAGE_DEVICE)
			return false;
	return true;
}

/* A large folio can be evicted although it is not where it was migrated from any more. */
TEST_TIMEOUT(mremap_evict_large, 120)
{
	char *p = memory_map(3 * HUGE, true), *moved = memory_map(3 * HUGE, true), *more;
	struct device d;
	size_t all;

	device_open(&d);
	if (!(d.info.caps & HMMCL_CAP_LARGE_FOLIOS))
		test_skip("large device folios are off (module parameter)");
	device_start_engine(&d, 1);
	device_policy(&d, HMMCL_POLICY_PMD_MAPPINGS | HMMCL_POLICY_LARGE_FOLIOS, 512);
	memory_fill(p, 3 * HUGE, 0);
	device_migrate_all(&d, p, 3 * HUGE);
	CHECK(device_stat(&d, HMMCL_STAT_HUGE_TO_DEVICE) > 0);
	CHECK(mremap(p, 3 * HUGE, 3 * HUGE, MREMAP_MAYMOVE | MREMAP_FIXED, moved) == moved);
	CHECK(device_page_state(&d, moved) & HMMCL_PAGE_DEVICE);

	all = device_stat(&d, HMMCL_STAT_DEVMEM_TOTAL_PAGES) * PAGE;
	more = memory_map(all, true);
	device_migrate_all(&d, more, all);
	/* What cannot come home for want of memory stays, and others make room in its place. */
	for (int tries = test_memory_fails() ? 100 : 0; tries && !is_home(&d, moved, 3 * HUGE); tries--)
		device_migrate_all(&d, more, all);
	CHECK(is_home(&d, moved, 3 * HUGE));
	CHECK_EQ(memory_check(moved, 3 * HUGE, 0, 0), -1);
	munmap(more, all);
	device_stop(&d);
}
