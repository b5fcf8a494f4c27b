// SPDX-License-Identifier: GPL-2.0-only
/* CPUs of cells: out of Linux, and back. */
#include <linux/cpu.h>

#include "cellvisor.h"

/* For the CPU hotplug callback, which cannot take the lock. */
static struct cpumask owned_cpus;

/* Were taken from Linux and did not come back: it can bring them online itself, or we do later. */
static struct cpumask missing_cpus;

bool cells_own_cpu(unsigned int cpu)
{
	return cpumask_test_cpu(cpu, &owned_cpus);
}

static int return_cpu(unsigned int cpu)
{
	/* After a fault of the hypervisor it would be waited for in vain. */
	if (cellvisor_hypercall(HC_CPU_GET_INFO, cpu, CPU_INFO_STATE) == CPU_INFO_FAILED)
		return -EIO;
	return partition_check_linux() ?: hotplug_add_cpu(cpu);
}

void cell_return_cpus(struct managed_cell *cell)
{
	unsigned int cpu;
	int err;

	cpumask_andnot(&owned_cpus, &owned_cpus, &cell->cpus);
	for_each_cpu (cpu, &cell->offlined) {
		err = return_cpu(cpu);
		if (!err)
			continue;
		cpumask_set_cpu(cpu, &missing_cpus);
		pr_cell(err,
			"CPU %u does not come back to Linux: error %d; it is tried once more when "
			"the hypervisor is off\n",
			cpu, err);
	}
	cpumask_clear(&cell->offlined);
}

void cells_return_missing(void)
{
	unsigned int cpu;
	int err;

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
	cpumask_or(&owned_cpus, &owned_cpus, &cell->cpus);
	for_each_cpu (cpu, &cell->cpus) {
		err = cpu_online(cpu) ? partition_check_linux() : 0;
		/* Asked of offline ones, too: it waits for whoever is bringing one online. */
		if (!err)
			err = hotplug_remove_cpu(cpu);
		if (err > 0)
			continue;
		if (err) {
			pr_cell(err, "cell %s: CPU %u cannot be taken from Linux: error %d\n",
				cell->desc->name, cpu, err);
			cell_return_cpus(cell);
			/* Linux cannot do without it. EPERM would say that a cell refuses. */
			return err == -EPERM ? -EINVAL : err;
		}
		cpumask_set_cpu(cpu, &cell->offlined);
	}
	return 0;
}
