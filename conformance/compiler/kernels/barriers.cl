/* SPDX-License-Identifier: MIT */
/*
 * Barriers wherever the language allows them.  Each kernel writes to out[global linear id * 4].
 * Unsigned arithmetic only: the reference must not differ by undefined overflow.
 */
#define ITEM() (get_global_linear_id() * 4)
#define FENCE CLK_LOCAL_MEM_FENCE

uint mix(uint a, uint b)
{
	a ^= b * 0x9e3779b9u;
	return (a << 7 | a >> 25) + 0x85ebca6bu;
}

uint lid(void)
{
	return get_local_linear_id();
}

uint group_items(void)
{
	return get_local_size(0) * get_local_size(1) * get_local_size(2);
}

kernel void none(global uint *out, global const uint *in, local uint *scratch)
{
	size_t i = ITEM();

	out[i] = mix(in[i], get_global_id(0));
	out[i + 1] = mix(get_local_id(1), get_global_id(2)) + get_num_groups(0);
	out[i + 2] = get_global_size(1) + get_enqueued_local_size(0) * 1000 + get_local_size(0);
	out[i + 3] = get_work_dim() + get_global_size(3) + get_global_id(7) + get_local_size(4);
}

kernel void straight(global uint *out, global const uint *in, local uint *scratch)
{
	size_t i = ITEM();
	uint l = lid(), n = group_items();

	scratch[l] = in[i];
	barrier(FENCE);
	uint right = scratch[(l + 1) % n];
	barrier(FENCE);
	scratch[l] = mix(right, l);
	barrier(FENCE);
	out[i] = scratch[(l + n - 1) % n];
	out[i + 1] = right;
}

kernel void loop(global uint *out, global const uint *in, local uint *scratch)
{
	size_t i = ITEM();
	uint l = lid(), n = group_items(), sum = 0;

	for (uint k = 0; k < 5; k++) {
		scratch[l] = mix(in[i], k + sum);
		barrier(FENCE);
		sum += scratch[(l + k) % n];
		barrier(FENCE);
	}
	out[i] = sum;
}

kernel void loop_head(global uint *out, global const uint *in, local uint *scratch)
{
	size_t i = ITEM();
	uint l = lid(), n = group_items(), x = in[i], k = 0;

	scratch[l] = x;
	do {
		barrier(FENCE);
		uint y = scratch[(l * 3 + k) % n];
		barrier(FENCE);
		scratch[l] = x = mix(x, y);
	} while (++k < (in[0] & 3) + 1);
	out[i] = x;
	out[i + 1] = k;
}

kernel void nested(global uint *out, global const uint *in, local uint *scratch)
{
	size_t i = ITEM();
	uint l = lid(), n = group_items(), x = in[i];

	for (uint a = 0; a < 3; a++) {
		uint y = mix(x, a);

		for (uint b = a; b < 4; b++) {
			scratch[l] = y + b;
			barrier(FENCE);
			y ^= scratch[(l + b) % n];
			barrier(FENCE);
		}
		for (uint c = 0; c < (x & 7); c++)	/* differs from item to item */
			y = mix(y, c);
		x += y;
	}
	out[i] = x;
}

kernel void branch(global uint *out, global const uint *in, local uint *scratch)
{
	size_t i = ITEM();
	uint l = lid(), n = group_items(), x = in[i];
	bool taken = get_group_id(0) & 1;

	if (taken) {
		scratch[l] = x;
		barrier(FENCE);
		x = scratch[n - 1 - l];
	} else {
		x = mix(x, 3);
	}
	if (l & 1)
		x += 7;
	if (in[1] & 1) {
		barrier(FENCE);
		scratch[l] = x * 5;
		barrier(FENCE);
		x ^= scratch[l / 2];
	} else {
		barrier(FENCE);
		scratch[l] = x + 5;
		barrier(FENCE);
		x += scratch[0];
	}
	out[i] = x;
	out[i + 1] = taken;
}

uint exchange(local uint *scratch, uint x, uint distance)
{
	uint l = lid(), n = group_items();

	barrier(FENCE);
	scratch[l] = x;
	barrier(FENCE);
	return scratch[(l + distance) % n];
}

kernel void called(global uint *out, global const uint *in, local uint *scratch)
{
	size_t i = ITEM();
	uint x = exchange(scratch, in[i], 1);

	for (uint k = 2; k < 5; k++)
		x = mix(x, exchange(scratch, x, k));
	out[i] = x + exchange(scratch, x, 7);
}

kernel void exits(global uint *out, global const uint *in, local uint *scratch)
{
	size_t i = ITEM();
	uint l = lid(), n = group_items(), x = in[i], k;

	out[i + 2] = 0;
	if ((in[2] & 3) == get_group_id(0)) {
		out[i] = 1;
		return;
	}
	for (k = 0; k < 8; k++) {
		scratch[l] = mix(x, k);
		barrier(FENCE);
		uint first = scratch[0];
		x += scratch[(l + 1) % n];
		barrier(FENCE);
		if ((first & 7) == 1)
			break;
		if ((first & 7) == 2) {
			out[i] = x;
			out[i + 1] = 99;
			return;
		}
		if (first & 8)
			continue;
		barrier(FENCE);
		x ^= k;
	}
	out[i] = x;
	out[i + 1] = k;
}

kernel void array(global uint *out, global const uint *in, local uint *scratch)
{
	size_t i = ITEM();
	uint l = lid(), n = group_items(), a[5], *p = &a[in[i] % 5];

	for (uint k = 0; k < 5; k++)
		a[k] = mix(in[i], k);
	scratch[l] = a[in[i] % 5];
	barrier(FENCE);
	*p += scratch[(l + 1) % n];
	barrier(FENCE);
	scratch[l] = a[(l + 2) % 5];
	barrier(FENCE);
	a[scratch[n - 1] % 5] ^= scratch[0];
	out[i] = a[0] + a[1] * 3;
	out[i + 1] = a[2] ^ a[3];
	out[i + 2] = a[4];
	out[i + 3] = *p;
}

kernel void vectors(global uint *out, global const uint *in, local uint *scratch)
{
	size_t i = ITEM();
	uint l = lid(), n = group_items();
	uint4 v = (uint4)(in[i], in[i + 1], l, n);
	uchar c = in[i];
	ulong w = (ulong)in[i] << 20 | l;
	bool odd = in[i] & 1;

	scratch[l] = v.x + v.y;
	barrier(FENCE);
	v = v * 3 + scratch[(l + 1) % n];
	barrier(FENCE);
	out[i] = v.x ^ v.y;
	out[i + 1] = v.z + v.w;
	out[i + 2] = c + (uint)(w >> 10);
	out[i + 3] = odd;
}

kernel void structure(global uint *out, global const uint *in, local uint *scratch)
{
	struct { uint a; uchar b; ulong c; uint d[3]; } s, t;
	size_t i = ITEM();
	uint l = lid(), n = group_items();

	s.a = in[i];
	s.b = l;
	s.c = (ulong)in[i] * in[i + 1];
	for (uint k = 0; k < 3; k++)
		s.d[k] = mix(k, in[i]);
	scratch[l] = s.a;
	barrier(FENCE);
	t = s;
	t.d[l % 3] += scratch[(l + 1) % n];
	barrier(FENCE);
	if (l & 2)
		s = t;
	barrier(FENCE);
	out[i] = s.a + s.b;
	out[i + 1] = (uint)(s.c >> 16) ^ t.d[2];
	out[i + 2] = s.d[0] ^ s.d[1];
	out[i + 3] = t.d[0] + t.d[1];
}

kernel void reduction(global uint *out, global const uint *in, local uint *scratch)
{
	size_t i = ITEM();
	uint l = lid(), n = group_items(), top = 1;

	while (top < n)
		top *= 2;
	scratch[l] = in[i];
	barrier(FENCE);
	for (uint d = top / 2; d > 0; d /= 2) {
		if (l < d && l + d < n)
			scratch[l] += scratch[l + d];
		barrier(FENCE);
	}
	out[i] = scratch[0];
	out[i + 1] = top;
}

kernel void statics(global uint *out, global const uint *in, local uint *scratch)
{
	local uint table[256], total, largest;
	size_t i = ITEM();
	uint l = lid(), n = group_items();

	for (uint k = l; k < 256; k += n)
		table[k] = 0;
	if (l == 0)
		total = largest = 0;
	barrier(FENCE);
	atomic_add(&table[in[i] & 255], 1u);
	atomic_add(&total, in[i]);
	atomic_max(&largest, in[i]);
	barrier(FENCE);
	out[i] = table[in[i] & 255];
	out[i + 1] = table[l & 255];
	out[i + 2] = total;
	out[i + 3] = largest;
}

kernel void switches(global uint *out, global const uint *in, local uint *scratch)
{
	size_t i = ITEM();
	uint l = lid(), n = group_items(), x = in[i];

	for (uint k = 0; k < 6; k++) {
		switch ((in[k] + get_group_id(0)) % 4) {
		case 0:
			scratch[l] = x;
			barrier(FENCE);
			x += scratch[(l + k) % n];
			barrier(FENCE);
			break;
		case 1:
			x = mix(x, k);
			/* fall through */
		case 2:
			barrier(FENCE);
			scratch[l] = x ^ 1;
			barrier(FENCE);
			x ^= scratch[n - 1 - l];
			barrier(FENCE);
			break;
		default:
			if (x & 1)
				x += k;
		}
	}
	out[i] = x;
}

kernel void jumps(global uint *out, global const uint *in, local uint *scratch)
{
	size_t i = ITEM();
	uint l = lid(), n = group_items(), x = in[i], k = 0;

again:
	scratch[l] = x;
	barrier(FENCE);
	x = mix(x, scratch[(l + 1) % n]);
	if (scratch[0] & 1)
		goto other;
	barrier(FENCE);
	x += k;
	if (++k < 4)
		goto again;
	goto end;
other:
	barrier(FENCE);
	x ^= 5;
	if (++k < 4)
		goto again;
end:
	out[i] = x;
	out[i + 1] = k;
}

kernel void loop_array(global uint *out, global const uint *in, local uint *scratch)
{
	size_t i = ITEM();
	uint l = lid(), n = group_items(), sum = 0;

	for (uint k = 0; k < 4; k++) {
		uint a[4];

		for (uint j = 0; j < 4; j++)
			a[j] = mix(in[i] + k, j);
		scratch[l] = a[k];
		barrier(FENCE);
		a[l & 3] += scratch[(l + 1) % n];
		barrier(FENCE);
		for (uint j = 0; j < 4; j++)
			sum = mix(sum, a[j]);
	}
	out[i] = sum;
}

kernel void collectives(global uint *out, global const uint *in, local uint *scratch)
{
	size_t i = ITEM();
	uint x = in[i] & 0xffff, a = 0, b = 0, c = 0, d = 0;

	for (uint k = 0; k < 3; k++) {
		a += work_group_reduce_add(x + k) ^ work_group_reduce_min(x ^ k);
		b += work_group_scan_inclusive_add(x) ^ work_group_scan_exclusive_add(mix(x, k));
		c += work_group_scan_inclusive_max(x * k) + work_group_scan_exclusive_min(x | k);
		if (x & 1)
			x += k;
		d += work_group_all(x != k) * 2 + work_group_any((x & 15) == k);
	}
	out[i] = a;
	out[i + 1] = b;
	out[i + 2] = c;
	out[i + 3] = d + work_group_reduce_max(x);
}

/* The language forbids this, programs do it: whoever returned takes no part any more. */
kernel void partial_return(global uint *out, global const uint *in, local uint *scratch)
{
	size_t i = ITEM();
	uint l = lid(), n = group_items(), x = in[i];

	scratch[l] = 1;
	if ((in[i] & 7) == 7) {
		out[i] = 77;
		return;
	}
	barrier(FENCE);
	for (uint k = 0; k < 3; k++) {
		scratch[l] = x;
		barrier(FENCE);
		x = mix(x, scratch[(l + 1) % n]);
		barrier(FENCE);
		if (x % 5 == k) {
			out[i + 1] = x;
			return;
		}
	}
	out[i] = x;
}
