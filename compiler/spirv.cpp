/* SPDX-License-Identifier: MIT */
/*
 * SPIR-V in: the module's form and capabilities are checked, the translator makes bitcode for
 * spir64 that calls OpenCL C's built-in functions by their mangled names, as Clang's does.
 */
#include "spirv.h"

#include "translator.h"

extern "C" {
#include "../runtime/compiler/spirv.h"
#include "../runtime/compiler/translator.h"
}

#include "llvm/Bitcode/BitcodeReader.h"
#include "llvm/Config/llvm-config.h"
#include "llvm/IR/InstIterator.h"
#include "llvm/IR/Module.h"
#include "llvm/IR/Operator.h"
#include "llvm/IR/Verifier.h"
#include "llvm/Support/raw_ostream.h"

using namespace llvm;

namespace hmmcl {

namespace {

static_assert(LLVM_VERSION_MAJOR == 19, "HMMCL_TRANSLATOR_NAME is that of another LLVM");

/* Clang's for spir64; the translator's says the same in other words. */
constexpr char spir64_layout[] = "e-i64:64-v16:16-v24:32-v32:32-v48:64-v96:128-v192:256-v256:256-"
				 "v512:512-v1024:1024-G1";

enum { op_memory_model = 14, op_capability = 17 };
enum { physical64 = 2, memory_model_opencl = 2 };

struct Capability {
	const char *name;
	uint32_t number;
	bool have;
};

const Capability capabilities[] = {
#define HAVE(name, number) {#name, number, true},
#define LACK(name, number) {#name, number, false},
#include "spirv_capabilities.def"
#undef HAVE
#undef LACK
};

bool check_capability(uint32_t number, std::string &log)
{
	std::string name = "number " + std::to_string(number);

	for (const Capability &capability : capabilities) {
		if (capability.number != number)
			continue;
		if (capability.have)
			return true;
		name = capability.name;
	}
	log += "error: the module needs the SPIR-V capability " + name + ", which this device has not\n";
	return false;
}

bool check_memory_model(const hmmcl_spirv_instruction &instruction, std::string &log)
{
	if (instruction.count == 3 && instruction.words[1] == physical64 &&
	    instruction.words[2] == memory_model_opencl)
		return true;
	log += "error: the module is not for OpenCL with addresses of 64 bits "
	       "(OpMemoryModel Physical64 OpenCL)\n";
	return false;
}

/* Whether this device can run the module, as far as it says what it needs. */
bool check_needs(const std::vector<uint32_t> &words, std::string &log)
{
	hmmcl_spirv_instruction instruction;
	bool good = true, has_model = false;

	for (size_t at = 0; hmmcl_spirv_next(words.data(), words.size(), &at, &instruction);) {
		if (instruction.opcode == op_capability && instruction.count == 2)
			good &= check_capability(instruction.words[1], log);
		if (instruction.opcode == op_memory_model) {
			good &= check_memory_model(instruction, log);
			has_model = true;
		}
	}
	if (!has_model)
		log += "error: the module has no OpMemoryModel\n";
	return good && has_model;
}

std::unique_ptr<Module> read_bitcode(const std::string &bitcode, const std::string &translator,
				     LLVMContext &context, std::string &log)
{
	MemoryBufferRef buffer(bitcode, "SPIR-V");
	Expected<std::string> producer = getBitcodeProducerString(buffer);
	Expected<std::unique_ptr<Module>> module = parseBitcodeFile(buffer, context);
	raw_string_ostream out(log);

	if (module && !verifyModule(**module, &out))
		return std::move(*module);
	out << "error: what the SPIR-V translator " << translator << " made of the module cannot be read";
	if (!module)
		out << ": " << toString(module.takeError());
	out << "\nhmmclc needs the translator of LLVM " << LLVM_VERSION_MAJOR;
	if (producer && !producer->empty())
		out << "; this one says " << *producer;
	consumeError(producer.takeError());
	out << "\n";
	return nullptr;
}

/* What Clang does for the same options, with floating-point operations that are there already. */
void apply_math_options(Module &module, const Options &options)
{
	FastMathFlags flags;

	for (const std::string &option : options.language) {
		if (option == "-cl-fast-relaxed-math")
			flags.setFast();
		if (option == "-cl-finite-math-only" || option == "-cl-fast-relaxed-math") {
			flags.setNoNaNs();
			flags.setNoInfs();
		}
		if (option == "-cl-no-signed-zeros")
			flags.setNoSignedZeros();
		if (option == "-cl-unsafe-math-optimizations") {
			flags.setAllowReassoc();
			flags.setAllowReciprocal();
			flags.setApproxFunc();
			flags.setNoSignedZeros();
		}
		if (option == "-cl-unsafe-math-optimizations" || option == "-cl-mad-enable")
			flags.setAllowContract(true);
	}
	if (!flags.any())
		return;
	for (Function &function : module)
		for (Instruction &i : instructions(function))
			if (isa<FPMathOperator>(i))
				i.setFastMathFlags(i.getFastMathFlags() | flags);
}

} // namespace

void recognise_spirv(Source &source)
{
	hmmcl_translator translator;

	if (!hmmcl_spirv_is(source.text.data(), source.text.size()))
		return;
	source.kind = Source::Kind::spirv;
	if (hmmcl_translator_find(&translator, getenv("HMMCL_SPIRV_TRANSLATOR")))
		source.translator = translator.path;
}

std::unique_ptr<Module> parse_spirv(const Source &source, const Options &options, LLVMContext &context,
				    std::string &log)
{
	std::vector<uint32_t> words(source.text.size() / sizeof(uint32_t) + 1);
	std::string bitcode;
	const char *why;

	if (!hmmcl_spirv_read(source.text.data(), source.text.size(), words.data(), &why)) {
		log += std::string("error: this is no SPIR-V module: ") + why + "\n";
		return nullptr;
	}
	words.resize(source.text.size() / sizeof(uint32_t));
	if (!check_needs(words, log))
		return nullptr;
	if (source.translator.empty()) {
		log += "error: no SPIR-V: " HMMCL_TRANSLATOR_MISSING "\n";
		return nullptr;
	}
	if (!run_translator(source.translator, words, bitcode, log))
		return nullptr;
	auto module = read_bitcode(bitcode, source.translator, context, log);
	if (!module)
		return nullptr;
	module->setTargetTriple("spir64-unknown-unknown");
	module->setDataLayout(spir64_layout);
	apply_math_options(*module, options);
	return module;
}

} // namespace hmmcl
