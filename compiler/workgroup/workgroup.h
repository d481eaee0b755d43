/* SPDX-License-Identifier: MIT */
/*
 * The work-group compiler, from a kernel to a work-group function (device_abi.h).  A kernel goes
 * through two forms:
 *
 *   item function	void (ptr args, ptr launch, ptr group, i64 x, i64 y, i64 z, i32 lane, i32 sub_group)
 *			runs one work-item with that local id; barriers are calls of a marker;
 *			the last two mean something in a kernel with sub-groups only;
 *   group function	void (ptr args, ptr launch, ptr group)
 *			runs all items: loops over items around each region between barriers.
 *
 * Scalar simplification, and later the SPMD vectoriser, work on the item function.
 */
#ifndef HMMCL_COMPILER_WORKGROUP_H
#define HMMCL_COMPILER_WORKGROUP_H

#include "metadata.h"

#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/SetVector.h"
#include "llvm/ADT/SmallPtrSet.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/IR/IRBuilder.h"

namespace llvm {
class AllocaInst;
class CallInst;
class Function;
class Module;
}

namespace hmmcl {

/* The arguments of an item function; a group function has the first three. */
enum ItemArgument { arg_args, arg_launch, arg_group, arg_x, arg_y, arg_z, arg_lane, arg_sub_group };

/*
 * The barrier marker: call void @hmmcl.barrier(carry, identity, ...).  Each pair is a variable
 * shared by all items of the group (an alloca) and the value that it gets when the group
 * passes the barrier: what work-group collectives are made of.
 */
inline constexpr char barrier_marker[] = "hmmcl.barrier";

/* Attribute of such a call: other groups see what was written before it before what comes after. */
inline constexpr char fence_attribute[] = "hmmcl.fence";

/*
 * Where items of a sub-group meet: call i32 @hmmcl.meet(exchange): the set of those that do.  The
 * exchange is a variable that the sub-group's items share (builtins/sub_group.h).
 */
inline constexpr char meet_marker[] = "hmmcl.meet";

/* Metadata on allocas that all items of a group share. */
inline constexpr char shared_alloca[] = "hmmcl.shared";

/* Clang's attribute of kernels: "true" if every work-group has the enqueued size. */
inline constexpr char uniform_groups_attribute[] = "uniform-work-group-size";

/* One work-group compilation: what the stages hand on. */
struct WorkGroup {
	llvm::Function *function = nullptr;	/* the item function, in the end the group function */
	Kernel info;
	bool uniform_groups = false;
	bool sub_groups = false;	/* it uses functions of sub-groups */
	unsigned width = 1;			/* items that one call of the item function runs, in x */
};

/* kernel.cpp: argument block, metadata; @kernel becomes an item function and is gone. */
WorkGroup make_item_function(llvm::Function &kernel);

/* kernel.cpp: places __local variables used by the function in local memory. */
void place_local_variables(WorkGroup &group);

/* items.cpp: calls of work-item functions, fences and barriers become IR.  False: @log says why. */
bool lower_work_items(WorkGroup &group, std::string &log);

/* collectives.cpp: true if @name is a work-group collective; lowers the call. */
bool lower_collective(llvm::CallInst &call, llvm::StringRef name, llvm::Function &item_function);

/* printf.cpp: calls of printf become records. False: @log says why. */
bool lower_printf(WorkGroup &group, CodeObjectInfo &info, std::string &log);

/* The markers' declarations in @module. */
llvm::Function *get_barrier_marker(llvm::Module &module);
llvm::Function *get_marker(llvm::Module &module, llvm::StringRef name, llvm::FunctionType *type);

/* sub_group_items.cpp: true if @name is a function of sub-groups; lowers the call. */
bool lower_sub_group(llvm::CallInst &call, llvm::StringRef name, WorkGroup &group);

/* items.cpp: reads of struct hmmcl_launch and hmmcl_group and what is computed from them. */
class ItemValues {
public:
	/* @builder inserts where the value is wanted. */
	ItemValues(llvm::Function &function, llvm::IRBuilder<> &builder)
		: function(function), builder(builder) {}

	llvm::Value *launch_field(uint64_t offset, unsigned bits, llvm::StringRef name);
	llvm::Value *group_field(uint64_t offset, unsigned bits, llvm::StringRef name);
	llvm::Value *group_pointer(uint64_t offset, unsigned address_space, llvm::StringRef name);
	llvm::Value *work_dim();
	llvm::Value *global_size(unsigned dim);
	llvm::Value *global_offset(unsigned dim);
	llvm::Value *enqueued_local_size(unsigned dim);
	llvm::Value *local_size(unsigned dim);
	llvm::Value *num_groups(unsigned dim);
	llvm::Value *group_id(unsigned dim);
	llvm::Value *local_id(unsigned dim);
	llvm::Value *global_id(unsigned dim);
	llvm::Value *local_linear_id();
	llvm::Value *global_linear_id();

	const uint32_t *reqd_size = nullptr;	/* constants for the enqueued local size, or null */
	bool uniform_groups = false;

private:
	llvm::Value *load(llvm::Value *base, uint64_t offset, llvm::Type *type, llvm::StringRef name);

	llvm::Function &function;
	llvm::IRBuilder<> &builder;
};

} // namespace hmmcl

#endif
