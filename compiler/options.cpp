/* SPDX-License-Identifier: MIT */
/* Build options: splitting the string, checking each option, translating it for Clang. */
#include "options.h"

extern "C" {
#include "words.h"
}

#include <algorithm>
#include <cctype>

namespace hmmcl {

namespace {

bool split(const std::string &text, std::vector<std::string> &words, std::string &error)
{
	std::string word(text.size(), '\0');
	const char *rest = text.c_str();
	size_t length;

	for (;;) {
		switch (hmmcl_word_next(&rest, word.data(), &length)) {
		case HMMCL_WORD_TAKEN:
			words.push_back(word.substr(0, length));
			break;
		case HMMCL_WORD_END:
			return true;
		case HMMCL_WORD_OPEN_QUOTE:
			error = "a quote is not closed";
			return false;
		}
	}
}

enum Action : unsigned {
	pass = 1,	/* give it to Clang */
	accept = 2,	/* legal, and nothing to do for this device */
	no_opt = 4,
	debug = 8,
	fast = 16,
	uniform = 32,
	library = 64,
};

enum Where : unsigned { compiling = 1, linking = 2 };

struct Known {
	const char *name;
	unsigned where;
	unsigned action;
};

/*
 * Accepted without effect: x86 keeps denormals at no cost and rounds division and square root
 * correctly, kernel argument information is always recorded, sub-groups make progress also where
 * nobody relies on it, and library options have one meaning here.
 */
const Known known[] = {
	{"-cl-single-precision-constant", compiling, pass},
	{"-cl-denorms-are-zero", compiling | linking, accept},
	{"-cl-fp32-correctly-rounded-divide-sqrt", compiling, accept},
	{"-cl-opt-disable", compiling, no_opt},
	{"-cl-strict-aliasing", compiling, accept},
	{"-cl-uniform-work-group-size", compiling | linking, pass | uniform},
	{"-cl-no-subgroup-ifp", compiling | linking, accept},
	{"-cl-mad-enable", compiling, pass},
	{"-cl-no-signed-zeros", compiling | linking, pass},
	{"-cl-unsafe-math-optimizations", compiling | linking, pass},
	{"-cl-finite-math-only", compiling | linking, pass},
	{"-cl-fast-relaxed-math", compiling | linking, pass | fast},
	{"-cl-kernel-arg-info", compiling, accept},
	{"-w", compiling, pass},
	{"-Werror", compiling, pass},
	{"-g", compiling, debug},
	{"-create-library", linking, library},
	{"-enable-link-options", linking, accept},
};

const char *const standards[] = {"CL1.0", "CL1.1", "CL1.2", "CL2.0", "CL3.0"};

bool apply(const Known &option, Options &options)
{
	if (option.action & pass)
		options.language.push_back(option.name);
	if (option.action & no_opt)
		options.optimise = false;
	if (option.action & debug)
		options.debug = true;
	if (option.action & fast)
		options.fast_math = true;
	if (option.action & uniform)
		options.uniform_groups = true;
	if (option.action & library)
		options.create_library = true;
	return true;
}

bool parse_standard(const std::string &value, Options &options, std::string &error)
{
	for (const char *standard : standards) {
		if (value == standard) {
			options.standard = value;
			return true;
		}
	}
	error = "unknown language version '" + value + "': CL1.0, CL1.1, CL1.2, CL2.0 and CL3.0 are known";
	return false;
}

/* -D NAME, -DNAME=VALUE, -I DIR, -IDIR */
bool parse_preprocessor(const std::vector<std::string> &words, size_t &i, Options &options,
			std::string &error)
{
	std::string flag = words[i].substr(0, 2);
	std::string value = words[i].substr(2);

	if (value.empty()) {
		if (i + 1 == words.size()) {
			error = "'" + flag + "' needs a value";
			return false;
		}
		value = words[++i];
	}
	if (flag == "-D" && !(isalpha(static_cast<unsigned char>(value[0])) || value[0] == '_')) {
		error = "'" + value + "' is not a macro's name";
		return false;
	}
	options.preprocessor.push_back(flag);
	options.preprocessor.push_back(value);
	return true;
}

bool parse_word(const std::vector<std::string> &words, size_t &i, Entry entry, Options &options,
		std::string &error)
{
	const std::string &word = words[i];
	unsigned where = entry == Entry::compile ? compiling :
			 entry == Entry::link ? linking : compiling;

	for (const Known &option : known) {
		if (word != option.name)
			continue;
		if (!(option.where & where)) {
			error = "'" + word + "' is not an option of " +
				(entry == Entry::link ? "the linker" : "the compiler");
			return false;
		}
		return apply(option, options);
	}
	if (entry != Entry::link) {
		if (word.compare(0, 8, "-cl-std=") == 0)
			return parse_standard(word.substr(8), options, error);
		if (word.compare(0, 2, "-D") == 0 || word.compare(0, 2, "-I") == 0)
			return parse_preprocessor(words, i, options, error);
	}
	error = "unknown option '" + word + "'";
	return false;
}

} // namespace

bool parse_options(const std::string &text, Entry entry, Options &options, std::string &error)
{
	std::vector<std::string> words;

	options.text = text;
	if (!split(text, words, error))
		return false;
	for (size_t i = 0; i < words.size(); i++)
		if (!parse_word(words, i, entry, options, error))
			return false;
	if (std::count(words.begin(), words.end(), "-enable-link-options") && !options.create_library) {
		error = "'-enable-link-options' needs '-create-library'";
		return false;
	}
	/* OpenCL C 1.x knows no other groups, and the runtime refuses to enqueue them. */
	if ((entry == Entry::build || entry == Entry::compile) && options.standard < "CL2.0")
		options.uniform_groups = true;
	return true;
}

} // namespace hmmcl
