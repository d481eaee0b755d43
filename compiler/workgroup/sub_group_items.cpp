/* SPDX-License-Identifier: MIT */
/*
 * Functions of sub-groups in item functions: queries (OpenCL C 3.0, 6.15.1) become arithmetic, and
 * what builtins/sub_group.h asks of the compiler becomes the meeting marker and the exchange.
 */
#include "workgroup/workgroup.h"

#include "device_abi.h"

#include "llvm/ADT/StringSwitch.h"
#include "llvm/IR/Instructions.h"
#include "llvm/IR/Module.h"

using namespace llvm;

namespace hmmcl {

namespace {

/* struct exchange of builtins/sub_group.h. */
constexpr uint64_t exchange_size = HMMCL_SUB_GROUP_SIZE * (8 + 4 + 8) + 64 + HMMCL_SUB_GROUP_SIZE * 128 + 128;
constexpr char exchange_name[] = "sub_group.exchange";

/* The item function's one exchange, made when it is first wanted. */
AllocaInst *get_exchange(Function &function)
{
	BasicBlock &entry = function.getEntryBlock();

	for (Instruction &i : entry)
		if (isa<AllocaInst>(i) && i.getName() == exchange_name)
			return cast<AllocaInst>(&i);
	IRBuilder<> builder(&entry, entry.begin());
	AllocaInst *exchange = builder.CreateAlloca(
		ArrayType::get(builder.getInt8Ty(), exchange_size), nullptr, exchange_name);
	exchange->setAlignment(Align(HMMCL_ABI_ALIGN));
	exchange->setMetadata(shared_alloca, MDNode::get(builder.getContext(), {}));
	return exchange;
}

Value *meet(CallInst &call, IRBuilder<> &builder)
{
	auto *type = FunctionType::get(builder.getInt32Ty(), {builder.getPtrTy()}, false);
	Function *marker = get_marker(*call.getModule(), meet_marker, type);

	return builder.CreateCall(marker, {get_exchange(*call.getFunction())}, "active");
}

Value *sub_groups_of(Value *items, IRBuilder<> &builder)
{
	return builder.CreateLShr(builder.CreateNUWAdd(items, builder.getInt64(HMMCL_SUB_GROUP_SIZE - 1)),
				  Log2_32(HMMCL_SUB_GROUP_SIZE));
}

Value *smaller(Value *items, IRBuilder<> &builder)
{
	return builder.CreateBinaryIntrinsic(Intrinsic::umin, items,
					     builder.getInt64(HMMCL_SUB_GROUP_SIZE));
}

/* Items of the group, or of all groups but those at the end. */
Value *items(ItemValues &values, IRBuilder<> &builder, bool enqueued)
{
	auto size = [&](unsigned dim) {
		return enqueued ? values.enqueued_local_size(dim) : values.local_size(dim);
	};

	return builder.CreateNUWMul(builder.CreateNUWMul(size(0), size(1)), size(2));
}

} // namespace

bool lower_sub_group(CallInst &call, StringRef name, WorkGroup &group)
{
	enum { none, lane, id, size, max_size, number, enqueued_number, meeting, exchange };
	auto what = StringSwitch<int>(name)
		.Case("_Z22get_sub_group_local_idv", lane)
		.Case("_Z16get_sub_group_idv", id)
		.Case("_Z18get_sub_group_sizev", size)
		.Case("_Z22get_max_sub_group_sizev", max_size)
		.Case("_Z18get_num_sub_groupsv", number)
		.Case("_Z27get_enqueued_num_sub_groupsv", enqueued_number)
		.Case("__hmmcl_sub_group_meet", meeting)
		.Case("__hmmcl_sub_group_exchange", exchange)
		.Default(none);
	IRBuilder<> builder(&call);
	ItemValues values(*group.function, builder);
	Value *result = nullptr;

	values.reqd_size = group.info.reqd_size[0] ? group.info.reqd_size : nullptr;
	values.uniform_groups = group.uniform_groups;
	switch (what) {
	case none:
		return false;
	case lane:
		result = group.function->getArg(arg_lane);
		break;
	case id:
		result = group.function->getArg(arg_sub_group);
		break;
	case size: {
		Value *before = builder.CreateMul(
			builder.CreateZExt(group.function->getArg(arg_sub_group), builder.getInt64Ty()),
			builder.getInt64(HMMCL_SUB_GROUP_SIZE), "", true, true);

		result = smaller(builder.CreateNUWSub(items(values, builder, false), before), builder);
		break;
	}
	case max_size:
		result = smaller(items(values, builder, true), builder);
		break;
	case number:
		result = sub_groups_of(items(values, builder, false), builder);
		break;
	case enqueued_number:
		result = sub_groups_of(items(values, builder, true), builder);
		break;
	case meeting:
		result = meet(call, builder);
		break;
	case exchange:
		result = get_exchange(*group.function);
		break;
	}
	group.sub_groups = true;
	if (result->getType() != call.getType())
		result = builder.CreateZExtOrTrunc(result, call.getType());
	call.replaceAllUsesWith(result);
	call.eraseFromParent();
	return true;
}

} // namespace hmmcl
