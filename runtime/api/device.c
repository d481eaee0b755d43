/* SPDX-License-Identifier: MIT */
/* OpenCL API, 4.2 and 4.3: finding, partitioning and timing devices. */
#include "../core/check.h"
#include "../core/clock.h"
#include "../core/device.h"
#include "../core/platform.h"

#define KNOWN_TYPES (CL_DEVICE_TYPE_DEFAULT | CL_DEVICE_TYPE_CPU | CL_DEVICE_TYPE_GPU | \
		     CL_DEVICE_TYPE_ACCELERATOR | CL_DEVICE_TYPE_CUSTOM)

CL_API_ENTRY cl_int CL_API_CALL clGetDeviceIDs(cl_platform_id platform, cl_device_type device_type,
					       cl_uint num_entries, cl_device_id *devices,
					       cl_uint *num_devices)
{
	if (!platform)
		platform = hmmcl_platform_get();
	CHECK(hmmcl_platform_valid(platform), CL_INVALID_PLATFORM, "platform is not a platform");
	CHECK(device_type == CL_DEVICE_TYPE_ALL || (device_type && !(device_type & ~KNOWN_TYPES)),
	      CL_INVALID_DEVICE_TYPE, "device_type is 0x%llx", (unsigned long long)device_type);
	CHECK(num_entries || !devices, CL_INVALID_VALUE,
	      "num_entries is 0 but devices is not NULL");
	CHECK(devices || num_devices, CL_INVALID_VALUE, "devices and num_devices are NULL");

	if (!platform->device || !(device_type & (CL_DEVICE_TYPE_DEFAULT | CL_DEVICE_TYPE_CPU))) {
		if (num_devices)
			*num_devices = 0;
		CHECK(platform->device, CL_DEVICE_NOT_FOUND,
		      "there is no device; see the line above");
		return CL_DEVICE_NOT_FOUND;
	}
	if (devices)
		devices[0] = platform->device;
	if (num_devices)
		*num_devices = 1;
	return CL_SUCCESS;
}

CL_API_ENTRY cl_int CL_API_CALL clCreateSubDevices(cl_device_id in_device,
						   const cl_device_partition_property *properties,
						   cl_uint num_devices, cl_device_id *out_devices,
						   cl_uint *num_devices_ret)
{
	(void)num_devices;
	(void)out_devices;
	(void)num_devices_ret;
	CHECK(hmmcl_device_valid(in_device), CL_INVALID_DEVICE, "in_device is not a device");
	CHECK(properties, CL_INVALID_VALUE, "properties is NULL");
	CHECK(false, CL_INVALID_VALUE,
	      "the device cannot be partitioned (CL_DEVICE_PARTITION_PROPERTIES is empty)");
}

CL_API_ENTRY cl_int CL_API_CALL clRetainDevice(cl_device_id device)
{
	CHECK(hmmcl_device_valid(device), CL_INVALID_DEVICE, "device is not a device");
	return CL_SUCCESS;	/* a root-level device is not counted */
}

CL_API_ENTRY cl_int CL_API_CALL clReleaseDevice(cl_device_id device)
{
	CHECK(hmmcl_device_valid(device), CL_INVALID_DEVICE, "device is not a device");
	return CL_SUCCESS;
}

/* cl_ext_device_fission is not offered; its entry points are in the ICD's table. */
CL_API_ENTRY cl_int CL_API_CALL
clCreateSubDevicesEXT(cl_device_id in_device, const cl_device_partition_property_ext *properties,
		      cl_uint num_entries, cl_device_id *out_devices, cl_uint *num_devices)
{
	(void)num_entries;
	(void)out_devices;
	(void)num_devices;
	CHECK(hmmcl_device_valid(in_device), CL_INVALID_DEVICE, "in_device is not a device");
	CHECK(properties, CL_INVALID_VALUE, "properties is NULL");
	CHECK(false, CL_INVALID_VALUE, "the device cannot be partitioned");
}

CL_API_ENTRY cl_int CL_API_CALL clRetainDeviceEXT(cl_device_id device)
{
	return clRetainDevice(device);
}

CL_API_ENTRY cl_int CL_API_CALL clReleaseDeviceEXT(cl_device_id device)
{
	return clReleaseDevice(device);
}

/* Device and host have one clock. */
CL_API_ENTRY cl_int CL_API_CALL clGetDeviceAndHostTimer(cl_device_id device,
							cl_ulong *device_timestamp,
							cl_ulong *host_timestamp)
{
	CHECK(hmmcl_device_valid(device), CL_INVALID_DEVICE, "device is not a device");
	CHECK(device_timestamp && host_timestamp, CL_INVALID_VALUE,
	      "device_timestamp or host_timestamp is NULL");
	*device_timestamp = *host_timestamp = hmmcl_now_ns();
	return CL_SUCCESS;
}

CL_API_ENTRY cl_int CL_API_CALL clGetHostTimer(cl_device_id device, cl_ulong *host_timestamp)
{
	CHECK(hmmcl_device_valid(device), CL_INVALID_DEVICE, "device is not a device");
	CHECK(host_timestamp, CL_INVALID_VALUE, "host_timestamp is NULL");
	*host_timestamp = hmmcl_now_ns();
	return CL_SUCCESS;
}
