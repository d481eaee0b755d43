/* SPDX-License-Identifier: MIT */
/* From a format and the bytes of its arguments to text. */
#ifndef HMMCL_PRINTF_FORMAT_H
#define HMMCL_PRINTF_FORMAT_H

#include <stdio.h>

#include "../compiler/codeobject.h"

/*
 * Write what the format makes of the arguments (of a struct hmmcl_printf_record: @size bytes at
 * @args).  Neither is trusted: a conversion whose argument is missing or of another kind writes
 * nothing.
 */
void hmmcl_printf_write(FILE *stream, const struct hmmcl_printf_format *format, const void *args,
			size_t size);

#endif
