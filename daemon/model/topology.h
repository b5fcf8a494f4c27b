/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Which CPUs are threads of one core, and which NUMA node they belong to. Of a CPU that is offline,
 * as cells' are, the kernel tells neither: what was seen once is kept.
 */
#ifndef TOPOLOGY_H
#define TOPOLOGY_H

#include <stdbool.h>
#include <stdint.h>

#include "util/cpu_mask.h"

#define TOPOLOGY_MAX_NODES 1024
#define TOPOLOGY_NO_NODE   (-1)

struct topology {
	uint16_t core[CPU_MASK_MAX]; /* one of its CPUs, counted from 1; 0: not known */
	uint16_t node[CPU_MASK_MAX]; /* counted from 1; 0: not known */
};

/* Adds what is not known yet. Where the kernel does not tell (it may have no nodes) nothing is. */
void topology_read(const char *root, const struct cpu_mask *online, struct topology *topology);

/* Those known to be threads of the CPU's core, itself among them. */
struct cpu_mask topology_core(const struct topology *topology, unsigned int cpu);

/* TOPOLOGY_NO_NODE: not known. */
int topology_node(const struct topology *topology, unsigned int cpu);

/* That all of the CPUs are known to belong to, or TOPOLOGY_NO_NODE. */
int topology_common_node(const struct topology *topology, const struct cpu_mask *cpus);

/* Whether CPUs of more than one are known. */
bool topology_has_nodes(const struct topology *topology);

#endif /* TOPOLOGY_H */
