/* SPDX-License-Identifier: MIT */
/* Stage P5: how a value differs between the items of a chunk. */
#ifndef HMMCL_COMPILER_SHAPES_H
#define HMMCL_COMPILER_SHAPES_H

#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/Analysis/LoopInfo.h"
#include "llvm/Analysis/UniformityAnalysis.h"
#include "llvm/IR/Operator.h"
#include "llvm/IR/PassManager.h"

#include <cstdint>

namespace hmmcl {

/*
 * Affine: lane l has lane 0's value plus l times the stride (bytes for pointers), in the type's
 * arithmetic; stride 0 is the same in all lanes.  Such values are kept as lane 0's scalar, which is
 * computed even where lane 0 takes no part.
 */
struct Shape {
	enum Kind { unknown, affine, varying } kind = unknown;
	int64_t stride = 0;
	uint64_t align = 1;	/* a power of two that divides lane 0's value */
	bool guarded = false;	/* only while no extension in it wraps round between the lanes */

	bool operator==(const Shape &other) const
	{
		return kind == other.kind && stride == other.stride && align == other.align &&
		       guarded == other.guarded;
	}
	bool is_affine() const { return kind == affine; }
	bool is_same() const { return kind == affine && !stride && !guarded; }
};

class Shapes {
public:
	Shapes(llvm::Function &function, unsigned width, llvm::UniformityInfo &uniformity,
	       const llvm::LoopInfo &loops);

	Shape of(const llvm::Value *value) const;

	/* Is @value an extension that may wrap round?  wraps() tells whether it does. */
	bool introduces_guard(const llvm::Value *value) const { return guards.contains(value); }

	/* The extensions that must not wrap round for @value to be affine. */
	llvm::SmallVector<const llvm::Instruction *, 4> guards_of(const llvm::Value *value) const;

	bool is_uniform(const llvm::Value *value) const;
	bool parts(const llvm::BasicBlock &block) const { return uniformity.hasDivergentTerminator(block); }
	bool any_parts() const { return divergent; }
	bool is_divergent_loop(const llvm::Loop *loop) const;

private:
	Shape compute(const llvm::Instruction &i);
	Shape compute_phi(const llvm::PHINode &phi) const;
	Shape compute_extension(const llvm::Instruction &i, unsigned bits, bool is_signed);
	Shape compute_mask(const llvm::Instruction &i);
	Shape compute_address(const llvm::GEPOperator &address) const;
	Shape compute_shift(const llvm::Instruction &i) const;
	uint64_t known_alignment(const llvm::LoadInst &load) const;

	llvm::Function &function;
	const unsigned width;
	llvm::UniformityInfo &uniformity;
	const llvm::LoopInfo &loops;
	const llvm::DataLayout &layout;
	bool divergent = false;
	llvm::DenseMap<const llvm::Value *, Shape> shapes;
	llvm::DenseSet<const llvm::Value *> guards;
};

/* For analysis managers: where the items of a chunk differ, for uniformity analysis. */
void register_lane_divergence(llvm::FunctionAnalysisManager &analyses);

} // namespace hmmcl

#endif
