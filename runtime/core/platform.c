/* SPDX-License-Identifier: MIT */
/* The platform, and which engine its device is. */
#include <pthread.h>
#include <stdio.h>

#include "config.h"
#include "device.h"
#include "log.h"
#include "platform.h"

static void never(void *object)
{
	(void)object;
}

const struct hmmcl_object_type hmmcl_platform_type = { .name = "cl_platform_id", .destroy = never };

static struct _cl_platform_id platform;
static struct _cl_device_id device;

static bool try_engine(enum hmmcl_engine_kind kind, struct hmmcl_engine_info *info)
{
	const char *name = kind == HMMCL_ENGINE_HMM ? "hmm" : "host";
	bool asked_for = hmmcl_config.engine != HMMCL_CONFIG_ENGINE_AUTO;
	char why[256] = "";
	int error = hmmcl_engine_probe(kind, info, why, sizeof(why));

	if (!error)
		hmmcl_inform("device: %s engine, %u workers, %s", name, info->workers, info->name);
	else if (!asked_for)
		hmmcl_warn("no %s engine: %s", name, why);
	if (error && asked_for) {
		snprintf(platform.why_no_device, sizeof(platform.why_no_device),
			 "HMMCL_ENGINE=%s, but %.200s", name, why);
		hmmcl_error("no device: %s", platform.why_no_device);
	}
	return !error;
}

static bool choose_engine(struct hmmcl_engine_info *info)
{
	switch (hmmcl_config.engine) {
	case HMMCL_CONFIG_ENGINE_HMM:
		return try_engine(HMMCL_ENGINE_HMM, info);
	case HMMCL_CONFIG_ENGINE_HOST:
		return try_engine(HMMCL_ENGINE_HOST, info);
	default:
		return try_engine(HMMCL_ENGINE_HMM, info) || try_engine(HMMCL_ENGINE_HOST, info);
	}
}

static void set_up(void)
{
	struct hmmcl_engine_info info = { 0 };

	hmmcl_config_init();
	hmmcl_object_init(&platform.object, &hmmcl_platform_type);
	if (!choose_engine(&info))
		return;
	hmmcl_device_init(&device, &platform, &info);
	platform.device = &device;
}

cl_platform_id hmmcl_platform_get(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, set_up);
	return &platform;
}
