/* SPDX-License-Identifier: MIT */
/*
 * A tool of the build: cuts the built-in library's bitcode into groups of functions and writes
 * them with an index (library_format.h).
 *
 *   library_pack BUILTINS.BC OUTPUT
 */
#include "copier.h"
#include "library_format.h"

#include "llvm/Bitcode/BitcodeWriter.h"
#include "llvm/IR/LLVMContext.h"
#include "llvm/IRReader/IRReader.h"
#include "llvm/Support/SourceMgr.h"
#include "llvm/Support/raw_ostream.h"

#include <fstream>
#include <map>
#include <vector>

using namespace llvm;
using namespace hmmcl;

namespace {

struct Group {
	std::vector<Function *> functions;
	std::string bitcode;
};

/*
 * Functions of one group are those that a program which wants one of them is likely to want: all
 * overloads of a name.  A fast variant is in its function's group; conversions to one type are one
 * group, whatever they round to.
 */
std::string group_name(StringRef symbol)
{
	size_t start = symbol.find("_Z");
	size_t length = 0;

	if (start == StringRef::npos || symbol.substr(start + 2).consumeInteger(10, length))
		return symbol.str();
	StringRef rest = symbol.substr(start + 2).ltrim("0123456789");
	StringRef name = rest.substr(0, length);
	if (name.starts_with("convert_"))
		name = name.substr(0, name.find('_', sizeof("convert_") - 1));
	return name.str();
}

/* A module of its own for @group; what it calls of other groups is declared only. */
bool cut_out(Module &library, Group &group)
{
	Module module("built-in library", library.getContext());
	std::string log;

	module.setTargetTriple(library.getTargetTriple());
	module.setDataLayout(library.getDataLayout());
	Copier copier(module, [](StringRef) { return nullptr; });
	for (Function *function : group.functions)
		copier.want(*function, *Function::Create(function->getFunctionType(),
							 GlobalValue::ExternalLinkage,
							 function->getName(), module));
	if (!copier.run(log)) {
		errs() << log;
		return false;
	}
	raw_string_ostream out(group.bitcode);
	WriteBitcodeToFile(module, out);
	return true;
}

template <typename T> void append(std::string &bytes, const T &value)
{
	bytes.append(reinterpret_cast<const char *>(&value), sizeof(value));
}

std::string assemble(const std::map<std::string, Group> &groups)
{
	std::map<std::string, uint32_t> functions;	/* name to group: sorted as strcmp() does */
	std::string table, index, names, modules, bytes;
	uint32_t number = 0;

	for (const auto &[name, group] : groups) {
		for (const Function *function : group.functions)
			functions[function->getName().str()] = number;
		number++;
	}
	append(bytes, library_header{number, static_cast<uint32_t>(functions.size())});
	size_t names_at = bytes.size() + groups.size() * sizeof(library_group) +
			  functions.size() * sizeof(library_function);
	for (const auto &[name, group] : functions) {
		append(index, library_function{static_cast<uint32_t>(names_at + names.size()), group});
		names += name + '\0';
	}
	names.resize(names.size() + (-(names_at + names.size()) & 7));
	for (const auto &[name, group] : groups) {
		append(table, library_group{static_cast<uint32_t>(names_at + names.size() + modules.size()),
					    static_cast<uint32_t>(group.bitcode.size())});
		modules += group.bitcode;
		modules.resize(modules.size() + (-modules.size() & 7));
	}
	return bytes + table + index + names + modules;
}

} // namespace

int main(int argc, char **argv)
{
	LLVMContext context;
	SMDiagnostic problem;
	std::map<std::string, Group> groups;

	if (argc != 3) {
		errs() << "usage: library_pack BUILTINS.BC OUTPUT\n";
		return 2;
	}
	std::unique_ptr<Module> library = parseIRFile(argv[1], problem, context);
	if (!library) {
		problem.print(argv[0], errs());
		return 1;
	}
	for (Function &function : *library)
		if (!function.isDeclaration() && !function.hasLocalLinkage())
			groups[group_name(function.getName())].functions.push_back(&function);
	for (auto &[name, group] : groups)
		if (!cut_out(*library, group))
			return 1;

	std::ofstream out(argv[2], std::ios::binary);
	out << assemble(groups) << std::flush;
	if (!out.good()) {
		errs() << argv[0] << ": cannot write " << argv[2] << "\n";
		return 1;
	}
	return 0;
}
