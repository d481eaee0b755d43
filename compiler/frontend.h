/* SPDX-License-Identifier: MIT */
/* The front end: OpenCL C text to LLVM IR for spir64, in memory. */
#ifndef HMMCL_COMPILER_FRONTEND_H
#define HMMCL_COMPILER_FRONTEND_H

#include "files.h"
#include "options.h"

#include <memory>
#include <string>
#include <vector>

namespace llvm {
class LLVMContext;
class Module;
}

namespace hmmcl {

struct Header {
	std::string name;	/* as in the program's #include */
	std::string text;
};

struct Source {
	enum class Kind { opencl_c, spirv } kind = Kind::opencl_c;
	std::string name = "program.cl";	/* shown in diagnostics */
	std::string text;			/* or the module's bytes (spirv.h) */
	std::vector<Header> headers;		/* found before those of -I directories */
	std::string translator;			/* SPIR-V: path of the translator; empty: there is none */
};

/*
 * Compiles @source.  Diagnostics are appended to @log, with terminal colours if @colour; @files
 * learns what else was looked at.  Returns null when there was an error.
 */
std::unique_ptr<llvm::Module> parse_opencl(const Source &source, const Options &options,
					   llvm::LLVMContext &context, bool colour,
					   std::string &log, FileRecord &files);

/* Prints the syntax tree to standard output, for people. */
bool dump_syntax_tree(const Source &source, const Options &options, bool colour, std::string &log);

} // namespace hmmcl

#endif
