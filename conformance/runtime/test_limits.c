// SPDX-License-Identifier: MIT
/* A process short of descriptors, threads or memory: a code, and a line that says which limit. */
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "runtime.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED true		/* what needs memory and threads of its own, and gives up without */
#else
#define SANITIZED false
#endif

static void limit(int resource, rlim_t value)
{
	struct rlimit limit;

	getrlimit(resource, &limit);
	limit.rlim_cur = value;
	if (setrlimit(resource, &limit))
		_exit(100);
}

static void no_files(void)
{
	limit(RLIMIT_NOFILE, 64);
	while (open("/dev/null", O_RDONLY | O_CLOEXEC) >= 0)
		;
}

static void no_addresses(void)
{
	limit(RLIMIT_AS, 1 << 30);
}

static void no_memory(void)
{
	limit(RLIMIT_DATA, 8 << 20);
}

static void no_large_files(void)
{
	limit(RLIMIT_FSIZE, 4096);
}

static void no_threads(void)
{
	limit(RLIMIT_NPROC, 0);
	/* The limit is not root's. */
	if (!geteuid() && setuid(65534))
		_exit(101);
}

/* In a child: exits with 0 when a context cannot be had, and the code is as it should be. */
static void try_context(cl_device_id device)
{
	cl_int error = CL_SUCCESS;
	cl_context context = clCreateContext(NULL, 1, &device, NULL, NULL, &error);

	if (context)
		_exit(1);
	_exit(error == CL_DEVICE_NOT_AVAILABLE ? 0 : 2);
}

/* @hint: what the line on stderr must say. */
static void refused(void (*starve)(void), const char *hint)
{
	char lines[4096] = "";
	size_t length = 0;
	int out[2], status;
	ssize_t n;
	pid_t pid;

	assert_int_equal(pipe(out), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (!pid) {
		cl_device_id device;

		dup2(out[1], STDERR_FILENO);
		close(out[0]);
		close(out[1]);
		device = find_device();
		starve();
		try_context(device);
	}
	close(out[1]);
	while ((n = read(out[0], lines + length, sizeof(lines) - 1 - length)) > 0)
		length += (size_t)n;
	close(out[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (status || !strstr(lines, hint))
		fail_msg("status 0x%x, said: %s", status, lines);
}

static void context_is_refused(void **state)
{
	(void)state;
	refused(no_files, "ulimit -n");
	refused(no_large_files, "ulimit -f");
	if (SANITIZED)
		return;
	refused(no_addresses, "ulimit -v");
	refused(no_memory, "memory (ulimit");
	refused(no_threads, "ulimit -u");
}

/* Eight descriptors are enough for everything, a build included. */
static void eight_files_suffice(void **state)
{
	int status;
	pid_t pid = fork();

	(void)state;
	assert_true(pid >= 0);
	if (!pid) {
		static const char *source = "kernel void one(global int *a) { *a = 1; }";
		cl_device_id device;
		cl_program program;
		cl_context context;
		cl_int error;

		close_range(3, ~0u, 0);
		limit(RLIMIT_NOFILE, 8);
		device = find_device();
		context = clCreateContext(NULL, 1, &device, NULL, NULL, &error);
		program = error ? NULL : clCreateProgramWithSource(context, 1, &source, NULL, &error);
		_exit(!program ? 1 : clBuildProgram(program, 1, &device, "", NULL, NULL) ? 2 : 0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(context_is_refused),
		cmocka_unit_test(eight_files_suffice),
	};

	setenv("HMMCL_LOG", "error", 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
