/* SPDX-License-Identifier: MIT */
/* Stage P7: what lives across barriers. */
#include "workgroup/regions.h"

#include "llvm/IR/InstIterator.h"
#include "llvm/IR/IntrinsicInst.h"
#include "llvm/Transforms/Utils/Local.h"

#include <optional>

using namespace llvm;

namespace hmmcl {

namespace {

/* The block in which a use wants its value: for a phi node the end of the incoming block. */
BasicBlock *block_of_use(const Use &use)
{
	auto *user = cast<Instruction>(use.getUser());

	if (auto *phi = dyn_cast<PHINode>(user))
		return phi->getIncomingBlock(use);
	return user->getParent();
}

class CrossingResolver {
public:
	CrossingResolver(Regions &regions, const ValueSet &uniform)
		: regions(regions), uniform(uniform), function(*regions.prologue->getParent()) {}

	Crossing run()
	{
		if (regions.regions.size() == 1)
			return crossing;
		find_arrays();
		recompute_cheap();
		demote();
		return crossing;
	}

private:
	using BlockSet = SmallPtrSet<BasicBlock *, 16>;

	/* Blocks of @region that an item can reach from the barrier without running @without. */
	static BlockSet reach(const Region &region, const BlockSet &without)
	{
		SmallVector<BasicBlock *, 32> work;
		BlockSet reached;

		auto visit = [&](BasicBlock *block) {
			if (region.blocks.contains(block) && !without.contains(block) &&
			    reached.insert(block).second)
				work.push_back(block);
		};
		visit(region.entry);
		while (!work.empty())
			for (BasicBlock *next : successors(work.pop_back_val()))
				visit(next);
		return reached;
	}

	/* Blocks where what @definers define may be seen from a former region. */
	BlockSet foreign_to(const BlockSet &definers)
	{
		BlockSet blocks;

		for (const Region &region : regions.regions) {
			BlockSet reached = reach(region, definers);

			blocks.insert(reached.begin(), reached.end());
		}
		return blocks;
	}

	static bool used_elsewhere(const Instruction &value)
	{
		return any_of(value.uses(), [&](const Use &use) { return block_of_use(use) != value.getParent(); });
	}

	/* All instructions that use an address derived from @variable; false if it escapes. */
	static bool collect_users(AllocaInst &variable, SmallVectorImpl<Instruction *> &users)
	{
		SmallVector<Value *, 16> work = {&variable};
		SmallPtrSet<Value *, 16> seen;

		while (!work.empty()) {
			Value *value = work.pop_back_val();

			if (!seen.insert(value).second)
				continue;
			for (const Use &use : value->uses()) {
				auto *user = cast<Instruction>(use.getUser());

				users.push_back(user);
				if (isa<GetElementPtrInst, AddrSpaceCastInst, BitCastInst, PHINode, SelectInst>(user))
					work.push_back(user);
				else if (auto *store = dyn_cast<StoreInst>(user)) {
					if (use.getOperandNo() != store->getPointerOperandIndex())
						return false;
				} else if (!isa<LoadInst, MemIntrinsic, IntrinsicInst, ICmpInst>(user)) {
					return false;
				}
			}
		}
		return true;
	}

	bool array_crosses(AllocaInst &variable)
	{
		SmallVector<Instruction *, 32> users;
		BlockSet starts;
		SmallVector<BasicBlock *, 32> blocks;

		if (!collect_users(variable, users))
			return true;
		for (Instruction *user : users) {
			auto *intrinsic = dyn_cast<IntrinsicInst>(user);

			if (intrinsic && intrinsic->getIntrinsicID() == Intrinsic::lifetime_start)
				starts.insert(user->getParent());
		}
		for (Instruction *user : users)
			if (!user->isLifetimeStartOrEnd())
				blocks.push_back(user->getParent());

		/* Without a marker, its life starts with the item, that is with region 0. */
		if (starts.empty())
			starts.insert(regions.regions[0].entry);
		BlockSet foreign = foreign_to(starts);
		return any_of(blocks, [&](BasicBlock *block) { return foreign.contains(block); });
	}

	void find_arrays()
	{
		for (Instruction &i : *regions.prologue) {
			auto *variable = dyn_cast<AllocaInst>(&i);

			if (variable && !variable->hasMetadata(shared_alloca) && array_crosses(*variable))
				crossing.arrays.push_back(variable);
		}
		for (AllocaInst *variable : crossing.arrays)
			drop_lifetime(*variable);
	}

	static void drop_lifetime(AllocaInst &variable)
	{
		SmallVector<Instruction *, 4> markers;

		for (User *user : variable.users())
			if (cast<Instruction>(user)->isLifetimeStartOrEnd())
				markers.push_back(cast<Instruction>(user));
		for (Instruction *marker : markers)
			marker->eraseFromParent();
	}

	bool in_prologue(const Instruction &i) const { return i.getParent() == regions.prologue; }

	/*
	 * Can @value be computed anew anywhere, from what is always there (arguments, the prologue,
	 * constants), in at most @budget steps?
	 */
	bool is_cheap(const Value *value, unsigned &budget) const
	{
		auto *i = dyn_cast<Instruction>(value);

		if (!i || in_prologue(*i))
			return true;
		if (budget == 0)
			return false;
		if (!isa<BinaryOperator, CastInst, GetElementPtrInst, ICmpInst, SelectInst, InsertElementInst,
			 ShuffleVectorInst>(i))
			return false;
		unsigned opcode = i->getOpcode();
		if (opcode == Instruction::UDiv || opcode == Instruction::SDiv ||
		    opcode == Instruction::URem || opcode == Instruction::SRem ||
		    i->getType()->isFPOrFPVectorTy())
			return false;
		budget--;
		return all_of(i->operands(), [&](const Use &operand) { return is_cheap(operand, budget); });
	}

	/* Copies the computation of @value before @where. */
	Value *recompute(Value *value, Instruction *where, DenseMap<Value *, Value *> &done)
	{
		auto *i = dyn_cast<Instruction>(value);

		if (!i || in_prologue(*i))
			return value;
		if (Value *copy = done.lookup(value))
			return copy;

		Instruction *copy = i->clone();
		for (Use &operand : copy->operands())
			operand.set(recompute(operand, where, done));
		copy->setName(i->getName());
		copy->insertBefore(where);
		done[value] = copy;
		return copy;
	}

	SmallVector<Instruction *, 32> crossing_values()
	{
		SmallVector<Instruction *, 32> values;

		for (BasicBlock &block : function) {
			std::optional<BlockSet> foreign;

			if (&block == regions.prologue)
				continue;
			for (Instruction &i : block) {
				if (i.getType()->isVoidTy() || !used_elsewhere(i))
					continue;
				if (!foreign) {
					BlockSet definer;

					definer.insert(&block);
					foreign = foreign_to(definer);
				}
				if (any_of(i.uses(), [&](const Use &use) {
					return foreign->contains(block_of_use(use)); }))
					values.push_back(&i);
			}
		}
		return values;
	}

	void recompute_cheap()
	{
		for (Instruction *value : crossing_values()) {
			unsigned budget = 8;
			DenseMap<BasicBlock *, Value *> copies;
			SmallVector<Use *, 8> uses;

			if (!is_cheap(value, budget))
				continue;
			for (Use &use : value->uses())
				if (block_of_use(use) != value->getParent())
					uses.push_back(&use);
			for (Use *use : uses) {
				DenseMap<Value *, Value *> done;
				auto *user = cast<Instruction>(use->getUser());
				BasicBlock *block = block_of_use(*use);
				Instruction *where = isa<PHINode>(user) ? block->getTerminator() : user;
				Value *&copy = isa<PHINode>(user) ? copies[block] : copies[nullptr];

				/* One copy for each incoming block, or phi nodes would disagree. */
				if (!isa<PHINode>(user) || !copy)
					copy = recompute(value, where, done);
				use->set(copy);
			}
		}
	}

	void demote()
	{
		auto point = regions.prologue->getTerminator()->getIterator();

		for (Instruction *value : crossing_values()) {
			bool is_uniform = uniform.contains(value);
			AllocaInst *variable;

			if (auto *phi = dyn_cast<PHINode>(value))
				variable = DemoteRegToStack(*phi, false, point);
			else
				variable = DemoteRegToStack(*value, false, point);
			crossing.slots.push_back({variable, is_uniform});
		}
	}

	Regions &regions;
	const ValueSet &uniform;
	Function &function;
	Crossing crossing;
};

} // namespace

Crossing resolve_crossing(Regions &regions, const ValueSet &uniform)
{
	return CrossingResolver(regions, uniform).run();
}

} // namespace hmmcl
