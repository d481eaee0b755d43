// SPDX-License-Identifier: MIT
/* Each field of each ioctl, wrong: refused with the errno that the header names. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "device.h"
#include "harness.h"

TEST(bind_arguments)
{
	int fd = device_open_node();
	struct drm_hmmcl_bind b, good = { .version_major = HMMCL_DRM_MAJOR };
	struct drm_hmmcl_migrate m = { .addr = 0x100000, .length = PAGE };

	CHECK_OK(fd);
	CHECK_ERRNO(device_ioctl(fd, DRM_IOCTL_HMMCL_MIGRATE, &m), ENOTCONN);
	b = good;
	b.version_major++;
	CHECK_ERRNO(device_ioctl(fd, DRM_IOCTL_HMMCL_BIND, &b), EPROTONOSUPPORT);
	CHECK_EQ(b.version_major, HMMCL_DRM_MAJOR);
	b = good;
	b.version_minor = 1000;
	CHECK_ERRNO(device_ioctl(fd, DRM_IOCTL_HMMCL_BIND, &b), EPROTONOSUPPORT);
	b = good;
	b.flags = 1ull << 63;
	CHECK_ERRNO(device_ioctl(fd, DRM_IOCTL_HMMCL_BIND, &b), EINVAL);
	b = good;
	b.reserved[1] = 1;
	CHECK_ERRNO(device_ioctl(fd, DRM_IOCTL_HMMCL_BIND, &b), EINVAL);
	b = good;
	CHECK_OK(device_ioctl(fd, DRM_IOCTL_HMMCL_BIND, &b));
	b = good;
	CHECK_ERRNO(device_ioctl(fd, DRM_IOCTL_HMMCL_BIND, &b), EBUSY);
	CHECK_ERRNO(ioctl(fd, DRM_IOW(DRM_COMMAND_BASE + 0x50, int), &b), EINVAL);
	close(fd);
}

static const uint64_t bad_addresses[] = {
	1, PAGE + 8, 0x0100000000000000, 0xffff800000000000, 0xfffffffffffff000,
};

TEST(range_arguments)
{
	struct device d;
	char *p = memory_map(4 * PAGE, false);
	uint32_t states[4];

	device_open(&d);
	for (size_t i = 0; i < sizeof(bad_addresses) / sizeof(bad_addresses[0]); i++) {
		struct drm_hmmcl_migrate m = { .addr = bad_addresses[i], .length = PAGE };
		struct drm_hmmcl_zap z = { .addr = bad_addresses[i], .length = PAGE };
		struct drm_hmmcl_snapshot s = {
			.addr = bad_addresses[i], .length = PAGE, .states = (uintptr_t)states,
		};

		CHECK_ERRNO(device_ioctl(d.drm, DRM_IOCTL_HMMCL_MIGRATE, &m), EINVAL);
		CHECK_ERRNO(device_ioctl(d.drm, DRM_IOCTL_HMMCL_ZAP, &z), EINVAL);
		CHECK_ERRNO(device_ioctl(d.drm, DRM_IOCTL_HMMCL_SNAPSHOT, &s), EINVAL);
	}
	for (int i = 0; i < 4; i++) {
		static const uint64_t lengths[] = { 0, 1, PAGE + 1, ~0ull & ~(PAGE - 1) };
		struct drm_hmmcl_migrate m = { .addr = (uintptr_t)p, .length = lengths[i] };
		struct drm_hmmcl_zap z = { .addr = (uintptr_t)p, .length = lengths[i] };

		CHECK_ERRNO(device_ioctl(d.drm, DRM_IOCTL_HMMCL_MIGRATE, &m), EINVAL);
		CHECK_ERRNO(device_ioctl(d.drm, DRM_IOCTL_HMMCL_ZAP, &z), EINVAL);
	}
	close(d.drm);
}

TEST(migrate_arguments)
{
	struct device d;
	char *p = memory_map(4 * PAGE, false);
	struct drm_hmmcl_migrate good = { .addr = (uintptr_t)p, .length = PAGE, .destination = 1 }, m;

	device_open(&d);
	m = good;
	m.destination = 2;
	CHECK_ERRNO(device_ioctl(d.drm, DRM_IOCTL_HMMCL_MIGRATE, &m), EINVAL);
	m = good;
	m.flags = 1;
	CHECK_ERRNO(device_ioctl(d.drm, DRM_IOCTL_HMMCL_MIGRATE, &m), EINVAL);
	m = good;
	m.reserved = 1;
	CHECK_ERRNO(device_ioctl(d.drm, DRM_IOCTL_HMMCL_MIGRATE, &m), EINVAL);
	m = good;
	CHECK_OK(device_ioctl(d.drm, DRM_IOCTL_HMMCL_MIGRATE, &m));
	close(d.drm);
}

TEST(engine_create_arguments)
{
	struct device d;
	struct drm_hmmcl_engine_create e;

	device_open(&d);
	e = (struct drm_hmmcl_engine_create){ .fd_flags = O_NONBLOCK };
	CHECK_ERRNO(device_ioctl(d.drm, DRM_IOCTL_HMMCL_ENGINE_CREATE, &e), EINVAL);
	e = (struct drm_hmmcl_engine_create){ .pad = 1 };
	CHECK_ERRNO(device_ioctl(d.drm, DRM_IOCTL_HMMCL_ENGINE_CREATE, &e), EINVAL);
	e = (struct drm_hmmcl_engine_create){ .reserved = 1 };
	CHECK_ERRNO(device_ioctl(d.drm, DRM_IOCTL_HMMCL_ENGINE_CREATE, &e), EINVAL);
	e = (struct drm_hmmcl_engine_create){ .fd_flags = O_CLOEXEC };
	CHECK_OK(device_ioctl(d.drm, DRM_IOCTL_HMMCL_ENGINE_CREATE, &e));
	CHECK(fcntl(e.fd, F_GETFD) & FD_CLOEXEC);
	close(e.fd);
	close(d.drm);
}

TEST(engine_mmap_arguments)
{
	char *where = (char *)0x500000000000;
	struct device d;
	struct drm_hmmcl_engine_create e = { 0 };
	pid_t pid;

	device_open(&d);
	CHECK_OK(device_ioctl(d.drm, DRM_IOCTL_HMMCL_ENGINE_CREATE, &e));
	pid = fork();
	if (!pid) {
		int rw = PROT_READ | PROT_WRITE;

		CHECK(mmap(where, PAGE, rw, MAP_PRIVATE | MAP_FIXED, e.fd, (off_t)where) == MAP_FAILED);
		CHECK(errno == EINVAL || errno == EACCES);
		CHECK(mmap(where, PAGE, rw, MAP_SHARED | MAP_FIXED, e.fd, (off_t)where + PAGE) == MAP_FAILED);
		CHECK_EQ(errno, EINVAL);
		CHECK(mmap(where, PAGE, rw | PROT_EXEC, MAP_SHARED | MAP_FIXED, e.fd, (off_t)where) == MAP_FAILED);
		CHECK(errno == EPERM || errno == EACCES);	/* EPERM: the core's, for a noexec file */
		CHECK(mmap(where, PAGE, rw, MAP_SHARED | MAP_FIXED, e.fd, (off_t)where) == where);
		CHECK(mprotect(where, PAGE, PROT_READ | PROT_EXEC) < 0);
		_exit(0);
	}
	CHECK(child_ok(pid));
	/* The render node itself is not to be mapped. */
	CHECK(mmap(where, PAGE, PROT_READ, MAP_SHARED | MAP_FIXED, d.drm, (off_t)where) == MAP_FAILED);
	close(d.drm);
}

TEST(policy_arguments)
{
	struct device d;
	struct drm_hmmcl_policy p;
	static const uint32_t bad_batches[] = { 0, 3, 513, 1024, 0x80000000 };

	device_open(&d);
	p = (struct drm_hmmcl_policy){ 0 };
	CHECK_OK(device_ioctl(d.drm, DRM_IOCTL_HMMCL_POLICY, &p));
	CHECK(p.fault_batch >= 1 && p.fault_batch <= 512);
	p = (struct drm_hmmcl_policy){ .set = 1u << 31 };
	CHECK_ERRNO(device_ioctl(d.drm, DRM_IOCTL_HMMCL_POLICY, &p), EINVAL);
	p = (struct drm_hmmcl_policy){ .set = HMMCL_POLICY_SET_FLAGS, .flags = 1u << 30 };
	CHECK_ERRNO(device_ioctl(d.drm, DRM_IOCTL_HMMCL_POLICY, &p), EINVAL);
	p = (struct drm_hmmcl_policy){ .reserved = { 0, 1 } };
	CHECK_ERRNO(device_ioctl(d.drm, DRM_IOCTL_HMMCL_POLICY, &p), EINVAL);
	for (size_t i = 0; i < sizeof(bad_batches) / sizeof(bad_batches[0]); i++) {
		p = (struct drm_hmmcl_policy){ .set = HMMCL_POLICY_SET_FAULT_BATCH, .fault_batch = bad_batches[i] };
		CHECK_ERRNO(device_ioctl(d.drm, DRM_IOCTL_HMMCL_POLICY, &p), EINVAL);
	}
	close(d.drm);
}

TEST(stats_arguments)
{
	struct device d;
	uint64_t c[HMMCL_STAT_COUNT + 8];
	struct drm_hmmcl_stats s;

	device_open(&d);
	s = (struct drm_hmmcl_stats){ .counters = (uintptr_t)c, .count = 1, .flags = 1 };
	CHECK_ERRNO(device_ioctl(d.drm, DRM_IOCTL_HMMCL_STATS, &s), EINVAL);
	s = (struct drm_hmmcl_stats){ .counters = 8, .count = 1 };
	CHECK_ERRNO(device_ioctl(d.drm, DRM_IOCTL_HMMCL_STATS, &s), EFAULT);
	memset(c, 0xee, sizeof(c));
	s = (struct drm_hmmcl_stats){ .counters = (uintptr_t)c, .count = HMMCL_STAT_COUNT + 8 };
	CHECK_OK(device_ioctl(d.drm, DRM_IOCTL_HMMCL_STATS, &s));
	CHECK_EQ(s.count, HMMCL_STAT_COUNT);
	CHECK_EQ(c[HMMCL_STAT_COUNT], 0xeeeeeeeeeeeeeeee);
	CHECK_EQ(c[HMMCL_STAT_DEVMEM_TOTAL_PAGES] * PAGE, d.info.devmem_bytes);
	memset(c, 0xee, sizeof(c));
	s = (struct drm_hmmcl_stats){ .counters = (uintptr_t)c, .count = 1 };
	CHECK_OK(device_ioctl(d.drm, DRM_IOCTL_HMMCL_STATS, &s));
	CHECK_EQ(c[1], 0xeeeeeeeeeeeeeeee);
	close(d.drm);
}

/* Random bytes in every ioctl: any answer, no harm (the kernel's log says whether there was). */
TEST_TIMEOUT(fuzz_ioctls, 60)
{
	struct device d;
	unsigned int seed = 7;
	char *p = memory_map(64 * PAGE, false);

	memset(p, 1, 64 * PAGE);
	device_open(&d);
	for (unsigned int i = 0; i < test_rounds(20000); i++) {
		unsigned char arg[256];
		unsigned int nr = (unsigned int)rand_r(&seed) % 9;
		unsigned int size = (unsigned int)rand_r(&seed) % 120;

		for (size_t k = 0; k < sizeof(arg); k++)
			arg[k] = rand_r(&seed) % 3 ? 0 : (unsigned char)rand_r(&seed);
		if (rand_r(&seed) % 2) {
			uint64_t addr = (uintptr_t)p + PAGE * (unsigned int)(rand_r(&seed) % 64);
			uint64_t length = PAGE * (unsigned int)(rand_r(&seed) % 64);

			memcpy(arg, &addr, 8);
			memcpy(arg + 8, &length, 8);
		}
		if (ioctl(d.drm, _IOC(_IOC_READ | _IOC_WRITE, 'd', DRM_COMMAND_BASE + nr, size), arg) == 0 &&
		    nr == DRM_HMMCL_ENGINE_CREATE) {
			struct drm_hmmcl_engine_create *e = (void *)arg;

			close(e->fd);
		}
		/* Engine events of those: do not let them pile up. */
		if (i % 64 == 0) {
			int flags = fcntl(d.drm, F_GETFL);

			fcntl(d.drm, F_SETFL, flags | O_NONBLOCK);
			while (read(d.drm, arg, sizeof(arg)) > 0)
				;
			fcntl(d.drm, F_SETFL, flags);
		}
	}
	close(d.drm);
}

/* fdinfo: the keys of drm-usage-stats, with resident memory by region. */
TEST(fdinfo)
{
	struct device d;
	char path[64], line[256];
	uint64_t *p = memory_map(64 * PAGE, false);
	unsigned long long resident = 0;
	bool driver = false;
	FILE *f;

	device_start(&d);
	memory_fill(p, 64 * PAGE, 0);
	device_migrate_all(&d, p, 64 * PAGE);
	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", d.drm);
	f = fopen(path, "r");
	CHECK(f);
	while (fgets(line, sizeof(line), f)) {
		unsigned long long n;
		char unit[16] = "";

		if (!strncmp(line, "drm-driver:", 11) && strstr(line, "hmmcl"))
			driver = true;
		if (sscanf(line, "drm-resident-device: %llu %15s", &n, unit) >= 1)
			resident = !strcmp(unit, "KiB") ? n << 10 : !strcmp(unit, "MiB") ? n << 20 : n;
	}
	fclose(f);
	CHECK(driver);
	CHECK_EQ(resident, 64 * PAGE);
	device_stop(&d);
}
