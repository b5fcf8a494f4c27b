// SPDX-License-Identifier: GPL-2.0-only
/* CPUs of cells: out of Linux, kept there between cells, and back. */
#include <linux/cpu.h>

#include "cellvisor.h"

static struct cpumask owned_cpus; /* cells have them */
static struct cpumask kept_cpus;  /* no cell has them, and Linux neither */

/* Both of them, for the CPU hotplug callback, which cannot take the lock: what changes hands stays
 * in here meanwhile. */
static struct cpumask away_cpus;

static struct cpumask kept_offlined; /* of those kept: taken from Linux by us, and given back */
static struct cpumask had_cpus;	     /* of those kept, or a cell's again: some cell has had them */

/* What is to be kept: these, and what cells have had. */
static struct cpumask keep_cpus;
static bool keep_cells;

/* Were taken from Linux and did not come back: it can bring them online itself, or we do later. */
static struct cpumask missing_cpus;

bool cells_own_cpu(unsigned int cpu)
{
	return cpumask_test_cpu(cpu, &owned_cpus);
}

int cells_let_come(unsigned int cpu)
{
	if (!cpumask_test_cpu(cpu, &away_cpus))
		return 0;
	if (cpumask_test_cpu(cpu, &kept_cpus))
		pr_cell(warn, "CPU %u is kept for cells (\"keep-cpus\" in cellmgrd.conf)\n", cpu);
	else
		pr_cell(warn, "CPU %u belongs to a cell\n", cpu);
	return -EBUSY;
}

const struct cpumask *cells_kept_cpus(void)
{
	return &kept_cpus;
}

static bool has_failed(unsigned int cpu)
{
	return cellvisor_hypercall(HC_CPU_GET_INFO, cpu, CPU_INFO_STATE) == CPU_INFO_FAILED;
}

/* Also of one that is offline: that waits for whoever is bringing it online. */
static int take_cpu(unsigned int cpu, struct cpumask *offlined)
{
	int err = cpu_online(cpu) ? partition_check_linux() : 0;

	if (!err)
		err = hotplug_remove_cpu(cpu);
	if (!err)
		cpumask_set_cpu(cpu, offlined);
	/* Linux cannot do without it. EPERM would say that a cell refuses. */
	return err == -EPERM ? -EINVAL : min(err, 0);
}

static void give_back(unsigned int cpu)
{
	/* After a fault of the hypervisor it would be waited for in vain. */
	int err = has_failed(cpu) ? -EIO : partition_check_linux();

	if (!err)
		err = hotplug_add_cpu(cpu);
	if (err >= 0)
		return;
	cpumask_set_cpu(cpu, &missing_cpus);
	pr_cell(err,
		"CPU %u does not come back to Linux: error %d; it is tried once more when the "
		"hypervisor is off\n",
		cpu, err);
}

static bool is_to_be_kept(unsigned int cpu)
{
	return cpumask_test_cpu(cpu, &keep_cpus) ||
	       (keep_cells && cpumask_test_cpu(cpu, &had_cpus));
}

/* A cell's, which it is not any more. One that has failed serves no other. */
static bool keep_after(struct managed_cell *cell, unsigned int cpu)
{
	if (!is_to_be_kept(cpu) || cpu_online(cpu) || has_failed(cpu))
		return false;
	if (cpumask_test_and_clear_cpu(cpu, &cell->offlined))
		cpumask_set_cpu(cpu, &kept_offlined);
	cpumask_set_cpu(cpu, &kept_cpus);
	return true;
}

void cell_return_cpus(struct managed_cell *cell, bool lived)
{
	unsigned int cpu;

	for_each_cpu (cpu, &cell->cpus) {
		if (lived)
			cpumask_set_cpu(cpu, &had_cpus);
		cpumask_clear_cpu(cpu, &owned_cpus);
		if (keep_after(cell, cpu))
			continue;
		cpumask_clear_cpu(cpu, &had_cpus);
		cpumask_clear_cpu(cpu, &away_cpus);
	}
	for_each_cpu (cpu, &cell->offlined)
		give_back(cpu);
	cpumask_clear(&cell->offlined);
	/* Should its end be tried once more, it is not to come upon another cell's. */
	cpumask_clear(&cell->cpus);
}

/* It is a cell's now. False: it was not kept. */
static bool hand_over(struct managed_cell *cell, unsigned int cpu)
{
	if (!cpumask_test_and_clear_cpu(cpu, &kept_cpus))
		return false;
	if (cpumask_test_and_clear_cpu(cpu, &kept_offlined))
		cpumask_set_cpu(cpu, &cell->offlined);
	return true;
}

int cell_take_cpus(struct managed_cell *cell)
{
	unsigned int cpu;
	int err;

	/* Some kernels can take it offline, and bring it back by an NMI in the place where it waits
	 * (cpu0_hotplug): after a cell nothing of that is left. */
	if (cpumask_test_cpu(0, &cell->cpus)) {
		pr_cell(err, "cell %s: CPU 0 is always Linux'\n", cell->desc->name);
		return -EINVAL;
	}
	/* From now on nobody brings one of them online. */
	cpumask_or(&away_cpus, &away_cpus, &cell->cpus);
	cpumask_or(&owned_cpus, &owned_cpus, &cell->cpus);
	for_each_cpu (cpu, &cell->cpus) {
		err = hand_over(cell, cpu) ? 0 : take_cpu(cpu, &cell->offlined);
		if (err) {
			pr_cell(err, "cell %s: CPU %u cannot be taken from Linux: error %d\n",
				cell->desc->name, cpu, err);
			cell_return_cpus(cell, false);
			return err;
		}
	}
	return 0;
}

static void let_go(unsigned int cpu)
{
	cpumask_clear_cpu(cpu, &had_cpus);
	cpumask_clear_cpu(cpu, &kept_cpus);
	cpumask_clear_cpu(cpu, &away_cpus);
	if (cpumask_test_and_clear_cpu(cpu, &kept_offlined))
		give_back(cpu);
}

/* Which is Linux'. From the first on nobody brings it online. */
static int keep_one(unsigned int cpu)
{
	int err = has_failed(cpu) ? -EIO : 0;

	cpumask_set_cpu(cpu, &kept_cpus);
	cpumask_set_cpu(cpu, &away_cpus);
	if (!err)
		err = take_cpu(cpu, &kept_offlined);
	if (!err)
		return 0;
	let_go(cpu);
	pr_cell(err, "CPU %u cannot be kept for cells: error %d\n", cpu, err);
	return err;
}

/* All that are not kept yet, and no cell's; or none, and an error. */
static int keep_more(const struct cpumask *wanted)
{
	static struct cpumask added; /* too large for the stack; the lock is held */
	unsigned int cpu;
	int err = 0;

	cpumask_clear(&added);
	for_each_cpu (cpu, wanted) {
		if (cells_own_cpu(cpu) || cpumask_test_cpu(cpu, &kept_cpus))
			continue;
		err = keep_one(cpu);
		if (err)
			break;
		cpumask_set_cpu(cpu, &added);
	}
	if (!err)
		return 0;
	for_each_cpu (cpu, &added)
		let_go(cpu);
	return err;
}

static int read_wanted(const struct cellvisor_keep_cpus *keep, struct cpumask *wanted)
{
	if (keep->reserved || keep->flags & ~CELLVISOR_KEEP_CELLS)
		return -EINVAL;
	cpumask_clear(wanted);
	for (unsigned int cpu = 0; cpu < ARRAY_SIZE(keep->cpus) * 64; cpu++) {
		if (!(keep->cpus[cpu / 64] >> cpu % 64 & 1))
			continue;
		if (!cpu || cpu >= nr_cpu_ids || !cpumask_test_cpu(cpu, &partition->cpus)) {
			pr_cell(err, "CPU %u cannot be kept for cells: %s\n", cpu,
				cpu ? "the hypervisor has none" : "it is always Linux'");
			return -EINVAL;
		}
		cpumask_set_cpu(cpu, wanted);
	}
	return 0;
}

int cells_keep_cpus(const struct cellvisor_keep_cpus *keep)
{
	static struct cpumask wanted; /* too large for the stack; the lock is held */
	unsigned int cpu;
	int err;

	err = partition ? read_wanted(keep, &wanted) : -EINVAL;
	if (!err)
		err = keep_more(&wanted);
	if (err)
		return err;
	cpumask_copy(&keep_cpus, &wanted);
	keep_cells = keep->flags & CELLVISOR_KEEP_CELLS;
	for_each_cpu (cpu, &kept_cpus) {
		if (!is_to_be_kept(cpu))
			let_go(cpu);
	}
	return 0;
}

void cells_return_missing(void)
{
	unsigned int cpu;
	int err;

	keep_cells = false;
	cpumask_clear(&keep_cpus);
	cpumask_clear(&had_cpus);
	cpumask_or(&missing_cpus, &missing_cpus, &kept_offlined);
	cpumask_clear(&kept_offlined);
	cpumask_clear(&kept_cpus);
	/* No cell is left. */
	cpumask_clear(&away_cpus);
	for_each_cpu (cpu, &missing_cpus) {
		err = cpu_online(cpu) ? 0 : hotplug_add_cpu(cpu);
		if (err < 0)
			pr_cell(err,
				"CPU %u does not come back to Linux: error %d; \"echo 1 "
				">/sys/devices/system/cpu/cpu%u/online\" tries it again\n",
				cpu, err, cpu);
	}
	cpumask_clear(&missing_cpus);
}
