// SPDX-License-Identifier: GPL-2.0-only
#include "driver/link_device.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "common/cleanup.h"
#include "ivshmem.h"
#include "model/machine.h"
#include "util/log.h"
#include "util/write_text.h"

const char *link_device_place(uint16_t bdf, char place[LINK_DEVICE_PLACE_MAX])
{
	snprintf(place, LINK_DEVICE_PLACE_MAX, "0000:%02x:%02x.%x", (bdf >> 8) & 0xffu,
		 PCI_SLOT_OF(bdf) & 0x1fu, bdf & 7u);
	return place;
}

int link_device_present(const char *machine_root, uint16_t bdf)
{
	struct machine machine = {0};
	const struct machine_pci *function;
	int r = machine_read_pci(machine_root, &machine);

	if (r < 0)
		return r;
	function = machine_find_pci(&machine, 0, bdf);
	r = function && function->vendor == IVSHMEM_VENDOR_ID &&
	    function->device == IVSHMEM_DEVICE_ID;
	free(machine.pci);
	return r;
}

#define PATH_ROOM (sizeof(LINK_DEVICE_DIRECTORY "/") + LINK_DEVICE_PLACE_MAX)

static const char *path_of(uint16_t bdf, char path[PATH_ROOM])
{
	char place[LINK_DEVICE_PLACE_MAX];

	snprintf(path, PATH_ROOM, LINK_DEVICE_DIRECTORY "/%s", link_device_place(bdf, place));
	return path;
}

/* In one step: udev never reads half of it. */
int link_device_write(uint16_t bdf, const char *name)
{
	_cleanup_(freep) char *text = NULL;
	char path[PATH_ROOM];

	if (mkdir(LINK_DEVICE_DIRECTORY, 0755) < 0 && errno != EEXIST)
		return -errno;
	text = text_format("CELLMGR_LINK=%s\n", name);
	if (!text)
		return -ENOMEM;
	return write_text(path_of(bdf, path), text, 0644);
}

void link_device_forget(uint16_t bdf)
{
	char path[PATH_ROOM];

	if (unlink(path_of(bdf, path)) < 0 && errno != ENOENT)
		log_warning("Cannot remove %s: %s", path, strerror(errno));
}
