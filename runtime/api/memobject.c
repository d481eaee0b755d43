/* SPDX-License-Identifier: MIT */
/* What all memory objects have in common (OpenCL API, "Memory Objects"). */
#include "../core/check.h"
#include "../core/info.h"
#include "../core/mem.h"

CL_API_ENTRY cl_int CL_API_CALL clRetainMemObject(cl_mem memobj)
{
	CHECK(hmmcl_mem_valid(memobj), CL_INVALID_MEM_OBJECT, "memobj is not a memory object");
	hmmcl_object_retain(memobj);
	return CL_SUCCESS;
}

CL_API_ENTRY cl_int CL_API_CALL clReleaseMemObject(cl_mem memobj)
{
	CHECK(hmmcl_mem_valid(memobj), CL_INVALID_MEM_OBJECT, "memobj is not a memory object");
	CHECK(hmmcl_object_release(memobj), CL_INVALID_MEM_OBJECT, "memobj was released already");
	return CL_SUCCESS;
}

CL_API_ENTRY cl_int CL_API_CALL
clSetMemObjectDestructorCallback(cl_mem memobj, void (CL_CALLBACK *pfn_notify)(cl_mem, void *),
				 void *user_data)
{
	cl_int error;

	CHECK(hmmcl_mem_valid(memobj), CL_INVALID_MEM_OBJECT, "memobj is not a memory object");
	CHECK(pfn_notify, CL_INVALID_VALUE, "pfn_notify is NULL");
	/* cl_mem is a pointer: the callback's type differs in name only. */
	error = hmmcl_object_on_destroy(memobj, (void (CL_CALLBACK *)(void *, void *))pfn_notify,
					user_data);
	CHECK(!error, error, "no memory for the callback");
	return CL_SUCCESS;
}

CL_API_ENTRY cl_int CL_API_CALL clGetMemObjectInfo(cl_mem memobj, cl_mem_info param_name,
						   size_t param_value_size, void *param_value,
						   size_t *param_value_size_ret)
{
	CHECK(hmmcl_mem_valid(memobj), CL_INVALID_MEM_OBJECT, "memobj is not a memory object");

	switch (param_name) {
	case CL_MEM_TYPE:
		RETURN_INFO(cl_mem_object_type, memobj->type);
	case CL_MEM_FLAGS:
		RETURN_INFO(cl_mem_flags, memobj->flags);
	case CL_MEM_SIZE:
		RETURN_INFO(size_t, memobj->size);
	case CL_MEM_HOST_PTR:
		RETURN_INFO(void *, memobj->host_ptr);
	case CL_MEM_MAP_COUNT:
		RETURN_INFO(cl_uint, hmmcl_mapping_count(memobj));
	case CL_MEM_REFERENCE_COUNT:
		RETURN_INFO(cl_uint, hmmcl_object_api_refs(memobj));
	case CL_MEM_CONTEXT:
		RETURN_INFO(cl_context, memobj->context);
	case CL_MEM_ASSOCIATED_MEMOBJECT:
		RETURN_INFO(cl_mem, memobj->parent);
	case CL_MEM_OFFSET:
		RETURN_INFO(size_t, memobj->offset);
	case CL_MEM_USES_SVM_POINTER:
		RETURN_INFO(cl_bool, memobj->uses_svm);
	case CL_MEM_PROPERTIES:
		RETURN_INFO_ARRAY(memobj->properties, memobj->n_properties);
	}
	CHECK(false, CL_INVALID_VALUE, "param_name 0x%x is not known", param_name);
}

/* OpenCL API, "Migrating Memory Objects" */
CL_API_ENTRY cl_int CL_API_CALL
clEnqueueMigrateMemObjects(cl_command_queue command_queue, cl_uint num_mem_objects,
			   const cl_mem *mem_objects, cl_mem_migration_flags flags,
			   cl_uint num_events_in_wait_list, const cl_event *event_wait_list,
			   cl_event *event)
{
	const cl_mem_migration_flags known = CL_MIGRATE_MEM_OBJECT_HOST |
					     CL_MIGRATE_MEM_OBJECT_CONTENT_UNDEFINED;
	struct hmmcl_mem_range *ranges;
	cl_event command;
	cl_int error;

	CHECK(hmmcl_queue_valid(command_queue), CL_INVALID_COMMAND_QUEUE,
	      "command_queue is not a command-queue");
	CHECK(num_mem_objects && mem_objects, CL_INVALID_VALUE, "no memory objects are given");
	CHECK(!(flags & ~known), CL_INVALID_VALUE, "flags 0x%llx are not known",
	      (unsigned long long)flags);
	for (cl_uint i = 0; i < num_mem_objects; i++) {
		CHECK(hmmcl_mem_valid(mem_objects[i]), CL_INVALID_MEM_OBJECT,
		      "mem_objects[%u] is not a memory object", i);
		CHECK(mem_objects[i]->context == command_queue->context, CL_INVALID_CONTEXT,
		      "mem_objects[%u] and command_queue are of different contexts", i);
	}

	TRY(hmmcl_command_create(__func__, command_queue, CL_COMMAND_MIGRATE_MEM_OBJECTS,
				 num_events_in_wait_list, event_wait_list, &command));
	ranges = hmmcl_command_alloc(command, num_mem_objects * sizeof(*ranges));
	error = ranges ? CL_SUCCESS : CL_OUT_OF_HOST_MEMORY;
	for (cl_uint i = 0; i < num_mem_objects && !error; i++) {
		ranges[i].addr = mem_objects[i]->data;
		ranges[i].size = mem_objects[i]->size;
		error = hmmcl_command_hold(command, mem_objects[i]);
	}
	if (!error)
		error = hmmcl_mem_set_migration(command, ranges, num_mem_objects,
						!(flags & CL_MIGRATE_MEM_OBJECT_HOST));
	if (error) {
		hmmcl_command_discard(command);
		CHECK(false, error, "no memory for the command");
	}
	return hmmcl_command_enqueue(command, CL_FALSE, event);
}
