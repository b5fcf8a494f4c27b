// SPDX-License-Identifier: GPL-2.0-only
/* Configurations that are sound but for one thing, which the driver is to name in the kernel's log.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "device.h"

#define OTHER_REVISION	   12
#define OTHER_ARCHITECTURE 2
#define CPU_ONLINE	   "/sys/devices/system/cpu/cpu3/online"

static void set_online(const char *value)
{
	int fd = open(CPU_ONLINE, O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, value, 1) != 1)
		broken(CPU_ONLINE ": %s", strerror(errno));
	close(fd);
}

/* Ends the program unless it was refused with this error. */
static void expect(struct device *device, const char *what, unsigned long code,
		   const void *argument, int error)
{
	int r = device_call(device, code, argument);

	device->sent++;
	if (r != -error)
		broken("%s: result %d, expected %d", what, r, -error);
	device->refused++;
}

void refuse_systems(struct device *device)
{
	size_t size;
	struct system_desc *blob = blob_of_system(device, &size);

	blob->revision = OTHER_REVISION;
	expect(device, "system of another revision", JAILHOUSE_ENABLE, blob, EINVAL);
	blob->revision = BLOB_REVISION;
	blob->architecture = OTHER_ARCHITECTURE;
	expect(device, "system of another architecture", JAILHOUSE_ENABLE, blob, EINVAL);
	blob->architecture = BLOB_ARCH_X86;
	((uint8_t *)cell_desc_cpu_set(&blob->root_cell))[0] |= 1u << 7;
	expect(device, "a CPU is missing", JAILHOUSE_ENABLE, blob, ENODEV);
	((uint8_t *)cell_desc_cpu_set(&blob->root_cell))[0] &= ~(1u << 7);
	set_online("0");
	((uint8_t *)cell_desc_cpu_set(&blob->root_cell))[0] &= ~(1u << 3);
	expect(device, "a CPU would stay outside", JAILHOUSE_ENABLE, blob, EINVAL);
	((uint8_t *)cell_desc_cpu_set(&blob->root_cell))[0] |= 1u << 3;
	set_online("1");
	free(blob);
}

/* What it asks for stands behind its other arrays. */
static void expect_unserved(struct device *device, const struct cell_desc *blob, size_t size)
{
	struct cell_desc *larger = calloc(1, size + sizeof(uint32_t));
	const struct jailhouse_cell_create create = {.blob_address = (uintptr_t)larger,
						     .blob_size = size + sizeof(uint32_t)};

	if (!larger)
		broken("no memory");
	memcpy(larger, blob, size);
	larger->num_stream_ids = 1;
	expect(device, "a cell that asks for what nobody serves", JAILHOUSE_CELL_CREATE, &create,
	       EOPNOTSUPP);
	free(larger);
}

void refuse_cells(struct device *device)
{
	size_t size;
	struct cell_desc *blob = blob_of_cell(device, &size);
	const struct jailhouse_cell_create create = {.blob_address = (uintptr_t)blob,
						     .blob_size = size};
	const struct jailhouse_cell_create shorter = {.blob_address = (uintptr_t)blob,
						      .blob_size = sizeof(*blob) - 1};
	char name[BLOB_CELL_NAME_LEN];

	blob->revision = OTHER_REVISION;
	expect(device, "cell of another revision", JAILHOUSE_CELL_CREATE, &create, EINVAL);
	blob->revision = BLOB_REVISION;
	blob->architecture = OTHER_ARCHITECTURE;
	expect(device, "cell of another architecture", JAILHOUSE_CELL_CREATE, &create, EINVAL);
	blob->architecture = BLOB_ARCH_X86;
	expect(device, "less than a descriptor", JAILHOUSE_CELL_CREATE, &shorter, EINVAL);
	memcpy(name, blob->name, sizeof(name));
	strcpy(blob->name, "root");
	expect(device, "a name that is taken", JAILHOUSE_CELL_CREATE, &create, EEXIST);
	memcpy(blob->name, name, sizeof(name));
	expect_unserved(device, blob, size);
	free(blob);
}
