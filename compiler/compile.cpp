/* SPDX-License-Identifier: MIT */
/* The three entry points: build, compile, link. */
#include "compile.h"

#include "codegen.h"
#include "library.h"
#include "metadata.h"
#include "pipeline.h"
#include "spirv.h"
#include "stage.h"
#include "workgroup/workgroup.h"

#include "llvm/Bitcode/BitcodeReader.h"
#include "llvm/Bitcode/BitcodeWriter.h"
#include "llvm/IR/Constants.h"
#include "llvm/IR/DiagnosticInfo.h"
#include "llvm/IR/DiagnosticPrinter.h"
#include "llvm/IR/LLVMContext.h"
#include "llvm/IR/Module.h"
#include "llvm/IR/Verifier.h"
#include "llvm/Linker/Linker.h"
#include "llvm/Support/raw_ostream.h"
#include "llvm/Target/TargetMachine.h"

using namespace llvm;

namespace hmmcl {

namespace {

/* Options that matter at link time travel with a compiled program as module flags. */
constexpr char flag_fast[] = "hmmcl.fast-math";
constexpr char flag_plain[] = "hmmcl.no-optimisation";

/* Uniform work-groups are a kernel's: others that it is linked with may have been compiled otherwise. */
void mark_kernels(Module &module, bool uniform_groups)
{
	for (Function &function : module)
		if (!function.isDeclaration() && function.getCallingConv() == CallingConv::SPIR_KERNEL)
			function.addFnAttr(uniform_groups_attribute, uniform_groups ? "true" : "false");
}

/* The assembler would take what is in it for a part of the code object, unseen by all checks. */
bool has_no_assembly(const Module &module, std::string &log)
{
	if (module.getModuleInlineAsm().empty())
		return true;
	log += "error: the program contains assembly outside of functions (asm), which OpenCL C does not have\n";
	return false;
}

/* LLVM's own diagnostics (linker, back end) go to the log like the front end's. */
class LogHandler : public DiagnosticHandler {
public:
	explicit LogHandler(std::string &log) : log(log) {}

	bool handleDiagnostics(const DiagnosticInfo &info) override
	{
		raw_string_ostream out(log);
		DiagnosticPrinterRawOStream printer(out);

		switch (info.getSeverity()) {
		case DS_Error:
			out << "error: ";
			break;
		case DS_Warning:
			out << "warning: ";
			break;
		default:
			return true;
		}
		info.print(printer);
		out << "\n";
		return true;
	}

private:
	std::string &log;
};

/* A request's LLVM context, whose diagnostics reach the result's log. */
class Request {
public:
	explicit Request(Result &result) : context(program_context()), result(result)
	{
		context.setDiagnosticHandler(std::make_unique<LogHandler>(result.log));
	}

	bool parse(const std::string &text, Entry entry)
	{
		std::string error;

		if (parse_options(text, entry, options, error))
			return true;
		result.status = HMMCL_COMPILER_INVALID_OPTIONS;
		result.log += "error: " + error + "\n";
		return false;
	}

	std::unique_ptr<Module> parse_source(const Source &source, bool colour)
	{
		bool spirv = source.kind == Source::Kind::spirv;
		FileRecord files;
		auto module = spirv ? parse_spirv(source, options, context, result.log) :
			      parse_opencl(source, options, context, colour, result.log, files);

		result.files = files.bytes();
		if (!module || !has_no_assembly(*module, result.log))
			return nullptr;
		mark_kernels(*module, options.uniform_groups);
		return module;
	}

	/* Through all stages to what @settings ask for. */
	void finish(Module &module, const Settings &settings)
	{
		std::unique_ptr<TargetMachine> machine =
			make_target(settings.cpu, options.optimise, result.log);
		CodeObjectInfo info;

		if (!machine)
			return;
		if (settings.emit == Emit::ir) {
			print(module);
			return;
		}
		if (!run_pipeline(module, options, settings, *machine, info, result.log))
			return;
		switch (settings.emit) {
		case Emit::ir_linked:
		case Emit::ir_wg:
		case Emit::ir_opt:
			print(module);
			return;
		case Emit::meta:
			result.output = metadata_text(info);
			result.status = HMMCL_COMPILER_OK;
			return;
		default:
			break;
		}
		enter_stage("P9, code generation");
		if (generate_code(module, *machine, metadata_text(info), settings.emit == Emit::assembly,
				  result.output, result.log))
			result.status = HMMCL_COMPILER_OK;
	}

	void write_bitcode(Module &module)
	{
		raw_string_ostream out(result.output);

		WriteBitcodeToFile(module, out);
		result.status = HMMCL_COMPILER_OK;
	}

	void print(const Module &module)
	{
		raw_string_ostream out(result.output);

		module.print(out, nullptr);
		result.status = HMMCL_COMPILER_OK;
	}

	void end(const Settings &settings)
	{
		if (settings.time)
			result.log += stage_times();
	}

	LLVMContext &context;
	Options options;

private:
	Result &result;
};

/* SPIR-V may have been made of a module with such flags, and the translator have kept them. */
void set_flag(Module &module, StringRef name, bool value)
{
	auto *type = Type::getInt32Ty(module.getContext());

	module.setModuleFlag(Module::Max, name, ConstantAsMetadata::get(ConstantInt::get(type, value)));
}

uint32_t get_flag(const Module &module, StringRef name)
{
	auto *value = mdconst::extract_or_null<ConstantInt>(module.getModuleFlag(name));

	return value ? value->getZExtValue() : 0;
}

/* Where options come from, and the stage that begins. */
Entry begin(const Source &source, Entry entry)
{
	bool spirv = source.kind == Source::Kind::spirv;

	enter_stage(spirv ? "P0, SPIR-V translator" : "P0, front end");
	return spirv ? Entry::translate : entry;
}

/* Reads one input of clLinkProgram; what the application hands us may be anything. */
std::unique_ptr<Module> read_bitcode(const std::string &bytes, size_t index, LLVMContext &context,
				     std::string &log)
{
	MemoryBufferRef buffer(bytes, "input " + std::to_string(index));
	Expected<std::unique_ptr<Module>> module = parseBitcodeFile(buffer, context);

	if (!module) {
		log += "error: input " + std::to_string(index) + " is not a compiled program: " +
		       toString(module.takeError()) + "\n";
		return nullptr;
	}
	raw_string_ostream out(log);
	if (verifyModule(**module, &out) || (*module)->getTargetTriple().rfind("spir64", 0) != 0) {
		out << "error: input " << index << " is not a program that hmmclc compiled\n";
		return nullptr;
	}
	out.flush();
	return has_no_assembly(**module, log) ? std::move(*module) : nullptr;
}

} // namespace

unsigned default_vector_width()
{
	const char *text = getenv("HMMCL_VECTOR_WIDTH");
	unsigned long width = text ? strtoul(text, nullptr, 10) : 1;

	return isPowerOf2_64(width) && width <= 64 ? width : 1;
}

void preload()
{
	std::string log;

	make_target("", true, log);
}

Result build(const std::string &options, const Source &source, const Settings &settings)
{
	Result result;
	Request request(result);

	if (!request.parse(options, begin(source, Entry::build)))
		return result;
	if (settings.emit == Emit::ast && source.kind == Source::Kind::opencl_c) {
		if (dump_syntax_tree(source, request.options, settings.colour, result.log))
			result.status = HMMCL_COMPILER_OK;
		return result;
	}
	auto module = request.parse_source(source, settings.colour);
	if (module)
		request.finish(*module, settings);
	request.end(settings);
	return result;
}

Result compile(const std::string &options, const Source &source, const Settings &settings)
{
	Result result;
	Request request(result);

	if (!request.parse(options, begin(source, Entry::compile)))
		return result;
	auto module = request.parse_source(source, settings.colour);
	if (module) {
		set_flag(*module, flag_fast, request.options.fast_math);
		set_flag(*module, flag_plain, !request.options.optimise);
		request.write_bitcode(*module);
	}
	request.end(settings);
	return result;
}

Result link(const std::string &options, const std::vector<std::string> &inputs, const Settings &settings)
{
	Result result;
	Request request(result);

	enter_stage("linking programs");
	if (!request.parse(options, Entry::link))
		return result;

	Module module("program", request.context);
	for (size_t i = 0; i < inputs.size(); i++) {
		auto input = read_bitcode(inputs[i], i, request.context, result.log);

		if (!input)
			return result;
		if (i == 0) {
			module.setTargetTriple(input->getTargetTriple());
			module.setDataLayout(input->getDataLayout());
		}
		if (Linker::linkModules(module, std::move(input)))
			return result;
	}
	if (request.options.create_library) {
		request.write_bitcode(module);
	} else {
		request.options.fast_math |= get_flag(module, flag_fast) != 0;
		request.options.optimise &= get_flag(module, flag_plain) == 0;
		if (request.options.uniform_groups)
			mark_kernels(module, true);
		request.finish(module, settings);
	}
	request.end(settings);
	return result;
}

} // namespace hmmcl
