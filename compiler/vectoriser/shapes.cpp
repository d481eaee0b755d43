/* SPDX-License-Identifier: MIT */
/* Stage P5: strides and alignments, by iteration over the function from "unknown" downwards. */
#include "vectoriser/shapes.h"

#include "device_abi.h"
#include "workgroup/workgroup.h"

#include "llvm/ADT/PostOrderIterator.h"
#include "llvm/Analysis/TargetTransformInfo.h"
#include "llvm/Analysis/TargetTransformInfoImpl.h"
#include "llvm/Analysis/ValueTracking.h"
#include "llvm/IR/GetElementPtrTypeIterator.h"
#include "llvm/IR/InstIterator.h"
#include "llvm/IR/IntrinsicInst.h"
#include "llvm/IR/Operator.h"
#include "llvm/Support/KnownBits.h"

using namespace llvm;

namespace hmmcl {

namespace {

constexpr uint64_t most_align = uint64_t(1) << 32;
constexpr int64_t most_stride = int64_t(1) << 24;

/* Items of a chunk differ in x only. */
class LaneDivergence : public TargetTransformInfoImplCRTPBase<LaneDivergence> {
public:
	explicit LaneDivergence(const DataLayout &layout)
		: TargetTransformInfoImplCRTPBase<LaneDivergence>(layout) {}

	bool hasBranchDivergence(const Function *) const { return true; }
	bool isAlwaysUniform(const Value *) const { return false; }

	bool isSourceOfDivergence(const Value *value) const
	{
		if (auto *argument = dyn_cast<llvm::Argument>(value))
			return argument->getArgNo() == arg_x;
		if (isa<AtomicRMWInst>(value) || isa<AtomicCmpXchgInst>(value) || isa<AllocaInst>(value))
			return true;
		if (auto *call = dyn_cast<CallBase>(value))
			return !call->doesNotAccessMemory();
		return false;
	}
};

uint64_t alignment_of(const APInt &value)
{
	return value.isZero() ? most_align : std::min(most_align, uint64_t(1) << std::min(value.countr_zero(), 32u));
}

Shape same(uint64_t align = 1)
{
	return {Shape::affine, 0, align, false};
}

Shape varying()
{
	return {Shape::varying, 0, 1, false};
}

Shape affine(int64_t stride, uint64_t align, bool guarded)
{
	if (stride > most_stride || stride < -most_stride)
		return varying();
	return {Shape::affine, stride, align, guarded};
}

/* What all lanes' values span, rounded up to a power of two; only for positive strides. */
uint64_t span(const Shape &shape, unsigned width)
{
	return PowerOf2Ceil(uint64_t(shape.stride) * width);
}

} // namespace

void register_lane_divergence(FunctionAnalysisManager &analyses)
{
	analyses.registerPass([] {
		return TargetIRAnalysis([](const Function &function) {
			return TargetTransformInfo(LaneDivergence(function.getDataLayout()));
		});
	});
}

Shapes::Shapes(Function &function, unsigned width, UniformityInfo &uniformity, const LoopInfo &loops)
	: function(function), width(width), uniformity(uniformity), loops(loops),
	  layout(function.getDataLayout())
{
	ReversePostOrderTraversal<Function *> order(&function);

	for (BasicBlock &block : function)
		divergent |= parts(block);
	for (bool changed = true; changed;) {
		changed = false;
		for (BasicBlock *block : order) {
			for (Instruction &i : *block) {
				if (i.getType()->isVoidTy())
					continue;
				Shape &old = shapes[&i];

				if (old.kind == Shape::varying)
					continue;
				Shape next = compute(i);
				/* Down only: unknown, affine of falling alignment, varying. */
				if (old.is_affine() && next.is_affine()) {
					next.align = std::min(old.align, next.align);
					next.guarded |= old.guarded;
					if (next.stride != old.stride)
						next = varying();
				}
				if (!(next == shapes[&i])) {
					shapes[&i] = next;
					changed = true;
				}
			}
		}
	}
}

bool Shapes::is_uniform(const Value *value) const
{
	if (auto *argument = dyn_cast<llvm::Argument>(value))
		return argument->getArgNo() != arg_x;
	return isa<Constant>(value) || uniformity.isUniform(value);
}

bool Shapes::is_divergent_loop(const Loop *loop) const
{
	SmallVector<BasicBlock *, 4> exiting;

	if (!loop)
		return false;
	loop->getExitingBlocks(exiting);
	return any_of(exiting, [&](BasicBlock *block) { return parts(*block); });
}

Shape Shapes::of(const Value *value) const
{
	if (auto *number = dyn_cast<ConstantInt>(value))
		return same(alignment_of(number->getValue()));
	if (isa<Constant>(value))
		return same();
	if (auto *argument = dyn_cast<llvm::Argument>(value))
		return argument->getArgNo() == arg_x ? affine(1, width, false) : same();
	return shapes.lookup(value);
}

SmallVector<const Instruction *, 4> Shapes::guards_of(const Value *value) const
{
	SmallVector<const Value *, 8> work = {value};
	SmallVector<const Instruction *, 4> found;
	DenseSet<const Value *> seen;

	while (!work.empty()) {
		auto *i = dyn_cast<Instruction>(work.pop_back_val());

		if (!i || !of(i).guarded || !seen.insert(i).second)
			continue;
		if (guards.contains(i))
			found.push_back(i);
		work.append(i->op_begin(), i->op_end());
	}
	return found;
}

/* The launch's sizes in x, of which the caller of a widened function knows something. */
uint64_t Shapes::known_alignment(const LoadInst &load) const
{
	APInt offset(64, 0);
	const Value *base = load.getPointerOperand()->stripAndAccumulateConstantOffsets(layout, offset, true);

	if (base == function.getArg(arg_launch) &&
	    (offset == offsetof(hmmcl_launch, local_size) || offset == offsetof(hmmcl_launch, global_offset)))
		return width;
	if (base == function.getArg(arg_group) && offset == offsetof(hmmcl_group, local_size))
		return width;
	return 1;
}

Shape Shapes::compute_phi(const PHINode &phi) const
{
	const BasicBlock *block = phi.getParent();
	const Loop *loop = loops.getLoopFor(block);
	bool header = loop && loop->getHeader() == block;
	bool uniform = is_uniform(&phi);
	Shape result;

	/* Lanes that come from different sides have different values of theirs. */
	if (!uniform && !header && divergent) {
		const BasicBlock *before = block->getSinglePredecessor();
		const Loop *left = before ? loops.getLoopFor(before) : nullptr;

		if (!before || (left && !left->contains(block) && is_divergent_loop(left)))
			return varying();
	}
	for (const Value *value : phi.incoming_values()) {
		Shape shape = of(value);

		if (isa<UndefValue>(value) || shape.kind == Shape::unknown)
			continue;
		if (shape.kind == Shape::varying || shape.guarded)
			return uniform ? same() : varying();
		if (result.kind == Shape::unknown)
			result = shape;
		else if (result.stride != shape.stride)
			return uniform ? same() : varying();
		result.align = std::min(result.align, shape.align);
	}
	if (uniform && result.stride)
		return same();
	return result;
}

/* zext, sext, or the low @bits bits. */
Shape Shapes::compute_extension(const Instruction &i, unsigned bits, bool is_signed)
{
	const Value *value = i.getOperand(0);
	Shape shape = of(value);
	uint64_t size = bits >= 64 ? 0 : uint64_t(1) << bits, distance;

	if (!shape.stride)
		return shape;
	distance = uint64_t(std::abs(shape.stride)) * (width - 1);
	if (bits < 64 && distance >= (is_signed ? size / 2 : size))
		return varying();
	if (shape.stride > 0 && shape.align >= span(shape, width) &&
	    (bits >= 64 || span(shape, width) <= (is_signed ? size / 2 : size)))
		return shape;
	if (shape.stride > 0) {
		KnownBits known = computeKnownBits(value, layout);
		unsigned value_bits = is_signed ? bits - 1 : bits;

		if (known.getMaxValue().getActiveBits() <= 63 && value_bits < 64 &&
		    known.getMaxValue().getZExtValue() + distance < (uint64_t(1) << value_bits))
			return shape;
	}
	if (bits >= 64)
		return varying();
	guards.insert(&i);
	shape.guarded = true;
	shape.align = 1;
	return shape;
}

Shape Shapes::compute_mask(const Instruction &i)
{
	Shape shape = of(i.getOperand(0));
	auto *mask = dyn_cast<ConstantInt>(i.getOperand(1));

	if (!mask || mask->getBitWidth() > 64)
		return varying();
	const APInt &bits = mask->getValue();

	if (bits.isMask()) {
		Shape result = compute_extension(i, bits.countr_one(), false);

		return result;
	}
	if ((~bits).isMask() && shape.stride > 0 && !shape.guarded && shape.align >= span(shape, width) &&
	    span(shape, width) <= uint64_t(1) << bits.countr_zero())
		return same(uint64_t(1) << std::min(bits.countr_zero(), 32u));
	return varying();
}

Shape Shapes::compute_shift(const Instruction &i) const
{
	Shape shape = of(i.getOperand(0));
	auto *amount = dyn_cast<ConstantInt>(i.getOperand(1));

	if (!amount || amount->getValue().uge(32))
		return varying();
	uint64_t by = amount->getZExtValue();
	if (i.getOpcode() == Instruction::Shl)
		return affine(shape.stride << by, std::min(most_align, shape.align << by), shape.guarded);
	/* All lanes lie between two multiples. */
	if (shape.stride > 0 && !shape.guarded && shape.align >= span(shape, width) &&
	    span(shape, width) <= uint64_t(1) << by)
		return same();
	return varying();
}

Shape Shapes::compute_address(const GEPOperator &address) const
{
	Shape result = of(address.getPointerOperand());

	result.align = 1;
	for (auto at = gep_type_begin(address), end = gep_type_end(address); at != end; ++at) {
		Shape index = of(at.getOperand());

		if (index.kind != Shape::affine)
			return index;
		if (!index.stride && !index.guarded)
			continue;
		if (at.getStructTypeOrNull() || !at.getOperand()->getType()->isIntegerTy(64))
			return varying();
		result.stride += index.stride * int64_t(at.getSequentialElementStride(layout).getFixedValue());
		result.guarded |= index.guarded;
	}
	return affine(result.stride, 1, result.guarded);
}

Shape Shapes::compute(const Instruction &i)
{
	bool known = true, all_same = true;

	if (auto *phi = dyn_cast<PHINode>(&i))
		return compute_phi(*phi);
	if (auto *variable = dyn_cast<AllocaInst>(&i))
		return affine(layout.getTypeAllocSize(variable->getAllocatedType()).getFixedValue(), 1, false);
	if (auto *load = dyn_cast<LoadInst>(&i)) {
		Shape address = of(load->getPointerOperand());

		if (is_uniform(&i))
			return same(known_alignment(*load));
		if (address.kind == Shape::unknown)
			return address;
		return address.is_same() && load->isSimple() ? same() : varying();
	}
	if (isa<AtomicRMWInst, AtomicCmpXchgInst>(i))
		return varying();

	for (const Value *operand : i.operand_values()) {
		Shape shape = of(operand);

		if (shape.kind == Shape::varying)
			return is_uniform(&i) ? same() : varying();
		known &= shape.kind != Shape::unknown;
		all_same &= shape.is_same();
	}
	if (!known)
		return {};

	Shape a = i.getNumOperands() > 0 ? of(i.getOperand(0)) : same();
	Shape b = i.getNumOperands() > 1 ? of(i.getOperand(1)) : same();
	Shape result = varying();

	switch (i.getOpcode()) {
	case Instruction::Add:
		result = affine(a.stride + b.stride, std::min(a.align, b.align), a.guarded | b.guarded);
		break;
	case Instruction::Sub:
		result = affine(a.stride - b.stride, std::min(a.align, b.align), a.guarded | b.guarded);
		break;
	case Instruction::Or:
		if (cast<PossiblyDisjointInst>(i).isDisjoint())
			result = affine(a.stride + b.stride, std::min(a.align, b.align), a.guarded | b.guarded);
		break;
	case Instruction::Mul:
		if (auto *factor = dyn_cast<ConstantInt>(i.getOperand(1)); factor && factor->getValue().abs().ult(most_stride))
			result = affine(a.stride * factor->getSExtValue(),
					std::min(most_align, a.align * b.align), a.guarded);
		else if (all_same)
			result = same(a.align >= most_align / b.align ? most_align : a.align * b.align);
		break;
	case Instruction::Shl:
	case Instruction::LShr:
	case Instruction::AShr:
		result = compute_shift(i);
		break;
	case Instruction::And:
		result = compute_mask(i);
		break;
	case Instruction::ZExt:
	case Instruction::SExt:
		result = compute_extension(i, i.getOperand(0)->getType()->getScalarSizeInBits(),
					   isa<SExtInst>(i));
		break;
	case Instruction::Trunc:
		result = a;
		break;
	case Instruction::GetElementPtr:
		result = compute_address(cast<GEPOperator>(i));
		break;
	case Instruction::PtrToInt:
	case Instruction::IntToPtr:
		if (i.getType()->getScalarSizeInBits() == 64 || i.getType()->isPointerTy())
			result = a;
		result.align = 1;
		break;
	case Instruction::AddrSpaceCast:
	case Instruction::Freeze:
		result = a;
		break;
	default:
		break;
	}
	/* Other operations on the same values give the same value, if they are only that. */
	if (result.kind == Shape::varying && all_same && !i.mayReadOrWriteMemory() && !isa<CallBase>(i))
		return same();
	if (is_uniform(&i) && !result.is_same())
		return same();
	return result;
}

} // namespace hmmcl
