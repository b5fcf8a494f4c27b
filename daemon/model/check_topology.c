// SPDX-License-Identifier: GPL-2.0-only
/* Whether a cell's CPUs are whole cores, and near each other and their memory. */
#include "model/check_parts.h"

static bool works(const struct check_input *input, unsigned int cpu)
{
	return cpu_mask_has(&input->machine->online, cpu) || cpu_mask_has(&input->cell_cpus, cpu);
}

/*
 * A core's threads share its caches and its units: who has one sees what the other does, and is
 * held up by it.
 */
static void check_cores(const struct check *check)
{
	const struct machine *machine = check->input->machine;
	const struct cpu_mask *cpus = &check->description->cpus;

	for_each_cpu (cpu, cpus) {
		const struct cpu_mask core = topology_core(&machine->topology, cpu);

		for_each_cpu (other, &core) {
			if (cpu_mask_has(cpus, other) || !works(check->input, other))
				continue;
			check_report(check,
				     check->input->whole_cores ? SEVERITY_ERROR : SEVERITY_WARNING,
				     "cpus",
				     "CPU %d shares its core with CPU %d, which the cell does not "
				     "have: each holds the other up; name both, or take CPU %d "
				     "offline%s",
				     cpu, other, other,
				     check->input->whole_cores
					     ? " (\"whole-cores\" in cellmgrd.conf)"
					     : "");
		}
	}
}

static void check_nodes(const struct check *check)
{
	const struct topology *topology = &check->input->machine->topology;
	const struct cpu_mask *cpus = &check->description->cpus;
	const int common = topology_common_node(topology, cpus);
	const int memory = check->input->memory_node;
	const int first = cpu_mask_next(cpus, 0);

	for (int cpu = first; cpu >= 0; cpu = cpu_mask_next(cpus, cpu + 1)) {
		const int node = topology_node(topology, cpu);

		if (node == TOPOLOGY_NO_NODE)
			continue;
		if (common == TOPOLOGY_NO_NODE && node != topology_node(topology, first) &&
		    topology_node(topology, first) != TOPOLOGY_NO_NODE) {
			check_report(check, SEVERITY_WARNING, "cpus",
				     "CPU %d is of node %d, CPU %d of node %d: what they share is "
				     "slow for one of them",
				     first, topology_node(topology, first), cpu, node);
			return;
		}
	}
	if (common != TOPOLOGY_NO_NODE && memory != TOPOLOGY_NO_NODE && common != memory)
		check_report(check, SEVERITY_WARNING, "cpus",
			     "the CPUs are of node %d, the pool's memory is of node %d: it is slow "
			     "for them; choose others, or set \"memory-node\" in cellmgrd.conf",
			     common, memory);
}

void check_topology(const struct check *check)
{
	check_cores(check);
	check_nodes(check);
}
