/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Placement: which physical memory and which CPUs a cell gets, and where its links are.
 * Deterministic: the same pool, the same set of descriptions and the same created cells give the
 * same placement.
 */
#ifndef PLACEMENT_H
#define PLACEMENT_H

#include "model/description.h"
#include "model/link.h"
#include "model/machine.h"
#include "model/pool.h"

/* A cell's place; a value that can be kept and written down. */
struct placement {
	struct cpu_mask cpus;
	struct address_range memory[DESCRIPTION_MAX_MEMORY]; /* as description.memory */
	size_t num_memory;
	struct link_place links[DESCRIPTION_MAX_LINKS]; /* as description.links */
	size_t num_links;
};

/* A cell that exists in the hypervisor, ours or foreign. */
struct placement_cell {
	const char *name;
	struct placement placement; /* num_memory may be 0 where it is not known */
};

/* All that a placement depends on. Borrowed pointers. */
struct placement_input {
	struct pool pool;		 /* memory that may be given to cells and the hypervisor */
	struct address_range hypervisor; /* its part of the pool; size 0: none */
	const struct machine *machine;
	const struct placement_cell *cells; /* created ones */
	size_t num_cells;
	const struct link_place *links; /* of which Linux has an end */
	size_t num_links;
	struct cpu_mask kept; /* no cell's CPUs that Linux does without already */
	bool whole_cores;     /* CPUs for a count are all threads of cores, or there are none */
	uint32_t leaving;     /* bit n: device n of PCI bus 0 will be gone before the cell comes */
	const struct description *const *descriptions; /* all defined cells, in any order */
	size_t num_descriptions;
};

/*
 * Places a cell that is not created (an entry of its own name among the created ones is ignored).
 * Regions of 2M and more are aligned to 2M, others to 4K. As long as there is room, the cell gets
 * the same place whichever of the other defined cells are created: their places are kept free.
 * A link is where its other peers have it; one that nobody has yet goes to a device number of PCI
 * bus 0 that the machine does not have, highest first.
 * CPUs for a count: those that are kept before others, highest first, whole cores before single
 * threads, never CPU 0, never one that a description names or another cell has.
 * Returns 0; -ENOSPC with errors in problems that name what is short and how much there is;
 * -EINVAL with errors for what cannot be (a fixed region that is in use, a link that exists with
 * other sizes); -ENOMEM.
 */
int placement_make(const struct placement_input *input, const struct description *description,
		   struct problems *problems, struct placement *ret);

/*
 * Bytes that the pool lacks in one more piece, so that placement_make() finds room for the cell; 0:
 * it has enough, or what is missing is no memory. Returns 0 or -ENOMEM.
 */
int placement_missing(const struct placement_input *input, const struct description *description,
		      uint64_t *ret);

/*
 * The piece of the pool that was taken because a cell needed it, and of which nobody has anything;
 * pool.count: there is none.
 */
size_t placement_unused(const struct placement_input *input);

/*
 * Bytes of the pool that neither the hypervisor nor a created cell nor a link has; ret_largest gets
 * those of their largest contiguous piece.
 */
uint64_t placement_free(const struct placement_input *input, uint64_t *ret_largest);

#endif /* PLACEMENT_H */
