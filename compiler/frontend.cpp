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
#include "llvm/IR/Module.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/VirtualFileSystem.h"

using namespace llvm;

namespace hmmcl {

namespace {

/* Where the files that we carry appear to Clang. */
constexpr char own_dir[] = "/.hmmcl/";
constexpr char first_header[] = "/.hmmcl/first.h";
constexpr char program_file[] = "/.hmmcl/program/hmmcl-program.cl";
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

/* What goes before every program. Its warnings are nothing to the program's author. */
std::string first_header_text(const Options &options)
{
	return "#pragma clang system_header\n"
	       "#include \"/.hmmcl/opencl-c-base.h\"\n"
	       "#include \"/.hmmcl/prelude.h\"\n" + feature_macros(options);
}

/* For the debugger. */
std::string absolute_name(const Source &source)
{
	SmallString<256> name(source.name);

	sys::fs::make_absolute(name);	/* else it stays as it is: there may be no directory any more */
	return name.str().str();
}

std::string directory_of(const Source &source)
{
	StringRef directory = sys::path::parent_path(source.name);

	return directory.empty() ? "." : directory.str();
}

std::vector<std::string> clang_arguments(const Source &source, const Options &options)
{
	std::vector<std::string> args = {
		"-triple", "spir64-unknown-unknown",
		"-x", "cl",
		"-cl-std=" + options.standard,
		enabled_extensions(),
		"-fdeclare-opencl-builtins",
		"-include", first_header,
		"-cl-kernel-arg-info",
		"-ffp-contract=on",
		"-disable-free",
		"-disable-llvm-passes",
		"-O2",
		"-fcolor-diagnostics",
		/*
		 * The program's own directory has nothing else in it: what a program includes is first
		 * looked for among the headers of the request, however their names are put.
		 */
		"-iquote", header_dir,
		"-iquote", directory_of(source),
		"--embed-dir=" + std::string(header_dir),
		"--embed-dir=" + directory_of(source),
		"-I", header_dir,
		"-main-file-name", absolute_name(source),
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
	args.push_back(program_file);
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
		record.watch(vfs::getRealFileSystem(), own_dir));

	files->addFile("/.hmmcl/opencl-c-base.h", 0,
		       MemoryBuffer::getMemBuffer(StringRef(hmmcl_opencl_header,
							    hmmcl_opencl_header_end - hmmcl_opencl_header)));
	files->addFile("/.hmmcl/prelude.h", 0,
		       MemoryBuffer::getMemBuffer(StringRef(hmmcl_prelude,
							    hmmcl_prelude_end - hmmcl_prelude)));
	add_file(*files, program_file, source.text);
	add_file(*files, first_header, first_header_text(options));
	/* Of two with the same name the first one counts, here as there. */
	for (const Header &header : source.headers)
		add_file(*files, sys::path::is_absolute(header.name) ? header.name :
			 std::string(header_dir) + "/" + header.name, header.text);
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

/*
 * Diagnostics and __FILE__ call the program by its name.  Clang must know it by another, which no file
 * has that the program could include.
 */
void name_program(clang::CompilerInstance &clang, const Source &source)
{
	clang::SourceManager &sources = clang.getSourceManager();
	const unsigned first_line = 1;

	/* As a #line would in front of it: the number is that of the line after. */
	sources.AddLineNote(sources.getLocForStartOfFile(sources.getMainFileID()), first_line + 1,
			    sources.getLineTableFilenameID(source.name), false, false, clang::SrcMgr::C_User);
}

class CompileAction : public clang::EmitLLVMOnlyAction {
public:
	CompileAction(LLVMContext &context, const Source &source, const Options &options, FileRecord &files)
		: EmitLLVMOnlyAction(&context), source(source), options(options), files(files) {}

	bool BeginSourceFileAction(clang::CompilerInstance &clang) override
	{
		/* Words of OpenCL C 2.0, which Clang takes from the programs of every version. */
		if (options.standard < "CL2.0")
			for (StringRef word : {"generic", "pipe"})
				clang.getPreprocessor().getIdentifierInfo(word)->revertTokenIDToIdentifier();
		name_program(clang, source);
		clang.getPreprocessor().addPPCallbacks(std::make_unique<ClockWatcher>(files));
		return EmitLLVMOnlyAction::BeginSourceFileAction(clang);
	}

private:
	const Source &source;
	const Options &options;
	FileRecord &files;
};

class DumpAction : public clang::ASTDumpAction {
public:
	explicit DumpAction(const Source &source) : source(source) {}

	bool BeginSourceFileAction(clang::CompilerInstance &clang) override
	{
		name_program(clang, source);
		return ASTDumpAction::BeginSourceFileAction(clang);
	}

private:
	const Source &source;
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
	CompileAction action(context, source, options, files);
	if (!clang->ExecuteAction(action))
		return nullptr;
	auto module = action.takeModule();
	if (module) {
		module->setModuleIdentifier(source.name);
		module->setSourceFileName(source.name);
	}
	return module;
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
	DumpAction action(source);
	return clang->ExecuteAction(action);
}

} // namespace hmmcl
