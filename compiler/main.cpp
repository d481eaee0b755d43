/* SPDX-License-Identifier: MIT */
/* The command line. */
#include "compile.h"
#include "server.h"
#include "spirv.h"

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iostream>
#include <sstream>

#include <unistd.h>

namespace {

using namespace hmmcl;

const char help[] =
	"Usage: hmmclc [OPTION]... FILE.cl|FILE.spv\n"
	"Compile OpenCL C or SPIR-V to a code object for hmmcl's engines.\n"
	"\n"
	"  -o FILE         write to FILE ('-': standard output; default: FILE.o, or standard\n"
	"                  output for text)\n"
	"  --emit=WHAT     what to write:\n"
	"                    ast        Clang's syntax tree (OpenCL C)\n"
	"                    ir         LLVM IR from the front end\n"
	"                    ir-linked  after linking and inlining the built-in library\n"
	"                    ir-wg      work-group functions: barriers split, loops over items\n"
	"                    ir-opt     after LLVM's optimiser\n"
	"                    asm        assembly\n"
	"                    obj        the code object (default)\n"
	"                    meta       what the code object says about its kernels\n"
	"  --cpu=NAME      compile for this CPU, by LLVM's name for it (default: this machine's)\n"
	"  --time          say how long each stage took\n"
	"  --server        serve a runtime on descriptor 3 (see compiler/protocol.h)\n"
	"  --version       version, LLVM's version and CPU\n"
	"  --help          this text\n"
	"\n"
	"All other options are those of clBuildProgram: -D NAME[=VALUE], -I DIR,\n"
	"-cl-std=CL1.0|CL1.1|CL1.2|CL2.0|CL3.0 (default CL1.2), -w, -Werror, -g, and\n"
	"  -cl-opt-disable -cl-mad-enable -cl-fast-relaxed-math -cl-unsafe-math-optimizations\n"
	"  -cl-finite-math-only -cl-no-signed-zeros -cl-single-precision-constant\n"
	"  -cl-denorms-are-zero -cl-uniform-work-group-size\n"
	"\n"
	"Diagnostics go to standard error, in colour on a terminal.\n"
	"Exit status: 0; 1 the program has errors; 2 wrong usage.\n"
	"\n"
	"Examples:\n"
	"  hmmclc -cl-std=CL3.0 vadd.cl               makes vadd.o\n"
	"  hmmclc --emit=asm --cpu=x86-64-v3 vadd.cl  shows AVX2 code\n"
	"  hmmclc --emit=ir-wg vadd.cl                shows the loops over work-items\n";

struct CommandLine {
	Settings settings;
	std::string input, output, options;
	bool server = false;
};

bool parse_emit(const std::string &name, Emit &emit)
{
	static const struct { const char *name; Emit emit; } kinds[] = {
		{"ast", Emit::ast}, {"ir", Emit::ir}, {"ir-linked", Emit::ir_linked},
		{"ir-wg", Emit::ir_wg}, {"ir-opt", Emit::ir_opt}, {"asm", Emit::assembly},
		{"obj", Emit::object}, {"meta", Emit::meta},
	};

	for (const auto &kind : kinds) {
		if (name == kind.name) {
			emit = kind.emit;
			return true;
		}
	}
	return false;
}

int usage_error(const std::string &what)
{
	std::cerr << "hmmclc: " << what << "; try hmmclc --help\n";
	return 2;
}

/* An option for the build, quoted as parse_options() reads it. */
void add_option(std::string &options, const std::string &word)
{
	options += options.empty() ? "\"" : " \"";
	for (char c : word) {
		if (c == '"' || c == '\\')
			options += '\\';
		options += c;
	}
	options += '"';
}

/* Returns -1 to go on, or the exit status. */
int parse_command_line(int argc, char **argv, CommandLine &line)
{
	for (int i = 1; i < argc; i++) {
		std::string word = argv[i];

		if (word == "--help") {
			std::cout << help;
			return 0;
		} else if (word == "--version") {
			std::cout << identity(line.settings) << "\n";
			return 0;
		} else if (word == "--server") {
			line.server = true;
		} else if (word == "--time") {
			line.settings.time = true;
		} else if (word.rfind("--cpu=", 0) == 0) {
			line.settings.cpu = word.substr(6);
		} else if (word.rfind("--emit=", 0) == 0) {
			if (!parse_emit(word.substr(7), line.settings.emit))
				return usage_error("unknown --emit '" + word.substr(7) + "'");
		} else if (word == "-o") {
			if (++i == argc)
				return usage_error("-o needs a file");
			line.output = argv[i];
		} else if ((word == "-D" || word == "-I") && i + 1 < argc) {
			add_option(line.options, word);
			add_option(line.options, argv[++i]);
		} else if (word.size() > 1 && word[0] == '-') {
			add_option(line.options, word);
		} else if (line.input.empty()) {
			line.input = word;
		} else {
			return usage_error("more than one input file");
		}
	}
	return -1;
}

std::string default_output(const CommandLine &line)
{
	if (line.settings.emit != Emit::object)
		return "-";
	std::string name = line.input.substr(line.input.find_last_of('/') + 1);
	return name.substr(0, name.find_last_of('.')) + ".o";
}

int compile_file(CommandLine &line)
{
	Source source;

	if (line.input.empty())
		return usage_error("no input file");
	source.name = line.input == "-" ? "<stdin>" : line.input;
	std::ifstream file;
	if (line.input != "-")
		file.open(line.input, std::ios::binary);
	std::ostringstream text;
	text << (line.input == "-" ? std::cin.rdbuf() : file.rdbuf());
	if (line.input != "-" && !file.is_open()) {
		std::cerr << "hmmclc: cannot read '" << line.input << "': " << strerror(errno) << "\n";
		return 1;
	}
	source.text = text.str();
	recognise_spirv(source);

	line.settings.colour = isatty(STDERR_FILENO);
	Result result = build(line.options, source, line.settings);
	std::cerr << result.log;
	if (result.status == HMMCL_COMPILER_INVALID_OPTIONS)
		return 2;
	if (result.status != HMMCL_COMPILER_OK)
		return 1;

	std::string output = line.output.empty() ? default_output(line) : line.output;
	if (output == "-") {
		std::cout << result.output << std::flush;
		return std::cout.good() ? 0 : 1;
	}
	std::ofstream out(output, std::ios::binary);
	out << result.output << std::flush;
	if (!out.good()) {
		std::cerr << "hmmclc: cannot write '" << output << "': " << strerror(errno) << "\n";
		return 1;
	}
	return 0;
}

} // namespace

int main(int argc, char **argv)
{
	CommandLine line;
	int status = parse_command_line(argc, argv, line);

	/* Ignored, as some parents leave it, it would take away how our children ended. */
	signal(SIGCHLD, SIG_DFL);

	if (status >= 0)
		return status;
	if (line.server) {
		preload();
		return serve(HMMCL_COMPILER_FD, line.settings);
	}
	return compile_file(line);
}
