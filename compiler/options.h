/* SPDX-License-Identifier: MIT */
/*
 * Build options as clBuildProgram, clCompileProgram and clLinkProgram take them
 * (OpenCL API 3.0, 5.8.6 "Compiler Options" and 5.8.7 "Linker Options").
 */
#ifndef HMMCL_COMPILER_OPTIONS_H
#define HMMCL_COMPILER_OPTIONS_H

#include <string>
#include <vector>

namespace hmmcl {

/*
 * Which entry point the options came through: linker options are refused by a compile.  For SPIR-V
 * (translate) those of the language and the preprocessor are checked, and mean nothing.
 */
enum class Entry { build, compile, translate, link };

struct Options {
	std::string text;			/* as given, for the code object */
	std::string standard = "CL1.2";		/* the default: the specification's last OpenCL C 1.x */
	std::vector<std::string> preprocessor;	/* -D and -I, as Clang takes them */
	std::vector<std::string> language;	/* -cl-*, -w, -Werror, as Clang takes them */
	bool optimise = true;			/* no -cl-opt-disable */
	bool debug = false;			/* -g: line tables */
	bool fast_math = false;			/* -cl-fast-relaxed-math */
	bool uniform_groups = false;		/* every group has the enqueued size */
	bool create_library = false;
};

/* Parses @text; on failure returns false and says in @error which option is wrong. */
bool parse_options(const std::string &text, Entry entry, Options &options, std::string &error);

} // namespace hmmcl

#endif
