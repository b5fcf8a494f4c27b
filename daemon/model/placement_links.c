// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <string.h>

#include "common/quantity.h"
#include "model/placement_parts.h"

#define SLOTS 32 /* device numbers of a PCI bus */

static const struct link_place *find_link(const struct obstacles *obstacles, const char *id)
{
	for (size_t i = 0; i < obstacles->num_links; i++) {
		if (strcmp(obstacles->links[i].id, id) == 0)
			return &obstacles->links[i];
	}
	return NULL;
}

/* The highest that is free, -1 where none is: what the machine has is rather at the lower ones. */
static int find_slot(const struct obstacles *obstacles)
{
	int slot = SLOTS - 1;

	while (slot >= 0 && (obstacles->slots & (1u << slot)))
		slot--;
	return slot;
}

static struct shortage place_link(struct obstacles *obstacles, const struct pool *pool,
				  const struct description *description, size_t index,
				  struct link_place *ret)
{
	const struct description_link *link = &description->links[index];
	struct link_place place = {.shape = link_shape(link)};
	const struct link_place *known;
	int slot;

	link_id(description, link, place.id);
	known = find_link(obstacles, place.id);
	if (known) {
		*ret = *known;
		return (struct shortage){link_shapes_equal(&known->shape, &place.shape)
						 ? SHORT_OF_NOTHING
						 : SHORT_OF_AGREEMENT,
					 index};
	}
	slot = find_slot(obstacles);
	if (slot < 0)
		return (struct shortage){SHORT_OF_SLOTS, index};
	place.bdf = PCI_BDF(0, slot, 0);
	if (!obstacles_take_room(obstacles, pool, link_size(&place.shape, link->num_peers + 1),
				 &place.memory))
		return (struct shortage){SHORT_OF_LINK_MEMORY, index};
	obstacles_add_link(obstacles, &place);
	*ret = place;
	return (struct shortage){SHORT_OF_NOTHING, index};
}

struct shortage place_links(struct obstacles *obstacles, const struct pool *pool,
			    const struct description *description, struct placement *placement)
{
	struct shortage shortage = {SHORT_OF_NOTHING, 0};

	placement->num_links = description->num_links;
	for (size_t i = 0; i < description->num_links && shortage.what == SHORT_OF_NOTHING; i++)
		shortage = place_link(obstacles, pool, description, i, &placement->links[i]);
	return shortage;
}

static int report_no_memory(const struct placement_input *input, const struct problem_place *place,
			    const struct description_link *link, struct problems *problems)
{
	char wanted[QUANTITY_TEXT_MAX], total[QUANTITY_TEXT_MAX], largest[QUANTITY_TEXT_MAX];
	const struct link_shape shape = link_shape(link);
	uint64_t piece;

	quantity_round_bytes_up(link_size(&shape, link->num_peers + 1), wanted);
	quantity_round_bytes(placement_free(input, &piece), total);
	quantity_round_bytes(piece, largest);
	problems_add(problems, SEVERITY_ERROR, place,
		     "link %s wants %s, but the pool has %s free (largest piece %s); make it "
		     "smaller, destroy a cell, or make the pool larger",
		     link->name, wanted, total, largest);
	return -ENOSPC;
}

int report_link(const struct placement_input *input, const struct description *description,
		struct shortage shortage, struct problems *problems)
{
	const struct description_link *link = &description->links[shortage.index];
	struct problem_place place;
	char key[64];

	snprintf(key, sizeof(key), "shared-memory[%zu]", shortage.index);
	place = description_place(description, key);
	if (shortage.what == SHORT_OF_LINK_MEMORY)
		return report_no_memory(input, &place, link, problems);
	if (shortage.what == SHORT_OF_AGREEMENT)
		return problems_add(problems, SEVERITY_ERROR, &place,
				    "link %s is there with other sizes or vectors; destroy the "
				    "cells that have it first",
				    link->name);
	problems_add(problems, SEVERITY_ERROR, &place,
		     "there is no place left on PCI bus 0 for link %s; destroy a cell with links, "
		     "or make one link of two",
		     link->name);
	return -ENOSPC;
}
