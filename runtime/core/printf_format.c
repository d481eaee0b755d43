/* SPDX-License-Identifier: MIT */
/*
 * OpenCL C's printf (6.15.14) by means of C's: a conversion specification is translated and handed
 * on, once for each element of a vector.
 */
#include "printf_format.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

/* Of a number in a format; what is wider is cut. */
#define MAX_NUMBER 4096

/* One conversion specification. */
struct conversion {
	char flags[8];
	int width, precision;	/* -1: not given */
	int vector;		/* elements; 0: no vector specifier */
	char length[3];		/* "", "hh", "h", "hl" or "l" */
	char specifier;
};

/* What is left of the arguments. */
struct arguments {
	const char *types;	/* "i4,v4f4,s" */
	const unsigned char *data;
	size_t size;
};

/* One argument. */
struct argument {
	char kind;		/* i, u, f, p or s */
	unsigned int element_size;
	unsigned int elements;
	const unsigned char *data;
};

static const char *read_number(const char *p, int *number)
{
	*number = 0;
	for (; *p >= '0' && *p <= '9'; p++)
		if (*number < MAX_NUMBER)
			*number = *number * 10 + (*p - '0');
	if (*number > MAX_NUMBER)
		*number = MAX_NUMBER;
	return p;
}

/* @p is behind the %.  Returns what follows; NULL when it is no conversion. */
static const char *parse(const char *p, struct conversion *c)
{
	size_t n = 0;

	memset(c, 0, sizeof(*c));
	c->width = c->precision = -1;
	for (; *p && strchr("-+ #0", *p); p++)
		if (!strchr(c->flags, *p))
			c->flags[n++] = *p;
	if (*p >= '1' && *p <= '9')
		p = read_number(p, &c->width);
	if (*p == '.')
		p = read_number(p + 1, &c->precision);
	if (*p == 'v')
		p = read_number(p + 1, &c->vector);
	for (n = 0; (*p == 'h' || *p == 'l') && n < 2; p++)
		c->length[n++] = *p;
	c->specifier = *p;
	return *p && strchr("diouxXfFeEgGaAcsp", *p) ? p + 1 : NULL;
}

/* The next argument.  False: no more, or the record is cut short. */
static bool next(struct arguments *arguments, struct argument *argument)
{
	const char *p = arguments->types;
	int number = 1, size;
	size_t bytes;

	if (!*p)
		return false;
	argument->elements = 1;
	if (*p == 'v') {
		p = read_number(p + 1, &number);
		argument->elements = number;
	}
	argument->kind = *p++;
	p = read_number(p, &size);
	argument->element_size = size ? size : 8;	/* p, s */
	arguments->types = *p == ',' ? p + 1 : p + strlen(p);

	bytes = (size_t)argument->element_size * (number == 3 ? 4 : number);
	bytes = (bytes + 7) & ~(size_t)7;
	argument->data = arguments->data;
	if (bytes > arguments->size)
		return false;
	arguments->data += bytes;
	arguments->size -= bytes;
	return true;
}

static double half_to_double(uint16_t half)
{
	uint64_t sign = (uint64_t)(half >> 15) << 63;
	uint64_t exponent = half >> 10 & 31, fraction = half & 1023;
	uint64_t bits;
	double value;

	if (exponent == 31) {
		bits = sign | 2047ull << 52 | fraction << 42;
		memcpy(&value, &bits, sizeof(value));
		return value;
	}
	if (!exponent) {
		value = (double)fraction / (1 << 24);	/* exact */
		return sign ? -value : value;
	}
	bits = sign | (exponent + 1008) << 52 | fraction << 42;
	memcpy(&value, &bits, sizeof(value));
	return value;
}

static double read_float(const struct argument *argument, unsigned int index)
{
	const unsigned char *p = argument->data + (size_t)index * argument->element_size;
	uint16_t half;
	float single;
	double value;

	switch (argument->element_size) {
	case 2:
		memcpy(&half, p, 2);
		return half_to_double(half);
	case 4:
		memcpy(&single, p, 4);
		return single;
	case 8:
		memcpy(&value, p, 8);
		return value;
	}
	return 0;
}

/* An element as the conversion wants it: of @size bytes, signed or not, whatever it is in memory. */
static uint64_t read_integer(const struct argument *argument, unsigned int index, unsigned int size,
			     bool is_signed)
{
	const unsigned char *p = argument->data + (size_t)index * argument->element_size;
	unsigned int shift = 64 - 8 * size;
	uint64_t value = 0;

	/* Little-endian: fewer bytes are the lower ones.  A smaller one was extended as its type says. */
	memcpy(&value, p, argument->element_size < 8 ? argument->element_size : 8);
	if (argument->element_size < size && argument->kind == 'i') {
		unsigned int extend = 64 - 8 * argument->element_size;

		value = (uint64_t)((int64_t)(value << extend) >> extend);
	}
	if (is_signed)
		return (uint64_t)((int64_t)(value << shift) >> shift);
	return value << shift >> shift;
}

/* Bytes that an integer conversion without vector takes by its length modifier. */
static unsigned int integer_size(const struct conversion *c, const struct argument *argument)
{
	if (!strcmp(c->length, "hh"))
		return 1;
	if (!strcmp(c->length, "h"))
		return 2;
	if (!strcmp(c->length, "l"))
		return 8;
	return argument->element_size < 4 ? argument->element_size : 4;
}

/* C's specification: flags, width, precision, then @tail. */
static void make_specification(char *text, size_t size, const struct conversion *c, const char *tail)
{
	char width[16] = "", precision[16] = "";

	if (c->width >= 0)
		snprintf(width, sizeof(width), "%d", c->width);
	if (c->precision >= 0)
		snprintf(precision, sizeof(precision), ".%d", c->precision);
	snprintf(text, size, "%%%s%s%s%s", c->flags, width, precision, tail);
}

/* Formats come from the program: make_specification and parse see to it that they fit their argument. */
#pragma GCC diagnostic ignored "-Wformat-nonliteral"

static void write_number(FILE *stream, const struct conversion *c, const struct argument *argument)
{
	bool is_float = strchr("fFeEgGaA", c->specifier);
	bool is_signed = strchr("di", c->specifier);
	char tail[4] = { c->specifier }, specification[64];

	if (is_float != (argument->kind == 'f') || argument->kind == 's')
		return;
	if (!is_float)
		snprintf(tail, sizeof(tail), "ll%c", c->specifier);
	make_specification(specification, sizeof(specification), c, tail);
	for (unsigned int i = 0; i < argument->elements; i++) {
		if (i)
			putc_unlocked(',', stream);
		if (is_float)
			fprintf(stream, specification, read_float(argument, i));
		else
			fprintf(stream, specification,
				read_integer(argument, i, integer_size(c, argument), is_signed));
	}
}

static uint64_t read_address(const struct argument *argument)
{
	uint64_t address;

	memcpy(&address, argument->data, sizeof(address));
	return address;
}

/* Strings are wherever the kernel says, so they are read in a way that can fail. */
static size_t read_string(uint64_t address, char *text, size_t size)
{
	size_t done = 0;

	while (done < size) {
		/* Not across a page's end: the next one may not be there. */
		size_t part = 4096 - (address + done) % 4096;
		struct iovec to = { text + done, part < size - done ? part : size - done };
		struct iovec from = { (void *)(uintptr_t)(address + done), to.iov_len };
		char *end;

		if (process_vm_readv(getpid(), &to, 1, &from, 1, 0) != (ssize_t)to.iov_len)
			break;
		end = memchr(to.iov_base, 0, to.iov_len);
		if (end)
			return end - text;
		done += to.iov_len;
	}
	return done;
}

static void write_string(FILE *stream, const struct conversion *c, const struct argument *argument)
{
	size_t limit = c->precision >= 0 ? (size_t)c->precision : 1u << 20;
	uint64_t address = argument->element_size == 8 ? read_address(argument) : 0;
	struct conversion exact = *c;
	char specification[64];
	size_t length;
	char *text;

	if (argument->kind != 's' && argument->kind != 'p')
		return;
	text = malloc(limit + 1);
	if (!text)
		return;
	length = address ? read_string(address, text, limit) : 0;
	text[length] = 0;
	exact.precision = -1;
	make_specification(specification, sizeof(specification), &exact, "s");
	fprintf(stream, specification, address ? text : "(null)");
	free(text);
}

static void write_conversion(FILE *stream, const struct conversion *c, struct arguments *arguments)
{
	struct argument argument;
	char specification[64];

	if (!next(arguments, &argument))
		return;
	switch (c->specifier) {
	case 's':
		write_string(stream, c, &argument);
		break;
	case 'p':
		make_specification(specification, sizeof(specification), c, "p");
		if (argument.element_size == 8)
			fprintf(stream, specification, (void *)(uintptr_t)read_address(&argument));
		break;
	case 'c':
		make_specification(specification, sizeof(specification), c, "c");
		if (argument.kind == 'i' || argument.kind == 'u')
			fprintf(stream, specification, (int)read_integer(&argument, 0, 1, false));
		break;
	default:
		write_number(stream, c, &argument);
	}
}

void hmmcl_printf_write(FILE *stream, const struct hmmcl_printf_format *format, const void *args,
			size_t size)
{
	struct arguments arguments = { format->types, args, size };
	const char *p = format->format;

	while (*p) {
		size_t plain = strcspn(p, "%");
		struct conversion conversion;
		const char *behind;

		fwrite_unlocked(p, 1, plain, stream);
		p += plain;
		if (!*p)
			break;
		if (p[1] == '%') {
			putc_unlocked('%', stream);
			p += 2;
			continue;
		}
		behind = parse(p + 1, &conversion);
		if (!behind) {		/* undefined; C libraries show it as it is */
			putc_unlocked('%', stream);
			p++;
			continue;
		}
		write_conversion(stream, &conversion, &arguments);
		p = behind;
	}
}
