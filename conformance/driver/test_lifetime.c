// SPDX-License-Identifier: MIT
/* Who ends when: engines, clients, files; killed at any moment; the cycle that must not be. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "device.h"
#include "harness.h"

#define SIZE (4ul << 20)

/* True when the process has gone (or is a zombie) within a few seconds. */
static bool gone_soon(pid_t pid)
{
	for (int i = 0; i < 1000; i++) {
		char path[64], state = 'X';
		FILE *f;

		snprintf(path, sizeof(path), "/proc/%d/stat", pid);
		f = fopen(path, "r");
		if (!f)
			return true;
		if (fscanf(f, "%*d %*[^)]) %c", &state) != 1)
			state = 'X';
		fclose(f);
		if (state == 'Z' || state == 'X')
			return true;
		usleep(5000);
	}
	return false;
}

static struct hmmcl_event_engine read_event(struct device *d)
{
	struct pollfd pfd = { .fd = d->drm, .events = POLLIN };
	struct hmmcl_event_engine e = { 0 };

	CHECK_EQ(poll(&pfd, 1, 5000), 1);
	CHECK_EQ(read(d->drm, &e, sizeof(e)), sizeof(e));
	CHECK_EQ(e.base.type, HMMCL_EVENT_ENGINE_GONE);
	CHECK_EQ(e.base.length, sizeof(e));
	return e;
}

TEST(engine_exit_event)
{
	struct device d;
	struct hmmcl_event_engine e;

	device_start(&d);
	engine_post(&d, 0, OP_EXIT, NULL, 0, 0);
	e = read_event(&d);
	CHECK_EQ(e.reason, HMMCL_ENGINE_EXITED);
	CHECK_EQ(e.user_data, 42);
	CHECK_EQ(e.engine_id, 1);
	CHECK(child_ok(d.engine));
	close(d.drm);
}

/* The engine is killed: the client learns of it, and may start another. */
TEST(engine_killed)
{
	struct device d;
	uint64_t *p = memory_map(SIZE, false);

	device_start(&d);
	memory_fill(p, SIZE, 0);
	device_migrate_all(&d, p, SIZE);
	engine_post(&d, 0, OP_ADD, p, 1ul << 40, 1);
	usleep(10000);
	CHECK_OK(kill(d.engine, SIGKILL));
	read_event(&d);
	CHECK(!child_ok(d.engine));
	CHECK_EQ(memory_check(p + 1, SIZE - 8, 1, 0), -1);
	device_start_engine(&d, 1);
	CHECK_EQ(engine_read(&d, p + 1), 1);
	device_stop(&d);
}

TEST(engine_never_mapped)
{
	struct device d;
	struct drm_hmmcl_engine_create create = { .user_data = 5 };
	struct hmmcl_event_engine e;

	device_open(&d);
	CHECK_OK(device_ioctl(d.drm, DRM_IOCTL_HMMCL_ENGINE_CREATE, &create));
	close(create.fd);
	e = read_event(&d);
	CHECK_EQ(e.reason, HMMCL_ENGINE_NEVER_MAPPED);
	CHECK_EQ(e.user_data, 5);
	close(d.drm);
}

TEST(client_closes_file)
{
	struct device d;
	int status;

	device_start(&d);
	engine_post(&d, 0, OP_ADD, &(uint64_t){ 0 }, 1ul << 40, 1);
	usleep(10000);
	close(d.drm);
	CHECK(waitpid(d.engine, &status, 0) == d.engine);
	CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

/* Starts a client with a busy engine; both ids come back. */
static void start_client(pid_t *client, pid_t *engine, void (*then)(void))
{
	int fds[2];

	CHECK_OK(pipe(fds));
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	*client = fork();
	if (!*client) {
		struct device d;
		static uint64_t counter;

		device_start(&d);
		engine_post(&d, 0, OP_ADD, &counter, 1ul << 40, 1);
		CHECK(write(fds[1], &d.engine, sizeof(d.engine)) == sizeof(d.engine));
		if (then)
			then();
		for (;;)
			pause();
	}
	CHECK(read(fds[0], engine, sizeof(*engine)) == sizeof(*engine));
	close(fds[0]);
	close(fds[1]);
}

TEST(client_killed)
{
	pid_t client, engine;

	start_client(&client, &engine, NULL);
	usleep(10000);
	CHECK_OK(kill(client, SIGKILL));
	CHECK(!child_ok(client));
	CHECK(gone_soon(engine));
}

static void exec_sleep(void)
{
	execl("/bin/sleep", "sleep", "60", NULL);
	_exit(1);
}

TEST(client_execs)
{
	pid_t client, engine;

	start_client(&client, &engine, exec_sleep);
	CHECK(gone_soon(engine));
	CHECK_OK(kill(client, SIGKILL));
	CHECK(!child_ok(client));
}

/*
 * Two processes, each the client of one context, each trying to be the engine of the other's:
 * munmap would recurse through both notifiers until the stack is gone.  The second step is
 * refused, in either order.
 */
TEST(cycle)
{
	char *where = (char *)0x500000000000;
	struct device a;
	struct drm_hmmcl_engine_create ea = { 0 }, eb = { 0 };
	struct drm_hmmcl_bind bind = { .version_major = HMMCL_DRM_MAJOR };
	int drm_b, ready[2], go[2];
	void *m;
	char c;
	pid_t pid;

	device_open(&a);
	CHECK_OK(device_ioctl(a.drm, DRM_IOCTL_HMMCL_ENGINE_CREATE, &ea));
	CHECK_OK(pipe(ready));
	CHECK_OK(pipe(go));
	drm_b = device_open_node();
	CHECK_OK(drm_b);
	pid = fork();
	if (!pid) {
		/* The child: client of b first, then engine of a. */
		CHECK_OK(device_ioctl(drm_b, DRM_IOCTL_HMMCL_BIND, &bind));
		m = mmap(where, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, ea.fd, (off_t)where);
		CHECK(m == MAP_FAILED && errno == EPERM);
		CHECK_OK(device_ioctl(drm_b, DRM_IOCTL_HMMCL_ENGINE_CREATE, &eb));
		/* The client cannot be its own engine either. */
		m = mmap(where, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, eb.fd, (off_t)where);
		CHECK(m == MAP_FAILED && errno == EPERM);
		_exit(0);
	}
	CHECK(child_ok(pid));
	pid = fork();
	if (!pid) {
		/* The other order: engine of a first, then client of b. */
		m = mmap(where, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, ea.fd, (off_t)where);
		CHECK(m == where);
		drm_b = device_open_node();
		CHECK_OK(drm_b);
		CHECK_ERRNO(device_ioctl(drm_b, DRM_IOCTL_HMMCL_BIND, &bind), EPERM);
		CHECK_OK(mprotect(where, SIZE, PROT_READ));
		munmap(where, SIZE);
		CHECK(write(ready[1], "x", 1) == 1);
		_exit(0);
	}
	CHECK(read(ready[0], &c, 1) == 1);
	CHECK(child_ok(pid));
	close(a.drm);
}

/* A second process may not map an engine file that has its engine. */
TEST(one_engine_per_file)
{
	char *where = (char *)0x500000000000;
	struct device d;
	struct drm_hmmcl_engine_create e = { 0 };
	int step[2], go[2];
	char c;
	pid_t first, second;

	device_open(&d);
	CHECK_OK(device_ioctl(d.drm, DRM_IOCTL_HMMCL_ENGINE_CREATE, &e));
	CHECK_OK(pipe(step));
	CHECK_OK(pipe(go));
	first = fork();
	if (!first) {
		CHECK(mmap(where, SIZE, PROT_READ, MAP_SHARED | MAP_FIXED, e.fd, (off_t)where) == where);
		CHECK(write(step[1], "x", 1) == 1);
		CHECK(read(go[0], &c, 1) == 1);
		_exit(0);
	}
	CHECK(read(step[0], &c, 1) == 1);
	second = fork();
	if (!second) {
		CHECK(mmap(where, SIZE, PROT_READ, MAP_SHARED | MAP_FIXED, e.fd, (off_t)where) == MAP_FAILED);
		_exit(errno != EBUSY);
	}
	CHECK(child_ok(second));
	CHECK(write(go[1], "x", 1) == 1);
	CHECK(child_ok(first));
	close(d.drm);
}

/* The engine's mapping is not inherited by its children. */
TEST(engine_forks)
{
	char *where = (char *)0x500000000000;
	struct device d;
	struct drm_hmmcl_engine_create e = { 0 };
	pid_t pid;

	device_open(&d);
	CHECK_OK(device_ioctl(d.drm, DRM_IOCTL_HMMCL_ENGINE_CREATE, &e));
	CHECK(mmap(where, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == where);
	where[0] = 9;
	pid = fork();
	if (!pid) {
		pid_t inner;

		CHECK(mmap(where, SIZE, PROT_READ, MAP_SHARED | MAP_FIXED, e.fd, (off_t)where) == where);
		CHECK_EQ(where[0], 9);
		inner = fork();
		if (!inner) {
			(void)*(volatile char *)where;
			_exit(0);
		}
		_exit(child_ok(inner));		/* it must have died of SIGSEGV */
	}
	CHECK(child_ok(pid));
	close(d.drm);
}

/* Client or engine killed at a random moment, with faults, migrations and forks in flight. */
TEST_TIMEOUT(kill_rounds, 600)
{
	unsigned int rounds = getenv("KILL_ROUNDS") ? (unsigned int)atoi(getenv("KILL_ROUNDS")) :
		test_rounds(100);
	unsigned int seed = 12345;

	prctl(PR_SET_CHILD_SUBREAPER, 1);
	for (unsigned int i = 0; i < rounds; i++) {
		int fds[2], status;
		bool client_first;
		pid_t client, engine;

		CHECK_OK(pipe(fds));
		client = fork();
		if (!client) {
			struct device d;
			uint64_t *p = memory_map(SIZE, i & 1);

			device_start_engine((device_open(&d), &d), 2);
			CHECK(write(fds[1], &d.engine, sizeof(d.engine)) == sizeof(d.engine));
			memory_fill(p, SIZE, 0);
			for (;;) {
				struct result r;
				struct drm_hmmcl_migrate m = {
					.addr = (uintptr_t)p, .length = SIZE, .destination = 1,
				};

				engine_post(&d, 0, OP_XOR, p, SIZE, 1);
				engine_post(&d, 1, OP_TOUCH_READ, p, SIZE, 1);
				if (device_ioctl(d.drm, DRM_IOCTL_HMMCL_MIGRATE, &m))
					_exit(2);
				memory_check(p, SIZE / 4, 0, 0);
				if (!fork())
					_exit(0);
				while (waitpid(-1, NULL, WNOHANG) > 0)
					;
				if (!engine_wait_or_death(&d, 0, &r) || !engine_wait_or_death(&d, 1, &r))
					_exit(3);
			}
		}
		CHECK(read(fds[0], &engine, sizeof(engine)) == sizeof(engine));
		usleep(rand_r(&seed) % 60000);
		client_first = rand_r(&seed) % 2;
		kill(client_first ? client : engine, SIGKILL);
		if (!client_first) {
			usleep(rand_r(&seed) % 5000);
			kill(client, SIGKILL);
		}
		CHECK(waitpid(client, &status, 0) == client);
		CHECK(gone_soon(engine));
		while (waitpid(-1, NULL, WNOHANG) > 0)
			;
		close(fds[0]);
		close(fds[1]);
	}
}
