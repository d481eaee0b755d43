/* SPDX-License-Identifier: MIT */
/* Building, compiling and linking programs (OpenCL API, 5.8.4 and 5.8.5). */
#include "../core/build.h"
#include "../core/check.h"

/* The arguments that all three have.  Devices are those of the context: one. */
static cl_int check_common(const char *function, cl_context context, cl_uint num_devices,
			   const cl_device_id *device_list, hmmcl_build_notify notify,
			   const void *user_data)
{
	if (!num_devices != !device_list)
		return hmmcl_refuse(function, CL_INVALID_VALUE, "num_devices is %u, device_list is %p",
				    num_devices, (const void *)device_list);
	if (!notify && user_data)
		return hmmcl_refuse(function, CL_INVALID_VALUE, "user_data without pfn_notify");
	for (cl_uint i = 0; i < num_devices; i++)
		if (device_list[i] != context->device)
			return hmmcl_refuse(function, CL_INVALID_DEVICE,
					    "device_list[%u] is not one of the devices", i);
	return CL_SUCCESS;
}

CL_API_ENTRY cl_int CL_API_CALL
clBuildProgram(cl_program program, cl_uint num_devices, const cl_device_id *device_list,
	       const char *options,
	       void (CL_CALLBACK *pfn_notify)(cl_program program, void *user_data), void *user_data)
{
	struct hmmcl_build build = {
		.op = HMMCL_COMPILER_BUILD,
		.program = program,
		.options = options,
		.notify = pfn_notify,
		.user_data = user_data,
	};

	CHECK(hmmcl_program_valid(program), CL_INVALID_PROGRAM, "program is not a program");
	TRY(check_common(__func__, program->context, num_devices, device_list, pfn_notify,
			 user_data));
	CHECK(program->origin != HMMCL_PROGRAM_LINKED, CL_INVALID_OPERATION,
	      "program was made by clLinkProgram");
	CHECK(program->origin != HMMCL_PROGRAM_BINARY ||
	      program->binary.type == CL_PROGRAM_BINARY_TYPE_EXECUTABLE, CL_INVALID_BINARY,
	      "the program's binary is compiled or a library, not executable: it takes clLinkProgram");
	return hmmcl_build_run(__func__, &build);
}

CL_API_ENTRY cl_int CL_API_CALL
clCompileProgram(cl_program program, cl_uint num_devices, const cl_device_id *device_list,
		 const char *options, cl_uint num_input_headers, const cl_program *input_headers,
		 const char **header_include_names,
		 void (CL_CALLBACK *pfn_notify)(cl_program program, void *user_data),
		 void *user_data)
{
	struct hmmcl_build build = {
		.op = HMMCL_COMPILER_COMPILE,
		.program = program,
		.options = options,
		.n_inputs = num_input_headers,
		.inputs = input_headers,
		.names = header_include_names,
		.notify = pfn_notify,
		.user_data = user_data,
	};

	CHECK(hmmcl_program_valid(program), CL_INVALID_PROGRAM, "program is not a program");
	TRY(check_common(__func__, program->context, num_devices, device_list, pfn_notify,
			 user_data));
	/* With SPIR-V, headers are ignored. */
	if (program->origin == HMMCL_PROGRAM_IL) {
		build.n_inputs = 0;
		return hmmcl_build_run(__func__, &build);
	}
	CHECK(!num_input_headers == !input_headers && !num_input_headers == !header_include_names,
	      CL_INVALID_VALUE, "num_input_headers is %u, input_headers is %p, header_include_names is %p",
	      num_input_headers, (const void *)input_headers, (const void *)header_include_names);
	for (cl_uint i = 0; i < num_input_headers; i++) {
		CHECK(hmmcl_program_valid(input_headers[i]), CL_INVALID_PROGRAM,
		      "input_headers[%u] is not a program", i);
		CHECK(input_headers[i]->context == program->context, CL_INVALID_CONTEXT,
		      "input_headers[%u] is of another context", i);
		CHECK(input_headers[i]->source, CL_INVALID_PROGRAM,
		      "input_headers[%u] was not created from source", i);
		CHECK(header_include_names[i], CL_INVALID_VALUE, "header_include_names[%u] is NULL", i);
	}
	CHECK(program->source, CL_INVALID_OPERATION,
	      "program was created neither from source nor from an intermediate language");
	return hmmcl_build_run(__func__, &build);
}

CL_API_ENTRY cl_program CL_API_CALL
clLinkProgram(cl_context context, cl_uint num_devices, const cl_device_id *device_list,
	      const char *options, cl_uint num_input_programs, const cl_program *input_programs,
	      void (CL_CALLBACK *pfn_notify)(cl_program program, void *user_data), void *user_data,
	      cl_int *errcode_ret)
{
	struct hmmcl_build build = {
		.op = HMMCL_COMPILER_LINK,
		.options = options,
		.n_inputs = num_input_programs,
		.inputs = input_programs,
		.notify = pfn_notify,
		.user_data = user_data,
	};
	cl_int error;

	CHECK_OBJECT(hmmcl_context_valid(context), CL_INVALID_CONTEXT, "context is not a context");
	TRY_OBJECT(check_common(__func__, context, num_devices, device_list, pfn_notify, user_data));
	CHECK_OBJECT(num_input_programs && input_programs, CL_INVALID_VALUE,
		     "num_input_programs is %u, input_programs is %p", num_input_programs,
		     (const void *)input_programs);
	for (cl_uint i = 0; i < num_input_programs; i++) {
		CHECK_OBJECT(hmmcl_program_valid(input_programs[i]), CL_INVALID_PROGRAM,
			     "input_programs[%u] is not a program", i);
		CHECK_OBJECT(input_programs[i]->context == context, CL_INVALID_CONTEXT,
			     "input_programs[%u] is of another context", i);
	}
	build.program = hmmcl_program_new(context, HMMCL_PROGRAM_LINKED);
	CHECK_OBJECT(build.program, CL_OUT_OF_HOST_MEMORY, "no memory for the program");
	error = hmmcl_build_run(__func__, &build);

	/* With a failed link there is a program too, for its log. */
	if (error && error != CL_LINK_PROGRAM_FAILURE) {
		hmmcl_object_unref(build.program);
		TRY_OBJECT(error);
	}
	if (errcode_ret)
		*errcode_ret = error;
	return build.program;
}
