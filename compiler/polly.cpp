/* SPDX-License-Identifier: MIT */
/*
 * Debian builds Clang with Polly as an extension whose library is a package of its own.  Clang's
 * back end asks for it even where it runs no pass, so here is an extension that does nothing.
 */
#include "llvm/Passes/PassPlugin.h"

llvm::PassPluginLibraryInfo getPollyPluginInfo();

llvm::PassPluginLibraryInfo getPollyPluginInfo()
{
	return {LLVM_PLUGIN_API_VERSION, "none", "", [](llvm::PassBuilder &) {}};
}
