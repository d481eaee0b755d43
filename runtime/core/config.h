/* SPDX-License-Identifier: MIT */
/* The environment variables of config.def, read once. */
#ifndef HMMCL_CONFIG_H
#define HMMCL_CONFIG_H

enum { HMMCL_CONFIG_ENGINE_AUTO, HMMCL_CONFIG_ENGINE_HOST, HMMCL_CONFIG_ENGINE_HMM };

struct hmmcl_config {
#define STRING(member, variable, default_value, help) const char *member;
#define CHOICE(member, variable, default_value, words, help) int member;
#include "config.def"
#undef STRING
#undef CHOICE
};

/* Valid after hmmcl_config_init, which the library's entry calls; never changes then. */
extern struct hmmcl_config hmmcl_config;

/* Reads the environment at the first call, and sets up the log.  Any thread. */
void hmmcl_config_init(void);

#endif
