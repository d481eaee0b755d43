/* SPDX-License-Identifier: MIT */
/* What this compiler is: the linker's build id covers its code, LLVM's and what it carries. */
#include "compile.h"

#include "codegen.h"
#include "device_abi.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Config/llvm-config.h"

#include <elf.h>
#include <link.h>

using namespace llvm;

namespace hmmcl {

namespace {

int find_build_id(struct dl_phdr_info *info, size_t, void *result)
{
	for (unsigned i = 0; i < info->dlpi_phnum; i++) {
		if (info->dlpi_phdr[i].p_type != PT_NOTE)
			continue;
		const char *at = reinterpret_cast<const char *>(info->dlpi_addr + info->dlpi_phdr[i].p_vaddr);
		const char *end = at + info->dlpi_phdr[i].p_memsz;

		while (at + sizeof(ElfW(Nhdr)) <= end) {
			auto *note = reinterpret_cast<const ElfW(Nhdr) *>(at);
			const char *name = at + sizeof(*note);
			const char *text = name + ((note->n_namesz + 3) & ~3u);

			if (note->n_type == NT_GNU_BUILD_ID && StringRef(name, note->n_namesz) == StringRef("GNU", 4)) {
				*static_cast<std::string *>(result) =
					toHex(StringRef(text, note->n_descsz), true);
				return 1;
			}
			at = text + ((note->n_descsz + 3) & ~3u);
		}
	}
	return 1;	/* the first object is the program itself */
}

} // namespace

std::string identity(const Settings &settings)
{
	std::string build_id;

	dl_iterate_phdr(find_build_id, &build_id);
	return "hmmclc " HMMCL_VERSION ", LLVM " LLVM_VERSION_STRING ", device ABI " +
	       std::to_string(HMMCL_DEVICE_ABI_VERSION) + ", build " + build_id + ", CPU " +
	       describe_target(settings.cpu) + ", width " + std::to_string(settings.vector_width);
}

} // namespace hmmcl
