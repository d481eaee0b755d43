/* SPDX-License-Identifier: MIT */
/* Stages P4 to P6 in order, and the choice between the two group functions. */
#include "vectoriser/vectoriser.h"

#include "device_abi.h"
#include "vectoriser/widener.h"

#include "llvm/IR/Module.h"
#include "llvm/Passes/PassBuilder.h"
#include "llvm/Transforms/InstCombine/InstCombine.h"
#include "llvm/Transforms/Scalar/EarlyCSE.h"
#include "llvm/Transforms/Scalar/SimplifyCFG.h"
#include "llvm/Transforms/Utils/Cloning.h"

using namespace llvm;

namespace hmmcl {

namespace {

/* Analyses of lanes, private to one function. */
struct LaneAnalyses {
	LaneAnalyses()
	{
		register_lane_divergence(functions);
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

bool widen(Function &narrow, Function &wide, unsigned width, std::string &why)
{
	LaneAnalyses analyses;
	FunctionPassManager clean;

	legalise(narrow, analyses.functions);
	auto &loops = analyses.functions.getResult<LoopAnalysis>(narrow);
	auto &post_dominators = analyses.functions.getResult<PostDominatorTreeAnalysis>(narrow);
	Shapes shapes(narrow, width, analyses.functions.getResult<UniformityInfoAnalysis>(narrow), loops);

	if (!is_legal(narrow, shapes, loops, post_dominators, why))
		return false;
	if (!Widener(narrow, width, shapes, loops, analyses.functions.getResult<DominatorTreeAnalysis>(narrow),
		     post_dominators).run(wide, why))
		return false;
	clean.addPass(SimplifyCFGPass());
	clean.addPass(EarlyCSEPass(true));
	clean.addPass(InstCombinePass());
	clean.addPass(SimplifyCFGPass());
	clean.run(wide, analyses.functions);
	return true;
}

} // namespace

bool widen_item_function(const WorkGroup &group, unsigned width, WorkGroup &wide, std::string &why)
{
	/* Their items meet at other places than barriers. */
	if (group.sub_groups) {
		why = "sub-groups";
		return false;
	}

	ValueToValueMapTy map;
	Function *narrow = CloneFunction(group.function, map);
	Function *result = Function::Create(narrow->getFunctionType(), GlobalValue::InternalLinkage,
					    group.function->getName() + ".wide", group.function->getParent());

	result->copyAttributesFrom(narrow);
	result->setDSOLocal(true);
	for (unsigned i = 0; i < result->arg_size(); i++)
		result->getArg(i)->setName(narrow->getArg(i)->getName());
	bool done = widen(*narrow, *result, width, why);
	narrow->eraseFromParent();
	if (!done) {
		result->deleteBody();
		result->eraseFromParent();
		return false;
	}
	wide = group;
	wide.function = result;
	wide.width = width;
	return true;
}

void choose_by_group(WorkGroup &items, const WorkGroup &wide)
{
	Function *narrow = items.function;
	Function *choice = Function::Create(narrow->getFunctionType(), narrow->getLinkage(), "", narrow->getParent());
	LLVMContext &context = choice->getContext();
	BasicBlock *entry = BasicBlock::Create(context, "", choice);
	BasicBlock *by_chunk = BasicBlock::Create(context, "wide", choice);
	BasicBlock *by_item = BasicBlock::Create(context, "items", choice);
	IRBuilder<> builder(entry);
	ItemValues values(*choice, builder);

	choice->copyAttributesFrom(narrow);
	choice->takeName(narrow);
	narrow->setName(choice->getName() + ".items");
	narrow->setLinkage(GlobalValue::InternalLinkage);
	values.reqd_size = items.info.reqd_size[0] ? items.info.reqd_size : nullptr;
	values.uniform_groups = items.uniform_groups;

	Value *sizes = builder.CreateOr(builder.CreateOr(values.local_size(0), values.enqueued_local_size(0)),
					values.global_offset(0));
	Value *rest = builder.CreateAnd(sizes, builder.getInt64(wide.width - 1));
	builder.CreateCondBr(builder.CreateIsNull(rest), by_chunk, by_item);
	for (auto [block, function] : {std::pair(by_chunk, wide.function), std::pair(by_item, narrow)}) {
		SmallVector<Value *, 3> arguments;

		builder.SetInsertPoint(block);
		for (llvm::Argument &argument : choice->args())
			arguments.push_back(&argument);
		builder.CreateCall(function, arguments);
		builder.CreateRetVoid();
	}
	items.function = choice;
	items.info.context_item = std::max(items.info.context_item, wide.info.context_item);
	items.info.private_size = std::max(items.info.private_size, wide.info.private_size);
}

} // namespace hmmcl
