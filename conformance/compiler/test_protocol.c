/* SPDX-License-Identifier: MIT */
/*
 * hmmclc --server under requests good and bad: whatever it is sent, each request gets one reply,
 * the next build works, and the server ends with its socket.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "client.h"

static const char good[] = "kernel void k(global int *p) { p[get_global_id(0)] = 1; }";

static struct client client;

static int start(void **state)
{
	(void)state;
	client = client_start();
	return 0;
}

static int stop(void **state)
{
	(void)state;
	/* Ended by itself, with status 0. */
	return client_stop(&client);
}

static void assert_next_build_works(void)
{
	struct reply reply = client_build(&client, "", good);

	assert_int_equal(reply.message.status, HMMCL_COMPILER_OK);
	assert_memory_equal(reply.output, "\177ELF", 4);
	reply_free(&reply);
}

static void assert_build(const char *options, const char *source, uint32_t status, const char *in_log)
{
	struct reply reply = client_build(&client, options, source);

	if (reply.message.status != status)
		fail_msg("status %u, not %u: %s", reply.message.status, status,
			 reply.log ? reply.log : "no log");
	if (in_log && !strstr(reply.log, in_log))
		fail_msg("no '%s' in the log: %s", in_log, reply.log);
	reply_free(&reply);
}

static void hello(void **state)
{
	struct reply reply;

	(void)state;
	client_send(&client, HMMCL_COMPILER_HELLO, 77, NULL, 0);
	reply = client_receive(&client, 60);
	assert_int_equal(reply.message.status, HMMCL_COMPILER_OK);
	assert_int_equal(reply.message.id, 77);
	assert_non_null(strstr(reply.output, "LLVM 19"));
	reply_free(&reply);
}

static void errors_are_in_the_log(void **state)
{
	(void)state;
	assert_build("", "kernel void k() { x = 1; }", HMMCL_COMPILER_FAILED, "undeclared identifier 'x'");
	assert_build("-DX=#", "kernel void k() { int x = X; }", HMMCL_COMPILER_FAILED, "error");
	assert_build("", "int f(int); kernel void k(global int *p) { *p = f(1); }",
		     HMMCL_COMPILER_FAILED, "unresolved function f");
	assert_build("", "int f(int n) { return n ? f(n - 1) + 1 : 0; }"
		     "kernel void k(global int *p) { *p = f(*p); }",
		     HMMCL_COMPILER_FAILED, "recursion");
	assert_build("-Werror", "#warning w\nkernel void k() {}", HMMCL_COMPILER_FAILED, "w");
	assert_next_build_works();
}

static void options_are_checked(void **state)
{
	static const char *const bad[] = {
		"-cl-no-such-option", "-cl-std=CL9.0", "-x", "-D", "-D 1x", "file.cl", "-create-library",
		"-I \"unclosed", "-fplugin=x.so", "-mllvm -help", "-o x",
	};
	static const char *const fine[] = {
		"-cl-std=CL1.0", "-cl-std=CL1.1", "-cl-std=CL1.2", "-cl-std=CL2.0", "-cl-std=CL3.0",
		"-D X -DY=1 -D 'Z=a b' -I . -I.", "-cl-fast-relaxed-math", "-cl-mad-enable",
		"-cl-unsafe-math-optimizations", "-cl-finite-math-only", "-cl-no-signed-zeros",
		"-cl-denorms-are-zero", "-cl-single-precision-constant", "-cl-strict-aliasing",
		"-cl-fp32-correctly-rounded-divide-sqrt", "-cl-opt-disable", "-cl-kernel-arg-info",
		"-cl-uniform-work-group-size", "-cl-no-subgroup-ifp", "-w -Werror", "-g",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		assert_build(bad[i], good, HMMCL_COMPILER_INVALID_OPTIONS, NULL);
	for (size_t i = 0; i < sizeof(fine) / sizeof(*fine); i++)
		assert_build(fine[i], good, HMMCL_COMPILER_OK, NULL);
}

static void malformed_messages_are_refused(void **state)
{
	struct hmmcl_compiler_message message = {
		.magic = HMMCL_COMPILER_MAGIC, .protocol = HMMCL_COMPILER_PROTOCOL,
		.op = HMMCL_COMPILER_BUILD, .id = 5, .n_blobs = 2,
	};
	static const char payload[64] = {1};
	uint64_t huge[8] = {~0ull, 1, ~0ull - 8};
	struct hmmcl_compiler_message bad[5] = {message, message, message, message, message};
	struct reply reply;

	(void)state;
	bad[0].magic = 1;
	bad[1].protocol = 99;
	bad[2].op = 1234;
	bad[3].reserved = 1;
	bad[4].n_blobs = 0xffffffff;
	for (int i = 0; i < 5; i++) {
		client_send_raw(&client, &bad[i], sizeof(message), payload, sizeof(payload));
		reply = client_receive(&client, 60);
		assert_int_equal(reply.message.status, HMMCL_COMPILER_BAD_REQUEST);
		assert_int_equal(reply.message.id, 5);
		reply_free(&reply);
	}
	/* Short, without a payload, with sizes that are not there. */
	client_send_raw(&client, &message, 7, payload, sizeof(payload));
	reply = client_receive(&client, 60);
	assert_int_equal(reply.message.status, HMMCL_COMPILER_BAD_REQUEST);
	reply_free(&reply);
	client_send_raw(&client, &message, sizeof(message), NULL, 0);
	reply = client_receive(&client, 60);
	assert_int_equal(reply.message.status, HMMCL_COMPILER_BAD_REQUEST);
	reply_free(&reply);
	client_send_raw(&client, &message, sizeof(message), huge, sizeof(huge));
	reply = client_receive(&client, 60);
	assert_int_equal(reply.message.status, HMMCL_COMPILER_BAD_REQUEST);
	reply_free(&reply);
	assert_next_build_works();
}

static void garbage_sources(void **state)
{
	unsigned seed = 1;
	char text[4096];

	(void)state;
	for (int round = 0; round < 20; round++) {
		struct blob blobs[] = {{"", 0}, {text, sizeof(text)}};
		struct reply reply;

		for (size_t i = 0; i < sizeof(text); i++)
			text[i] = rand_r(&seed) >> 7;
		client_send(&client, HMMCL_COMPILER_BUILD, round, blobs, 2);
		reply = client_receive(&client, 60);
		assert_int_equal(reply.message.id, round);
		assert_int_equal(reply.message.status, HMMCL_COMPILER_FAILED);
		reply_free(&reply);
	}
	assert_next_build_works();
}

static void garbage_bitcode(void **state)
{
	struct blob compile[] = {{"", 0}, {good, sizeof(good) - 1}};
	struct reply compiled, reply;
	unsigned seed = 2;

	(void)state;
	client_send(&client, HMMCL_COMPILER_COMPILE, 1, compile, 2);
	compiled = client_receive(&client, 60);
	assert_int_equal(compiled.message.status, HMMCL_COMPILER_OK);
	for (int round = 0; round < 30; round++) {
		char *broken = malloc(compiled.output_size);
		size_t size = round < 10 ? compiled.output_size * round / 10 : compiled.output_size;
		struct blob blobs[] = {{"", 0}, {broken, size}};

		memcpy(broken, compiled.output, compiled.output_size);
		for (int i = 0; round >= 10 && i < 20; i++)
			broken[rand_r(&seed) % compiled.output_size] ^= 1 << (rand_r(&seed) & 7);
		client_send(&client, HMMCL_COMPILER_LINK, round, blobs, 2);
		reply = client_receive(&client, 60);
		/* A flipped bit may do no harm, or may meet an assertion of LLVM's: never silence. */
		assert_int_equal(reply.message.id, round);
		if (round < 10)
			assert_int_not_equal(reply.message.status, HMMCL_COMPILER_OK);
		reply_free(&reply);
		free(broken);
	}
	reply_free(&compiled);
	assert_next_build_works();
}

/* Three million prefix operators: Clang recurses for each, and its stack ends. */
static void a_crash_is_reported(void **state)
{
	size_t n = 3000000;
	char *text = malloc(n + 100), *at = text;
	struct reply reply;

	(void)state;
	at += sprintf(at, "kernel void k(global int *p) { *p = ");
	memset(at, '!', n);
	at += n;
	strcpy(at, "1; }");
	reply = client_build(&client, "", text);
	assert_int_equal(reply.message.status, HMMCL_COMPILER_CRASHED);
	assert_non_null(strstr(reply.log, "stage P0"));
	reply_free(&reply);
	free(text);
	assert_next_build_works();
}

/* Macros that double 60 times: the preprocessor never ends. */
static char *endless_source(void)
{
	char *text = malloc(1 << 16), *at = text;

	at += sprintf(at, "#define A0 1+\n");
	for (int i = 1; i <= 60; i++)
		at += sprintf(at, "#define A%d A%d A%d\n", i, i - 1, i - 1);
	sprintf(at, "kernel void k(global int *p) { *p = A60 1; }");
	return text;
}

static void a_hang_is_stopped(void **state)
{
	char *text = endless_source();
	struct reply reply;
	struct client impatient;

	(void)state;
	setenv("HMMCL_BUILD_TIMEOUT", "2", 1);
	impatient = client_start();
	unsetenv("HMMCL_BUILD_TIMEOUT");
	reply = client_build(&impatient, "", text);
	assert_int_equal(reply.message.status, HMMCL_COMPILER_CRASHED);
	reply_free(&reply);
	assert_int_equal(client_stop(&impatient), 0);
	free(text);
}

static void want_of_memory_is_reported(void **state)
{
	char *text = endless_source();
	struct reply reply;
	struct client poor;

	(void)state;
	setenv("HMMCL_BUILD_MEMORY", "400", 1);
	poor = client_start();
	unsetenv("HMMCL_BUILD_MEMORY");
	reply = client_build(&poor, "", text);
	assert_int_equal(reply.message.status, HMMCL_COMPILER_CRASHED);
	reply_free(&reply);
	reply = client_build(&poor, "", good);
	assert_int_equal(reply.message.status, HMMCL_COMPILER_OK);
	reply_free(&reply);
	assert_int_equal(client_stop(&poor), 0);
	free(text);
}

static void requests_run_in_parallel(void **state)
{
	enum { count = 40 };
	int seen[count] = {0};

	(void)state;
	for (int i = 0; i < count; i++) {
		char options[32];
		struct blob blobs[] = {{options, 0}, {good, sizeof(good) - 1}};

		blobs[0].size = snprintf(options, sizeof(options), "-DX=%d", i);
		client_send(&client, HMMCL_COMPILER_BUILD, i, blobs, 2);
	}
	for (int i = 0; i < count; i++) {
		struct reply reply = client_receive(&client, 120);

		assert_true(reply.message.id < count);
		assert_int_equal(reply.message.status, HMMCL_COMPILER_OK);
		seen[reply.message.id]++;
		reply_free(&reply);
	}
	for (int i = 0; i < count; i++)
		assert_int_equal(seen[i], 1);
}

static void compile_and_link(void **state)
{
	static const char main_source[] =
		"#include \"part.h\"\nkernel void k(global int *p) { *p = helper(*p); }";
	static const char part_source[] = "#include \"part.h\"\nint helper(int x) { return x + ADD; }";
	static const char header[] = "int helper(int x);\n#define ADD 5\n";
	struct blob one[] = {{"", 0}, {main_source, sizeof(main_source) - 1},
			     {"part.h", 6}, {header, sizeof(header) - 1}};
	struct blob two[] = {{"-cl-fast-relaxed-math", 21}, {part_source, sizeof(part_source) - 1},
			     {"part.h", 6}, {header, sizeof(header) - 1}};
	struct reply a, b, library, program;

	(void)state;
	client_send(&client, HMMCL_COMPILER_COMPILE, 1, one, 4);
	a = client_receive(&client, 60);
	assert_int_equal(a.message.status, HMMCL_COMPILER_OK);
	client_send(&client, HMMCL_COMPILER_COMPILE, 2, two, 4);
	b = client_receive(&client, 60);
	assert_int_equal(b.message.status, HMMCL_COMPILER_OK);

	struct blob alone[] = {{"", 0}, {a.output, a.output_size}};
	client_send(&client, HMMCL_COMPILER_LINK, 3, alone, 2);
	program = client_receive(&client, 60);
	assert_int_equal(program.message.status, HMMCL_COMPILER_FAILED);
	assert_non_null(strstr(program.log, "helper"));
	reply_free(&program);

	struct blob make_library[] = {{"-create-library", 15}, {b.output, b.output_size}};
	client_send(&client, HMMCL_COMPILER_LINK, 4, make_library, 2);
	library = client_receive(&client, 60);
	assert_int_equal(library.message.status, HMMCL_COMPILER_OK);

	struct blob both[] = {{"", 0}, {a.output, a.output_size}, {library.output, library.output_size}};
	client_send(&client, HMMCL_COMPILER_LINK, 5, both, 3);
	program = client_receive(&client, 60);
	assert_int_equal(program.message.status, HMMCL_COMPILER_OK);
	assert_memory_equal(program.output, "\177ELF", 4);
	reply_free(&program);

	struct blob twice[] = {{"", 0}, {b.output, b.output_size}, {b.output, b.output_size}};
	client_send(&client, HMMCL_COMPILER_LINK, 6, twice, 3);
	program = client_receive(&client, 60);
	assert_int_equal(program.message.status, HMMCL_COMPILER_FAILED);
	assert_non_null(strstr(program.log, "helper"));
	reply_free(&program);
	reply_free(&library);
	reply_free(&a);
	reply_free(&b);
}

/* The socket closes while builds run: the server and its workers end. */
static void closing_ends_everything(void **state)
{
	char *text = endless_source();
	struct blob blobs[] = {{"", 0}, {text, strlen(text)}};
	struct client other = client_start();

	(void)state;
	client_send(&other, HMMCL_COMPILER_BUILD, 1, blobs, 2);
	client_send(&other, HMMCL_COMPILER_BUILD, 2, blobs, 2);
	assert_int_equal(client_stop(&other), 0);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hello),
		cmocka_unit_test(errors_are_in_the_log),
		cmocka_unit_test(options_are_checked),
		cmocka_unit_test(malformed_messages_are_refused),
		cmocka_unit_test(garbage_sources),
		cmocka_unit_test(garbage_bitcode),
		cmocka_unit_test(a_crash_is_reported),
		cmocka_unit_test(a_hang_is_stopped),
		cmocka_unit_test(want_of_memory_is_reported),
		cmocka_unit_test(requests_run_in_parallel),
		cmocka_unit_test(compile_and_link),
		cmocka_unit_test(closing_ends_everything),
	};

	return cmocka_run_group_tests(tests, start, stop);
}
