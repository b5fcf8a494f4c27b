// SPDX-License-Identifier: GPL-2.0-only
/*
 * Truncated, damaged and random configurations, ids and pointers into the ioctls of the real
 * driver, the same ones every time. Whatever comes in, an error comes back and nothing has changed,
 * or it was sound after all and can be undone. The daemon must not run.
 *
 * usage: device-fuzz enable|create|cells TRIES
 */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "device.h"
#include "util/problem.h"
#include "model/root_config.h"
#include "page.h"

#define SETTLE_TRIES	 100
#define SETTLE_US	 20000
#define POOL_SIZE	 (32ull << 20)
#define HYPERVISOR_SIZE	 (8ull << 20)
#define CELL_RAM	 (1ull << 20)
#define CELL_SPARE	 (64ull << 10)
#define COMM_ADDRESS	 0x200000ull
#define SPARE_ADDRESS	 0x400000ull
#define UNUSED_PORT	 0x82 /* a latch of the DMA controller */
#define REPLY_TIMEOUT_US 1000000ull

void broken(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vprintf(format, arguments);
	va_end(arguments);
	putchar('\n');
	exit(1);
}

void edge_open(struct edge *ret)
{
	uint8_t *start = mmap(NULL, BLOB_CAPACITY + PAGE_BYTES, PROT_READ | PROT_WRITE,
			      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (start == MAP_FAILED || mprotect(start + BLOB_CAPACITY, PAGE_BYTES, PROT_NONE))
		broken("mmap: %s", strerror(errno));
	ret->end = start + BLOB_CAPACITY;
}

void *edge_put(const struct edge *edge, const void *bytes, size_t size)
{
	return memcpy(edge->end - size, bytes, size);
}

int device_call(const struct device *device, unsigned long code, const void *argument)
{
	return ioctl(device->fd, code, argument) < 0 ? -errno : 0;
}

/* What a cell had is scrubbed after its end was answered: until that changes no more. */
void device_settle(struct device *device)
{
	struct snapshot before;

	snapshot_take(&device->idle);
	for (unsigned int n = 0; n < SETTLE_TRIES; n++) {
		before = device->idle;
		usleep(10 * SETTLE_US);
		snapshot_take(&device->idle);
		if (snapshot_same(&before, &device->idle))
			return;
	}
	broken("the machine does not come to rest");
}

void device_count(struct device *device, int result, const char *what)
{
	struct snapshot now;

	device->sent++;
	if (result)
		device->refused++;
	else
		device->accepted++;
	snapshot_take(&now);
	/* What a cell had is scrubbed after its end was answered. */
	for (unsigned int n = 0; n < SETTLE_TRIES && !snapshot_same(&device->idle, &now); n++) {
		usleep(SETTLE_US);
		snapshot_take(&now);
	}
	if (!snapshot_same(&device->idle, &now))
		broken("try %u, %s: result %d, and something else is different", device->sent, what,
		       result);
}

void *blob_of_system(const struct device *device, size_t *ret_size)
{
	const struct root_config_options options = {
		.hypervisor = {device->pieces.hypervisor, device->pieces.hypervisor_size},
	};
	struct machine *machine = NULL;
	struct problems problems = {0};
	void *blob = NULL;

	if (machine_read("", &problems, &machine) < 0 ||
	    root_config_build(machine, &options, &problems, &blob, ret_size) < 0)
		broken("no configuration for this machine: %s",
		       problems.count ? problems.items[0].text : "no reason given");
	machine_free(machine);
	problems_done(&problems);
	return blob;
}

void *blob_of_cell(const struct device *device, size_t *ret_size)
{
	const struct {
		struct cell_desc desc;
		uint8_t cpus;
		struct blob_memory memory[3];
		struct blob_pio port;
	} __attribute__((packed)) cell = {
		.desc = {.signature = BLOB_CELL_SIGNATURE,
			 .architecture = BLOB_ARCH_X86,
			 .revision = BLOB_REVISION,
			 .name = "fuzz",
			 .flags = BLOB_CELL_CONSOLE_PERMITTED | BLOB_CELL_CONSOLE_ACTIVE,
			 .cpu_set_size = 1,
			 .num_memory_regions = 3,
			 .num_pio_regions = 1,
			 .msg_reply_timeout = REPLY_TIMEOUT_US},
		.cpus = 1u << 3,
		.memory = {{device->pieces.cells, 0, CELL_RAM,
			    BLOB_MEM_READ | BLOB_MEM_WRITE | BLOB_MEM_EXECUTE | BLOB_MEM_LOADABLE},
			   {device->pieces.cells + CELL_RAM, SPARE_ADDRESS, CELL_SPARE,
			    BLOB_MEM_READ | BLOB_MEM_WRITE},
			   {0, COMM_ADDRESS, PAGE_BYTES,
			    BLOB_MEM_READ | BLOB_MEM_WRITE | BLOB_MEM_COMM_REGION}},
		.port = {UNUSED_PORT, 1},
	};
	void *blob = malloc(sizeof(cell));

	if (!blob)
		broken("out of memory");
	*ret_size = sizeof(cell);
	return memcpy(blob, &cell, sizeof(cell));
}

static void device_open(struct device *device)
{
	device->fd = open(JAILHOUSE_DEVICE, O_RDWR | O_CLOEXEC);
	if (device->fd < 0)
		broken(JAILHOUSE_DEVICE ": %s", strerror(errno));
	device->pool = (struct cellvisor_pool){.size = POOL_SIZE, .source = CELLVISOR_POOL_LINUX};
	if (device_call(device, CELLVISOR_POOL_RESERVE, &device->pool) < 0)
		broken("no memory pool: %s", strerror(errno));
	device->pieces.hypervisor = device->pool.phys_start;
	device->pieces.hypervisor_size = HYPERVISOR_SIZE;
	device->pieces.cells = device->pool.phys_start + HYPERVISOR_SIZE;
	device->pieces.cells_size = POOL_SIZE - HYPERVISOR_SIZE;
	edge_open(&device->edge);
	device->mutator.state = 0x13198a2e03707344;
	snapshot_take(&device->idle);
}

static void enable(struct device *device)
{
	size_t size;
	struct system_desc *system = blob_of_system(device, &size);
	int r;

	/* Which is told, as nobody serves it: of a kind that this architecture has none of. */
	system->iommu_units[BLOB_IOMMU_UNITS - 1] =
		(struct blob_iommu){.type = BLOB_IOMMU_SMMUV3, .base = 0xfed90000, .size = 0x1000};
	r = device_call(device, JAILHOUSE_ENABLE, system);
	free(system);
	if (r)
		broken("the hypervisor does not open: %s", strerror(-r));
	snapshot_take(&device->idle);
}

static void disable(struct device *device)
{
	int r = device_call(device, JAILHOUSE_DISABLE, NULL);

	if (r)
		broken("the hypervisor does not close: %s", strerror(-r));
}

int main(int argc, char **argv)
{
	struct device device = {0};
	unsigned int tries = argc == 3 ? strtoul(argv[2], NULL, 10) : 0;
	bool on = tries && (strcmp(argv[1], "create") == 0 || strcmp(argv[1], "cells") == 0);

	setvbuf(stdout, NULL, _IOLBF, 0);
	if (!tries || (!on && strcmp(argv[1], "enable") != 0)) {
		fprintf(stderr, "usage: device-fuzz enable|create|cells TRIES\n");
		return 2;
	}
	device_open(&device);
	if (on)
		enable(&device);
	if (!on) {
		refuse_systems(&device);
		fuzz_enable(&device, tries);
	} else if (strcmp(argv[1], "create") == 0) {
		refuse_cells(&device);
		fuzz_create(&device, tries);
	} else {
		fuzz_cells(&device, tries);
	}
	if (on)
		disable(&device);
	if (device_call(&device, CELLVISOR_POOL_RELEASE, NULL))
		broken("the pool cannot be released: %s", strerror(errno));
	printf("%s: %u sent, %u accepted and undone, %u refused, %u withheld\n", argv[1],
	       device.sent, device.accepted, device.refused, device.withheld);
	return 0;
}
