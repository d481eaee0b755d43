/* SPDX-License-Identifier: MIT */
/* Rectangular regions: arithmetic, checks and overlap. */
#include "rect.h"

bool hmmcl_rect_init(struct hmmcl_rect *rect, const size_t origin[3], const size_t region[3],
		     size_t row_pitch, size_t slice_pitch)
{
	size_t slice_size, y_offset, z_offset, last_row, last_slice;

	if (!region[0] || !region[1] || !region[2])
		return false;

	if (!row_pitch)
		row_pitch = region[0];
	else if (row_pitch < region[0])
		return false;

	if (__builtin_mul_overflow(region[1], row_pitch, &slice_size))
		return false;
	if (!slice_pitch)
		slice_pitch = slice_size;
	else if (slice_pitch < slice_size || slice_pitch % row_pitch)
		return false;

	if (__builtin_mul_overflow(origin[1], row_pitch, &y_offset) ||
	    __builtin_mul_overflow(origin[2], slice_pitch, &z_offset) ||
	    __builtin_add_overflow(origin[0], y_offset, &rect->start) ||
	    __builtin_add_overflow(rect->start, z_offset, &rect->start))
		return false;

	last_row = slice_size - row_pitch;
	if (__builtin_mul_overflow(region[2] - 1, slice_pitch, &last_slice) ||
	    __builtin_add_overflow(rect->start, last_slice, &rect->end) ||
	    __builtin_add_overflow(rect->end, last_row, &rect->end) ||
	    __builtin_add_overflow(rect->end, region[0], &rect->end))
		return false;

	for (int i = 0; i < 3; i++)
		rect->region[i] = region[i];
	rect->row_pitch = row_pitch;
	rect->slice_pitch = slice_pitch;
	return true;
}

/* Where a row, counted through all slices, starts. */
static size_t row_start(const struct hmmcl_rect *rect, size_t base, size_t row)
{
	return base + rect->start + row / rect->region[1] * rect->slice_pitch +
	       row % rect->region[1] * rect->row_pitch;
}

/* Is a row of one region, so many bytes behind the first row of the same slice, met by the other's? */
static bool rows_meet(const struct hmmcl_rect *rect, size_t distance)
{
	size_t rows = distance / rect->row_pitch;

	distance -= rows * rect->row_pitch;
	return (rows < rect->region[1] && distance < rect->region[0]) ||
	       (rows + 1 < rect->region[1] && rect->row_pitch - distance < rect->region[0]);
}

/*
 * Do two regions of @rect's shape and pitches meet, so many bytes apart?  Only slices and rows next to
 * where the other region starts can.
 */
static bool same_shapes_overlap(const struct hmmcl_rect *rect, size_t distance)
{
	size_t slices = distance / rect->slice_pitch;

	distance -= slices * rect->slice_pitch;
	return (slices < rect->region[2] && rows_meet(rect, distance)) ||
	       (slices + 1 < rect->region[2] && rows_meet(rect, rect->slice_pitch - distance));
}

bool hmmcl_rect_overlap(const struct hmmcl_rect *a, size_t a_base,
			const struct hmmcl_rect *b, size_t b_base)
{
	const size_t a_rows = a->region[1] * a->region[2];
	const size_t b_rows = b->region[1] * b->region[2];
	size_t i = 0, j = 0;

	if (a_base + a->end <= b_base + b->start || b_base + b->end <= a_base + a->start)
		return false;
	/* Of one buffer they are (CL_INVALID_VALUE otherwise); of two of its sub-buffers they may differ. */
	if (a->row_pitch == b->row_pitch && a->slice_pitch == b->slice_pitch) {
		size_t a_start = a_base + a->start, b_start = b_base + b->start;

		return same_shapes_overlap(a, a_start < b_start ? b_start - a_start : a_start - b_start);
	}

	/* The rows of a region are disjoint and ascend: walk both as a merge would. */
	while (i < a_rows && j < b_rows) {
		const size_t a_start = row_start(a, a_base, i);
		const size_t b_start = row_start(b, b_base, j);

		if (a_start + a->region[0] <= b_start)
			i++;
		else if (b_start + b->region[0] <= a_start)
			j++;
		else
			return true;
	}
	return false;
}
