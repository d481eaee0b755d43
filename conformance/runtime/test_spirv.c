/* SPDX-License-Identifier: MIT */
/*
 * SPIR-V in. Modules are made here, word by word, or by the translator from what clCompileProgram
 * makes of a source: then both ways must compute the same. Where there is no translator (Debian 12
 * has none for LLVM 19), those that need a real one are skipped; stand-ins, which crash, hang, eat
 * memory or hand out bitcode of our own, do for the others.
 */
#include "program.h"

#include <fcntl.h>
#include <sys/stat.h>

static char directory[64];

/* Names, in the environment, a stand-in for the translator: a script with that text. */
static void stand_in(const char *text)
{
	char path[128];
	FILE *file;

	snprintf(path, sizeof(path), "%s/translator", directory);
	unlink(path);
	file = fopen(path, "w");
	assert_non_null(file);
	fprintf(file, "#!/bin/sh\n%s\n", text);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(chmod(path, 0755), 0);
	setenv("HMMCL_SPIRV_TRANSLATOR", path, 1);
	setenv("HMMCL_CACHE_DIR", "", 1);
}

/* What a real translator is called with; "" when there is none. */
static const char *real_translator(void)
{
	const char *named = getenv("HMMCL_SPIRV_TRANSLATOR");

	if (named)
		return named;
	return system("command -v llvm-spirv-19 >/dev/null") ? "" : "llvm-spirv-19";
}

#define NEEDS_TRANSLATOR() do {						\
	if (!*real_translator()) {					\
		print_message("skipped: no llvm-spirv-19 (Debian 13 has it) in PATH\n");	\
		skip();							\
	}								\
} while (0)

struct module {
	uint32_t words[512];
	size_t n;
};

static void emit(struct module *module, uint32_t opcode, uint32_t n, const uint32_t *operands)
{
	module->words[module->n++] = (n + 1) << 16 | opcode;
	for (uint32_t i = 0; i < n; i++)
		module->words[module->n++] = operands[i];
}

#define OP(opcode, ...) do {						\
	const uint32_t operands_[] = { __VA_ARGS__ };			\
	emit(module, opcode, COUNT(operands_), operands_);		\
} while (0)

enum id {
	VOID = 1, UINT, BOOL, ULONG, FLOAT, POINTER, FUNCTION, C, B, L, F, ZERO, ONE, TWO, THREE, FOUR,
	KERNEL, OUT, LABEL, P1, P2, P3, P4, B_VALUE, L_LOW, L_HIGH, L_SHIFTED, F_BITS, SHIFT, BOUND,
};

/*
 * kernel void k(global uint *out): the values of the specialization constants 5 (uint, 11), 6 (bool,
 * true), 7 (ulong, 0x200000001) and 8 (float, 1), in five words.
 */
static void make_module(struct module *module, uint32_t capability)
{
	static const uint32_t header[] = { 0x07230203, 0x00010000, 0, BOUND, 0 };
	static const enum id places[] = { OUT, P1, P2, P3, P4 };
	static const enum id numbers[] = { ZERO, ONE, TWO, THREE, FOUR };

	memcpy(module->words, header, sizeof(header));
	module->n = COUNT(header);
	OP(17, 4);				/* OpCapability Addresses */
	OP(17, 6);				/* Kernel */
	OP(17, 11);				/* Int64 */
	OP(17, capability);
	OP(14, 2, 2);				/* OpMemoryModel Physical64 OpenCL */
	OP(15, 6, KERNEL, 'k');			/* OpEntryPoint Kernel */
	OP(71, C, 1, 5);			/* OpDecorate SpecId */
	OP(71, B, 1, 6);
	OP(71, L, 1, 7);
	OP(71, F, 1, 8);
	OP(19, VOID);				/* types */
	OP(21, UINT, 32, 0);
	OP(20, BOOL);
	OP(21, ULONG, 64, 0);
	OP(22, FLOAT, 32);
	OP(32, POINTER, 5, UINT);
	OP(33, FUNCTION, VOID, POINTER);
	OP(50, UINT, C, 11);			/* constants */
	OP(48, BOOL, B);
	OP(50, ULONG, L, 1, 2);
	OP(50, FLOAT, F, 0x3f800000);
	for (uint32_t i = 0; i < COUNT(numbers); i++)
		OP(43, UINT, numbers[i], i);
	OP(43, ULONG, SHIFT, 32, 0);
	OP(54, VOID, KERNEL, 0, FUNCTION);	/* OpFunction */
	OP(55, POINTER, OUT);
	OP(248, LABEL);
	for (uint32_t i = 1; i < COUNT(places); i++)
		OP(70, POINTER, places[i], OUT, numbers[i]);	/* OpInBoundsPtrAccessChain */
	OP(169, UINT, B_VALUE, B, ONE, ZERO);	/* OpSelect */
	OP(113, UINT, L_LOW, L);		/* OpUConvert */
	OP(194, ULONG, L_SHIFTED, L, SHIFT);	/* OpShiftRightLogical */
	OP(113, UINT, L_HIGH, L_SHIFTED);
	OP(124, UINT, F_BITS, F);		/* OpBitcast */
	OP(62, OUT, C, 2, 4);			/* OpStore, Aligned 4 */
	OP(62, P1, B_VALUE, 2, 4);
	OP(62, P2, L_LOW, 2, 4);
	OP(62, P3, L_HIGH, 2, 4);
	OP(62, P4, F_BITS, 2, 4);
	emit(module, 253, 0, NULL);		/* OpReturn */
	emit(module, 56, 0, NULL);		/* OpFunctionEnd */
}

static cl_program new_il_program(cl_context context, const void *il, size_t size)
{
	cl_int error;
	cl_program program = clCreateProgramWithIL(context, il, size, &error);

	OK(error);
	assert_non_null(program);
	return program;
}

static const char *build_log(cl_program program)
{
	static char log[1 << 15];

	OK(clGetProgramBuildInfo(program, find_device(), CL_PROGRAM_BUILD_LOG, sizeof(log), log, NULL));
	return log;
}

static void run(cl_program program, const char *name, void *out, size_t global, size_t local)
{
	cl_context context;
	cl_command_queue queue;
	cl_kernel kernel = new_kernel(program, name);

	OK(clGetProgramInfo(program, CL_PROGRAM_CONTEXT, sizeof(context), &context, NULL));
	queue = new_queue(context, 0);
	OK(clSetKernelArgSVMPointer(kernel, 0, out));
	OK(clEnqueueNDRangeKernel(queue, kernel, 1, NULL, &global, &local, 0, NULL, NULL));
	OK(clFinish(queue));
	OK(clReleaseKernel(kernel));
	OK(clReleaseCommandQueue(queue));
}

/* Without a translator: said so in every place, and refused. */
static void without(void *data)
{
	cl_context context;
	cl_program program;
	struct module module;
	char text[4096];
	size_t size;
	cl_int error;

	(void)data;
	setenv("HMMCL_SPIRV_TRANSLATOR", "", 1);
	context = new_context();
	OK(clGetDeviceInfo(find_device(), CL_DEVICE_IL_VERSION, sizeof(text), text, NULL));
	assert_string_equal(text, "");
	OK(clGetDeviceInfo(find_device(), CL_DEVICE_ILS_WITH_VERSION, 0, NULL, &size));
	assert_int_equal(size, 0);
	OK(clGetDeviceInfo(find_device(), CL_DEVICE_EXTENSIONS, sizeof(text), text, NULL));
	assert_null(strstr(text, "cl_khr_il_program"));
	make_module(&module, 4);
	assert_null(clCreateProgramWithIL(context, module.words, 4 * module.n, &error));
	assert_cl(error, CL_INVALID_OPERATION);
	program = new_program(context, "kernel void k() {}");
	assert_cl(clSetProgramSpecializationConstant(program, 5, 4, &error), CL_INVALID_OPERATION);
	OK(clGetProgramInfo(program, CL_PROGRAM_IL, 0, NULL, &size));
	assert_int_equal(size, 0);
	OK(clReleaseProgram(program));
	OK(clReleaseContext(context));
}

/* Queries with one, and what clCreateProgramWithIL itself refuses. */
static void creation(void *data)
{
	cl_program (CL_API_CALL *create_khr)(cl_context, const void *, size_t, cl_int *);
	struct module module, other;
	cl_name_version ils[16];
	cl_context context;
	cl_program program;
	char text[4096];
	size_t size;
	cl_int error;

	(void)data;
	stand_in("exit 1");
	context = new_context();
	OK(clGetDeviceInfo(find_device(), CL_DEVICE_IL_VERSION, sizeof(text), text, NULL));
	assert_memory_equal(text, "SPIR-V_1.0 SPIR-V_1.1 ", 22);
	OK(clGetDeviceInfo(find_device(), CL_DEVICE_ILS_WITH_VERSION, sizeof(ils), ils, &size));
	assert_true(size >= 3 * sizeof(ils[0]));
	assert_string_equal(ils[1].name, "SPIR-V");
	assert_int_equal(ils[1].version, CL_MAKE_VERSION(1, 1, 0));
	OK(clGetDeviceInfo(find_device(), CL_DEVICE_EXTENSIONS, sizeof(text), text, NULL));
	assert_non_null(strstr(text, "cl_khr_il_program"));

	make_module(&module, 4);
	assert_null(clCreateProgramWithIL(context, NULL, 4, &error));
	assert_cl(error, CL_INVALID_VALUE);
	assert_null(clCreateProgramWithIL(context, module.words, 0, &error));
	assert_cl(error, CL_INVALID_VALUE);
	/* Cut anywhere: only what ends with the memory model is a module, of no kernels. */
	for (size = 1; size < 4 * module.n; size++) {
		size_t at = 5;

		while (at < size / 4)
			at += module.words[at] >> 16;
		program = clCreateProgramWithIL(context, module.words, size, &error);
		if (size % 4 == 0 && at == size / 4 && (module.words[at] & 0xffff) == 15)
			OK(clReleaseProgram(program));
		else
			assert_cl(error, CL_INVALID_VALUE);
	}
	for (uint32_t version = 0; version < 0x30000; version += 0x1001) {
		other = module;
		other.words[1] = version;
		program = clCreateProgramWithIL(context, other.words, 4 * other.n, &error);
		assert_cl(error, version == 0x10000 ? CL_SUCCESS : CL_INVALID_VALUE);
		if (program)
			OK(clReleaseProgram(program));
	}
	other = module;
	other.words[0] = 0x42432323;
	assert_null(clCreateProgramWithIL(context, other.words, 4 * other.n, &error));
	assert_cl(error, CL_INVALID_VALUE);

	create_khr = (cl_program (CL_API_CALL *)(cl_context, const void *, size_t, cl_int *))
		clGetExtensionFunctionAddressForPlatform(find_platform(), "clCreateProgramWithILKHR");
	assert_non_null(create_khr);
	program = create_khr(context, module.words, 4 * module.n, &error);
	OK(error);
	OK(clGetProgramInfo(program, CL_PROGRAM_IL, sizeof(text), text, &size));
	assert_int_equal(size, 4 * module.n);
	assert_memory_equal(text, module.words, size);
	OK(clGetProgramInfo(program, CL_PROGRAM_SOURCE, sizeof(text), text, &size));
	assert_string_equal(text, "");
	OK(clReleaseProgram(program));
	OK(clReleaseContext(context));
}

static void spec_constant_errors(void *data)
{
	uint64_t value = 3;
	struct module module;
	cl_context context;
	cl_program program, source;

	(void)data;
	stand_in("exit 1");
	context = new_context();
	make_module(&module, 4);
	program = new_il_program(context, module.words, 4 * module.n);
	source = new_program(context, "kernel void k() {}");
	OK(clSetProgramSpecializationConstant(program, 5, 4, &value));
	OK(clSetProgramSpecializationConstant(program, 6, 1, &value));
	OK(clSetProgramSpecializationConstant(program, 7, 8, &value));
	assert_cl(clSetProgramSpecializationConstant(program, 5, 8, &value), CL_INVALID_VALUE);
	assert_cl(clSetProgramSpecializationConstant(program, 6, 4, &value), CL_INVALID_VALUE);
	assert_cl(clSetProgramSpecializationConstant(program, 7, 4, &value), CL_INVALID_VALUE);
	assert_cl(clSetProgramSpecializationConstant(program, 5, 4, NULL), CL_INVALID_VALUE);
	assert_cl(clSetProgramSpecializationConstant(program, 9, 4, &value), CL_INVALID_SPEC_ID);
	assert_cl(clSetProgramSpecializationConstant(program, KERNEL, 4, &value), CL_INVALID_SPEC_ID);
	assert_cl(clSetProgramSpecializationConstant(source, 5, 4, &value), CL_INVALID_PROGRAM);
	assert_cl(clSetProgramSpecializationConstant(NULL, 5, 4, &value), CL_INVALID_PROGRAM);
	OK(clReleaseProgram(source));
	OK(clReleaseProgram(program));
	OK(clReleaseContext(context));
}

/* A stand-in, and what the log says then. */
struct failure {
	const char *script, *said;
	uint32_t capability;
	const char *options;
	cl_int error;
};

/* The application gets a code and a log, and its next build is as good as ever. */
static void failing(void *data)
{
	const struct failure *failure = data;
	struct module module;
	cl_context context;
	cl_program program;

	stand_in(failure->script);
	/* Enough for the build below, even where the processor is emulated. */
	if (strstr(failure->said, "TIMEOUT"))
		setenv("HMMCL_BUILD_TIMEOUT", "4", 1);
	setenv("HMMCL_BUILD_MEMORY", "700", 1);
	context = new_context();
	make_module(&module, failure->capability);
	program = new_il_program(context, module.words, 4 * module.n);
	assert_cl(clBuildProgram(program, 0, NULL, failure->options, NULL, NULL), failure->error);
	if (!strstr(build_log(program), failure->said))
		print_message("log: %s\n", build_log(program));
	assert_non_null(strstr(build_log(program), failure->said));
	assert_int_equal(build_status(program), CL_BUILD_ERROR);
	/* Compiling takes the same way; once is enough. */
	if (failure->capability != 4) {
		assert_cl(clCompileProgram(program, 0, NULL, failure->options, 0, NULL, NULL, NULL,
					   NULL), CL_COMPILE_PROGRAM_FAILURE);
		assert_non_null(strstr(build_log(program), failure->said));
	}
	OK(clReleaseProgram(program));
	OK(clReleaseProgram(build_program(context, "kernel void k() {}", NULL)));
	OK(clReleaseContext(context));
}

/* Bitcode of clCompileProgram: it is in the program's binary. */
static void save_bitcode(cl_context context, const char *source, const char *options, const char *path)
{
	cl_program program = new_program(context, source);
	unsigned char *binary, *bitcode;
	size_t size;
	FILE *file;

	OK(clCompileProgram(program, 0, NULL, options, 0, NULL, NULL, NULL, NULL));
	binary = get_binary(program, &size);
	bitcode = memmem(binary, size, "BC\xc0\xde", 4);
	assert_non_null(bitcode);
	file = fopen(path, "w");
	assert_int_equal(fwrite(bitcode, 1, size - (bitcode - binary), file),
			 size - (bitcode - binary));
	assert_int_equal(fclose(file), 0);
	free(binary);
	OK(clReleaseProgram(program));
}

/* From the translator's bitcode on: build, compile and link, options, the cache. */
static void after_translator(void *data)
{
	cl_uint out[64], count;
	struct module module;
	cl_context context;
	cl_program program, other, linked;
	char script[256], path[128];
	cl_int error;

	(void)data;
	snprintf(path, sizeof(path), "%s/bitcode", directory);
	snprintf(script, sizeof(script), "echo >>%s/count\nexec cat %s", directory, path);
	stand_in(script);
	snprintf(script, sizeof(script), "%s/cache", directory);
	setenv("HMMCL_CACHE_DIR", script, 1);
	context = new_context();
	save_bitcode(context, "int other(int); kernel void k(global int *out) {\n"
			      "  out[get_global_id(0)] = other(get_local_size(0)); }", "", path);
	make_module(&module, 4);
	program = new_il_program(context, module.words, 4 * module.n);
	assert_cl(clBuildProgram(program, 0, NULL, "", NULL, NULL), CL_BUILD_PROGRAM_FAILURE);
	assert_non_null(strstr(build_log(program), "other"));
	OK(clCompileProgram(program, 0, NULL, "-cl-mad-enable -cl-std=CL3.0", 0, NULL, NULL, NULL, NULL));
	assert_int_equal(binary_type(program), CL_PROGRAM_BINARY_TYPE_COMPILED_OBJECT);
	other = new_program(context, "int other(int i) { return 100 + i; }");
	OK(clCompileProgram(other, 0, NULL, "-cl-std=CL3.0", 0, NULL, NULL, NULL, NULL));
	linked = clLinkProgram(context, 0, NULL, "", 2, (cl_program[]){ program, other }, NULL, NULL,
			       &error);
	OK(error);
	/* Groups need not be uniform: SPIR-V has no old versions of OpenCL C. */
	run(linked, "k", out, 10, 4);
	for (int i = 0; i < 10; i++)
		assert_int_equal(out[i], i < 8 ? 104 : 102);
	assert_cl(clBuildProgram(program, 0, NULL, "-cl-nonsense", NULL, NULL), CL_INVALID_BUILD_OPTIONS);
	OK(clReleaseProgram(linked));
	OK(clReleaseProgram(other));

	/* Once built, the translator is asked again for other constants and other options only. */
	save_bitcode(context, "kernel void k(global int *out) { out[get_global_id(0)] = 7; }", "", path);
	snprintf(script, sizeof(script), "%s/count", directory);
	for (int i = 0; i < 6; i++) {
		struct stat before, after;

		count = i >= 2 ? 12 : 11;
		OK(clSetProgramSpecializationConstant(program, 5, sizeof(count), &count));
		assert_int_equal(stat(script, &before), 0);
		OK(clBuildProgram(program, 0, NULL, i < 4 ? "" : "-cl-opt-disable", NULL, NULL));
		assert_int_equal(stat(script, &after), 0);
		/* The first build of this module failed, and was not kept. */
		assert_int_equal(after.st_size - before.st_size, i % 2 == 0);
		run(program, "k", out, 4, 4);
		assert_int_equal(out[3], 7);
	}
	OK(clReleaseProgram(program));
	OK(clReleaseContext(context));
}

/* All of the device, and a function for each part of OpenCL C that SPIR-V has words of its own for. */
static const char everything[] =
	"#pragma OPENCL EXTENSION cl_khr_fp16 : enable\n"
	"typedef struct { float4 v; short s; uchar c[5]; } pair;\n"
	"constant int table[4] = { 3, -1, 4, 1 };\n"
	"global atomic_int sum = 5;\n"
	"float4 turn(float4 v, int n) { return n & 1 ? v.wzyx : shuffle(v, (uint4)(1, 0, 3, 2)); }\n"
	"int through(int *p) { return *p + 1; }\n"
	"kernel void groups(global uint *out) {\n"
	"  local int l[64]; local atomic_uint a; local float f;\n"
	"  uint i = get_local_id(0), g = get_global_id(0); global uint *o = out + 16 * g;\n"
	"  if (i == 0) { atomic_init(&a, 0u); f = 0; }\n"
	"  l[i] = g * 7; work_group_barrier(CLK_LOCAL_MEM_FENCE);\n"
	"  atomic_fetch_add_explicit(&a, i, memory_order_relaxed, memory_scope_work_group);\n"
	"  atomic_fetch_max((local atomic_float *)&f, (float)i);\n"
	"  for (int n = 0; n < 3; n++) { int v = l[(i + 1) % get_local_size(0)];\n"
	"    barrier(CLK_LOCAL_MEM_FENCE); l[i] = v + n; barrier(CLK_LOCAL_MEM_FENCE); }\n"
	"  o[0] = l[i]; o[1] = atomic_load(&a); o[2] = as_uint(*(local float *)&f);\n"
	"  o[3] = work_group_reduce_add(i); o[4] = work_group_scan_exclusive_max((int)g);\n"
	"  o[5] = work_group_broadcast(g, 3); o[6] = work_group_any(i == 2);\n"
	"  o[7] = sub_group_reduce_add(i); o[8] = sub_group_shuffle_xor(g, 5);\n"
	"  o[9] = sub_group_scan_inclusive_min(100 - (int)i); o[10] = sub_group_ballot(i & 1).x;\n"
	"  o[11] = get_sub_group_local_id() + 100 * get_num_sub_groups();\n"
	"  o[12] = through(i & 1 ? (int *)&l[i] : (int *)(o + 3)); o[13] = get_num_groups(0);\n"
	"  o[14] = get_global_size(0) * 1000 + get_group_id(0); o[15] = get_work_dim();\n"
	"  atomic_fetch_add(&sum, 1); }\n"
	"kernel void numbers(global uint *out) {\n"
	"  uint g = get_global_id(0); global uint *o = out + 32 * g; float x = g * 0.37f - 2;\n"
	"  double d = x * 1.25; pair p = { (float4)(x, 2, 3, 4), (short)g, { 1, 2, 3, 4, 5 } }, q = p;\n"
	"  q.c[g & 3] = 9; float4 v = turn(q.v, g); int4 n = convert_int4_sat_rte(v * 1e9f);\n"
	"  o[0] = as_uint(sin(x)); o[1] = as_uint(pow(fabs(x), 1.5f)); o[2] = as_uint(fma(x, x, 1.f));\n"
	"  o[3] = as_uint(native_exp(1.f)) != 0; o[4] = as_uint(dot(v, v)); o[5] = n.x ^ n.w;\n"
	"  o[6] = as_uint((float)sqrt(d * d)); o[7] = clamp((int)g, 3, 9); o[8] = popcount(g * 77);\n"
	"  o[9] = mul_hi(g * 0x10001234, 0x12345678u); o[10] = as_uint(vload4(0, (float *)&q).y);\n"
	"  half h = (half)x; o[11] = as_ushort(h * h); o[12] = rotate(g, 5u); o[13] = table[g & 3];\n"
	"  o[14] = select(1u, 2u, g > 5); o[15] = any(v > 2.f); o[16] = (uint)q.c[2] + q.s;\n"
	"  int e; o[17] = as_uint(frexp(x, &e)); o[18] = e; o[19] = as_uint(vload_half(0, (half *)&h));\n"
	"  o[20] = isnan(x / (x - x)); o[21] = (int)g / (table[g & 3] + 1); o[22] = convert_uchar_sat(x);\n"
	"  o[23] = hadd(g, 7u); o[24] = (uint)((ulong)g * 0x123456789 >> 13); o[25] = abs((int)(3 - g));\n"
	"  switch (g % 5) { case 0: o[26] = 4; break; case 3: o[26] = 8; default: o[26] = o[7]; }\n"
	"  vstore3((uint3)(g, g + 1, g + 2), 0, o + 27); o[30] = as_uint(length(v.xy));\n"
	"  o[31] = as_uint(x < 0 ? floor(x) : rint(x)); }\n"
	"kernel __attribute__((reqd_work_group_size(8, 1, 1))) void arguments(global uint *out, pair p,\n"
	"  const int4 v, constant int *c, local float *scratch) { out[0] = p.c[1] + v.y + c[0]; }\n";

/* SPIR-V of a source, by the translator; the bytes are the caller's to free. */
static void *make_spirv(cl_context context, const char *source, const char *options, size_t *size)
{
	char in[128], out[128], command[512];
	struct stat status;
	void *bytes;
	FILE *file;

	snprintf(in, sizeof(in), "%s/in.bc", directory);
	snprintf(out, sizeof(out), "%s/out.spv", directory);
	save_bitcode(context, source, options, in);
	snprintf(command, sizeof(command), "%s --spirv-ext=+SPV_EXT_shader_atomic_float_add,"
		 "+SPV_EXT_shader_atomic_float_min_max %s -o %s", real_translator(), in, out);
	assert_int_equal(system(command), 0);
	assert_int_equal(stat(out, &status), 0);
	bytes = malloc(status.st_size);
	file = fopen(out, "r");
	*size = fread(bytes, 1, status.st_size, file);
	assert_int_equal(*size, status.st_size);
	fclose(file);
	return bytes;
}

static void round_trip(void *data)
{
	static cl_uint direct[32 * 64], through[32 * 64];
	cl_kernel_arg_address_qualifier where;
	cl_context context = new_context();
	size_t size, reqd[3];
	cl_program source, program;
	cl_kernel kernel;
	char text[64];
	void *il;

	(void)data;
	source = build_program(context, everything, "-cl-std=CL3.0");
	il = make_spirv(context, everything, "-cl-std=CL3.0", &size);
	program = new_il_program(context, il, size);
	if (clBuildProgram(program, 0, NULL, "", NULL, NULL))
		print_log(program);
	assert_int_equal(build_status(program), CL_BUILD_SUCCESS);
	for (size_t local = 1; local <= 64; local *= local == 4 ? 5 : 2) {
		size_t global = 60 / local * local;

		memset(direct, 0x33, sizeof(direct));
		memset(through, 0x33, sizeof(through));
		run(source, "groups", direct, global, local);
		run(program, "groups", through, global, local);
		for (size_t i = 0; i < 16 * global; i++)
			if (direct[i] != through[i])
				print_message("groups of %zu, item %zu, word %zu: %u, not %u\n", local,
					      i / 16, i % 16, through[i], direct[i]);
		assert_memory_equal(direct, through, sizeof(direct));
		run(source, "numbers", direct, global, local);
		run(program, "numbers", through, global, local);
		for (size_t i = 0; i < 32 * global; i++)
			if (direct[i] != through[i])
				print_message("numbers, item %zu, word %zu: 0x%x, not 0x%x\n", i / 32,
					      i % 32, through[i], direct[i]);
		assert_memory_equal(direct, through, sizeof(direct));
	}
	kernel = new_kernel(program, "arguments");
	OK(clGetKernelArgInfo(kernel, 3, CL_KERNEL_ARG_ADDRESS_QUALIFIER, sizeof(where), &where, NULL));
	assert_int_equal(where, CL_KERNEL_ARG_ADDRESS_CONSTANT);
	OK(clGetKernelArgInfo(kernel, 4, CL_KERNEL_ARG_NAME, sizeof(text), text, NULL));
	assert_string_equal(text, "scratch");
	OK(clGetKernelArgInfo(kernel, 2, CL_KERNEL_ARG_TYPE_NAME, sizeof(text), text, NULL));
	assert_string_equal(text, "int4");
	OK(clGetKernelWorkGroupInfo(kernel, NULL, CL_KERNEL_COMPILE_WORK_GROUP_SIZE, sizeof(reqd), reqd,
				    NULL));
	assert_int_equal(reqd[0], 8);
	OK(clReleaseKernel(kernel));
	free(il);
	OK(clReleaseProgram(program));
	OK(clReleaseProgram(source));
	OK(clReleaseContext(context));
}

/* The module of our own, its constants, and turned to the other byte order. */
static void spec_constants(void *data)
{
	const cl_uchar no = 0;
	const cl_ulong l = 0x800000007;
	const cl_float f = -2.5;
	cl_uint c = 99, bits, out[5];
	struct module module;
	cl_context context = new_context();
	cl_program program;

	(void)data;
	make_module(&module, 4);
	for (int turned = 0; turned < 2; turned++) {
		program = new_il_program(context, module.words, 4 * module.n);
		OK(clBuildProgram(program, 0, NULL, "", NULL, NULL));
		run(program, "k", out, 1, 1);
		assert_memory_equal(out, ((cl_uint[]){ 11, 1, 1, 2, 0x3f800000 }), sizeof(out));
		OK(clSetProgramSpecializationConstant(program, 5, sizeof(c), &c));
		OK(clSetProgramSpecializationConstant(program, 6, 1, &no));
		OK(clSetProgramSpecializationConstant(program, 7, sizeof(l), &l));
		OK(clSetProgramSpecializationConstant(program, 8, sizeof(f), &f));
		OK(clBuildProgram(program, 0, NULL, "", NULL, NULL));
		run(program, "k", out, 1, 1);
		memcpy(&bits, &f, sizeof(bits));
		assert_memory_equal(out, ((cl_uint[]){ 99, 0, 7, 8, bits }), sizeof(out));
		OK(clReleaseProgram(program));
		for (size_t i = 0; i < module.n; i++)
			module.words[i] = __builtin_bswap32(module.words[i]);
	}
	OK(clReleaseContext(context));
}

/* Modules with a word changed: built or refused, and nothing else happens. */
static void damaged(void *data)
{
	struct module module, other;
	cl_context context;
	unsigned int seed = 1, refused = 0;

	(void)data;
	setenv("HMMCL_BUILD_TIMEOUT", "2", 1);
	setenv("HMMCL_CACHE_DIR", "", 1);
	context = new_context();
	make_module(&module, 4);
	for (int i = 0; i < 40; i++) {
		cl_program program;
		cl_int error;

		other = module;
		other.words[5 + rand_r(&seed) % (module.n - 5)] ^= 1u << rand_r(&seed) % 16;
		program = clCreateProgramWithIL(context, other.words, 4 * other.n, &error);
		if (!program) {
			assert_cl(error, CL_INVALID_VALUE);
			refused++;
			continue;
		}
		error = clBuildProgram(program, 0, NULL, "", NULL, NULL);
		if (error) {
			assert_cl(error, CL_BUILD_PROGRAM_FAILURE);
			assert_true(build_log(program)[0]);
			refused++;
		}
		OK(clReleaseProgram(program));
	}
	assert_true(refused > 10);
	OK(clReleaseContext(context));
}

static void no_translator(void **state) { (void)state; in_process(without, NULL); }
static void create(void **state) { (void)state; in_process(creation, NULL); }
static void spec_constants_refused(void **state) { (void)state; in_process(spec_constant_errors, NULL); }
static void built_and_linked(void **state) { (void)state; in_process(after_translator, NULL); }

static void failures(void **state)
{
	static const struct failure list[] = {
		{ "echo because >&2; exit 1", "because", 4, "", CL_BUILD_PROGRAM_FAILURE },
		{ "kill -SEGV $$", "crashed", 4, "", CL_BUILD_PROGRAM_FAILURE },
		{ "while :; do :; done", "HMMCL_BUILD_TIMEOUT", 4, "", CL_BUILD_PROGRAM_FAILURE },
		{ "exec sleep 1000", "HMMCL_BUILD_TIMEOUT", 4, "", CL_BUILD_PROGRAM_FAILURE },
		{ "exec tail /dev/zero", "error: the ", 4, "", CL_BUILD_PROGRAM_FAILURE },
		{ "exec cat /dev/zero", "HMMCL_BUILD_MEMORY", 4, "", CL_BUILD_PROGRAM_FAILURE },
		{ "echo nonsense", "LLVM 19", 4, "", CL_BUILD_PROGRAM_FAILURE },
		{ ":", "LLVM 19", 4, "", CL_BUILD_PROGRAM_FAILURE },
		{ "exec cat", "LLVM 19", 4, "", CL_BUILD_PROGRAM_FAILURE },
		{ "exec cat", "capability ImageBasic", 13, "", CL_BUILD_PROGRAM_FAILURE },
		{ "exec cat", "capability number 9999", 9999, "", CL_BUILD_PROGRAM_FAILURE },
		{ "exec cat", "-cl-what", 4, "-cl-what", CL_INVALID_BUILD_OPTIONS },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(list); i++)
		in_process(failing, (void *)&list[i]);
}

static void same_as_source(void **state)
{
	(void)state;
	NEEDS_TRANSLATOR();
	in_process(round_trip, NULL);
}

static void spec_constants_set(void **state)
{
	(void)state;
	NEEDS_TRANSLATOR();
	in_process(spec_constants, NULL);
}

static void damaged_modules(void **state)
{
	(void)state;
	NEEDS_TRANSLATOR();
	in_process(damaged, NULL);
}

static int set_up(void **state)
{
	(void)state;
	strcpy(directory, "/tmp/hmmcl-spirv-XXXXXX");
	return mkdtemp(directory) ? 0 : -1;
}

static int tear_down(void **state)
{
	char command[128];

	(void)state;
	snprintf(command, sizeof(command), "rm -r %s", directory);
	return system(command);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_translator),
		cmocka_unit_test(create),
		cmocka_unit_test(spec_constants_refused),
		cmocka_unit_test(failures),
		cmocka_unit_test(built_and_linked),
		cmocka_unit_test(same_as_source),
		cmocka_unit_test(spec_constants_set),
		cmocka_unit_test(damaged_modules),
	};

	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests_name("runtime.spirv", tests, set_up, tear_down);
}
