/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Root's end of a link as Linux has it: a PCI device, and the file by which udev knows what to call
 * it (units/70-cellmgr.rules imports it by the device's name).
 */
#ifndef LINK_DEVICE_H
#define LINK_DEVICE_H

#include <stdbool.h>
#include <stdint.h>

#define LINK_DEVICE_DIRECTORY "/run/cellmgr/links"
#define LINK_DEVICE_PLACE_MAX sizeof("0000:00:00.0")

/* The device's name in sysfs, and so the file's: "0000:00:1e.0". Returns place. */
const char *link_device_place(uint16_t bdf, char place[LINK_DEVICE_PLACE_MAX]);

/*
 * Whether Linux has an ivshmem device there: 1, 0, or negative errno where it cannot be found out.
 * machine_root is the prefix of /sys.
 */
int link_device_present(const char *machine_root, uint16_t bdf);

/* Writes the file. Returns 0 or negative errno. */
int link_device_write(uint16_t bdf, const char *name);

/* Removes it, if it is there. */
void link_device_forget(uint16_t bdf);

#endif /* LINK_DEVICE_H */
