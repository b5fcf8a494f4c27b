// SPDX-License-Identifier: GPL-2.0-only
/*
 * One ioctl of the device, as tools of this ABI make it. Prints what came of it: the error's name
 * or "done".
 *
 * usage: driver-call load|start|destroy CELL
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>

#include "driver_abi.h"

static const struct {
	const char *name;
	unsigned long code;
} calls[] = {
	{"load", JAILHOUSE_CELL_LOAD}, /* no image: the cell is shut down */
	{"start", JAILHOUSE_CELL_START},
	{"destroy", JAILHOUSE_CELL_DESTROY},
};

int main(int argc, char **argv)
{
	struct jailhouse_cell_load argument = {.cell_id.id = JAILHOUSE_ID_BY_NAME};
	int device = open(JAILHOUSE_DEVICE, O_RDWR | O_CLOEXEC);

	if (device < 0) {
		perror(JAILHOUSE_DEVICE);
		return 1;
	}
	for (unsigned int n = 0; argc == 3 && n < sizeof(calls) / sizeof(calls[0]); n++) {
		if (strcmp(argv[1], calls[n].name) != 0)
			continue;
		strncpy(argument.cell_id.name, argv[2], sizeof(argument.cell_id.name) - 1);
		puts(ioctl(device, calls[n].code, &argument) < 0 ? strerrorname_np(errno) : "done");
		return 0;
	}
	fprintf(stderr, "usage: driver-call load|start|destroy CELL\n");
	return 2;
}
