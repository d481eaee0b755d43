/* SPDX-License-Identifier: MIT */
/* Stage P7: the context, the group function, a region's code for one item. */
#include "workgroup/group_builder.h"

#include "device_abi.h"

#include "llvm/Analysis/ValueTracking.h"
#include "llvm/IR/InstIterator.h"
#include "llvm/IR/Instructions.h"
#include "llvm/IR/Module.h"
#include "llvm/Transforms/Utils/Cloning.h"
#include "llvm/Transforms/Utils/Local.h"

#include <algorithm>

using namespace llvm;

namespace hmmcl {

GroupBuilder::GroupBuilder(WorkGroup &group, Regions &regions, const Crossing &crossing)
	: group(group), regions(regions), crossing(crossing), item(*group.function),
	  context(item.getContext()), layout(item.getParent()->getDataLayout()), builder(context) {}

void GroupBuilder::lay_out_context(AllocaInst *more)
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
	if (more)
		add(more);
	/* By falling alignment each array of items is aligned, whatever their number. */
	std::stable_sort(entries.begin(), entries.end(), [](const ContextEntry &a, const ContextEntry &b) {
		return a.align > b.align;
	});
	for (ContextEntry &entry : entries) {
		entry.offset = group.info.context_item;
		group.info.context_item += entry.size;
	}
	group.info.context_item = divideCeil(group.info.context_item, group.width);
}

void GroupBuilder::declare_group_function()
{
	Type *pointer = PointerType::get(context, 0);
	auto *type = FunctionType::get(Type::getVoidTy(context), {pointer, pointer, pointer}, false);

	function = Function::Create(type, GlobalValue::ExternalLinkage, "", item.getParent());
	function->takeName(&item);
	function->setSubprogram(item.getSubprogram());
	item.setSubprogram(nullptr);
	AttributeList attributes = item.getAttributes();
	for (unsigned i = arg_x; i < item.arg_size(); i++)
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

void GroupBuilder::read_sizes()
{
	Value *context_base = nullptr;

	builder.SetInsertPoint(regions.prologue->getTerminator());
	ItemValues values(*function, builder);
	values.reqd_size = group.info.reqd_size[0] ? group.info.reqd_size : nullptr;
	values.uniform_groups = group.uniform_groups;
	for (unsigned dim = 0; dim < 3; dim++)
		size[dim] = values.local_size(dim);
	if (group.width > 1)
		size[0] = builder.CreateUDiv(size[0], builder.getInt64(group.width), "chunks", true);
	items = builder.CreateNUWMul(builder.CreateNUWMul(size[0], size[1]), size[2], "items");
	if (!entries.empty())
		context_base = values.group_pointer(offsetof(hmmcl_group, context), 0, "context");
	for (ContextEntry &entry : entries) {
		Value *offset = builder.CreateNUWMul(items, builder.getInt64(entry.offset));
		arrays.push_back(builder.CreateInBoundsGEP(builder.getInt8Ty(), context_base, offset,
							   entry.variable->getName() + ".items"));
	}
	accesses = MDNode::getDistinct(context, {});
}

void GroupBuilder::finish(BasicBlock *first)
{
	cast<BranchInst>(regions.prologue->getTerminator())->setSuccessor(0, first);
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

void GroupBuilder::mark_parallel(BranchInst *latch)
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
void GroupBuilder::mark_independent(Instruction &i)
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

void GroupBuilder::used_in(const Region &region, AllocaInst &variable, bool &loads, bool &stores)
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

void GroupBuilder::pass_barrier(const Region &region)
{
	if (region.fence)
		builder.CreateFence(AtomicOrdering::AcquireRelease);
	for (auto [variable, value] : region.resets)
		builder.CreateStore(value, variable);
}

Value *GroupBuilder::item_address(const ContextEntry &entry, Value *array, Value *linear)
{
	return builder.CreateInBoundsGEP(builder.getInt8Ty(), array,
					 builder.CreateNUWMul(linear, builder.getInt64(entry.size)),
					 entry.variable->getName());
}

bool GroupBuilder::is_slot(const AllocaInst *variable) const
{
	return any_of(crossing.slots, [&](const Slot &slot) { return slot.variable == variable; });
}

AllocaInst *GroupBuilder::local_copy(AllocaInst *variable)
{
	IRBuilder<> entry(regions.prologue->getTerminator());

	return entry.CreateAlloca(variable->getAllocatedType(), nullptr, variable->getName());
}

void GroupBuilder::load_item(const Region &region, Value *linear, ValueToValueMapTy &map, Copies &copies)
{
	bool loads, stores;

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
}

void GroupBuilder::store_item(const Copies &copies, size_t first)
{
	for (size_t i = first; i < copies.size(); i++) {
		if (!copies[i].stored)
			continue;
		Value *value = builder.CreateLoad(copies[i].local->getAllocatedType(), copies[i].local);
		StoreInst *store = builder.CreateAlignedStore(value, copies[i].home,
							      slot_align(copies[i].local));
		store->setMetadata(LLVMContext::MD_access_group, accesses);
	}
}

Align GroupBuilder::slot_align(AllocaInst *variable) const
{
	return layout.getABITypeAlign(variable->getAllocatedType());
}

void GroupBuilder::clone_blocks(const Region &region, ValueToValueMapTy &map,
				const DenseMap<unsigned, BasicBlock *> &exits,
				function_ref<void(ReturnInst &)> returned)
{
	SmallVector<BasicBlock *, 32> clones;

	for (BasicBlock *block : region.blocks) {
		BasicBlock *clone = CloneBasicBlock(block, map, "", function);

		map[block] = clone;
		clones.push_back(clone);
	}
	for (auto [barrier, id] : regions.barriers)
		if (region.successors.contains(id))
			map[barrier] = exits.lookup(id);
	for (BasicBlock *clone : clones) {
		drop_foreign_edges(*clone, region);
		for (Instruction &i : *clone) {
			RemapInstruction(&i, map, RF_NoModuleLevelChanges | RF_IgnoreMissingLocals);
			mark_independent(i);
		}
		if (auto *ret = dyn_cast<ReturnInst>(clone->getTerminator()))
			returned(*ret);
	}
}

void GroupBuilder::drop_foreign_edges(BasicBlock &clone, const Region &region)
{
	for (PHINode &phi : make_early_inc_range(clone.phis()))
		phi.removeIncomingValueIf([&](unsigned i) {
			return !region.blocks.contains(phi.getIncomingBlock(i));
		}, /*DeletePHIIfEmpty=*/false);
}

} // namespace hmmcl
