/* SPDX-License-Identifier: MIT */
/* OpenCL API, 4.2: clGetDeviceInfo. */
#include <stdio.h>

#include "../../compiler/features.h"
#include "../compiler/spirv.h"
#include "../core/check.h"
#include "../core/device.h"
#define HMMCL_INFO_FUNCTION "clGetDeviceInfo"
#include "../core/info.h"

/* CL_DEVICE_OPENCL_C_FEATURES. */
static const struct {
	cl_name_version entry;
	bool offered;
} known_features[] = {
#define AS_FEATURE(feature, is_offered) \
	{ { CL_MAKE_VERSION(3, 0, 0), #feature }, is_offered },
	HMMCL_COMPILER_FEATURES(AS_FEATURE)
	HMMCL_COMPILER_FLOAT_ATOMICS(AS_FEATURE)
#undef AS_FEATURE
};

/* OpenCL C 2.0 is not among them: it demands pipes and device-side enqueue. */
static const cl_name_version c_versions[] = {
	{ CL_MAKE_VERSION(1, 0, 0), "OpenCL C" },
	{ CL_MAKE_VERSION(1, 1, 0), "OpenCL C" },
	{ CL_MAKE_VERSION(1, 2, 0), "OpenCL C" },
	{ CL_MAKE_VERSION(3, 0, 0), "OpenCL C" },
};

/* Intermediate languages, where the translator is. */
static const cl_name_version ils[] = {
#define AS_IL(major, minor) { CL_MAKE_VERSION(major, minor, 0), "SPIR-V" },
	HMMCL_SPIRV_VERSIONS(AS_IL)
#undef AS_IL
};
static const char il_versions[] =
#define AS_IL_NAME(major, minor) " SPIR-V_" #major "." #minor
	HMMCL_SPIRV_VERSIONS(AS_IL_NAME)
#undef AS_IL_NAME
	;

static const cl_device_fp_config fp_config = CL_FP_DENORM | CL_FP_INF_NAN | CL_FP_ROUND_TO_NEAREST;

static cl_int get_features(size_t param_value_size, void *param_value, size_t *param_value_size_ret)
{
	cl_name_version offered[sizeof(known_features) / sizeof(known_features[0])];
	size_t count = 0;

	for (size_t i = 0; i < sizeof(known_features) / sizeof(known_features[0]); i++)
		if (known_features[i].offered)
			offered[count++] = known_features[i].entry;
	RETURN_INFO_ARRAY(offered, count);
}

static bool has_feature(const char *name)
{
	for (size_t i = 0; i < sizeof(known_features) / sizeof(known_features[0]); i++)
		if (!strcmp(known_features[i].entry.name, name))
			return known_features[i].offered;
	return false;
}

static cl_device_atomic_capabilities atomic_orders(void)
{
	cl_device_atomic_capabilities orders = CL_DEVICE_ATOMIC_ORDER_RELAXED;

	if (has_feature("__opencl_c_atomic_order_acq_rel"))
		orders |= CL_DEVICE_ATOMIC_ORDER_ACQ_REL;
	if (has_feature("__opencl_c_atomic_order_seq_cst"))
		orders |= CL_DEVICE_ATOMIC_ORDER_SEQ_CST;
	return orders;
}

static cl_device_atomic_capabilities atomic_scopes(void)
{
	cl_device_atomic_capabilities scopes = CL_DEVICE_ATOMIC_SCOPE_WORK_GROUP;

	if (has_feature("__opencl_c_atomic_scope_device"))
		scopes |= CL_DEVICE_ATOMIC_SCOPE_DEVICE;
	if (has_feature("__opencl_c_atomic_scope_all_devices"))
		scopes |= CL_DEVICE_ATOMIC_SCOPE_ALL_DEVICES;
	return scopes;
}

/* Loads and stores of float and double are OpenCL C's own, and so without features. */
static cl_device_fp_atomic_capabilities_ext fp_atomics(const char *type)
{
	static const struct {
		const char *operation;
		cl_device_fp_atomic_capabilities_ext bit;
	} known[] = {
		{ "global_atomic_load_store", CL_DEVICE_GLOBAL_FP_ATOMIC_LOAD_STORE_EXT },
		{ "global_atomic_add", CL_DEVICE_GLOBAL_FP_ATOMIC_ADD_EXT },
		{ "global_atomic_min_max", CL_DEVICE_GLOBAL_FP_ATOMIC_MIN_MAX_EXT },
		{ "local_atomic_load_store", CL_DEVICE_LOCAL_FP_ATOMIC_LOAD_STORE_EXT },
		{ "local_atomic_add", CL_DEVICE_LOCAL_FP_ATOMIC_ADD_EXT },
		{ "local_atomic_min_max", CL_DEVICE_LOCAL_FP_ATOMIC_MIN_MAX_EXT },
	};
	cl_device_fp_atomic_capabilities_ext bits = 0;
	char name[CL_NAME_VERSION_MAX_NAME_SIZE];

	if (strcmp(type, "fp16"))
		bits = CL_DEVICE_GLOBAL_FP_ATOMIC_LOAD_STORE_EXT |
		       CL_DEVICE_LOCAL_FP_ATOMIC_LOAD_STORE_EXT;
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		snprintf(name, sizeof(name), "__opencl_c_ext_%s_%s", type, known[i].operation);
		if (has_feature(name))
			bits |= known[i].bit;
	}
	return bits;
}

/* What the device is and can do. */
static cl_int get_identity(cl_device_id device, cl_device_info param_name, size_t param_value_size,
			   void *param_value, size_t *param_value_size_ret, bool *known)
{
	bool hmm = device->info.kind == HMMCL_ENGINE_HMM;

	switch (param_name) {
	case CL_DEVICE_TYPE:
		RETURN_INFO(cl_device_type, CL_DEVICE_TYPE_CPU);
	case CL_DEVICE_VENDOR_ID:
		RETURN_INFO(cl_uint, 0);	/* neither of the PCI nor of the Khronos registry */
	case CL_DEVICE_AVAILABLE:
	case CL_DEVICE_COMPILER_AVAILABLE:
	case CL_DEVICE_LINKER_AVAILABLE:
	case CL_DEVICE_ENDIAN_LITTLE:
	case CL_DEVICE_HOST_UNIFIED_MEMORY:
	case CL_DEVICE_PREFERRED_INTEROP_USER_SYNC:
	case CL_DEVICE_NON_UNIFORM_WORK_GROUP_SUPPORT:
		RETURN_INFO(cl_bool, CL_TRUE);
	case CL_DEVICE_ERROR_CORRECTION_SUPPORT:
	case CL_DEVICE_IMAGE_SUPPORT:
	case CL_DEVICE_PIPE_SUPPORT:
		RETURN_INFO(cl_bool, CL_FALSE);
	/* Sub-groups that may wait for one another take turns (compiler/workgroup/sub_groups.cpp). */
	case CL_DEVICE_SUB_GROUP_INDEPENDENT_FORWARD_PROGRESS:
		RETURN_INFO(cl_bool, has_feature("__opencl_c_subgroups"));
	case CL_DEVICE_WORK_GROUP_COLLECTIVE_FUNCTIONS_SUPPORT:
		RETURN_INFO(cl_bool, has_feature("__opencl_c_work_group_collective_functions"));
	case CL_DEVICE_GENERIC_ADDRESS_SPACE_SUPPORT:
		RETURN_INFO(cl_bool, has_feature("__opencl_c_generic_address_space"));
	case CL_DEVICE_EXECUTION_CAPABILITIES:
		RETURN_INFO(cl_device_exec_capabilities, CL_EXEC_KERNEL | CL_EXEC_NATIVE_KERNEL);
	case CL_DEVICE_QUEUE_ON_HOST_PROPERTIES:
		RETURN_INFO(cl_command_queue_properties,
			    CL_QUEUE_OUT_OF_ORDER_EXEC_MODE_ENABLE | CL_QUEUE_PROFILING_ENABLE);
	case CL_DEVICE_QUEUE_ON_DEVICE_PROPERTIES:
		RETURN_INFO(cl_command_queue_properties, 0);
	case CL_DEVICE_DEVICE_ENQUEUE_CAPABILITIES:
		RETURN_INFO(cl_device_device_enqueue_capabilities, 0);
	case CL_DEVICE_SVM_CAPABILITIES:
		RETURN_INFO(cl_device_svm_capabilities,
			    CL_DEVICE_SVM_COARSE_GRAIN_BUFFER | CL_DEVICE_SVM_FINE_GRAIN_BUFFER |
			    CL_DEVICE_SVM_FINE_GRAIN_SYSTEM | CL_DEVICE_SVM_ATOMICS);
	case CL_DEVICE_ATOMIC_MEMORY_CAPABILITIES:
		RETURN_INFO(cl_device_atomic_capabilities, atomic_orders() | atomic_scopes());
	case CL_DEVICE_ATOMIC_FENCE_CAPABILITIES:
		RETURN_INFO(cl_device_atomic_capabilities,
			    atomic_orders() | CL_DEVICE_ATOMIC_ORDER_ACQ_REL | atomic_scopes() |
			    CL_DEVICE_ATOMIC_SCOPE_WORK_ITEM);
	case CL_DEVICE_SINGLE_FP_ATOMIC_CAPABILITIES_EXT:
		RETURN_INFO(cl_device_fp_atomic_capabilities_ext, fp_atomics("fp32"));
	case CL_DEVICE_DOUBLE_FP_ATOMIC_CAPABILITIES_EXT:
		RETURN_INFO(cl_device_fp_atomic_capabilities_ext, fp_atomics("fp64"));
	case CL_DEVICE_HALF_FP_ATOMIC_CAPABILITIES_EXT:
		RETURN_INFO(cl_device_fp_atomic_capabilities_ext, fp_atomics("fp16"));
	case CL_DEVICE_HALF_FP_CONFIG:
		RETURN_INFO(cl_device_fp_config, fp_config);
	case CL_DEVICE_SINGLE_FP_CONFIG:
		RETURN_INFO(cl_device_fp_config,
			    fp_config | CL_FP_CORRECTLY_ROUNDED_DIVIDE_SQRT | CL_FP_FMA);
	case CL_DEVICE_DOUBLE_FP_CONFIG:
		RETURN_INFO(cl_device_fp_config,
			    fp_config | CL_FP_ROUND_TO_ZERO | CL_FP_ROUND_TO_INF | CL_FP_FMA);
	case CL_DEVICE_INTEGER_DOT_PRODUCT_CAPABILITIES_KHR:
		RETURN_INFO(cl_bitfield, CL_DEVICE_INTEGER_DOT_PRODUCT_INPUT_4x8BIT_PACKED_KHR |
					 CL_DEVICE_INTEGER_DOT_PRODUCT_INPUT_4x8BIT_KHR);
	case CL_DEVICE_INTEGER_DOT_PRODUCT_ACCELERATION_PROPERTIES_8BIT_KHR:
	case CL_DEVICE_INTEGER_DOT_PRODUCT_ACCELERATION_PROPERTIES_4x8BIT_PACKED_KHR: {
		cl_device_integer_dot_product_acceleration_properties_khr none = { 0 };

		RETURN_INFO_BYTES(&none, sizeof(none));
	}
	case CL_DEVICE_NAME:
		RETURN_INFO_STRING(device->info.name);
	case CL_DEVICE_VENDOR:
		RETURN_INFO_STRING("hmmcl");
	case CL_DRIVER_VERSION:
		RETURN_INFO_STRING(HMMCL_VERSION);
	case CL_DEVICE_PROFILE:
		RETURN_INFO_STRING("FULL_PROFILE");
	case CL_DEVICE_VERSION:
		RETURN_INFO_STRING(hmm ? "OpenCL 3.0 hmmcl, hmm engine"
				       : "OpenCL 3.0 hmmcl, host engine");
	case CL_DEVICE_NUMERIC_VERSION:
		RETURN_INFO(cl_version, CL_MAKE_VERSION(3, 0, 0));
	case CL_DEVICE_OPENCL_C_VERSION:
		RETURN_INFO_STRING("OpenCL C 1.2 hmmcl");
	case CL_DEVICE_OPENCL_C_NUMERIC_VERSION_KHR:
		RETURN_INFO(cl_version, CL_MAKE_VERSION(1, 2, 0));
	case CL_DEVICE_OPENCL_C_ALL_VERSIONS:
		RETURN_INFO_BYTES(c_versions, sizeof(c_versions));
	case CL_DEVICE_OPENCL_C_FEATURES:
		return get_features(param_value_size, param_value, param_value_size_ret);
	case CL_DEVICE_EXTENSIONS:
		RETURN_INFO_STRING(device->extension_names);
	case CL_DEVICE_EXTENSIONS_WITH_VERSION:
		RETURN_INFO_ARRAY(device->extensions, device->n_extensions);
	case CL_DEVICE_LATEST_CONFORMANCE_VERSION_PASSED:
		RETURN_INFO_STRING("v0000-01-01-00");	/* none: the form is prescribed */
	case CL_DEVICE_IL_VERSION:
		RETURN_INFO_STRING(device->takes_il ? il_versions + 1 : "");
	case CL_DEVICE_ILS_WITH_VERSION:
		RETURN_INFO_ARRAY(ils, device->takes_il ? sizeof(ils) / sizeof(ils[0]) : 0);
	case CL_DEVICE_BUILT_IN_KERNELS:
		RETURN_INFO_STRING("");
	case CL_DEVICE_BUILT_IN_KERNELS_WITH_VERSION:
		RETURN_INFO_BYTES(NULL, 0);
	case CL_DEVICE_PLATFORM:
		RETURN_INFO(cl_platform_id, device->platform);
	case CL_DEVICE_PARENT_DEVICE:
		RETURN_INFO(cl_device_id, NULL);
	case CL_DEVICE_REFERENCE_COUNT:
		RETURN_INFO(cl_uint, 1);
	case CL_DEVICE_PARTITION_PROPERTIES:
		RETURN_INFO(cl_device_partition_property, 0);
	case CL_DEVICE_PARTITION_TYPE:
		RETURN_INFO_BYTES(NULL, 0);
	case CL_DEVICE_PARTITION_AFFINITY_DOMAIN:
		RETURN_INFO(cl_device_affinity_domain, 0);
	}
	*known = false;
	return CL_SUCCESS;
}

/* How much of everything there is. */
static cl_int get_limit(cl_device_id device, cl_device_info param_name, size_t param_value_size,
			void *param_value, size_t *param_value_size_ret, bool *known)
{
	switch (param_name) {
	case CL_DEVICE_MAX_COMPUTE_UNITS:
		RETURN_INFO(cl_uint, device->info.workers);
	case CL_DEVICE_MAX_WORK_ITEM_DIMENSIONS:
		RETURN_INFO(cl_uint, 3);
	case CL_DEVICE_MAX_WORK_ITEM_SIZES: {
		size_t sizes[3] = { HMMCL_MAX_WORK_GROUP_SIZE, HMMCL_MAX_WORK_GROUP_SIZE,
				    HMMCL_MAX_WORK_GROUP_SIZE };

		RETURN_INFO_BYTES(sizes, sizeof(sizes));
	}
	case CL_DEVICE_MAX_WORK_GROUP_SIZE:
		RETURN_INFO(size_t, HMMCL_MAX_WORK_GROUP_SIZE);
	case CL_DEVICE_PREFERRED_WORK_GROUP_SIZE_MULTIPLE:
		RETURN_INFO(size_t, HMMCL_WORK_GROUP_MULTIPLE);
	/* Kernels are written for work-items; the compiler is what makes vectors of them. */
	case CL_DEVICE_PREFERRED_VECTOR_WIDTH_CHAR:
	case CL_DEVICE_PREFERRED_VECTOR_WIDTH_SHORT:
	case CL_DEVICE_PREFERRED_VECTOR_WIDTH_INT:
	case CL_DEVICE_PREFERRED_VECTOR_WIDTH_LONG:
	case CL_DEVICE_PREFERRED_VECTOR_WIDTH_HALF:
	case CL_DEVICE_PREFERRED_VECTOR_WIDTH_FLOAT:
	case CL_DEVICE_PREFERRED_VECTOR_WIDTH_DOUBLE:
		RETURN_INFO(cl_uint, 1);
	case CL_DEVICE_NATIVE_VECTOR_WIDTH_CHAR:
		RETURN_INFO(cl_uint, device->vector_bytes);
	case CL_DEVICE_NATIVE_VECTOR_WIDTH_SHORT:
	case CL_DEVICE_NATIVE_VECTOR_WIDTH_HALF:
		RETURN_INFO(cl_uint, device->vector_bytes / 2);
	case CL_DEVICE_NATIVE_VECTOR_WIDTH_INT:
	case CL_DEVICE_NATIVE_VECTOR_WIDTH_FLOAT:
		RETURN_INFO(cl_uint, device->vector_bytes / 4);
	case CL_DEVICE_NATIVE_VECTOR_WIDTH_LONG:
	case CL_DEVICE_NATIVE_VECTOR_WIDTH_DOUBLE:
		RETURN_INFO(cl_uint, device->vector_bytes / 8);
	case CL_DEVICE_MAX_CLOCK_FREQUENCY:
		RETURN_INFO(cl_uint, device->max_clock_mhz);
	case CL_DEVICE_ADDRESS_BITS:
		RETURN_INFO(cl_uint, 64);
	case CL_DEVICE_MAX_MEM_ALLOC_SIZE:
		RETURN_INFO(cl_ulong, device->max_mem_alloc_size);
	case CL_DEVICE_GLOBAL_MEM_SIZE:
		RETURN_INFO(cl_ulong, device->global_mem_size);
	case CL_DEVICE_GLOBAL_MEM_CACHE_TYPE:
		RETURN_INFO(cl_device_mem_cache_type, CL_READ_WRITE_CACHE);
	case CL_DEVICE_GLOBAL_MEM_CACHELINE_SIZE:
		RETURN_INFO(cl_uint, 64);
	case CL_DEVICE_GLOBAL_MEM_CACHE_SIZE:
		RETURN_INFO(cl_ulong, device->cache_size);
	/* Constant memory is global memory. */
	case CL_DEVICE_MAX_CONSTANT_BUFFER_SIZE:
		RETURN_INFO(cl_ulong, device->max_mem_alloc_size);
	case CL_DEVICE_MAX_CONSTANT_ARGS:
		RETURN_INFO(cl_uint, HMMCL_MAX_CONSTANT_ARGS);
	case CL_DEVICE_LOCAL_MEM_TYPE:
		RETURN_INFO(cl_device_local_mem_type, CL_GLOBAL);
	case CL_DEVICE_LOCAL_MEM_SIZE:
		RETURN_INFO(cl_ulong, HMMCL_LOCAL_MEM_SIZE);
	case CL_DEVICE_MAX_PARAMETER_SIZE:
		RETURN_INFO(size_t, HMMCL_MAX_PARAMETER_SIZE);
	case CL_DEVICE_MEM_BASE_ADDR_ALIGN:
		RETURN_INFO(cl_uint, HMMCL_MEM_BASE_ADDR_ALIGN * 8);
	case CL_DEVICE_MIN_DATA_TYPE_ALIGN_SIZE:
		RETURN_INFO(cl_uint, HMMCL_ABI_ALIGN);
	case CL_DEVICE_MAX_GLOBAL_VARIABLE_SIZE:
	case CL_DEVICE_GLOBAL_VARIABLE_PREFERRED_TOTAL_SIZE:
		RETURN_INFO(size_t, has_feature("__opencl_c_program_scope_global_variables") ?
				    HMMCL_MAX_GLOBAL_VARIABLE_SIZE : 0);
	case CL_DEVICE_PRINTF_BUFFER_SIZE:
		RETURN_INFO(size_t, HMMCL_PRINTF_BUFFER_SIZE);
	case CL_DEVICE_PROFILING_TIMER_RESOLUTION:
		RETURN_INFO(size_t, 1);
	/* Natural alignment. */
	case CL_DEVICE_PREFERRED_PLATFORM_ATOMIC_ALIGNMENT:
	case CL_DEVICE_PREFERRED_GLOBAL_ATOMIC_ALIGNMENT:
	case CL_DEVICE_PREFERRED_LOCAL_ATOMIC_ALIGNMENT:
		RETURN_INFO(cl_uint, 0);
	case CL_DEVICE_MAX_NUM_SUB_GROUPS:
		RETURN_INFO(cl_uint, has_feature("__opencl_c_subgroups") ?
				     HMMCL_MAX_WORK_GROUP_SIZE / HMMCL_SUB_GROUP_SIZE : 0);
	/* No sub-devices, images, pipes, device-side enqueue. */
	case CL_DEVICE_PARTITION_MAX_SUB_DEVICES:
	case CL_DEVICE_MAX_READ_IMAGE_ARGS:
	case CL_DEVICE_MAX_WRITE_IMAGE_ARGS:
	case CL_DEVICE_MAX_READ_WRITE_IMAGE_ARGS:
	case CL_DEVICE_MAX_SAMPLERS:
	case CL_DEVICE_IMAGE_PITCH_ALIGNMENT:
	case CL_DEVICE_IMAGE_BASE_ADDRESS_ALIGNMENT:
	case CL_DEVICE_MAX_PIPE_ARGS:
	case CL_DEVICE_PIPE_MAX_ACTIVE_RESERVATIONS:
	case CL_DEVICE_PIPE_MAX_PACKET_SIZE:
	case CL_DEVICE_QUEUE_ON_DEVICE_PREFERRED_SIZE:
	case CL_DEVICE_QUEUE_ON_DEVICE_MAX_SIZE:
	case CL_DEVICE_MAX_ON_DEVICE_QUEUES:
	case CL_DEVICE_MAX_ON_DEVICE_EVENTS:
		RETURN_INFO(cl_uint, 0);
	case CL_DEVICE_IMAGE2D_MAX_WIDTH:
	case CL_DEVICE_IMAGE2D_MAX_HEIGHT:
	case CL_DEVICE_IMAGE3D_MAX_WIDTH:
	case CL_DEVICE_IMAGE3D_MAX_HEIGHT:
	case CL_DEVICE_IMAGE3D_MAX_DEPTH:
	case CL_DEVICE_IMAGE_MAX_BUFFER_SIZE:
	case CL_DEVICE_IMAGE_MAX_ARRAY_SIZE:
		RETURN_INFO(size_t, 0);
	}
	*known = false;
	return CL_SUCCESS;
}

CL_API_ENTRY cl_int CL_API_CALL clGetDeviceInfo(cl_device_id device, cl_device_info param_name,
						size_t param_value_size, void *param_value,
						size_t *param_value_size_ret)
{
	bool known = true;
	cl_int result;

	CHECK(hmmcl_device_valid(device), CL_INVALID_DEVICE, "device is not a device");
	result = get_identity(device, param_name, param_value_size, param_value,
			      param_value_size_ret, &known);
	if (known)
		return result;
	known = true;
	result = get_limit(device, param_name, param_value_size, param_value, param_value_size_ret,
			   &known);
	CHECK(known, CL_INVALID_VALUE, "param_name 0x%x is not known", param_name);
	return result;
}
