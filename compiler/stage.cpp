/* SPDX-License-Identifier: MIT */
/* Which stage is running. */
#include "stage.h"

#include <chrono>
#include <cstdio>
#include <cstring>
#include <vector>

namespace hmmcl {

StageMirror *stage_mirror;

namespace {

using Clock = std::chrono::steady_clock;

struct Timed {
	const char *name;
	Clock::time_point start;
};

std::vector<Timed> stages;

} // namespace

void enter_stage(const char *name)
{
	stages.push_back({name, Clock::now()});
	if (stage_mirror)
		snprintf(stage_mirror->name, sizeof(stage_mirror->name), "%s", name);
}

std::string stage_times()
{
	std::string text;
	char line[128];

	enter_stage("end");
	for (size_t i = 0; i + 1 < stages.size(); i++) {
		std::chrono::duration<double, std::milli> took = stages[i + 1].start - stages[i].start;

		snprintf(line, sizeof(line), "%8.2f ms  %s\n", took.count(), stages[i].name);
		text += line;
	}
	std::chrono::duration<double, std::milli> all = stages.back().start - stages.front().start;
	snprintf(line, sizeof(line), "%8.2f ms  in all\n", all.count());
	stages.clear();
	return text + line;
}

} // namespace hmmcl
