// SPDX-License-Identifier: MIT
/*
 * Huge pages on their way to the device and back, with device memory in pages of 4 KiB and,
 * where the module allows it, in 2 MiB folios.  Each test runs once for each.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

#include "device.h"
#include "harness.h"

static void start_with(struct device *d, bool large)
{
	device_open(d);
	if (large && !(d->info.caps & HMMCL_CAP_LARGE_FOLIOS))
		test_skip("large device folios are off (module parameter)");
	device_start_engine(d, 1);
	device_policy(d, HMMCL_POLICY_PMD_MAPPINGS | (large ? HMMCL_POLICY_LARGE_FOLIOS : 0), 512);
}

#define TEST_BOTH(name)							\
	static void name(bool large);						\
	TEST(name##_small) { name(false); }					\
	TEST(name##_large) { name(true); }					\
	static void name(bool large)

TEST_BOTH(migrate_anon_huge)
{
	struct device d;
	uint64_t *p = memory_map(4 * HUGE, true);

	start_with(&d, large);
	memory_fill(p, 4 * HUGE, 0);
	device_migrate_all(&d, p, 4 * HUGE);
	CHECK(device_page_state(&d, p) & HMMCL_PAGE_DEVICE);
	CHECK_EQ(engine_run(&d, OP_XOR, p, 4 * HUGE, 0x13).signal, 0);
	CHECK_EQ(memory_check(p, 4 * HUGE, 0, 0x13), -1);
	CHECK_EQ(device_stat(&d, HMMCL_STAT_DEVMEM_USED_PAGES), 0);
	device_stop(&d);
}

TEST_BOTH(migrate_anon_huge_empty)
{
	struct device d;
	uint64_t *p = memory_map(2 * HUGE, true);

	start_with(&d, large);
	device_migrate_all(&d, p, 2 * HUGE);
	CHECK_EQ(engine_run(&d, OP_SUM, p, 2 * HUGE, 0).value, 0);
	CHECK_EQ(engine_run(&d, OP_XOR, p, 2 * HUGE, 0x21).signal, 0);
	for (size_t i = 0; i < 2 * HUGE / 8; i += 512)
		CHECK_EQ(p[i], 0x21);
	device_stop(&d);
}

TEST_BOTH(migrate_anon_huge_zero)
{
	struct device d;
	uint64_t *p = memory_map(2 * HUGE, true);

	start_with(&d, large);
	CHECK_EQ(*(volatile uint64_t *)p, 0);		/* the huge zero page */
	device_migrate_all(&d, p, 2 * HUGE);
	CHECK_EQ(engine_run(&d, OP_XOR, p, 2 * HUGE, 0x42).signal, 0);
	for (size_t i = 0; i < 2 * HUGE / 8; i += 512)
		CHECK_EQ(p[i], 0x42);
	device_stop(&d);
}

/*
 * The engine reads the huge zero page where it is.  Mapped by a PMD of a driver's, it makes
 * the kernel withdraw a page table that was never deposited, when the entry goes.
 */
TEST(huge_zero_page)
{
	struct device d;
	uint64_t *p = memory_map(4 * HUGE, true);

	start_with(&d, false);
	for (size_t i = 0; i < 4 * HUGE; i += HUGE)
		CHECK_EQ(*(volatile uint64_t *)((char *)p + i), 0);
	for (size_t i = 0; i < 4 * HUGE; i += HUGE)
		CHECK_EQ(engine_read(&d, (char *)p + i), 0);
	munmap(p, HUGE);				/* dropped by the client, */
	engine_write(&d, (char *)p + HUGE, 5);		/* written by the engine, */
	CHECK_EQ(*(volatile uint64_t *)((char *)p + HUGE), 5);
	*(volatile uint64_t *)((char *)p + 2 * HUGE) = 6;	/* and by the client */
	CHECK_EQ(engine_read(&d, (char *)p + 2 * HUGE), 6);
	device_stop(&d);				/* the last one goes with the engine */
}

TEST_BOTH(migrate_anon_huge_free)
{
	struct device d;
	uint64_t *p = memory_map(2 * HUGE, true);

	start_with(&d, large);
	memory_fill(p, 2 * HUGE, 0);
	CHECK_OK(madvise(p, 2 * HUGE, MADV_FREE));
	device_migrate(&d, p, 2 * HUGE, HMMCL_MIGRATE_TO_DEVICE);
	CHECK_EQ(engine_run(&d, OP_TOUCH_WRITE, p, 2 * HUGE, 0x17).signal, 0);
	for (size_t i = 0; i < 2 * HUGE; i += PAGE)
		CHECK_EQ(((unsigned char *)p)[i], 0x17);
	device_stop(&d);
}

/* Fault back; and /proc/self/pagemap says what the pages are meanwhile: swapped, not present. */
TEST_BOTH(migrate_anon_huge_fault)
{
	struct device d;
	uint64_t *p = memory_map(2 * HUGE, true), entry;
	int pagemap = open("/proc/self/pagemap", O_RDONLY);

	start_with(&d, large);
	memory_fill(p, 2 * HUGE, 0);
	device_migrate_all(&d, p, 2 * HUGE);
	CHECK_EQ(pread(pagemap, &entry, 8, (off_t)((uintptr_t)p / PAGE * 8)), 8);
	CHECK(entry >> 62 & 1);				/* PM_SWAP */
	CHECK(!(entry >> 63));				/* not PM_PRESENT */
	CHECK_EQ(p[512 * 300 + 5], 512 * 300 + 5);	/* one in the middle */
	CHECK_EQ(memory_check(p, 2 * HUGE, 0, 0), -1);
	device_stop(&d);
}

TEST_BOTH(migrate_partial_unmap_fault)
{
	struct device d;

	start_with(&d, large);
	for (int huge = 0; huge < 2; huge++) {
		for (int part = 0; part < 3; part++) {
			static const size_t offsets[] = { 0, HUGE / 4, HUGE / 2 };
			char *p = memory_map(HUGE, huge);
			uint64_t *q = (uint64_t *)p;

			memory_fill(p, HUGE, 0);
			device_migrate_all(&d, p, HUGE);
			CHECK_OK(munmap(p + offsets[part], HUGE / 2));
			for (size_t i = 0; i < HUGE; i += PAGE) {
				bool hole = i >= offsets[part] && i < offsets[part] + HUGE / 2;

				if (hole) {
					if (i % (64 * PAGE) == 0)
						CHECK_EQ(engine_run(&d, OP_READ, p + i, 8, 0).signal, SIGSEGV);
				} else {
					if (i % (16 * PAGE) == 0)
						CHECK_EQ(engine_read(&d, p + i), i / 8);
					CHECK_EQ(*(volatile uint64_t *)&q[i / 8], i / 8);
				}
			}
			munmap(p, HUGE);
			CHECK_EQ(device_stat(&d, HMMCL_STAT_DEVMEM_USED_PAGES), 0);
		}
	}
	device_stop(&d);
}

TEST_BOTH(migrate_remap_fault)
{
	struct device d;

	start_with(&d, large);
	for (int kind = 0; kind < 24; kind++) {
		bool before = kind & 1, dontunmap = kind & 2, huge = kind & 4;
		size_t offset = (size_t)(kind / 8) * (HUGE / 4);	/* 0, 512 KiB, 1 MiB */
		char *p = memory_map(HUGE, huge), *to = memory_map(2 * HUGE, huge), *q;

		memory_fill(p, HUGE, 0);
		if (!before)
			device_migrate_all(&d, p, HUGE);
		q = mremap(p, HUGE, HUGE, MREMAP_MAYMOVE | MREMAP_FIXED | (dontunmap ? MREMAP_DONTUNMAP : 0),
			   to + offset);
		CHECK(q == to + offset);
		if (before)
			device_migrate_all(&d, q, HUGE);
		CHECK_EQ(engine_read(&d, q + PAGE), PAGE / 8);
		CHECK_EQ(engine_run(&d, OP_XOR, q, HUGE, 0x55).signal, 0);
		CHECK_EQ(memory_check(q, HUGE, 0, 0x55), -1);
		munmap(to, 2 * HUGE);
		munmap(p, HUGE);
	}
	device_stop(&d);
}

/* No 2 MiB of device memory to be had, or of system memory on the way back: it splits and works. */
TEST_BOTH(migrate_anon_huge_err)
{
	struct device d;
	uint64_t *p = memory_map(2 * HUGE, true);

	start_with(&d, large);
	memory_fill(p, 2 * HUGE, 0);
	device_inject(&d, HMMCL_INJECT_DEVMEM_HUGE, 1);
	device_migrate_all(&d, p, 2 * HUGE);
	CHECK_EQ(engine_run(&d, OP_XOR, p, 2 * HUGE, 1).signal, 0);
	device_inject(&d, HMMCL_INJECT_SYSMEM_HUGE, 4);
	CHECK_EQ(memory_check(p, 2 * HUGE, 0, 1), -1);
	device_inject(&d, HMMCL_INJECT_SYSMEM_HUGE, 0);
	device_inject(&d, HMMCL_INJECT_DEVMEM_HUGE, 0);
	device_stop(&d);
}

TEST_BOTH(migrate_anon_huge_zero_err)
{
	struct device d;
	uint64_t *p = memory_map(2 * HUGE, true);

	start_with(&d, large);
	CHECK_EQ(*(volatile uint64_t *)p, 0);
	device_inject(&d, HMMCL_INJECT_DEVMEM_HUGE, 1);
	device_migrate_all(&d, p, 2 * HUGE);
	device_inject(&d, HMMCL_INJECT_SYSMEM_HUGE, 4);
	CHECK_EQ(memory_check(p, PAGE, 0, 0), 1);	/* all zero: the second u64 is not 1 */
	for (size_t i = 0; i < 2 * HUGE / 8; i += 512)
		CHECK_EQ(p[i], 0);
	device_inject(&d, HMMCL_INJECT_SYSMEM_HUGE, 0);
	device_inject(&d, HMMCL_INJECT_DEVMEM_HUGE, 0);
	device_stop(&d);
}

/*
 * Nothing is mapped there, and pages moved away by mremap() still use 100 of the block that
 * belongs to these 2 MiB: there is room elsewhere.
 */
TEST_BOTH(migrate_after_mremap)
{
	struct device d;
	char *p = memory_map(HUGE, true), *moved = memory_map(HUGE, true);
	struct drm_hmmcl_migrate m;

	start_with(&d, large);
	device_migrate_all(&d, p, 100 * PAGE);
	CHECK(mremap(p, HUGE, HUGE, MREMAP_MAYMOVE | MREMAP_FIXED, moved) == moved);
	CHECK(mmap(p, HUGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == p);
	CHECK_OK(madvise(p, HUGE, MADV_HUGEPAGE));
	m = device_migrate(&d, p, HUGE, HMMCL_MIGRATE_TO_DEVICE);
	CHECK_EQ(m.pages_moved, 512);
	CHECK_EQ(engine_run(&d, OP_XOR, p, HUGE, 0x21).signal, 0);
	for (size_t i = 0; i < HUGE / 8; i += 512)
		CHECK_EQ(((volatile uint64_t *)p)[i], 0x21);
	CHECK_EQ(engine_read(&d, moved), 0);
	device_stop(&d);
}

/* Device memory runs out for a moment: the migration may be partial, never wrong. */
TEST(migrate_alloc_failure)
{
	struct device d;
	uint64_t *p = memory_map(HUGE, false);

	device_start(&d);
	memory_fill(p, HUGE, 0);
	device_inject(&d, HMMCL_INJECT_DEVMEM_ALLOC, 100);
	device_migrate(&d, p, HUGE, HMMCL_MIGRATE_TO_DEVICE);
	device_inject(&d, HMMCL_INJECT_DEVMEM_ALLOC, 0);
	CHECK_EQ(engine_run(&d, OP_XOR, p, HUGE, 6).signal, 0);
	CHECK_EQ(memory_check(p, HUGE, 0, 6), -1);
	device_stop(&d);
}

/* Validations that fail again and again: the fault still ends, with the right page. */
TEST(sequence_retries)
{
	struct device d;
	uint64_t *p = memory_map(HUGE, false);

	device_start(&d);
	memory_fill(p, HUGE, 0);
	device_inject(&d, HMMCL_INJECT_SEQ_RETRY, 40);
	CHECK_EQ(engine_run(&d, OP_XOR, p, HUGE, 6).signal, 0);
	device_inject(&d, HMMCL_INJECT_SEQ_RETRY, 0);
	CHECK_EQ(memory_check(p, HUGE, 0, 6), -1);
	device_stop(&d);
}

/*
 * The second case that broke drm_gpusvm's helper: a mapping, and so a range, that starts
 * inside a device-private PMD; each page must be its own, not the folio's head.
 */
TEST_BOTH(range_starts_inside_pmd)
{
	struct device d;
	char *p = memory_map(HUGE, true);

	start_with(&d, large);
	device_policy(&d, large ? HMMCL_POLICY_LARGE_FOLIOS : 0, 16);
	memory_fill(p, HUGE, 0);
	device_migrate_all(&d, p, HUGE);
	/* The first touch falls in the middle: the batch starts inside the PMD. */
	for (size_t page = 37; page < 512; page += 41) {
		uint64_t want = page * PAGE / 8;

		CHECK_EQ(device_zap_page(&d, p + page * PAGE), 0);
		CHECK_EQ(engine_read(&d, p + page * PAGE), want);
		engine_write(&d, p + page * PAGE, want + 1);
	}
	for (size_t page = 37; page < 512; page += 41)
		CHECK_EQ(*(volatile uint64_t *)(p + page * PAGE), page * PAGE / 8 + 1);
	device_stop(&d);
}

/* "splitfault" of the design: a large device folio split by DONTNEED, then touched by page. */
TEST_BOTH(split_then_fault)
{
	struct device d;

	start_with(&d, large);
	for (size_t page = 0; page < 512; page += 73) {
		char *p = memory_map(HUGE, true);
		size_t bad = 0;

		memory_fill(p, HUGE, 1);
		device_migrate_all(&d, p, HUGE);
		CHECK_OK(madvise(p + HUGE / 2, PAGE, MADV_DONTNEED));
		(void)*(volatile char *)(p + page * PAGE);
		for (size_t i = 0; i < 512; i++)
			bad += *(volatile uint64_t *)(p + i * PAGE) != i * 512 + 1;
		CHECK_EQ(bad, 1);
		munmap(p, HUGE);
	}
	device_stop(&d);
}
