/* SPDX-License-Identifier: MIT */
/*
 * What the compiler offers: the one list from which Clang's -cl-ext, the macros of
 * OpenCL C and the runtime's answers to CL_DEVICE_EXTENSIONS,
 * CL_DEVICE_OPENCL_C_FEATURES and CL_DEVICE_OPENCL_C_ALL_VERSIONS are made.  C and C++.
 *
 * Not offered yet, and left out here until they are: images, pipes, device-side
 * enqueue.
 */
#ifndef HMMCL_COMPILER_FEATURES_H
#define HMMCL_COMPILER_FEATURES_H

/* X(name, major, minor, patch): extensions that the language or its built-in library carries. */
#define HMMCL_COMPILER_EXTENSIONS(X)				\
	X(cl_khr_byte_addressable_store, 1, 0, 0)		\
	X(cl_khr_global_int32_base_atomics, 1, 0, 0)		\
	X(cl_khr_global_int32_extended_atomics, 1, 0, 0)	\
	X(cl_khr_local_int32_base_atomics, 1, 0, 0)		\
	X(cl_khr_local_int32_extended_atomics, 1, 0, 0)		\
	X(cl_khr_int64_base_atomics, 1, 0, 0)			\
	X(cl_khr_int64_extended_atomics, 1, 0, 0)		\
	X(cl_khr_fp16, 1, 0, 0)					\
	X(cl_khr_fp64, 1, 0, 0)					\
	X(cl_khr_integer_dot_product, 2, 0, 0)			\
	X(cl_khr_extended_bit_ops, 1, 0, 0)			\
	X(cl_khr_subgroups, 1, 0, 0)				\
	X(cl_khr_subgroup_extended_types, 1, 0, 0)		\
	X(cl_khr_subgroup_non_uniform_vote, 1, 0, 0)		\
	X(cl_khr_subgroup_ballot, 1, 0, 0)			\
	X(cl_khr_subgroup_non_uniform_arithmetic, 1, 0, 0)	\
	X(cl_khr_subgroup_shuffle, 1, 0, 0)			\
	X(cl_khr_subgroup_shuffle_relative, 1, 0, 0)		\
	X(cl_khr_subgroup_clustered_reduce, 1, 0, 0)		\
	X(cl_khr_subgroup_rotate, 1, 0, 0)			\
	X(cl_ext_float_atomics, 1, 0, 0)

/* X(name, offered): the optional features of OpenCL C 3.0, all of version 3.0.0. */
#define HMMCL_COMPILER_FEATURES(X)				\
	X(__opencl_c_3d_image_writes, 0)			\
	X(__opencl_c_atomic_order_acq_rel, 1)			\
	X(__opencl_c_atomic_order_seq_cst, 1)			\
	X(__opencl_c_atomic_scope_device, 1)			\
	X(__opencl_c_atomic_scope_all_devices, 1)		\
	X(__opencl_c_device_enqueue, 0)				\
	X(__opencl_c_fp64, 1)					\
	X(__opencl_c_generic_address_space, 1)			\
	X(__opencl_c_images, 0)					\
	X(__opencl_c_int64, 1)					\
	X(__opencl_c_integer_dot_product_input_4x8bit, 1)	\
	X(__opencl_c_integer_dot_product_input_4x8bit_packed, 1)	\
	X(__opencl_c_pipes, 0)					\
	X(__opencl_c_program_scope_global_variables, 1)		\
	X(__opencl_c_read_write_images, 0)			\
	X(__opencl_c_subgroups, 1)				\
	X(__opencl_c_work_group_collective_functions, 1)

/* X(name, offered): the features of cl_ext_float_atomics, which needs OpenCL C 2.0. */
#define HMMCL_COMPILER_FLOAT_ATOMICS(X)				\
	X(__opencl_c_ext_fp16_global_atomic_load_store, 1)		\
	X(__opencl_c_ext_fp16_local_atomic_load_store, 1)		\
	X(__opencl_c_ext_fp16_global_atomic_add, 1)			\
	X(__opencl_c_ext_fp16_local_atomic_add, 1)			\
	X(__opencl_c_ext_fp16_global_atomic_min_max, 1)			\
	X(__opencl_c_ext_fp16_local_atomic_min_max, 1)			\
	X(__opencl_c_ext_fp32_global_atomic_add, 1)			\
	X(__opencl_c_ext_fp32_local_atomic_add, 1)			\
	X(__opencl_c_ext_fp32_global_atomic_min_max, 1)			\
	X(__opencl_c_ext_fp32_local_atomic_min_max, 1)			\
	X(__opencl_c_ext_fp64_global_atomic_add, 1)			\
	X(__opencl_c_ext_fp64_local_atomic_add, 1)			\
	X(__opencl_c_ext_fp64_global_atomic_min_max, 1)			\
	X(__opencl_c_ext_fp64_local_atomic_min_max, 1)

#endif
