/* SPDX-License-Identifier: MIT */
/* The thread that looks after commands when the application does not. */
#ifndef HMMCL_REAPER_H
#define HMMCL_REAPER_H

#include "scheduler.h"

/* Under the scheduler's lock: wake the reaper if there is something for it to do. */
void hmmcl_reaper_wake(struct hmmcl_scheduler *scheduler);

#endif
