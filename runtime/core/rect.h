/* SPDX-License-Identifier: MIT */
/*
 * Rectangular regions of a buffer or of host memory, as the Rect commands give them:
 * the arithmetic, its checks, and whether two regions of one buffer overlap.
 */
#ifndef HMMCL_CORE_RECT_H
#define HMMCL_CORE_RECT_H

#include <stdbool.h>
#include <stddef.h>

/* In bytes from the start of the memory it lies in. */
struct hmmcl_rect {
	size_t start;		/* of its first byte */
	size_t end;		/* one beyond its last byte */
	size_t region[3];	/* bytes in a row, rows in a slice, slices */
	size_t row_pitch;
	size_t slice_pitch;
};

/*
 * Work out a region from the arguments of an API call; a pitch of 0 means "no gap".
 * False where the specification says CL_INVALID_VALUE: a region element is zero, a pitch
 * is too small, the slice pitch is no multiple of the row pitch, or the end overflows.
 */
bool hmmcl_rect_init(struct hmmcl_rect *rect, const size_t origin[3], const size_t region[3],
		     size_t row_pitch, size_t slice_pitch);

/*
 * Whether two regions share a byte, their memories starting at @a_base and @b_base of the same
 * buffer; their regions are of one size.  Exact for any two sets of pitches (OpenCL API, appendix "Checking
 * for Memory Copy Overlap", covers equal ones).  Takes time only where pitches differ and the regions
 * interleave: their rows.
 */
bool hmmcl_rect_overlap(const struct hmmcl_rect *a, size_t a_base,
			const struct hmmcl_rect *b, size_t b_base);

#endif
