/* SPDX-License-Identifier: MIT */
/*
 * Work-item functions (OpenCL C 3.0, 6.15.1), fences and barriers (6.15.8, 6.15.12): calls become
 * reads of the launch's and the group's structures, arithmetic and the barrier marker.
 */
#include "workgroup/workgroup.h"

#include "device_abi.h"

#include "llvm/ADT/StringSwitch.h"
#include "llvm/IR/InstIterator.h"
#include "llvm/IR/Instructions.h"
#include "llvm/IR/MDBuilder.h"
#include "llvm/IR/Module.h"

using namespace llvm;

namespace hmmcl {

Value *ItemValues::load(Value *base, uint64_t offset, Type *type, StringRef name)
{
	Value *address = builder.CreateConstInBoundsGEP1_64(builder.getInt8Ty(), base, offset);
	LoadInst *value = builder.CreateAlignedLoad(type, address, Align(type->isIntegerTy(32) ? 4 : 8),
						    name);

	/* Nothing changes these structures while a group runs. */
	value->setMetadata(LLVMContext::MD_invariant_load, MDNode::get(builder.getContext(), {}));
	return value;
}

Value *ItemValues::launch_field(uint64_t offset, unsigned bits, StringRef name)
{
	return load(function.getArg(arg_launch), offset, builder.getIntNTy(bits), name);
}

Value *ItemValues::group_field(uint64_t offset, unsigned bits, StringRef name)
{
	return load(function.getArg(arg_group), offset, builder.getIntNTy(bits), name);
}

Value *ItemValues::group_pointer(uint64_t offset, unsigned address_space, StringRef name)
{
	return load(function.getArg(arg_group), offset, builder.getPtrTy(address_space), name);
}

static Value *with_range(Value *value, uint64_t low, uint64_t high)
{
	if (auto *load = dyn_cast<LoadInst>(value)) {
		MDBuilder metadata(load->getContext());
		unsigned bits = load->getType()->getIntegerBitWidth();

		load->setMetadata(LLVMContext::MD_range,
				  metadata.createRange(APInt(bits, low), APInt(bits, high)));
	}
	return value;
}

Value *ItemValues::work_dim()
{
	return with_range(launch_field(offsetof(hmmcl_launch, work_dim), 32, "work_dim"), 1, 4);
}

Value *ItemValues::global_size(unsigned dim)
{
	return launch_field(offsetof(hmmcl_launch, global_size) + 8 * dim, 64, "global_size");
}

Value *ItemValues::global_offset(unsigned dim)
{
	return launch_field(offsetof(hmmcl_launch, global_offset) + 8 * dim, 64, "global_offset");
}

Value *ItemValues::enqueued_local_size(unsigned dim)
{
	if (reqd_size)
		return builder.getInt64(reqd_size[dim]);
	return with_range(launch_field(offsetof(hmmcl_launch, local_size) + 8 * dim, 64, "enqueued_size"),
			  1, HMMCL_MAX_WORK_GROUP_SIZE + 1);
}

Value *ItemValues::local_size(unsigned dim)
{
	if (uniform_groups)
		return enqueued_local_size(dim);
	return with_range(group_field(offsetof(hmmcl_group, local_size) + 8 * dim, 64, "local_size"),
			  1, (reqd_size ? reqd_size[dim] : HMMCL_MAX_WORK_GROUP_SIZE) + 1);
}

Value *ItemValues::num_groups(unsigned dim)
{
	return launch_field(offsetof(hmmcl_launch, num_groups) + 8 * dim, 64, "num_groups");
}

Value *ItemValues::group_id(unsigned dim)
{
	return group_field(offsetof(hmmcl_group, id) + 8 * dim, 64, "group_id");
}

Value *ItemValues::local_id(unsigned dim)
{
	return function.getArg(arg_x + dim);
}

Value *ItemValues::global_id(unsigned dim)
{
	Value *base = builder.CreateNUWAdd(
		builder.CreateMul(group_id(dim), enqueued_local_size(dim), "", true, true),
		global_offset(dim), "group_base");

	return builder.CreateAdd(base, local_id(dim), "global_id", true, true);
}

Value *ItemValues::local_linear_id()
{
	Value *row = builder.CreateNUWAdd(builder.CreateNUWMul(local_id(2), local_size(1)), local_id(1));

	return builder.CreateNUWAdd(builder.CreateNUWMul(row, local_size(0)), local_id(0), "local_linear_id");
}

Value *ItemValues::global_linear_id()
{
	auto index = [&](unsigned dim) {
		return builder.CreateNUWSub(global_id(dim), global_offset(dim));
	};
	Value *row = builder.CreateNUWAdd(builder.CreateNUWMul(index(2), global_size(1)), index(1));

	return builder.CreateNUWAdd(builder.CreateNUWMul(row, global_size(0)), index(0), "global_linear_id");
}

namespace {

using Query = Value *(ItemValues::*)(unsigned dim);

struct DimensionQuery {
	const char *name;
	Query query;
	unsigned beyond;	/* the value for a dimension that does not exist */
};

const DimensionQuery dimension_queries[] = {
	{"_Z13get_global_idj", &ItemValues::global_id, 0},
	{"_Z12get_local_idj", &ItemValues::local_id, 0},
	{"_Z12get_group_idj", &ItemValues::group_id, 0},
	{"_Z15get_global_sizej", &ItemValues::global_size, 1},
	{"_Z14get_local_sizej", &ItemValues::local_size, 1},
	{"_Z23get_enqueued_local_sizej", &ItemValues::enqueued_local_size, 1},
	{"_Z14get_num_groupsj", &ItemValues::num_groups, 1},
	{"_Z17get_global_offsetj", &ItemValues::global_offset, 0},
};

Value *query_dimension(const DimensionQuery &query, Value *dim, ItemValues &values, IRBuilder<> &builder)
{
	Value *result = builder.getInt64(query.beyond);

	if (auto *constant = dyn_cast<ConstantInt>(dim)) {
		uint64_t d = constant->getZExtValue();
		return d < 3 ? (values.*query.query)(d) : result;
	}
	for (unsigned d = 0; d < 3; d++)
		result = builder.CreateSelect(builder.CreateICmpEQ(dim, builder.getInt32(d)),
					      (values.*query.query)(d), result);
	return result;
}

/* CLK_LOCAL_MEM_FENCE and so on do not matter: a group runs on one thread. */
void order_within_thread(IRBuilder<> &builder)
{
	builder.CreateFence(AtomicOrdering::AcquireRelease, SyncScope::SingleThread);
}

/* Values of OpenCL's memory_order and memory_scope as Clang's header defines them. */
enum { order_relaxed = 0, order_seq_cst = 5 };
enum { scope_work_group = 1, scope_device = 2, scope_all_devices = 3 };

/* Does the memory_scope @scope reach beyond the work-group? */
bool is_wide(const Value *scope)
{
	auto *value = dyn_cast<ConstantInt>(scope);

	return !value || value->equalsInt(scope_device) || value->equalsInt(scope_all_devices);
}

/* Is the barrier @call a fence for other groups, too?  Without a scope it is the group's own. */
bool orders_for_others(const CallInst &call)
{
	return call.arg_size() == 2 && is_wide(call.getArgOperand(1));
}

void lower_work_item_fence(CallInst &call, IRBuilder<> &builder)
{
	auto *order = dyn_cast<ConstantInt>(call.getArgOperand(1));
	bool wide = is_wide(call.getArgOperand(2));

	if (order && order->equalsInt(order_relaxed))
		return;
	builder.CreateFence(!order || order->equalsInt(order_seq_cst) ?
			    AtomicOrdering::SequentiallyConsistent : AtomicOrdering::AcquireRelease,
			    wide ? SyncScope::System : SyncScope::SingleThread);
}

/*
 * to_global() and the like on a generic pointer.  Local and private memory are known: the group's
 * local memory, its context and the stack below this frame (device_abi.h); all else is global.
 */
class PointerKinds {
public:
	PointerKinds(Function &function, IRBuilder<> &builder, Value *pointer)
		: builder(builder), values(function, builder),
		  address(builder.CreatePtrToInt(pointer, builder.getInt64Ty())) {}

	Value *is_local()
	{
		return is_below(values.group_field(offsetof(hmmcl_group, local_memory), 64, "local_memory"),
				address, HMMCL_LOCAL_MEM_SIZE);
	}

	Value *is_private()
	{
		Module *module = builder.GetInsertBlock()->getModule();
		Function *frame = Intrinsic::getDeclaration(module, Intrinsic::frameaddress,
							    {builder.getPtrTy(0)});
		Value *top = builder.CreatePtrToInt(
			builder.CreateCall(frame, {builder.getInt32(0)}), builder.getInt64Ty());
		Value *context = values.group_field(offsetof(hmmcl_group, context), 64, "context");

		return builder.CreateOr(is_below(address, top, HMMCL_WORKER_STACK_SIZE),
					is_below(context, address, HMMCL_CONTEXT_MAX));
	}

private:
	/* Is @low at or below @high, by less than @size bytes? */
	Value *is_below(Value *low, Value *high, uint64_t size)
	{
		return builder.CreateICmpULT(builder.CreateSub(high, low), builder.getInt64(size));
	}

	IRBuilder<> &builder;
	ItemValues values;
	Value *address;
};

Value *lower_pointer_kind(StringRef name, CallInst &call, Function &function, IRBuilder<> &builder)
{
	Value *pointer = call.getArgOperand(0);
	PointerKinds kinds(function, builder, pointer);

	if (name.contains("get_fence")) {
		/* CLK_LOCAL_MEM_FENCE is 1, CLK_GLOBAL_MEM_FENCE is 2. */
		return builder.CreateSelect(kinds.is_local(), builder.getInt32(1), builder.getInt32(2));
	}

	Value *is_it;
	if (name == "__to_local")
		is_it = kinds.is_local();
	else if (name == "__to_private")
		is_it = kinds.is_private();
	else
		is_it = builder.CreateNot(builder.CreateOr(kinds.is_local(), kinds.is_private()));
	Value *cast = builder.CreateAddrSpaceCast(pointer, call.getType());
	return builder.CreateSelect(is_it, cast, Constant::getNullValue(call.getType()));
}

enum class Special { none, barrier, fence, work_item_fence, pointer_kind, work_dim, local_linear, global_linear };

Special classify(StringRef name)
{
	if (name.starts_with("_Z9get_fence"))
		return Special::pointer_kind;
	return StringSwitch<Special>(name)
		.Cases("_Z7barrierj", "_Z18work_group_barrierj", "_Z18work_group_barrierj12memory_scope",
		       Special::barrier)
		.Cases("_Z9mem_fencej", "_Z14read_mem_fencej", "_Z15write_mem_fencej", Special::fence)
		.Case("_Z22atomic_work_item_fencej12memory_order12memory_scope", Special::work_item_fence)
		.Cases("__to_global", "__to_local", "__to_private", Special::pointer_kind)
		.Case("_Z12get_work_dimv", Special::work_dim)
		.Case("_Z19get_local_linear_idv", Special::local_linear)
		.Case("_Z20get_global_linear_idv", Special::global_linear)
		.Default(Special::none);
}

/* Returns false if @call is none of ours; @result is null for calls without a value. */
bool lower_call(CallInst &call, StringRef name, WorkGroup &group, Value *&result)
{
	IRBuilder<> builder(&call);
	ItemValues values(*group.function, builder);

	values.reqd_size = group.info.reqd_size[0] ? group.info.reqd_size : nullptr;
	values.uniform_groups = group.uniform_groups;
	result = nullptr;
	for (const DimensionQuery &query : dimension_queries) {
		if (name == query.name) {
			result = query_dimension(query, call.getArgOperand(0), values, builder);
			return true;
		}
	}
	switch (classify(name)) {
	case Special::none:
		return false;
	case Special::barrier: {
		CallInst *marker = builder.CreateCall(get_barrier_marker(*call.getModule()));

		if (orders_for_others(call))
			marker->addFnAttr(Attribute::get(call.getContext(), fence_attribute));
		return true;
	}
	case Special::fence:
		order_within_thread(builder);
		return true;
	case Special::work_item_fence:
		lower_work_item_fence(call, builder);
		return true;
	case Special::pointer_kind:
		result = lower_pointer_kind(name, call, *group.function, builder);
		return true;
	case Special::work_dim:
		result = values.work_dim();
		return true;
	case Special::local_linear:
		result = values.local_linear_id();
		return true;
	case Special::global_linear:
		result = values.global_linear_id();
		return true;
	}
	return false;
}

} // namespace

Function *get_barrier_marker(Module &module)
{
	return get_marker(module, barrier_marker,
			  FunctionType::get(Type::getVoidTy(module.getContext()), true));
}

Function *get_marker(Module &module, StringRef name, FunctionType *type)
{
	if (Function *marker = module.getFunction(name))
		return marker;

	/* Convergent, and it may read and write anything: no pass moves memory accesses over it. */
	Function *marker = Function::Create(type, GlobalValue::ExternalLinkage, name, module);
	marker->addFnAttr(Attribute::Convergent);
	marker->addFnAttr(Attribute::NoDuplicate);
	marker->addFnAttr(Attribute::NoUnwind);
	marker->addFnAttr(Attribute::WillReturn);
	return marker;
}

bool lower_work_items(WorkGroup &group, std::string &log)
{
	SmallVector<CallInst *, 32> calls;

	for (Instruction &i : instructions(*group.function))
		if (auto *call = dyn_cast<CallInst>(&i))
			calls.push_back(call);
	for (CallInst *call : calls) {
		Function *callee = call->getCalledFunction();
		Value *result = nullptr;

		if (!callee) {
			log += "error: kernel '" + group.info.name + "' " +
			       (call->isInlineAsm() ? "contains assembly" : "calls through a function pointer") +
			       ", which OpenCL C does not have\n";
			return false;
		}
		if (!callee->isDeclaration() || callee->isIntrinsic())
			continue;
		if (lower_collective(*call, callee->getName(), *group.function) ||
		    lower_sub_group(*call, callee->getName(), group))
			continue;
		if (!lower_call(*call, callee->getName(), group, result))
			continue;
		if (result && result->getType() != call->getType()) {
			IRBuilder<> builder(call);
			result = builder.CreateZExtOrTrunc(result, call->getType());
		}
		if (result)
			call->replaceAllUsesWith(result);
		call->eraseFromParent();
	}
	return true;
}

} // namespace hmmcl
