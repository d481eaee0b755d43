// SPDX-License-Identifier: MIT
/* The driver's render node. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>
#include <xf86drm.h>

#include "../../kernel-driver/include/uapi/drm/hmmcl_drm.h"
#include "device.h"

#define FIRST_RENDER 128
#define MAX_RENDER 64

/* Nothing was opened: say what stands in the way. */
static int explain(int denied, const char *node, char *why, size_t why_size)
{
	struct utsname system = { 0 };

	if (denied) {
		snprintf(why, why_size, "%s: %s; is the user in the group that owns it (render)?",
			 node, strerror(denied));
		return -denied;
	}
	uname(&system);
	snprintf(why, why_size, "no render node of hmmcl.ko on this kernel (%s): modprobe hmmcl; README "
		 "says which kernels it needs", system.release);
	return -ENODEV;
}

/*
 * All render nodes are asked for their driver's name: libdrm's own list leaves out devices on
 * the faux bus before 2.4.125.
 */
int hmmcl_device_open(char *why, size_t why_size)
{
	int found = -1, denied = 0;
	char denied_node[64] = "";

	for (int minor = FIRST_RENDER; minor < FIRST_RENDER + MAX_RENDER && found < 0; minor++) {
		drmVersionPtr version;
		char node[64];
		bool ours;
		int fd;

		snprintf(node, sizeof(node), DRM_RENDER_DEV_NAME, DRM_DIR_NAME, minor);
		fd = open(node, O_RDWR | O_CLOEXEC);
		if (fd < 0) {
			if (errno == EACCES || errno == EPERM) {
				denied = errno;
				memcpy(denied_node, node, sizeof(node));
			}
			continue;
		}
		version = drmGetVersion(fd);
		ours = version && !strcmp(version->name, HMMCL_DRM_NAME);
		drmFreeVersion(version);
		if (ours)
			found = fd;
		else
			close(fd);
	}
	return found >= 0 ? found : explain(denied, denied_node, why, why_size);
}

int hmmcl_device_bind(int fd, struct hmmcl_device_info *info, char *why, size_t why_size)
{
	struct drm_hmmcl_bind bind = {
		.version_major = HMMCL_DRM_MAJOR, .version_minor = HMMCL_DRM_MINOR,
	};

	if (drmIoctl(fd, DRM_IOCTL_HMMCL_BIND, &bind)) {
		int err = errno;

		if (err == EPROTONOSUPPORT)
			snprintf(why, why_size, "hmmcl.ko has interface %u.%u, this runtime needs %u.%u: "
				 "install the matching one", bind.version_major, bind.version_minor,
				 HMMCL_DRM_MAJOR, HMMCL_DRM_MINOR);
		else
			snprintf(why, why_size, "hmmcl.ko does not accept this process: %s", strerror(err));
		return -err;
	}
	info->caps = bind.caps;
	info->memory = bind.devmem_bytes;
	return 0;
}
