/* SPDX-License-Identifier: MIT */
/* What the group writes before the barrier, other groups see before the flag, if SCOPE reaches them. */
kernel void plain(global int *data, global atomic_int *flag)
{
	data[get_global_id(0)] = 1;
	work_group_barrier(CLK_GLOBAL_MEM_FENCE, SCOPE);
	if (get_local_id(0) == 0)
		atomic_store_explicit(flag, 1, memory_order_relaxed, memory_scope_device);
}

kernel void with_sub_groups(global int *data, global atomic_int *flag)
{
	data[get_global_id(0)] = sub_group_reduce_add(1);
	work_group_barrier(CLK_GLOBAL_MEM_FENCE, SCOPE);
	if (get_local_id(0) == 0)
		atomic_store_explicit(flag, 1, memory_order_relaxed, memory_scope_device);
}
