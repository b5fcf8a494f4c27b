// SPDX-License-Identifier: GPL-2.0-only
/* What is known of cores and nodes, and what a description is told of it. */
#include "model/check.h"
#include "model/placement.h"
#include "model_test.h"
#include "test_tree.h"

/* Two nodes of two cores of two threads: CPU n and n + 4 are one core. */
static void write_cpu(const struct test_tree *tree, unsigned int cpu, const char *threads)
{
	char path[96];

	snprintf(path, sizeof(path), "/sys/devices/system/cpu/cpu%u/topology/thread_siblings_list",
		 cpu);
	test_tree_write(tree, path, threads);
}

static struct cpu_mask mask(const char *text)
{
	struct cpu_mask cpus = {0};

	cpu_mask_parse(text, &cpus);
	return cpus;
}

static bool core_is(const struct topology *topology, unsigned int cpu, const char *threads)
{
	const struct cpu_mask core = topology_core(topology, cpu), expected = mask(threads);

	return memcmp(&core, &expected, sizeof(core)) == 0;
}

static void test_reading(struct tap *tap, const struct test_tree *tree, struct topology *topology)
{
	const struct cpu_mask without_5 = mask("0-4,6-7"), all = mask("0-7");

	topology_read(tree->root, &all, topology);
	tap_ok(tap, core_is(topology, 3, "3") && topology_node(topology, 3) == TOPOLOGY_NO_NODE,
	       "where the kernel tells nothing, nothing is known");
	tap_ok(tap, !topology_has_nodes(topology), "of nodes neither");

	/* CPU 5 is offline: it is in no list. */
	for (unsigned int cpu = 0; cpu < 4; cpu++) {
		static const char *const threads[] = {"0,4\n", "1\n", "2,6\n", "3,7\n"};

		write_cpu(tree, cpu, threads[cpu]);
		if (cpu != 1)
			write_cpu(tree, cpu + 4, threads[cpu]);
	}
	test_tree_write(tree, "/sys/devices/system/node/online", "0-1\n");
	test_tree_write(tree, "/sys/devices/system/node/node0/cpulist", "0-1,4\n");
	test_tree_write(tree, "/sys/devices/system/node/node1/cpulist", "2-3,6-7\n");
	topology_read(tree->root, &without_5, topology);
	tap_ok(tap, core_is(topology, 7, "3,7") && core_is(topology, 3, "3,7"),
	       "threads of a core");
	tap_ok(tap, core_is(topology, 1, "1") && core_is(topology, 5, "5"),
	       "of one that is offline nobody knows");
	tap_ok(tap, topology_node(topology, 4) == 0 && topology_node(topology, 6) == 1, "nodes");
	tap_ok(tap, topology_has_nodes(topology), "more than one");

	/* It comes, and CPUs 0 and 3 go. */
	write_cpu(tree, 1, "1,5\n");
	write_cpu(tree, 5, "1,5\n");
	write_cpu(tree, 4, "4\n");
	write_cpu(tree, 7, "7\n");
	test_tree_write(tree, "/sys/devices/system/node/node0/cpulist", "1,4-5\n");
	test_tree_write(tree, "/sys/devices/system/node/node1/cpulist", "2,6-7\n");
	topology_read(tree->root, &(const struct cpu_mask){{0xf6}}, topology);
	tap_ok(tap, core_is(topology, 1, "1,5") && core_is(topology, 5, "1,5"),
	       "of one that comes it is known then");
	tap_ok(tap, core_is(topology, 0, "0,4") && core_is(topology, 7, "3,7"),
	       "of those that go what was known stays");
	tap_ok(tap, topology_node(topology, 5) == 0 && topology_node(topology, 3) == 1,
	       "their nodes, too");
}

static void test_common(struct tap *tap, const struct topology *topology)
{
	const struct cpu_mask near = mask("1,4"), apart = mask("1,2"), unknown = mask("1,9");

	tap_ok(tap, topology_common_node(topology, &near) == 0, "CPUs of one node");
	tap_ok(tap, topology_common_node(topology, &apart) == TOPOLOGY_NO_NODE, "and of two");
	tap_ok(tap, topology_common_node(topology, &unknown) == TOPOLOGY_NO_NODE,
	       "and one of which it is not known");
	tap_ok(tap, topology_common_node(topology, &(const struct cpu_mask){0}) == TOPOLOGY_NO_NODE,
	       "and none at all");
}

static const struct {
	const char *cpus;
	int memory_node;
	bool whole_cores;
	enum severity severity;
	const char *text; /* NULL: nothing of that kind */
} cases[] = {
	{"[1, 5]", 0, true, SEVERITY_WARNING, NULL},
	{"[1, 5]", TOPOLOGY_NO_NODE, true, SEVERITY_WARNING, NULL},
	{"[1, 5]", 1, true, SEVERITY_WARNING, "CPUs are of node 0, the pool's memory is of node 1"},
	{"[1]", 0, false, SEVERITY_WARNING, "CPU 1 shares its core with CPU 5"},
	{"[1]", 0, false, SEVERITY_ERROR, NULL},
	{"[1]", 0, true, SEVERITY_ERROR, "CPU 1 shares its core with CPU 5"},
	{"[1, 2, 5, 6]", 0, true, SEVERITY_WARNING, "CPU 1 is of node 0, CPU 2 of node 1"},
	{"2", 0, true, SEVERITY_WARNING, NULL},
};

static struct cpu_mask kept;

static struct cpu_mask placed(struct tap *tap, const struct machine *machine, const char *cpus,
			      bool whole_cores, const char *error)
{
	_cleanup_(problems_done) struct problems problems = {0};
	_cleanup_(description_freep) struct description *description = NULL;
	const struct description *const descriptions[] = {NULL};
	const struct placement_input input = {
		.pool = pool_of(0x20000000, 0x4000000),
		.machine = machine,
		.whole_cores = whole_cores,
		.kept = kept,
		.descriptions = descriptions,
	};
	struct placement placement = {0};
	char json[96];

	snprintf(json, sizeof(json), "{\"cpus\": %s, \"memory\": \"1M\"}", cpus);
	description = describe(tap, "a", json);
	if (description)
		placement_make(&input, description, &problems, &placement);
	tap_ok(tap,
	       error ? has_problem(&problems, SEVERITY_ERROR, "cpus", error) : !problems.errors,
	       "%s CPUs%s: %s", cpus, whole_cores ? " of whole cores" : "",
	       error ?: "they can be had");
	return placement.cpus;
}

/* CPU 0 stays with Linux: what CPU 4 shares with it is no whole core for others. */
static void test_placement(struct tap *tap, struct machine *machine)
{
	static const struct {
		const char *count;
		bool whole_cores;
		const char *cpus, *error;
		const char *kept;
	} counts[] = {
		{"1", false, "7", NULL, NULL},
		{"1", false, "2", NULL, "1-2"},
		{"2", false, "1-2", NULL, "1-2"},
		{"2", false, "1,5", NULL, "1-2,5"},
		{"2", false, "3,7", NULL, "1"},
		{"3", false, "3,6-7", NULL, "1-2"},
		{"2", true, "3,7", NULL, "1-2"},
		{"2", true, "1,5", NULL, "0-1,5"},

		{"2", false, "3,7", NULL, NULL},
		{"3", false, "3,6-7", NULL, NULL},
		{"4", false, "2-3,6-7", NULL, NULL},
		{"7", false, "1-7", NULL, NULL},
		{"2", true, "3,7", NULL, NULL},
		{"6", true, "1-3,5-7", NULL, NULL},
		{"3", true, "", "wants 3, but of whole cores 2 can be had", NULL},
		{"7", true, "", "wants 7, but of whole cores 6 can be had", NULL},
	};

	struct cpu_mask only;

	machine->present = machine->online = mask("0-7");
	for (size_t n = 0; n < ARRAY_SIZE(counts); n++) {
		kept = mask(counts[n].kept ?: "");
		const struct cpu_mask cpus = placed(tap, machine, counts[n].count,
						    counts[n].whole_cores, counts[n].error);
		const struct cpu_mask expected = mask(counts[n].cpus);

		tap_ok(tap, memcmp(&cpus, &expected, sizeof(cpus)) == 0, "they are %s%s%s",
		       *counts[n].cpus ? counts[n].cpus : "none", counts[n].kept ? ", kept " : "",
		       counts[n].kept ?: "");
	}
	kept = mask("");
	/* A thread that is offline holds nobody up. */
	machine->online = mask("0-6");
	only = placed(tap, machine, "1", true, NULL);
	tap_ok(tap, cpu_mask_has(&only, 3), "the only thread of a core that works is whole");
}

static bool is_of_cpus(const struct problems *problems, enum severity severity, const char *text)
{
	return has_problem(problems, severity, "cpus", text ?: "");
}

static void test_checks(struct tap *tap, struct machine *machine)
{
	machine->present = machine->online = mask("0-7");
	for (size_t n = 0; n < ARRAY_SIZE(cases); n++) {
		const struct check_input input = {
			.root = FIXTURES,
			.machine = machine,
			.memory_node = cases[n].memory_node,
			.whole_cores = cases[n].whole_cores,
		};
		_cleanup_(problems_done) struct problems problems = {0};
		_cleanup_(description_freep) struct description *description = NULL;
		char json[96];

		snprintf(json, sizeof(json), "{\"cpus\": %s, \"memory\": \"1M\"}", cases[n].cpus);
		description = describe(tap, "a", json);
		if (description)
			check_cell(&input, description, &problems);
		if (!tap_ok(tap,
			    description && is_of_cpus(&problems, cases[n].severity,
						      cases[n].text) == (cases[n].text != NULL),
			    "CPUs %s: %s", cases[n].cpus, cases[n].text ?: "nothing of that kind"))
			note_problems(tap, &problems);
	}
}

int main(void)
{
	struct tap tap = {0};
	_cleanup_(machine_freep) struct machine *machine = read_q35(&tap);
	_cleanup_(test_tree_done) struct test_tree tree;

	test_tree_make(&tree);
	if (!tap_ok(&tap, machine && tree.root[0], "there is a machine and a directory"))
		return tap_done(&tap);
	test_reading(&tap, &tree, &machine->topology);
	test_common(&tap, &machine->topology);
	test_checks(&tap, machine);
	test_placement(&tap, machine);
	return tap_done(&tap);
}
