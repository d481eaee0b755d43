/* SPDX-License-Identifier: MIT */
/* Stage P1: linking the embedded built-in library, internalising, inlining. */
#include "library.h"

#include "embedded.h"

#include "llvm/ADT/SCCIterator.h"
#include "llvm/Analysis/CallGraph.h"
#include "llvm/Bitcode/BitcodeReader.h"
#include "llvm/IR/InstIterator.h"
#include "llvm/IR/Instructions.h"
#include "llvm/IR/IntrinsicInst.h"
#include "llvm/IR/Module.h"
#include "llvm/Linker/Linker.h"
#include "llvm/Transforms/IPO/AlwaysInliner.h"
#include "llvm/Transforms/IPO/GlobalDCE.h"
#include "llvm/Passes/PassBuilder.h"

using namespace llvm;

namespace hmmcl {

namespace {

/* Marks the functions that may stay calls; set by the library's author with noinline. */
constexpr char keep_call[] = "hmmcl-keep-call";

/* The prefix of a library function's variant for -cl-fast-relaxed-math. */
constexpr char fast_prefix[] = "__hmmcl_fast_";

MemoryBufferRef library_bitcode()
{
	return MemoryBufferRef(StringRef(hmmcl_builtins, hmmcl_builtins_end - hmmcl_builtins),
			       "built-in library");
}

std::unique_ptr<Module> open_library(LLVMContext &context, std::string &log)
{
	Expected<std::unique_ptr<Module>> library =
		getLazyBitcodeModule(library_bitcode(), context, /*ShouldLazyLoadMetadata=*/true);

	if (!library) {
		log += "hmmclc: the built-in library cannot be read: " +
		       toString(library.takeError()) + "\n";
		return nullptr;
	}
	return std::move(*library);
}

/* Calls of f become calls of the library's fast variant of f, where it has one. */
void redirect_to_fast(Module &module, const Module &library)
{
	SmallVector<std::pair<Function *, const Function *>, 16> pairs;

	for (Function &f : module) {
		if (!f.isDeclaration() || f.use_empty())
			continue;
		if (const Function *fast = library.getFunction((fast_prefix + f.getName()).str()))
			pairs.push_back({&f, fast});
	}
	for (auto [f, fast] : pairs) {
		FunctionCallee callee = module.getOrInsertFunction(fast->getName(), f->getFunctionType(),
								   f->getAttributes());
		auto *replacement = cast<Function>(callee.getCallee());

		replacement->setCallingConv(f->getCallingConv());
		f->replaceAllUsesWith(replacement);
	}
}

bool is_recursive(const std::vector<CallGraphNode *> &component)
{
	if (component.size() > 1)
		return true;
	for (const auto &call : *component[0])
		if (call.second == component[0])
			return true;
	return false;
}

} // namespace

void preload_library()
{
	/* Touch the pages, so that no worker waits for the disk. */
	volatile char sum = 0;

	for (const char *p = hmmcl_builtins; p < hmmcl_builtins_end; p += 4096)
		sum = sum + *p;
}

bool link_library(Module &module, bool fast_math, std::string &log)
{
	std::unique_ptr<Module> library = open_library(module.getContext(), log);
	SmallPtrSet<const Function *, 32> own;

	if (!library)
		return false;
	if (fast_math)
		redirect_to_fast(module, *library);
	library->setTargetTriple(module.getTargetTriple());
	library->setDataLayout(module.getDataLayout());
	for (Function &f : module) {
		if (f.isDeclaration())
			continue;
		own.insert(&f);
		/* A function of the program may bear the name of a C library function that ours calls. */
		if (f.getCallingConv() != CallingConv::SPIR_KERNEL)
			f.setName("program." + f.getName());
	}
	if (Linker::linkModules(module, std::move(library), Linker::LinkOnlyNeeded)) {
		log += "hmmclc: linking with the built-in library failed\n";
		return false;
	}
	for (Function &f : module) {
		if (f.isDeclaration() || f.getCallingConv() == CallingConv::SPIR_KERNEL)
			continue;
		if (!own.contains(&f) && f.hasFnAttribute(Attribute::NoInline))
			f.addFnAttr(keep_call);
		f.setLinkage(GlobalValue::InternalLinkage);
		f.setVisibility(GlobalValue::DefaultVisibility);
		f.setComdat(nullptr);
	}
	for (GlobalVariable &variable : module.globals()) {
		if (variable.isDeclaration() || variable.getName().starts_with("llvm."))
			continue;
		variable.setLinkage(GlobalValue::InternalLinkage);
		variable.setVisibility(GlobalValue::DefaultVisibility);
		variable.setDSOLocal(true);
		variable.setComdat(nullptr);
	}
	return true;
}

bool inline_everything(Module &module, std::string &log)
{
	CallGraph graph(module);

	for (auto it = scc_begin(&graph); !it.isAtEnd(); ++it) {
		if (!is_recursive(*it))
			continue;
		const Function *f = (*it)[0]->getFunction();

		log += "error: recursion, which OpenCL C does not allow: function '" +
		       (f ? f->getName().str() : "?") + "' calls itself\n";
		return false;
	}
	for (Function &f : module) {
		if (f.isDeclaration() || f.hasFnAttribute(keep_call))
			continue;
		f.removeFnAttr(Attribute::NoInline);
		f.removeFnAttr(Attribute::OptimizeNone);
		f.addFnAttr(Attribute::AlwaysInline);
		for (Instruction &i : instructions(f))
			if (auto *call = dyn_cast<CallBase>(&i))
				call->removeFnAttr(Attribute::NoInline);
	}

	PassBuilder builder;
	LoopAnalysisManager loops;
	FunctionAnalysisManager functions;
	CGSCCAnalysisManager sccs;
	ModuleAnalysisManager modules;
	builder.registerModuleAnalyses(modules);
	builder.registerCGSCCAnalyses(sccs);
	builder.registerFunctionAnalyses(functions);
	builder.registerLoopAnalyses(loops);
	builder.crossRegisterProxies(loops, functions, sccs, modules);

	ModulePassManager passes;
	passes.addPass(AlwaysInlinerPass(/*InsertLifetime=*/true));
	passes.addPass(GlobalDCEPass());
	passes.run(module, modules);

	for (Function &f : module)
		f.removeFnAttr(Attribute::AlwaysInline);
	return true;
}

} // namespace hmmcl
