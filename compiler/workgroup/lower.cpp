/* SPDX-License-Identifier: MIT */
/* Small lowerings on the whole module. */
#include "workgroup/lower.h"

#include "llvm/Demangle/Demangle.h"
#include "llvm/IR/IRBuilder.h"
#include "llvm/IR/InstIterator.h"
#include "llvm/IR/Instructions.h"
#include "llvm/IR/Module.h"
#include "llvm/IR/PatternMatch.h"
#include "llvm/Target/TargetMachine.h"

using namespace llvm;

namespace hmmcl {

namespace {

constexpr unsigned as_local = 3;

bool is_division(const Instruction &i)
{
	switch (i.getOpcode()) {
	case Instruction::UDiv:
	case Instruction::SDiv:
	case Instruction::URem:
	case Instruction::SRem:
		return true;
	default:
		return false;
	}
}

/* A constant that neither divides by zero nor, signed, by minus one. */
bool is_safe_divisor(const Value *divisor, bool is_signed)
{
	using namespace PatternMatch;
	const APInt *value;

	return match(divisor, m_APInt(value)) && !value->isZero() && !(is_signed && value->isAllOnes());
}

void guard_division(BinaryOperator &division)
{
	bool is_signed = division.getOpcode() == Instruction::SDiv ||
			 division.getOpcode() == Instruction::SRem;
	Value *dividend = division.getOperand(0), *divisor = division.getOperand(1);
	Type *type = divisor->getType();

	if (is_safe_divisor(divisor, is_signed))
		return;

	IRBuilder<> builder(&division);
	Value *bad = builder.CreateICmpEQ(divisor, Constant::getNullValue(type));
	if (is_signed) {
		APInt minimum = APInt::getSignedMinValue(type->getScalarSizeInBits());
		Value *overflows = builder.CreateAnd(
			builder.CreateICmpEQ(dividend, ConstantInt::get(type, minimum)),
			builder.CreateICmpEQ(divisor, Constant::getAllOnesValue(type)));
		bad = builder.CreateOr(bad, overflows);
	}
	division.setOperand(1, builder.CreateSelect(bad, ConstantInt::get(type, 1), divisor));
	division.setIsExact(false);
}

} // namespace

void guard_divisions(Function &function)
{
	for (Instruction &i : make_early_inc_range(instructions(function)))
		if (is_division(i))
			guard_division(cast<BinaryOperator>(i));
}

void end_at_debug_traps(Function &function)
{
	Module *module = function.getParent();

	for (Instruction &i : make_early_inc_range(instructions(function))) {
		auto *call = dyn_cast<IntrinsicInst>(&i);

		if (call && call->getIntrinsicID() == Intrinsic::debugtrap)
			call->setCalledFunction(Intrinsic::getDeclaration(module, Intrinsic::trap));
	}
}

void drop_events(Function &function)
{
	SmallVector<Instruction *, 16> dead;

	for (Instruction &i : instructions(function)) {
		auto *store = dyn_cast<StoreInst>(&i);

		if (isa<TargetExtType>(i.getType())) {
			i.replaceAllUsesWith(Constant::getNullValue(i.getType()));
			dead.push_back(&i);
		} else if (store && isa<TargetExtType>(store->getValueOperand()->getType())) {
			dead.push_back(&i);
		}
	}
	for (Instruction *i : dead)
		i->eraseFromParent();
}

static void relax(AtomicRMWInst &rmw)
{
	IRBuilder<> builder(&rmw);
	Value *old = builder.CreateAlignedLoad(rmw.getType(), rmw.getPointerOperand(), rmw.getAlign());
	Value *value = rmw.getValOperand(), *result = nullptr;

	switch (rmw.getOperation()) {
	case AtomicRMWInst::Xchg:
		result = value;
		break;
	case AtomicRMWInst::Add:
		result = builder.CreateAdd(old, value);
		break;
	case AtomicRMWInst::Sub:
		result = builder.CreateSub(old, value);
		break;
	case AtomicRMWInst::And:
		result = builder.CreateAnd(old, value);
		break;
	case AtomicRMWInst::Nand:
		result = builder.CreateNot(builder.CreateAnd(old, value));
		break;
	case AtomicRMWInst::Or:
		result = builder.CreateOr(old, value);
		break;
	case AtomicRMWInst::Xor:
		result = builder.CreateXor(old, value);
		break;
	case AtomicRMWInst::Max:
		result = builder.CreateSelect(builder.CreateICmpSGT(old, value), old, value);
		break;
	case AtomicRMWInst::Min:
		result = builder.CreateSelect(builder.CreateICmpSLE(old, value), old, value);
		break;
	case AtomicRMWInst::UMax:
		result = builder.CreateSelect(builder.CreateICmpUGT(old, value), old, value);
		break;
	case AtomicRMWInst::UMin:
		result = builder.CreateSelect(builder.CreateICmpULE(old, value), old, value);
		break;
	case AtomicRMWInst::FAdd:
		result = builder.CreateFAdd(old, value);
		break;
	case AtomicRMWInst::FSub:
		result = builder.CreateFSub(old, value);
		break;
	case AtomicRMWInst::FMax:
		result = builder.CreateMaxNum(old, value);
		break;
	case AtomicRMWInst::FMin:
		result = builder.CreateMinNum(old, value);
		break;
	default:
		return;		/* stays atomic, which is correct */
	}
	builder.CreateAlignedStore(result, rmw.getPointerOperand(), rmw.getAlign());
	rmw.replaceAllUsesWith(old);
	rmw.eraseFromParent();
}

static void relax(AtomicCmpXchgInst &exchange)
{
	IRBuilder<> builder(&exchange);
	Value *pointer = exchange.getPointerOperand(), *wanted = exchange.getCompareOperand();
	Value *old = builder.CreateAlignedLoad(wanted->getType(), pointer, exchange.getAlign());
	Value *equal = builder.CreateICmpEQ(old, wanted);
	Value *result = builder.CreateInsertValue(PoisonValue::get(exchange.getType()), old, 0);

	builder.CreateAlignedStore(builder.CreateSelect(equal, exchange.getNewValOperand(), old), pointer,
				   exchange.getAlign());
	exchange.replaceAllUsesWith(builder.CreateInsertValue(result, equal, 1));
	exchange.eraseFromParent();
}

void relax_local_atomics(Function &function)
{
	for (Instruction &i : make_early_inc_range(instructions(function))) {
		if (auto *rmw = dyn_cast<AtomicRMWInst>(&i)) {
			if (rmw->getPointerAddressSpace() == as_local)
				relax(*rmw);
		} else if (auto *exchange = dyn_cast<AtomicCmpXchgInst>(&i)) {
			if (exchange->getPointerAddressSpace() == as_local)
				relax(*exchange);
		} else if (auto *load = dyn_cast<LoadInst>(&i)) {
			if (load->isAtomic() && load->getPointerAddressSpace() == as_local) {
				load->setAtomic(AtomicOrdering::NotAtomic);
				load->setVolatile(false);
			}
		} else if (auto *store = dyn_cast<StoreInst>(&i)) {
			if (store->isAtomic() && store->getPointerAddressSpace() == as_local) {
				store->setAtomic(AtomicOrdering::NotAtomic);
				store->setVolatile(false);
			}
		}
	}
}

void retarget(Module &module, const TargetMachine &machine)
{
	module.setTargetTriple(machine.getTargetTriple().str());
	module.setDataLayout(machine.createDataLayout());
	for (Function &function : module) {
		if (function.isIntrinsic())
			continue;
		function.setCallingConv(CallingConv::C);
		function.removeFnAttr("target-cpu");
		function.removeFnAttr("target-features");
		function.removeFnAttr("min-legal-vector-width");
		function.addFnAttr("target-cpu", machine.getTargetCPU());
		function.addFnAttr("target-features", machine.getTargetFeatureString());
		function.addFnAttr("min-legal-vector-width", "512");
		function.addFnAttr("prefer-vector-width", "512");
		/*
		 * The estimate of a reciprocal with one Newton step that relaxed arithmetic would get
		 * is wrong by up to 3 ulp in registers of 32 bytes; the specification allows 2.5.
		 */
		function.addFnAttr("reciprocal-estimates", "!divf,!vec-divf");
		/* Frames with large private arrays must not step over the stack's guard page. */
		function.addFnAttr("probe-stack", "inline-asm");
		function.addFnAttr(Attribute::NoUnwind);
		function.setUWTableKind(UWTableKind::None);
		for (Instruction &i : instructions(function))
			if (auto *call = dyn_cast<CallBase>(&i))
				call->setCallingConv(CallingConv::C);
	}
}

namespace {

const char *const library_calls[] = {
#define HMMCL_LIBCALL(name) #name,
#include "libcalls.def"
};

} // namespace

bool is_library_call(StringRef name)
{
	return is_contained(library_calls, name);
}

bool check_resolved(Module &module, std::string &log)
{
	bool resolved = true;

	for (Function &function : module) {
		if (!function.isDeclaration() || function.isIntrinsic() || function.use_empty())
			continue;
		if (is_library_call(function.getName()))
			continue;
		log += "error: unresolved function " + demangle(function.getName()) + " (" +
		       function.getName().str() + ")\n";
		resolved = false;
	}
	for (GlobalVariable &variable : module.globals()) {
		if (!variable.isDeclaration() || variable.use_empty())
			continue;
		log += "error: unresolved variable " + variable.getName().str() + "\n";
		resolved = false;
	}
	return resolved;
}

} // namespace hmmcl
