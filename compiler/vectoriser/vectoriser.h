/* SPDX-License-Identifier: MIT */
/*
 * Stages P4 to P6: from an item function to one that runs W items side by side, with local ids
 * x to x + W - 1.  Every value that differs between them becomes a vector; control flow that does,
 * masks.  Barriers stay calls of the marker, so the later stages see an item function as before,
 * whose items are chunks of W.
 *
 * The widened function may only be called when the local size and the global offset in x are
 * multiples of W.
 */
#ifndef HMMCL_COMPILER_VECTORISER_H
#define HMMCL_COMPILER_VECTORISER_H

#include "workgroup/workgroup.h"

#include <string>

namespace hmmcl {

/*
 * Makes @wide, @width items wide, of a copy of @group's item function.  False if this function
 * cannot be widened; then nothing has changed and @why says what it is about.
 */
bool widen_item_function(const WorkGroup &group, unsigned width, WorkGroup &wide, std::string &why);

/*
 * A group function that calls @wide's where it may, @items' otherwise; both have become group
 * functions.  It takes @items' name; what it needs is put into @items.
 */
void choose_by_group(WorkGroup &items, const WorkGroup &wide);

} // namespace hmmcl

#endif
