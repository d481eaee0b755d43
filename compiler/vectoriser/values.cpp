/* SPDX-License-Identifier: MIT */
/* Stage P6: scalars and vectors of a value, and operations on them. */
#include "vectoriser/widener.h"

#include "llvm/Analysis/VectorUtils.h"
#include "llvm/IR/Instructions.h"
#include "llvm/IR/IntrinsicInst.h"
#include "llvm/IR/Module.h"

using namespace llvm;

namespace hmmcl {

/* Lane 0's value. */
Value *Widener::scalar(const Value *value)
{
	return isa<Constant>(value) || isa<MetadataAsValue>(value) ? const_cast<Value *>(value) : scalars.lookup(value);
}

/* All lanes' values, made where the builder is if there is no vector yet. */
Value *Widener::vector(const Value *value)
{
	DenseMap<const Value *, Value *> done;

	return vector_exact(value, done);
}

Value *Widener::vector_exact(const Value *value, DenseMap<const Value *, Value *> &done)
{
	if (Value *wide = vectors.lookup(value))
		return wide;
	if (Value *wide = done.lookup(value))
		return wide;

	Shape shape = shapes.of(value);
	Value *result;
	if (shape.guarded) {
		/* The lanes may wrap round: only the operation itself is right. */
		result = operate(cast<Instruction>(*value), nullptr, [&](const Value *operand) {
			return vector_exact(operand, done);
		});
	} else {
		result = builder.CreateVectorSplat(width, scalar(value));
		if (shape.stride) {
			bool pointer = value->getType()->isPointerTy();
			Type *type = pointer ? builder.getInt64Ty() : value->getType();
			SmallVector<Constant *, 16> steps;

			for (unsigned lane = 0; lane < width; lane++)
				steps.push_back(ConstantInt::get(type, shape.stride * lane, true));
			Constant *offsets = ConstantVector::get(steps);
			result = pointer ? builder.CreateGEP(builder.getInt8Ty(), scalar(value), offsets) :
				builder.CreateAdd(result, offsets);
		}
	}
	done[value] = result;
	return result;
}

/* An operation without effect on all lanes; null: not one of those known here. */
Value *Widener::operate(const Instruction &i, Value *mask, function_ref<Value *(const Value *)> operand)
{
	auto at = [&](unsigned n) { return operand(i.getOperand(n)); };
	Value *result = nullptr;

	if (auto *binary = dyn_cast<BinaryOperator>(&i)) {
		Value *second = at(1);

		if (binary->isIntDivRem() && mask)
			second = builder.CreateSelect(mask, second, ConstantInt::get(second->getType(), 1));
		result = builder.CreateBinOp(binary->getOpcode(), at(0), second);
	} else if (isa<UnaryOperator>(i)) {
		result = builder.CreateFNeg(at(0));
	} else if (isa<FreezeInst>(i)) {
		return builder.CreateFreeze(at(0));
	} else if (auto *compare = dyn_cast<CmpInst>(&i)) {
		result = builder.CreateCmp(compare->getPredicate(), at(0), at(1));
	} else if (isa<SelectInst>(i)) {
		result = builder.CreateSelect(at(0), at(1), at(2));
	} else if (auto *cast = dyn_cast<CastInst>(&i)) {
		return builder.CreateCast(cast->getOpcode(), at(0), wide_type(i.getType()));
	} else if (auto *address = dyn_cast<GetElementPtrInst>(&i)) {
		SmallVector<Value *, 4> indices;

		for (const Use &index : address->indices())
			indices.push_back(isa<Constant>(index) ? index.get() : operand(index));
		return builder.CreateGEP(address->getSourceElementType(), at(0), indices);
	}
	/* Fast-math flags only: those that make poison are gone. */
	if (auto *made = dyn_cast_or_null<Instruction>(result); made && isa<FPMathOperator>(i) && isa<FPMathOperator>(made))
		made->copyFastMathFlags(&i);
	return result;
}

/* What is the same for all lanes, or affine, is computed once. */
void Widener::copy_scalar(const Instruction &i)
{
	Instruction *copy = i.clone();

	for (Use &operand : copy->operands())
		operand.set(scalar(operand));
	copy->setName(i.getName());
	builder.Insert(copy);
	if (!shapes.is_uniform(&i))
		copy->dropUBImplyingAttrsAndMetadata();
	if (!i.getType()->isVoidTy())
		scalars[&i] = copy;
}

namespace {

/* Intrinsics of one type for all values, that are instructions on each CPU. */
bool is_lanewise(Intrinsic::ID id)
{
	switch (id) {
	case Intrinsic::fabs:
	case Intrinsic::sqrt:
	case Intrinsic::fma:
	case Intrinsic::fmuladd:
	case Intrinsic::floor:
	case Intrinsic::ceil:
	case Intrinsic::trunc:
	case Intrinsic::rint:
	case Intrinsic::nearbyint:
	case Intrinsic::roundeven:
	case Intrinsic::round:
	case Intrinsic::minnum:
	case Intrinsic::maxnum:
	case Intrinsic::copysign:
	case Intrinsic::ctpop:
	case Intrinsic::bswap:
	case Intrinsic::bitreverse:
	case Intrinsic::smin:
	case Intrinsic::smax:
	case Intrinsic::umin:
	case Intrinsic::umax:
	case Intrinsic::uadd_sat:
	case Intrinsic::usub_sat:
	case Intrinsic::sadd_sat:
	case Intrinsic::ssub_sat:
	case Intrinsic::fshl:
	case Intrinsic::fshr:
	case Intrinsic::abs:
	case Intrinsic::ctlz:
	case Intrinsic::cttz:
		return true;
	default:
		return false;
	}
}

/* Nothing that code generation needs. */
bool is_hint(Intrinsic::ID id)
{
	return id == Intrinsic::assume || id == Intrinsic::experimental_noalias_scope_decl ||
	       id == Intrinsic::dbg_value || id == Intrinsic::dbg_declare || id == Intrinsic::dbg_label;
}

} // namespace

bool Widener::widen_call(const CallInst &call, Value *mask, std::string &why)
{
	Intrinsic::ID id = call.getIntrinsicID();

	if (is_hint(id))
		return true;
	if (call.getCalledFunction()->getName() == barrier_marker) {
		if (mask) {
			why = "a barrier where lanes may part";
			return false;
		}
		copy_scalar(call);
		return true;
	}
	if (id == Intrinsic::lifetime_start || id == Intrinsic::lifetime_end) {
		/* Of a lane: its variable in all lanes. */
		Value *pointer = scalar(call.getArgOperand(1));

		if (isa<AllocaInst>(pointer))
			mark_life(cast<AllocaInst>(pointer), id == Intrinsic::lifetime_start);
		return true;
	}
	if (is_lanewise(id)) {
		SmallVector<Value *, 4> arguments;

		for (const Use &argument : call.args())
			arguments.push_back(isVectorIntrinsicWithScalarOpAtArg(id, argument.getOperandNo()) ?
					    argument.get() : vector(argument));
		CallInst *wide = builder.CreateIntrinsic(id, {wide_type(call.getType())}, arguments);
		if (isa<FPMathOperator>(wide))
			wide->copyFastMathFlags(&call);
		vectors[&call] = wide;
		return true;
	}
	serialise(call, mask);
	return true;
}

bool Widener::widen(const Instruction &i, Value *mask, std::string &why)
{
	if (auto *variable = dyn_cast<AllocaInst>(&i)) {
		widen_variable(*variable);
		return true;
	}
	if (auto *load = dyn_cast<LoadInst>(&i)) {
		if (shapes.of(&i).is_same())
			copy_scalar(i);
		else
			widen_load(*load, mask);
		return true;
	}
	if (auto *store = dyn_cast<StoreInst>(&i)) {
		widen_store(*store, mask);
		return true;
	}
	if (isa<FenceInst>(i)) {
		copy_scalar(i);
		return true;
	}
	if (shapes.of(&i).is_affine()) {
		copy_scalar(i);
		return true;
	}
	if (auto *call = dyn_cast<CallInst>(&i))
		return widen_call(*call, mask, why);
	if (isa<AtomicRMWInst>(i)) {
		serialise(i, mask);
		return true;
	}
	Value *result = operate(i, mask, [&](const Value *operand) { return vector(operand); });
	if (!result) {
		why = std::string("an instruction: ") + i.getOpcodeName();
		return false;
	}
	vectors[&i] = result;
	return true;
}

} // namespace hmmcl
