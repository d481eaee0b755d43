/* SPDX-License-Identifier: MIT */
/* printf of kernels (OpenCL C, 6.15.14): the buffer that a launch writes into, and its text. */
#ifndef HMMCL_PRINTF_H
#define HMMCL_PRINTF_H

#include "event.h"
#include "executable.h"

/*
 * Give @command, not yet enqueued, a printf buffer; what is in it is written to stdout, and stdout
 * flushed, when the command has ended.  The command must hold @executable, whose formats are meant.
 * Returns the buffer's address for struct hmmcl_launch, or 0: CL_OUT_OF_HOST_MEMORY.
 */
uint64_t hmmcl_printf_attach(cl_event command, const struct hmmcl_executable *executable);

#endif
