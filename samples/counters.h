/* SPDX-License-Identifier: MIT */
/*
 * The driver's counters for this process, as anybody may read them: the kernel prints them for
 * every open render node, in /proc/PID/fdinfo.  Nothing here needs hmmcl's headers.
 */
#ifndef COUNTERS_H
#define COUNTERS_H

#include <dirent.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/*
 * Sum of a counter, for example "hmmcl-pages-to-device", over this process's render nodes;
 * -1 where there are none: no driver, or another platform.
 */
static inline long long counter(const char *name)
{
	const size_t length = strlen(name);
	DIR *directory = opendir("/proc/self/fdinfo");
	long long sum = -1;
	struct dirent *entry;

	while (directory && (entry = readdir(directory))) {
		char path[300], line[200];
		bool hmmcl = false;
		FILE *file;

		snprintf(path, sizeof(path), "/proc/self/fdinfo/%s", entry->d_name);
		file = fopen(path, "r");
		while (file && fgets(line, sizeof(line), file)) {
			long long value;

			hmmcl |= !strcmp(line, "drm-driver:\thmmcl\n");
			if (hmmcl && !strncmp(line, name, length) &&
			    sscanf(line + length, ":%lld", &value) == 1)
				sum = (sum < 0 ? 0 : sum) + value;
		}
		if (file)
			fclose(file);
	}
	if (directory)
		closedir(directory);
	return sum;
}

#endif
