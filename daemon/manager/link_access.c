// SPDX-License-Identifier: GPL-2.0-only
/* Links' devices as they are opened, kept and closed by the daemon itself. */
#include <errno.h>
#include <string.h>

#include "driver/link_memory.h"
#include "manager/link.h"
#include "manager/manager.h"
#include "util/log.h"

#define KEEP_OPEN_US 1000000u

void links_close(struct manager *manager)
{
	for (struct link *link = manager->links; link; link = link->next) {
		cellmgr_link_close(link->memory);
		link->memory = NULL;
	}
	manager->links_closer = sd_event_source_disable_unref(manager->links_closer);
}

static int on_time(sd_event_source *source, uint64_t usec, void *userdata)
{
	links_close(userdata);
	return 0;
}

static void complain_once(struct link *link, const char *name, int error)
{
	/* udev may be slower than we are. */
	if (link->complained || error == -ENOENT || error == -ENODEV)
		return;
	link->complained = true;
	log_warning("Cannot use link %s: /dev/cellmgr/%s: %s", name, name, strerror(-error));
}

static int open_link(struct manager *manager, struct link *link)
{
	char name[LINK_DEVICE_NAME_MAX];
	int r;

	if (link->memory)
		return 0;
	if (!manager->links_closer) {
		r = sd_event_add_time_relative(manager->event, &manager->links_closer,
					       CLOCK_MONOTONIC, KEEP_OPEN_US, 0, on_time, manager);
		if (r < 0)
			return r;
	}
	link_device_name(link->record.place.id, name);
	r = link_memory_open(name, &link->memory);
	if (r < 0)
		complain_once(link, name, r);
	return r;
}

/* Gone: when it comes again it is another device. */
static int took(struct link *link, int result)
{
	if (result == -ENODEV) {
		cellmgr_link_close(link->memory);
		link->memory = NULL;
	}
	return result;
}

int links_read(struct manager *manager, struct link *link, unsigned int peer,
	       struct link_part *parts, size_t count, struct link_stamp *ret_stamp)
{
	const int r = open_link(manager, link);

	return r < 0 ? r
		     : took(link, link_memory_read(link->memory, peer, parts, count, ret_stamp));
}

int links_write(struct manager *manager, struct link *link, unsigned int peer, uint32_t block_bytes,
		const struct link_part *part)
{
	const int r = open_link(manager, link);

	return r < 0 ? r : took(link, link_memory_write(link->memory, peer, block_bytes, part));
}
