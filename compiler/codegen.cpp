/* SPDX-License-Identifier: MIT */
/* The code generator. */
#include "codegen.h"

#include "device_abi.h"
#include "workgroup/lower.h"

#include "llvm/IR/Constants.h"
#include "llvm/IR/LegacyPassManager.h"
#include "llvm/IR/Module.h"
#include "llvm/MC/MCSubtargetInfo.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/Object/ObjectFile.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/Support/raw_ostream.h"
#include "llvm/Target/TargetMachine.h"
#include "llvm/TargetParser/Host.h"
#include "llvm/Transforms/Utils/ModuleUtils.h"

#include <algorithm>
#include <vector>

using namespace llvm;

namespace hmmcl {

namespace {

constexpr char triple[] = "x86_64-unknown-linux-gnu";

/* This machine's features, as the CPU and its kernel give them; sorted, to be the same each time. */
std::string host_features()
{
	std::vector<std::string> list;
	std::string text;

	for (const auto &feature : sys::getHostCPUFeatures())
		list.push_back((feature.second ? "+" : "-") + feature.first().str());
	std::sort(list.begin(), list.end());
	for (const std::string &feature : list)
		text += (text.empty() ? "" : ",") + feature;
	return text;
}

/* The text section: not loaded, and no linker may drop it. */
void add_metadata(Module &module, const std::string &meta)
{
	Constant *text = ConstantDataArray::getString(module.getContext(), meta, false);
	auto *variable = new GlobalVariable(module, text->getType(), true, GlobalValue::PrivateLinkage,
					    text, "hmmcl.meta");

	variable->setSection(HMMCL_META_SECTION);
	variable->setAlignment(Align(1));
	variable->setMetadata(LLVMContext::MD_exclude, MDNode::get(module.getContext(), {}));
	appendToUsed(module, {variable});
}

/* The code generator calls functions of its own choice: what the loader will not find is our bug. */
bool check_object(const std::string &bytes, std::string &log)
{
	Expected<std::unique_ptr<object::ObjectFile>> file =
		object::ObjectFile::createObjectFile(MemoryBufferRef(bytes, "code object"));
	bool resolved = true;

	if (!file) {
		log += "hmmclc: internal error: " + toString(file.takeError()) + "\n";
		return false;
	}
	for (const object::SymbolRef &symbol : (*file)->symbols()) {
		Expected<uint32_t> flags = symbol.getFlags();
		Expected<StringRef> name = symbol.getName();
		bool undefined = flags && name && (*flags & object::SymbolRef::SF_Undefined) && !name->empty();

		if (undefined && !is_library_call(*name)) {
			log += "hmmclc: internal error: the code needs '" + name->str() +
			       "', which the engine does not have\n";
			resolved = false;
		}
		consumeError(flags.takeError());
		consumeError(name.takeError());
	}
	return resolved;
}

} // namespace

std::string describe_target(const std::string &cpu)
{
	return cpu.empty() ? sys::getHostCPUName().str() + " " + host_features() : cpu;
}

/*
 * Loop strength reduction and its analyses are a third of all code generation where loops over items
 * nest, and what it gains here, x86-64's addressing modes give already: no kernel of samples/bench
 * runs slower without it.
 */
static void disable_strength_reduction()
{
	auto found = cl::getRegisteredOptions().find("disable-lsr");

	if (found != cl::getRegisteredOptions().end())
		static_cast<cl::opt<bool> *>(found->second)->setValue(true);
}

std::unique_ptr<TargetMachine> make_target(const std::string &cpu, bool optimise, std::string &log)
{
	std::string error;

	disable_strength_reduction();
	LLVMInitializeX86TargetInfo();
	LLVMInitializeX86Target();
	LLVMInitializeX86TargetMC();
	LLVMInitializeX86AsmPrinter();
	LLVMInitializeX86AsmParser();

	const Target *target = TargetRegistry::lookupTarget(triple, error);
	if (!target) {
		log += "hmmclc: " + error + "\n";
		return nullptr;
	}

	TargetOptions options;
	options.AllowFPOpFusion = FPOpFusion::Standard;
	options.EmulatedTLS = false;
	std::unique_ptr<TargetMachine> machine(target->createTargetMachine(
		triple, cpu.empty() ? sys::getHostCPUName() : cpu, cpu.empty() ? host_features() : "",
		options, Reloc::PIC_, CodeModel::Small,
		optimise ? CodeGenOptLevel::Default : CodeGenOptLevel::Less));
	if (!machine || !machine->getMCSubtargetInfo()->isCPUStringValid(machine->getTargetCPU())) {
		log += "hmmclc: unknown CPU '" + cpu + "'\n";
		return nullptr;
	}
	return machine;
}

bool generate_code(Module &module, TargetMachine &machine, const std::string &meta, bool assembly,
		   std::string &output, std::string &log)
{
	SmallVector<char, 0> bytes;
	raw_svector_ostream out(bytes);
	legacy::PassManager passes;

	module.setPICLevel(PICLevel::BigPIC);
	add_metadata(module, meta);
	if (machine.addPassesToEmitFile(passes, out, nullptr, assembly ? CodeGenFileType::AssemblyFile :
					CodeGenFileType::ObjectFile)) {
		log += "hmmclc: the code generator cannot write this kind of file\n";
		return false;
	}
	passes.run(module);
	output.assign(bytes.begin(), bytes.end());
	return assembly || check_object(output, log);
}

} // namespace hmmcl
