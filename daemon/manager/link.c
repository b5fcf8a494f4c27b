// SPDX-License-Identifier: GPL-2.0-only
#include "manager/link.h"

#include <string.h>

#include "driver/link_device.h"
#include "driver/link_memory.h"
#include "manager/manager.h"
#include "util/log.h"

struct link *links_find(const struct manager *manager, uint16_t bdf)
{
	struct link *link = manager->links;

	while (link && link->record.place.bdf != bdf)
		link = link->next;
	return link;
}

struct link *links_add(struct manager *manager, const struct link_place *place)
{
	struct link *link = calloc(1, sizeof(*link));
	struct link **end = &manager->links;

	if (!link)
		return NULL;
	link->record.place = *place;
	while (*end)
		end = &(*end)->next;
	*end = link;
	return link;
}

void links_forget(struct manager *manager, struct link *link)
{
	struct link **at = &manager->links;

	while (*at != link)
		at = &(*at)->next;
	*at = link->next;
	link_device_forget(link->record.place.bdf);
	cellmgr_link_close(link->memory);
	free(link);
}

void links_forget_all(struct manager *manager)
{
	while (manager->links)
		links_forget(manager, manager->links);
}

void links_unstick(struct manager *manager)
{
	for (struct link *link = manager->links; link; link = link->next)
		link->stuck = false;
}

struct link_record *links_collect(const struct manager *manager, size_t *ret_count)
{
	struct link_record *records;
	size_t count = 0;

	for (const struct link *link = manager->links; link; link = link->next)
		count++;
	records = calloc(count + 1, sizeof(*records));
	if (!records)
		return NULL;
	*ret_count = 0;
	for (const struct link *link = manager->links; link; link = link->next)
		records[(*ret_count)++] = link->record;
	return records;
}

/* In the same shape: one in another is another to whom it matters. */
static bool is_same(const struct link_place *place, const struct description *description,
		    const struct description_link *wanted)
{
	const struct link_shape shape = link_shape(wanted);
	char id[LINK_ID_MAX];

	link_id(description, wanted, id);
	return strcmp(id, place->id) == 0 && link_shapes_equal(&shape, &place->shape);
}

struct link *links_find_same(const struct manager *manager, const struct description *description,
			     const struct description_link *wanted)
{
	struct link *link = manager->links;

	while (link && !is_same(&link->record.place, description, wanted))
		link = link->next;
	return link;
}

static bool has_end(const struct cell *cell, const struct link_place *place)
{
	const struct placement *placement = &cell->record.placement;

	for (size_t i = 0; cell_owned(cell) && i < placement->num_links; i++) {
		if (placement->links[i].bdf == place->bdf)
			return true;
	}
	return false;
}

static bool describes(const struct cell *cell, const struct link_place *place)
{
	const struct description *description = cell->description;

	for (size_t i = 0; description && i < description->num_links; i++) {
		if (is_same(place, description, &description->links[i]))
			return true;
	}
	return false;
}

bool links_needed(const struct manager *manager, const struct link *link, const struct cell *except)
{
	for (const struct cell *cell = manager->cells; cell; cell = cell->next) {
		if ((cell != except && has_end(cell, &link->record.place)) ||
		    describes(cell, &link->record.place))
			return true;
	}
	return false;
}

const struct link *links_find_unneeded(const struct manager *manager)
{
	for (const struct link *link = manager->links; link; link = link->next) {
		if (!link->stuck && !links_needed(manager, link, NULL))
			return link;
	}
	return NULL;
}

size_t links_find_missing(const struct manager *manager, const struct cell *cell)
{
	const struct description *description = cell->description;
	size_t i;

	for (i = 0; description && i < description->num_links; i++) {
		const struct link_peers peers = link_peers(description, &description->links[i]);

		if (link_has_root(&peers) &&
		    !links_find_same(manager, description, &description->links[i]))
			break;
	}
	return i;
}

bool links_lack(const struct manager *manager, const struct cell *cell)
{
	return cell->description &&
	       links_find_missing(manager, cell) < cell->description->num_links;
}

/* What was begun and not finished is there or is not: either way it is known now. */
void links_remember(struct manager *manager, const struct state *state, bool enabled)
{
	for (size_t i = 0; i < state->num_links; i++) {
		const struct link_place *place = &state->links[i].place;
		char name[LINK_DEVICE_NAME_MAX];

		link_device_name(place->id, name);
		if (!enabled || link_device_present(manager->machine_root, place->bdf) == 0) {
			link_device_forget(place->bdf);
			continue;
		}
		if (!links_add(manager, place))
			log_error("Cannot remember link %s: out of memory", name);
	}
	manager->unsaved |= state->num_links > 0;
}

void links_observe(struct manager *manager, bool enabled)
{
	if (enabled || !manager->links)
		return;
	links_forget_all(manager);
	manager->unsaved = true;
}
