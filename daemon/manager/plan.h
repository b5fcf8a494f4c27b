/* SPDX-License-Identifier: GPL-2.0-only */
/* From the manager's view to what a step needs: checks, placements, blobs, images. */
#ifndef PLAN_H
#define PLAN_H

#include "driver/step.h"
#include "manager/manager.h"
#include "model/placement.h"
#include "util/error.h"

/* What a cell, or Linux' end of a link, would be created from. */
struct plan {
	struct placement placement; /* of the cell */
	struct link_place link;	    /* of the link */
	void *blob;
	size_t blob_size;
	uint64_t take; /* its PCI devices that may be taken from Linux' drivers */
	char blob_sha256[SHA256_TEXT];
};

/* Takes NULL. */
void plan_done(struct plan *plan);

/*
 * Places and encodes a cell; the hypervisor must be enabled. Returns 0, or negative with error set
 * (NoResources, Invalid).
 */
int plan_create(struct manager *manager, struct cell *cell, struct error *error, struct plan *ret);

/* Encodes Linux' end of the first link that the cell needs one of. As plan_create(). */
int plan_add_link(struct manager *manager, struct cell *cell, struct error *error,
		  struct plan *ret);

/* 1 where the cell would be created differently today, 0 where not, negative with error set. */
int plan_changed(struct manager *manager, struct cell *cell, struct error *error);

/* Whether it would be created from the same by this description, in the place that it has. */
bool plan_unchanged(const struct manager *manager, const struct cell *cell,
		    const struct description *description);

/* Checks a cell's description and images before anything is done with it. As plan_create(). */
int plan_check(struct manager *manager, struct cell *cell, struct error *error);

/*
 * Whether a cell that is not created could be now: what its description asks for is there, and,
 * while the hypervisor is enabled, free or to be had by growing the pool. As plan_create().
 */
int plan_check_room(struct manager *manager, struct cell *cell, struct error *error);

/* Whose the machine's CPUs are now (names are the manager's), and the pool's memory and what cells
 * have elsewhere. */
struct plan_map {
	struct plan_map_cpu {
		unsigned int cpu;
		enum owner owner;
		const char *name; /* of the cell, "" for none */
	} * cpus;
	size_t num_cpus;
	struct plan_map_memory {
		struct address_range range;
		enum owner owner;
		const char *name; /* of the cell or the link, "" for none */
	} * memory;		  /* by address */
	size_t num_memory;
};

/* Takes zeroed ones, too. */
void plan_map_done(struct plan_map *map);

/* Returns 0, or negative with error set; the map is to be done with in either case. */
int plan_map_make(struct manager *manager, struct error *error, struct plan_map *ret);

/*
 * Checks any description against machine and other cells' descriptions; adds to problems. Not its
 * images: check_contents(). Returns 0 or -ENOMEM.
 */
int plan_check_description(struct manager *manager, const struct description *description,
			   struct problems *problems);

/*
 * Checks the descriptions of the directories as a set, whatever is in force; adds to the problems
 * in dir. Returns 0 or -ENOMEM.
 */
int plan_check_all(struct manager *manager, struct cell_dir *dir);

/*
 * Fills a load step with the description's images, or (num_images > 0) with those given, whose
 * descriptors it takes over. Returns 0, or negative with error set.
 */
int plan_load(struct cell *cell, struct step_image *images, size_t num_images, struct step *step,
	      struct error *error);

/* The same with what the description names, for VERB_VERIFY. */
int plan_images(const struct cell *cell, struct step *step, struct error *error);

/*
 * The NUMA node that the pool is to be of: what the configuration says, or that of all CPUs that
 * descriptions name. TOPOLOGY_NO_NODE: any.
 */
int plan_memory_node(const struct manager *manager);

/*
 * By how many bytes the pool is to grow so that there is room for a cell which is not created; 0:
 * by none, or the configuration or the driver does not allow it.
 */
uint64_t plan_growth(struct manager *manager, const struct cell *cell);

/* How many more bytes the configuration allows. */
uint64_t plan_growth_limit(const struct manager *manager);

/* The index of a piece of the pool that may be given back; pool.count: there is none. */
size_t plan_unused_piece(struct manager *manager);

/* Bytes of the pool for cells, and how many of them no cell has. */
uint64_t plan_memory_total(const struct manager *manager);
uint64_t plan_memory_free(struct manager *manager);

#endif /* PLAN_H */
