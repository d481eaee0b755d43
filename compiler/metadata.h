/* SPDX-License-Identifier: MIT */
/* What a code object says about itself: the text section of device_abi.h. */
#ifndef HMMCL_COMPILER_METADATA_H
#define HMMCL_COMPILER_METADATA_H

#include <cstdint>
#include <string>
#include <vector>

namespace hmmcl {

struct Argument {
	uint64_t offset = 0;
	uint64_t size = 0;
	const char *kind = "value";
	std::string access = "none";
	std::string qualifiers = "none";
	std::string type;
	std::string name;
	uint64_t pointee_align = 0;	/* of a local argument */
};

struct Kernel {
	std::string name;
	std::string symbol;		/* of the work-group function */
	std::vector<Argument> arguments;
	uint64_t args_size = 0;
	uint64_t local_size = 0;	/* static local memory, bytes */
	uint64_t context_fixed = 0;
	uint64_t context_item = 0;
	uint64_t private_size = 0;
	uint32_t reqd_size[3] = {};	/* all zero: not required */
	uint32_t size_hint[3] = {};
	std::string vec_type_hint;
	std::string attributes;
	bool uses_printf = false;
	bool uniform_groups = false;	/* the code relies on no group being smaller than the others */
};

struct PrintfFormat {
	std::string types;
	std::string format;
};

struct CodeObjectInfo {
	std::string options;
	uint64_t globals_size = 0;
	std::string init_symbol, fini_symbol;
	std::vector<PrintfFormat> formats;
	std::vector<Kernel> kernels;
};

/* The lines of the section. */
std::string metadata_text(const CodeObjectInfo &info);

} // namespace hmmcl

#endif
