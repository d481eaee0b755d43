# SPDX-License-Identifier: MIT
# hmmclc_mutants: hmmclc with mistakes in it, each of which HMMCL_MUTANT switches on.  The fuzzer must
# find every one of them (test_fuzz.c, -m), or it would not find the next real one.
set(HMMCL_MUTANTS "")
set(HMMCL_WIDE_MUTANTS "")
set(mutated_files "")

# hmmcl_mutant(LIST NAME[@SEED] FILE FROM TO): in a copy of compiler/FILE, TO replaces FROM; a program
# that finds it is known to be SEED, or not far.
function(hmmcl_mutant list name file from to)
	set(source ${PROJECT_SOURCE_DIR}/compiler/${file})
	set(copy ${CMAKE_CURRENT_BINARY_DIR}/mutants/${file})
	if(file IN_LIST mutated_files)
		file(READ ${copy}.new text)
	else()
		file(READ ${source} text)
		set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${source})
	endif()
	string(FIND "${text}" "${from}" first)
	string(FIND "${text}" "${from}" last REVERSE)
	if(first EQUAL -1 OR NOT first EQUAL last)
		message(FATAL_ERROR "mutants.cmake: ${name}: what it replaces is not once in compiler/${file}: "
			"change it to fit what the compiler does now")
	endif()
	string(REPLACE "${from}" "${to}" text "${text}")
	file(WRITE ${copy}.new "${text}")
	set(mutated_files ${mutated_files} ${file} PARENT_SCOPE)
	set(${list} ${${list}} ${name} PARENT_SCOPE)
endfunction()

# The last barrier is none.
hmmcl_mutant(HMMCL_MUTANTS lost-barrier workgroup/regions.cpp
[[	for (auto [call, cut] : calls) {
]] [[	for (auto [call, cut] : calls) {
		if (hmmcl_mutant("lost-barrier") && call == calls.back().first && call->arg_empty()) {
			call->eraseFromParent();
			continue;
		}
]])
# One variable for all items, of a value that differs.
hmmcl_mutant(HMMCL_MUTANTS shared-slot workgroup/crossing.cpp
[[bool is_uniform = uniform.contains(value);]]
[[bool is_uniform = uniform.contains(value) ||
				  (hmmcl_mutant("shared-slot") && crossing.slots.empty());]])
# A value read again after the barrier, where others may have written.
hmmcl_mutant(HMMCL_MUTANTS recomputed-load@31 workgroup/crossing.cpp
[[		if (!isa<BinaryOperator,]]
[[		if (!(hmmcl_mutant("recomputed-load") && isa<LoadInst>(i)) && !isa<BinaryOperator,]])
# Private arrays that live across a barrier have one place for all items.
hmmcl_mutant(HMMCL_MUTANTS shared-array workgroup/crossing.cpp
[[&& array_crosses(*variable)]] [[&& !hmmcl_mutant("shared-array") && array_crosses(*variable)]])
# The second item sees what the first one made of a uniform value.
hmmcl_mutant(HMMCL_MUTANTS stale-uniform workgroup/loops.cpp
[[if (!slot.uniform || (!loads && !stores))]]
[[if (!slot.uniform || (!loads && !stores) || hmmcl_mutant("stale-uniform"))]])
# Groups of odd size lose an item.
hmmcl_mutant(HMMCL_MUTANTS dropped-tail workgroup/loops.cpp
[[builder.CreateICmpULT(index, size[dim]);]]
[[builder.CreateICmpULT(index, hmmcl_mutant("dropped-tail") ?
				builder.CreateAnd(size[dim], builder.getInt64(~1ull)) : size[dim]);]])
# Items that have returned go on after the next barrier.
hmmcl_mutant(HMMCL_MUTANTS forgotten-return@10 workgroup/loops.cpp
[[builder.CreateCondBr(is_gone, next_item, here);]]
[[builder.CreateCondBr(hmmcl_mutant("forgotten-return") ? builder.getFalse() : is_gone, next_item, here);]])
# Of two barriers that a region may lead to, the first one is taken.
hmmcl_mutant(HMMCL_MUTANTS wrong-region workgroup/loops.cpp
[[branch->addCase(builder.getInt32(id), starts[id]);]]
[[branch->addCase(builder.getInt32(id), starts[hmmcl_mutant("wrong-region") ? region.successors[0] : id]);]])
# All collectives start from zero.
hmmcl_mutant(HMMCL_MUTANTS zero-identity workgroup/collectives.cpp
[[{carry, identity(collective, type)}]]
[[{carry, hmmcl_mutant("zero-identity") ? Constant::getNullValue(type) : identity(collective, type)}]])
# Atomics on local memory return the new value.
hmmcl_mutant(HMMCL_MUTANTS new-for-old workgroup/lower.cpp
[[rmw.replaceAllUsesWith(old);]]
[[rmw.replaceAllUsesWith(hmmcl_mutant("new-for-old") ? result : old);]])
# Lanes that went another way bring their values all the same.
hmmcl_mutant(HMMCL_WIDE_MUTANTS lost-select vectoriser/widener.cpp
[[builder.CreateSelect(edge_mask(waiting, block), vector(other), result);]]
[[hmmcl_mutant("lost-select") ? result :
					builder.CreateSelect(edge_mask(waiting, block), vector(other), result);]])

list(REMOVE_DUPLICATES mutated_files)
set(sources "")
set(objects "")
foreach(file IN LISTS mutated_files)
	set(copy ${CMAKE_CURRENT_BINARY_DIR}/mutants/${file})
	configure_file(${copy}.new ${copy} COPYONLY)
	list(APPEND sources ${copy})
	get_filename_component(object ${file} NAME)
	list(APPEND objects "/${object}.o")
endforeach()
string(REPLACE "." "[.]" objects "${objects}")
string(REPLACE ";" "|" objects "${objects}")

# Everything else is hmmclc's.
add_executable(hmmclc_mutants ${sources} "$<FILTER:$<TARGET_OBJECTS:hmmclc>,EXCLUDE,(${objects})$>")
target_compile_options(hmmclc_mutants PRIVATE "SHELL:-include ${CMAKE_CURRENT_SOURCE_DIR}/mutant.h")
set_target_properties(hmmclc_mutants PROPERTIES CXX_STANDARD 17 CXX_STANDARD_REQUIRED ON CXX_EXTENSIONS OFF
	SKIP_BUILD_RPATH ON)
foreach(property IN ITEMS COMPILE_OPTIONS LINK_DIRECTORIES LINK_OPTIONS LINK_LIBRARIES)
	get_target_property(value hmmclc ${property})
	if(NOT value STREQUAL "value-NOTFOUND")
		set_property(TARGET hmmclc_mutants APPEND PROPERTY ${property} ${value})
	endif()
endforeach()
get_target_property(includes hmmclc INCLUDE_DIRECTORIES)
target_include_directories(hmmclc_mutants SYSTEM PRIVATE ${includes})
