// SPDX-License-Identifier: GPL-2.0-only
/* Cells with programs of the runtime library, and what those write. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#include "abi.h"

#define CELLS	    "/sys/devices/jailhouse/cells"
#define PROGRAM_MAX (1u << 20)
#define PARAMETERS  CELL_PARAMETERS_ADDRESS

int abi_say(int result)
{
	puts(result ? strerrorname_np(-result) : "done");
	return 0;
}

int abi_start_program(const struct abi *abi, const char *name, const char *program,
		      const char *parameters)
{
	static uint8_t code[PROGRAM_MAX];
	FILE *file = fopen(program, "re");
	struct image image = {.code = code};
	const struct image words = {(const uint8_t *)parameters, strlen(parameters) + 1};
	int r;

	if (!file)
		broken("%s: %s", program, strerror(errno));
	image.size = fread(code, 1, sizeof(code), file);
	fclose(file);
	r = abi_load(abi, name, &image, 0);
	if (!r)
		r = abi_load(abi, name, &words, PARAMETERS);
	return r ? r : abi_start(abi, name);
}

/* By the directories of sysfs, each of which has a name in it; -1: none has this one. */
static int id_of(const char *name)
{
	DIR *dir = opendir(CELLS);
	struct dirent *entry;
	char path[300], found[64] = "";
	int id = -1;

	while (dir && id < 0 && (entry = readdir(dir))) {
		FILE *file;

		snprintf(path, sizeof(path), CELLS "/%s/name", entry->d_name);
		file = fopen(path, "re");
		if (!file)
			continue;
		if (fscanf(file, "%63s", found) == 1 && strcmp(found, name) == 0)
			id = atoi(entry->d_name);
		fclose(file);
	}
	if (dir)
		closedir(dir);
	return id;
}

int abi_print_console(const struct abi *abi, const char *name)
{
	static char text[65536];
	struct cellvisor_cell_console call = {
		.id = id_of(name), .length = sizeof(text), .buffer = (uintptr_t)text};

	while (ioctl(abi->fd, CELLVISOR_CELL_CONSOLE, &call) == 0 && call.length) {
		fwrite(text, 1, call.length, stdout);
		call.length = sizeof(text);
	}
	return 0;
}
