// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tells the driver which CPUs to keep out of Linux between cells. Prints what came of it: the
 * error's name or "done".
 *
 * usage: keep-cpus FLAGS RESERVED CPUS [CPUS-FROM-192] (bits)
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#include "driver_abi.h"

int main(int argc, char **argv)
{
	struct cellvisor_keep_cpus keep = {0};
	int device = open(JAILHOUSE_DEVICE, O_RDWR | O_CLOEXEC);

	if (argc < 4 || argc > 5) {
		fprintf(stderr, "usage: keep-cpus FLAGS RESERVED CPUS [CPUS-FROM-192]\n");
		return 2;
	}
	if (device < 0) {
		perror(JAILHOUSE_DEVICE);
		return 1;
	}
	keep.flags = (uint32_t)strtoul(argv[1], NULL, 0);
	keep.reserved = (uint32_t)strtoul(argv[2], NULL, 0);
	keep.cpus[0] = strtoull(argv[3], NULL, 0);
	if (argc == 5)
		keep.cpus[3] = strtoull(argv[4], NULL, 0);
	puts(ioctl(device, CELLVISOR_KEEP_CPUS, &keep) < 0 ? strerrorname_np(errno) : "done");
	return 0;
}
