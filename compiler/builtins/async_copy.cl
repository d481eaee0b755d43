/* SPDX-License-Identifier: MIT */
/*
 * Asynchronous copies and prefetch (OpenCL C, 6.15.12).  A group runs on one thread, so
 * its first work-item makes the whole copy at once; wait_group_events is the barrier at
 * which the others may rely on it.  An event is only what the application passed.
 */
#include "builtins.h"

#define COPY(n, T, U)							\
	COPY_BETWEEN(n, T, __local, __global) COPY_BETWEEN(n, T, __global, __local)
#define COPY_BETWEEN(n, T, TO, FROM)					\
	BUILTIN event_t async_work_group_copy(TO T##n *to, const FROM T##n *from,	\
					      size_t count, event_t event)	\
	{								\
		if (get_local_linear_id() == 0)				\
			__builtin_memcpy(to, from, count * sizeof(T##n));	\
		return event;						\
	}
#define COPY_STRIDED(n, T, U)						\
	BUILTIN event_t async_work_group_strided_copy(__local T##n *to,	\
		const __global T##n *from, size_t count, size_t stride, event_t event)	\
	{								\
		if (get_local_linear_id() == 0)				\
			for (size_t i = 0; i < count; i++)		\
				to[i] = from[i * stride];		\
		return event;						\
	}								\
	BUILTIN event_t async_work_group_strided_copy(__global T##n *to,	\
		const __local T##n *from, size_t count, size_t stride, event_t event)	\
	{								\
		if (get_local_linear_id() == 0)				\
			for (size_t i = 0; i < count; i++)		\
				to[i * stride] = from[i];		\
		return event;						\
	}
/* The caches of a CPU prefetch by themselves. */
#define PREFETCH(n, T, U)						\
	BUILTIN void prefetch(const __global T##n *p, size_t count) { (void)p; (void)count; }

ALL_TYPES(WIDTHS, COPY)
ALL_TYPES(WIDTHS, COPY_STRIDED)
ALL_TYPES(WIDTHS, PREFETCH)

#define WAIT(AS, unused)						\
	BUILTIN __attribute__((convergent)) void wait_group_events(int count, AS event_t *list)	\
	{								\
		(void)count;						\
		(void)list;						\
		barrier(CLK_LOCAL_MEM_FENCE | CLK_GLOBAL_MEM_FENCE);	\
	}
WRITABLE_SPACES(WAIT, )
