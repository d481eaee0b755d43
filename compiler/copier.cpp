/* SPDX-License-Identifier: MIT */
/* Copying functions between modules. */
#include "copier.h"

#include "llvm/IR/Function.h"
#include "llvm/IR/Instructions.h"
#include "llvm/Support/Error.h"
#include "llvm/Transforms/Utils/Cloning.h"

using namespace llvm;

namespace hmmcl {

void Copier::want(Function &definition, Function &declaration)
{
	map[&definition] = &declaration;
	wanted.push_back(&definition);
}

bool Copier::run(std::string &log)
{
	while (!wanted.empty())
		if (!copy_body(*wanted.pop_back_val(), log))
			return false;
	return true;
}

Value *Copier::materialize(Value *value)
{
	auto *global = dyn_cast<GlobalValue>(value);

	if (!global || global->getParent() == &target)
		return nullptr;
	if (auto *function = dyn_cast<Function>(global))
		return counterpart(*function);
	if (auto *variable = dyn_cast<GlobalVariable>(global))
		return counterpart(*variable);
	return nullptr;
}

Value *Copier::counterpart(Function &function)
{
	bool local = function.hasLocalLinkage();
	Function *known = local ? nullptr : target.getFunction(function.getName());

	if (known)
		return known;
	Function *copy = Function::Create(function.getFunctionType(), function.getLinkage(),
					  function.getAddressSpace(), function.getName(), &target);
	copy->copyAttributesFrom(&function);
	map[&function] = copy;
	if (local)
		wanted.push_back(&function);
	else if (Function *definition = find(function.getName()))
		want(*definition, *copy);
	else
		copy->setLinkage(GlobalValue::ExternalLinkage);
	return copy;
}

Value *Copier::counterpart(GlobalVariable &variable)
{
	auto *copy = new GlobalVariable(target, variable.getValueType(), variable.isConstant(),
					variable.getLinkage(), nullptr, variable.getName(), nullptr,
					variable.getThreadLocalMode(), variable.getAddressSpace());

	copy->copyAttributesFrom(&variable);
	map[&variable] = copy;
	if (variable.hasInitializer())
		copy->setInitializer(MapValue(variable.getInitializer(), map, RF_None, nullptr, this));
	return copy;
}

bool Copier::copy_body(Function &from, std::string &log)
{
	auto *to = cast<Function>(map[&from]);
	SmallVector<ReturnInst *, 4> returns;

	if (Error error = from.materialize()) {
		log += "hmmclc: the built-in library is broken: " + toString(std::move(error)) + "\n";
		return false;
	}
	to->setLinkage(from.getLinkage());
	to->copyAttributesFrom(&from);
	for (auto [formal, copy] : zip(from.args(), to->args()))
		map[&formal] = &copy;
	CloneFunctionInto(to, &from, map, CloneFunctionChangeType::DifferentModule, returns, "",
			  nullptr, nullptr, this);
	return true;
}

} // namespace hmmcl
