/* SPDX-License-Identifier: MIT */
/* The code generator: x86-64 IR to an ELF object or to assembly. */
#ifndef HMMCL_COMPILER_CODEGEN_H
#define HMMCL_COMPILER_CODEGEN_H

#include <memory>
#include <string>

namespace llvm {
class Module;
class TargetMachine;
}

namespace hmmcl {

/* @cpu: LLVM's name, or empty for this machine's with its features.  Null: @log says why. */
std::unique_ptr<llvm::TargetMachine> make_target(const std::string &cpu, bool optimise,
						 std::string &log);

/* The CPU and features that make_target() would choose. */
std::string describe_target(const std::string &cpu);

/* Adds @meta as the section of device_abi.h, then writes the object, or assembly, to @output. */
bool generate_code(llvm::Module &module, llvm::TargetMachine &machine, const std::string &meta,
		   bool assembly, std::string &output, std::string &log);

} // namespace hmmcl

#endif
