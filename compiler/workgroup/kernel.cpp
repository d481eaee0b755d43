/* SPDX-License-Identifier: MIT */
/*
 * From a kernel as Clang emits it to an item function: the argument block is read in the entry
 * block, what the program says about the kernel is collected, __local variables get their place.
 */
#include "workgroup/workgroup.h"

#include "device_abi.h"
#include "library.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/IR/InstIterator.h"
#include "llvm/IR/Instructions.h"
#include "llvm/IR/Module.h"
#include "llvm/IR/ReplaceConstant.h"

using namespace llvm;

namespace hmmcl {

namespace {

/* Address spaces of spir64. */
enum { as_private, as_global, as_constant, as_local, as_generic };

std::string string_operand(const Function &kernel, StringRef kind, unsigned index)
{
	const MDNode *node = kernel.getMetadata(kind);

	if (!node || index >= node->getNumOperands())
		return "";
	if (auto *text = dyn_cast<MDString>(node->getOperand(index)))
		return text->getString().str();
	return "";
}

uint32_t int_operand(const MDNode &node, unsigned index)
{
	return mdconst::extract<ConstantInt>(node.getOperand(index))->getZExtValue();
}

std::string comma_separated(StringRef words)
{
	SmallVector<StringRef, 4> parts;
	std::string out;

	words.split(parts, ' ', -1, false);
	for (StringRef part : parts)
		out += (out.empty() ? "" : ",") + part.str();
	return out.empty() ? "none" : out;
}

/* The alignment of what a pointer type, given as Clang prints it ("float4*"), points at. */
uint64_t pointee_alignment(StringRef type)
{
	static const struct { const char *name; unsigned size; } scalars[] = {
		{"uchar", 1}, {"char", 1}, {"ushort", 2}, {"short", 2}, {"half", 2}, {"uint", 4},
		{"int", 4}, {"float", 4}, {"ulong", 8}, {"long", 8}, {"double", 8}, {"void", 1},
	};

	if (!type.consume_back("*"))
		return 1;
	if (type.ends_with("*"))
		return 8;
	for (const auto &scalar : scalars) {
		StringRef rest = type;
		unsigned width = 1;

		if (!rest.consume_front(scalar.name))
			continue;
		if (!rest.empty() && rest.getAsInteger(10, width))
			continue;
		return scalar.size * (width == 3 ? 4 : width);
	}
	return HMMCL_ABI_ALIGN;
}

/* Clang's name of a type, which has the qualifiers of what is pointed at, without them and white space. */
std::string plain_type_name(StringRef text)
{
	SmallVector<StringRef, 8> words;
	std::string name;

	text.split(words, ' ', -1, false);
	for (StringRef word : words) {
		StringRef rest = word.ltrim('*');

		name += word.drop_back(rest.size());
		if (is_contained({"__global", "__constant", "__local", "__private", "__generic", "const",
				  "volatile", "restrict"}, rest))
			continue;
		if (!name.empty() && isAlnum(name.back()) && !rest.empty() && !rest.starts_with("("))
			name += ' ';	/* struct NAME */
		name += rest;
	}
	return name;
}

Argument describe_argument(const Function &kernel, unsigned index, Type *type, const DataLayout &layout)
{
	Argument arg;
	std::string access = string_operand(kernel, "kernel_arg_access_qual", index);

	arg.name = string_operand(kernel, "kernel_arg_name", index);
	arg.type = plain_type_name(string_operand(kernel, "kernel_arg_type", index));
	arg.access = access.empty() ? "none" : access;
	arg.qualifiers = comma_separated(string_operand(kernel, "kernel_arg_type_qual", index));
	arg.size = layout.getTypeAllocSize(type);
	if (type->isPointerTy()) {
		switch (type->getPointerAddressSpace()) {
		case as_global:
			arg.kind = "global";
			break;
		case as_constant:
			arg.kind = "constant";
			break;
		case as_local:
			arg.kind = "local";
			arg.pointee_align = pointee_alignment(
				string_operand(kernel, "kernel_arg_base_type", index));
			break;
		default:
			break;
		}
	}
	return arg;
}

void read_size(const Function &kernel, StringRef kind, uint32_t (&size)[3])
{
	if (const MDNode *node = kernel.getMetadata(kind))
		for (unsigned i = 0; i < 3; i++)
			size[i] = int_operand(*node, i);
}

/* OpenCL C's name of a type that vec_type_hint mentions. */
std::string type_name(Type *type, bool is_signed)
{
	std::string name;
	Type *element = type->getScalarType();

	if (element->isHalfTy())
		name = "half";
	else if (element->isFloatTy())
		name = "float";
	else if (element->isDoubleTy())
		name = "double";
	else
		name = std::string(is_signed ? "" : "u") +
		       (element->isIntegerTy(8) ? "char" : element->isIntegerTy(16) ? "short" :
			element->isIntegerTy(64) ? "long" : "int");
	if (auto *vector = dyn_cast<FixedVectorType>(type))
		name += std::to_string(vector->getNumElements());
	return name;
}

void add_attribute(std::string &list, const std::string &attribute)
{
	list += (list.empty() ? "" : " ") + attribute;
}

std::string size_attribute(const char *name, const uint32_t (&size)[3])
{
	return std::string(name) + "(" + std::to_string(size[0]) + "," + std::to_string(size[1]) + "," +
	       std::to_string(size[2]) + ")";
}

void read_attributes(const Function &kernel, Kernel &info)
{
	if (const MDNode *hint = kernel.getMetadata("vec_type_hint")) {
		auto *value = cast<ValueAsMetadata>(hint->getOperand(0));

		info.vec_type_hint = type_name(value->getType(), int_operand(*hint, 1) != 0);
		add_attribute(info.attributes, "vec_type_hint(" + info.vec_type_hint + ")");
	}
	read_size(kernel, "work_group_size_hint", info.size_hint);
	if (info.size_hint[0])
		add_attribute(info.attributes, size_attribute("work_group_size_hint", info.size_hint));
	read_size(kernel, "reqd_work_group_size", info.reqd_size);
	if (info.reqd_size[0])
		add_attribute(info.attributes, size_attribute("reqd_work_group_size", info.reqd_size));
	if (const MDNode *size = kernel.getMetadata("intel_reqd_sub_group_size"))
		add_attribute(info.attributes, "intel_reqd_sub_group_size(" +
			      std::to_string(int_operand(*size, 0)) + ")");
}

/* The value of one kernel argument, read from the argument block. */
Value *read_argument(llvm::Argument &formal, const Argument &arg, Type *type, Function &item, IRBuilder<> &builder)
{
	Value *block = item.getArg(arg_args);
	Value *address = builder.CreateConstInBoundsGEP1_64(builder.getInt8Ty(), block, arg.offset);
	const DataLayout &layout = item.getParent()->getDataLayout();

	/*
	 * A structure by value: the kernel has a copy of its own to change, aligned as its attributes
	 * say, which LLVM's type does not.
	 */
	if (formal.hasByValAttr()) {
		AllocaInst *copy = builder.CreateAlloca(type, nullptr, formal.getName());
		Align align = layout.getABITypeAlign(type);

		copy->setAlignment(std::max(align, formal.getParamAlign().valueOrOne()));
		builder.CreateMemCpy(copy, align, address, align, layout.getTypeAllocSize(type));
		return copy;
	}

	bool is_local = type->isPointerTy() && type->getPointerAddressSpace() == as_local;
	LoadInst *value = builder.CreateAlignedLoad(is_local ? builder.getInt64Ty() : type, address,
						    layout.getABITypeAlign(type), formal.getName());
	value->setMetadata(LLVMContext::MD_invariant_load, MDNode::get(builder.getContext(), {}));
	if (!is_local)
		return value;

	Value *base = ItemValues(item, builder).group_pointer(offsetof(hmmcl_group, local_memory),
							      as_local, "local_memory");
	Value *pointer = builder.CreateInBoundsGEP(builder.getInt8Ty(), base, value, formal.getName());
	return pointer;
}

Function *declare_item_function(Function &kernel, const Kernel &info)
{
	LLVMContext &context = kernel.getContext();
	Type *pointer = PointerType::get(context, 0);
	Type *size = Type::getInt64Ty(context);
	Type *index = Type::getInt32Ty(context);
	auto *type = FunctionType::get(Type::getVoidTy(context),
				       {pointer, pointer, pointer, size, size, size, index, index},
				       false);
	Function *item = Function::Create(type, GlobalValue::ExternalLinkage, info.symbol, kernel.getParent());
	static const char *const names[] = {"args", "launch", "group", "x", "y", "z", "lane",
					    "sub_group"};

	for (unsigned i = 0; i < item->arg_size(); i++)
		item->getArg(i)->setName(names[i]);
	for (unsigned i : {arg_args, arg_launch, arg_group}) {
		item->addParamAttr(i, Attribute::NoAlias);
		item->addParamAttr(i, Attribute::NonNull);
		item->addParamAttr(i, Attribute::ReadOnly);
	}
	item->addParamAttr(arg_args, Attribute::getWithAlignment(context, Align(HMMCL_ABI_ALIGN)));
	item->addDereferenceableParamAttr(arg_args, info.args_size);
	item->addDereferenceableParamAttr(arg_launch, sizeof(hmmcl_launch));
	item->addDereferenceableParamAttr(arg_group, sizeof(hmmcl_group));
	for (unsigned dim = 0; dim < 3; dim++) {
		uint64_t most = info.reqd_size[0] ? info.reqd_size[dim] : HMMCL_MAX_WORK_GROUP_SIZE;
		ConstantRange range(APInt(64, 0), APInt(64, most));

		item->addParamAttr(arg_x + dim, Attribute::get(context, Attribute::Range, range));
	}
	item->addFnAttr(Attribute::NoUnwind);
	for (StringRef name : {"no-signed-zeros-fp-math", "no-infs-fp-math", "no-nans-fp-math",
			       "approx-func-fp-math", "unsafe-fp-math"})
		if (kernel.hasFnAttribute(name))
			item->addFnAttr(kernel.getFnAttribute(name));
	return item;
}

} // namespace

WorkGroup make_item_function(Function &kernel)
{
	const DataLayout &layout = kernel.getParent()->getDataLayout();
	SmallVector<Type *, 16> types;
	WorkGroup group;
	Kernel &info = group.info;

	info.name = name_in_program(kernel).str();
	info.symbol = "hmmcl_kernel." + info.name;
	info.uniform_groups = group.uniform_groups =
		kernel.getFnAttribute(uniform_groups_attribute).getValueAsString() == "true";
	for (llvm::Argument &formal : kernel.args()) {
		Type *type = formal.hasByValAttr() ? formal.getParamByValType() : formal.getType();
		Argument arg = describe_argument(kernel, formal.getArgNo(), type, layout);

		arg.offset = alignTo(info.args_size, layout.getABITypeAlign(type));
		info.args_size = arg.offset + arg.size;
		info.arguments.push_back(arg);
		types.push_back(type);
	}
	read_attributes(kernel, info);

	group.function = declare_item_function(kernel, info);
	group.function->splice(group.function->begin(), &kernel);
	group.function->setSubprogram(kernel.getSubprogram());
	kernel.setSubprogram(nullptr);

	BasicBlock &entry = group.function->getEntryBlock();
	IRBuilder<> builder(&entry, entry.getFirstInsertionPt());
	for (llvm::Argument &formal : kernel.args()) {
		unsigned i = formal.getArgNo();

		formal.replaceAllUsesWith(read_argument(formal, info.arguments[i], types[i],
							*group.function, builder));
	}
	kernel.eraseFromParent();
	return group;
}

void place_local_variables(WorkGroup &group)
{
	Function &function = *group.function;
	Module &module = *function.getParent();
	const DataLayout &layout = module.getDataLayout();
	SmallVector<Constant *, 16> locals;

	for (GlobalVariable &variable : module.globals())
		if (variable.getAddressSpace() == as_local)
			locals.push_back(&variable);
	convertUsersOfConstantsToInstructions(locals, &function);
	for (Constant *constant : locals) {
		auto &variable = cast<GlobalVariable>(*constant);
		auto in_function = [&](Use &use) {
			auto *user = dyn_cast<Instruction>(use.getUser());
			return user && user->getFunction() == &function;
		};

		if (none_of(variable.uses(), in_function))
			continue;
		Align align = std::max(layout.getPreferredAlign(&variable),
				       layout.getABITypeAlign(variable.getValueType()));
		uint64_t offset = alignTo(group.info.local_size, align);
		group.info.local_size = offset + layout.getTypeAllocSize(variable.getValueType());

		BasicBlock &entry = function.getEntryBlock();
		IRBuilder<> builder(&entry, entry.getFirstInsertionPt());
		Value *base = ItemValues(function, builder).group_pointer(
			offsetof(hmmcl_group, local_memory), as_local, "local_memory");
		Value *place = builder.CreateConstInBoundsGEP1_64(builder.getInt8Ty(), base, offset,
								  variable.getName());
		variable.replaceUsesWithIf(place, in_function);
	}
}

} // namespace hmmcl
