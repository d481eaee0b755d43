// SPDX-License-Identifier: GPL-2.0-only
/*
 * Defines the tracepoints of hmmcl_trace.h.
 */
#define CREATE_TRACE_POINTS
#include "hmmcl_trace.h"
