/* SPDX-License-Identifier: MIT */
/*
 * Work-group collective functions (OpenCL C 3.0, 6.15.16) out of barriers and a variable shared
 * by the group: items run one after another, so a scan is a running carry and a reduction is a
 * scan whose last value everybody reads after one more barrier.
 */
#include "workgroup/workgroup.h"

#include "llvm/IR/Instructions.h"
#include "llvm/IR/Module.h"

using namespace llvm;

namespace hmmcl {

namespace {

enum class Operation { add, min, max, logical_and, logical_or };
enum class Shape { reduce, scan_inclusive, scan_exclusive, broadcast };

struct Collective {
	Shape shape = Shape::reduce;
	Operation operation = Operation::add;
	bool is_signed = false;
};

/* _Z<length><name><type>: takes the prefix off, returns the name and leaves the types. */
StringRef take_name(StringRef &mangled)
{
	size_t length = 0;

	if (!mangled.consume_front("_Z") || mangled.consumeInteger(10, length) || length > mangled.size())
		return "";
	StringRef name = mangled.take_front(length);
	mangled = mangled.drop_front(length);
	return name;
}

bool parse(StringRef mangled, Collective &collective)
{
	StringRef name = take_name(mangled);

	if (!name.consume_front("work_group_"))
		return false;
	collective.is_signed = mangled.starts_with("i") || mangled.starts_with("l");
	if (name == "all" || name == "any") {
		collective.operation = name == "all" ? Operation::logical_and : Operation::logical_or;
		return true;
	}
	if (name == "broadcast") {
		collective.shape = Shape::broadcast;
		return true;
	}
	if (name.consume_front("reduce_"))
		collective.shape = Shape::reduce;
	else if (name.consume_front("scan_inclusive_"))
		collective.shape = Shape::scan_inclusive;
	else if (name.consume_front("scan_exclusive_"))
		collective.shape = Shape::scan_exclusive;
	else
		return false;
	if (name == "add")
		collective.operation = Operation::add;
	else if (name == "min")
		collective.operation = Operation::min;
	else if (name == "max")
		collective.operation = Operation::max;
	else
		return false;
	return true;
}

Constant *identity(const Collective &collective, Type *type)
{
	bool is_signed = collective.is_signed;
	unsigned bits = type->getScalarSizeInBits();

	switch (collective.operation) {
	case Operation::min:
		if (type->isFloatingPointTy())
			return ConstantFP::getInfinity(type);
		return ConstantInt::get(type, is_signed ? APInt::getSignedMaxValue(bits) :
					APInt::getMaxValue(bits));
	case Operation::max:
		if (type->isFloatingPointTy())
			return ConstantFP::getInfinity(type, true);
		return ConstantInt::get(type, is_signed ? APInt::getSignedMinValue(bits) :
					APInt::getMinValue(bits));
	case Operation::logical_and:
		return ConstantInt::get(type, 1);
	default:
		return Constant::getNullValue(type);
	}
}

Value *combine(const Collective &collective, Value *carry, Value *value, IRBuilder<> &builder)
{
	bool is_float = value->getType()->isFloatingPointTy();
	CmpInst::Predicate less = is_float ? CmpInst::FCMP_OLT :
				  collective.is_signed ? CmpInst::ICMP_SLT : CmpInst::ICMP_ULT;

	switch (collective.operation) {
	case Operation::add:
		return is_float ? builder.CreateFAdd(carry, value) : builder.CreateAdd(carry, value);
	case Operation::min:
		return builder.CreateSelect(builder.CreateCmp(less, value, carry), value, carry);
	case Operation::max:
		return builder.CreateSelect(builder.CreateCmp(less, carry, value), value, carry);
	case Operation::logical_and:
	case Operation::logical_or: {
		Value *truth = builder.CreateZExt(builder.CreateIsNotNull(value), value->getType());

		return collective.operation == Operation::logical_and ?
			builder.CreateAnd(carry, truth) : builder.CreateOr(carry, truth);
	}
	}
	return nullptr;
}

/* Is this item the one that work_group_broadcast names? */
Value *is_sender(CallInst &call, Function &item_function, IRBuilder<> &builder)
{
	Value *result = builder.getTrue();

	for (unsigned dim = 0; dim + 1 < call.arg_size(); dim++) {
		Value *wanted = builder.CreateZExtOrTrunc(call.getArgOperand(1 + dim), builder.getInt64Ty());

		result = builder.CreateAnd(result, builder.CreateICmpEQ(item_function.getArg(arg_x + dim),
									wanted));
	}
	return result;
}

} // namespace

bool lower_collective(CallInst &call, StringRef name, Function &item_function)
{
	Collective collective;

	if (!parse(name, collective))
		return false;

	Type *type = call.getType();
	Value *value = call.getArgOperand(0);
	IRBuilder<> entry(&item_function.getEntryBlock(), item_function.getEntryBlock().begin());
	AllocaInst *carry = entry.CreateAlloca(type, nullptr, "carry");
	carry->setMetadata(shared_alloca, MDNode::get(call.getContext(), {}));

	IRBuilder<> builder(&call);
	Function *barrier = get_barrier_marker(*call.getModule());
	builder.CreateCall(barrier, {carry, identity(collective, type)});

	Value *before = builder.CreateLoad(type, carry, "carry.before");
	Value *after = collective.shape == Shape::broadcast ?
		builder.CreateSelect(is_sender(call, item_function, builder), value, before) :
		combine(collective, before, value, builder);
	builder.CreateStore(after, carry);

	Value *result = nullptr;
	switch (collective.shape) {
	case Shape::scan_exclusive:
		result = before;
		break;
	case Shape::scan_inclusive:
		result = after;
		break;
	case Shape::reduce:
	case Shape::broadcast:
		builder.CreateCall(barrier);
		result = builder.CreateLoad(type, carry, "carry.all");
		break;
	}
	call.replaceAllUsesWith(result);
	call.eraseFromParent();
	return true;
}

} // namespace hmmcl
