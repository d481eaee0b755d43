/* SPDX-License-Identifier: MIT */
/* Stage P7: building the group function: each region in loops over z, y and x. */
#include "workgroup/group_builder.h"

#include "llvm/IR/Instructions.h"

using namespace llvm;

namespace hmmcl {

namespace {

class LoopBuilder : GroupBuilder {
public:
	using GroupBuilder::GroupBuilder;

	void run()
	{
		if (regions.partial_return)
			gone = new AllocaInst(Type::getInt8Ty(context), 0, "gone",
					      regions.prologue->getTerminator()->getIterator());
		lay_out_context(gone);
		declare_group_function();
		read_sizes();
		next = builder.CreateAlloca(builder.getInt32Ty(), nullptr, "next");
		for (size_t i = 0; i < regions.regions.size(); i++)
			starts.push_back(BasicBlock::Create(context, "region" + Twine(i), function));
		for (size_t i = 0; i < regions.regions.size(); i++)
			build_region(i);
		finish(starts[0]);
	}

private:
	struct Loop {
		BasicBlock *header;
		PHINode *index;
	};

	Loop open_loop(const char *name, BasicBlock *from)
	{
		Loop loop;

		loop.header = BasicBlock::Create(context, name, function);
		builder.CreateBr(loop.header);
		builder.SetInsertPoint(loop.header);
		loop.index = builder.CreatePHI(builder.getInt64Ty(), 2, name);
		loop.index->addIncoming(builder.getInt64(0), from);
		return loop;
	}

	/* Goes on in a new block after the loop; sizes are at least 1. */
	BranchInst *close_loop(const Loop &loop, unsigned dim)
	{
		Value *index = builder.CreateAdd(loop.index, builder.getInt64(1), "", true, true);
		Value *more = builder.CreateICmpULT(index, size[dim]);
		BasicBlock *from = builder.GetInsertBlock();
		BasicBlock *after = BasicBlock::Create(context, "", function);
		BranchInst *branch = builder.CreateCondBr(more, loop.header, after);

		loop.index->addIncoming(index, from);
		builder.SetInsertPoint(after);
		return branch;
	}

	void build_region(unsigned id)
	{
		Region &region = regions.regions[id];
		ValueToValueMapTy map;
		Copies copies;
		bool loads, stores;

		builder.SetInsertPoint(starts[id]);
		if (gone)
			builder.CreateStore(builder.getInt32(returned), next);
		pass_barrier(region);
		for (const Slot &slot : crossing.slots) {
			used_in(region, *slot.variable, loads, stores);
			if (!slot.uniform || (!loads && !stores))
				continue;
			AllocaInst *local = local_copy(slot.variable);
			Value *value = builder.CreateLoad(local->getAllocatedType(), slot.variable);
			copies.push_back({local, slot.variable, value, stores});
			map[slot.variable] = local;
		}

		Loop z = open_loop("z", starts[id]);
		Loop y = open_loop("y", z.header);
		Value *row = entries.empty() ? nullptr : builder.CreateNUWMul(
			builder.CreateNUWAdd(builder.CreateNUWMul(z.index, size[1]), y.index), size[0], "row");
		Loop x = open_loop("x", y.header);
		map[item.getArg(arg_x)] = group.width == 1 ? x.index :
			builder.CreateNUWMul(x.index, builder.getInt64(group.width), "first");
		map[item.getArg(arg_y)] = y.index;
		map[item.getArg(arg_z)] = z.index;

		for (const Copy &copy : copies)
			builder.CreateStore(copy.value, copy.local);
		size_t uniform_copies = copies.size();
		Value *linear = row ? builder.CreateNUWAdd(row, x.index, "linear") : nullptr;
		load_item(region, linear, map, copies);

		BasicBlock *end = BasicBlock::Create(context, "item.end", function);
		BasicBlock *next_item = gone ? BasicBlock::Create(context, "next.item", function) : nullptr;
		if (gone)
			skip_if_gone(id, map[gone], next_item);
		BranchInst *enter = builder.CreateBr(end);
		clone_region(region, map, end);
		enter->setSuccessor(0, cast<BasicBlock>(map[region.entry]));

		builder.SetInsertPoint(end);
		store_item(copies, uniform_copies);
		if (gone) {
			builder.CreateBr(next_item);
			builder.SetInsertPoint(next_item);
		}
		mark_parallel(close_loop(x, 0));
		close_loop(y, 1);
		close_loop(z, 2);
		for (size_t i = 0; i < uniform_copies; i++) {
			if (!copies[i].stored)
				continue;
			Value *value = builder.CreateLoad(copies[i].local->getAllocatedType(), copies[i].local);
			builder.CreateStore(value, copies[i].home);
		}
		leave_region(region);
	}

	/* Where some items may have returned: they take no part in later regions. */
	void skip_if_gone(unsigned id, Value *flag, BasicBlock *next_item)
	{
		if (id == 0) {
			builder.CreateStore(builder.getInt8(0), flag);
			return;
		}
		BasicBlock *here = BasicBlock::Create(context, "here", function);
		Value *is_gone = builder.CreateIsNotNull(builder.CreateLoad(builder.getInt8Ty(), flag));

		builder.CreateCondBr(is_gone, next_item, here);
		builder.SetInsertPoint(here);
	}

	/* An item that meets a barrier or returns goes to @end. */
	void clone_region(const Region &region, ValueToValueMapTy &map, BasicBlock *end)
	{
		DenseMap<unsigned, BasicBlock *> exits;

		for (unsigned successor : region.successors)
			exits[successor] = make_exit(successor, end);
		clone_blocks(region, map, exits, [&](ReturnInst &ret) {
			IRBuilder<> at(&ret);

			/* If others go on, their word counts. */
			if (gone)
				at.CreateStore(at.getInt8(1), map[gone]);
			else
				at.CreateStore(at.getInt32(returned), next);
			at.CreateBr(end);
			ret.eraseFromParent();
		});
	}

	BasicBlock *make_exit(unsigned id, BasicBlock *end)
	{
		BasicBlock *exit = BasicBlock::Create(context, "exit", function);
		IRBuilder<> at(exit);

		at.CreateStore(at.getInt32(id), next);
		at.CreateBr(end);
		return exit;
	}

	/* All items that are left agree where to go on: the last one's word is as good as any. */
	void leave_region(const Region &region)
	{
		BasicBlock *done = BasicBlock::Create(context, "done", function);

		ReturnInst::Create(context, done);
		if (region.successors.size() == 1 && !region.returns) {
			builder.CreateBr(starts[region.successors[0]]);
			return;
		}
		if (region.successors.empty()) {
			builder.CreateBr(done);
			return;
		}
		Value *where = builder.CreateLoad(builder.getInt32Ty(), next);
		SwitchInst *branch = builder.CreateSwitch(where, region.returns ? done : starts[region.successors[0]]);
		for (unsigned id : region.successors)
			if (region.returns || id != region.successors[0])
				branch->addCase(builder.getInt32(id), starts[id]);
	}

	static constexpr uint32_t returned = ~0u;

	SmallVector<BasicBlock *, 8> starts;
	AllocaInst *next = nullptr;
	AllocaInst *gone = nullptr;		/* has the item returned?  Only for a partial return */
};

} // namespace

void build_group_function(WorkGroup &group, Regions &regions, const Crossing &crossing)
{
	LoopBuilder(group, regions, crossing).run();
}

} // namespace hmmcl
