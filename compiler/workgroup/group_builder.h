/* SPDX-License-Identifier: MIT */
/*
 * Stage P7: what group functions have in common, however their loops over items look: the context
 * in which variables live across barriers, the function itself, and a region's code for one item.
 */
#ifndef HMMCL_COMPILER_GROUP_BUILDER_H
#define HMMCL_COMPILER_GROUP_BUILDER_H

#include "workgroup/regions.h"

#include "llvm/Transforms/Utils/ValueMapper.h"

namespace hmmcl {

/* Where a variable lies in the context: one array over the group's items each. */
struct ContextEntry {
	llvm::AllocaInst *variable;
	uint64_t size;		/* of one item's; of one chunk's in a widened function */
	llvm::Align align;
	uint64_t offset = 0;	/* bytes an item before it */
};

class GroupBuilder {
public:
	GroupBuilder(WorkGroup &group, Regions &regions, const Crossing &crossing);

protected:
	/* A variable in which a slot is kept while an item runs a region. */
	struct Copy {
		llvm::AllocaInst *local;
		llvm::Value *home;	/* address in the context, or the group's variable */
		llvm::Value *value;	/* of a uniform slot before the loops */
		bool stored;
	};
	using Copies = llvm::SmallVector<Copy, 16>;

	/* One array in the context for each slot and array that items have of their own, and @more. */
	void lay_out_context(llvm::AllocaInst *more = nullptr);

	/* Makes @function and moves the item function's body into it. */
	void declare_group_function();

	/* At the end of the prologue: the local size, where the context's arrays are. */
	void read_sizes();

	/* Drops the item function's body and puts the group function in its place. */
	void finish(llvm::BasicBlock *first);

	/* What the group does before @region, once for all items. */
	void pass_barrier(const Region &region);

	llvm::Value *item_address(const ContextEntry &entry, llvm::Value *array, llvm::Value *linear);
	bool is_slot(const llvm::AllocaInst *variable) const;
	llvm::AllocaInst *local_copy(llvm::AllocaInst *variable);

	/* What the region's blocks do with a variable. */
	static void used_in(const Region &region, llvm::AllocaInst &variable, bool &loads, bool &stores);

	/* At the start of an item: its variables become what @map says; at its end: back home. */
	void load_item(const Region &region, llvm::Value *linear, llvm::ValueToValueMapTy &map,
		       Copies &copies);
	void store_item(const Copies &copies, size_t first);

	/*
	 * Copies the region's blocks.  What reaches the barrier of region r goes to @exits[r];
	 * @returned makes a return into something else, its block's terminator included.
	 */
	void clone_blocks(const Region &region, llvm::ValueToValueMapTy &map,
			  const llvm::DenseMap<unsigned, llvm::BasicBlock *> &exits,
			  llvm::function_ref<void(llvm::ReturnInst &)> returned);

	/* Marks @latch as that of a loop whose iterations are items. */
	void mark_parallel(llvm::BranchInst *latch);

	WorkGroup &group;
	Regions &regions;
	const Crossing &crossing;
	llvm::Function &item;
	llvm::LLVMContext &context;
	const llvm::DataLayout &layout;
	llvm::IRBuilder<> builder;

	llvm::Function *function = nullptr;
	llvm::SmallVector<llvm::BasicBlock *, 32> originals;
	llvm::SmallVector<ContextEntry, 16> entries;
	llvm::SmallVector<llvm::Value *, 16> arrays;	/* of each entry: the first item's address */
	/* Of the group; of a widened function the items are chunks, in x. */
	llvm::Value *size[3] = {};
	llvm::Value *items = nullptr;
	llvm::MDNode *accesses = nullptr;	/* access group of items that run side by side */

private:
	void mark_independent(llvm::Instruction &i);
	static void drop_foreign_edges(llvm::BasicBlock &clone, const Region &region);
	llvm::Align slot_align(llvm::AllocaInst *variable) const;
};

} // namespace hmmcl

#endif
