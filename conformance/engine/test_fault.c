// SPDX-License-Identifier: MIT
/* Faults: captured, told apart, and the engine goes on. */
#define _GNU_SOURCE
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness.h"

#define NOWHERE 0x123456000ull		/* nothing is ever mapped there */

static struct hmmcl_completion fault_with(uint64_t address, uint64_t kind)
{
	uint64_t args[2] = { address, kind };
	struct hmmcl_command c = ndrange("fault", args, sizeof(args), 100, 4);
	struct hmmcl_completion completion = finish(submit(&c));
	uint64_t entry = hmmcl_image_symbol(image, "fault");

	assert_string_equal(completion.kernel, "fault");
	/* The instruction lies in the kernel, in an image that begins on a page. */
	assert_in_range(completion.instruction, 1, 1 << 20);
	assert_in_range((completion.instruction - entry) % 4096, 0, 256);
	assert_true(completion.end_ns >= completion.start_ns);
	return completion;
}

static void test_read(void **state)
{
	struct hmmcl_completion completion = fault_with(NOWHERE + 8, 0);

	(void)state;
	assert_int_equal(completion.fault, HMMCL_FAULT_BAD_ADDRESS);
	assert_int_equal(completion.address, NOWHERE + 8);
	assert_false(completion.write);
	assert_int_equal(fault_with(0, 0).fault, HMMCL_FAULT_BAD_ADDRESS);
	/* Not an address at all: the processor does not tell which. */
	assert_int_equal(fault_with(0x8000000000000000, 0).fault, HMMCL_FAULT_BAD_ADDRESS);
}

static void test_write(void **state)
{
	char *page = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct hmmcl_completion completion = fault_with((uint64_t)page + 5, 1);

	(void)state;
	assert_int_equal(completion.fault, HMMCL_FAULT_BAD_ADDRESS);
	assert_int_equal(completion.address, (uint64_t)page + 5);
	assert_true(completion.write);
	munmap(page, 4096);
}

static void test_bus(void **state)
{
	char name[] = "/tmp/hmmcl-test-XXXXXX";
	int fd = mkstemp(name);
	char *map = mmap(NULL, 8192, PROT_READ, MAP_SHARED, fd, 0);
	struct hmmcl_completion completion;

	(void)state;
	unlink(name);
	assert_ptr_not_equal(map, MAP_FAILED);
	completion = fault_with((uint64_t)map + 4096, 0);
	assert_int_equal(completion.fault, HMMCL_FAULT_BUS);
	assert_int_equal(completion.address, (uint64_t)map + 4096);
	munmap(map, 8192);
	close(fd);
}

static void test_arithmetic(void **state)
{
	(void)state;
	assert_int_equal(fault_with(0, 2).fault, HMMCL_FAULT_ARITHMETIC);
	assert_int_equal(fault_with(0, 3).fault, HMMCL_FAULT_ILLEGAL_INSTRUCTION);
}

static void test_stack(void **state)
{
	uint64_t depth = 1000;
	struct hmmcl_command c = ndrange("recurse", &depth, sizeof(depth), 10, 1);

	(void)state;
	run(&c);
	depth = 1000000;
	c = ndrange("recurse", &depth, sizeof(depth), 10, 1);
	assert_int_equal(finish(submit(&c)).fault, HMMCL_FAULT_STACK_OVERFLOW);
	depth = 1000;
	c = ndrange("recurse", &depth, sizeof(depth), 10, 1);
	run(&c);
}

static void test_copies(void **state)
{
	char *from = calloc(1, 4 << 20);
	struct hmmcl_command c = { .type = HMMCL_CMD_COPY, .copy = {
		.dst = (void *)NOWHERE, .src = from, .size = 4 << 20 } };
	struct hmmcl_completion completion = finish(submit(&c));

	(void)state;
	assert_int_equal(completion.fault, HMMCL_FAULT_BAD_ADDRESS);
	assert_true(completion.write);
	assert_in_range(completion.address, NOWHERE, NOWHERE + (4 << 20) - 1);
	c = (struct hmmcl_command) { .type = HMMCL_CMD_COPY, .copy = {
		.dst = from, .src = (void *)NOWHERE, .size = 100 } };
	completion = finish(submit(&c));
	assert_int_equal(completion.fault, HMMCL_FAULT_BAD_ADDRESS);
	assert_false(completion.write);
	c = (struct hmmcl_command) { .type = HMMCL_CMD_FILL, .fill = {
		.dst = (void *)NOWHERE, .size = 100, .pattern_size = 4 } };
	assert_int_equal(finish(submit(&c)).fault, HMMCL_FAULT_BAD_ADDRESS);
	c = (struct hmmcl_command) { .type = HMMCL_CMD_COPY_RECT, .copy_rect = {
		.dst = (void *)NOWHERE, .src = from, .region = { 10, 10, 2 }, .dst_row_pitch = 100,
		.dst_slice_pitch = 1000, .src_row_pitch = 10, .src_slice_pitch = 100 } };
	assert_int_equal(finish(submit(&c)).fault, HMMCL_FAULT_BAD_ADDRESS);
	free(from);
}

/* More than any worker can have. */
static void test_arena(void **state)
{
	struct hmmcl_command c = ndrange("empty", NULL, 0, 10, 4096);

	(void)state;
	c.ndrange.context_item = 1 << 20;
	assert_int_equal(finish(submit(&c)).fault, HMMCL_FAULT_BUS);
}

/* A kernel that leaves the direction flag set and faults: the next ones compute as ever. */
static void test_modes(void **state)
{
	uint64_t address = NOWHERE, out[64] = { 0 }, args[2] = { (uint64_t)out, 3 };
	struct hmmcl_command c;

	(void)state;
	for (int i = 0; i < 10; i++) {
		c = ndrange("mess", &address, sizeof(address), 4, 1);
		assert_int_equal(finish(submit(&c)).fault, HMMCL_FAULT_BAD_ADDRESS);
	}
	c = ndrange("ids", args, sizeof(args), 64, 1);
	run(&c);
	for (uint64_t i = 0; i < 64; i++)
		assert_int_equal(out[i], 3 + i);
}

/* Faults and good commands mixed, none waits for another; each ends as it should. */
static void test_many(void **state)
{
	static _Atomic uint64_t counter;
	int64_t tickets[100];

	(void)state;
	for (int round = 0; round < 20; round++) {
		uint64_t good[1] = { (uint64_t)&counter }, bad[2] = { NOWHERE, (uint64_t)round % 4 };

		for (int i = 0; i < 100; i++) {
			struct hmmcl_command c = i % 3 == 1 ? ndrange("fault", bad, sizeof(bad), 7, 1) :
							      ndrange("count", good, sizeof(good), 7, 1);

			for (int k = i - 1; i % 10 == 0 && k >= 0 && c.n_after < HMMCL_MAX_AFTER; k--)
				c.after[c.n_after++] = tickets[k];
			tickets[i] = submit(&c);
		}
		for (int i = 0; i < 100; i++)
			assert_int_equal(finish(tickets[i]).fault != HMMCL_FAULT_NONE, i % 3 == 1);
	}
	assert_int_equal(counter, 20 * 67 * 7);
}

static volatile sig_atomic_t caught;

static void on_signal(int sig, siginfo_t *info, void *context)
{
	caught = sig;
	/* As an application might: go on behind the access. */
	((ucontext_t *)context)->uc_mcontext.gregs[REG_RIP] += info->si_code > 0 ? 2 : 0;
}

/* In a process of its own: how does it end, or what does its handler see? */
static int in_child(void (*function)(void))
{
	pid_t pid = fork();
	int status;

	assert_true(pid >= 0);
	if (!pid) {
		const struct rlimit no_core = { 0, 0 };

		setrlimit(RLIMIT_CORE, &no_core);
		signal(SIGSEGV, SIG_DFL);	/* was cmocka's */
		function();
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

static void open_own(void)
{
	if (open_engine(NULL))
		_exit(99);
}

static void own_fault(void)
{
	open_own();
	*(volatile char *)NOWHERE = 1;
}

static void own_signal(void)
{
	open_own();
	raise(SIGSEGV);
}

/* A handler from before the engine, and faults of the kernel's and the application's own. */
static void own_handler(void)
{
	struct sigaction action = { .sa_sigaction = on_signal, .sa_flags = SA_SIGINFO }, now;
	uint64_t args[2] = { NOWHERE, 0 };
	struct hmmcl_command c;

	sigaction(SIGSEGV, &action, NULL);
	open_own();
	c = ndrange("fault", args, sizeof(args), 3, 1);
	if (finish(submit(&c)).fault != HMMCL_FAULT_BAD_ADDRESS || caught)
		_exit(1);
	__asm__ volatile("movb (%%rax), %%cl" : : "a"(NOWHERE) : "cl");	/* two bytes long */
	if (caught != SIGSEGV)
		_exit(2);
	caught = 0;
	raise(SIGSEGV);
	if (caught != SIGSEGV)
		_exit(3);
	close_engine(NULL);
	sigaction(SIGSEGV, NULL, &now);
	if (now.sa_sigaction != on_signal)
		_exit(4);
}

static void test_application_signals(void **state)
{
	int status;

	(void)state;
	status = in_child(own_fault);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV);
	status = in_child(own_signal);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV);
	status = in_child(own_handler);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

/*
 * cmocka installs handlers of its own around each test, after those of an engine opened
 * before: so each test opens it, and then ours are the later ones.
 */
static void with_engine(void **state)
{
	void (*const *test)(void **) = *state;

	assert_int_equal(open_engine(state), 0);
	(*test)(state);
	close_engine(state);
}

static void (*const tests_with_engine[])(void **) = {
	test_read, test_write, test_bus, test_arithmetic, test_stack, test_copies, test_arena,
	test_modes, test_many,
};

int main(void)
{
#define TEST(n, test) { #test, with_engine, NULL, NULL, (void *)&tests_with_engine[n] }
	const struct CMUnitTest tests[] = {
		TEST(0, test_read), TEST(1, test_write), TEST(2, test_bus), TEST(3, test_arithmetic),
		TEST(4, test_stack), TEST(5, test_copies), TEST(6, test_arena), TEST(7, test_modes),
		TEST(8, test_many),
		cmocka_unit_test(test_application_signals),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
