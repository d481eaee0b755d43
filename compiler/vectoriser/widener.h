/* SPDX-License-Identifier: MIT */
/* Stage P6: what the parts of the widener share. */
#ifndef HMMCL_COMPILER_WIDENER_H
#define HMMCL_COMPILER_WIDENER_H

#include "vectoriser/legalise.h"
#include "vectoriser/shapes.h"
#include "workgroup/workgroup.h"

#include "llvm/IR/Dominators.h"

namespace hmmcl {

/*
 * Copies a legal item function to one W items wide.  A block runs if any lane takes part; its
 * mask says which.  No mask (null) means all of them.  Masks are combined by select, never by
 * and: a condition may be poison in lanes that take no part.
 */
class Widener {
public:
	Widener(llvm::Function &from, unsigned width, const Shapes &shapes, const llvm::LoopInfo &loops,
		const llvm::DominatorTree &dominators, const llvm::PostDominatorTree &post_dominators);

	/* False: @why says what cannot be widened, and the result is unusable. */
	bool run(llvm::Function &to, std::string &why);

private:
	using Edge = std::pair<const llvm::BasicBlock *, const llvm::BasicBlock *>;

	struct OpenPhi {
		llvm::PHINode *to;
		const llvm::PHINode *from;
		bool wide;
	};

	/* In a divergent loop: the value with which each lane has left it. */
	struct Tracker {
		llvm::PHINode *in_loop;
		const llvm::PHINode *outside;
	};

	/* widener.cpp: control flow */
	llvm::Type *wide_type(llvm::Type *type) const;
	llvm::Value *all_lanes();
	llvm::Value *mask_and(llvm::Value *mask, llvm::Value *condition);
	llvm::Value *edge_mask(const llvm::BasicBlock *from, const llvm::BasicBlock *to) { return edges.lookup({from, to}); }
	bool is_deferring(const llvm::BasicBlock *before, const llvm::BasicBlock *after) const;
	llvm::Value *enter_loop(const llvm::Loop *loop);
	llvm::Value *join_masks(const llvm::BasicBlock &block);
	llvm::Value *mask_of(const llvm::BasicBlock &block);
	void widen_phi(const llvm::PHINode &phi);
	void leave_divergent_latch(const llvm::BasicBlock &block, llvm::Value *mask);
	void widen_terminator(const llvm::BasicBlock &block, llvm::Value *mask);
	void close_phis();
	const llvm::Loop *divergent_loop_left_by(const llvm::BasicBlock &block) const;

	/* values.cpp: scalars, vectors, operations */
	llvm::Value *scalar(const llvm::Value *value);
	llvm::Value *vector(const llvm::Value *value);
	llvm::Value *vector_exact(const llvm::Value *value, llvm::DenseMap<const llvm::Value *, llvm::Value *> &done);
	llvm::Value *operate(const llvm::Instruction &i, llvm::Value *mask,
			     llvm::function_ref<llvm::Value *(const llvm::Value *)> operand);
	bool widen(const llvm::Instruction &i, llvm::Value *mask, std::string &why);
	bool widen_call(const llvm::CallInst &call, llvm::Value *mask, std::string &why);
	void copy_scalar(const llvm::Instruction &i);

	/* memory.cpp: loads, stores, one lane after another */
	void widen_variable(const llvm::AllocaInst &variable);
	void widen_load(const llvm::LoadInst &load, llvm::Value *mask);
	void widen_store(const llvm::StoreInst &store, llvm::Value *mask);
	llvm::Value *wraps(const llvm::Value *address);
	llvm::Value *load_near(const llvm::LoadInst &load, llvm::Value *mask);
	llvm::Value *load_far(const llvm::LoadInst &load, llvm::Value *mask);
	void store_near(const llvm::StoreInst &store, llvm::Value *mask);
	void store_far(const llvm::StoreInst &store, llvm::Value *mask);
	bool is_near(const llvm::Value *address, llvm::Type *type) const;
	llvm::Value *last_lane(llvm::Value *mask);
	void serialise(const llvm::Instruction &i, llvm::Value *mask);
	llvm::Value *one_lane(const llvm::Instruction &i, llvm::function_ref<llvm::Value *(const llvm::Value *)> operand);
	llvm::AllocaInst *scratch(llvm::Type *element);
	void mark_life(llvm::AllocaInst *variable, bool start);

	llvm::Function &from;
	const unsigned width;
	const Shapes &shapes;
	const llvm::LoopInfo &loops;
	const llvm::DominatorTree &dominators;
	const llvm::PostDominatorTree &post_dominators;
	llvm::LLVMContext &context;
	const llvm::DataLayout &layout;
	llvm::IRBuilder<> builder;
	llvm::Function *to = nullptr;

	llvm::DenseMap<const llvm::Value *, llvm::Value *> scalars, vectors;
	llvm::DenseMap<const llvm::BasicBlock *, llvm::BasicBlock *> starts, ends;	/* of a block's copy */
	llvm::DenseMap<const llvm::BasicBlock *, llvm::Value *> masks;
	llvm::DenseMap<Edge, llvm::Value *> edges;
	llvm::DenseMap<const llvm::Loop *, llvm::PHINode *> loop_masks;
	llvm::DenseMap<const llvm::Loop *, llvm::SmallVector<Tracker, 4>> trackers;
	llvm::SmallVector<OpenPhi, 16> open_phis;
};

} // namespace hmmcl

#endif
