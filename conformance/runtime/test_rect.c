/* SPDX-License-Identifier: MIT */
/* Rectangular transfers: random regions against a plain loop, exact overlap, errors. */
#include "memory.h"

#define BYTES	65536

struct rect {
	size_t origin[3], row_pitch, slice_pitch;	/* pitches as passed: 0 for none */
	size_t row, slice;				/* pitches in force */
};

static size_t at(const struct rect *r, size_t x, size_t y, size_t z)
{
	return (r->origin[2] + z) * r->slice + (r->origin[1] + y) * r->row + r->origin[0] + x;
}

/* A placement of @region with random origin and pitches. */
static struct rect random_rect(const size_t region[3])
{
	struct rect r = { .origin = { random_below(40), random_below(6), random_below(4) } };

	if (random_below(2))
		r.row_pitch = region[0] + random_below(50);
	r.row = r.row_pitch ? r.row_pitch : region[0];
	if (random_below(2))
		r.slice_pitch = r.row * (region[1] + random_below(3));
	r.slice = r.slice_pitch ? r.slice_pitch : r.row * region[1];
	return r;
}

static void random_region(size_t region[3])
{
	region[0] = 1 + random_below(60);
	region[1] = 1 + random_below(8);
	region[2] = 1 + random_below(5);
}

static void copy(unsigned char *to, const struct rect *dst, const unsigned char *from,
		 const struct rect *src, const size_t region[3])
{
	for (size_t z = 0; z < region[2]; z++)
		for (size_t y = 0; y < region[1]; y++)
			for (size_t x = 0; x < region[0]; x++)
				to[at(dst, x, y, z)] = from[at(src, x, y, z)];
}

static size_t end(const struct rect *r, const size_t region[3])
{
	return at(r, region[0] - 1, region[1] - 1, region[2] - 1) + 1;
}

static void random_transfers(void **state)
{
	static unsigned char a[BYTES], b[BYTES], host[BYTES], expected_host[BYTES];
	cl_mem buffer_a, buffer_b;

	(void)state;
	random_bytes(a, BYTES);
	random_bytes(b, BYTES);
	buffer_a = new_buffer(CL_MEM_COPY_HOST_PTR, BYTES, a);
	buffer_b = new_buffer(CL_MEM_COPY_HOST_PTR, BYTES, b);

	for (int round = 0; round < 2000; round++) {
		struct rect buf, other;
		size_t region[3];

		random_region(region);
		buf = random_rect(region);
		other = random_rect(region);
		if (end(&buf, region) > BYTES || end(&other, region) > BYTES)
			continue;
		switch (random_below(3)) {
		case 0:
			copy(expected_host, &other, a, &buf, region);
			assert_cl(clEnqueueReadBufferRect(queue, buffer_a, CL_TRUE, buf.origin,
							  other.origin, region, buf.row_pitch,
							  buf.slice_pitch, other.row_pitch,
							  other.slice_pitch, host, 0, NULL, NULL),
				  CL_SUCCESS);
			assert_memory_equal(host, expected_host, BYTES);
			break;
		case 1:
			copy(a, &buf, host, &other, region);
			assert_cl(clEnqueueWriteBufferRect(queue, buffer_a, CL_TRUE, buf.origin,
							   other.origin, region, buf.row_pitch,
							   buf.slice_pitch, other.row_pitch,
							   other.slice_pitch, host, 0, NULL, NULL),
				  CL_SUCCESS);
			break;
		case 2:
			copy(b, &other, a, &buf, region);
			assert_cl(clEnqueueCopyBufferRect(queue, buffer_a, buffer_b, buf.origin,
							  other.origin, region, buf.row_pitch,
							  buf.slice_pitch, other.row_pitch,
							  other.slice_pitch, 0, NULL, NULL),
				  CL_SUCCESS);
			break;
		}
	}
	assert_cl(clEnqueueReadBuffer(queue, buffer_a, CL_TRUE, 0, BYTES, host, 0, NULL, NULL),
		  CL_SUCCESS);
	assert_memory_equal(host, a, BYTES);
	assert_cl(clEnqueueReadBuffer(queue, buffer_b, CL_TRUE, 0, BYTES, host, 0, NULL, NULL),
		  CL_SUCCESS);
	assert_memory_equal(host, b, BYTES);
	assert_cl(clReleaseMemObject(buffer_a), CL_SUCCESS);
	assert_cl(clReleaseMemObject(buffer_b), CL_SUCCESS);
}

/* Copies inside one buffer, also through sub-buffers: refused exactly when bytes are shared. */
static void overlap(void **state)
{
	enum { SMALL = 4096 };
	static unsigned char contents[SMALL], out[SMALL];
	unsigned int refused = 0, done = 0;
	cl_mem buffer, sub_buffers[2];

	(void)state;
	random_bytes(contents, SMALL);
	buffer = new_buffer(CL_MEM_COPY_HOST_PTR, SMALL, contents);
	sub_buffers[0] = new_sub_buffer(buffer, 0, 0, SMALL - 128);
	sub_buffers[1] = new_sub_buffer(buffer, 0, 128, SMALL - 128);

	for (int round = 0; round < 20000; round++) {
		const bool one_buffer = random_below(2);
		const size_t base = one_buffer ? 0 : 128, limit = one_buffer ? SMALL : SMALL - 128;
		cl_mem from = one_buffer ? buffer : sub_buffers[0];
		cl_mem to = one_buffer ? buffer : sub_buffers[1];
		unsigned char used[SMALL] = { 0 };
		bool shared = false;
		struct rect src, dst;
		size_t region[3];

		for (int i = 0; i < 3; i++)
			region[i] = 1 + random_below(6);
		src = random_rect(region);
		dst = random_rect(region);
		if (one_buffer) {
			dst.row = src.row;
			dst.slice = src.slice;
		}
		if (end(&src, region) > limit || end(&dst, region) > limit)
			continue;

		for (size_t z = 0; z < region[2]; z++)
			for (size_t y = 0; y < region[1]; y++)
				memset(used + at(&src, 0, y, z), 1, region[0]);
		for (size_t z = 0; z < region[2]; z++)
			for (size_t y = 0; y < region[1]; y++)
				for (size_t x = 0; x < region[0]; x++)
					shared |= used[base + at(&dst, x, y, z)];

		assert_cl(clEnqueueCopyBufferRect(queue, from, to, src.origin, dst.origin, region,
						  src.row, src.slice, dst.row, dst.slice, 0, NULL,
						  NULL), shared ? CL_MEM_COPY_OVERLAP : CL_SUCCESS);
		if (shared)
			refused++;
		else
			copy(contents + base, &dst, contents, &src, region);
		done++;
	}
	assert_true(refused > done / 10 && refused < done / 10 * 9);
	assert_cl(clEnqueueReadBuffer(queue, buffer, CL_TRUE, 0, SMALL, out, 0, NULL, NULL),
		  CL_SUCCESS);
	assert_memory_equal(out, contents, SMALL);

	for (int i = 0; i < 2; i++)
		assert_cl(clReleaseMemObject(sub_buffers[i]), CL_SUCCESS);
	assert_cl(clReleaseMemObject(buffer), CL_SUCCESS);
}

/* So many rows that nobody looks at each. What is allowed is cancelled before it runs. */
static void overlap_of_many_rows(void **state)
{
	enum { ROW = 4, ROWS = 1 << 14, SLICE = ROW * (ROWS + 2), SLICES = 1 << 11 };
	static const size_t region[3] = { 2, ROWS, SLICES }, zero[3];
	const struct {
		size_t to[3];
		bool shared;
	} cases[] = {
		{ { 0, 0, 0 }, true },
		{ { 1, 0, 0 }, true },
		{ { 2, 0, 0 }, false },			/* in the gaps between rows */
		{ { 3, 0, 0 }, true },			/* into the next row */
		{ { 2, ROWS - 1, 0 }, false },
		{ { 1, ROWS - 1, SLICES - 1 }, true },	/* one byte, the last */
		{ { 2, ROWS - 1, SLICES - 1 }, false },
		{ { 3, ROWS - 2, SLICES - 1 }, true },	/* one byte of the last row */
		{ { 3, ROWS - 1, SLICES - 1 }, false },
		{ { 0, ROWS, 0 }, true },		/* over the gap, into the next slice */
		{ { 0, ROWS, SLICES - 1 }, false },
		{ { 2, ROWS + 1, SLICES - 2 }, false },
		{ { 3, ROWS + 1, SLICES - 2 }, true },	/* one byte of the last slice's first row */
		{ { 3, ROWS + 1, SLICES - 1 }, false },
	};
	const size_t size = 2 * (size_t)SLICE * SLICES;
	cl_mem buffer = new_buffer(0, size, NULL);
	cl_int error;
	cl_event gate = clCreateUserEvent(context, &error);

	(void)state;
	assert_cl(error, CL_SUCCESS);
	for (size_t i = 0; i < COUNT(cases); i++) {
		const cl_int expected = cases[i].shared ? CL_MEM_COPY_OVERLAP : CL_SUCCESS;

		/* Either may be the one that begins first. */
		assert_cl(clEnqueueCopyBufferRect(queue, buffer, buffer, zero, cases[i].to, region, ROW, SLICE,
						  ROW, SLICE, 1, &gate, NULL), expected);
		assert_cl(clEnqueueCopyBufferRect(queue, buffer, buffer, cases[i].to, zero, region, ROW, SLICE,
						  ROW, SLICE, 1, &gate, NULL), expected);
	}
	assert_cl(clSetUserEventStatus(gate, -1), CL_SUCCESS);
	clFinish(queue);
	assert_cl(clReleaseEvent(gate), CL_SUCCESS);
	assert_cl(clReleaseMemObject(buffer), CL_SUCCESS);
}

static void errors(void **state)
{
	static const size_t zero[3], one[3] = { 1, 1, 1 }, region[3] = { 8, 4, 2 };
	static const size_t far[3] = { 0, 0, SIZE_MAX / 16 }, empty[3] = { 8, 0, 1 };
	const struct {
		const size_t *origin, *host_origin, *region;
		size_t pitches[4];	/* row and slice of the buffer, of the host */
		bool no_ptr;
		cl_int error;
	} cases[] = {
		{ zero, zero, region, { 0, 0, 0, 0 }, false, CL_SUCCESS },
		{ one, one, region, { 16, 64, 16, 128 }, false, CL_SUCCESS },
		{ NULL, zero, region, { 0 }, false, CL_INVALID_VALUE },
		{ zero, NULL, region, { 0 }, false, CL_INVALID_VALUE },
		{ zero, zero, NULL, { 0 }, false, CL_INVALID_VALUE },
		{ zero, zero, empty, { 0 }, false, CL_INVALID_VALUE },
		{ zero, zero, region, { 0 }, true, CL_INVALID_VALUE },
		{ far, zero, region, { 0 }, false, CL_INVALID_VALUE },
		{ zero, zero, region, { 4096, 0 }, false, CL_INVALID_VALUE },
		{ zero, zero, region, { 7, 0 }, false, CL_INVALID_VALUE },
		{ zero, zero, region, { 8, 31 }, false, CL_INVALID_VALUE },
		{ zero, zero, region, { 8, 24 }, false, CL_INVALID_VALUE },
		{ zero, zero, region, { 8, 33 }, false, CL_INVALID_VALUE },
		{ zero, zero, region, { 0, 0, 7, 0 }, false, CL_INVALID_VALUE },
		{ zero, zero, region, { 0, 0, 8, 24 }, false, CL_INVALID_VALUE },
		{ zero, zero, region, { 0, 0, 8, 33 }, false, CL_INVALID_VALUE },
		{ zero, far, region, { 0, 0, SIZE_MAX / 2, 0 }, false, CL_INVALID_VALUE },
	};
	static char memory[4096];
	cl_int error;
	cl_mem buffer = new_buffer(0, sizeof(memory), NULL);
	cl_mem no_host = new_buffer(CL_MEM_HOST_NO_ACCESS, sizeof(memory), NULL);
	cl_mem foreign = clCreateBuffer(other_context, 0, sizeof(memory), NULL, &error);

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		const size_t *p = cases[i].pitches;
		char *ptr = cases[i].no_ptr ? NULL : memory;

		assert_cl(clEnqueueReadBufferRect(queue, buffer, CL_TRUE, cases[i].origin,
						  cases[i].host_origin, cases[i].region, p[0], p[1],
						  p[2], p[3], ptr, 0, NULL, NULL), cases[i].error);
		assert_cl(clEnqueueWriteBufferRect(queue, buffer, CL_TRUE, cases[i].origin,
						   cases[i].host_origin, cases[i].region, p[0], p[1],
						   p[2], p[3], ptr, 0, NULL, NULL), cases[i].error);
		if (ptr)
			assert_cl(clEnqueueCopyBufferRect(queue, buffer, no_host, cases[i].origin,
							  cases[i].host_origin, cases[i].region, p[0],
							  p[1], p[2], p[3], 0, NULL, NULL),
				  cases[i].error);
	}

#define READ(q, m) clEnqueueReadBufferRect(q, m, CL_TRUE, zero, zero, region, 0, 0, 0, 0, memory, \
					   0, NULL, NULL)
#define WRITE(q, m) clEnqueueWriteBufferRect(q, m, CL_TRUE, zero, zero, region, 0, 0, 0, 0, \
					     memory, 0, NULL, NULL)
	assert_cl(READ(NULL, buffer), CL_INVALID_COMMAND_QUEUE);
	assert_cl(WRITE(NULL, buffer), CL_INVALID_COMMAND_QUEUE);
	assert_cl(READ(queue, NULL), CL_INVALID_MEM_OBJECT);
	assert_cl(WRITE(queue, NULL), CL_INVALID_MEM_OBJECT);
	assert_cl(READ(queue, foreign), CL_INVALID_CONTEXT);
	assert_cl(WRITE(queue, foreign), CL_INVALID_CONTEXT);
	assert_cl(READ(queue, no_host), CL_INVALID_OPERATION);
	assert_cl(WRITE(queue, no_host), CL_INVALID_OPERATION);

	/* Inside one buffer the pitches must agree. */
	assert_cl(clEnqueueCopyBufferRect(queue, buffer, buffer, zero, zero, region, 8, 32, 16, 64, 0,
					  NULL, NULL), CL_INVALID_VALUE);
	assert_cl(clEnqueueCopyBufferRect(queue, buffer, buffer, zero, zero, region, 8, 32, 8, 64, 0,
					  NULL, NULL), CL_INVALID_VALUE);
	assert_cl(clEnqueueCopyBufferRect(queue, foreign, buffer, zero, zero, region, 0, 0, 0, 0, 0,
					  NULL, NULL), CL_INVALID_CONTEXT);
	assert_cl(clFinish(queue), CL_SUCCESS);
	assert_cl(clReleaseMemObject(buffer), CL_SUCCESS);
	assert_cl(clReleaseMemObject(no_host), CL_SUCCESS);
	assert_cl(clReleaseMemObject(foreign), CL_SUCCESS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_transfers),
		cmocka_unit_test(overlap),
		cmocka_unit_test(overlap_of_many_rows),
		cmocka_unit_test(errors),
	};

	return cmocka_run_group_tests(tests, open_contexts, close_contexts);
}
