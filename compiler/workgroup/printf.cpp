/* SPDX-License-Identifier: MIT */
/*
 * printf (OpenCL C 3.0, 6.15.14): a call becomes a record in the launch's buffer (device_abi.h);
 * the runtime does the formatting.
 */
#include "workgroup/workgroup.h"

#include "device_abi.h"

#include "llvm/Analysis/ValueTracking.h"
#include "llvm/IR/Dominators.h"
#include "llvm/IR/InstIterator.h"
#include "llvm/IR/Instructions.h"
#include "llvm/IR/Module.h"
#include "llvm/Transforms/Utils/BasicBlockUtils.h"
#include "llvm/Transforms/Utils/PromoteMemToReg.h"

using namespace llvm;

namespace hmmcl {

namespace {

/* The conversion characters of a format, in order, one for each argument. */
std::string conversions(StringRef format)
{
	std::string out;

	for (size_t i = 0; i < format.size(); i++) {
		if (format[i] != '%')
			continue;
		i = format.find_first_not_of("-+ #0123456789.*vhlL", i + 1);
		if (i == StringRef::npos)
			break;
		if (format[i] != '%')
			out += format[i];
	}
	return out;
}

std::string type_code(Type *type, char conversion)
{
	std::string code;

	if (auto *vector = dyn_cast<FixedVectorType>(type)) {
		code = "v" + std::to_string(vector->getNumElements());
		type = vector->getElementType();
	}
	if (type->isPointerTy())
		return conversion == 's' ? "s" : "p";
	if (type->isFloatingPointTy())
		code += "f";
	else
		code += conversion == 'd' || conversion == 'i' || conversion == 'c' ? "i" : "u";
	return code + std::to_string(type->getScalarSizeInBits() / 8);
}

class PrintfLowering {
public:
	PrintfLowering(WorkGroup &group, CodeObjectInfo &info)
		: group(group), info(info), layout(group.function->getParent()->getDataLayout()) {}

	bool lower(CallInst &call, std::string &log)
	{
		StringRef format;

		if (!getConstantStringInfo(call.getArgOperand(0), format)) {
			log += "error: printf in kernel '" + group.info.name +
			       "': the format is not known at compile time: give a string literal\n";
			return false;
		}
		write_record(call, register_format(call, format));
		group.info.uses_printf = true;
		return true;
	}

private:
	uint32_t register_format(const CallInst &call, StringRef format)
	{
		std::string converted = conversions(format);
		PrintfFormat entry;

		for (unsigned i = 1; i < call.arg_size(); i++) {
			char conversion = i <= converted.size() ? converted[i - 1] : 'd';

			entry.types += (i > 1 ? "," : "") + type_code(call.getArgOperand(i)->getType(), conversion);
		}
		entry.format = format.str();
		for (size_t i = 0; i < info.formats.size(); i++)
			if (info.formats[i].format == entry.format && info.formats[i].types == entry.types)
				return i;
		info.formats.push_back(entry);
		return info.formats.size() - 1;
	}

	uint64_t stored_size(Type *type) const
	{
		return alignTo(layout.getTypeAllocSize(type), 8);
	}

	/*
	 * if (buffer) { at = atomic_add(&used, size); if (at + size <= buffer->size) write it }
	 */
	void write_record(CallInst &call, uint32_t format)
	{
		uint64_t size = sizeof(hmmcl_printf_record);
		LLVMContext &context = call.getContext();

		for (unsigned i = 1; i < call.arg_size(); i++)
			size += stored_size(call.getArgOperand(i)->getType());

		IRBuilder<> builder(&call);
		ItemValues values(*group.function, builder);
		Value *address = values.launch_field(offsetof(hmmcl_launch, printf_buffer), 64, "printf_buffer");
		Value *buffer = builder.CreateIntToPtr(address, builder.getPtrTy(1));
		Instruction *reserve_end = SplitBlockAndInsertIfThen(builder.CreateIsNotNull(address), &call, false);

		builder.SetInsertPoint(reserve_end);
		Value *used = field(builder, buffer, offsetof(hmmcl_printf_buffer, used));
		Value *at = builder.CreateAtomicRMW(AtomicRMWInst::Add, used, builder.getInt32(size), Align(4),
						    AtomicOrdering::Monotonic);
		Value *end = builder.CreateAdd(builder.CreateZExt(at, builder.getInt64Ty()),
					       builder.getInt64(size));
		Value *limit = builder.CreateZExt(
			builder.CreateLoad(builder.getInt32Ty(),
					   field(builder, buffer, offsetof(hmmcl_printf_buffer, size))),
			builder.getInt64Ty());
		Value *fits = builder.CreateICmpULE(end, limit);
		Instruction *write_end = SplitBlockAndInsertIfThen(fits, reserve_end, false);

		builder.SetInsertPoint(write_end);
		Value *data = field(builder, buffer, offsetof(hmmcl_printf_buffer, data));
		Value *record = builder.CreateInBoundsGEP(builder.getInt8Ty(), data,
							  builder.CreateZExt(at, builder.getInt64Ty()));
		builder.CreateAlignedStore(builder.getInt32(size),
					   field(builder, record, offsetof(hmmcl_printf_record, size)), Align(4));
		builder.CreateAlignedStore(builder.getInt32(format),
					   field(builder, record, offsetof(hmmcl_printf_record, format)), Align(4));
		uint64_t offset = sizeof(hmmcl_printf_record);
		for (unsigned i = 1; i < call.arg_size(); i++) {
			Value *value = call.getArgOperand(i);

			builder.CreateAlignedStore(value, field(builder, record, offset), Align(8));
			offset += stored_size(value->getType());
		}

		/* The result: 0, or -1 for a record that was dropped. */
		PHINode *result = PHINode::Create(Type::getInt32Ty(context), 2, "", call.getIterator());
		BasicBlock *join = call.getParent();
		result->moveBefore(*join, join->begin());
		for (BasicBlock *from : predecessors(join))
			result->addIncoming(ConstantInt::getSigned(result->getType(), -1), from);
		set_reserve_result(result, reserve_end->getParent(), fits);
		call.replaceAllUsesWith(result);
		call.eraseFromParent();
	}

	/* From the reserving path: 0 if the record fitted. */
	static void set_reserve_result(PHINode *result, BasicBlock *from, Value *fits)
	{
		IRBuilder<> builder(from->getTerminator());
		Value *value = builder.CreateSelect(fits, builder.getInt32(0), builder.getInt32(-1));

		result->setIncomingValueForBlock(from, value);
	}

	static Value *field(IRBuilder<> &builder, Value *base, uint64_t offset)
	{
		return builder.CreateConstInBoundsGEP1_64(builder.getInt8Ty(), base, offset);
	}

	WorkGroup &group;
	CodeObjectInfo &info;
	const DataLayout &layout;
};

bool is_known(const CallInst &call)
{
	StringRef format;

	return getConstantStringInfo(call.getArgOperand(0), format);
}

/* A format may be a variable, or an argument of a function that is inlined now, with one value. */
void resolve_formats(Function &function, ArrayRef<CallInst *> calls)
{
	SmallVector<AllocaInst *, 8> variables;

	if (all_of(calls, [](const CallInst *call) { return is_known(*call); }))
		return;
	for (Instruction &i : instructions(function))
		if (auto *variable = dyn_cast<AllocaInst>(&i))
			if (variable->getAllocatedType()->isPointerTy() && isAllocaPromotable(variable))
				variables.push_back(variable);
	DominatorTree tree(function);
	PromoteMemToReg(variables, tree);
}

} // namespace

bool lower_printf(WorkGroup &group, CodeObjectInfo &info, std::string &log)
{
	PrintfLowering lowering(group, info);
	SmallVector<CallInst *, 8> calls;

	for (Instruction &i : instructions(*group.function))
		if (auto *call = dyn_cast<CallInst>(&i))
			if (Function *callee = call->getCalledFunction())
				if (callee->isDeclaration() && callee->getName() == "printf")
					calls.push_back(call);
	resolve_formats(*group.function, calls);
	for (CallInst *call : calls)
		if (!lowering.lower(*call, log))
			return false;
	return true;
}

} // namespace hmmcl
