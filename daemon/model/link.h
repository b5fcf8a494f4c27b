/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Links: memory that two to LINK_MAX_PEERS peers share, with an ivshmem device (ivshmem.h) at the
 * same place of PCI bus 0 in each of them. Linux may be one, as LINK_ROOT. Each cell's description
 * says it from its own side; they are about the same link where name and peers agree.
 */
#ifndef LINK_H
#define LINK_H

#include "lib/blob/blob_check.h"
#include "model/address_range.h"
#include "model/description.h"

#define LINK_STATE_TABLE 4096ull /* bytes: a page, in which there is room for 1024 peers */
#define LINKS_MAX_BYTES	 BLOB_MAX_SHARED_BYTES /* of all sections of a cell's links */
#define LINK_ID_MAX	 ((LINK_MAX_PEERS + 1) * (DESCRIPTION_MAX_NAME + 1))

#define LINK_DEVICE_NAME_MAX (2 * (DESCRIPTION_MAX_NAME + 1))

/* Who shares it, in the order of their numbers: root first, then the cells by name. */
struct link_peers {
	const char *names[LINK_MAX_PEERS];
	unsigned int count;
};

/* What its peers must agree on. */
struct link_shape {
	uint64_t common; /* bytes */
	uint64_t output; /* bytes of each peer's section */
	uint32_t vectors;
};

/* Where a link is; a value that can be kept and written down. */
struct link_place {
	char id[LINK_ID_MAX];
	struct link_shape shape;
	uint16_t bdf;		     /* domain 0 */
	struct address_range memory; /* all sections, one behind the other */
};

/* The peers of a description's link; its names are borrowed from the description. */
struct link_peers link_peers(const struct description *description,
			     const struct description_link *link);

/* The number of a peer, count where it is none. */
unsigned int link_peer_number(const struct link_peers *peers, const char *name);

struct link_shape link_shape(const struct description_link *link);
bool link_shapes_equal(const struct link_shape *a, const struct link_shape *b);

/* Bytes of all sections of so many peers. Does not wrap around. */
uint64_t link_size(const struct link_shape *shape, unsigned int num_peers);

/*
 * Bytes of all links of a description; of those only of which it is the first cell, so that a sum
 * over all cells counts each link once.
 */
uint64_t links_total(const struct description *description);
uint64_t links_led(const struct description *description);

/* Name and peers in one text, "plant root turbine": equal for equal links only. */
void link_id(const struct description *description, const struct description_link *link,
	     char ret[LINK_ID_MAX]);

/* What Linux calls it, "turbine-plant", also where it takes no part: the first cell and the link.
 */
void link_device_name(const char *id, char ret[LINK_DEVICE_NAME_MAX]);

/*
 * What is put at CELL_PARAMETERS_ADDRESS of a cell whose description has parameters: those, and
 * with several links the word link.NAME=BDF for each, by which its program tells them apart. places
 * are as description.links. False: it does not fit; ret is then cut off.
 */
bool links_parameters(const struct description *description, const struct link_place *places,
		      char ret[CELL_PARAMETERS_SIZE]);

static inline bool link_has_root(const struct link_peers *peers)
{
	return link_peer_number(peers, LINK_ROOT) < peers->count;
}

/* Guest-physical address of the sections of description.links[index]: the first room above
 * LINK_GUEST_START that the links before it and nothing else of the cell has. */
uint64_t link_guest_address(const struct description *description, size_t index);

#endif /* LINK_H */
