/* SPDX-License-Identifier: MIT */
/*
 * The stages.  P0 is the front end.
 *
 *   P1 link the built-in library, inline everything, guard divisions
 *   P2 kernels become item functions; work-item functions, barriers and printf become IR
 *   P3 scalar simplification of item functions
 *   P4 to P6 legalise control flow, analyse, vectorise: a second item function, W items wide
 *   P7 split at barriers, loops over items: group functions
 *   P8 late lowering: atomics on local memory, x86-64
 *   P9 LLVM's optimiser, then the code generator (codegen.cpp)
 *
 * Each program has analysis managers of its own, and P3 to P7 see no target: what is profitable
 * for x86-64 is decided from P8 on.
 */
#include "pipeline.h"

#include "device_abi.h"
#include "library.h"
#include "stage.h"
#include "vectoriser/vectoriser.h"
#include "workgroup/lower.h"
#include "workgroup/regions.h"
#include "workgroup/workgroup.h"

#include "llvm/Analysis/AliasAnalysis.h"
#include "llvm/Analysis/LoopInfo.h"
#include "llvm/Analysis/TargetTransformInfoImpl.h"
#include "llvm/Analysis/ValueTracking.h"
#include "llvm/IR/Constants.h"
#include "llvm/IR/Metadata.h"
#include "llvm/IR/Module.h"
#include "llvm/IR/Verifier.h"
#include "llvm/Passes/PassBuilder.h"
#include "llvm/Support/raw_ostream.h"
#include "llvm/Target/TargetMachine.h"
#include "llvm/Transforms/IPO/GlobalDCE.h"
#include "llvm/Transforms/InstCombine/InstCombine.h"
#include "llvm/Transforms/Scalar/ADCE.h"
#include "llvm/Transforms/Scalar/EarlyCSE.h"
#include "llvm/Transforms/Scalar/IndVarSimplify.h"
#include "llvm/Transforms/Scalar/InferAddressSpaces.h"
#include "llvm/Transforms/Scalar/LoopPassManager.h"
#include "llvm/Transforms/Scalar/LoopRotation.h"
#include "llvm/Transforms/Scalar/LoopUnrollPass.h"
#include "llvm/Transforms/Scalar/SROA.h"
#include "llvm/Transforms/Scalar/SimplifyCFG.h"
#include "llvm/Transforms/Utils/Mem2Reg.h"

#include <optional>

using namespace llvm;

namespace hmmcl {

namespace {

constexpr unsigned as_generic = 4;

/* For P3: no target, but loops over private arrays are worth unrolling until the arrays are gone. */
class ItemCosts : public TargetTransformInfoImplCRTPBase<ItemCosts> {
public:
	explicit ItemCosts(const DataLayout &layout) : TargetTransformInfoImplCRTPBase<ItemCosts>(layout) {}

	void getUnrollingPreferences(Loop *loop, ScalarEvolution &, TargetTransformInfo::UnrollingPreferences &unroll,
				     OptimizationRemarkEmitter *) const
	{
		unroll.Threshold = indexes_private_array(*loop) ? private_threshold : threshold;
		unroll.PartialThreshold = 0;
		unroll.Partial = unroll.Runtime = unroll.UpperBound = false;
	}

private:
	static constexpr unsigned threshold = 100, private_threshold = 1500;

	static bool indexes_private_array(const Loop &loop)
	{
		for (const BasicBlock *block : loop.blocks())
			for (const Instruction &i : *block)
				if (auto *address = dyn_cast<GetElementPtrInst>(&i))
					if (!address->hasAllConstantIndices() &&
					    isa<AllocaInst>(getUnderlyingObject(address)))
						return true;
		return false;
	}
};

/* A pass manager's analyses, private to one use. */
struct Analyses {
	explicit Analyses(TargetMachine *machine = nullptr, const PipelineTuningOptions &tuning = {})
		: builder(machine, tuning)
	{
		if (!machine)
			functions.registerPass([] {
				return TargetIRAnalysis([](const Function &function) {
					return TargetTransformInfo(ItemCosts(function.getDataLayout()));
				});
			});
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

/* A stage that leaves broken IR is our bug: say which, rather than make wrong code of it. */
bool verified(Module &module, const char *stage, std::string &log)
{
	raw_string_ostream out(log);

	if (!verifyModule(module, &out))
		return true;
	out << "hmmclc: internal error: invalid IR after stage " << stage << "\n";
	return false;
}

/* Passes that neither duplicate nor sink barriers, and know no target. */
FunctionPassManager scalar_simplification()
{
	FunctionPassManager passes;
	LoopPassManager loops;
	SimplifyCFGOptions simple;

	passes.addPass(SROAPass(SROAOptions::ModifyCFG));
	passes.addPass(EarlyCSEPass(/*UseMemorySSA=*/true));
	passes.addPass(SimplifyCFGPass(simple));
	passes.addPass(InstCombinePass());
	passes.addPass(InferAddressSpacesPass(as_generic));
	passes.addPass(SimplifyCFGPass(simple));
	/* A barrier is noduplicate: loops with one stay whole. */
	loops.addPass(LoopRotatePass());
	loops.addPass(IndVarSimplifyPass(/*WidenIndVars=*/false));
	loops.addPass(LoopFullUnrollPass());
	passes.addPass(createFunctionToLoopPassAdaptor(std::move(loops)));
	passes.addPass(SROAPass(SROAOptions::ModifyCFG));
	passes.addPass(EarlyCSEPass(true));
	passes.addPass(InstCombinePass());
	passes.addPass(SimplifyCFGPass(simple));
	passes.addPass(ADCEPass());
	return passes;
}

void simplify(WorkGroup &group)
{
	Analyses analyses;

	scalar_simplification().run(*group.function, analyses.functions);
}

void promote_variables(Function &function)
{
	Analyses analyses;
	FunctionPassManager passes;

	passes.addPass(PromotePass());
	passes.run(function, analyses.functions);
}

void optimise(Module &module, TargetMachine &machine, bool full)
{
	PipelineTuningOptions tuning;

	tuning.LoopVectorization = full;
	tuning.SLPVectorization = full;
	Analyses analyses(&machine, tuning);
	ModulePassManager passes = analyses.builder.buildPerModuleDefaultPipeline(
		full ? OptimizationLevel::O3 : OptimizationLevel::O1);

	passes.run(module, analyses.modules);
}

std::vector<Function *> find_kernels(Module &module)
{
	std::vector<Function *> kernels;

	for (Function &function : module)
		if (function.getCallingConv() == CallingConv::SPIR_KERNEL && !function.isDeclaration())
			kernels.push_back(&function);
	return kernels;
}

/* intel_reqd_sub_group_size: there is one size. */
bool has_our_sub_group_size(const Function &kernel, std::string &log)
{
	const MDNode *required = kernel.getMetadata("intel_reqd_sub_group_size");
	uint64_t size;

	if (!required)
		return true;
	size = mdconst::extract<ConstantInt>(required->getOperand(0))->getZExtValue();
	if (size == HMMCL_SUB_GROUP_SIZE)
		return true;
	log += "error: kernel '" + name_in_program(kernel).str() + "' requires sub-groups of " +
	       std::to_string(size) + " work-items; this device's have " +
	       std::to_string(HMMCL_SUB_GROUP_SIZE) + "\n";
	return false;
}

/* SPIR-V may name a kernel anything; CL_PROGRAM_KERNEL_NAMES and the code object are lists of names. */
bool has_usable_name(const Function &kernel, std::string &log)
{
	StringRef name = name_in_program(kernel);

	if (!name.empty() && none_of(name, [](unsigned char c) {
			return c < ' ' || c == '\\' || c == ';' || c == 0x7f;
		}))
		return true;
	log += "error: a kernel's name must not be empty, nor have control characters, '\\' or ';'\n";
	return false;
}

/* The loader puts sections of an image at multiples of a page. */
bool are_alignments_possible(const Module &module, std::string &log)
{
	constexpr uint64_t most = 4096;

	for (const GlobalVariable &variable : module.globals()) {
		uint64_t align = variable.getAlign().valueOrOne().value();

		if (align <= most)
			continue;
		log += "error: variable '" + variable.getName().str() + "' is to be aligned to " +
		       std::to_string(align) + " bytes; this device can align it to " +
		       std::to_string(most) + "\n";
		return false;
	}
	return true;
}

uint64_t size_of_globals(const Module &module)
{
	uint64_t size = 0;

	for (const GlobalVariable &variable : module.globals())
		if (!variable.isConstant() && variable.getAddressSpace() == 1)
			size += module.getDataLayout().getTypeAllocSize(variable.getValueType());
	return size;
}

uint64_t private_size(const Function &function, const Kernel &kernel)
{
	const DataLayout &layout = function.getParent()->getDataLayout();
	uint64_t size = kernel.context_item;

	for (const BasicBlock &block : function)
		for (const Instruction &i : block)
			if (auto *variable = dyn_cast<AllocaInst>(&i))
				size += variable->getAllocationSize(layout)->getFixedValue();
	return size;
}

void make_group_function(WorkGroup &group)
{
	split_regions(group);
	promote_variables(*group.function);
	group.info.private_size = private_size(*group.function, group.info);
}

/* The same item function for several items at once, if that is asked for and can be. */
std::optional<WorkGroup> widened(const WorkGroup &group, const Settings &settings, const Options &options,
				 std::string &log)
{
	WorkGroup wide;
	std::string why;

	if (settings.vector_width == 1 || !options.optimise)
		return std::nullopt;
	if (widen_item_function(group, settings.vector_width, wide, why))
		return wide;
	if (settings.time)
		log += "kernel '" + group.info.name + "' is not vectorised: " + why + "\n";
	return std::nullopt;
}

} // namespace

bool run_pipeline(Module &module, const Options &options, const Settings &settings, TargetMachine &machine,
		  CodeObjectInfo &info, std::string &log)
{
	std::vector<WorkGroup> groups;
	std::vector<std::optional<WorkGroup>> wide_groups;
	const Emit last = settings.emit;

	info.options = options.text;
	info.globals_size = size_of_globals(module);

	if (!are_alignments_possible(module, log))
		return false;
	enter_stage("P1, linking the built-in library");
	if (!link_library(module, options.fast_math, log))
		return false;
	enter_stage("P1, inlining");
	if (!inline_everything(module, log))
		return false;
	for (Function &function : module) {
		guard_divisions(function);
		end_at_debug_traps(function);
		drop_events(function);
	}
	if (!verified(module, "P1", log))
		return false;
	if (last == Emit::ir_linked)
		return true;

	enter_stage("P2, work-item functions");
	for (Function *kernel : find_kernels(module)) {
		if (!has_usable_name(*kernel, log) || !has_our_sub_group_size(*kernel, log))
			return false;
		WorkGroup group = make_item_function(*kernel);

		place_local_variables(group);
		if (!lower_printf(group, info, log) || !lower_work_items(group, log))
			return false;
		groups.push_back(group);
	}
	if (!verified(module, "P2", log))
		return false;

	enter_stage("P3, simplification");
	for (WorkGroup &group : groups)
		simplify(group);

	enter_stage("P4 to P6, vectorisation");
	for (const WorkGroup &group : groups)
		wide_groups.push_back(widened(group, settings, options, log));
	if (!verified(module, "P6", log))
		return false;

	enter_stage("P7, work-groups");
	for (size_t i = 0; i < groups.size(); i++) {
		make_group_function(groups[i]);
		if (!wide_groups[i])
			continue;
		make_group_function(*wide_groups[i]);
		choose_by_group(groups[i], *wide_groups[i]);
	}
	if (!verified(module, "P7", log))
		return false;
	if (last == Emit::ir_wg)
		return true;

	enter_stage("P8, late lowering");
	for (Function &function : module)
		relax_local_atomics(function);
	retarget(module, machine);
	if (!verified(module, "P8", log))
		return false;

	enter_stage("P9, optimisation");
	optimise(module, machine, options.optimise);
	if (!check_resolved(module, log))
		return false;
	for (WorkGroup &group : groups)
		info.kernels.push_back(group.info);
	return true;
}

} // namespace hmmcl
