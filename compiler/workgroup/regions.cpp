/* SPDX-License-Identifier: MIT */
/* Stage P7: uniformity, the prologue, cutting at barriers, finding regions. */
#include "workgroup/regions.h"

#include "llvm/ADT/StringSwitch.h"
#include "llvm/Analysis/TargetTransformInfoImpl.h"
#include "llvm/Analysis/UniformityAnalysis.h"
#include "llvm/Analysis/ValueTracking.h"
#include "llvm/IR/InstIterator.h"
#include "llvm/IR/IntrinsicInst.h"
#include "llvm/IR/Module.h"
#include "llvm/Passes/PassBuilder.h"
#include "llvm/Transforms/Utils/BasicBlockUtils.h"

#include <optional>

using namespace llvm;

namespace hmmcl {

namespace {

/* Tells the uniformity analysis where items differ. */
class ItemDivergence : public TargetTransformInfoImplCRTPBase<ItemDivergence> {
public:
	explicit ItemDivergence(const DataLayout &layout)
		: TargetTransformInfoImplCRTPBase<ItemDivergence>(layout) {}

	bool hasBranchDivergence(const Function *) const { return true; }
	bool isAlwaysUniform(const Value *) const { return false; }

	bool isSourceOfDivergence(const Value *value) const
	{
		if (auto *argument = dyn_cast<llvm::Argument>(value))
			return argument->getArgNo() >= arg_x;
		if (auto *load = dyn_cast<LoadInst>(value))
			return reads_private(*load);
		if (auto *phi = dyn_cast<PHINode>(value))
			return leaves_open(*phi);
		if (isa<AtomicRMWInst>(value) || isa<AtomicCmpXchgInst>(value) || isa<AllocaInst>(value))
			return true;
		if (auto *call = dyn_cast<CallBase>(value))
			return !call->doesNotAccessMemory();
		return false;
	}

private:
	/*
	 * Only some items have assigned the variable. LLVM takes it for uniform, since the others may
	 * have any value; but in a slot for all, they would overwrite the value of those that have.
	 */
	static bool leaves_open(const PHINode &phi)
	{
		return any_of(phi.incoming_values(), [](const Use &value) { return isa<UndefValue>(value); });
	}

	static bool reads_private(const LoadInst &load)
	{
		if (load.hasMetadata(LLVMContext::MD_invariant_load))
			return false;
		if (load.hasMetadata(shared_alloca))
			return false;
		if (!load.isSimple())
			return true;
		/* Global (1), constant (2) and local (3) memory are common to all items. */
		unsigned space = load.getPointerAddressSpace();
		return space < 1 || space > 3;
	}
};

/* May @i run once a group, before all items? */
bool belongs_to_prologue(const Instruction &i, const ValueSet &prologue)
{
	auto known = [&](const Value *operand) {
		if (auto *argument = dyn_cast<llvm::Argument>(operand))
			return argument->getArgNo() < arg_x;
		return isa<Constant>(operand) || prologue.contains(operand);
	};

	if (i.getType()->isVoidTy() || i.isTerminator() || isa<PHINode>(i) || isa<AllocaInst>(i) ||
	    !all_of(i.operands(), known))
		return false;
	if (auto *load = dyn_cast<LoadInst>(&i))
		return load->hasMetadata(LLVMContext::MD_invariant_load);
	return !i.mayReadOrWriteMemory() && isSafeToSpeculativelyExecute(&i);
}

/* Moves to the new entry block what does not depend on the item, and all variables. */
BasicBlock *make_prologue(Function &function)
{
	BasicBlock *body = &function.getEntryBlock();
	BasicBlock *prologue = BasicBlock::Create(function.getContext(), "prologue", &function, body);
	Instruction *end = BranchInst::Create(body, prologue);
	SmallVector<Instruction *, 32> variables, moved;
	ValueSet in_prologue;

	for (Instruction &i : *body)
		if (isa<AllocaInst>(i))
			variables.push_back(&i);
	for (Instruction *i : variables)
		i->moveBefore(end);

	ReversePostOrderTraversal<Function *> order(&function);
	for (BasicBlock *block : order) {
		if (block == prologue)
			continue;
		for (Instruction &i : *block) {
			if (!belongs_to_prologue(i, in_prologue))
				continue;
			in_prologue.insert(&i);
			moved.push_back(&i);
		}
	}
	for (Instruction *i : moved) {
		i->moveBefore(end);
		/* It may now run where the program would not have run it. */
		if (!isa<LoadInst>(i))
			i->dropPoisonGeneratingAnnotations();
	}
	return prologue;
}

/* Is @i a marker, and of what? */
std::optional<Cut> cut_at(Instruction &i)
{
	auto *call = dyn_cast<CallInst>(&i);
	Function *callee = call ? call->getCalledFunction() : nullptr;

	if (!callee)
		return std::nullopt;
	return StringSwitch<std::optional<Cut>>(callee->getName())
		.Case(barrier_marker, Cut::barrier)
		.Case(meet_marker, Cut::meeting)
		.Case(latch_marker, Cut::latch)
		.Case(yield_marker, Cut::yield)
		.Default(std::nullopt);
}

/* Items that have met may ask who they are. */
void take_meeting(CallInst &call, BasicBlock &after, Regions &result)
{
	Type *set = call.getType();

	result.exchange = cast<AllocaInst>(call.getArgOperand(0)->stripPointerCasts());
	if (!result.active) {
		result.active = new AllocaInst(set, 0, "active", result.prologue->getTerminator()->getIterator());
		result.active->setMetadata(shared_alloca, MDNode::get(set->getContext(), {}));
	}
	call.replaceAllUsesWith(new LoadInst(set, result.active, "active", after.begin()));
}

/* Puts each barrier in a block of its own, whose only successor has no other predecessor. */
void cut_at_markers(Function &function, Regions &result)
{
	SmallVector<std::pair<CallInst *, Cut>, 8> calls;

	for (Instruction &i : instructions(function))
		if (std::optional<Cut> cut = cut_at(i))
			calls.push_back({cast<CallInst>(&i), *cut});
	for (auto [call, cut] : calls) {
		BasicBlock *barrier = SplitBlock(call->getParent(), call->getIterator());
		BasicBlock *after = SplitBlock(barrier, std::next(call->getIterator()));
		Region region;

		/* SplitBlock leaves phi nodes in the first part. */
		barrier->setName("barrier");
		region.cut = cut;
		region.entry = after;
		region.fence = call->hasFnAttr(fence_attribute);
		if (cut == Cut::meeting)
			take_meeting(*call, *after, result);
		if (cut == Cut::barrier)
			for (unsigned i = 0; i + 1 < call->arg_size(); i += 2)
				region.resets.push_back({call->getArgOperand(i), call->getArgOperand(i + 1)});
		result.barriers[barrier] = result.regions.size();
		result.regions.push_back(region);
		call->eraseFromParent();
	}
}

void collect_blocks(Region &region, const Regions &all)
{
	region.blocks.insert(region.entry);
	for (size_t i = 0; i < region.blocks.size(); i++) {
		BasicBlock *block = region.blocks[i];

		if (isa<ReturnInst>(block->getTerminator()))
			region.returns = true;
		for (BasicBlock *next : successors(block)) {
			auto barrier = all.barriers.find(next);

			if (barrier != all.barriers.end())
				region.successors.insert(barrier->second);
			else
				region.blocks.insert(next);
		}
	}
}

/* Is @block where a region ends: does it return or go on to a barrier? */
bool leaves(const BasicBlock *block, const Regions &all)
{
	return isa<ReturnInst>(block->getTerminator()) ||
	       any_of(successors(block), [&](const BasicBlock *next) { return all.barriers.contains(next); });
}

/*
 * A path from @from, which it leaves out, to where the region ends, that does not go through
 * @without; empty if there is none.
 */
SmallVector<BasicBlock *, 16> path_to_end(BasicBlock *from, const BasicBlock *without, const Regions &all)
{
	SmallVector<BasicBlock *, 32> work;
	DenseMap<BasicBlock *, BasicBlock *> before;
	SmallVector<BasicBlock *, 16> path;

	auto visit = [&](BasicBlock *block) {
		for (BasicBlock *next : successors(block))
			if (next != without && !all.barriers.contains(next) && before.insert({next, block}).second)
				work.push_back(next);
	};
	visit(from);
	for (size_t i = 0; i < work.size(); i++) {
		if (!leaves(work[i], all)) {
			visit(work[i]);
			continue;
		}
		for (BasicBlock *block = work[i]; block != from; block = before[block])
			path.push_back(block);
		break;
	}
	return path;
}

/* Do items that part at the end of @branch meet again in one block, before the region ends? */
bool rejoin(BasicBlock *branch, const Regions &all)
{
	if (leaves(branch, all))
		return false;
	/* Such a block is on each path. */
	return any_of(path_to_end(branch, nullptr, all), [&](BasicBlock *block) {
		return path_to_end(branch, block, all).empty();
	});
}

/* Is there a branch of @region where items may part for good, some to return, some to a barrier? */
bool may_return_in_part(const Region &region, const Regions &all, const ValueSet &divergent_branches)
{
	SmallPtrSet<BasicBlock *, 16> to_return, to_barrier;

	if (!region.returns || region.successors.empty())
		return false;
	for (bool changed = true; changed;) {
		changed = false;
		for (BasicBlock *block : region.blocks) {
			bool returns = isa<ReturnInst>(block->getTerminator()), waits = false;

			for (BasicBlock *next : successors(block)) {
				waits |= all.barriers.contains(next) || to_barrier.contains(next);
				returns |= to_return.contains(next);
			}
			if (returns)
				changed |= to_return.insert(block).second;
			if (waits)
				changed |= to_barrier.insert(block).second;
		}
	}
	return any_of(region.blocks, [&](BasicBlock *block) {
		return to_return.contains(block) && to_barrier.contains(block) &&
		       divergent_branches.contains(block->getTerminator()) && !rejoin(block, all);
	});
}

} // namespace

Uniformity analyse_uniformity(Function &function)
{
	FunctionAnalysisManager analyses;
	PassBuilder builder;
	Uniformity result;

	analyses.registerPass([] {
		return TargetIRAnalysis([](const Function &f) {
			return TargetTransformInfo(ItemDivergence(f.getDataLayout()));
		});
	});
	builder.registerFunctionAnalyses(analyses);

	UniformityInfo &info = analyses.getResult<UniformityInfoAnalysis>(function);
	for (BasicBlock &block : function)
		if (info.hasDivergentTerminator(block))
			result.divergent_branches.insert(block.getTerminator());
	for (Instruction &i : instructions(function)) {
		bool differs = info.isDivergent(&i) ||
			any_of(i.uses(), [&](const Use &use) { return info.isDivergentUse(use); });

		if (!differs && !i.getType()->isVoidTy())
			result.values.insert(&i);
	}
	return result;
}

Regions find_regions(Function &function, const Uniformity &uniformity)
{
	Regions result;
	Region start;

	result.prologue = make_prologue(function);
	start.entry = result.prologue->getSingleSuccessor();
	result.regions.push_back(start);
	cut_at_markers(function, result);
	for (Region &region : result.regions)
		collect_blocks(region, result);
	for (Region &region : result.regions)
		result.partial_return |= may_return_in_part(region, result, uniformity.divergent_branches);
	return result;
}

void split_regions(WorkGroup &group)
{
	if (group.sub_groups)
		mark_latches(*group.function);
	Uniformity uniformity = analyse_uniformity(*group.function);
	Regions regions = find_regions(*group.function, uniformity);
	/*
	 * An item that has returned would bring an old value to what all share, and sub-groups may
	 * be at different places.
	 */
	bool together = !regions.partial_return && !group.sub_groups;
	Crossing crossing = resolve_crossing(regions, together ? uniformity.values : ValueSet());

	if (group.sub_groups)
		build_sub_group_function(group, regions, crossing);
	else
		build_group_function(group, regions, crossing);
}

} // namespace hmmcl
