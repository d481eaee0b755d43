/* SPDX-License-Identifier: MIT */
/* Stage P6: memory, and what is done lane by lane. */
#include "vectoriser/widener.h"

#include "llvm/IR/Instructions.h"
#include "llvm/IR/IntrinsicInst.h"
#include "llvm/IR/MDBuilder.h"
#include "llvm/Transforms/Utils/BasicBlockUtils.h"

using namespace llvm;

namespace hmmcl {

namespace {

void copy_alias_facts(const Instruction &source, Instruction &result)
{
	for (unsigned kind : {LLVMContext::MD_tbaa, LLVMContext::MD_alias_scope, LLVMContext::MD_noalias})
		if (MDNode *facts = source.getMetadata(kind))
			result.setMetadata(kind, facts);
}

} // namespace

/* One variable a lane, beside each other: an address of it has the variable's size as its stride. */
void Widener::widen_variable(const AllocaInst &variable)
{
	auto *type = ArrayType::get(variable.getAllocatedType(), width);
	AllocaInst *wide = builder.CreateAlloca(type, nullptr, variable.getName());

	wide->setAlignment(std::max(variable.getAlign(), layout.getPrefTypeAlign(variable.getAllocatedType())));
	scalars[&variable] = wide;
}

/* Do lanes next to each other use memory next to each other? */
bool Widener::is_near(const Value *address, Type *type) const
{
	Shape shape = shapes.of(address);

	return shape.is_affine() && layout.typeSizeEqualsStoreSize(type) &&
	       shape.stride == int64_t(layout.getTypeAllocSize(type).getFixedValue());
}

/* Does one of the extensions in @address wrap round between the lanes?  Null: none can. */
Value *Widener::wraps(const Value *address)
{
	Value *result = nullptr;

	for (const Instruction *i : shapes.guards_of(address)) {
		Value *value = scalar(i->getOperand(0));
		int64_t stride = shapes.of(i->getOperand(0)).stride, distance = std::abs(stride) * (width - 1);
		unsigned bits = value->getType()->getScalarSizeInBits();
		APInt low = APInt::getZero(bits), high = APInt::getMaxValue(bits);
		bool is_signed = isa<SExtInst>(i);

		if (is_signed) {
			low = APInt::getSignedMinValue(bits);
			high = APInt::getSignedMaxValue(bits);
		} else if (i->getOpcode() == Instruction::And) {
			high = cast<ConstantInt>(i->getOperand(1))->getValue();
			value = builder.CreateAnd(value, ConstantInt::get(value->getType(), high));
		}
		Value *bad = stride > 0 ?
			builder.CreateICmp(is_signed ? CmpInst::ICMP_SGT : CmpInst::ICMP_UGT, value,
					   ConstantInt::get(value->getType(), high - distance)) :
			builder.CreateICmp(is_signed ? CmpInst::ICMP_SLT : CmpInst::ICMP_ULT, value,
					   ConstantInt::get(value->getType(), low + distance));
		result = result ? builder.CreateOr(result, bad) : bad;
	}
	return result;
}

Value *Widener::load_near(const LoadInst &load, Value *mask)
{
	Value *address = scalar(load.getPointerOperand());
	Type *type = wide_type(load.getType());
	Instruction *result = mask ?
		cast<Instruction>(builder.CreateMaskedLoad(type, address, load.getAlign(), mask, PoisonValue::get(type))) :
		builder.CreateAlignedLoad(type, address, load.getAlign());

	copy_alias_facts(load, *result);
	return result;
}

Value *Widener::load_far(const LoadInst &load, Value *mask)
{
	Type *type = wide_type(load.getType());
	CallInst *result = builder.CreateMaskedGather(type, vector(load.getPointerOperand()), load.getAlign(),
						      mask ? mask : all_lanes(), PoisonValue::get(type));

	copy_alias_facts(load, *result);
	return result;
}

void Widener::widen_load(const LoadInst &load, Value *mask)
{
	if (!load.isSimple() || !layout.typeSizeEqualsStoreSize(load.getType())) {
		serialise(load, mask);
		return;
	}
	if (!is_near(load.getPointerOperand(), load.getType())) {
		vectors[&load] = load_far(load, mask);
		return;
	}
	Value *far = wraps(load.getPointerOperand());
	if (!far) {
		vectors[&load] = load_near(load, mask);
		return;
	}

	BasicBlock *near_block = BasicBlock::Create(context, "near", to);
	BasicBlock *far_block = BasicBlock::Create(context, "far", to);
	BasicBlock *after = BasicBlock::Create(context, "loaded", to);
	builder.CreateCondBr(far, far_block, near_block, MDBuilder(context).createUnlikelyBranchWeights());
	builder.SetInsertPoint(far_block);
	Value *gathered = load_far(load, mask);
	builder.CreateBr(after);
	builder.SetInsertPoint(near_block);
	Value *loaded = load_near(load, mask);
	builder.CreateBr(after);
	builder.SetInsertPoint(after);
	PHINode *result = builder.CreatePHI(loaded->getType(), 2);
	result->addIncoming(gathered, far_block);
	result->addIncoming(loaded, near_block);
	vectors[&load] = result;
}

void Widener::store_near(const StoreInst &store, Value *mask)
{
	Value *value = vector(store.getValueOperand()), *address = scalar(store.getPointerOperand());
	Instruction *result = mask ?
		cast<Instruction>(builder.CreateMaskedStore(value, address, store.getAlign(), mask)) :
		builder.CreateAlignedStore(value, address, store.getAlign());

	copy_alias_facts(store, *result);
}

/* Where lanes store to the same place the last one's value stays, as if they ran in order. */
void Widener::store_far(const StoreInst &store, Value *mask)
{
	Value *value = vector(store.getValueOperand());
	CallInst *result = builder.CreateMaskedScatter(value, vector(store.getPointerOperand()), store.getAlign(),
						       mask ? mask : all_lanes());

	copy_alias_facts(store, *result);
}

/* The number of the last lane that takes part. */
Value *Widener::last_lane(Value *mask)
{
	Type *bits = builder.getIntNTy(width);

	if (!mask)
		return builder.getInt64(width - 1);
	Value *zeros = builder.CreateBinaryIntrinsic(Intrinsic::ctlz, builder.CreateBitCast(mask, bits),
						     builder.getFalse());
	Value *lane = builder.CreateSub(ConstantInt::get(bits, width - 1), zeros);
	/* A block only runs if a lane takes part; should none, any lane will do. */
	return builder.CreateAnd(builder.CreateZExt(lane, builder.getInt64Ty()), builder.getInt64(width - 1));
}

void Widener::widen_store(const StoreInst &store, Value *mask)
{
	const Value *address = store.getPointerOperand(), *value = store.getValueOperand();

	if (shapes.of(address).is_same() && (store.isSimple() || shapes.of(value).is_same())) {
		auto *copy = cast<StoreInst>(store.clone());
		Value *last = shapes.of(value).is_same() ? scalar(value) :
			builder.CreateExtractElement(vector(value), last_lane(mask));

		copy->setOperand(0, last);
		copy->setOperand(1, scalar(address));
		builder.Insert(copy);
		return;
	}
	if (!store.isSimple() || !layout.typeSizeEqualsStoreSize(value->getType())) {
		serialise(store, mask);
		return;
	}
	if (!is_near(address, value->getType())) {
		store_far(store, mask);
		return;
	}
	Value *far = wraps(address);
	if (!far) {
		store_near(store, mask);
		return;
	}

	BasicBlock *near_block = BasicBlock::Create(context, "near", to);
	BasicBlock *far_block = BasicBlock::Create(context, "far", to);
	BasicBlock *after = BasicBlock::Create(context, "stored", to);
	builder.CreateCondBr(far, far_block, near_block, MDBuilder(context).createUnlikelyBranchWeights());
	builder.SetInsertPoint(far_block);
	store_far(store, mask);
	builder.CreateBr(after);
	builder.SetInsertPoint(near_block);
	store_near(store, mask);
	builder.CreateBr(after);
	builder.SetInsertPoint(after);
}

/* A place for each lane's value of a type, for the moment. */
AllocaInst *Widener::scratch(Type *element)
{
	BasicBlock &entry = to->getEntryBlock();
	IRBuilder<> at(&entry, entry.begin());
	AllocaInst *place = at.CreateAlloca(ArrayType::get(element, width), nullptr, "lanes");

	place->setAlignment(layout.getABITypeAlign(wide_type(element)));
	mark_life(place, true);
	return place;
}

void Widener::mark_life(AllocaInst *variable, bool start)
{
	ConstantInt *size = builder.getInt64(layout.getTypeAllocSize(variable->getAllocatedType()).getFixedValue());

	if (start)
		builder.CreateLifetimeStart(variable, size);
	else
		builder.CreateLifetimeEnd(variable, size);
}

Value *Widener::one_lane(const Instruction &i, function_ref<Value *(const Value *)> operand)
{
	Instruction *copy = i.clone();

	for (Use &use : copy->operands())
		if (!isa<Constant>(use) && !isa<MetadataAsValue>(use))
			use.set(operand(use));
	builder.Insert(copy);
	return copy;
}

/* One lane after another, in order; those that take part. */
void Widener::serialise(const Instruction &i, Value *mask)
{
	Type *type = i.getType();
	bool has_result = !type->isVoidTy() && !i.use_empty();
	DenseMap<const Value *, Value *> operands;

	for (const Value *operand : i.operand_values())
		if (!isa<Constant>(operand) && !isa<MetadataAsValue>(operand) && !shapes.of(operand).is_same())
			operands[operand] = vector(operand);
	if (!mask) {
		Value *result = has_result ? PoisonValue::get(wide_type(type)) : nullptr;

		for (unsigned lane = 0; lane < width; lane++) {
			Value *value = one_lane(i, [&](const Value *operand) {
				Value *wide = operands.lookup(operand);
				return wide ? builder.CreateExtractElement(wide, lane) : scalar(operand);
			});
			if (has_result)
				result = builder.CreateInsertElement(result, value, lane);
		}
		if (has_result)
			vectors[&i] = result;
		return;
	}

	auto stored_type = [&](Type *element) {
		return element->isIntegerTy(1) ? builder.getInt8Ty() : element;
	};
	DenseMap<const Value *, AllocaInst *> places;
	for (auto [operand, wide] : operands) {
		Type *element = stored_type(operand->getType());

		places[operand] = scratch(element);
		builder.CreateStore(builder.CreateZExtOrBitCast(wide, wide_type(element)), places[operand]);
	}
	AllocaInst *results = has_result ? scratch(stored_type(type)) : nullptr;

	Type *bits_type = builder.getIntNTy(width);
	Value *bits = builder.CreateBitCast(mask, bits_type);
	BasicBlock *before = builder.GetInsertBlock();
	BasicBlock *loop = BasicBlock::Create(context, "lane", to), *after = BasicBlock::Create(context, "lanes", to);
	builder.CreateCondBr(builder.CreateIsNotNull(bits), loop, after);
	builder.SetInsertPoint(loop);
	PHINode *left = builder.CreatePHI(bits_type, 2, "left");
	left->addIncoming(bits, before);
	Value *lane = builder.CreateZExt(builder.CreateBinaryIntrinsic(Intrinsic::cttz, left, builder.getTrue()),
					 builder.getInt64Ty());
	Value *value = one_lane(i, [&](const Value *operand) -> Value * {
		AllocaInst *place = places.lookup(operand);

		if (!place)
			return scalar(operand);
		Type *element = stored_type(operand->getType());
		Value *loaded = builder.CreateLoad(element, builder.CreateInBoundsGEP(element, place, lane));
		return builder.CreateTruncOrBitCast(loaded, operand->getType());
	});
	if (has_result)
		builder.CreateStore(builder.CreateZExtOrBitCast(value, stored_type(type)),
				    builder.CreateInBoundsGEP(stored_type(type), results, lane));
	Value *rest = builder.CreateAnd(left, builder.CreateSub(left, ConstantInt::get(bits_type, 1)));
	left->addIncoming(rest, builder.GetInsertBlock());
	builder.CreateCondBr(builder.CreateIsNotNull(rest), loop, after);
	builder.SetInsertPoint(after);
	if (has_result) {
		Value *all = builder.CreateLoad(wide_type(stored_type(type)), results);

		/* Lanes that took no part have left nothing. */
		vectors[&i] = builder.CreateTruncOrBitCast(builder.CreateFreeze(all), wide_type(type));
		mark_life(results, false);
	}
	for (auto [operand, place] : places)
		mark_life(place, false);
}

} // namespace hmmcl
