/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Tracepoints: /sys/kernel/tracing/events/hmmcl/.
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM hmmcl

#if !defined(_HMMCL_TRACE_H_) || defined(TRACE_HEADER_MULTI_READ)
#define _HMMCL_TRACE_H_

#include <linux/tracepoint.h>

#include "hmmcl_drv.h"

#define hmmcl_show_path(path) __print_symbolic(path, { 0, "fast" }, { 1, "slow" })

TRACE_EVENT(hmmcl_fault,
	TP_PROTO(struct hmmcl_context *ctx, unsigned long addr, bool write, bool huge, bool slow,
		 vm_fault_t result),
	TP_ARGS(ctx, addr, write, huge, slow, result),
	TP_STRUCT__entry(
		__field(u64, context)
		__field(unsigned long, addr)
		__field(bool, write)
		__field(bool, huge)
		__field(bool, slow)
		__field(unsigned int, result)
	),
	TP_fast_assign(
		__entry->context = ctx->id;
		__entry->addr = addr;
		__entry->write = write;
		__entry->huge = huge;
		__entry->slow = slow;
		__entry->result = (__force unsigned int)result;
	),
	TP_printk("context=%llu addr=%#lx %s %s path=%s result=%#x", __entry->context,
		  __entry->addr, __entry->write ? "write" : "read",
		  __entry->huge ? "pmd" : "pte", hmmcl_show_path(__entry->slow), __entry->result)
);

TRACE_EVENT(hmmcl_invalidate,
	TP_PROTO(struct hmmcl_context *ctx, unsigned long start, unsigned long end,
		 unsigned int event),
	TP_ARGS(ctx, start, end, event),
	TP_STRUCT__entry(
		__field(u64, context)
		__field(unsigned long, start)
		__field(unsigned long, end)
		__field(unsigned int, event)
	),
	TP_fast_assign(
		__entry->context = ctx->id;
		__entry->start = start;
		__entry->end = end;
		__entry->event = event;
	),
	TP_printk("context=%llu start=%#lx end=%#lx event=%u", __entry->context, __entry->start,
		  __entry->end, __entry->event)
);

TRACE_EVENT(hmmcl_migrate,
	TP_PROTO(struct hmmcl_context *ctx, unsigned long start, unsigned long end,
		 unsigned int destination, unsigned long moved),
	TP_ARGS(ctx, start, end, destination, moved),
	TP_STRUCT__entry(
		__field(u64, context)
		__field(unsigned long, start)
		__field(unsigned long, end)
		__field(unsigned int, destination)
		__field(unsigned long, moved)
	),
	TP_fast_assign(
		__entry->context = ctx->id;
		__entry->start = start;
		__entry->end = end;
		__entry->destination = destination;
		__entry->moved = moved;
	),
	TP_printk("context=%llu start=%#lx end=%#lx to=%s moved=%lu", __entry->context,
		  __entry->start, __entry->end,
		  __entry->destination == HMMCL_MIGRATE_TO_DEVICE ? "device" : "system",
		  __entry->moved)
);

TRACE_EVENT(hmmcl_cpu_fault,
	TP_PROTO(unsigned long addr, unsigned long moved),
	TP_ARGS(addr, moved),
	TP_STRUCT__entry(
		__field(unsigned long, addr)
		__field(unsigned long, moved)
	),
	TP_fast_assign(
		__entry->addr = addr;
		__entry->moved = moved;
	),
	TP_printk("addr=%#lx moved=%lu", __entry->addr, __entry->moved)
);

TRACE_EVENT(hmmcl_evict,
	TP_PROTO(unsigned int block, unsigned int used, unsigned long moved),
	TP_ARGS(block, used, moved),
	TP_STRUCT__entry(
		__field(unsigned int, block)
		__field(unsigned int, used)
		__field(unsigned long, moved)
	),
	TP_fast_assign(
		__entry->block = block;
		__entry->used = used;
		__entry->moved = moved;
	),
	TP_printk("block=%u used=%u moved=%lu", __entry->block, __entry->used, __entry->moved)
);

TRACE_EVENT(hmmcl_engine,
	TP_PROTO(struct hmmcl_context *ctx, unsigned int engine, unsigned int reason),
	TP_ARGS(ctx, engine, reason),
	TP_STRUCT__entry(
		__field(u64, context)
		__field(unsigned int, engine)
		__field(unsigned int, reason)
	),
	TP_fast_assign(
		__entry->context = ctx->id;
		__entry->engine = engine;
		__entry->reason = reason;
	),
	TP_printk("context=%llu engine=%u gone, reason=%u", __entry->context, __entry->engine,
		  __entry->reason)
);

#endif

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE hmmcl_trace
#include <trace/define_trace.h>
