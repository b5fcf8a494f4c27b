// SPDX-License-Identifier: GPL-2.0-only
/*
 * One ioctl of the device, as tools of this ABI make it. Prints what came of it: the error's name
 * or "done"; of the pool START, SIZE and SOURCE of what came, or of all pieces.
 *
 * usage: driver-call load|start|destroy CELL
 *        driver-call add|reserve SOURCE SIZE [START]
 *        driver-call remove START SIZE
 *        driver-call pieces|release
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
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

static const struct {
	const char *name;
	unsigned long code;
} pool_calls[] = {
	{"add", CELLVISOR_POOL_ADD},
	{"reserve", CELLVISOR_POOL_RESERVE},
	{"remove", CELLVISOR_POOL_REMOVE},
	{"release", CELLVISOR_POOL_RELEASE},
};

static int usage(void)
{
	fprintf(stderr, "usage: driver-call load|start|destroy CELL, add|reserve SOURCE SIZE "
			"[START], remove START SIZE, pieces, release\n");
	return 2;
}

static void show(const struct cellvisor_pool *pool)
{
	printf("0x%llx 0x%llx %u\n", (unsigned long long)pool->phys_start,
	       (unsigned long long)pool->size, pool->source);
}

static int show_pieces(int device)
{
	struct cellvisor_pool pool = {0};

	for (;;) {
		if (ioctl(device, CELLVISOR_POOL_PIECE, &pool) < 0) {
			puts(strerrorname_np(errno));
			return 0;
		}
		if (pool.source == CELLVISOR_POOL_NONE)
			return 0;
		show(&pool);
		pool.phys_start += pool.size;
	}
}

static int call_pool(int device, unsigned long code, int argc, char **argv)
{
	struct cellvisor_pool pool = {0};

	if (code == CELLVISOR_POOL_REMOVE && argc == 4) {
		pool.phys_start = strtoull(argv[2], NULL, 0);
		pool.size = strtoull(argv[3], NULL, 0);
	} else if (code != CELLVISOR_POOL_REMOVE && argc >= 4) {
		pool.source = (uint32_t)strtoul(argv[2], NULL, 0);
		pool.size = strtoull(argv[3], NULL, 0);
		pool.phys_start = argc > 4 ? strtoull(argv[4], NULL, 0) : 0;
	} else if (code != CELLVISOR_POOL_RELEASE) {
		return usage();
	}
	if (ioctl(device, code, &pool) < 0)
		puts(strerrorname_np(errno));
	else if (code == CELLVISOR_POOL_ADD || code == CELLVISOR_POOL_RESERVE)
		show(&pool);
	else
		puts("done");
	return 0;
}

static int call_cell(int device, unsigned long code, const char *name)
{
	struct jailhouse_cell_load argument = {.cell_id.id = JAILHOUSE_ID_BY_NAME};

	strncpy(argument.cell_id.name, name, sizeof(argument.cell_id.name) - 1);
	puts(ioctl(device, code, &argument) < 0 ? strerrorname_np(errno) : "done");
	return 0;
}

int main(int argc, char **argv)
{
	int device = open(JAILHOUSE_DEVICE, O_RDWR | O_CLOEXEC);

	if (device < 0) {
		perror(JAILHOUSE_DEVICE);
		return 1;
	}
	if (argc == 2 && strcmp(argv[1], "pieces") == 0)
		return show_pieces(device);
	for (size_t n = 0; argc >= 2 && n < sizeof(pool_calls) / sizeof(pool_calls[0]); n++) {
		if (strcmp(argv[1], pool_calls[n].name) == 0)
			return call_pool(device, pool_calls[n].code, argc, argv);
	}
	for (size_t n = 0; argc == 3 && n < sizeof(calls) / sizeof(calls[0]); n++) {
		if (strcmp(argv[1], calls[n].name) == 0)
			return call_cell(device, calls[n].code, argv[2]);
	}
	return usage();
}
