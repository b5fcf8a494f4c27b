// SPDX-License-Identifier: GPL-2.0-only
#include "snapshot.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sysfs_abi.h"

#define CELLS JAILHOUSE_SYSFS "/" SYSFS_CELLS

static void die(const char *file)
{
	fprintf(stderr, "device-fuzz: %s: %s\n", file, strerror(errno));
	exit(1);
}

static void add_file(struct snapshot *snapshot, const char *file)
{
	char contents[256] = "";
	FILE *stream = fopen(file, "re");
	int r;

	if (!stream)
		die(file);
	if (!fgets(contents, sizeof(contents), stream) && ferror(stream))
		die(file);
	fclose(stream);
	contents[strcspn(contents, "\n")] = '\0';
	r = snprintf(snapshot->text + snapshot->length, SNAPSHOT_MAX - snapshot->length, "%s %s\n",
		     file, contents);
	if (r < 0 || (size_t)r >= SNAPSHOT_MAX - snapshot->length) {
		fprintf(stderr, "device-fuzz: more to see than fits\n");
		exit(1);
	}
	snapshot->length += (size_t)r;
}

int snapshot_next_cell(int after)
{
	DIR *directory = opendir(CELLS);
	struct dirent *entry;
	int id, next = -1;

	if (!directory)
		die(CELLS);
	while ((entry = readdir(directory))) {
		if (sscanf(entry->d_name, "%d", &id) == 1 && id > after && (next < 0 || id < next))
			next = id;
	}
	closedir(directory);
	return next;
}

void snapshot_take(struct snapshot *ret)
{
	static const char *const files[] = {
		JAILHOUSE_SYSFS "/" SYSFS_ENABLED,	 JAILHOUSE_SYSFS "/" SYSFS_MEM_POOL_SIZE,
		JAILHOUSE_SYSFS "/" SYSFS_MEM_POOL_USED, JAILHOUSE_SYSFS "/" SYSFS_REMAP_POOL_USED,
		"/sys/devices/system/cpu/online",
	};
	static const char *const cell_files[] = {SYSFS_NAME, SYSFS_STATE,
						 SYSFS_LIST(SYSFS_CPUS_ASSIGNED),
						 SYSFS_LIST(SYSFS_CPUS_FAILED)};
	char file[128];

	ret->length = 0;
	for (size_t n = 0; n < sizeof(files) / sizeof(files[0]); n++)
		add_file(ret, files[n]);
	for (int id = snapshot_next_cell(-1); id >= 0; id = snapshot_next_cell(id)) {
		for (size_t n = 0; n < sizeof(cell_files) / sizeof(cell_files[0]); n++) {
			snprintf(file, sizeof(file), "%s/%d/%s", CELLS, id, cell_files[n]);
			add_file(ret, file);
		}
	}
}

int snapshot_same(const struct snapshot *before, const struct snapshot *after)
{
	if (before->length == after->length &&
	    memcmp(before->text, after->text, after->length) == 0)
		return 1;
	printf("before:\n%s\nafter:\n%s\n", before->text, after->text);
	return 0;
}
