/* SPDX-License-Identifier: MIT */
/* hmmclc --server: protocol.h's other side. */
#ifndef HMMCL_COMPILER_SERVER_H
#define HMMCL_COMPILER_SERVER_H

#include "compile.h"

namespace hmmcl {

/*
 * Serves requests from the socket @fd until it is closed.  Returns the process's exit status.
 * Each request runs in a forked worker, limited by the environment's HMMCL_BUILD_TIMEOUT
 * (seconds of processor time, default 60; five times that by the clock) and
 * HMMCL_BUILD_MEMORY (MiB, default 4096).
 */
int serve(int fd, const Settings &settings);

} // namespace hmmcl

#endif
