/* SPDX-License-Identifier: MIT */
/* Stage P7: building the group function: each region in loops over z, y and x. */
#include "workgroup/regions.h"

#include "device_abi.h"

#include "llvm/Analysis/ValueTracking.h"
#include "llvm/IR/InstIterator.h"
#include "llvm/IR/Instructions.h"
#include "llvm/IR/MDBuilder.h"
#include "llvm/IR/Module.h"
#include "llvm/Transforms/Utils/Cloning.h"
#include "llvm/Transforms/Utils/Local.h"

#include <algorithm>

using namespace llvm;

namespace hmmcl {

namespace {

/* Where a variable lies in the context: one array over the group's items each. */
struct ContextEntry {
	AllocaInst *variable;
	uint64_t size;		/* of one item's */
	Align align;
	uint64_t offset = 0;	/* bytes an item before it */
};

class GroupBuilder {
public:
	GroupBuilder(WorkGroup &group, Regions &regions, const Crossing &crossing)
		: group(group), regions(regions), crossing(crossing), item(*group.function),
		  context(item.getContext()), layout(item.getParent()->getDataLayout()), builder(context) {}

	void run()
	{
		lay_out_context();
		declare_group_function();
		read_sizes();
		for (size_t i = 0; i < regions.regions.size(); i++)
			starts.push_back(BasicBlock::Create(context, "region" + Twine(i), function));
		for (size_t i = 0; i < regions.regions.size(); i++)
			build_region(i);
		finish();
	}

private:
	struct Loop {
		BasicBlock *header;
		PHINode *index;
	};

	void lay_out_context()
	{
		auto add = [&](AllocaInst *variable) {
			Align align = std::max(variable->getAlign(),
					       layout.getABITypeAlign(variable->getAllocatedType()));
			uint64_t size = variable->getAllocationSize(layout)->getFixedValue();

			entries.push_back({variable, alignTo(size, align), align});
		};

		for (const Slot &slot : crossing.slots)
			if (!slot.uniform)
				add(slot.variable);
		for (AllocaInst *variable : crossing.arrays)
			add(variable);
		if (regions.partial_return) {
			gone = new AllocaInst(Type::getInt8Ty(context), 0, "gone",
					      regions.prologue->getTerminator()->getIterator());
			add(gone);
		}
		/* By falling alignment each array of items is aligned, whatever their number. */
		std::stable_sort(entries.begin(), entries.end(), [](const ContextEntry &a, const ContextEntry &b) {
			return a.align > b.align;
		});
		for (ContextEntry &entry : entries) {
			entry.offset = group.info.context_item;
			group.info.context_item += entry.size;
		}
	}

	void declare_group_function()
	{
		Type *pointer = PointerType::get(context, 0);
		auto *type = FunctionType::get(Type::getVoidTy(context), {pointer, pointer, pointer}, false);

		function = Function::Create(type, GlobalValue::ExternalLinkage, "", item.getParent());
		function->takeName(&item);
		function->setSubprogram(item.getSubprogram());
		item.setSubprogram(nullptr);
		AttributeList attributes = item.getAttributes();
		for (unsigned i : {arg_x, arg_y, arg_z})
			attributes = attributes.removeParamAttributes(context, i);
		function->setAttributes(attributes);
		function->splice(function->begin(), &item);
		for (unsigned i : {arg_args, arg_launch, arg_group}) {
			function->getArg(i)->takeName(item.getArg(i));
			item.getArg(i)->replaceAllUsesWith(function->getArg(i));
		}
		for (BasicBlock &block : *function)
			if (&block != regions.prologue)
				originals.push_back(&block);
	}

	void read_sizes()
	{
		Instruction *end = regions.prologue->getTerminator();

		builder.SetInsertPoint(end);
		ItemValues values(*function, builder);
		values.reqd_size = group.info.reqd_size[0] ? group.info.reqd_size : nullptr;
		values.uniform_groups = group.uniform_groups;
		for (unsigned dim = 0; dim < 3; dim++)
			size[dim] = values.local_size(dim);
		if (!entries.empty()) {
			items = builder.CreateNUWMul(builder.CreateNUWMul(size[0], size[1]), size[2], "items");
			context_base = values.group_pointer(offsetof(hmmcl_group, context), 0, "context");
		}
		for (ContextEntry &entry : entries) {
			Value *offset = builder.CreateNUWMul(items, builder.getInt64(entry.offset));
			arrays.push_back(builder.CreateInBoundsGEP(builder.getInt8Ty(), context_base, offset,
								   entry.variable->getName() + ".items"));
		}
		next = builder.CreateAlloca(builder.getInt32Ty(), nullptr, "next");
		accesses = MDNode::getDistinct(context, {});
	}

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

	void mark_parallel(BranchInst *latch)
	{
		Metadata *parallel[] = {MDString::get(context, "llvm.loop.parallel_accesses"), accesses};
		Metadata *progress[] = {MDString::get(context, "llvm.loop.mustprogress")};
		MDNode *loop = MDNode::getDistinct(context, {nullptr, MDNode::get(context, parallel),
							     MDNode::get(context, progress)});

		loop->replaceOperandWith(0, loop);
		latch->setMetadata(LLVMContext::MD_loop, loop);
	}

	/*
	 * Work-items do not depend on one another's memory accesses between barriers, unless they
	 * are atomic; but variables on the stack are used by one item after another.
	 */
	void mark_independent(Instruction &i)
	{
		Value *pointer = nullptr;

		if (auto *load = dyn_cast<LoadInst>(&i))
			pointer = load->isSimple() ? load->getPointerOperand() : nullptr;
		else if (auto *store = dyn_cast<StoreInst>(&i))
			pointer = store->isSimple() ? store->getPointerOperand() : nullptr;
		if (!pointer)
			return;
		unsigned space = pointer->getType()->getPointerAddressSpace();
		if (space >= 1 && space <= 3)
			i.setMetadata(LLVMContext::MD_access_group, accesses);
	}

	/* What the region's blocks do with a variable. */
	static void used_in(const Region &region, AllocaInst &variable, bool &loads, bool &stores)
	{
		loads = stores = false;
		for (User *user : variable.users()) {
			auto *i = cast<Instruction>(user);

			if (!region.blocks.contains(i->getParent()))
				continue;
			loads |= isa<LoadInst>(i);
			stores |= isa<StoreInst>(i);
		}
	}

	Value *item_address(const ContextEntry &entry, Value *array, Value *linear)
	{
		return builder.CreateInBoundsGEP(
			builder.getInt8Ty(), array,
			builder.CreateNUWMul(linear, builder.getInt64(entry.size)),
			entry.variable->getName());
	}

	bool is_slot(const AllocaInst *variable) const
	{
		return any_of(crossing.slots, [&](const Slot &slot) { return slot.variable == variable; });
	}

	/* A variable of this region only, in which a slot is kept while an item runs. */
	AllocaInst *local_copy(AllocaInst *variable)
	{
		IRBuilder<> entry(regions.prologue->getTerminator());

		return entry.CreateAlloca(variable->getAllocatedType(), nullptr, variable->getName());
	}

	void build_region(unsigned id)
	{
		Region &region = regions.regions[id];
		ValueToValueMapTy map;
		struct Copy {
			AllocaInst *local;
			Value *home;		/* address in the context, or the group's variable */
			Value *value;		/* of a uniform slot before the loops */
			bool stored;
		};
		SmallVector<Copy, 16> copies;
		bool loads, stores;

		builder.SetInsertPoint(starts[id]);
		if (gone)
			builder.CreateStore(builder.getInt32(returned), next);
		for (auto [variable, value] : region.resets)
			builder.CreateStore(value, variable);
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
		map[item.getArg(arg_x)] = x.index;
		map[item.getArg(arg_y)] = y.index;
		map[item.getArg(arg_z)] = z.index;

		for (const Copy &copy : copies)
			builder.CreateStore(copy.value, copy.local);
		size_t uniform_copies = copies.size();
		Value *linear = row ? builder.CreateNUWAdd(row, x.index, "linear") : nullptr;
		for (size_t i = 0; i < entries.size(); i++) {
			const ContextEntry &entry = entries[i];

			if (!is_slot(entry.variable)) {
				map[entry.variable] = item_address(entry, arrays[i], linear);
				continue;
			}
			used_in(region, *entry.variable, loads, stores);
			if (!loads && !stores)
				continue;
			AllocaInst *local = local_copy(entry.variable);
			Value *home = item_address(entry, arrays[i], linear);
			LoadInst *value = builder.CreateAlignedLoad(local->getAllocatedType(), home, entry.align);
			value->setMetadata(LLVMContext::MD_access_group, accesses);
			builder.CreateStore(value, local);
			copies.push_back({local, home, nullptr, stores});
			map[entry.variable] = local;
		}

		BasicBlock *end = BasicBlock::Create(context, "item.end", function);
		BasicBlock *next_item = gone ? BasicBlock::Create(context, "next.item", function) : nullptr;
		if (gone)
			skip_if_gone(id, map[gone], next_item);
		BranchInst *enter = builder.CreateBr(end);
		clone_blocks(region, map, end);
		enter->setSuccessor(0, cast<BasicBlock>(map[region.entry]));

		builder.SetInsertPoint(end);
		for (size_t i = uniform_copies; i < copies.size(); i++) {
			if (!copies[i].stored)
				continue;
			Value *value = builder.CreateLoad(copies[i].local->getAllocatedType(), copies[i].local);
			StoreInst *store = builder.CreateAlignedStore(value, copies[i].home,
								      slot_align(copies[i].local));
			store->setMetadata(LLVMContext::MD_access_group, accesses);
		}
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

	Align slot_align(AllocaInst *variable) const
	{
		return layout.getABITypeAlign(variable->getAllocatedType());
	}

	/* Copies the region's blocks; an item that meets a barrier or returns goes to @end. */
	void clone_blocks(const Region &region, ValueToValueMapTy &map, BasicBlock *end)
	{
		DenseMap<unsigned, BasicBlock *> exits;
		SmallVector<BasicBlock *, 32> clones;

		for (BasicBlock *block : region.blocks) {
			BasicBlock *clone = CloneBasicBlock(block, map, "", function);

			map[block] = clone;
			clones.push_back(clone);
		}
		for (unsigned successor : region.successors)
			exits[successor] = make_exit(successor, end);
		for (auto [barrier, id] : regions.barriers)
			if (region.successors.contains(id))
				map[barrier] = exits[id];
		for (BasicBlock *clone : clones) {
			drop_foreign_edges(*clone, region);
			for (Instruction &i : *clone) {
				RemapInstruction(&i, map, RF_NoModuleLevelChanges | RF_IgnoreMissingLocals);
				mark_independent(i);
			}
			if (auto *ret = dyn_cast<ReturnInst>(clone->getTerminator())) {
				IRBuilder<> at(ret);

				/* If others go on, their word counts. */
				if (gone)
					at.CreateStore(at.getInt8(1), map[gone]);
				else
					at.CreateStore(at.getInt32(returned), next);
				at.CreateBr(end);
				ret->eraseFromParent();
			}
		}
	}

	static void drop_foreign_edges(BasicBlock &clone, const Region &region)
	{
		for (PHINode &phi : make_early_inc_range(clone.phis()))
			phi.removeIncomingValueIf([&](unsigned i) {
				return !region.blocks.contains(phi.getIncomingBlock(i));
			}, /*DeletePHIIfEmpty=*/false);
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

	void finish()
	{
		cast<BranchInst>(regions.prologue->getTerminator())->setSuccessor(0, starts[0]);
		for (BasicBlock *block : originals)
			block->dropAllReferences();
		for (BasicBlock *block : originals)
			block->eraseFromParent();
		for (const ContextEntry &entry : entries)
			if (entry.variable->use_empty())
				entry.variable->eraseFromParent();
		removeUnreachableBlocks(*function);
		item.eraseFromParent();
		group.function = function;
	}

	static constexpr uint32_t returned = ~0u;

	WorkGroup &group;
	Regions &regions;
	const Crossing &crossing;
	Function &item;
	LLVMContext &context;
	const DataLayout &layout;
	IRBuilder<> builder;

	Function *function = nullptr;
	SmallVector<BasicBlock *, 32> originals;
	SmallVector<BasicBlock *, 8> starts;
	SmallVector<ContextEntry, 16> entries;
	SmallVector<Value *, 16> arrays;	/* of each entry: the first item's address */
	Value *size[3] = {};
	Value *items = nullptr;
	Value *context_base = nullptr;
	AllocaInst *next = nullptr;
	AllocaInst *gone = nullptr;		/* has the item returned?  Only for a partial return */
	MDNode *accesses = nullptr;
};

} // namespace

void build_group_function(WorkGroup &group, Regions &regions, const Crossing &crossing)
{
	GroupBuilder(group, regions, crossing).run();
}

} // namespace hmmcl
