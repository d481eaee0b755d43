/* SPDX-License-Identifier: MIT */
/*
 * Stage P7, kernels with sub-groups: a scheduler of items.
 *
 * Each item has a state: the cut at which it waits, in the order in which cuts are passed.  Of a
 * sub-group, the items at the first of these cuts go on, as one set: at a meeting they are those
 * that have met.  They run one after another until each has come to its next cut, and so on,
 * until all wait at a barrier of the group or have returned; then the next sub-group has its turn.
 * When that is so for all sub-groups, the group passes the barrier:
 *
 *	phase:	  items at the group's barrier are released
 *	round:	  for each sub-group:
 *	schedule:   the lowest state; if it is a barrier's, the next sub-group
 *	region:	    the items in that state, one by one, to their next states
 *
 * A sub-group that may be waiting for another (Cut::yield) gives way after some turns, and has its
 * next turn in the next round.
 */
#include "workgroup/group_builder.h"

#include "device_abi.h"

#include "llvm/IR/Instructions.h"
#include "llvm/IR/Module.h"

using namespace llvm;

namespace hmmcl {

namespace {

constexpr unsigned lanes = HMMCL_SUB_GROUP_SIZE;

/* Iterations of a loop that may wait, before others have their turn. */
constexpr unsigned patience = 64;

class SubGroupBuilder : GroupBuilder {
public:
	using GroupBuilder::GroupBuilder;

	void run()
	{
		number_states();
		lay_out_context();
		if (any_of(regions.regions, [](const Region &region) { return region.cut == Cut::yield; }))
			keep_exchanges();
		declare_group_function();
		read_sizes();
		make_variables();
		make_blocks();
		build_start();
		build_phase();
		build_round();
		build_schedule();
		for (size_t i = 0; i < regions.regions.size(); i++)
			build_region(i);
		finish(start);
	}

private:
	/* 0: released from the group's barrier; cuts in their order; barriers; returned. */
	void number_states()
	{
		uint32_t state = 1;

		states.resize(regions.regions.size());
		for (unsigned id : order_of_cuts(item, regions))
			states[id] = state++;
		first_barrier = state;
		for (size_t i = 0; i < regions.regions.size(); i++)
			if (regions.regions[i].cut == Cut::barrier)
				states[i] = state++;
		returned = state;
	}

	/*
	 * A sub-group that gives way may have values in its exchange: each has its own, behind the
	 * items' arrays.  The size is counted in items, and once more for a sub-group that is not full.
	 */
	void keep_exchanges()
	{
		if (!regions.exchange)
			return;
		exchange_size = regions.exchange->getAllocationSize(layout)->getFixedValue();
		exchange_offset = group.info.context_item;
		group.info.context_item += exchange_size / lanes;
		group.info.context_fixed += exchange_size + HMMCL_ABI_ALIGN;
	}

	void make_variables()
	{
		Type *state = builder.getInt32Ty();
		auto variable = [&](Type *type, const char *name) {
			return builder.CreateAlloca(type, nullptr, name);
		};

		vector = FixedVectorType::get(state, lanes);
		item_states = variable(ArrayType::get(vector, HMMCL_MAX_WORK_GROUP_SIZE / lanes), "states");
		phase_state = variable(state, "phase");
		lowest = variable(state, "lowest");
		gave_way = variable(builder.getInt1Ty(), "gave.way");
		turns = variable(state, "turns");
		for (unsigned dim = 0; dim < 3; dim++)
			ids[dim] = variable(ArrayType::get(builder.getInt64Ty(), lanes), "ids");
		sub_groups = builder.CreateLShr(
			builder.CreateNUWAdd(items, builder.getInt64(lanes - 1)), Log2_32(lanes), "sub_groups");
		is_row = builder.CreateICmpEQ(builder.CreateNUWMul(size[1], size[2]), builder.getInt64(1));
		uses_ids = !item.getArg(arg_x)->use_empty() || !item.getArg(arg_y)->use_empty() ||
			   !item.getArg(arg_z)->use_empty();
		if (exchange_size) {
			Value *arena = ItemValues(*function, builder).group_pointer(
				offsetof(hmmcl_group, context), 0, "context");
			Value *end = builder.CreateNUWMul(items, builder.getInt64(exchange_offset));

			end = builder.CreateAnd(
				builder.CreateNUWAdd(end, builder.getInt64(HMMCL_ABI_ALIGN - 1)),
				builder.getInt64(-uint64_t(HMMCL_ABI_ALIGN)));
			exchanges = builder.CreateInBoundsGEP(builder.getInt8Ty(), arena, end, "exchanges");
		}
	}

	BasicBlock *make_block(const Twine &name) { return BasicBlock::Create(context, name, function); }

	void make_blocks()
	{
		start = make_block("start");
		phase = make_block("phase");
		round = make_block("round");
		visit = make_block("sub_group");
		schedule = make_block("schedule");
		next_sub_group = make_block("next.sub_group");
		end_of_round = make_block("end.of.round");
		for (size_t i = 0; i < regions.regions.size(); i++)
			starts.push_back(make_block("region" + Twine(i)));
	}

	Value *states_of(Value *sub_group)
	{
		return builder.CreateInBoundsGEP(item_states->getAllocatedType(), item_states,
						 {builder.getInt64(0), sub_group});
	}

	Value *splat(uint32_t state) { return ConstantInt::get(vector, state); }

	/* A loop over all sub-groups with a simple body; goes on behind it. */
	void for_each_sub_group(function_ref<void(Value *)> body)
	{
		BasicBlock *before = builder.GetInsertBlock();
		BasicBlock *loop = make_block("each"), *after = make_block("");

		builder.CreateBr(loop);
		builder.SetInsertPoint(loop);
		PHINode *index = builder.CreatePHI(builder.getInt64Ty(), 2);
		index->addIncoming(builder.getInt64(0), before);
		body(index);
		Value *following = builder.CreateNUWAdd(index, builder.getInt64(1));
		index->addIncoming(following, loop);
		builder.CreateCondBr(builder.CreateICmpULT(following, sub_groups), loop, after);
		builder.SetInsertPoint(after);
	}

	/* All items are released to the first region; what is no item has returned. */
	void build_start()
	{
		SmallVector<Constant *, lanes> numbers;

		builder.SetInsertPoint(start);
		for_each_sub_group([&](Value *index) {
			builder.CreateStore(splat(0), states_of(index));
		});
		for (unsigned i = 0; i < lanes; i++)
			numbers.push_back(builder.getInt64(i));
		Value *last = builder.CreateNUWSub(sub_groups, builder.getInt64(1));
		Value *there = builder.CreateNUWSub(items, builder.CreateNUWMul(last, builder.getInt64(lanes)));
		Value *is_item = builder.CreateICmpULT(ConstantVector::get(numbers),
						       builder.CreateVectorSplat(lanes, there));
		builder.CreateStore(builder.CreateSelect(is_item, splat(0), splat(returned)), states_of(last));
		builder.CreateStore(builder.getInt32(states[0]), phase_state);
		builder.CreateBr(round);
	}

	/* Passing the group's barrier. */
	void build_phase()
	{
		BasicBlock *release = make_block("release");

		builder.SetInsertPoint(phase);
		Value *state = builder.CreateLoad(builder.getInt32Ty(), phase_state);
		SwitchInst *which = builder.CreateSwitch(state, release);
		for (size_t i = 0; i < regions.regions.size(); i++) {
			const Region &region = regions.regions[i];
			if (region.resets.empty() && !region.fence)
				continue;
			BasicBlock *pass = make_block("pass");
			builder.SetInsertPoint(pass);
			pass_barrier(region);
			builder.CreateBr(release);
			which->addCase(builder.getInt32(states[i]), pass);
		}
		builder.SetInsertPoint(release);
		Value *waiting = builder.CreateVectorSplat(lanes, state);
		for_each_sub_group([&](Value *index) {
			Value *place = states_of(index);
			Value *old = builder.CreateLoad(vector, place);

			builder.CreateStore(builder.CreateSelect(builder.CreateICmpEQ(old, waiting), splat(0), old),
					    place);
		});
		builder.CreateBr(round);
	}

	void build_round()
	{
		BasicBlock *waiting = make_block("all.wait"), *done = make_block("done");

		builder.SetInsertPoint(round);
		builder.CreateStore(builder.getInt32(returned), lowest);
		builder.CreateStore(builder.getFalse(), gave_way);
		builder.CreateBr(visit);

		builder.SetInsertPoint(visit);
		sub_group = builder.CreatePHI(builder.getInt64Ty(), 2, "sub_group");
		sub_group->addIncoming(builder.getInt64(0), round);
		first = builder.CreateNUWMul(sub_group, builder.getInt64(lanes), "first");
		builder.CreateStore(builder.getInt32(patience), turns);
		if (uses_ids)
			find_ids();
		builder.CreateBr(schedule);

		builder.SetInsertPoint(next_sub_group);
		Value *following = builder.CreateNUWAdd(sub_group, builder.getInt64(1));
		sub_group->addIncoming(following, next_sub_group);
		builder.CreateCondBr(builder.CreateICmpULT(following, sub_groups), visit, end_of_round);

		builder.SetInsertPoint(end_of_round);
		builder.CreateCondBr(builder.CreateLoad(builder.getInt1Ty(), gave_way), round, waiting);
		builder.SetInsertPoint(waiting);
		Value *state = builder.CreateLoad(builder.getInt32Ty(), lowest);
		builder.CreateStore(state, phase_state);
		builder.CreateCondBr(builder.CreateICmpEQ(state, builder.getInt32(returned)), done, phase);
		ReturnInst::Create(context, done);
	}

	/* The local ids of the sub-group's items, where they are not just numbers of a row. */
	void find_ids()
	{
		BasicBlock *begin = make_block("ids.begin");
		BasicBlock *loop = make_block("ids"), *after = make_block("ids.end");
		Value *zero = builder.getInt64(0), *one = builder.getInt64(1);
		PHINode *id[3], *lane;

		builder.CreateCondBr(is_row, after, begin);
		builder.SetInsertPoint(begin);
		Value *row = builder.CreateUDiv(first, size[0]);
		Value *initial[3] = {builder.CreateURem(first, size[0]), builder.CreateURem(row, size[1]),
				     builder.CreateUDiv(row, size[1])};
		builder.CreateBr(loop);
		builder.SetInsertPoint(loop);
		lane = builder.CreatePHI(builder.getInt64Ty(), 2);
		lane->addIncoming(zero, begin);
		for (unsigned dim = 0; dim < 3; dim++) {
			id[dim] = builder.CreatePHI(builder.getInt64Ty(), 2);
			id[dim]->addIncoming(initial[dim], begin);
		}
		for (unsigned dim = 0; dim < 3; dim++)
			builder.CreateStore(id[dim], id_of(dim, lane));
		Value *x = builder.CreateNUWAdd(id[0], one);
		Value *row_ends = builder.CreateICmpEQ(x, size[0]);
		Value *y = builder.CreateNUWAdd(id[1], builder.CreateZExt(row_ends, builder.getInt64Ty()));
		Value *plane_ends = builder.CreateICmpEQ(y, size[1]);
		id[0]->addIncoming(builder.CreateSelect(row_ends, zero, x), loop);
		id[1]->addIncoming(builder.CreateSelect(plane_ends, zero, y), loop);
		id[2]->addIncoming(builder.CreateNUWAdd(id[2], builder.CreateZExt(plane_ends,
										  builder.getInt64Ty())), loop);
		Value *following = builder.CreateNUWAdd(lane, one);
		lane->addIncoming(following, loop);
		builder.CreateCondBr(builder.CreateICmpULT(following, builder.getInt64(lanes)), loop, after);
		builder.SetInsertPoint(after);
	}

	Value *id_of(unsigned dim, Value *lane)
	{
		return builder.CreateInBoundsGEP(ids[dim]->getAllocatedType(), ids[dim],
						 {builder.getInt64(0), lane});
	}

	/* The items that are furthest behind go on. */
	void build_schedule()
	{
		BasicBlock *wait = make_block("wait"), *run = make_block("run");
		BasicBlock *released = make_block("released");

		builder.SetInsertPoint(schedule);
		Value *all = builder.CreateLoad(vector, states_of(sub_group));
		Value *state = builder.CreateIntMinReduce(all);
		builder.CreateCondBr(builder.CreateICmpUGE(state, builder.getInt32(first_barrier)), wait, run);

		builder.SetInsertPoint(wait);
		Value *old = builder.CreateLoad(builder.getInt32Ty(), lowest);
		builder.CreateStore(builder.CreateBinaryIntrinsic(Intrinsic::umin, old, state), lowest);
		builder.CreateBr(next_sub_group);

		builder.SetInsertPoint(run);
		Value *bits = builder.CreateBitCast(
			builder.CreateICmpEQ(all, builder.CreateVectorSplat(lanes, state)),
			builder.getIntNTy(lanes));
		set = builder.CreateZExt(bits, builder.getInt32Ty(), "set");
		if (regions.active)
			builder.CreateStore(set, regions.active);
		SwitchInst *where = builder.CreateSwitch(state, released);
		for (size_t i = 0; i < regions.regions.size(); i++)
			if (regions.regions[i].cut != Cut::barrier)
				where->addCase(builder.getInt32(states[i]), starts[i]);

		builder.SetInsertPoint(released);
		where = builder.CreateSwitch(builder.CreateLoad(builder.getInt32Ty(), phase_state), starts[0]);
		for (size_t i = 1; i < regions.regions.size(); i++)
			if (regions.regions[i].cut == Cut::barrier)
				where->addCase(builder.getInt32(states[i]), starts[i]);
	}

	/* A turn of a loop that may wait: after some the others have theirs, the items stay where they are. */
	void count_turn()
	{
		BasicBlock *give_way = make_block("give.way"), *go_on = make_block("go.on");
		Value *left = builder.CreateSub(builder.CreateLoad(builder.getInt32Ty(), turns),
						builder.getInt32(1));

		builder.CreateStore(left, turns);
		builder.CreateCondBr(builder.CreateIsNull(left), give_way, go_on);
		builder.SetInsertPoint(give_way);
		builder.CreateStore(builder.getTrue(), gave_way);
		builder.CreateBr(next_sub_group);
		builder.SetInsertPoint(go_on);
	}

	void build_region(unsigned id)
	{
		Region &region = regions.regions[id];
		ValueToValueMapTy map;
		Copies copies;

		builder.SetInsertPoint(starts[id]);
		if (region.cut == Cut::yield)
			count_turn();
		BasicBlock *before = builder.GetInsertBlock();
		BasicBlock *loop = make_block("lane"), *here = make_block("item");
		BasicBlock *end = make_block("item.end"), *next_lane = make_block("next.lane");
		builder.CreateBr(loop);
		builder.SetInsertPoint(loop);
		PHINode *lane = builder.CreatePHI(builder.getInt64Ty(), 2, "lane");
		lane->addIncoming(builder.getInt64(0), before);
		Value *bit = builder.CreateShl(builder.getInt32(1),
					       builder.CreateTrunc(lane, builder.getInt32Ty()));
		builder.CreateCondBr(builder.CreateIsNotNull(builder.CreateAnd(set, bit)), here, next_lane);

		builder.SetInsertPoint(here);
		Value *linear = builder.CreateNUWAdd(first, lane, "linear");
		name_item(lane, linear, map);
		load_item(region, linear, map, copies);
		BranchInst *enter = builder.CreateBr(end);
		clone_region(region, lane, map, end);
		enter->setSuccessor(0, cast<BasicBlock>(map[region.entry]));

		builder.SetInsertPoint(end);
		store_item(copies, 0);
		builder.CreateBr(next_lane);
		builder.SetInsertPoint(next_lane);
		Value *following = builder.CreateNUWAdd(lane, builder.getInt64(1));
		lane->addIncoming(following, next_lane);
		mark_parallel(builder.CreateCondBr(
			builder.CreateICmpULT(following, builder.getInt64(lanes)), loop, schedule));
	}

	/* The item function's arguments, and the exchange. */
	void name_item(Value *lane, Value *linear, ValueToValueMapTy &map)
	{
		for (unsigned dim = 0; dim < 3; dim++) {
			llvm::Argument *id = item.getArg(arg_x + dim);

			if (!uses_ids)
				map[id] = builder.getInt64(0);
			else
				map[id] = builder.CreateSelect(
					is_row, dim == 0 ? linear : builder.getInt64(0),
					builder.CreateLoad(builder.getInt64Ty(), id_of(dim, lane)));
		}
		map[item.getArg(arg_lane)] = builder.CreateTrunc(lane, builder.getInt32Ty());
		map[item.getArg(arg_sub_group)] = builder.CreateTrunc(sub_group, builder.getInt32Ty());
		if (exchanges)
			map[regions.exchange] = builder.CreateInBoundsGEP(
				builder.getInt8Ty(), exchanges,
				builder.CreateNUWMul(sub_group, builder.getInt64(exchange_size)));
	}

	void clone_region(const Region &region, Value *lane, ValueToValueMapTy &map, BasicBlock *end)
	{
		DenseMap<unsigned, BasicBlock *> exits;
		auto leave = [&](IRBuilder<> &at, uint32_t state) {
			Value *place = at.CreateInBoundsGEP(vector, item_states,
							    {sub_group, lane});

			at.CreateStore(at.getInt32(state), place);
			at.CreateBr(end);
		};

		for (unsigned successor : region.successors) {
			BasicBlock *exit = make_block("exit");
			IRBuilder<> at(exit);

			leave(at, states[successor]);
			exits[successor] = exit;
		}
		clone_blocks(region, map, exits, [&](ReturnInst &ret) {
			IRBuilder<> at(&ret);

			leave(at, returned);
			ret.eraseFromParent();
		});
	}

	SmallVector<uint32_t, 16> states;	/* of the items that wait before each region */
	uint32_t first_barrier = 0, returned = 0;
	uint64_t exchange_size = 0, exchange_offset = 0;
	bool uses_ids = false;

	FixedVectorType *vector = nullptr;	/* a sub-group's states */
	AllocaInst *item_states = nullptr, *phase_state = nullptr, *lowest = nullptr;
	AllocaInst *gave_way = nullptr, *turns = nullptr, *ids[3] = {};
	Value *sub_groups = nullptr, *is_row = nullptr, *exchanges = nullptr;
	PHINode *sub_group = nullptr;
	Value *first = nullptr;			/* linear id of the sub-group's first item */
	Value *set = nullptr;			/* of the items that go on */
	BasicBlock *start = nullptr, *phase = nullptr, *round = nullptr, *visit = nullptr;
	BasicBlock *schedule = nullptr, *next_sub_group = nullptr, *end_of_round = nullptr;
	SmallVector<BasicBlock *, 16> starts;
};

} // namespace

void build_sub_group_function(WorkGroup &group, Regions &regions, const Crossing &crossing)
{
	SubGroupBuilder(group, regions, crossing).run();
}

} // namespace hmmcl
