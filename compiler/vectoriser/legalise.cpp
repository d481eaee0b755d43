/* SPDX-License-Identifier: MIT */
/* Stage P4: LLVM's passes that give structured control flow, and the check of what they gave. */
#include "vectoriser/legalise.h"

#include "workgroup/workgroup.h"

#include "llvm/IR/InstIterator.h"
#include "llvm/IR/IntrinsicInst.h"
#include "llvm/Passes/PassBuilder.h"
#include "llvm/Transforms/InstCombine/InstCombine.h"
#include "llvm/Transforms/Scalar/ADCE.h"
#include "llvm/Transforms/Scalar/EarlyCSE.h"
#include "llvm/Transforms/Scalar/Scalarizer.h"
#include "llvm/Transforms/Scalar/StructurizeCFG.h"
#include "llvm/Transforms/Utils/FixIrreducible.h"
#include "llvm/Transforms/Utils/LCSSA.h"
#include "llvm/Transforms/Utils/Local.h"
#include "llvm/Transforms/Utils/LoopSimplify.h"
#include "llvm/Transforms/Utils/LowerSwitch.h"
#include "llvm/Transforms/Utils/UnifyFunctionExitNodes.h"
#include "llvm/Transforms/Utils/UnifyLoopExits.h"

using namespace llvm;

namespace hmmcl {

namespace {

bool any_parts(Function &function, FunctionAnalysisManager &analyses)
{
	UniformityInfo &uniformity = analyses.getResult<UniformityInfoAnalysis>(function);

	return any_of(function, [&](const BasicBlock &block) { return uniformity.hasDivergentTerminator(block); });
}

bool refuse(std::string &why, const char *what, const Value *value = nullptr)
{
	raw_string_ostream out(why);

	out << what;
	if (value)
		out << ": " << *value;
	return false;
}

bool is_element(const Type *type)
{
	return type->isIntegerTy(1) || type->isIntegerTy(8) || type->isIntegerTy(16) ||
	       type->isIntegerTy(32) || type->isIntegerTy(64) || type->isHalfTy() || type->isFloatTy() ||
	       type->isDoubleTy() || type->isPointerTy();
}

/* Lanes that wait in a loop for what another lane does after it would wait for ever. */
bool waits_for_others(const Instruction &i, const Shapes &shapes, const LoopInfo &loops)
{
	if (!isa<AtomicRMWInst>(i) || i.use_empty())
		return false;
	for (const Loop *loop = loops.getLoopFor(i.getParent()); loop; loop = loop->getParentLoop())
		if (shapes.is_divergent_loop(loop))
			return true;
	return false;
}

bool is_legal_instruction(const Instruction &i, const Shapes &shapes, const LoopInfo &loops, std::string &why)
{
	if (auto *variable = dyn_cast<AllocaInst>(&i)) {
		if (variable->hasMetadata(shared_alloca))
			return refuse(why, "a work-group collective");
		if (!variable->isStaticAlloca() || variable->isArrayAllocation())
			return refuse(why, "a variable of variable size");
		return true;
	}
	if (isa<AtomicCmpXchgInst>(i) || waits_for_others(i, shapes, loops))
		return refuse(why, "an atomic operation that may wait", &i);
	if (auto *call = dyn_cast<CallBase>(&i)) {
		const Function *callee = call->getCalledFunction();

		if (!callee || !isa<CallInst>(i))
			return refuse(why, "an indirect call", &i);
		if (callee->getName() == barrier_marker && !call->arg_empty())
			return refuse(why, "a work-group collective");
	}
	if (!i.getType()->isVoidTy() && !is_element(i.getType()) && !shapes.of(&i).is_same())
		return refuse(why, "a value of a type that is none of a lane's", &i);
	for (const Value *operand : i.operand_values())
		if (!is_element(operand->getType()) && !operand->getType()->isLabelTy() &&
		    !operand->getType()->isMetadataTy() && !isa<Function>(operand) &&
		    !shapes.of(operand).is_same())
			return refuse(why, "an operand of a type that is none of a lane's", &i);
	return true;
}

bool is_legal_branch(const BasicBlock &block, const LoopInfo &loops, const PostDominatorTree &post_dominators,
		     std::string &why)
{
	auto *branch = dyn_cast<BranchInst>(block.getTerminator());
	const Loop *loop = loops.getLoopFor(&block);

	if (!branch)
		return refuse(why, "lanes part at what is no branch");
	if (loop && loop->isLoopLatch(&block) && loop->isLoopExiting(&block)) {
		if (!loop->getLoopPreheader() || loop->getExitingBlock() != &block || loop->getLoopLatch() != &block)
			return refuse(why, "a loop with several ways out");
		return true;
	}
	for (const BasicBlock *next : branch->successors())
		if (loops.getLoopFor(next) != loop && (!loops.getLoopFor(next) || loop != loops.getLoopFor(next)->getParentLoop()))
			return refuse(why, "lanes part at a way out of a loop");
	if (!post_dominators.dominates(branch->getSuccessor(0), &block) &&
	    !post_dominators.dominates(branch->getSuccessor(1), &block))
		return refuse(why, "lanes that part do not meet again");
	return true;
}

} // namespace

void legalise(Function &function, FunctionAnalysisManager &analyses)
{
	ScalarizerPassOptions scalarizer;
	FunctionPassManager first, structure;

	scalarizer.ScalarizeLoadStore = true;
	scalarizer.ScalarizeVariableInsertExtract = true;
	first.addPass(ScalarizerPass(scalarizer));
	first.addPass(EarlyCSEPass(true));
	first.addPass(InstCombinePass());
	first.addPass(ADCEPass());
	first.run(function, analyses);
	/* Branches that were found to go one way only leave blocks that nothing reaches. */
	if (removeUnreachableBlocks(function))
		analyses.invalidate(function, PreservedAnalyses::none());
	if (any_parts(function, analyses)) {
		structure.addPass(LowerSwitchPass());
		structure.addPass(UnifyFunctionExitNodesPass());
		structure.addPass(FixIrreduciblePass());
		structure.addPass(LoopSimplifyPass());
		structure.addPass(UnifyLoopExitsPass());
		structure.addPass(LoopSimplifyPass());
		structure.addPass(StructurizeCFGPass());
		structure.addPass(LoopSimplifyPass());
		structure.addPass(LCSSAPass());
		structure.run(function, analyses);
	}
	for (Instruction &i : instructions(function))
		i.dropPoisonGeneratingFlags();
	analyses.invalidate(function, PreservedAnalyses::none());
}

bool is_legal(Function &function, const Shapes &shapes, const LoopInfo &loops,
	      const PostDominatorTree &post_dominators, std::string &why)
{
	for (BasicBlock &block : function) {
		if (!isa<BranchInst, SwitchInst, ReturnInst>(block.getTerminator()))
			return refuse(why, "a block that ends in neither branch nor return");
		if (shapes.parts(block) && !is_legal_branch(block, loops, post_dominators, why))
			return false;
		for (Instruction &i : block)
			if (!is_legal_instruction(i, shapes, loops, why))
				return false;
	}
	return true;
}

} // namespace hmmcl
