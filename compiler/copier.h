/* SPDX-License-Identifier: MIT */
/* Copies functions from one module to another, with what they mention. */
#ifndef HMMCL_COMPILER_COPIER_H
#define HMMCL_COMPILER_COPIER_H

#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/IR/Module.h"
#include "llvm/Transforms/Utils/ValueMapper.h"

#include <string>

namespace hmmcl {

/* Gives a function's definition in some module of the library, or null: then it stays a declaration. */
using FindDefinition = llvm::function_ref<llvm::Function *(llvm::StringRef name)>;

/*
 * LLVM's linker would do it too, but it wants to own what it copies from and destroys all of its
 * declarations each time.  Sources may be lazy modules of the target's context.
 */
class Copier : public llvm::ValueMaterializer {
public:
	Copier(llvm::Module &target, FindDefinition find) : target(target), find(find) {}

	/* Makes @declaration, a function of the target, a copy of @definition. */
	void want(llvm::Function &definition, llvm::Function &declaration);

	/* Copies all that is wanted, and what that wants; on failure appends to @log, returns false. */
	bool run(std::string &log);

	/* The target's counterpart of a global value that a copied function mentions. */
	llvm::Value *materialize(llvm::Value *value) override;

private:
	llvm::Value *counterpart(llvm::Function &function);
	llvm::Value *counterpart(llvm::GlobalVariable &variable);
	bool copy_body(llvm::Function &from, std::string &log);

	llvm::Module &target;
	FindDefinition find;
	llvm::ValueToValueMapTy map;
	llvm::SmallVector<llvm::Function *, 32> wanted;
};

} // namespace hmmcl

#endif
