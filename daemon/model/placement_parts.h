/* SPDX-License-Identifier: GPL-2.0-only */
/* What the files of placement share; nobody else includes it. */
#ifndef PLACEMENT_PARTS_H
#define PLACEMENT_PARTS_H

#include "model/placement.h"

/* So that one entry of a page table maps 2M of it. */
#define LARGE_ALIGNMENT (2ull << 20)

/* What is not to be had, as unordered lists. Starts out zeroed. */
struct obstacles {
	struct address_range *memory;
	size_t num_memory;
	struct link_place *links; /* that have a place already */
	size_t num_links;
	uint32_t slots;	   /* bit n: device n of PCI bus 0 */
	uint64_t *missing; /* bytes that found no room, as a new piece needs them; NULL: not counted
			    */
	bool out_of_memory;
};

void obstacles_done(struct obstacles *obstacles);

void obstacles_add(struct obstacles *obstacles, struct address_range range);
/* A link with all that it has. */
void obstacles_add_link(struct obstacles *obstacles, const struct link_place *link);
/* The devices that the machine has, but for those that leave; NULL: not known. */
void obstacles_add_machine(struct obstacles *obstacles, const struct machine *machine,
			   uint32_t leaving);

/* What is taken now: by the hypervisor, by the cells that exist, but for one, and by links. */
void obstacles_add_existing(struct obstacles *obstacles, const struct placement_input *input,
			    const char *except);

const struct address_range *obstacles_find(const struct obstacles *obstacles,
					   struct address_range range);

/* Takes the lowest room of that size in the first piece of the pool that has some; from
 * LARGE_ALIGNMENT on aligned to that. Where there is none its bytes are counted instead, if there
 * is a counter. */
bool obstacles_take_room(struct obstacles *obstacles, const struct pool *pool, uint64_t size,
			 struct address_range *ret);

/* Why a cell has no place. */
struct shortage {
	enum {
		SHORT_OF_NOTHING,
		SHORT_OF_MEMORY,
		SHORT_OF_LINK_MEMORY,
		SHORT_OF_SLOTS,
		SHORT_OF_AGREEMENT, /* the link exists with other sizes or vectors */
	} what;
	size_t index; /* of the region or the link */
};

/* Places a cell's links, and adds those that have had no place before. */
struct shortage place_links(struct obstacles *obstacles, const struct pool *pool,
			    const struct description *description, struct placement *placement);

/* Reports what a link is short of. Returns -ENOSPC or -EINVAL. */
int report_link(const struct placement_input *input, const struct description *description,
		struct shortage shortage, struct problems *problems);

#endif /* PLACEMENT_PARTS_H */
