/* SPDX-License-Identifier: MIT */
/* hmmcl's driver, through the file that the runtime has open. */
#include "driver.h"

#include <dirent.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

static int control(int file, unsigned long request, void *argument)
{
	int result;

	do {
		result = ioctl(file, request, argument);
	} while (result && (errno == EINTR || errno == EAGAIN));
	return result;
}

/* Whether the kernel says that this file is one of ours. */
static bool is_driver(const char *descriptor)
{
	char path[300], line[200];
	bool found = false;
	FILE *info;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%s", descriptor);
	info = fopen(path, "r");
	while (info && !found && fgets(line, sizeof(line), info))
		found = !strcmp(line, "drm-driver:\thmmcl\n");
	if (info)
		fclose(info);
	return found;
}

int driver_file(void)
{
	DIR *directory = opendir("/proc/self/fd");
	struct dirent *entry;
	int file = -1;

	while (directory && file < 0 && (entry = readdir(directory))) {
		if (is_driver(entry->d_name))
			file = atoi(entry->d_name);
	}
	if (directory)
		closedir(directory);
	return file;
}

bool driver_set_policy(int file, unsigned int flags, unsigned int fault_batch,
		       struct drm_hmmcl_policy *old)
{
	struct drm_hmmcl_policy new = {
		.set = HMMCL_POLICY_SET_FLAGS | HMMCL_POLICY_SET_FAULT_BATCH,
		.flags = flags,
		.fault_batch = fault_batch,
	};

	*old = (struct drm_hmmcl_policy){ 0 };
	return !control(file, DRM_IOCTL_HMMCL_POLICY, old) &&
	       !control(file, DRM_IOCTL_HMMCL_POLICY, &new);
}

void driver_restore_policy(int file, const struct drm_hmmcl_policy *old)
{
	struct drm_hmmcl_policy policy = *old;

	policy.set = HMMCL_POLICY_SET_FLAGS | HMMCL_POLICY_SET_FAULT_BATCH;
	control(file, DRM_IOCTL_HMMCL_POLICY, &policy);
}

void driver_zap(int file, const void *addr, size_t size)
{
	struct drm_hmmcl_zap zap = { .addr = (uintptr_t)addr, .length = size };

	if (control(file, DRM_IOCTL_HMMCL_ZAP, &zap)) {
		perror("bench: DRM_IOCTL_HMMCL_ZAP");
		exit(EXIT_FAILURE);
	}
}
