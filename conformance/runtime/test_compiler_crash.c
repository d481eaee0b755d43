/* SPDX-License-Identifier: MIT */
/*
 * The compiler process when things go wrong: compilers that end, hang or talk nonsense; a compiler that is
 * killed; and what the application sees of it all, which is an error code and a log.
 */
#include "program.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>

static char self[4096];

/* What a broken compiler does with a request: this program, started with --server. */
static int serve(void)
{
	const char *behaviour = getenv("HMMCL_TEST_COMPILER");
	unsigned char message[32], noise[64];
	ssize_t n;

	if (!strcmp(behaviour, "exit"))
		return 3;
	n = recv(3, message, sizeof(message), 0);
	if (n != sizeof(message))
		return 4;
	if (!strcmp(behaviour, "die"))
		raise(SIGKILL);
	if (!strcmp(behaviour, "hang"))
		pause();
	if (!strcmp(behaviour, "slow"))		/* more than twice HMMCL_BUILD_TIMEOUT, less than five times */
		sleep(15);
	if (!strcmp(behaviour, "noise") || !strcmp(behaviour, "slow")) {
		memset(noise, 0x5a, sizeof(noise));
		send(3, noise, sizeof(noise), MSG_NOSIGNAL);
	}
	if (!strcmp(behaviour, "short"))
		send(3, message, 5, MSG_NOSIGNAL);
	if (!strcmp(behaviour, "no payload"))	/* the request as the reply */
		send(3, message, sizeof(message), MSG_NOSIGNAL);
	if (!strcmp(behaviour, "bad payload")) {
		char control[CMSG_SPACE(sizeof(int))] = { 0 };
		struct iovec iov = { message, sizeof(message) };
		struct msghdr header = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control,
					 .msg_controllen = sizeof(control) };
		struct cmsghdr *cmsg = CMSG_FIRSTHDR(&header);
		int file = memfd_create("reply", 0);
		uint64_t huge = UINT64_MAX - 3;

		(void)!write(file, &huge, sizeof(huge));
		cmsg->cmsg_level = SOL_SOCKET;
		cmsg->cmsg_type = SCM_RIGHTS;
		cmsg->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(cmsg), &file, sizeof(int));
		sendmsg(3, &header, MSG_NOSIGNAL);
	}
	recv(3, message, sizeof(message), 0);	/* until the socket ends */
	return 0;
}

static const char source[] = "kernel void k(global int *p) { *p = 77; }";

static cl_int build(cl_context context, const char *options, char *log, size_t size)
{
	cl_program program = new_program(context, source);
	cl_int error = clBuildProgram(program, 0, NULL, options, NULL, NULL);

	if (log) {
		OK(clGetProgramBuildInfo(program, find_device(), CL_PROGRAM_BUILD_LOG, size, log, NULL));
		assert_int_equal(build_status(program), error ? CL_BUILD_ERROR : CL_BUILD_SUCCESS);
	}
	OK(clReleaseProgram(program));
	return error;
}

/* Nothing for the application's wait() to find, alive or dead. */
static void assert_no_children(void)
{
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
}

static volatile sig_atomic_t child_signals;

static void on_child(int signal)
{
	(void)signal;
	child_signals++;
}

static void broken(void *data)
{
	struct sigaction action = { .sa_handler = on_child };
	cl_context context;
	char log[2048];

	setenv("HMMCL_TEST_COMPILER", data, 1);
	setenv("HMMCL_COMPILER", self, 1);
	setenv("HMMCL_CACHE_DIR", "", 1);
	setenv("HMMCL_BUILD_TIMEOUT", "1", 1);
	sigaction(SIGCHLD, &action, NULL);
	context = new_context();
	assert_cl(build(context, NULL, log, sizeof(log)), CL_BUILD_PROGRAM_FAILURE);
	assert_true(strlen(log) > 20);
	/* The next one is a new attempt, with a new compiler. */
	if (strcmp(data, "hang"))
		assert_cl(build(context, NULL, log, sizeof(log)), CL_BUILD_PROGRAM_FAILURE);
	assert_no_children();
	assert_int_equal(child_signals, 0);
	OK(clReleaseContext(context));
}

static void test_broken_compilers(void **state)
{
	static const char *const behaviours[] = { "exit", "die", "noise", "short", "no payload",
						  "bad payload", "hang" };

	(void)state;
	for (size_t i = 0; i < COUNT(behaviours); i++)
		in_process(broken, (void *)behaviours[i]);
}

static void missing(void *data)
{
	cl_context context;

	setenv("HMMCL_COMPILER", data, 1);
	setenv("HMMCL_CACHE_DIR", "", 1);
	context = new_context();
	assert_cl(build(context, NULL, NULL, 0), CL_COMPILER_NOT_AVAILABLE);
	assert_no_children();
	OK(clReleaseContext(context));
}

/* A file that can be executed as far as one can see. */
static void not_a_program(void *data)
{
	char path[] = "/tmp/hmmcl-test-XXXXXX";
	int file = mkstemp(path);
	cl_context context;
	char log[1024];

	(void)data;
	assert_int_equal(write(file, "nonsense", 8), 8);
	fchmod(file, 0755);
	close(file);
	setenv("HMMCL_COMPILER", path, 1);
	setenv("HMMCL_CACHE_DIR", "", 1);
	context = new_context();
	assert_cl(build(context, NULL, log, sizeof(log)), CL_BUILD_PROGRAM_FAILURE);
	assert_no_children();
	unlink(path);
	OK(clReleaseContext(context));
}

/*
 * On a busy machine a build takes more seconds than it has of processor time.  What a compiler says
 * within the server's limit is heard, also when it is nonsense; a server that hangs ends meanwhile.
 */
static void slow(void *data)
{
	cl_context context;
	char log[2048];

	(void)data;
	setenv("HMMCL_TEST_COMPILER", "slow", 1);
	setenv("HMMCL_COMPILER", self, 1);
	setenv("HMMCL_CACHE_DIR", "", 1);
	setenv("HMMCL_BUILD_TIMEOUT", "2", 1);
	context = new_context();
	assert_cl(build(context, NULL, log, sizeof(log)), CL_BUILD_PROGRAM_FAILURE);
	assert_null(strstr(log, "HMMCL_BUILD_TIMEOUT"));
	OK(clReleaseContext(context));
}

static void test_slow_compiler(void **state)
{
	(void)state;
	in_process(slow, NULL);
}

static void test_no_compiler(void **state)
{
	(void)state;
	in_process(missing, "/no/such/file");
	in_process(missing, "/tmp");
	in_process(not_a_program, NULL);
}

/* The pid of this process's server: of that name, with this process's mark in its environment. */
static pid_t find_server(const char *name)
{
	DIR *proc = opendir("/proc");
	struct dirent *entry;
	pid_t found = 0;

	while ((entry = readdir(proc)) && !found) {
		char path[300], text[64] = "", environment[65536];
		char mark[64];
		ssize_t n = 0;
		FILE *file;

		snprintf(path, sizeof(path), "/proc/%s/comm", entry->d_name);
		file = fopen(path, "r");
		if (!file)
			continue;
		if (!fgets(text, sizeof(text), file))
			text[0] = 0;
		fclose(file);
		if (strncmp(text, name, strlen(name)))
			continue;
		snprintf(path, sizeof(path), "/proc/%s/environ", entry->d_name);
		file = fopen(path, "r");
		if (!file)
			continue;
		n = fread(environment, 1, sizeof(environment), file);
		fclose(file);
		snprintf(mark, sizeof(mark), "HMMCL_TEST_MARK=%d", (int)getpid());
		if (n > 0 && memmem(environment, n, mark, strlen(mark) + 1))
			found = atoi(entry->d_name);
	}
	closedir(proc);
	return found;
}

/* Until the process has closed what it had open: it is gone, or somebody has yet to ask how it ended. */
static void await_end(pid_t pid)
{
	char path[64], state = 0;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	for (int i = 0; i < 4000; i++) {
		FILE *file = fopen(path, "r");

		if (!file)
			return;
		if (fscanf(file, "%*d (%*[^)]) %c", &state) != 1)
			state = 0;
		fclose(file);
		if (state == 'Z' || state == 'X')
			return;
		sleep_ms(5);
	}
	fail_msg("process %d does not end", (int)pid);
}

static void mark_process(void)
{
	char number[16];

	snprintf(number, sizeof(number), "%d", (int)getpid());
	setenv("HMMCL_TEST_MARK", number, 1);
	setenv("HMMCL_CACHE_DIR", "", 1);
}

/* A server that somebody killed while it had nothing to do is replaced, and nobody notices. */
static void killed_while_idle(void *data)
{
	struct sigaction action = { .sa_handler = on_child };
	cl_context context;
	pid_t server;

	(void)data;
	mark_process();
	sigaction(SIGCHLD, &action, NULL);
	context = new_context();
	OK(build(context, NULL, NULL, 0));
	server = find_server("hmmclc");
	assert_true(server > 0);
	kill(server, SIGKILL);
	await_end(server);
	OK(build(context, "-D AGAIN", NULL, 0));
	assert_true(find_server("hmmclc") > 0);
	assert_no_children();
	assert_int_equal(child_signals, 0);

	/* It ends when it is unloaded, and comes back when it is needed. */
	server = find_server("hmmclc");
	OK(clUnloadPlatformCompiler(find_platform()));
	await_end(server);
	OK(build(context, "-D ONCE_MORE", NULL, 0));
	OK(clReleaseContext(context));
}

static void test_killed(void **state)
{
	(void)state;
	in_process(killed_while_idle, NULL);
}

/* The server ends with the process that started it. */
static void leave_server(void *data)
{
	cl_context context;

	mark_process();
	*(pid_t *)data = 0;
	context = new_context();
	OK(build(context, NULL, NULL, 0));
	*(pid_t *)data = find_server("hmmclc");
	_exit(0);
}

static void test_ends_with_application(void **state)
{
	pid_t *server = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	(void)state;
	assert_true(server != MAP_FAILED);
	in_process(leave_server, server);
	assert_true(*server > 0);
	await_end(*server);
	munmap(server, 4096);
}

/* After fork(), parent and child each have a compiler. */
static void fork_after_build(void *data)
{
	cl_context context;
	int status;
	pid_t child;

	(void)data;
	setenv("HMMCL_CACHE_DIR", "", 1);
	context = new_context();
	OK(build(context, NULL, NULL, 0));
	fflush(NULL);
	child = fork();
	assert_true(child >= 0);
	if (!child) {
		cl_context own = new_context();

		OK(build(own, "-D CHILD", NULL, 0));
		OK(clReleaseContext(own));
		_exit(0);
	}
	OK(build(context, "-D PARENT", NULL, 0));
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	OK(build(context, "-D PARENT=2", NULL, 0));
	OK(clReleaseContext(context));
}

static void test_fork(void **state)
{
	(void)state;
#ifdef __SANITIZE_THREAD__
	skip();		/* it gives up when a forked child starts threads */
#endif
	in_process(fork_after_build, NULL);
}

/* A relative -I starts where the application is now, not where it was when the compiler started. */
static void change_directory(void *data)
{
	static const char *const headers[] = { "#define OTHER 0\n", "#error not this one\n" };
	char paths[2][32] = { "/tmp/hmmcl-test-a-XXXXXX", "/tmp/hmmcl-test-b-XXXXXX" };
	cl_context context;

	(void)data;
	setenv("HMMCL_CACHE_DIR", "", 1);
	context = new_context();
	for (int i = 0; i < 2; i++) {
		const char *text = "#include \"value.h\"\nkernel void k(void) { }";
		cl_program program = new_program(context, text);
		FILE *file;

		assert_non_null(mkdtemp(paths[i]));
		OK(chdir(paths[i]));
		file = fopen("value.h", "w");
		assert_non_null(file);
		fputs(headers[i], file);
		fclose(file);
		assert_cl(clBuildProgram(program, 0, NULL, "-I .", NULL, NULL),
			  i ? CL_BUILD_PROGRAM_FAILURE : CL_SUCCESS);
		unlink("value.h");
		OK(rmdir(paths[i]));
		OK(clReleaseProgram(program));
	}
	OK(clReleaseContext(context));
}

static void test_change_directory(void **state)
{
	(void)state;
	in_process(change_directory, NULL);
}

static void *build_in_thread(void *data)
{
	cl_context context = data;

	for (int i = 0; i < 3; i++) {
		char options[64];

		snprintf(options, sizeof(options), "-D T=%d -D ID=%lu", i, (unsigned long)pthread_self());
		build(context, options, NULL, 0);
	}
	return NULL;
}

/* Killed again and again under several threads: builds fail or not, but all return, and the last works. */
static void killed_at_work(void *data)
{
	pthread_t threads[3];
	cl_context context;

	(void)data;
	mark_process();
	context = new_context();
	for (size_t i = 0; i < COUNT(threads); i++)
		assert_int_equal(pthread_create(&threads[i], NULL, build_in_thread, context), 0);
	for (int i = 0; i < 10; i++) {
		pid_t server = find_server("hmmclc");

		if (server)
			kill(server, SIGKILL);
		sleep_ms(10);
	}
	for (size_t i = 0; i < COUNT(threads); i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
	OK(build(context, "-D LAST", NULL, 0));
	assert_no_children();
	OK(clReleaseContext(context));
}

static void test_killed_at_work(void **state)
{
	(void)state;
	in_process(killed_at_work, NULL);
}

static void *build_many(void *data)
{
	cl_context context = data;

	for (int i = 0; i < 8; i++) {
		char options[64];

		snprintf(options, sizeof(options), "-D ID=%luu -D N=%d", (unsigned long)pthread_self(), i);
		assert_cl(build(context, options, NULL, 0), CL_SUCCESS);
	}
	return NULL;
}

/* Macros that double 60 times: the preprocessor never ends, and its memory grows. */
static char *endless_source(void)
{
	char *text = malloc(1 << 16), *at = text;

	at += sprintf(at, "#define A0 1+\n");
	for (int i = 1; i <= 60; i++)
		at += sprintf(at, "#define A%d A%d A%d\n", i, i - 1, i - 1);
	sprintf(at, "kernel void k(global int *p) { *p = A60 1; }");
	return text;
}

/* Clang recurses for each operator, until its stack ends. */
static char *deep_source(void)
{
	const size_t n = 3000000;
	char *text = malloc(n + 100), *at = text;

	at += sprintf(at, "kernel void k(global int *p) { *p = ");
	memset(at, '!', n);
	strcpy(at + n, "1; }");
	return text;
}

struct bad_source {
	char *(*make)(void);
	const char *variable, *value;	/* in the environment */
	const char *word;		/* in the log */
};

/* The real compiler, at a program that it cannot finish; then at one that it can. */
static void cannot_finish(void *data)
{
	const struct bad_source *bad = data;
	char *text = bad->make(), log[2048] = "";
	cl_context context;
	cl_program program;

	setenv("HMMCL_CACHE_DIR", "", 1);
	setenv(bad->variable, bad->value, 1);
	context = new_context();
	program = new_program(context, text);
	assert_cl(clBuildProgram(program, 0, NULL, NULL, NULL, NULL), CL_BUILD_PROGRAM_FAILURE);
	OK(clGetProgramBuildInfo(program, find_device(), CL_PROGRAM_BUILD_LOG, sizeof(log), log, NULL));
	if (!strstr(log, bad->word) || !strstr(log, "stage P0"))
		fail_msg("no '%s' or stage in the log: %s", bad->word, log);
	OK(clReleaseProgram(program));
	OK(build(context, NULL, NULL, 0));
	assert_no_children();
	OK(clReleaseContext(context));
	free(text);
}

static void test_cannot_finish(void **state)
{
	struct bad_source bad[] = {
		{ endless_source, "HMMCL_BUILD_TIMEOUT", "2", "HMMCL_BUILD_TIMEOUT" },
		{ endless_source, "HMMCL_BUILD_MEMORY", "400", "HMMCL_BUILD_MEMORY" },
		{ deep_source, "HMMCL_BUILD_MEMORY", "4096", "crashed" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++)
		in_process(cannot_finish, &bad[i]);
}

/* A child of @parent, or 0. */
static pid_t find_child(pid_t parent)
{
	DIR *proc = opendir("/proc");
	struct dirent *entry;
	pid_t found = 0;

	while ((entry = readdir(proc)) && !found) {
		char path[300];
		int ppid = 0;
		FILE *file;

		snprintf(path, sizeof(path), "/proc/%s/stat", entry->d_name);
		file = fopen(path, "r");
		if (!file)
			continue;
		if (fscanf(file, "%*d (%*[^)]) %*c %d", &ppid) == 1 && ppid == parent)
			found = atoi(entry->d_name);
		fclose(file);
	}
	closedir(proc);
	return found;
}

struct endless_build {
	cl_context context;
	char *text;
	cl_int error;
	char log[1024];
};

static void *build_endless(void *data)
{
	struct endless_build *b = data;
	cl_program program = new_program(b->context, b->text);

	b->error = clBuildProgram(program, 0, NULL, NULL, NULL, NULL);
	OK(clGetProgramBuildInfo(program, find_device(), CL_PROGRAM_BUILD_LOG, sizeof(b->log), b->log, NULL));
	OK(clReleaseProgram(program));
	return NULL;
}

/* One build's process is killed in the middle of its work: that build fails, those beside it do not. */
static void kill_one_build(void *data)
{
	struct endless_build endless = { .text = endless_source() };
	pthread_t threads[3], victim;
	pid_t child = 0;

	(void)data;
	mark_process();
	endless.context = new_context();
	OK(build(endless.context, NULL, NULL, 0));
	/* Its process has replied, and may not be gone yet. */
	for (int i = 0; i < 4000 && find_child(find_server("hmmclc")); i++)
		sleep_ms(5);
	assert_int_equal(pthread_create(&victim, NULL, build_endless, &endless), 0);
	for (int i = 0; i < 4000 && !child; i++, sleep_ms(5))
		child = find_child(find_server("hmmclc"));
	assert_true(child > 0);
	for (size_t i = 0; i < COUNT(threads); i++)
		assert_int_equal(pthread_create(&threads[i], NULL, build_many, endless.context), 0);
	sleep_ms(20);
	kill(child, SIGKILL);
	assert_int_equal(pthread_join(victim, NULL), 0);
	for (size_t i = 0; i < COUNT(threads); i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
	assert_cl(endless.error, CL_BUILD_PROGRAM_FAILURE);
	if (!strstr(endless.log, "Killed"))
		fail_msg("no 'Killed' in the log: %s", endless.log);
	assert_no_children();
	OK(clReleaseContext(endless.context));
	free(endless.text);
}

static void test_killed_build(void **state)
{
	(void)state;
	in_process(kill_one_build, NULL);
}

/* Hundreds of builds at once: more than the compiler works on, more than its socket holds. */
static void many_threads(void *data)
{
	pthread_t threads[40];
	cl_context context;

	(void)data;
	setenv("HMMCL_CACHE_DIR", "", 1);
	context = new_context();
	for (size_t i = 0; i < COUNT(threads); i++)
		assert_int_equal(pthread_create(&threads[i], NULL, build_many, context), 0);
	for (size_t i = 0; i < COUNT(threads); i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
	assert_no_children();
	OK(clReleaseContext(context));
}

static void test_many_threads(void **state)
{
	(void)state;
	in_process(many_threads, NULL);
}

/*
 * An application that closes all it did not open, as daemons do: the compiler ends, another one is
 * started; what is at the old descriptors' numbers by then stays the application's.
 */
static void closes_descriptors(void *data)
{
	struct stat before, after;
	cl_context context;
	char log[1024];
	int file;

	(void)data;
	setenv("HMMCL_CACHE_DIR", "", 1);
	context = new_context();
	OK(build(context, NULL, NULL, 0));
	for (int fd = 3; fd < 1024; fd++)
		close(fd);
	/* Sits where something of ours was. */
	for (int i = 0; i < 16; i++)
		file = open("/dev/null", O_RDONLY);
	OK(fstat(file, &before));
	build(context, "-D FIRST", log, sizeof(log));
	OK(build(context, "-D SECOND", NULL, 0));
	OK(fstat(file, &after));
	assert_true(before.st_rdev == after.st_rdev);
	for (int fd = 3; fd < 19; fd++)
		assert_int_equal(fcntl(fd, F_GETFD), 0);
	_exit(0);
}

static void test_closed_descriptors(void **state)
{
	(void)state;
	in_process(closes_descriptors, NULL);
}

/*
 * So few descriptors are left that the compiler's reply cannot be received: that build fails and says why,
 * and the compiler goes on, for others have builds there.
 */
static void few_descriptors(void *data)
{
	const struct rlimit few = { 256, 256 };
	cl_context context;
	char log[2048] = "";
	pid_t server;
	int last = -1, fd;

	(void)data;
	setenv("HMMCL_CACHE_DIR", "", 1);
	mark_process();
	context = new_context();
	OK(build(context, NULL, NULL, 0));
	server = find_server("hmmclc");
	assert_true(server > 0);
	OK(setrlimit(RLIMIT_NOFILE, &few));
	while ((fd = open("/dev/null", O_RDONLY)) >= 0)
		last = fd;
	for (int room = 0; room < 2; room++) {
		assert_cl(build(context, "-D FEW", log, sizeof(log)), CL_BUILD_PROGRAM_FAILURE);
		assert_non_null(strstr(log, "Too many open files"));
		close(last - room);
	}
	OK(build(context, "-D ENOUGH", log, sizeof(log)));
	assert_int_equal(find_server("hmmclc"), server);
	_exit(0);
}

static void test_few_descriptors(void **state)
{
	(void)state;
	in_process(few_descriptors, NULL);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_broken_compilers),
		cmocka_unit_test(test_slow_compiler),
		cmocka_unit_test(test_no_compiler),
		cmocka_unit_test(test_killed),
		cmocka_unit_test(test_ends_with_application),
		cmocka_unit_test(test_fork),
		cmocka_unit_test(test_change_directory),
		cmocka_unit_test(test_killed_at_work),
		cmocka_unit_test(test_cannot_finish),
		cmocka_unit_test(test_killed_build),
		cmocka_unit_test(test_many_threads),
		cmocka_unit_test(test_closed_descriptors),
		cmocka_unit_test(test_few_descriptors),
	};

	if (argc == 2 && !strcmp(argv[1], "--server"))
		return serve();
	assert_true(readlink("/proc/self/exe", self, sizeof(self) - 1) > 0);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
