// SPDX-License-Identifier: GPL-2.0-only
#include "model/topology.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/cleanup.h"
#include "util/read_text.h"

#define LIST_MAX 4096 /* bytes of a list of CPUs or nodes */

/* A list of CPUs in a file below the root; negative where it tells none. */
__attribute__((format(printf, 3, 4))) static int read_list(const char *root, struct cpu_mask *ret,
							   const char *format, ...)
{
	_cleanup_(freep) char *path = NULL;
	_cleanup_(freep) char *full = NULL;
	_cleanup_(freep) char *text = NULL;
	_cleanup_(closep) int fd = -1;
	va_list arguments;
	size_t length;
	int r;

	va_start(arguments, format);
	path = text_vformat(format, arguments);
	va_end(arguments);
	full = path ? text_format("%s%s", root, path) : NULL;
	if (!full)
		return -ENOMEM;
	fd = open(full, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	r = read_text(fd, LIST_MAX, &text, &length);
	return r < 0 ? r : cpu_mask_parse(text, ret);
}

static void read_core(const char *root, unsigned int cpu, struct topology *topology)
{
	struct cpu_mask threads;
	uint16_t core = 0;

	if (read_list(root, &threads, "/sys/devices/system/cpu/cpu%u/topology/thread_siblings_list",
		      cpu) < 0)
		return;
	/* Another thread of it may have been seen before. */
	for (int n = cpu_mask_next(&threads, 0); n >= 0 && !core;
	     n = cpu_mask_next(&threads, n + 1))
		core = topology->core[n];
	for_each_cpu (n, &threads) {
		if (!topology->core[n])
			topology->core[n] = core ?: cpu + 1;
	}
}

/* A node has a number as a CPU has, and a list of CPUs. */
static void read_nodes(const char *root, struct topology *topology)
{
	struct cpu_mask nodes, cpus;

	if (read_list(root, &nodes, "/sys/devices/system/node/online") < 0)
		return;
	for_each_cpu (node, &nodes) {
		if (read_list(root, &cpus, "/sys/devices/system/node/node%d/cpulist", node) < 0)
			continue;
		for_each_cpu (cpu, &cpus)
			topology->node[cpu] = node + 1;
	}
}

void topology_read(const char *root, const struct cpu_mask *online, struct topology *topology)
{
	bool nodes_known = true;

	for_each_cpu (cpu, online) {
		if (!topology->core[cpu])
			read_core(root, cpu, topology);
		nodes_known = nodes_known && topology->node[cpu];
	}
	if (!nodes_known)
		read_nodes(root, topology);
}

struct cpu_mask topology_core(const struct topology *topology, unsigned int cpu)
{
	struct cpu_mask threads = {0};

	cpu_mask_add(&threads, cpu);
	for (unsigned int n = 0; n < CPU_MASK_MAX; n++) {
		if (topology->core[cpu] && topology->core[n] == topology->core[cpu])
			cpu_mask_add(&threads, n);
	}
	return threads;
}

int topology_node(const struct topology *topology, unsigned int cpu)
{
	return topology->node[cpu] ? topology->node[cpu] - 1 : TOPOLOGY_NO_NODE;
}

int topology_common_node(const struct topology *topology, const struct cpu_mask *cpus)
{
	int node = TOPOLOGY_NO_NODE;

	for_each_cpu (cpu, cpus) {
		int own = topology_node(topology, cpu);

		if (own == TOPOLOGY_NO_NODE || (node != TOPOLOGY_NO_NODE && node != own))
			return TOPOLOGY_NO_NODE;
		node = own;
	}
	return node;
}

bool topology_has_nodes(const struct topology *topology)
{
	uint16_t first = 0;

	for (unsigned int cpu = 0; cpu < CPU_MASK_MAX; cpu++) {
		if (!first)
			first = topology->node[cpu];
		else if (topology->node[cpu] && topology->node[cpu] != first)
			return true;
	}
	return false;
}
