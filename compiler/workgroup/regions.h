/* SPDX-License-Identifier: MIT */
/*
 * Stage P7: from an item function to a group function.
 *
 * The item function is cut at its barriers.  Region r is what an item may run after passing
 * barrier r (region 0: from the start) until it meets the next barrier or returns: a set of
 * blocks; a block may belong to several regions.  The group function runs a region for all items,
 * then the region of the barrier at which they stopped, until they have returned.
 *
 * With sub-groups (sub_groups.cpp) it is also cut where items of a sub-group meet, and where those
 * that are ahead must wait for the others.
 */
#ifndef HMMCL_COMPILER_REGIONS_H
#define HMMCL_COMPILER_REGIONS_H

#include "workgroup/workgroup.h"

namespace hmmcl {

/* What stands before a region: of cuts, only those at barriers concern the whole group. */
enum class Cut {
	barrier,	/* of the group; also the start */
	meeting,	/* of a sub-group's items */
	latch,		/* end of a loop's iteration, where a sub-group's items wait for each other */
	yield,		/* the same, and other sub-groups get their turn */
};

struct Region {
	Cut cut = Cut::barrier;
	llvm::BasicBlock *entry = nullptr;
	llvm::SetVector<llvm::BasicBlock *> blocks;
	llvm::SetVector<unsigned> successors;	/* regions that may come next */
	bool returns = false;
	bool fence = false;			/* passing the barrier is a fence for other groups */
	/* What the group does on passing the barrier: shared variable, its new value. */
	llvm::SmallVector<std::pair<llvm::Value *, llvm::Value *>, 2> resets;
};

struct Regions {
	llvm::BasicBlock *prologue = nullptr;	/* runs once a group, dominates everything */
	llvm::SmallVector<Region, 4> regions;
	llvm::DenseMap<llvm::BasicBlock *, unsigned> barriers;	/* block of a barrier: its region */
	/*
	 * Some items may return where others go on to a barrier.  The language forbids it, programs
	 * do it ("if (id >= n) return;"), and on other devices the rest go on without them.
	 */
	bool partial_return = false;
	/* With sub-groups; null where no items meet. */
	llvm::AllocaInst *exchange = nullptr;
	llvm::AllocaInst *active = nullptr;	/* the set of items that have met */
};

/* A value that lives across a barrier, as a variable. */
struct Slot {
	llvm::AllocaInst *variable;
	bool uniform;			/* the same for all items: one for the group */
};

struct Crossing {
	llvm::SmallVector<Slot, 16> slots;
	llvm::SmallVector<llvm::AllocaInst *, 8> arrays;	/* private arrays that live across */
};

using ValueSet = llvm::SmallPtrSet<const llvm::Value *, 32>;

/* What the analysis of the uncut item function finds. */
struct Uniformity {
	ValueSet values;		/* the same for all items of a group that compute them together */
	ValueSet divergent_branches;	/* terminators where items may part */
};

Uniformity analyse_uniformity(llvm::Function &function);

/* Makes the prologue, cuts blocks at barriers and finds the regions. */
Regions find_regions(llvm::Function &function, const Uniformity &uniformity);

/*
 * Finds what lives across barriers; recomputes what is cheap; makes the rest variables, so that
 * afterwards no instruction uses another's value out of its region.
 */
Crossing resolve_crossing(Regions &regions, const ValueSet &uniform);

/* Builds the group function in place of the item function. */
void build_group_function(WorkGroup &group, Regions &regions, const Crossing &crossing);

/* The same for a kernel with sub-groups. */
void build_sub_group_function(WorkGroup &group, Regions &regions, const Crossing &crossing);

/* sub_group_cuts.cpp: marks the ends of iterations where a sub-group's items wait. */
inline constexpr char latch_marker[] = "hmmcl.latch";
inline constexpr char yield_marker[] = "hmmcl.yield";
void mark_latches(llvm::Function &function);

/* The order in which a sub-group's items pass cuts: index of each region, in rising order. */
llvm::SmallVector<unsigned, 16> order_of_cuts(llvm::Function &function, const Regions &regions);

/* The whole stage. */
void split_regions(WorkGroup &group);

} // namespace hmmcl

#endif
