// SPDX-License-Identifier: MIT
/* Device memory whose client has moved it to other addresses, or changed a part of it. */
#include <stdint.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/types.h>
#include <unistd.h>

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

enum change { UNMAP_START, UNMAP_END, PROTECT_START, PROTECT_MIDDLE, MOVE_END, MOVE_SPLIT, FORK_SPLIT, CHANGES };

/* Change a part of a large folio, so that what maps it is not one entry any more. */
static void change_part(enum change change, char *p, char *elsewhere)
{
	switch (change) {
	case UNMAP_START:
		CHECK_OK(munmap(p, HUGE / 2));
		break;
	case UNMAP_END:
		CHECK_OK(munmap(p + HUGE / 2, HUGE / 2));
		break;
	case PROTECT_START:
		CHECK_OK(mprotect(p, HUGE / 2, PROT_READ));
		break;
	case PROTECT_MIDDLE:
		CHECK_OK(mprotect(p + HUGE / 4, HUGE / 2, PROT_READ));
		break;
	case MOVE_END:		/* and nothing is left at its address */
		CHECK(mremap(p + HUGE / 2, HUGE / 2, HUGE / 2, MREMAP_MAYMOVE | MREMAP_FIXED,
			     elsewhere + HUGE / 2) == elsewhere + HUGE / 2);
		CHECK_OK(munmap(p, HUGE / 2));
		break;
	case MOVE_SPLIT:
		CHECK_OK(madvise(p, PAGE, MADV_DONTNEED));
		CHECK(mremap(p, HUGE, HUGE, MREMAP_MAYMOVE | MREMAP_FIXED, elsewhere) == elsewhere);
		break;
	default:		/* and only the child has it */
		CHECK_OK(madvise(p, PAGE, MADV_DONTNEED));
	}
}

/* The u64 at the start of each page that is left, which starts at @offset of what was filled. */
static void check_pages(const char *p, size_t offset, size_t size)
{
	for (size_t i = 0; i < size; i += PAGE)
		CHECK_EQ(*(const volatile uint64_t *)(p + i), (offset + i) / 8 + 1);
}

static void partial_evict(enum change change)
{
	char *p = memory_map(HUGE, true), *elsewhere = memory_map(HUGE, true), *more, c;
	size_t offset = 0, size = HUGE, all;
	int go[2], gone[2];
	uint64_t huge;
	struct device d;
	pid_t pid = 0;

	CHECK_OK(pipe(go));
	CHECK_OK(pipe(gone));
	device_open(&d);
	device_policy(&d, HMMCL_POLICY_PMD_MAPPINGS | HMMCL_POLICY_LARGE_FOLIOS, 512);
	memory_fill(p, HUGE, 1);
	huge = device_stat(&d, HMMCL_STAT_HUGE_TO_DEVICE);
	device_migrate_all(&d, p, HUGE);
	CHECK_EQ(device_stat(&d, HMMCL_STAT_HUGE_TO_DEVICE), huge + 1);
	change_part(change, p, elsewhere);
	if (change == UNMAP_START || change == MOVE_END)
		offset = HUGE / 2;
	if (change == UNMAP_START || change == UNMAP_END || change == MOVE_END)
		size = HUGE / 2;
	if (change == MOVE_SPLIT || change == FORK_SPLIT) {
		offset = PAGE;
		size = HUGE - PAGE;
	}
	if (change == MOVE_END || change == MOVE_SPLIT)
		p = elsewhere;
	if (change == FORK_SPLIT) {
		pid = fork();
		if (!pid) {
			CHECK(write(gone[1], "x", 1) == 1);
			CHECK(read(go[0], &c, 1) == 1);
			check_pages(p + offset, offset, size);
			_exit(0);
		}
		CHECK(read(gone[0], &c, 1) == 1);
		CHECK_OK(munmap(p, HUGE));
	}
	CHECK(device_stat(&d, HMMCL_STAT_DEVMEM_USED_PAGES) > 0);

	all = device_stat(&d, HMMCL_STAT_DEVMEM_TOTAL_PAGES) * PAGE;
	more = memory_map(all, false);
	for (int tries = test_memory_fails() ? 100 : 1; tries; tries--)
		device_migrate(&d, more, all, HMMCL_MIGRATE_TO_DEVICE);
	/* All that was there before has made room: all of it is on the device now. */
	CHECK_EQ(device_migrate(&d, more, all, HMMCL_MIGRATE_TO_DEVICE).pages_resident, all / PAGE);
	if (change == FORK_SPLIT) {
		CHECK(write(go[1], "x", 1) == 1);
		CHECK(child_ok(pid));
	} else {
		check_pages(p + offset, offset, size);
		munmap(p, HUGE);
	}
	munmap(more, all);
	close(go[0]);
	close(go[1]);
	close(gone[0]);
	close(gone[1]);
	close(d.drm);
}

/* A large folio of which only a part is left, or is as it was, can be evicted. */
TEST_TIMEOUT(partial_evict_large, 180)
{
	struct device d;

	device_open(&d);
	close(d.drm);
	if (!(d.info.caps & HMMCL_CAP_LARGE_FOLIOS))
		test_skip("large device folios are off (module parameter)");
	for (enum change change = 0; change < CHANGES; change++) {
		printf("# change %d\n", change);
		partial_evict(change);
	}
}
