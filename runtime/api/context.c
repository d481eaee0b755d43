/* SPDX-License-Identifier: MIT */
/* OpenCL API, 4.4: contexts. */
#include <stdlib.h>
#include <string.h>

#include "../core/check.h"
#include "../core/context.h"
#include "../core/info.h"
#include "../core/platform.h"
#include "../core/scheduler.h"

/* Checks the list; @count is its length with the terminating zero, 0 for none. */
static cl_int check_properties(const char *function, const cl_context_properties *properties,
			       size_t *count)
{
	bool has_platform = false, has_sync = false;
	size_t n = 0;

	*count = 0;
	if (!properties)
		return CL_SUCCESS;
	for (; properties[n]; n += 2) {
		cl_context_properties value = properties[n + 1];
		bool *seen = properties[n] == CL_CONTEXT_PLATFORM ? &has_platform :
			     properties[n] == CL_CONTEXT_INTEROP_USER_SYNC ? &has_sync : NULL;

		if (!seen)
			return hmmcl_refuse(function, CL_INVALID_PROPERTY,
					    "property 0x%llx is not known",
					    (unsigned long long)properties[n]);
		if (*seen)
			return hmmcl_refuse(function, CL_INVALID_PROPERTY,
					    "property 0x%llx is given twice",
					    (unsigned long long)properties[n]);
		*seen = true;
		if (seen == &has_platform && !hmmcl_platform_valid((cl_platform_id)value))
			return hmmcl_refuse(function, CL_INVALID_PLATFORM,
					    "CL_CONTEXT_PLATFORM is not a platform");
		if (seen == &has_sync && value != CL_TRUE && value != CL_FALSE)
			return hmmcl_refuse(
				function, CL_INVALID_PROPERTY,
				"CL_CONTEXT_INTEROP_USER_SYNC is neither true nor false");
	}
	*count = n + 1;
	return CL_SUCCESS;
}

static cl_int create(const char *function, cl_device_id device,
		     const cl_context_properties *properties, size_t n_properties,
		     void (CL_CALLBACK *pfn_notify)(const char *, const void *, size_t, void *),
		     void *user_data, cl_context *created)
{
	cl_context context = hmmcl_object_new(sizeof(*context), &hmmcl_context_type);
	cl_int error = CL_OUT_OF_HOST_MEMORY;

	if (!context)
		return hmmcl_refuse(function, error, "no memory for a context");
	context->device = device;
	context->notify = pfn_notify;
	context->notify_data = user_data;
	if (n_properties) {
		context->properties = malloc(n_properties * sizeof(*properties));
		if (!context->properties)
			goto fail;
		memcpy(context->properties, properties, n_properties * sizeof(*properties));
		context->n_properties = n_properties;
	}
	if (hmmcl_scheduler_get(device->info.kind, &context->scheduler) != CL_SUCCESS) {
		error = CL_DEVICE_NOT_AVAILABLE;
		goto fail;
	}
	context->engine = context->scheduler->engine;
	error = hmmcl_svm_space_init(context);
	if (error)
		goto fail;
	*created = context;
	return CL_SUCCESS;
fail:
	hmmcl_object_unref(context);
	return hmmcl_refuse(function, error, "cannot make a context");
}

CL_API_ENTRY cl_context CL_API_CALL clCreateContext(
	const cl_context_properties *properties, cl_uint num_devices, const cl_device_id *devices,
	void(CL_CALLBACK *pfn_notify)(const char *, const void *, size_t, void *), void *user_data,
	cl_int *errcode_ret)
{
	size_t n_properties;
	cl_context context;

	TRY_OBJECT(check_properties(__func__, properties, &n_properties));
	CHECK_OBJECT(devices && num_devices, CL_INVALID_VALUE, "devices is NULL or num_devices 0");
	CHECK_OBJECT(pfn_notify || !user_data, CL_INVALID_VALUE,
		     "pfn_notify is NULL but user_data is not");
	for (cl_uint i = 0; i < num_devices; i++)
		CHECK_OBJECT(hmmcl_device_valid(devices[i]), CL_INVALID_DEVICE,
			     "devices[%u] is not a device of this platform", i);
	TRY_OBJECT(create(__func__, devices[0], properties, n_properties, pfn_notify, user_data,
			  &context));
	RETURN_OBJECT(context);
}

CL_API_ENTRY cl_context CL_API_CALL
clCreateContextFromType(const cl_context_properties *properties, cl_device_type device_type,
			void(CL_CALLBACK *pfn_notify)(const char *, const void *, size_t, void *),
			void *user_data, cl_int *errcode_ret)
{
	size_t n_properties;
	cl_context context;
	cl_device_id device;

	TRY_OBJECT(check_properties(__func__, properties, &n_properties));
	CHECK_OBJECT(pfn_notify || !user_data, CL_INVALID_VALUE,
		     "pfn_notify is NULL but user_data is not");
	TRY_OBJECT(clGetDeviceIDs(NULL, device_type, 1, &device, NULL));
	TRY_OBJECT(create(__func__, device, properties, n_properties, pfn_notify, user_data,
			  &context));
	RETURN_OBJECT(context);
}

CL_API_ENTRY cl_int CL_API_CALL clRetainContext(cl_context context)
{
	CHECK(hmmcl_context_valid(context), CL_INVALID_CONTEXT, "context is not a context");
	hmmcl_object_retain(context);
	return CL_SUCCESS;
}

CL_API_ENTRY cl_int CL_API_CALL clReleaseContext(cl_context context)
{
	CHECK(hmmcl_context_valid(context), CL_INVALID_CONTEXT, "context is not a context");
	CHECK(hmmcl_object_release(context), CL_INVALID_CONTEXT,
	      "context has been released before");
	return CL_SUCCESS;
}

CL_API_ENTRY cl_int CL_API_CALL clGetContextInfo(cl_context context, cl_context_info param_name,
						 size_t param_value_size, void *param_value,
						 size_t *param_value_size_ret)
{
	CHECK(hmmcl_context_valid(context), CL_INVALID_CONTEXT, "context is not a context");
	switch (param_name) {
	case CL_CONTEXT_REFERENCE_COUNT:
		RETURN_INFO(cl_uint, hmmcl_object_api_refs(context));
	case CL_CONTEXT_NUM_DEVICES:
		RETURN_INFO(cl_uint, 1);
	case CL_CONTEXT_DEVICES:
		RETURN_INFO(cl_device_id, context->device);
	case CL_CONTEXT_PROPERTIES:
		RETURN_INFO_ARRAY(context->properties, context->n_properties);
	}
	CHECK(false, CL_INVALID_VALUE, "param_name 0x%x is not known", param_name);
}

CL_API_ENTRY cl_int CL_API_CALL clSetContextDestructorCallback(
	cl_context context, void(CL_CALLBACK *pfn_notify)(cl_context, void *), void *user_data)
{
	CHECK(hmmcl_context_valid(context), CL_INVALID_CONTEXT, "context is not a context");
	CHECK(pfn_notify, CL_INVALID_VALUE, "pfn_notify is NULL");
	return hmmcl_object_on_destroy(context, (void (CL_CALLBACK *)(void *, void *))pfn_notify,
				       user_data);
}
