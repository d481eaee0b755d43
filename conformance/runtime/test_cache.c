/* SPDX-License-Identifier: MIT */
/*
 * The disk cache.  Each scenario is a process of its own, with its own HMMCL_CACHE_DIR; whether a build
 * came from the cache is seen by giving it a compiler that fails.
 */
#include "program.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>

static char directory[PATH_MAX];

struct scenario {
	const char *source, *options;
	const char *directory;		/* HMMCL_CACHE_DIR */
	const char *size;		/* HMMCL_CACHE_SIZE */
	int builds;			/* of programs that differ, when there is no source */
	const char *width;		/* HMMCL_VECTOR_WIDTH */
	bool compiler_fails;		/* so only the cache can serve */
	cl_int expected;
};

static void build(void *data)
{
	const struct scenario *s = data;
	int builds = s->source ? 1 : s->builds;
	cl_context context;

	setenv("HMMCL_CACHE_DIR", s->directory, 1);
	setenv("HMMCL_CACHE_SIZE", s->size ? s->size : "16M", 1);
	if (s->width)
		setenv("HMMCL_VECTOR_WIDTH", s->width, 1);
	context = new_context();
	for (int i = 0; i < builds; i++) {
		cl_program program;
		char text[128];

		snprintf(text, sizeof(text), "kernel void k(global int *p) { *p = %d; }", i);
		program = new_program(context, s->source ? s->source : text);
		assert_cl(clBuildProgram(program, 0, NULL, s->options, NULL, NULL), s->expected);
		if (!s->expected) {
			cl_command_queue queue = new_queue(context, 0);
			cl_kernel kernel = new_kernel(program, "k");
			const size_t one = 1;
			cl_int result = -1;

			OK(clSetKernelArgSVMPointer(kernel, 0, &result));
			OK(clEnqueueNDRangeKernel(queue, kernel, 1, NULL, &one, NULL, 0, NULL, NULL));
			OK(clFinish(queue));
			assert_int_equal(result, s->source ? 77 : i);
			OK(clReleaseKernel(kernel));
			OK(clReleaseCommandQueue(queue));
		}
		OK(clReleaseProgram(program));
	}
	OK(clReleaseContext(context));
}

/*
 * The compiler's place in the key is its file, so it is made to fail without touching that: it may have no
 * memory.
 */
static void build_without_compiler(void *data)
{
	setenv("HMMCL_BUILD_MEMORY", "1", 1);	/* MiB */
	build(data);
}

static void run(struct scenario s)
{
	if (!s.directory)
		s.directory = directory;
	in_process(s.compiler_fails ? build_without_compiler : build, &s);
}

static const char source[] = "kernel void k(global int *p) { *p = 77; }";

/* Calls @function for each cached program. */
static int each_file(void (*function)(const char *path, void *data), void *data)
{
	DIR *dir = opendir(directory);
	struct dirent *entry;
	int n = 0;

	if (!dir)
		return 0;
	while ((entry = readdir(dir))) {
		char path[PATH_MAX + 300];

		if (strlen(entry->d_name) != 64)
			continue;
		n++;
		snprintf(path, sizeof(path), "%s/%s", directory, entry->d_name);
		if (function)
			function(path, data);
	}
	closedir(dir);
	return n;
}

static void unlink_file(const char *path, void *data)
{
	(void)data;
	unlink(path);
}

static int set_up(void **state)
{
	(void)state;
	snprintf(directory, sizeof(directory), "%s/hmmcl-test-cache-XXXXXX",
		 getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp");
	return mkdtemp(directory) ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	each_file(unlink_file, NULL);
	return rmdir(directory);
}

static void test_hit(void **state)
{
	(void)state;
	run((struct scenario){ .source = source });
	assert_int_equal(each_file(NULL, NULL), 1);
	run((struct scenario){ .source = source, .compiler_fails = true });
	/* White space between options does not count, options do, and what is in quotes. */
	run((struct scenario){ .source = source, .options = "  ", .compiler_fails = true });
	run((struct scenario){ .source = source, .options = "-D X", .compiler_fails = true,
			       .expected = CL_BUILD_PROGRAM_FAILURE });
	run((struct scenario){ .source = source, .options = "-D X='a b'" });
	run((struct scenario){ .source = source, .options = "  -D  X='a b' ", .compiler_fails = true });
	run((struct scenario){ .source = source, .options = "-D X='a  b'", .compiler_fails = true,
			       .expected = CL_BUILD_PROGRAM_FAILURE });
	assert_int_equal(each_file(NULL, NULL), 2);
	/* A backslash before a single quote is itself, and the quote ends there. */
	run((struct scenario){ .source = source, .options = "-D A='\\' -D B='\\\"x  y\\\"'" });
	run((struct scenario){ .source = source, .options = "-D A='\\' -D B='\\\"x y\\\"'",
			       .compiler_fails = true, .expected = CL_BUILD_PROGRAM_FAILURE });
	run((struct scenario){ .source = source, .options = "\"-D\" A=\\\\  -D 'B=\"x  y\"'",
			       .compiler_fails = true });
	assert_int_equal(each_file(NULL, NULL), 3);
	/* Code of another width is other code. */
	run((struct scenario){ .source = source, .width = "16", .compiler_fails = true,
			       .expected = CL_BUILD_PROGRAM_FAILURE });
	run((struct scenario){ .source = source, .width = "16" });
	run((struct scenario){ .source = source, .width = "16", .compiler_fails = true });
	assert_int_equal(each_file(NULL, NULL), 4);
}

static void test_errors_are_not_cached(void **state)
{
	(void)state;
	run((struct scenario){ .source = "nonsense", .expected = CL_BUILD_PROGRAM_FAILURE });
	assert_int_equal(each_file(NULL, NULL), 0);
}

struct damage { off_t at; bool truncate; };

static void damage_file(const char *path, void *data)
{
	const struct damage *damage = data;
	struct stat status;
	unsigned char byte;
	int fd = open(path, O_RDWR);

	assert_true(fd >= 0);
	OK(fstat(fd, &status));
	if (damage->at >= status.st_size) {
		assert_int_equal(pwrite(fd, "x", 1, status.st_size), 1);
	} else if (damage->truncate) {
		OK(ftruncate(fd, damage->at));
	} else {
		assert_int_equal(pread(fd, &byte, 1, damage->at), 1);
		byte ^= 1;
		assert_int_equal(pwrite(fd, &byte, 1, damage->at), 1);
	}
	close(fd);
}

/* A damaged file is a miss, and is replaced. */
static void test_corrupt(void **state)
{
	static const struct damage damages[] = {
		{ 0, false }, { 20, false }, { 45, false }, { 60, false }, { 100, false }, { 1000, false },
		{ 0, true }, { 50, true }, { 500, true }, { 1 << 30, false },
	};

	(void)state;
	run((struct scenario){ .source = source });
	for (size_t i = 0; i < COUNT(damages); i++) {
		assert_int_equal(each_file(damage_file, (void *)&damages[i]), 1);
		run((struct scenario){ .source = source });
		assert_int_equal(each_file(NULL, NULL), 1);
		run((struct scenario){ .source = source, .compiler_fails = true });
	}
}

struct whole_file { char path[PATH_MAX + 300], bytes[1 << 16]; ssize_t size; };

static void read_whole(const char *path, void *data)
{
	struct whole_file *file = data;
	int fd = open(path, O_RDONLY);

	assert_true(fd >= 0);
	strcpy(file->path, path);
	file->size = read(fd, file->bytes, sizeof(file->bytes));
	assert_in_range(file->size, 500, sizeof(file->bytes) - 1);
	close(fd);
}

/* Its first @size bytes; a damaged file before it may have been removed. */
static void write_part(const struct whole_file *file, ssize_t size)
{
	int fd = open(file->path, O_WRONLY | O_TRUNC | O_CREAT, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, file->bytes, (size_t)size), size);
	close(fd);
}

/* One process, whose compiler has no memory: whatever the length, it is a miss, and nothing else. */
static void build_truncated(void *data)
{
	const struct whole_file *file = data;
	const ssize_t size = file->size;
	cl_context context;

	setenv("HMMCL_CACHE_DIR", directory, 1);
	setenv("HMMCL_BUILD_MEMORY", "1", 1);
	context = new_context();
	/* Each length in the header and at the end, and lengths between. */
	for (ssize_t n = 0; n <= size; n += n < 200 || n > size - 40 ? 1 : (size - 240) / 64 + 1) {
		cl_program program = new_program(context, source);

		write_part(file, n);
		assert_cl(clBuildProgram(program, 0, NULL, NULL, NULL, NULL),
			  n < size ? CL_BUILD_PROGRAM_FAILURE : CL_SUCCESS);
		OK(clReleaseProgram(program));
	}
	OK(clReleaseContext(context));
}

static void test_truncated(void **state)
{
	struct whole_file *file = calloc(1, sizeof(*file));

	(void)state;
	run((struct scenario){ .source = source });
	assert_int_equal(each_file(read_whole, file), 1);
	in_process(build_truncated, file);
	free(file);
}

static void make_writable(const char *path, void *data)
{
	(void)data;
	OK(chmod(path, 0666));
}

/* Code that others could have written is not executed. */
static void test_untrusted(void **state)
{
	(void)state;
	run((struct scenario){ .source = source });
	each_file(make_writable, NULL);
	run((struct scenario){ .source = source, .compiler_fails = true,
			       .expected = CL_BUILD_PROGRAM_FAILURE });
}

static void test_no_directory(void **state)
{
	(void)state;
	run((struct scenario){ .source = source, .directory = "" });
	run((struct scenario){ .source = source, .directory = "/proc/no/such/place" });
	run((struct scenario){ .source = source, .directory = "/dev/null/file" });
}

static void sum_size(const char *path, void *data)
{
	struct stat status;

	OK(stat(path, &status));
	*(off_t *)data += status.st_size;
}

static void test_bound(void **state)
{
	off_t total = 0;
	int n;

	(void)state;
	run((struct scenario){ .builds = 24, .size = "20K" });
	n = each_file(sum_size, &total);
	assert_in_range(n, 1, 23);
	assert_true(total <= 20 << 10);
	/* What is too large by itself is not kept. */
	run((struct scenario){ .source = source, .size = "1K" });
	run((struct scenario){ .source = source, .compiler_fails = true,
			       .expected = CL_BUILD_PROGRAM_FAILURE });
}

static void write_file(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	OK(fclose(file));
}

/* What a program does not name is nothing to it: it is found in the cache from any directory. */
static void test_no_files(void **state)
{
	char old[PATH_MAX], path[PATH_MAX + 16];

	(void)state;
	snprintf(path, sizeof(path), "%s/program.cl", directory);
	assert_non_null(getcwd(old, sizeof(old)));
	run((struct scenario){ .source = source });
	write_file(path, "#error not this\n");
	OK(chdir(directory));
	run((struct scenario){ .source = source, .compiler_fails = true });
	OK(chdir(old));
	OK(unlink(path));
}

/* A program that includes files is cached, and compiled again when what it would read has changed. */
static void test_included_files(void **state)
{
	static const char text[] =
		"#include \"value.h\"\nkernel void k(global int *p) { *p = VALUE; }";
	char first[PATH_MAX + 8], second[PATH_MAX + 8], path[PATH_MAX + 24], earlier[PATH_MAX + 24];
	char options[3 * PATH_MAX];
	struct scenario s = { .source = text, .options = options };
	struct scenario cached = { .source = text, .options = options, .compiler_fails = true };
	struct scenario changed = { .source = text, .options = options, .compiler_fails = true,
				    .expected = CL_BUILD_PROGRAM_FAILURE };

	(void)state;
	snprintf(first, sizeof(first), "%s/first", directory);
	snprintf(second, sizeof(second), "%s/second", directory);
	snprintf(earlier, sizeof(earlier), "%s/value.h", first);
	snprintf(path, sizeof(path), "%s/value.h", second);
	snprintf(options, sizeof(options), "-I %s -I %s", first, second);
	OK(mkdir(first, 0700));
	OK(mkdir(second, 0700));

	write_file(path, "#define VALUE 77\n");
	run(s);
	assert_int_equal(each_file(NULL, NULL), 1);
	run(cached);
	/* Another text of the same length, and the old one again. */
	write_file(path, "#define VALUE 7'\n");
	run(changed);
	write_file(path, "#define VALUE 77\n");
	run(cached);
	write_file(path, "#define VALUE (70 + 7)\n");
	run(changed);
	run(s);
	run(cached);
	assert_int_equal(each_file(NULL, NULL), 1);
	/* A file that would be found before it. */
	write_file(earlier, "#define VALUE 7 * 11\n");
	run(changed);
	run(s);
	run(cached);
	/* A file that is gone. */
	OK(unlink(earlier));
	run(changed);
	run(s);
	OK(unlink(path));
	run(changed);
	/* The clock is nothing to keep; the word alone is no clock. */
	assert_int_equal(each_file(unlink_file, NULL), 1);
	write_file(path, "#define VALUE (__TIME__[0] ? 77 : 0)\n");
	run(s);
	assert_int_equal(each_file(NULL, NULL), 0);
	write_file(path, "#define VALUE 77 /* __DATE__ */\n");
	run(s);
	run(cached);
	OK(unlink(path));
	OK(rmdir(first));
	OK(rmdir(second));
}

#define KERNEL "\nkernel void k(global int *p) { *p = VALUE; }"

/* However a program names a file: another file, or none, is another program. */
static void test_ways_to_name_files(void **state)
{
	static const char *const ways[] = {
		"#include \"value.h\"" KERNEL,
		"#import <value.h>" KERNEL,
		"#include_next <value.h>" KERNEL,
		"%:include \"value.h\"" KERNEL,
		"?\?=include \"value.h\"" KERNEL,
		"#im\\\nport <value.h>" KERNEL,
		"#i?\?/\nmport <value.h>" KERNEL,
		"#define FILE <value.h>\n#define PASTE(a, b) a ## b\n#include FILE" KERNEL,
		"#if __has_include(\"value.h\")\n#define VALUE 77\n#endif" KERNEL,
		"#if __has_embed(\"value.h\") == 1\n#define VALUE 77\n#endif" KERNEL,
		"constant char text[] = {\n#embed \"value.h\"\n};\n"
		"kernel void k(global int *p) { *p = text[1] == 'd' ? 77 : 0; }",
	};
	char old[PATH_MAX], first[PATH_MAX + 8], second[PATH_MAX + 8];

	(void)state;
	assert_non_null(getcwd(old, sizeof(old)));
	snprintf(first, sizeof(first), "%s/first", directory);
	snprintf(second, sizeof(second), "%s/second", directory);
	OK(mkdir(first, 0700));
	OK(mkdir(second, 0700));
	OK(chdir(first));
	for (size_t i = 0; i < COUNT(ways); i++) {
		const struct scenario cached = { .source = ways[i], .options = "-I .",
						 .compiler_fails = true };
		struct scenario s = cached, changed = cached;

		s.compiler_fails = false;
		changed.expected = CL_BUILD_PROGRAM_FAILURE;
		write_file("value.h", "#define VALUE 77\n");
		run(s);
		run(cached);
		OK(chdir(second));
		run(changed);
		OK(chdir(first));
		run(cached);
		write_file("value.h", "");
		run(changed);
		/* A directory is no file to include. */
		OK(unlink("value.h"));
		OK(mkdir("value.h", 0700));
		run(changed);
		OK(rmdir("value.h"));
		run(changed);
	}
	OK(chdir(old));
	OK(rmdir(first));
	OK(rmdir(second));
}

/* clCompileProgram with a header that the application hands over, then clLinkProgram. */
static void compile_and_link(void *data)
{
	static const char text[] =
		"#include <part/value.h>\nkernel void k(global int *p) { *p = VALUE; }";
	const char *const name = "part/value.h";
	cl_program program, header, linked;
	cl_device_id device;
	cl_context context;
	cl_int error;

	setenv("HMMCL_CACHE_DIR", directory, 1);
	if (data)
		setenv("HMMCL_BUILD_MEMORY", "1", 1);
	device = find_device();
	context = new_context();
	program = new_program(context, text);
	header = new_program(context, "#define VALUE 77\n");
	OK(clCompileProgram(program, 1, &device, NULL, 1, &header, (const char **)&name, NULL, NULL));
	linked = clLinkProgram(context, 1, &device, NULL, 1, &program, NULL, NULL, &error);
	OK(error);
	OK(clReleaseProgram(linked));
	OK(clReleaseProgram(header));
	OK(clReleaseProgram(program));
	OK(clReleaseContext(context));
}

static void test_embedded_headers(void **state)
{
	(void)state;
	in_process(compile_and_link, NULL);
	assert_int_equal(each_file(NULL, NULL), 2);
	in_process(compile_and_link, "no compiler");
}

/* In a mount namespace of its own, where that is allowed. */
static void on_file_system(const char *options, unsigned long flags, const struct scenario *s)
{
	if (unshare(CLONE_NEWNS) || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	    mount("tmpfs", directory, "tmpfs", flags, options))
		return;
	build((void *)s);
}

static void on_full(void *data)
{
	on_file_system("size=4k,nr_inodes=2", 0, data);
}

static void on_read_only(void *data)
{
	on_file_system(NULL, MS_RDONLY, data);
}

static void test_full_and_read_only(void **state)
{
	struct scenario s = { .builds = 3, .directory = directory };

	(void)state;
	in_process(on_full, &s);
	in_process(on_read_only, &s);
}

/* Processes that fill one small cache at the same time all get what they built. */
static void test_shared(void **state)
{
	struct scenario s = { .builds = 6, .directory = directory, .size = "10K" };
	pid_t children[3];

	(void)state;
	for (size_t i = 0; i < COUNT(children); i++) {
		fflush(NULL);
		children[i] = fork();
		assert_true(children[i] >= 0);
		if (!children[i]) {
			build(&s);
			_exit(0);
		}
	}
	for (size_t i = 0; i < COUNT(children); i++) {
		int status;

		assert_int_equal(waitpid(children[i], &status, 0), children[i]);
		assert_int_equal(status, 0);
	}
}

/* How many files somebody was writing when he died; they are removed. */
static int leavings(void)
{
	DIR *dir = opendir(directory);
	struct dirent *entry;
	int n = 0;

	assert_non_null(dir);
	while ((entry = readdir(dir))) {
		if (!strncmp(entry->d_name, "tmp-", 4)) {
			OK(unlinkat(dirfd(dir), entry->d_name, 0));
			n++;
		}
	}
	closedir(dir);
	return n;
}

/*
 * Ends in the middle of writing a file, at the largest size that a file may have; the compiler was
 * started before and has no such bound.
 */
static void build_until_killed(void)
{
	const struct rlimit size = { 1000, 1000 };
	cl_context context;

	setenv("HMMCL_CACHE_DIR", directory, 1);
	context = new_context();
	OK(clBuildProgram(new_program(context, source), 0, NULL, NULL, NULL, NULL));
	OK(setrlimit(RLIMIT_FSIZE, &size));
	clBuildProgram(new_program(context, source), 0, NULL, "-D ANOTHER", NULL, NULL);
}

/* What a process leaves that dies while it writes is no program, and in nobody's way. */
static void test_killed_while_writing(void **state)
{
	pid_t child;
	int status;

	(void)state;
	fflush(NULL);
	child = fork();
	assert_true(child >= 0);
	if (!child) {
		build_until_killed();
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGXFSZ);
	assert_int_equal(each_file(NULL, NULL), 1);
	run((struct scenario){ .source = source, .compiler_fails = true });
	run((struct scenario){ .source = source, .options = "-D ANOTHER", .compiler_fails = true,
			       .expected = CL_BUILD_PROGRAM_FAILURE });
	run((struct scenario){ .source = source, .options = "-D ANOTHER" });
	run((struct scenario){ .source = source, .options = "-D ANOTHER", .compiler_fails = true });
	assert_int_equal(leavings(), 1);
}

/* In a container each process has the number of the one before, which was killed while it wrote. */
static void build_after_namesake(void *data)
{
	for (int i = 0; i < 8; i++) {
		char path[PATH_MAX + 32];
		int fd;

		snprintf(path, sizeof(path), "%s/tmp-%d-%d", directory, getpid(), i);
		fd = open(path, O_CREAT | O_WRONLY, 0600);
		assert_true(fd >= 0);
		close(fd);
	}
	build(data);
}

static void test_namesakes_leavings(void **state)
{
	struct scenario s = { .source = source, .directory = directory };

	(void)state;
	in_process(build_after_namesake, &s);
	assert_int_equal(each_file(NULL, NULL), 1);
	run((struct scenario){ .source = source, .compiler_fails = true });
	assert_int_equal(leavings(), 8);
}

static void make_fifo(const char *path, void *data)
{
	(void)data;
	OK(unlink(path));
	OK(mkfifo(path, 0600));
}

/* What is no file is not waited for, and makes room for one. */
static void test_fifo(void **state)
{
	(void)state;
	run((struct scenario){ .source = source });
	assert_int_equal(each_file(make_fifo, NULL), 1);
	run((struct scenario){ .source = source });
	run((struct scenario){ .source = source, .compiler_fails = true });
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_hit), TEST(test_errors_are_not_cached), TEST(test_corrupt), TEST(test_truncated),
		TEST(test_untrusted), TEST(test_no_directory), TEST(test_bound),
		TEST(test_no_files), TEST(test_included_files), TEST(test_ways_to_name_files),
		TEST(test_embedded_headers),
		TEST(test_full_and_read_only), TEST(test_shared), TEST(test_killed_while_writing),
		TEST(test_namesakes_leavings), TEST(test_fifo),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
