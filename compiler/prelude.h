/* SPDX-License-Identifier: MIT */
/*
 * Read before each program, after Clang's opencl-c-base.h.  That header defines for the spir64
 * target every extension that exists; what this device has is said in features.h and arrives
 * here as macros HMMCL_HAS_<extension>, so the rest is taken back.  Clang declares a built-in
 * function when its extension's macro is defined.
 */
#undef cl_khr_subgroup_extended_types
#undef cl_khr_subgroup_non_uniform_vote
#undef cl_khr_subgroup_ballot
#undef cl_khr_subgroup_non_uniform_arithmetic
#undef cl_khr_subgroup_shuffle
#undef cl_khr_subgroup_shuffle_relative
#undef cl_khr_subgroup_clustered_reduce
#undef cl_khr_subgroup_rotate
#undef cl_ext_float_atomics
#undef __opencl_c_ext_fp16_global_atomic_load_store
#undef __opencl_c_ext_fp16_local_atomic_load_store
#undef __opencl_c_ext_fp16_global_atomic_add
#undef __opencl_c_ext_fp16_local_atomic_add
#undef __opencl_c_ext_fp16_global_atomic_min_max
#undef __opencl_c_ext_fp16_local_atomic_min_max
#undef __opencl_c_ext_fp64_global_atomic_add
#undef __opencl_c_ext_fp64_local_atomic_add
#undef __opencl_c_ext_fp64_global_atomic_min_max
#undef __opencl_c_ext_fp64_local_atomic_min_max
#undef __opencl_c_ext_fp32_global_atomic_add
#undef __opencl_c_ext_fp32_local_atomic_add
#undef __opencl_c_ext_fp32_global_atomic_min_max
#undef __opencl_c_ext_fp32_local_atomic_min_max
#undef __opencl_c_ext_image_raw10_raw12
#undef cl_khr_kernel_clock
#undef __opencl_c_kernel_clock_scope_device
#undef __opencl_c_kernel_clock_scope_work_group
#undef __opencl_c_kernel_clock_scope_sub_group
#undef __opencl_c_read_write_images
#undef __opencl_c_images
#undef __opencl_c_pipes
#undef __opencl_c_device_enqueue
#undef __IMAGE_SUPPORT__

/* The compiler's intermediate target is not the program's business. */
#undef __SPIR
#undef __SPIR__
#undef __SPIR64
#undef __SPIR64__

#define __OPENCL_VERSION__ 300

/* A constant expression, which initialisers need and Clang's as_float() is not. */
#undef NAN
#define NAN __builtin_nanf("")

#define __hmmcl__ 1
