/* SPDX-License-Identifier: MIT */
/*
 * The front end: Clang as a library.  The target is spir64, which keeps address spaces and has no
 * calling convention that would rewrite arguments; the code becomes x86-64 after the built-in
 * library is linked.
 */
#include "frontend.h"

#include "embedded.h"
#include "features.h"

#include "clang/Basic/TargetInfo.h"
#include "clang/CodeGen/CodeGenAction.h"
#include "clang/Frontend/CompilerInstance.h"
#include "clang/Frontend/CompilerInvocation.h"
#include "clang/Frontend/FrontendActions.h"
#include "clang/Frontend/TextDiagnosticPrinter.h"
#include "clang/Lex/PPCallbacks.h"
#include "clang/Lex/Preprocessor.h"
#include "clang/Lex/PreprocessorOptions.h"
#include "llvm/IR/Module.h"
#include "llvm/Support/VirtualFileSystem.h"

using namespace llvm;

namespace hmmcl {

namespace {

/* Where the files that we carry appear to Clang. */
constexpr char own_dir[] = "/.hmmcl/";
constexpr char include_dir[] = "/.hmmcl/include";
constexpr char header_dir[] = "/.hmmcl/headers";

std::string enabled_extensions()
{
	std::string list = "-cl-ext=-all";

#define X(name, ...) list += ",+" #name;
	HMMCL_COMPILER_EXTENSIONS(X)
#undef X
#define X(name, offered) \
	if (offered) \
		list += ",+" #name;
	HMMCL_COMPILER_FEATURES(X)
	HMMCL_COMPILER_FLOAT_ATOMICS(X)
#undef X
	return list;
}

/*
 * Extensions are macros in every language version, features in OpenCL C 3.0 only (those of
 * cl_ext_float_atomics from 2.0 on), whether Clang knows their names or not.
 */
std::string feature_macros(const Options &options)
{
	std::string text;

#define X(name, ...) text += "#undef " #name "\n#define " #name " 1\n";
	HMMCL_COMPILER_EXTENSIONS(X)
#undef X
#define X(name, offered) \
	text += "#undef " #name "\n"; \
	if (offered) \
		text += "#define " #name " 1\n";
	if (options.standard >= "CL2.0") {
		HMMCL_COMPILER_FLOAT_ATOMICS(X)
	}
	if (options.standard == "CL3.0") {
		HMMCL_COMPILER_FEATURES(X)
	}
#undef X
	return text;
}

std::vector<std::string> clang_arguments(const Source &source, const Options &options)
{
	std::vector<std::string> args = {
		"-triple", "spir64-unknown-unknown",
		"-x", "cl",
		"-cl-std=" + options.standard,
		enabled_extensions(),
		"-finclude-default-header",
		"-fdeclare-opencl-builtins",
		"-include", "hmmcl-prelude.h",
		"-include", "hmmcl-features.h",
		"-cl-kernel-arg-info",
		"-ffp-contract=on",
		"-disable-free",
		"-disable-llvm-passes",
		"-O2",
		"-fcolor-diagnostics",
		"-internal-isystem", include_dir,
		"-I", header_dir,
		"-main-file-name", source.name,
		/* What every compiler of OpenCL C in the field accepts silently. */
		"-Wno-unused-command-line-argument",
	};

	if (options.debug) {
		args.push_back("-debug-info-kind=line-tables-only");
		args.push_back("-dwarf-version=4");
	}
	args.insert(args.end(), options.preprocessor.begin(), options.preprocessor.end());
	for (const std::string &option : options.language)
		if (option != "-cl-uniform-work-group-size")
			args.push_back(option);
	args.push_back(source.name);
	return args;
}

void add_file(vfs::InMemoryFileSystem &files, const std::string &path, StringRef text)
{
	files.addFile(path, 0, MemoryBuffer::getMemBufferCopy(text, path));
}

IntrusiveRefCntPtr<vfs::FileSystem> file_system(const Source &source, const Options &options,
						FileRecord &record)
{
	auto files = makeIntrusiveRefCnt<vfs::InMemoryFileSystem>();
	auto overlay = makeIntrusiveRefCnt<vfs::OverlayFileSystem>(
		record.watch(vfs::getRealFileSystem(), source.name, own_dir));
	std::string dir = include_dir;

	files->addFile(dir + "/opencl-c-base.h", 0,
		       MemoryBuffer::getMemBuffer(StringRef(hmmcl_opencl_header,
							    hmmcl_opencl_header_end - hmmcl_opencl_header)));
	files->addFile(dir + "/hmmcl-prelude.h", 0,
		       MemoryBuffer::getMemBuffer(StringRef(hmmcl_prelude,
							    hmmcl_prelude_end - hmmcl_prelude)));
	add_file(*files, dir + "/hmmcl-features.h", feature_macros(options));
	for (const Header &header : source.headers)
		add_file(*files, std::string(header_dir) + "/" + header.name, header.text);
	overlay->pushOverlay(files);
	return overlay;
}

/* Notices macros whose value is the time, of this moment or of a file. */
class ClockWatcher : public clang::PPCallbacks {
public:
	explicit ClockWatcher(FileRecord &files) : files(files) {}

	void MacroExpands(const clang::Token &name, const clang::MacroDefinition &, clang::SourceRange,
			  const clang::MacroArgs *) override
	{
		StringRef text = name.getIdentifierInfo()->getName();

		if (text == "__DATE__" || text == "__TIME__" || text == "__TIMESTAMP__")
			files.clock();
	}

private:
	FileRecord &files;
};

class CompileAction : public clang::EmitLLVMOnlyAction {
public:
	CompileAction(LLVMContext &context, const Options &options, FileRecord &files)
		: EmitLLVMOnlyAction(&context), options(options), files(files) {}

	bool BeginSourceFileAction(clang::CompilerInstance &clang) override
	{
		/* Words of OpenCL C 2.0, which Clang takes from the programs of every version. */
		if (options.standard < "CL2.0")
			for (StringRef word : {"generic", "pipe"})
				clang.getPreprocessor().getIdentifierInfo(word)->revertTokenIDToIdentifier();
		clang.getPreprocessor().addPPCallbacks(std::make_unique<ClockWatcher>(files));
		return EmitLLVMOnlyAction::BeginSourceFileAction(clang);
	}

private:
	const Options &options;
	FileRecord &files;
};

/* A Clang ready to work on @source, or null when it refuses its arguments. */
std::unique_ptr<clang::CompilerInstance> make_clang(const Source &source, const Options &options,
						    bool colour, FileRecord &files, raw_ostream &log)
{
	auto clang = std::make_unique<clang::CompilerInstance>();
	std::vector<std::string> args = clang_arguments(source, options);
	std::vector<const char *> argv;

	for (const std::string &arg : args)
		argv.push_back(arg.c_str());

	auto printing = makeIntrusiveRefCnt<clang::DiagnosticOptions>();
	printing->ShowColors = colour;
	auto *printer = new clang::TextDiagnosticPrinter(log, printing.get());
	auto diagnostics = clang::CompilerInstance::createDiagnostics(printing.get(), printer, true);

	if (!clang::CompilerInvocation::CreateFromArgs(clang->getInvocation(), argv, *diagnostics))
		return nullptr;
	clang->getInvocation().getPreprocessorOpts().addRemappedFile(
		source.name, MemoryBuffer::getMemBufferCopy(source.text, source.name).release());
	clang->getDiagnosticOpts().ShowColors = colour;
	clang->createDiagnostics(new clang::TextDiagnosticPrinter(log, &clang->getDiagnosticOpts()));
	clang->setVerboseOutputStream(log);
	clang->createFileManager(file_system(source, options, files));
	return clang;
}

} // namespace

std::unique_ptr<Module> parse_opencl(const Source &source, const Options &options,
				     LLVMContext &context, bool colour, std::string &log,
				     FileRecord &files)
{
	raw_string_ostream out(log);

	out.enable_colors(colour);	/* a string is no terminal by itself */
	auto clang = make_clang(source, options, colour, files, out);

	if (!clang)
		return nullptr;
	CompileAction action(context, options, files);
	if (!clang->ExecuteAction(action))
		return nullptr;
	return action.takeModule();
}

bool dump_syntax_tree(const Source &source, const Options &options, bool colour, std::string &log)
{
	raw_string_ostream out(log);
	FileRecord files;

	out.enable_colors(colour);	/* a string is no terminal by itself */
	auto clang = make_clang(source, options, colour, files, out);

	if (!clang)
		return false;
	clang->getFrontendOpts().ASTDumpDecls = true;
	clang::ASTDumpAction action;
	return clang->ExecuteAction(action);
}

} // namespace hmmcl
