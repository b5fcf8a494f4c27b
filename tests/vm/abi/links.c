// SPDX-License-Identifier: GPL-2.0-only
/*
 * Cells that share memory, made of blobs as other tools write them: "one" on CPU 2 and "two" on CPU
 * 3, whose devices are at the same address of the bus. The daemon must not run.
 *
 * usage: links enable | disable
 *        links create one|two [BDF [OFFSET]]    OFFSET: where its sections are, in pages behind
 *        links start one|two PROGRAM PARAMETERS
 *        links console one|two                  what it has written so far
 *        links destroy one|two
 * Prints what came of it: the error's name or "done".
 */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#include "abi.h"

#define LINK_OFFSET   (24ull << 20) /* in the pool */
#define LINK_ADDRESS  0x200000000ull
#define PEERS	      2
#define NUM_SECTIONS  (2 + PEERS)
#define PAGE	      4096ull
#define VECTORS	      3
#define CUSTOMARY_BDF 0xf0

static unsigned int peer_of(const char *name)
{
	return strcmp(name, "two") == 0;
}

static int create(const struct abi *abi, const char *name, uint16_t bdf, uint64_t offset)
{
	const unsigned int peer = peer_of(name);
	const struct blob_pci_device device = {
		.type = BLOB_PCI_IVSHMEM,
		.bdf = bdf,
		.bar_mask = {0xfffff000, 0xfffffe00},
		.num_msix_vectors = VECTORS,
		.shmem_regions_start = 2, /* behind RAM and communication region */
		.shmem_dev_id = peer,
		.shmem_peers = PEERS,
	};
	struct blob_memory sections[NUM_SECTIONS];
	struct wish wish = {
		.name = name,
		.cpus = 1u << (2 + peer),
		.listens = true,
		.slot = peer,
		.memory = sections,
		.num_memory = NUM_SECTIONS,
		.device = &device,
	};

	for (unsigned int n = 0; n < NUM_SECTIONS; n++)
		sections[n] = (struct blob_memory){
			abi->pool.phys_start + LINK_OFFSET + (offset + n) * PAGE,
			LINK_ADDRESS + n * PAGE, PAGE,
			READ | BLOB_MEM_ROOTSHARED | (n == 1 || n == 2 + peer ? WRITE : 0)};
	return abi_create(abi, &wish);
}

int main(int argc, char **argv)
{
	struct abi abi;

	if (argc < 2)
		return 2;
	abi_open(&abi);
	if (strcmp(argv[1], "enable") == 0)
		return abi_say(abi_enable(&abi, ROOT_OURS));
	if (strcmp(argv[1], "disable") == 0)
		return abi_say(abi_disable(&abi) ?: abi_release(&abi));
	if (argc < 3)
		return 2;
	if (strcmp(argv[1], "create") == 0)
		return abi_say(
			create(&abi, argv[2],
			       argc > 3 ? (uint16_t)strtoul(argv[3], NULL, 0) : CUSTOMARY_BDF,
			       argc > 4 ? strtoul(argv[4], NULL, 0) : 0));
	if (strcmp(argv[1], "console") == 0)
		return abi_print_console(&abi, argv[2]);
	if (strcmp(argv[1], "destroy") == 0)
		return abi_say(abi_destroy(&abi, argv[2]));
	if (strcmp(argv[1], "start") == 0 && argc == 5)
		return abi_say(abi_start_program(&abi, argv[2], argv[3], argv[4]));
	return 2;
}
