/* SPDX-License-Identifier: MIT */
/* Stage P6: blocks, masks and phi nodes. */
#include "vectoriser/widener.h"

#include "llvm/ADT/PostOrderIterator.h"
#include "llvm/IR/CFG.h"
#include "llvm/IR/Instructions.h"

using namespace llvm;

namespace hmmcl {

Widener::Widener(Function &from, unsigned width, const Shapes &shapes, const LoopInfo &loops,
		 const DominatorTree &dominators, const PostDominatorTree &post_dominators)
	: from(from), width(width), shapes(shapes), loops(loops), dominators(dominators),
	  post_dominators(post_dominators), context(from.getContext()), layout(from.getDataLayout()),
	  builder(context) {}

Type *Widener::wide_type(Type *type) const
{
	return FixedVectorType::get(type, width);
}

Value *Widener::all_lanes()
{
	return ConstantInt::getTrue(wide_type(builder.getInt1Ty()));
}

Value *Widener::mask_and(Value *mask, Value *condition)
{
	return mask ? builder.CreateLogicalAnd(mask, condition) : condition;
}

/*
 * Lanes part at the end of @before, which jumps over what it skips only if no lane wants to run
 * it: those that do not wait, and meet the others where @after comes to.
 */
bool Widener::is_deferring(const BasicBlock *before, const BasicBlock *after) const
{
	return before != after && dominators.properlyDominates(before, after) && shapes.parts(*before);
}

const Loop *Widener::divergent_loop_left_by(const BasicBlock &block) const
{
	const BasicBlock *before = block.getSinglePredecessor();
	const Loop *loop = before ? loops.getLoopFor(before) : nullptr;

	return loop && !loop->contains(&block) && shapes.is_divergent_loop(loop) ? loop : nullptr;
}

/* The mask in the header, which in a divergent loop loses lanes; trackers for what leaves it. */
Value *Widener::enter_loop(const Loop *loop)
{
	const BasicBlock *before = loop->getLoopPreheader();
	SmallVector<BasicBlock *, 2> exits;

	if (!shapes.is_divergent_loop(loop)) {
		/* All ways into the header have the same mask. */
		for (const BasicBlock *block : predecessors(loop->getHeader()))
			if (!loop->contains(block))
				return edge_mask(block, loop->getHeader());
		return nullptr;
	}

	Value *mask = edge_mask(before, loop->getHeader());
	PHINode *active = builder.CreatePHI(wide_type(builder.getInt1Ty()), 2, "active");

	active->addIncoming(mask ? mask : all_lanes(), ends[before]);
	loop_masks[loop] = active;
	loop->getUniqueExitBlocks(exits);
	for (const PHINode &phi : exits[0]->phis()) {
		if (shapes.of(&phi).is_affine())
			continue;
		PHINode *left = builder.CreatePHI(wide_type(phi.getType()), 2, phi.getName());

		left->addIncoming(PoisonValue::get(left->getType()), ends[before]);
		trackers[loop].push_back({left, &phi});
	}
	return active;
}

/* Lanes that come along each edge, with those that waited for them. */
Value *Widener::join_masks(const BasicBlock &block)
{
	SmallVector<const BasicBlock *, 4> from_blocks(predecessors(&block));

	if (from_blocks.size() == 1)
		return edge_mask(from_blocks[0], &block);
	if (none_of(from_blocks, [&](const BasicBlock *before) { return edge_mask(before, &block); }))
		return nullptr;

	PHINode *mask = builder.CreatePHI(wide_type(builder.getInt1Ty()), from_blocks.size(), "mask");
	for (const BasicBlock *before : from_blocks) {
		IRBuilder<> at(ends[before]->getTerminator());
		Value *lanes = edge_mask(before, &block);

		if (!lanes)
			lanes = all_lanes();
		for (const BasicBlock *waiting : from_blocks)
			if (is_deferring(waiting, before))
				lanes = at.CreateOr(lanes, edge_mask(waiting, &block));
		mask->addIncoming(lanes, ends[before]);
	}
	return mask;
}

Value *Widener::mask_of(const BasicBlock &block)
{
	const Loop *loop = loops.getLoopFor(&block);

	if (&block == &from.getEntryBlock())
		return nullptr;
	if (loop && loop->getHeader() == &block)
		return enter_loop(loop);
	if (const Loop *left = divergent_loop_left_by(block))
		return edge_mask(left->getLoopPreheader(), left->getHeader());

	/* Where all lanes come back that parted since the dominator, its mask is right. */
	const BasicBlock *dominator = dominators.getNode(&block)->getIDom()->getBlock();
	const BasicBlock *latch = loop ? loop->getLoopLatch() : nullptr;
	if (loops.getLoopFor(dominator) == loop && post_dominators.dominates(&block, dominator) &&
	    (!loop || (latch && dominators.dominates(&block, latch))))
		return masks.lookup(dominator);
	return join_masks(block);
}

void Widener::widen_phi(const PHINode &phi)
{
	const BasicBlock *block = phi.getParent();
	const Loop *loop = loops.getLoopFor(block);
	bool wide = !shapes.of(&phi).is_affine();

	if (loop && loop->getHeader() == block) {
		PHINode *copy = builder.CreatePHI(wide ? wide_type(phi.getType()) : phi.getType(), 2, phi.getName());

		(wide ? vectors : scalars)[&phi] = copy;
		open_phis.push_back({copy, &phi, wide});
		return;
	}
	if (wide && divergent_loop_left_by(*block))
		return;		/* the tracker, from the latch on */

	PHINode *copy = builder.CreatePHI(wide ? wide_type(phi.getType()) : phi.getType(),
					  phi.getNumIncomingValues(), phi.getName());
	for (unsigned i = 0; i < phi.getNumIncomingValues(); i++) {
		const BasicBlock *before = phi.getIncomingBlock(i);
		const Value *value = phi.getIncomingValue(i);
		IRBuilder<>::InsertPointGuard guard(builder);
		Value *result = nullptr;

		builder.SetInsertPoint(ends[before]->getTerminator());
		if (!isa<UndefValue>(value))
			result = wide ? vector(value) : scalar(value);
		for (unsigned j = 0; j < phi.getNumIncomingValues(); j++) {
			const BasicBlock *waiting = phi.getIncomingBlock(j);
			const Value *other = phi.getIncomingValue(j);

			if (!is_deferring(waiting, before) || isa<UndefValue>(other))
				continue;
			if (!wide)
				result = result ? result : scalar(other);
			else if (!result)
				result = vector(other);
			else
				result = builder.CreateSelect(edge_mask(waiting, block), vector(other), result);
		}
		copy->addIncoming(result ? result : PoisonValue::get(copy->getType()), ends[before]);
	}
	(wide ? vectors : scalars)[&phi] = copy;
}

void Widener::leave_divergent_latch(const BasicBlock &block, Value *mask)
{
	auto *branch = cast<BranchInst>(block.getTerminator());
	const Loop *loop = loops.getLoopFor(&block);
	bool exit_first = !loop->contains(branch->getSuccessor(0));
	const BasicBlock *exit = branch->getSuccessor(exit_first ? 0 : 1), *header = loop->getHeader();
	Value *condition = vector(branch->getCondition()), *opposite = builder.CreateNot(condition);
	Value *go_on = mask_and(mask, exit_first ? opposite : condition);
	Value *leave = mask_and(mask, exit_first ? condition : opposite);

	for (const Tracker &tracker : trackers[loop]) {
		const Value *value = tracker.outside->getIncomingValueForBlock(&block);
		Value *last = isa<UndefValue>(value) ? tracker.in_loop :
			builder.CreateSelect(leave, vector(value), tracker.in_loop);

		tracker.in_loop->addIncoming(last, ends[&block]);
		vectors[tracker.outside] = last;
	}
	loop_masks[loop]->addIncoming(go_on, ends[&block]);
	edges[{&block, header}] = go_on;
	builder.CreateCondBr(builder.CreateOrReduce(go_on), starts[header], starts[exit]);
}

void Widener::widen_terminator(const BasicBlock &block, Value *mask)
{
	const Instruction *end = block.getTerminator();
	const Loop *loop = loops.getLoopFor(&block);

	if (isa<ReturnInst>(end)) {
		builder.CreateRetVoid();
		return;
	}
	if (!shapes.parts(block)) {
		Instruction *copy = end->clone();

		for (const BasicBlock *next : successors(&block))
			edges[{&block, next}] = mask;
		for (Use &operand : copy->operands()) {
			if (auto *target = dyn_cast<BasicBlock>(operand))
				operand.set(starts[target]);
			else if (!isa<Constant>(operand))
				operand.set(scalar(operand));
		}
		copy->setMetadata(LLVMContext::MD_loop, nullptr);
		builder.Insert(copy);
		return;
	}
	if (loop && loop->getLoopLatch() == &block && loop->isLoopExiting(&block)) {
		leave_divergent_latch(block, mask);
		return;
	}

	auto *branch = cast<BranchInst>(end);
	bool first = !post_dominators.dominates(branch->getSuccessor(0), &block);
	const BasicBlock *part = branch->getSuccessor(first ? 0 : 1), *after = branch->getSuccessor(first ? 1 : 0);
	Value *condition = vector(branch->getCondition()), *opposite = builder.CreateNot(condition);
	Value *enter = mask_and(mask, first ? condition : opposite);

	edges[{&block, part}] = enter;
	edges[{&block, after}] = mask_and(mask, first ? opposite : condition);
	builder.CreateCondBr(builder.CreateOrReduce(enter), starts[part], starts[after]);
}

void Widener::close_phis()
{
	for (const OpenPhi &phi : open_phis) {
		for (unsigned i = 0; i < phi.from->getNumIncomingValues(); i++) {
			BasicBlock *before = ends[phi.from->getIncomingBlock(i)];
			const Value *value = phi.from->getIncomingValue(i);
			Value *result;

			builder.SetInsertPoint(before->getTerminator());
			if (isa<UndefValue>(value))
				result = PoisonValue::get(phi.to->getType());
			else
				result = phi.wide ? vector(value) : scalar(value);
			phi.to->addIncoming(result, before);
		}
	}
}

bool Widener::run(Function &target, std::string &why)
{
	ReversePostOrderTraversal<Function *> order(&from);

	to = &target;
	for (llvm::Argument &argument : from.args())
		scalars[&argument] = to->getArg(argument.getArgNo());
	for (const BasicBlock *block : order)
		starts[block] = BasicBlock::Create(context, block->getName(), to);
	for (const BasicBlock *block : order) {
		builder.SetInsertPoint(starts[block]);
		Value *mask = mask_of(*block);

		masks[block] = mask;
		for (const PHINode &phi : block->phis())
			widen_phi(phi);
		for (const Instruction &i : *block)
			if (!isa<PHINode>(i) && !i.isTerminator() && !widen(i, mask, why))
				return false;
		ends[block] = builder.GetInsertBlock();
		widen_terminator(*block, mask);
	}
	close_phis();
	return true;
}

} // namespace hmmcl
