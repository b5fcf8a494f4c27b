// SPDX-License-Identifier: GPL-2.0-only
/*
 * Loads a cell from memory that nobody fills: the driver waits for its page, in the middle of the
 * operation, until this process is killed.
 *
 * usage: hang-load CELL ADDRESS
 */
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "driver_abi.h"

#define SIZE 4096

static void *memory_without_end(void)
{
	void *memory = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int fd = syscall(SYS_userfaultfd, O_CLOEXEC);
	struct uffdio_api api = {.api = UFFD_API};
	struct uffdio_register range = {.range = {(uintptr_t)memory, SIZE},
					.mode = UFFDIO_REGISTER_MODE_MISSING};

	if (memory == MAP_FAILED || fd < 0 || ioctl(fd, UFFDIO_API, &api) < 0 ||
	    ioctl(fd, UFFDIO_REGISTER, &range) < 0) {
		perror("userfaultfd");
		exit(1);
	}
	return memory;
}

int main(int argc, char **argv)
{
	struct {
		struct jailhouse_cell_load load;
		struct jailhouse_preload_image image;
	} argument = {.load = {.cell_id.id = JAILHOUSE_ID_BY_NAME, .num_images = 1}};
	int device = open(JAILHOUSE_DEVICE, O_RDWR | O_CLOEXEC);

	if (argc != 3) {
		fprintf(stderr, "usage: hang-load CELL ADDRESS\n");
		return 2;
	}
	if (device < 0) {
		perror(JAILHOUSE_DEVICE);
		return 1;
	}
	strncpy(argument.load.cell_id.name, argv[1], sizeof(argument.load.cell_id.name) - 1);
	argument.image.source_address = (uintptr_t)memory_without_end();
	argument.image.target_address = strtoull(argv[2], NULL, 0);
	argument.image.size = SIZE;
	if (ioctl(device, JAILHOUSE_CELL_LOAD, &argument) < 0)
		perror("load");
	return 1;
}
