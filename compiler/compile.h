/* SPDX-License-Identifier: MIT */
/* What hmmclc does for a request: the three entry points of the OpenCL API, from text to bytes. */
#ifndef HMMCL_COMPILER_COMPILE_H
#define HMMCL_COMPILER_COMPILE_H

#include "frontend.h"
#include "protocol.h"

#include <string>
#include <vector>

namespace hmmcl {

/* How far to go, for people who look at the stages; a build goes to the object. */
enum class Emit { ast, ir, ir_linked, ir_wg, ir_opt, assembly, object, meta };

/* HMMCL_VECTOR_WIDTH, a power of two up to 64; 1 if it is not set. */
unsigned default_vector_width();

struct Settings {
	std::string cpu;		/* LLVM's name of the CPU; empty: this machine's */
	bool colour = false;		/* in diagnostics */
	bool time = false;		/* say in the log how long each stage took */
	unsigned vector_width = default_vector_width();	/* items side by side; 1: one after another */
	Emit emit = Emit::object;
};

struct Result {
	hmmcl_compiler_status status = HMMCL_COMPILER_FAILED;
	std::string log;
	std::string output;		/* code object, bitcode, or what Settings::emit asks for */
	std::string files;		/* protocol.h: what else the output depends on */
};

/* Loads what all requests share, before the first fork. */
void preload();

/* A string that changes with anything that changes the output. */
std::string identity(const Settings &settings);

/* clBuildProgram: to a code object. */
Result build(const std::string &options, const Source &source, const Settings &settings);

/* clCompileProgram: to bitcode, not linked with the built-in library. */
Result compile(const std::string &options, const Source &source, const Settings &settings);

/* clLinkProgram: bitcode to a code object, or with -create-library to bitcode. */
Result link(const std::string &options, const std::vector<std::string> &inputs,
	    const Settings &settings);

} // namespace hmmcl

#endif
