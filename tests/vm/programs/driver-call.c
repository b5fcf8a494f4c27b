// SPDX-License-Identifier: GPL-2.0-only
/*
 * One ioctl of the device, as tools of this ABI make it. Prints what came of it: the error's name
 * or "done"; of the pool START, SIZE and SOURCE of what came, or of all pieces.
 *
 * usage: driver-call load|start|destroy CELL
 *        driver-call status ID
 *        driver-call create NAME CPU START CAPABILITIES
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

#include "blob.h"
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
	fprintf(stderr,
		"usage: driver-call load|start|destroy CELL, status ID, create NAME CPU START "
		"CAPABILITIES, add|reserve SOURCE SIZE "
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

static int show_status(int device, const char *id)
{
	struct cellvisor_cell_status status = {.id = atoi(id)};

	if (ioctl(device, CELLVISOR_CELL_STATUS, &status) < 0)
		puts(strerrorname_np(errno));
	else
		printf("state %u, reason %u\n", status.state, status.failure.reason);
	return 0;
}

/* 1 MiB at START, and a list of so many PCI capabilities, of no device: 8 bytes of the blob each.
 */
static int create_cell(int device, char **argv)
{
	static union {
		struct cell_desc desc;
		uint8_t bytes[64 << 10];
	} blob;
	struct jailhouse_cell_create create = {.blob_address = (uintptr_t)&blob};
	struct blob_pci_capability *caps;
	struct blob_memory *memory;

	memcpy(blob.desc.signature, BLOB_CELL_SIGNATURE, BLOB_SIGNATURE_LEN);
	blob.desc.revision = BLOB_REVISION;
	strncpy(blob.desc.name, argv[2], sizeof(blob.desc.name) - 1);
	blob.desc.flags = BLOB_CELL_PASSIVE_COMMREG;
	blob.desc.cpu_set_size = sizeof(uint64_t);
	blob.desc.num_memory_regions = 2;
	blob.desc.num_pci_caps = (uint32_t)strtoul(argv[5], NULL, 0);
	if (cell_desc_size(&blob.desc) > sizeof(blob))
		return usage();
	*(uint64_t *)cell_desc_cpu_set(&blob.desc) = 1ull << strtoul(argv[3], NULL, 0);
	memory = (struct blob_memory *)cell_desc_memory(&blob.desc);
	memory[0] = (struct blob_memory){strtoull(argv[4], NULL, 0), 0, 1 << 20,
					 BLOB_MEM_READ | BLOB_MEM_WRITE | BLOB_MEM_EXECUTE |
						 BLOB_MEM_LOADABLE};
	memory[1] = (struct blob_memory){0, 0x200000, 4096,
					 BLOB_MEM_READ | BLOB_MEM_WRITE | BLOB_MEM_COMM_REGION};
	caps = (struct blob_pci_capability *)cell_desc_pci_caps(&blob.desc);
	for (uint32_t n = 0; n < blob.desc.num_pci_caps; n++)
		caps[n] = (struct blob_pci_capability){.id = 1, .start = 0x40, .len = 8};
	create.blob_size = (uint32_t)cell_desc_size(&blob.desc);
	puts(ioctl(device, JAILHOUSE_CELL_CREATE, &create) < 0 ? strerrorname_np(errno) : "done");
	return 0;
}

int main(int argc, char **argv)
{
	int device = open(JAILHOUSE_DEVICE, O_RDWR | O_CLOEXEC);

	if (device < 0) {
		perror(JAILHOUSE_DEVICE);
		return 1;
	}
	if (argc == 6 && strcmp(argv[1], "create") == 0)
		return create_cell(device, argv);
	if (argc == 3 && strcmp(argv[1], "status") == 0)
		return show_status(device, argv[2]);
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
