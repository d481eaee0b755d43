/* SPDX-License-Identifier: MIT */
/*
 * Stage P7, kernels with sub-groups: where a sub-group's items wait for one another, beside the
 * places where they meet, and in which order they pass all these cuts.
 *
 * The scheduler (sub_groups.cpp) lets those items go on that are furthest behind in this order.
 * Forwards nobody can then miss a meeting: whoever can still reach it is before it.  Only an edge
 * back to a loop's header leads to what lies behind; so items wait for the others at the end of
 * each iteration, the last place of the loop in the order.  That is where they converge again.
 */
#include "workgroup/regions.h"

#include "llvm/Analysis/LoopInfo.h"
#include "llvm/Analysis/ScalarEvolution.h"
#include "llvm/IR/InstIterator.h"
#include "llvm/IR/Instructions.h"
#include "llvm/IR/Dominators.h"
#include "llvm/IR/Module.h"
#include "llvm/Passes/PassBuilder.h"
#include "llvm/Transforms/Utils/FixIrreducible.h"
#include "llvm/Transforms/Utils/LoopSimplify.h"
#include "llvm/Transforms/Utils/LowerSwitch.h"

using namespace llvm;

namespace hmmcl {

namespace {

struct Analyses {
	Analyses()
	{
		builder.registerModuleAnalyses(modules);
		builder.registerCGSCCAnalyses(sccs);
		builder.registerFunctionAnalyses(functions);
		builder.registerLoopAnalyses(loops);
		builder.crossRegisterProxies(loops, functions, sccs, modules);
	}

	LoopAnalysisManager loops;
	FunctionAnalysisManager functions;
	CGSCCAnalysisManager sccs;
	ModuleAnalysisManager modules;
	PassBuilder builder;
};

bool is_meeting(const Instruction &i)
{
	auto *call = dyn_cast<CallInst>(&i);
	Function *callee = call ? call->getCalledFunction() : nullptr;

	return callee && callee->getName() == meet_marker;
}

/* May another sub-group see or change what @i does while this one runs? */
bool is_shared_access(const Instruction &i)
{
	return i.isAtomic() || (i.mayReadFromMemory() && i.isVolatile());
}

template <typename Predicate> bool any_instruction(const Loop &loop, Predicate predicate)
{
	return any_of(loop.blocks(), [&](const BasicBlock *block) { return any_of(*block, predicate); });
}

/*
 * A loop whose end may depend on another sub-group: sub-groups make progress independently of one
 * another (CL_DEVICE_SUB_GROUP_INDEPENDENT_FORWARD_PROGRESS).
 */
bool may_wait(const Loop &loop, ScalarEvolution &evolution)
{
	return any_instruction(loop, is_shared_access) &&
	       !evolution.hasLoopInvariantBackedgeTakenCount(&loop);
}

/* Puts blocks in an order in which all edges but those back to a header lead forwards, and each
 * loop's blocks are next to each other. */
class BlockOrder {
public:
	explicit BlockOrder(LoopInfo &loops) : loops(loops) {}

	SmallVector<BasicBlock *, 32> run(Function &function)
	{
		order(&function.getEntryBlock(), nullptr);
		return SmallVector<BasicBlock *, 32>(reverse(reversed));
	}

private:
	/* The loop directly within @outer, or null, in which @block is. */
	Loop *child(BasicBlock *block, Loop *outer)
	{
		Loop *loop = loops.getLoopFor(block);

		if (loop == outer)
			return nullptr;
		while (loop && loop->getParentLoop() != outer)
			loop = loop->getParentLoop();
		return loop;
	}

	static bool within(BasicBlock *block, Loop *outer) { return !outer || outer->contains(block); }

	/* Depth first from @block, in units of blocks and whole loops of @outer, last things first. */
	void order(BasicBlock *block, Loop *outer)
	{
		Loop *inner = child(block, outer);
		SmallVector<BasicBlock *, 4> next;

		if (!seen.insert({block, outer}).second)
			return;
		if (inner)
			inner->getExitBlocks(next);
		else
			next.append(succ_begin(block), succ_end(block));
		for (BasicBlock *successor : next) {
			if (!within(successor, outer) || (outer && successor == outer->getHeader()))
				continue;
			Loop *loop = child(successor, outer);
			order(loop ? loop->getHeader() : successor, outer);
		}
		if (inner)
			order(inner->getHeader(), inner);
		else
			reversed.push_back(block);
	}

	LoopInfo &loops;
	DenseSet<std::pair<BasicBlock *, Loop *>> seen;
	SmallVector<BasicBlock *, 32> reversed;
};

} // namespace

void mark_latches(Function &function)
{
	Analyses analyses;
	FunctionPassManager passes;
	auto *type = FunctionType::get(Type::getVoidTy(function.getContext()), false);

	/* Natural loops with one way back each. */
	passes.addPass(LowerSwitchPass());
	passes.addPass(FixIrreduciblePass());
	passes.addPass(LoopSimplifyPass());
	passes.run(function, analyses.functions);

	auto &loops = analyses.functions.getResult<LoopAnalysis>(function);
	auto &evolution = analyses.functions.getResult<ScalarEvolutionAnalysis>(function);
	SmallVector<std::pair<BasicBlock *, bool>, 8> latches;

	for (Loop *loop : loops.getLoopsInPreorder()) {
		bool yields = may_wait(*loop, evolution);

		if (loop->getLoopLatch() && (yields || any_instruction(*loop, is_meeting)))
			latches.push_back({loop->getLoopLatch(), yields});
	}
	for (auto [latch, yields] : latches) {
		Function *marker = get_marker(*function.getParent(), yields ? yield_marker : latch_marker, type);

		IRBuilder<>(latch->getTerminator()).CreateCall(marker);
	}
}

SmallVector<unsigned, 16> order_of_cuts(Function &function, const Regions &regions)
{
	DominatorTree dominators(function);
	LoopInfo loops(dominators);
	SmallVector<unsigned, 16> cuts;

	for (BasicBlock *block : BlockOrder(loops).run(function)) {
		auto found = regions.barriers.find(block);

		if (found != regions.barriers.end() && regions.regions[found->second].cut != Cut::barrier)
			cuts.push_back(found->second);
	}
	return cuts;
}

} // namespace hmmcl
