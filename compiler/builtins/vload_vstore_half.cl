/* SPDX-License-Identifier: MIT */
/*
 * vload_half, vstore_half and the aligned vloada_half, vstorea_half (OpenCL C, 6.15.7),
 * which move half precision in memory from and to float and double.  The aligned ones
 * keep vectors of 3 at the distance of 4, and leave the fourth place alone: the last of an array
 * may have none.
 */
#include "builtins.h"

#define READ(n, AS, p) (*(const AS half##n *)(p))
#define READ_2(AS, p) READ(2, AS, p)
#define READ_3(AS, p) vload3(0, p)
#define READ_4(AS, p) READ(4, AS, p)
#define READ_8(AS, p) READ(8, AS, p)
#define READ_16(AS, p) READ(16, AS, p)

#define WRITE(n, AS, v, p) (*(AS half##n *)(p) = (v))
#define WRITE_2(AS, v, p) WRITE(2, AS, v, p)
#define WRITE_3(AS, v, p) vstore3(v, 0, p)
#define WRITE_4(AS, v, p) WRITE(4, AS, v, p)
#define WRITE_8(AS, v, p) WRITE(8, AS, v, p)
#define WRITE_16(AS, v, p) WRITE(16, AS, v, p)

#define LOAD_SCALAR(AS, unused)						\
	BUILTIN float vload_half(size_t offset, const AS half *p) { return p[offset]; }	\
	BUILTIN float vloada_half(size_t offset, const AS half *p) { return p[offset]; }
#define LOAD(n, AS, distance)						\
	BUILTIN float##n vload_half##n(size_t offset, const AS half *p)	\
	{								\
		return convert_float##n(vload##n(offset, p));		\
	}								\
	BUILTIN float##n vloada_half##n(size_t offset, const AS half *p)	\
	{								\
		return convert_float##n(READ_##n(AS, p + offset * distance));	\
	}
#define LOADS(AS, unused)						\
	LOAD_SCALAR(AS, ) LOAD(2, AS, 2) LOAD(3, AS, 4) LOAD(4, AS, 4) LOAD(8, AS, 8)	\
	LOAD(16, AS, 16)
READABLE_SPACES(LOADS, )

#define STORE_SCALAR(AS, T, rounding)					\
	BUILTIN void vstore_half##rounding(T v, size_t offset, AS half *p)	\
	{								\
		p[offset] = convert_half##rounding(v);			\
	}								\
	BUILTIN void vstorea_half##rounding(T v, size_t offset, AS half *p)	\
	{								\
		p[offset] = convert_half##rounding(v);			\
	}
#define STORE(n, AS, T, rounding, distance)				\
	BUILTIN void vstore_half##n##rounding(T##n v, size_t offset, AS half *p)	\
	{								\
		vstore##n(convert_half##n##rounding(v), offset, p);	\
	}								\
	BUILTIN void vstorea_half##n##rounding(T##n v, size_t offset, AS half *p)	\
	{								\
		WRITE_##n(AS, convert_half##n##rounding(v), p + offset * distance);	\
	}
#define STORE_WIDTHS(AS, T, rounding)					\
	STORE_SCALAR(AS, T, rounding)					\
	STORE(2, AS, T, rounding, 2) STORE(3, AS, T, rounding, 4) STORE(4, AS, T, rounding, 4)	\
	STORE(8, AS, T, rounding, 8) STORE(16, AS, T, rounding, 16)
#define STORES(AS, T)							\
	STORE_WIDTHS(AS, T, ) STORE_WIDTHS(AS, T, _rte) STORE_WIDTHS(AS, T, _rtz)	\
	STORE_WIDTHS(AS, T, _rtp) STORE_WIDTHS(AS, T, _rtn)
WRITABLE_SPACES(STORES, float)
WRITABLE_SPACES(STORES, double)
