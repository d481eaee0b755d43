/* SPDX-License-Identifier: MIT */
/*
 * The buffers that kernels print into.  One for each launch of a kernel that prints, fresh from
 * the system: its zeros are how a record that was never written is told from one that was.
 */
#include "printf.h"

#include <fcntl.h>
#include <locale.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <wchar.h>

#include "command.h"
#include "device.h"
#include "log.h"
#include "printf_format.h"

/* An object, so that the command holds it and whatever becomes of the command, it is given back. */
struct printf_output {
	struct hmmcl_object object;
	const struct hmmcl_code_object *code;
	struct hmmcl_printf_buffer *buffer;
};

static size_t buffer_size(void)
{
	return sizeof(struct hmmcl_printf_buffer) + HMMCL_PRINTF_BUFFER_SIZE;
}

static void output_destroy(void *object)
{
	struct printf_output *output = object;

	if (output->buffer)
		munmap(output->buffer, buffer_size());
}

static const struct hmmcl_object_type output_type = {
	.name = "printf output", .destroy = output_destroy,
};

/* Write the records, in the order in which the kernel took their places. */
static void write_records(const struct printf_output *output, FILE *stream)
{
	const struct hmmcl_printf_buffer *buffer = output->buffer;
	uint32_t end = buffer->used < HMMCL_PRINTF_BUFFER_SIZE ? buffer->used : HMMCL_PRINTF_BUFFER_SIZE;

	for (uint32_t at = 0; at + sizeof(struct hmmcl_printf_record) <= end; ) {
		struct hmmcl_printf_record record;

		memcpy(&record, buffer->data + at, sizeof(record));
		/* The kernel was stopped before it had written this one, or it did not fit. */
		if (record.size < sizeof(record) || record.size > end - at || record.size % 8)
			break;
		if (record.format < output->code->n_formats)
			hmmcl_printf_write(stream, &output->code->formats[record.format],
					   buffer->data + at + sizeof(record),
					   record.size - sizeof(record));
		at += record.size;
	}
	fflush(stream);
	if (buffer->used > HMMCL_PRINTF_BUFFER_SIZE)
		hmmcl_warn("a kernel printed %u bytes, of which the first %u are shown: that is CL_DEVICE_PRINTF_BUFFER_SIZE",
			   buffer->used, HMMCL_PRINTF_BUFFER_SIZE);
}

/* To the application's standard output, in its order with what the application writes there. */
static void write_output(const struct printf_output *output)
{
	FILE *narrow;
	int fd;

	flockfile(stdout);
	if (fwide(stdout, 0) <= 0) {
		write_records(output, stdout);
	} else {
		/* The application writes wide characters: its stream does not take bytes any more. */
		fflush(stdout);
		fd = fcntl(fileno(stdout), F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
		narrow = fd < 0 ? NULL : fdopen(fd, "w");
		if (narrow) {
			write_records(output, narrow);
			fclose(narrow);
		} else {
			hmmcl_warn("a kernel's output is lost: %m");
			if (fd >= 0)
				close(fd);
		}
	}
	funlockfile(stdout);
}

static void print(cl_event command, cl_int status, void *data)
{
	const struct printf_output *output = data;
	locale_t before;

	(void)command;
	(void)status;	/* what was printed before a fault is what one wants to see */
	if (!output->buffer->used)
		return;
	/* OpenCL C has no locales. The C locale is made of nothing, and so always there. */
	before = uselocale(newlocale(LC_ALL_MASK, "C", (locale_t)0));
	write_output(output);
	uselocale(before);
}

uint64_t hmmcl_printf_attach(cl_event command, const struct hmmcl_executable *executable)
{
	struct printf_output *output = hmmcl_object_new(sizeof(*output), &output_type);
	cl_int error;

	if (!output)
		return 0;
	output->code = &executable->code;
	output->buffer = mmap(NULL, buffer_size(), PROT_READ | PROT_WRITE,
			      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (output->buffer == MAP_FAILED)
		output->buffer = NULL;
	error = output->buffer ? hmmcl_command_hold(command, output) : CL_OUT_OF_HOST_MEMORY;
	hmmcl_object_unref(output);	/* the command's reference is what keeps it */
	if (error)
		return 0;
	output->buffer->size = HMMCL_PRINTF_BUFFER_SIZE;
	command->on_complete = print;
	command->data = output;
	return (uintptr_t)output->buffer;
}
