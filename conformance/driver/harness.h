/* SPDX-License-Identifier: MIT */
/*
 * A small test harness for tests that kill, fork and leak on purpose: each test runs in a
 * process of its own, with a time limit, and afterwards the driver must hold nothing.
 * Prints TAP: "ok N - name", "not ok N - name", "ok N - name # SKIP why".
 */
#ifndef HARNESS_H
#define HARNESS_H

#include <stdbool.h>
#include <stdint.h>

struct test {
	const char *name;
	void (*run)(void);
	unsigned int seconds;		/* time limit on this machine's slowest engine */
	struct test *next;
};

void test_register(struct test *test);

#define TEST_TIMEOUT(name_, seconds_)						\
	static void test_##name_(void);						\
	__attribute__((constructor)) static void register_##name_(void)	\
	{									\
		static struct test t = { #name_, test_##name_, seconds_, 0 };	\
		test_register(&t);						\
	}									\
	static void test_##name_(void)
#define TEST(name_) TEST_TIMEOUT(name_, 60)

/* How many rounds of @rounds are worth their time on this kernel (HMMCL_TEST_SLOW): at least 5. */
unsigned int test_rounds(unsigned int rounds);
/* Whether allocations of the driver are made to fail at random (conformance/lab --inject). */
bool test_memory_fails(void);

void test_fail(const char *file, int line, const char *format, ...)
	__attribute__((format(printf, 3, 4), noreturn));
void test_skip(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));

#define CHECK(condition)							\
	do {									\
		if (!(condition))						\
			test_fail(__FILE__, __LINE__, "%s", #condition);	\
	} while (0)

#define CHECK_EQ(a, b)								\
	do {									\
		long long a_ = (long long)(a), b_ = (long long)(b);		\
		if (a_ != b_)							\
			test_fail(__FILE__, __LINE__, "%s is %lld (%#llx), not %s = %lld (%#llx)",	\
				  #a, a_, (unsigned long long)a_, #b, b_, (unsigned long long)b_);	\
	} while (0)

/* A call that must succeed: its errno is in the message. */
#define CHECK_OK(call)								\
	do {									\
		if ((call) < 0)							\
			test_fail(__FILE__, __LINE__, "%s: %m", #call);		\
	} while (0)

/* A call that must fail with this errno. */
#define CHECK_ERRNO(call, errno_)						\
	do {									\
		errno = 0;							\
		if ((call) >= 0)						\
			test_fail(__FILE__, __LINE__, "%s succeeded, not " #errno_, #call);	\
		if (errno != (errno_))						\
			test_fail(__FILE__, __LINE__, "%s: %m, not " #errno_, #call);	\
	} while (0)

#endif
