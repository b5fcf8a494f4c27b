// SPDX-License-Identifier: GPL-2.0-only
/* The fake's PCI devices: taken from the drivers that the machine shows, and given back to them. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fake_driver.h"

#define PCI_DEVICES FAKE_MACHINE "/sys/bus/pci/devices"
#define DRIVERS	    "../../drivers/"
#define HOLDER	    "cellvisor-pci"

static void path_of(const struct fake_device *device, const char *name, char path[128])
{
	snprintf(path, 128, PCI_DEVICES "/%04x:%02x:%02x.%u/%s", device->domain, device->bdf >> 8,
		 device->bdf >> 3 & 31, device->bdf & 7, name);
}

/* "" where none has it. */
static void read_driver(const struct fake_device *device, char driver[64])
{
	char path[128], target[128];
	ssize_t length;

	path_of(device, "driver", path);
	length = readlink(path, target, sizeof(target) - 1);
	target[length < 0 ? 0 : length] = '\0';
	snprintf(driver, 64, "%.63s", length < 0 ? "" : strrchr(target, '/') + 1);
}

static void set_driver(const struct fake_device *device, const char *driver)
{
	char path[128], target[128];

	path_of(device, "driver", path);
	snprintf(target, sizeof(target), DRIVERS "%s", driver);
	unlink(path);
	if (driver[0] && symlink(target, path) < 0)
		abort();
}

static int take(struct fake_device *device, bool may_take)
{
	char path[128];

	path_of(device, "vendor", path);
	if (access(path, F_OK) < 0)
		return -ENODEV;
	read_driver(device, device->driver);
	if (strcmp(device->driver, HOLDER) == 0)
		return -EBUSY;
	if (device->driver[0] && !may_take)
		return -EUSERS;
	set_driver(device, HOLDER);
	return 0;
}

void fake_devices_give(struct fake_devices *devices)
{
	while (devices->count > 0) {
		devices->count--;
		set_driver(&devices->items[devices->count], devices->items[devices->count].driver);
	}
}

int fake_devices_take(const struct cell_desc *desc, uint64_t may_take, struct fake_devices *ret)
{
	const struct blob_pci_device *devices = cell_desc_pci_devices(desc);
	int r = 0;

	ret->count = 0;
	for (uint32_t n = 0; r == 0 && n < desc->num_pci_devices; n++) {
		struct fake_device *device;

		if (devices[n].type != BLOB_PCI_DEVICE)
			continue;
		if (ret->count == FAKE_MAX_DEVICES) {
			r = -E2BIG;
			break;
		}
		device = &ret->items[ret->count];
		device->domain = devices[n].domain;
		device->bdf = devices[n].bdf;
		r = take(device, may_take >> n & 1);
		if (r == 0)
			ret->count++;
	}
	if (r < 0)
		fake_devices_give(ret);
	return r;
}
