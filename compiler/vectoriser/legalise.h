/* SPDX-License-Identifier: MIT */
/* Stage P4: control flow as the widener wants it. */
#ifndef HMMCL_COMPILER_LEGALISE_H
#define HMMCL_COMPILER_LEGALISE_H

#include "vectoriser/shapes.h"

#include "llvm/Analysis/PostDominators.h"

#include <string>

namespace hmmcl {

/*
 * Vectors of OpenCL C become scalars.  Where lanes may part, control flow is structured: a branch
 * where they do either is the only exit of its loop, at the latch, or skips a part that comes back
 * to where it jumps; loops are in LCSSA form.  No instruction has flags that make poison, because
 * they would only hold for the lanes that take part.
 */
void legalise(llvm::Function &function, llvm::FunctionAnalysisManager &analyses);

/* Is it all that legalise() promises, and nothing the widener cannot do?  Otherwise @why says. */
bool is_legal(llvm::Function &function, const Shapes &shapes, const llvm::LoopInfo &loops,
	      const llvm::PostDominatorTree &post_dominators, std::string &why);

} // namespace hmmcl

#endif
