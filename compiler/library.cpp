/* SPDX-License-Identifier: MIT */
/* Stage P1: linking the embedded built-in library, internalising, inlining. */
#include "library.h"

#include "copier.h"
#include "embedded.h"
#include "library_format.h"

#include "llvm/ADT/SCCIterator.h"
#include "llvm/Analysis/CallGraph.h"
#include "llvm/Bitcode/BitcodeReader.h"
#include "llvm/IR/InstIterator.h"
#include "llvm/IR/Instructions.h"
#include "llvm/IR/IntrinsicInst.h"
#include "llvm/IR/Module.h"
#include "llvm/Transforms/IPO/AlwaysInliner.h"
#include "llvm/Transforms/IPO/GlobalDCE.h"
#include "llvm/Passes/PassBuilder.h"

#include <algorithm>
#include <map>

using namespace llvm;

namespace hmmcl {

namespace {

/* Marks the functions that may stay calls; set by the library's author with noinline. */
constexpr char keep_call[] = "hmmcl-keep-call";

/* The prefix of a library function's variant for -cl-fast-relaxed-math. */
constexpr char fast_prefix[] = "__hmmcl_fast_";

/* The prefix of all functions and variables that a program defines. */
constexpr char program_prefix[] = "program.";

template <typename T> const T *library_at(uint32_t offset)
{
	return reinterpret_cast<const T *>(hmmcl_builtins + offset);
}

/* The library's index entry of @name, or null. */
const library_function *find_entry(StringRef name)
{
	auto *header = library_at<library_header>(0);
	auto *first = library_at<library_function>(sizeof(*header) +
						   header->n_groups * sizeof(library_group));
	auto *end = first + header->n_functions;
	auto *found = std::lower_bound(first, end, name, [](const library_function &f, StringRef name) {
		return StringRef(library_at<char>(f.name)) < name;
	});

	return found != end && name == library_at<char>(found->name) ? found : nullptr;
}

/* What of the library this process has opened, for its life; bodies are read when they are wanted. */
Module *open_group(uint32_t number)
{
	static std::map<uint32_t, Module *> groups;
	auto [known, is_new] = groups.insert({number, nullptr});

	if (!is_new)
		return known->second;
	auto *group = library_at<library_group>(sizeof(library_header)) + number;
	MemoryBufferRef bitcode(StringRef(library_at<char>(group->offset), group->size), "built-in library");
	Expected<std::unique_ptr<Module>> opened =
		getLazyBitcodeModule(bitcode, program_context(), /*ShouldLazyLoadMetadata=*/true);
	if (!opened)
		report_fatal_error(opened.takeError());
	return known->second = opened->release();
}

Function *find_definition(StringRef name)
{
	const library_function *entry = find_entry(name);

	return entry ? open_group(entry->group)->getFunction(name) : nullptr;
}

/* Defines what the program declares and the library has. */
bool copy_library(Module &module, std::string &log)
{
	Copier copier(module, find_definition);

	for (Function &f : make_early_inc_range(module)) {
		if (!f.isDeclaration() || f.isIntrinsic() || f.use_empty())
			continue;
		if (Function *definition = find_definition(f.getName()))
			copier.want(*definition, f);
	}
	return copier.run(log);
}

/* Calls of f become calls of the library's fast variant of f, where it has one. */
void redirect_to_fast(Module &module)
{
	SmallVector<std::pair<Function *, std::string>, 16> pairs;

	for (Function &f : module) {
		if (!f.isDeclaration() || f.use_empty())
			continue;
		std::string fast = (fast_prefix + f.getName()).str();
		if (find_entry(fast))
			pairs.push_back({&f, fast});
	}
	for (auto &[f, fast] : pairs) {
		FunctionCallee callee = module.getOrInsertFunction(fast, f->getFunctionType(),
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

StringRef name_in_program(const Function &function)
{
	StringRef name = function.getName();

	name.consume_front(program_prefix);
	return name;
}

bool link_library(Module &module, bool fast_math, std::string &log)
{
	SmallPtrSet<const Function *, 32> own;

	if (fast_math)
		redirect_to_fast(module);
	/*
	 * What the program defines may bear the name of a C library function that our library calls,
	 * or that the code generator makes calls of (memcpy).
	 */
	for (Function &f : module) {
		if (f.isDeclaration())
			continue;
		own.insert(&f);
		f.setName(program_prefix + f.getName());
	}
	for (GlobalVariable &variable : module.globals())
		if (!variable.isDeclaration() && !variable.getName().starts_with("llvm."))
			variable.setName(program_prefix + variable.getName());
	if (!copy_library(module, log))
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
		       (f ? name_in_program(*f).str() : "?") + "' calls itself\n";
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
