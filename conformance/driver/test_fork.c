// SPDX-License-Identifier: MIT
/* fork, private and shared, with pages in either memory; and what a child may do. */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "device.h"
#include "harness.h"

#define SIZE (4ul << 20)

struct gate { int fd[2]; };

static void gate_make(struct gate *g)
{
	CHECK_OK(pipe(g->fd));
}

static void gate_open(struct gate *g)
{
	CHECK(write(g->fd[1], "x", 1) == 1);
}

static void gate_pass(struct gate *g)
{
	char c;

	CHECK(read(g->fd[0], &c, 1) == 1);
}

/* The child opens its own context; the device's write copies, the parent sees nothing. */
TEST(anon_write_child)
{
	uint64_t *p = memory_map(SIZE, false);
	pid_t pid;

	memory_fill(p, SIZE, 0);
	pid = fork();
	if (!pid) {
		struct device d;

		device_start(&d);
		CHECK_EQ(engine_run(&d, OP_XOR, p, SIZE, 0xff).signal, 0);
		CHECK_EQ(memory_check(p, SIZE, 0, 0xff), -1);
		device_migrate(&d, p, SIZE, HMMCL_MIGRATE_TO_DEVICE);
		CHECK_EQ(engine_run(&d, OP_XOR, p, SIZE, 0xff00).signal, 0);
		CHECK_EQ(memory_check(p, SIZE, 0, 0xffff), -1);
		device_stop(&d);
		_exit(0);
	}
	CHECK(child_ok(pid));
	CHECK_EQ(memory_check(p, SIZE, 0, 0), -1);
}

TEST(anon_write_child_shared)
{
	uint64_t *p = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pid_t pid;

	memory_fill(p, SIZE, 0);
	pid = fork();
	if (!pid) {
		struct device d;

		device_start(&d);
		CHECK_EQ(engine_run(&d, OP_XOR, p, SIZE, 0xff).signal, 0);
		device_stop(&d);
		_exit(0);
	}
	CHECK(child_ok(pid));
	CHECK_EQ(memory_check(p, SIZE, 0, 0xff), -1);
}

/*
 * "hmm_cow_in_device", and the first of the two cases that broke drm_gpusvm's helper: after
 * fork an engine write to a page that lies on the device must not reach the child.
 */
static void cow_in_device(bool huge, uint32_t policy)
{
	struct device d;
	struct gate go;
	uint64_t *p = memory_map(SIZE, huge);
	pid_t pid;

	gate_make(&go);
	memory_fill(p, SIZE, 0);
	device_start(&d);
	device_policy(&d, policy, 16);
	device_migrate_all(&d, p, SIZE);
	CHECK_EQ(engine_run(&d, OP_TOUCH_READ, p, SIZE, 0).signal, 0);
	pid = fork();
	if (!pid) {
		gate_pass(&go);
		_exit(memory_check(p, SIZE, 0, 0) != -1);
	}
	CHECK_EQ(engine_run(&d, OP_XOR, p, SIZE, 0x5a5a).signal, 0);
	gate_open(&go);
	CHECK(child_ok(pid));
	CHECK_EQ(memory_check(p, SIZE, 0, 0x5a5a), -1);
	device_stop(&d);
}

TEST(hmm_cow_in_device)
{
	cow_in_device(false, 0);
}

TEST(hmm_cow_in_device_pmd)
{
	cow_in_device(true, HMMCL_POLICY_PMD_MAPPINGS);
}

TEST(hmm_cow_in_device_large)
{
	struct device d;

	device_open(&d);
	close(d.drm);
	if (!(d.info.caps & HMMCL_CAP_LARGE_FOLIOS))
		test_skip("large device folios are off (module parameter)");
	cow_in_device(true, HMMCL_POLICY_PMD_MAPPINGS | HMMCL_POLICY_LARGE_FOLIOS);
}

/* The other way round: the child writes first, the engine must see the parent's data. */
TEST(child_writes_device_pages)
{
	struct device d;
	uint64_t *p = memory_map(SIZE, false);
	pid_t pid;

	memory_fill(p, SIZE, 0);
	device_start(&d);
	device_migrate_all(&d, p, SIZE);
	pid = fork();
	if (!pid) {
		memory_fill(p, SIZE, 1000);
		_exit(memory_check(p, SIZE, 1000, 0) != -1);
	}
	CHECK(child_ok(pid));
	CHECK_EQ(engine_read(&d, p + 77), 77);
	CHECK_EQ(engine_run(&d, OP_XOR, p, SIZE, 3).signal, 0);
	CHECK_EQ(memory_check(p, SIZE, 0, 3), -1);
	device_stop(&d);
}

/* "exclusive_cow": fork while the device counts; each side's copy is right. */
TEST(exclusive_cow)
{
	struct device d;
	uint64_t *p = memory_map(PAGE, false);

	device_start(&d);
	*p = 0;
	engine_post(&d, 0, OP_ADD, p, 100000, 1);
	for (int i = 0; i < 30; i++) {
		pid_t pid = fork();

		if (!pid) {
			uint64_t before = *(volatile uint64_t *)p;

			usleep(500);
			_exit(*(volatile uint64_t *)p != before);
		}
		CHECK(pid > 0);
		__atomic_fetch_add(p, 1, __ATOMIC_SEQ_CST);
		CHECK(child_ok(pid));
	}
	CHECK_EQ(engine_wait(&d, 0).signal, 0);
	CHECK_EQ(*(volatile uint64_t *)p, 100030);
	device_stop(&d);
}

/* A child that inherited the render node's file is told so. */
static void use_inherited(void *arg)
{
	struct device *d = arg;
	struct drm_hmmcl_migrate m = { .addr = 0x100000, .length = PAGE };
	struct drm_hmmcl_engine_create e = { 0 };
	struct drm_hmmcl_bind b = { .version_major = HMMCL_DRM_MAJOR };

	CHECK_ERRNO(device_ioctl(d->drm, DRM_IOCTL_HMMCL_MIGRATE, &m), ECHILD);
	CHECK_ERRNO(device_ioctl(d->drm, DRM_IOCTL_HMMCL_ENGINE_CREATE, &e), ECHILD);
	CHECK(device_ioctl(d->drm, DRM_IOCTL_HMMCL_BIND, &b) < 0);
}

TEST(inherited_file)
{
	struct device d;
	uint64_t v = 3;

	device_start(&d);
	CHECK_EQ(in_child(use_inherited, &d), 0);
	CHECK_EQ(engine_read(&d, &v), 3);
	device_stop(&d);
}

/* A child that lives on with the inherited file keeps neither engine nor memory of its parent. */
TEST(child_outlives_parent)
{
	struct gate parent_gone;
	uint64_t pages;
	pid_t parent;
	int status;

	gate_make(&parent_gone);
	parent = fork();
	if (!parent) {
		struct device d;
		uint64_t *p = memory_map(SIZE, false);

		device_start(&d);
		memory_fill(p, SIZE, 0);
		device_migrate_all(&d, p, SIZE);
		if (!fork()) {
			gate_pass(&parent_gone);
			_exit(memory_check(p, SIZE, 0, 0) != -1);
		}
		_exit(0);
	}
	CHECK(waitpid(parent, &status, 0) == parent);
	CHECK_EQ(status, 0);
	gate_open(&parent_gone);
	for (int i = 0; i < 500; i++) {
		CHECK(device_pages_in_use(&pages));
		if (!pages)
			return;
		usleep(10000);
	}
	CHECK_EQ(pages, 0);
}

TEST_TIMEOUT(fork_storm, 120)
{
	struct device d;
	uint64_t *p = memory_map(SIZE, false);

	device_start(&d);
	memory_fill(p, SIZE, 0);
	for (uint64_t i = 0; i < 2 * test_rounds(20); i++) {
		pid_t pid;

		if (i & 1)
			device_migrate(&d, p, SIZE, HMMCL_MIGRATE_TO_DEVICE);
		engine_post(&d, 0, OP_XOR, p, SIZE, 1);
		pid = fork();
		if (!pid) {
			volatile uint64_t *q = p;

			for (size_t k = 0; k < SIZE / 8; k += 512)
				if ((q[k] & ~1ull) != (k & ~1ull))
					_exit(1);
			_exit(0);
		}
		CHECK(pid > 0);
		CHECK_EQ(engine_wait(&d, 0).signal, 0);
		CHECK(child_ok(pid));
	}
	CHECK_EQ(memory_check(p, SIZE, 0, 0), -1);
	device_stop(&d);
}
