/* SPDX-License-Identifier: MIT */
/* Which stage is running: for the log of a crash and for --time. */
#ifndef HMMCL_COMPILER_STAGE_H
#define HMMCL_COMPILER_STAGE_H

#include <string>

namespace hmmcl {

/* Says that the stage @name begins and the one before has ended. */
void enter_stage(const char *name);

/* Where enter_stage() also writes the name: memory shared with the server, or null. */
struct StageMirror {
	char name[128];
};
extern StageMirror *stage_mirror;

/* Ends the last stage and returns a table of the times since the first. */
std::string stage_times();

} // namespace hmmcl

#endif
