/* SPDX-License-Identifier: MIT */
/* Writes the text section that describes a code object (device_abi.h). */
#include "metadata.h"

#include "device_abi.h"

#include <cstdio>

namespace hmmcl {

namespace {

std::string escaped(const std::string &text)
{
	std::string out;

	for (unsigned char c : text) {
		char hex[8];

		if (c == '\t') {
			out += "\\t";
		} else if (c == '\n') {
			out += "\\n";
		} else if (c == '\\') {
			out += "\\\\";
		} else if (c < 0x20 || c == 0x7f) {
			snprintf(hex, sizeof(hex), "\\x%02X", c);
			out += hex;
		} else {
			out += static_cast<char>(c);
		}
	}
	return out;
}

class Lines {
public:
	template <typename... Fields> void add(const char *key, const Fields &...fields)
	{
		text += key;
		(field(fields), ...);
		text += '\n';
	}

	std::string text;

private:
	void field(const std::string &value) { text += '\t' + value; }
	void field(uint64_t value) { text += '\t' + std::to_string(value); }
	void field(uint32_t value) { text += '\t' + std::to_string(value); }
	void field(int value) { text += '\t' + std::to_string(value); }
};

void add_kernel(Lines &lines, const Kernel &kernel)
{
	lines.add("kernel", kernel.name, kernel.symbol);
	for (const Argument &arg : kernel.arguments)
		lines.add("arg", arg.offset, arg.size, std::string(arg.kind), arg.access,
			  arg.qualifiers, arg.type, escaped(arg.name));
	lines.add("args_size", kernel.args_size);
	for (size_t i = 0; i < kernel.arguments.size(); i++)
		if (kernel.arguments[i].pointee_align)
			lines.add("pointee_align", uint64_t(i), kernel.arguments[i].pointee_align);
	lines.add("local", kernel.local_size);
	lines.add("context", kernel.context_fixed, kernel.context_item);
	lines.add("private", kernel.private_size);
	if (kernel.reqd_size[0])
		lines.add("reqd_work_group_size", kernel.reqd_size[0], kernel.reqd_size[1],
			  kernel.reqd_size[2]);
	if (kernel.size_hint[0])
		lines.add("work_group_size_hint", kernel.size_hint[0], kernel.size_hint[1],
			  kernel.size_hint[2]);
	if (!kernel.vec_type_hint.empty())
		lines.add("vec_type_hint", kernel.vec_type_hint);
	if (!kernel.attributes.empty())
		lines.add("attributes", escaped(kernel.attributes));
	if (kernel.uniform_groups)
		lines.add("uniform_work_group_size", 1);
	if (kernel.uses_printf)
		lines.add("uses", std::string("printf"));
}

} // namespace

std::string metadata_text(const CodeObjectInfo &info)
{
	Lines lines;

	lines.add("hmmcl", HMMCL_DEVICE_ABI_VERSION);
	lines.add("options", escaped(info.options));
	lines.add("globals", info.globals_size);
	if (!info.init_symbol.empty())
		lines.add("init", info.init_symbol);
	if (!info.fini_symbol.empty())
		lines.add("fini", info.fini_symbol);
	for (size_t i = 0; i < info.formats.size(); i++)
		lines.add("printf", uint64_t(i), info.formats[i].types, escaped(info.formats[i].format));
	for (const Kernel &kernel : info.kernels)
		add_kernel(lines, kernel);
	return lines.text;
}

} // namespace hmmcl
