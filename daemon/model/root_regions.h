/* SPDX-License-Identifier: GPL-2.0-only */
/* The root cell's memory regions: inside of root_config, shared with its tests. */
#ifndef ROOT_REGIONS_H
#define ROOT_REGIONS_H

#include "blob.h"
#include "model/machine.h"

/*
 * What the root cell may access, from /proc/iomem: page-aligned, sorted, without overlaps,
 * neighbours of equal flags joined, and without the ranges that are taken out (page-aligned as
 * well). Returns 0 with malloc()ed regions, -ENOMEM.
 */
int root_regions_make(const struct machine *machine, const struct address_range *taken,
		      size_t num_taken, struct blob_memory **ret_regions, size_t *ret_count);

#endif /* ROOT_REGIONS_H */
