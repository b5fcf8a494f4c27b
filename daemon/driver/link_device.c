// SPDX-License-Identifier: GPL-2.0-only
#include "driver/link_device.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "ivshmem.h"
#include "model/machine.h"
#include "util/log.h"

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

/* Renamed into place: udev never reads half of it. */
int link_device_write(uint16_t bdf, const char *name)
{
	static const char temporary[] = LINK_DEVICE_DIRECTORY "/.new";
	_cleanup_(fclosep) FILE *file = NULL;
	char path[PATH_ROOM];
	int fd;

	if (mkdir(LINK_DEVICE_DIRECTORY, 0755) < 0 && errno != EEXIST)
		return -errno;
	fd = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644);
	if (fd < 0)
		return -errno;
	file = fdopen(fd, "w");
	if (!file) {
		close(fd);
		return -ENOMEM;
	}
	if (fprintf(file, "CELLMGR_LINK=%s\n", name) < 0 || fflush(file) != 0 ||
	    rename(temporary, path_of(bdf, path)) < 0)
		return -errno;
	return 0;
}

void link_device_forget(uint16_t bdf)
{
	char path[PATH_ROOM];

	if (unlink(path_of(bdf, path)) < 0 && errno != ENOENT)
		log_warning("Cannot remove %s: %s", path, strerror(errno));
}
