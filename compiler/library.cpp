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
#include "llvm/Transforms/IPO/AlwaysInliner.h"
#include "llvm/Transforms/IPO/GlobalDCE.h"
#include "llvm/Transforms/Utils/Cloning.h"
#include "llvm/Transforms/Utils/ValueMapper.h"
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

/* Function bodies are read when a program wants them. */
Module *library;

/*
 * Copies what the program needs out of the library.  LLVM's linker would do it too, but it wants
 * to own the library and destroys all of its declarations each time: that is most of a build.
 */
class LibraryCopier : public ValueMaterializer {
public:
	explicit LibraryCopier(Module &module) : module(module) {}

	bool run(std::string &log)
	{
		for (Function &f : make_early_inc_range(module)) {
			if (!f.isDeclaration() || f.isIntrinsic() || f.use_empty())
				continue;
			Function *definition = library->getFunction(f.getName());

			if (definition && !definition->isDeclaration()) {
				map[definition] = &f;
				wanted.push_back(definition);
			}
		}
		while (!wanted.empty())
			if (!copy_body(*wanted.pop_back_val(), log))
				return false;
		return true;
	}

	/* The program's counterpart of a global value that a copied function mentions. */
	Value *materialize(Value *value) override
	{
		if (auto *f = dyn_cast<Function>(value))
			return f->getParent() == library ? counterpart(*f) : nullptr;
		if (auto *variable = dyn_cast<GlobalVariable>(value))
			return variable->getParent() == library ? counterpart(*variable) : nullptr;
		return nullptr;
	}

private:
	Value *counterpart(Function &f)
	{
		if (!f.hasLocalLinkage())
			if (Function *known = module.getFunction(f.getName()))
				return known;
		Function *copy = Function::Create(f.getFunctionType(), f.getLinkage(), f.getAddressSpace(),
						  f.getName(), &module);
		copy->copyAttributesFrom(&f);
		if (!f.isDeclaration())
			wanted.push_back(&f);
		map[&f] = copy;
		return copy;
	}

	Value *counterpart(GlobalVariable &variable)
	{
		auto *copy = new GlobalVariable(module, variable.getValueType(), variable.isConstant(),
						variable.getLinkage(), nullptr, variable.getName(), nullptr,
						variable.getThreadLocalMode(), variable.getAddressSpace());

		copy->copyAttributesFrom(&variable);
		map[&variable] = copy;
		if (variable.hasInitializer())
			copy->setInitializer(MapValue(variable.getInitializer(), map, RF_None, nullptr, this));
		return copy;
	}

	bool copy_body(Function &from, std::string &log)
	{
		auto *to = cast<Function>(map[&from]);
		SmallVector<ReturnInst *, 4> returns;

		if (Error error = from.materialize()) {
			log += "hmmclc: the built-in library is broken: " + toString(std::move(error)) + "\n";
			return false;
		}
		to->copyAttributesFrom(&from);
		for (auto [formal, copy] : zip(from.args(), to->args()))
			map[&formal] = &copy;
		CloneFunctionInto(to, &from, map, CloneFunctionChangeType::DifferentModule, returns, "",
				  nullptr, nullptr, this);
		return true;
	}

	Module &module;
	ValueToValueMapTy map;
	SmallVector<Function *, 32> wanted;
};

/* Calls of f become calls of the library's fast variant of f, where it has one. */
void redirect_to_fast(Module &module)
{
	SmallVector<std::pair<Function *, const Function *>, 16> pairs;

	for (Function &f : module) {
		if (!f.isDeclaration() || f.use_empty())
			continue;
		if (const Function *fast = library->getFunction((fast_prefix + f.getName()).str()))
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

LLVMContext &program_context()
{
	static LLVMContext *context = new LLVMContext;	/* for the life of the process */

	return *context;
}

bool open_library(std::string &log)
{
	if (library)
		return true;

	Expected<std::unique_ptr<Module>> opened =
		getLazyBitcodeModule(library_bitcode(), program_context(), /*ShouldLazyLoadMetadata=*/true);
	if (!opened) {
		log += "hmmclc: the built-in library cannot be read: " + toString(opened.takeError()) + "\n";
		return false;
	}
	library = opened->release();	/* for the life of the process */
	/* One entry for each file of the library would come along. */
	while (!library->named_metadata_empty())
		library->eraseNamedMetadata(&*library->named_metadata_begin());
	return true;
}

bool link_library(Module &module, bool fast_math, std::string &log)
{
	SmallPtrSet<const Function *, 32> own;

	if (!open_library(log))
		return false;
	if (fast_math)
		redirect_to_fast(module);
	for (Function &f : module) {
		if (f.isDeclaration())
			continue;
		own.insert(&f);
		/* A function of the program may bear the name of a C library function that ours calls. */
		if (f.getCallingConv() != CallingConv::SPIR_KERNEL)
			f.setName("program." + f.getName());
	}
	if (!LibraryCopier(module).run(log))
		return false;
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
