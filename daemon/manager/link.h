/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Linux' ends of links. One is there from before the first cell of its link is created until no
 * created cell has the link and no description wants it any more.
 */
#ifndef MANAGER_LINK_H
#define MANAGER_LINK_H

#include "manager/state.h"

struct cell;
struct cellmgr_link;
struct link_part;
struct link_stamp;
struct manager;
struct snapshot;

struct link {
	struct link *next;
	struct link_record record;
	struct cellmgr_link *memory; /* link_access.c; NULL: not open */
	bool complained;	     /* that it cannot be opened */
	bool stuck; /* it could not be removed; not tried again before something has changed */
};

/* The end at a place of PCI bus 0; NULL: there is none. */
struct link *links_find(const struct manager *manager, uint16_t bdf);

/* The one that a description's link is, in the same shape; NULL: Linux has no end of it. */
struct link *links_find_same(const struct manager *manager, const struct description *description,
			     const struct description_link *wanted);

/* A new one with an intent. NULL without memory. */
struct link *links_add(struct manager *manager, const struct link_place *place);

/* It is gone: forgets it, and what udev would read of it. */
void links_forget(struct manager *manager, struct link *link);
void links_forget_all(struct manager *manager);

/* Something has changed for which a removal that failed may succeed now. */
void links_unstick(struct manager *manager);

/*
 * Whether somebody needs it: a created cell other than except (NULL: any), or a description, even
 * that of except.
 */
bool links_needed(const struct manager *manager, const struct link *link,
		  const struct cell *except);

/* One that nobody needs and that can be removed; NULL: none. */
const struct link *links_find_unneeded(const struct manager *manager);

/* The records of all, to be freed; NULL without memory. */
struct link_record *links_collect(const struct manager *manager, size_t *ret_count);

/* The first link of the cell's description that Linux has to have an end of and has not; num_links
 * of the description: none. */
size_t links_find_missing(const struct manager *manager, const struct cell *cell);
bool links_lack(const struct manager *manager, const struct cell *cell);

/* Those of a daemon before us, as far as Linux has them. */
void links_remember(struct manager *manager, const struct state *state, bool enabled);

/*
 * link_access.c: link_memory_read() and link_memory_write() of a link's device, which is opened
 * where it is not yet; also the negative errno of link_memory_open(). Nothing is kept open for
 * longer than a second: when the last program with a link closes it, the driver tells the peers,
 * and that shall not wait for us.
 */
int links_read(struct manager *manager, struct link *link, unsigned int peer,
	       struct link_part *parts, size_t count, struct link_stamp *ret_stamp);
int links_write(struct manager *manager, struct link *link, unsigned int peer, uint32_t block_bytes,
		const struct link_part *part);
void links_close(struct manager *manager);

/* The hypervisor has gone, and every end of a link with it. */
void links_observe(struct manager *manager, bool enabled);

#endif /* MANAGER_LINK_H */
