/* SPDX-License-Identifier: MIT */
/* What the device learns about its machine. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysinfo.h>
#include <unistd.h>

#include "../../compiler/features.h"
#include "config.h"
#include "device.h"
#include "log.h"
#include "platform.h"

/* Extensions that are the runtime's work: X(name, major, minor, patch). */
#define RUNTIME_EXTENSIONS(X)			\
	X(cl_khr_create_command_queue, 1, 0, 0)	\
	X(cl_khr_extended_versioning, 1, 0, 0)	\
	X(cl_khr_suggested_local_work_size, 1, 0, 0)

/* Those that need the SPIR-V translator; the last ones of the list. */
#define IL_EXTENSIONS(X)			\
	X(cl_khr_il_program, 1, 0, 0)

static void never(void *object)
{
	(void)object;
}

const struct hmmcl_object_type hmmcl_device_type = { .name = "cl_device_id", .destroy = never };

#define AS_ENTRY(extension, major, minor, patch) \
	{ .version = CL_MAKE_VERSION(major, minor, patch), .name = #extension },
#define AS_NAME(extension, major, minor, patch) " " #extension

static const cl_name_version extensions[] = {
	HMMCL_COMPILER_EXTENSIONS(AS_ENTRY)
	RUNTIME_EXTENSIONS(AS_ENTRY)
	IL_EXTENSIONS(AS_ENTRY)
};
static const char extension_names[] = HMMCL_COMPILER_EXTENSIONS(AS_NAME)
	RUNTIME_EXTENSIONS(AS_NAME);
static const char extension_names_il[] = HMMCL_COMPILER_EXTENSIONS(AS_NAME)
	RUNTIME_EXTENSIONS(AS_NAME) IL_EXTENSIONS(AS_NAME);
#define ONE(...) + 1
enum { n_il_extensions = 0 IL_EXTENSIONS(ONE) };

/* The first number behind @key in a file; 0 when there is none. */
static double number_in_file(const char *path, const char *key)
{
	FILE *file = fopen(path, "re");
	double number = 0;
	char line[256];

	while (file && number == 0 && fgets(line, sizeof(line), file)) {
		const char *digits = line + strcspn(line, "0123456789");

		if (!strncmp(line, key, strlen(key)))
			number = strtod(digits, NULL);
	}
	if (file)
		fclose(file);
	return number;
}

static cl_uint max_clock_mhz(void)
{
	double khz = number_in_file("/sys/devices/system/cpu/cpu0/cpufreq/cpuinfo_max_freq", "");

	return khz ? khz / 1000 : number_in_file("/proc/cpuinfo", "cpu MHz");
}

static uint64_t cache_size(void)
{
	static const int levels[] = { _SC_LEVEL3_CACHE_SIZE, _SC_LEVEL2_CACHE_SIZE,
				      _SC_LEVEL1_DCACHE_SIZE };

	for (size_t i = 0; i < sizeof(levels) / sizeof(levels[0]); i++) {
		long size = sysconf(levels[i]);

		if (size > 0)
			return size;
	}
	return 0;
}

static cl_uint vector_bytes(void)
{
	if (__builtin_cpu_supports("avx512f"))
		return 64;
	return __builtin_cpu_supports("avx2") ? 32 : 16;
}

void hmmcl_device_init(cl_device_id device, cl_platform_id platform,
		       const struct hmmcl_engine_info *info)
{
	struct sysinfo memory;

	hmmcl_object_init(&device->object, &hmmcl_device_type);
	device->platform = platform;
	device->info = *info;
	device->global_mem_size = sysinfo(&memory) ? 0
						   : (uint64_t)memory.totalram * memory.mem_unit;
	device->max_mem_alloc_size = device->global_mem_size / 2;
	device->cache_size = cache_size();
	device->max_clock_mhz = max_clock_mhz();
	device->vector_bytes = vector_bytes();
	device->extensions = extensions;
	device->n_extensions = sizeof(extensions) / sizeof(extensions[0]);
	device->takes_il = hmmcl_translator_find(&device->translator, hmmcl_config.spirv_translator);
	if (!device->takes_il)
		device->n_extensions -= n_il_extensions;
	device->extension_names = (device->takes_il ? extension_names_il : extension_names) + 1;
	if (device->takes_il)
		hmmcl_inform("SPIR-V is taken, through %s", device->translator.path);
	else
		hmmcl_inform("no SPIR-V: " HMMCL_TRANSLATOR_MISSING);
}
