/* SPDX-License-Identifier: MIT */
/* Platform and device queries. */
#include <dlfcn.h>

#include "program.h"

/* Without the driver that was asked for there is no device, and the platform says why. */
static void look_for_driver(void *data)
{
	cl_platform_id platform;
	char version[512];
	cl_uint devices;

	(void)data;
	OK(clGetPlatformIDs(1, &platform, NULL));
	OK(clGetPlatformInfo(platform, CL_PLATFORM_VERSION, sizeof(version), version, NULL));
	assert_memory_equal(version, "OpenCL 3.0 ", 11);
	if (clGetDeviceIDs(platform, CL_DEVICE_TYPE_ALL, 0, NULL, &devices) == CL_SUCCESS) {
		assert_null(strstr(version, "no device"));
		return;
	}
	assert_int_equal(devices, 0);
	assert_non_null(strstr(version, "no device: HMMCL_ENGINE=hmm, but "));
}

/* Before anything else, for the child reads its environment once. */
static void driver_asked_for(void **state)
{
	char *before = getenv("HMMCL_ENGINE");

	(void)state;
	before = before ? strdup(before) : NULL;
	setenv("HMMCL_ENGINE", "hmm", 1);
	in_process(look_for_driver, NULL);
	if (before)
		setenv("HMMCL_ENGINE", before, 1);
	else
		unsetenv("HMMCL_ENGINE");
	free(before);
}

static void platform_ids(void **state)
{
	cl_platform_id platform;
	cl_uint count;

	(void)state;
	OK(clGetPlatformIDs(0, NULL, &count));
	assert_int_equal(count, 1);
	OK(clGetPlatformIDs(1, &platform, &count));
	assert_cl(clGetPlatformIDs(0, &platform, NULL), CL_INVALID_VALUE);
	assert_cl(clGetPlatformIDs(1, NULL, NULL), CL_INVALID_VALUE);
}

static void platform_info(void **state)
{
	cl_platform_id platform = find_platform();
	cl_version version;
	cl_ulong resolution;
	char text[4096];
	size_t size;

	(void)state;
	OK(clGetPlatformInfo(platform, CL_PLATFORM_NAME, sizeof(text), text, &size));
	assert_string_equal(text, "hmmcl");
	assert_int_equal(size, sizeof("hmmcl"));
	OK(clGetPlatformInfo(platform, CL_PLATFORM_VERSION, sizeof(text), text, NULL));
	assert_memory_equal(text, "OpenCL 3.0 ", 11);
	OK(clGetPlatformInfo(platform, CL_PLATFORM_PROFILE, sizeof(text), text, NULL));
	assert_string_equal(text, "FULL_PROFILE");
	OK(clGetPlatformInfo(platform, CL_PLATFORM_EXTENSIONS, sizeof(text), text, NULL));
	assert_non_null(strstr(text, "cl_khr_icd"));
	OK(clGetPlatformInfo(platform, CL_PLATFORM_ICD_SUFFIX_KHR, sizeof(text), text, NULL));
	assert_string_equal(text, "HMMCL");
	OK(clGetPlatformInfo(platform, CL_PLATFORM_NUMERIC_VERSION, sizeof(version), &version,
			     NULL));
	assert_int_equal(version, CL_MAKE_VERSION(3, 0, 0));
	OK(clGetPlatformInfo(platform, CL_PLATFORM_HOST_TIMER_RESOLUTION, sizeof(resolution),
			     &resolution, NULL));
	assert_true(resolution > 0);
	assert_cl(clGetPlatformInfo(platform, CL_PLATFORM_NAME, 2, text, NULL), CL_INVALID_VALUE);
	assert_cl(clGetPlatformInfo(platform, 0x1234, sizeof(text), text, NULL), CL_INVALID_VALUE);
}

/* The string and the array name the same extensions. */
static void extension_lists_agree(void **state)
{
	cl_device_id device = find_device();
	cl_name_version entries[64];
	char names[4096], *rest = names, *name;
	size_t size, n = 0;

	(void)state;
	OK(clGetDeviceInfo(device, CL_DEVICE_EXTENSIONS, sizeof(names), names, NULL));
	OK(clGetDeviceInfo(device, CL_DEVICE_EXTENSIONS_WITH_VERSION, sizeof(entries), entries,
			   &size));
	while ((name = strtok_r(rest, " ", &rest))) {
		assert_true(n < size / sizeof(entries[0]));
		assert_string_equal(name, entries[n].name);
		n++;
	}
	assert_int_equal(n, size / sizeof(entries[0]));
}

static void device_ids(void **state)
{
	static const struct {
		cl_device_type type;
		cl_int error;
	} cases[] = {
		{ CL_DEVICE_TYPE_ALL, CL_SUCCESS },
		{ CL_DEVICE_TYPE_DEFAULT, CL_SUCCESS },
		{ CL_DEVICE_TYPE_CPU, CL_SUCCESS },
		{ CL_DEVICE_TYPE_CPU | CL_DEVICE_TYPE_GPU, CL_SUCCESS },
		{ CL_DEVICE_TYPE_GPU, CL_DEVICE_NOT_FOUND },
		{ CL_DEVICE_TYPE_ACCELERATOR, CL_DEVICE_NOT_FOUND },
		{ CL_DEVICE_TYPE_CUSTOM, CL_DEVICE_NOT_FOUND },
		{ 0, CL_INVALID_DEVICE_TYPE },
		{ 1 << 10, CL_INVALID_DEVICE_TYPE },
	};
	cl_platform_id platform = find_platform();
	cl_device_id device;
	cl_uint count;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		assert_cl(clGetDeviceIDs(platform, cases[i].type, 1, &device, &count),
			  cases[i].error);
	assert_cl(clGetDeviceIDs(platform, CL_DEVICE_TYPE_ALL, 0, &device, NULL), CL_INVALID_VALUE);
	assert_cl(clGetDeviceIDs(platform, CL_DEVICE_TYPE_ALL, 1, NULL, NULL), CL_INVALID_VALUE);
}

/* Every query of OpenCL 3.0 answers, says the same size with and without a place for the
 * answer, and refuses a place that is too small. */
static void device_info_answers(void **state)
{
	static const struct {
		cl_device_info first, last;
	} ranges[] = {
		{ CL_DEVICE_TYPE, CL_DEVICE_EXTENSIONS },
		{ CL_DEVICE_PLATFORM, CL_DEVICE_DOUBLE_FP_CONFIG },
		{ CL_DEVICE_PREFERRED_VECTOR_WIDTH_HALF, CL_DEVICE_OPENCL_C_VERSION },
		{ CL_DEVICE_LINKER_AVAILABLE, CL_DEVICE_PREFERRED_INTEROP_USER_SYNC },
		{ CL_DEVICE_PRINTF_BUFFER_SIZE, CL_DEVICE_IMAGE_BASE_ADDRESS_ALIGNMENT },
		{ CL_DEVICE_MAX_READ_WRITE_IMAGE_ARGS, CL_DEVICE_MAX_ON_DEVICE_EVENTS },
		{ CL_DEVICE_SVM_CAPABILITIES, CL_DEVICE_MAX_PIPE_ARGS },
		{ CL_DEVICE_PIPE_MAX_ACTIVE_RESERVATIONS,
		  CL_DEVICE_SUB_GROUP_INDEPENDENT_FORWARD_PROGRESS },
		{ CL_DEVICE_NUMERIC_VERSION, CL_DEVICE_GENERIC_ADDRESS_SPACE_SUPPORT },
		{ CL_DEVICE_OPENCL_C_FEATURES, CL_DEVICE_LATEST_CONFORMANCE_VERSION_PASSED },
	};
	cl_device_id device = find_device();
	unsigned char answer[8192];
	size_t size, again;

	(void)state;
	for (size_t i = 0; i < COUNT(ranges); i++) {
		for (cl_device_info name = ranges[i].first; name <= ranges[i].last; name++) {
			/* Holes, and those that OpenCL 3.0 does not have any more. */
			if (name == 0x1013 || (name >= 0x102a && name <= 0x102a) || name == 0x1036)
				continue;
			if (clGetDeviceInfo(device, name, 0, NULL, &size) != CL_SUCCESS) {
				print_message("query 0x%x is not known\n", name);
				fail();
			}
			OK(clGetDeviceInfo(device, name, sizeof(answer), answer, &again));
			assert_int_equal(size, again);
			if (size)
				assert_cl(clGetDeviceInfo(device, name, size - 1, answer, NULL),
					  CL_INVALID_VALUE);
		}
	}
	assert_cl(clGetDeviceInfo(device, 0x7777, sizeof(answer), answer, NULL), CL_INVALID_VALUE);
	assert_cl(clGetDeviceInfo(NULL, CL_DEVICE_TYPE, sizeof(answer), answer, NULL),
		  CL_INVALID_DEVICE);
}

static void svm_is_complete(void **state)
{
	cl_device_svm_capabilities svm;

	(void)state;
	OK(clGetDeviceInfo(find_device(), CL_DEVICE_SVM_CAPABILITIES, sizeof(svm), &svm, NULL));
	assert_int_equal(svm, CL_DEVICE_SVM_COARSE_GRAIN_BUFFER | CL_DEVICE_SVM_FINE_GRAIN_BUFFER |
			      CL_DEVICE_SVM_FINE_GRAIN_SYSTEM | CL_DEVICE_SVM_ATOMICS);
}

static void sub_devices(void **state)
{
	const cl_device_partition_property equally[] = { CL_DEVICE_PARTITION_EQUALLY, 1, 0 };
	cl_device_id device = find_device(), part;
	cl_uint count;

	(void)state;
	assert_cl(clCreateSubDevices(device, equally, 1, &part, &count), CL_INVALID_VALUE);
	assert_cl(clCreateSubDevices(device, NULL, 1, &part, &count), CL_INVALID_VALUE);
	OK(clRetainDevice(device));
	OK(clReleaseDevice(device));
	OK(clGetDeviceInfo(device, CL_DEVICE_REFERENCE_COUNT, sizeof(count), &count, NULL));
	assert_int_equal(count, 1);
}

static void timers(void **state)
{
	cl_ulong device_time, host_time, later;

	(void)state;
	OK(clGetDeviceAndHostTimer(find_device(), &device_time, &host_time));
	OK(clGetHostTimer(find_device(), &later));
	assert_true(later >= host_time);
	assert_cl(clGetDeviceAndHostTimer(find_device(), NULL, &host_time), CL_INVALID_VALUE);
	assert_cl(clGetHostTimer(find_device(), NULL), CL_INVALID_VALUE);
}

/* The library by itself, as a loader other than the one these tests run with sees it. */
static void icd_abi(void **state)
{
	void *library = dlopen(HMMCL_LIBRARY, RTLD_NOW | RTLD_LOCAL);
	void *(*get_address)(const char *);
	cl_int (*get_platforms)(cl_uint, cl_platform_id *, cl_uint *);
	cl_platform_id platform;
	cl_uint count;

	(void)state;
	assert_non_null(library);
	get_address = (void *(*)(const char *))dlsym(library, "clGetExtensionFunctionAddress");
	assert_non_null(get_address);
	assert_non_null(dlsym(library, "clGetPlatformInfo"));
	get_platforms = (cl_int (*)(cl_uint, cl_platform_id *, cl_uint *))
			get_address("clIcdGetPlatformIDsKHR");
	assert_non_null(get_platforms);
	OK(get_platforms(1, &platform, &count));
	assert_int_equal(count, 1);
	assert_non_null(*(void **)platform);
	assert_null(get_address("clNoSuchFunction"));
	assert_null(get_address(NULL));
	dlclose(library);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(driver_asked_for),
		cmocka_unit_test(platform_ids),
		cmocka_unit_test(platform_info),
		cmocka_unit_test(extension_lists_agree),
		cmocka_unit_test(device_ids),
		cmocka_unit_test(device_info_answers),
		cmocka_unit_test(svm_is_complete),
		cmocka_unit_test(sub_devices),
		cmocka_unit_test(timers),
		cmocka_unit_test(icd_abi),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
