/* SPDX-License-Identifier: MIT */
/*
 * Random kernels.  Two kinds of variables: v0..v5, the vectors and the private arrays may differ
 * from item to item; u0..u2 are the same for the group and are only assigned uniform values in
 * uniform control flow.  Items speak to one another by exchanges only: store, barrier, load,
 * barrier; or by atomics whose order does not matter, between barriers.  With seeds from GENERATE_OPEN
 * on there are variables that only some items assign, and only those read.
 */
#define _GNU_SOURCE
#include "generate.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct generator {
	uint64_t state;
	FILE *out;
	int indent;
	int loops;		/* loop counters in use, for names */
	int labels;		/* made so far, for names */
	int statements;		/* left to make */
	bool open;		/* open variables and busy loops too */
	bool partial_return;	/* this program has one: no collectives, which it would upset */
};

static uint32_t pick(struct generator *g, uint32_t n)
{
	g->state = g->state * 6364136223846793005ull + 1442695040888963407ull;
	return (g->state >> 33) % n;
}

static bool chance(struct generator *g, uint32_t percent)
{
	return pick(g, 100) < percent;
}

__attribute__((format(printf, 2, 3)))
static void line(struct generator *g, const char *format, ...)
{
	va_list args;

	for (int i = 0; i < g->indent; i++)
		fputc('\t', g->out);
	va_start(args, format);
	vfprintf(g->out, format, args);
	va_end(args);
	fputc('\n', g->out);
}

/* An expression as text; freed by nobody until the program ends, which is soon. */
__attribute__((format(printf, 1, 2)))
static char *text(const char *format, ...)
{
	va_list args;
	char *result;

	va_start(args, format);
	if (vasprintf(&result, format, args) < 0)
		abort();
	va_end(args);
	return result;
}

static char *leaf(struct generator *g, bool uniform)
{
	switch (pick(g, uniform ? 5 : 15)) {
	case 0:
		return text("%uu", pick(g, 20));
	case 1:
		return text("in[%u]", pick(g, 16));
	case 2:
		return text("u%u", pick(g, 3));
	case 3:
		return g->loops ? text("k%u", pick(g, g->loops)) : text("n");
	case 4:
		return text("(uint)get_group_id(%u)", pick(g, 3));
	case 5:
		return text("(uint)get_local_id(%u)", pick(g, 3));
	case 6:
		return text("in[i + %u]", pick(g, 4));
	case 7:
		return text("a[v%u & 3]", pick(g, 6));
	case 8:
		return text("w.%c", "xyzw"[pick(g, 4)]);
	case 9:
		return text("(uint)h.s%x", pick(g, 8));
	case 10:
		return text("t.%c", "xyz"[pick(g, 3)]);
	case 11:
		return text("(uint)(q >> %u)", pick(g, 33));
	case 12:
		/* .b would choose another overload of a collective. */
		return text("(uint)pairs[v%u & 7].%c", pick(g, 6), "ab"[pick(g, 2)]);
	case 13:
		return text("(uint)c16[%u]", pick(g, 16));
	default:
		return text("v%u", pick(g, 6));
	}
}

static char *expression(struct generator *g, int depth, bool uniform)
{
	static const char *const operators[] = {"+", "-", "*", "^", "&", "|"};
	static const char *const compares[] = {"<", ">=", "==", "!="};
	char *a, *b, *c;

	if (!depth || chance(g, 20))
		return leaf(g, uniform);
	a = expression(g, depth - 1, uniform);
	b = expression(g, depth - 1, uniform);
	switch (pick(g, 12)) {
	case 0:
		return text("(%s << (%s & 31))", a, b);
	case 1:
		return text("(%s >> (%s & 31))", a, b);
	case 2:
		return text("(%s / (%s | 1))", a, b);
	case 3:
		return text("(%s %% ((%s & 15) + 1))", a, b);
	case 4:
		c = expression(g, depth - 1, uniform);
		return text("(%s %s %s ? %s : %s)", a, compares[pick(g, 4)], b, c, leaf(g, uniform));
	case 5:
		return text("(uint)(((ulong)%s * %s) >> 13)", a, b);
	case 6:
		return text("(uint)(uchar)(%s + %s)", a, b);
	case 7:
		return text("(uint)((int)(%s | 1) < (int)%s)", a, b);
	default:
		return text("(%s %s %s)", a, operators[pick(g, 6)], b);
	}
}

static char *condition(struct generator *g, bool uniform)
{
	return text("((%s) & %u) != %u", expression(g, 2, uniform), 1 + pick(g, 7), pick(g, 3));
}

static void assign_vector(struct generator *g)
{
	char *a = expression(g, 1, false), *b = leaf(g, false);

	switch (pick(g, 8)) {
	case 0:
		line(g, "w = w * %s + (uint4)(v%u, %s, 3, v%u);", b, pick(g, 6), a, pick(g, 6));
		break;
	case 1:
		line(g, "w.%s = w.%s ^ %s;", pick(g, 2) ? "zx" : "wy", pick(g, 2) ? "xy" : "yz", a);
		break;
	case 2:
		line(g, "h = (h << (ushort8)(%u)) + (ushort8)((ushort)(%s));", pick(g, 8), a);
		break;
	case 3:
		line(g, "h = h > (ushort8)((ushort)(%s)) ? h.s76543210 : h ^ (ushort)%u;", a, pick(g, 999));
		break;
	case 4:
		line(g, "t = (t.zxy + (uint3)(%s)) * (t | 1u);", a);
		break;
	case 5:
		line(g, "q = q * 0x5851f42d4c957f2dul + (%s);", a);
		break;
	case 6:
		line(g, "c16[(%s) & 15] = (uchar)(%s);", b, a);
		break;
	default:
		line(g, "w = (int4)(%s) < as_int4(w) ? w.wzyx : w + (uint4)(%s);", a, b);
	}
}

static void assign(struct generator *g)
{
	switch (pick(g, 10)) {
	case 0:
		line(g, "a[(%s) & 3] = %s;", expression(g, 1, false), expression(g, 2, false));
		break;
	case 1:
	case 2:
		assign_vector(g);
		break;
	case 3:
		line(g, "v%u += mix(%s, %s);", pick(g, 6), leaf(g, false), leaf(g, false));
		break;
	case 4:
		line(g, "bump(&v%u, &pairs[(%s) & 7], %s);", pick(g, 6), leaf(g, false),
		     expression(g, 1, false));
		break;
	case 5:
		/* An item's own place in global memory. */
		line(g, "v%u ^= atomic_%s(&out[i + %u], %s);", pick(g, 6),
		     (const char *[]){"add", "xchg", "max"}[pick(g, 3)], pick(g, 4),
		     expression(g, 1, false));
		break;
	case 6:
		/* Only between barriers does anybody look at what this adds up to. */
		line(g, "atomic_%s, %s);", pick(g, 2) ? "add(&sums[v0 & 3]" : "max(&sums[4 + (v1 & 3)]",
		     expression(g, 1, false));
		break;
	case 7:
		/* An item's own place in local memory; others read it between barriers only. */
		line(g, "v%u ^= atomic_%s(&scratch[l], %s);", pick(g, 6),
		     (const char *[]){"add", "xchg", "max"}[pick(g, 3)], expression(g, 1, false));
		break;
	default:
		line(g, "v%u = %s;", pick(g, 6), expression(g, 3, false));
	}
}

static void exchange(struct generator *g)
{
	static const char *const collectives[] = {
		"reduce_add", "reduce_min", "reduce_max", "scan_inclusive_add", "scan_inclusive_max",
		"scan_exclusive_add", "scan_exclusive_min",
	};
	int v = pick(g, 6);

	switch (pick(g, g->partial_return ? 6 : 9)) {
	case 0:
		line(g, "v%d = exchange(scratch, %s, %u);", v, expression(g, 2, false), pick(g, 9));
		break;
	case 1:
		line(g, "scratch[l] = %s;", expression(g, 2, false));
		line(g, "barrier(CLK_LOCAL_MEM_FENCE);");
		line(g, "v%d ^= scratch[(l * %u + %u) %% n];", v, pick(g, 5), pick(g, 9));
		line(g, "barrier(CLK_LOCAL_MEM_FENCE);");
		break;
	case 2:
		line(g, "barrier(CLK_LOCAL_MEM_FENCE);");
		break;
	case 3:
		line(g, "v%d = visit(scratch, %s, %s);", v, expression(g, 2, false), leaf(g, true));
		/* It may return with items still reading. */
		line(g, "barrier(CLK_LOCAL_MEM_FENCE);");
		break;
	case 4:
		line(g, "tile[l & 255].%c = %s;", "xy"[pick(g, 2)], expression(g, 2, false));
		line(g, "tile[l & 255].%c = v%u;", "xy"[pick(g, 2)], pick(g, 6));
		line(g, "tile[l & 255] += (uint2)(%s, 1);", leaf(g, false));
		break;
	case 5:
		line(g, "barrier(CLK_LOCAL_MEM_FENCE);");
		line(g, "v%d ^= sums[%u] + sums[(l + %u) & 7] * 3;", v, pick(g, 8), pick(g, 8));
		line(g, "barrier(CLK_LOCAL_MEM_FENCE);");
		break;
	case 6:
		if (chance(g, 50))
			line(g, "v%d += work_group_broadcast(%s, get_local_size(0) - 1, 0, %s);", v,
			     expression(g, 2, false), chance(g, 50) ? "0" : "get_local_size(2) / 2");
		else
			line(g, "v%d += (uint)work_group_%s((int)(%s & 3));", v,
			     chance(g, 50) ? "all" : "any", expression(g, 1, false));
		break;
	default:
		line(g, "v%d %s work_group_%s(%s);", v, chance(g, 50) ? "=" : "+=", collectives[pick(g, 7)],
		     expression(g, 2, false));
	}
}

static void block(struct generator *g, int depth, bool uniform, bool in_loop);

static void loop(struct generator *g, int depth, bool uniform)
{
	int k = g->loops++;

	line(g, "for (uint k%d = 0; k%d < (%s & 3) + %u; k%d++) {", k, k,
	     expression(g, 1, uniform), pick(g, 2), k);
	/* Inside, a loop counter is no uniform value if its bound is none; then nobody asks. */
	block(g, depth - 1, uniform, true);
	line(g, "}");
	g->loops--;
}

/* A loop, or a jump over something, or into the middle of a loop. */
static void jump(struct generator *g, int depth, bool uniform)
{
	int n = g->labels++;
	uint32_t kind = pick(g, 4);

	line(g, "{");
	line(g, "\tuint g%d = 0;", n);
	if (kind != 1)
		line(g, "\tif (%s) goto middle%d;", condition(g, uniform), n);
	if (kind != 0)
		line(g, "top%d:;", n);
	block(g, depth - 1, uniform, false);
	line(g, "middle%d:;", n);
	if (kind > 1)
		block(g, depth - 1, uniform, false);
	if (kind != 0)
		line(g, "\tif (g%d++ < (%s & 3)) goto top%d;", n, expression(g, 1, uniform), n);
	line(g, "}");
}

/* do and while, each with a bound. */
static void other_loop(struct generator *g, int depth, bool uniform)
{
	int n = g->labels++;
	bool is_do = chance(g, 50);

	line(g, "{");
	line(g, "uint g%d = 0;", n);
	if (is_do)
		line(g, "do {");
	else
		line(g, "while (g%d++ < %u && %s) {", n, 1 + pick(g, 4), condition(g, uniform));
	block(g, depth - 1, uniform, true);
	if (is_do)
		line(g, "} while (g%d++ < %u && %s);", n, 1 + pick(g, 4), condition(g, uniform));
	else
		line(g, "}");
	line(g, "}");
}

/* A break or a continue, perhaps with a barrier before it that the others do not see. */
static void way_out(struct generator *g, bool uniform)
{
	line(g, "if (%s) {", condition(g, uniform));
	if (uniform && chance(g, 50))
		exchange(g);
	line(g, chance(g, 50) ? "break;" : "continue;");
	line(g, "}");
}

/*
 * A loop with several ways out and, if it is uniform, barriers between them.  @variable, or NULL, is open
 * until f@n is set.
 */
static void busy_loop(struct generator *g, int depth, bool uniform, const char *variable, int n)
{
	int parts = 2 + pick(g, 3);
	int k = g->loops++;

	line(g, "for (uint k%d = 0; k%d < (%s & 7) + 1; k%d++) {", k, k, expression(g, 1, uniform), k);
	while (parts--) {
		if (variable && chance(g, 60))
			line(g, "if (%s) { %s = %s; f%d = 1; }", condition(g, false), variable,
			     expression(g, 2, false), n);
		if (uniform)
			exchange(g);
		if (variable && chance(g, 60))
			line(g, "if (f%d) v%u ^= %s;", n, pick(g, 6), variable);
		if (chance(g, 40))
			block(g, depth - 1, uniform, true);
		way_out(g, uniform);
	}
	line(g, "}");
	g->loops--;
}

static void between(struct generator *g, int depth, bool uniform)
{
	if (uniform)
		exchange(g);
	block(g, depth - 1, uniform, false);
}

/* A variable that not every item assigns, and nobody looks at who has not. */
static void open_variable(struct generator *g, int depth, bool uniform)
{
	static const char *const kinds[][2] = { {"", ""}, {"4", ".y"}, {"", "[1]"} };
	int n = g->labels++, kind = pick(g, 3), k;
	char *variable = text("o%d%s", n, kinds[kind][1]);

	line(g, "{");
	line(g, "uint%s o%d%s;", kinds[kind][0], n, kind == 2 ? "[2]" : "");
	switch (pick(g, 3)) {
	case 0:
		line(g, "const bool c%d = %s;", n, condition(g, false));
		line(g, "if (c%d) {", n);
		line(g, "%s = %s;", variable, expression(g, 2, false));
		block(g, depth - 1, false, false);
		if (chance(g, 50)) {
			line(g, "} else {");
			block(g, depth - 1, false, false);
		}
		line(g, "}");
		between(g, depth, uniform);
		line(g, "if (c%d) v%u ^= %s;", n, pick(g, 6), variable);
		break;
	case 1:
		/* From its iteration on. */
		line(g, "const uint c%d = %s & 3;", n, leaf(g, false));
		k = g->loops++;
		line(g, "for (uint k%d = 0; k%d < (%s & 3) + 2; k%d++) {", k, k, expression(g, 1, uniform), k);
		line(g, "if (k%d == c%d) %s = %s;", k, n, variable, expression(g, 2, false));
		between(g, depth, uniform);
		line(g, "if (k%d >= c%d) v%u += %s;", k, n, pick(g, 6), variable);
		line(g, "}");
		g->loops--;
		break;
	default:
		line(g, "bool f%d = 0;", n);
		busy_loop(g, depth, uniform, variable, n);
		line(g, "if (f%d) v%u += %s;", n, pick(g, 6), variable);
	}
	line(g, "}");
}

static void statement(struct generator *g, int depth, bool uniform, bool in_loop)
{
	uint32_t kind = pick(g, 100);

	if (g->open && depth && chance(g, 15))
		open_variable(g, depth, uniform && chance(g, 80));
	else if (g->open && depth && chance(g, 12))
		busy_loop(g, depth, uniform && chance(g, 80), NULL, 0);
	else if (kind < 25 && depth) {
		bool same = uniform && chance(g, 60);

		line(g, "if (%s) {", condition(g, same));
		block(g, depth - 1, same, in_loop && same == uniform);
		if (chance(g, 50)) {
			line(g, "} else {");
			block(g, depth - 1, same, in_loop && same == uniform);
		}
		line(g, "}");
	} else if (kind < 40 && depth) {
		if (chance(g, 65))
			loop(g, depth, uniform && chance(g, 70));
		else
			other_loop(g, depth, uniform && chance(g, 70));
	} else if (kind < 43 && depth) {
		jump(g, depth, uniform && chance(g, 60));
	} else if (kind < 48 && depth) {
		bool same = uniform && chance(g, 60);

		line(g, "switch ((%s) & 3) {", expression(g, 2, same));
		line(g, "case 0:");
		block(g, depth - 1, same, false);
		if (chance(g, 50))
			line(g, "break;");
		line(g, "case 2:");
		block(g, depth - 1, same, false);
		line(g, "break;");
		line(g, "default:;");
		block(g, depth - 1, same, false);
		line(g, "}");
	} else if (kind < 67 && uniform) {
		exchange(g);
	} else if (kind < 74 && uniform) {
		line(g, "u%u = %s;", pick(g, 3), expression(g, 2, true));
	} else if (kind < 78 && in_loop) {
		line(g, "if (%s)", condition(g, uniform));
		line(g, "\t%s;", chance(g, 50) ? "break" : "continue");
	} else {
		assign(g);
	}
}

static void block(struct generator *g, int depth, bool uniform, bool in_loop)
{
	int n = 1 + pick(g, 4);

	g->indent++;
	while (n-- && g->statements-- > 0)
		statement(g, depth, uniform, in_loop);
	g->indent--;
}

char *generate_program(uint64_t seed)
{
	struct generator g = {.state = seed * 0x9e3779b97f4a7c15ull + 1, .statements = 60,
			      .open = seed >= GENERATE_OPEN};
	char *program;
	size_t size;

	g.out = open_memstream(&program, &size);
	g.partial_return = chance(&g, 15);
	fprintf(g.out,
		"/* seed %llu */\n"
		"uint mix(uint a, uint b) { a ^= b * 0x9e3779b9u; return (a << 7 | a >> 25) + 0x85ebca6bu; }\n"
		"uint group_items(void) { return get_local_size(0) * get_local_size(1) * get_local_size(2); }\n"
		"uint exchange(local uint *scratch, uint x, uint distance)\n{\n"
		"\tuint l = get_local_linear_id();\n\n"
		"\tbarrier(CLK_LOCAL_MEM_FENCE);\n\tscratch[l] = x;\n\tbarrier(CLK_LOCAL_MEM_FENCE);\n"
		"\tx = scratch[(l + distance) %% group_items()];\n"
		"\tbarrier(CLK_LOCAL_MEM_FENCE);\n\treturn x;\n}\n\n"
		"struct pair { uint a; ushort b; };\n"
		"void bump(uint *x, struct pair *p, uint by)\n"
		"{\n\tstruct pair old = *p;\n\n"
		"\tif (by & 4) {\n\t\t*x += old.a;\n\t\treturn;\n\t}\n"
		"\t*x ^= old.b;\n\tp->a = old.a * 3 + by;\n\tp->b = (ushort)(old.b + *x);\n}\n"
		"/* Barriers, and several ways out; u is the same for all. */\n"
		"uint visit(local uint *scratch, uint x, uint u)\n{\n"
		"\tuint l = get_local_linear_id();\n\n"
		"\tbarrier(CLK_LOCAL_MEM_FENCE);\n\tscratch[l] = x;\n"
		"\tif (u & 1) {\n\t\tbarrier(CLK_LOCAL_MEM_FENCE);\n"
		"\t\treturn x ^ scratch[(l + 1) %% group_items()];\n\t}\n"
		"\tfor (uint k = 0; k < (u >> 1 & 3); k++) {\n"
		"\t\tbarrier(CLK_LOCAL_MEM_FENCE);\n\t\tx += scratch[(l + k) %% group_items()];\n"
		"\t\tif (k == (u >> 3 & 3))\n\t\t\treturn x * 3;\n"
		"\t\tbarrier(CLK_LOCAL_MEM_FENCE);\n\t\tscratch[l] = x;\n\t}\n"
		"\treturn x;\n}\n\n"
		"kernel void test(global uint *out, global const uint *in, local uint *scratch)\n{\n"
		"\tsize_t i = get_global_linear_id() * 4;\n"
		"\tuint l = get_local_linear_id(), n = group_items();\n"
		"\tuint v0 = in[i], v1 = in[i + 1], v2 = l, v3 = n, v4 = get_global_id(0), v5 = 5;\n"
		"\tuint u0 = in[0], u1 = n, u2 = get_group_id(0), a[4] = {1, v0, v1, l};\n"
		"\tuint4 w = (uint4)(v0, l, 7, v1);\n"
		"\tuint3 t = (uint3)(v1, 9, l);\n\tushort8 h = (ushort8)((ushort)v0);\n"
		"\tulong q = v0 * 0x100000001ul;\n\tuchar c16[16];\n\tstruct pair pairs[8];\n"
		"\tlocal uint2 tile[256];\n\tlocal uint sums[8];\n\n"
		"\tfor (uint k = 0; k < 16; k++)\n\t\tc16[k] = (uchar)(v0 + k * 7);\n"
		"\tfor (uint k = 0; k < 8; k++) {\n\t\tpairs[k].a = v1 + k;\n\t\tpairs[k].b = (ushort)(l * k);\n"
		"\t\tsums[k] = k;\n\t}\n"
		"\ttile[l & 255] = (uint2)(l, v0);\n"
		"\tscratch[l] = 0;\n\tbarrier(CLK_LOCAL_MEM_FENCE);\n",
		(unsigned long long)seed);
	while (g.statements > 0) {
		if (g.partial_return && chance(&g, 15)) {
			line(&g, "\tif ((v%u & 7) == %u) {", pick(&g, 6), pick(&g, 8));
			line(&g, "\t\tout[i] = v0 + %u;", pick(&g, 100));
			line(&g, "\t\treturn;");
			line(&g, "\t}");
		}
		block(&g, 3, true, false);
	}
	fprintf(g.out,
		"\tout[i] = v0 ^ v1 * 3 ^ u0;\n\tout[i + 1] = v2 + v3 * 5 + u1;\n"
		"\tout[i + 2] = (v4 ^ v5 * 7) + a[0] + a[1] * 3 + a[2] * 5 + a[3] * 7 + u2;\n"
		"\tfor (uint k = 0; k < 8; k++)\n\t\tv0 = (v0 << 1 | v0 >> 31) ^ pairs[k].a ^ pairs[k].b ^ h[k] ^ c16[k] ^ c16[k + 8];\n"
		"\tv0 += tile[l & 255].x + tile[l & 255].y * 3;\n"
		"\tout[i + 3] = (w.x ^ w.y * 3 ^ w.z * 5 ^ w.w * 7) + (t.x ^ t.y * 3 ^ t.z * 5) + (uint)(q >> 32) + v0;\n}\n");
	fclose(g.out);
	return program;
}
