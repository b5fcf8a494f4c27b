// SPDX-License-Identifier: GPL-2.0-only
/* Linux' CPUs and the partition: all go in together, none comes that stayed outside. */
#include <linux/cpu.h>

#include "cellvisor.h"

/* For the CPU hotplug callback, which cannot take the lock. */
static struct cpumask inside;
static bool closed; /* who is not inside stays out */

bool cpus_listed(const struct cell_desc *desc, unsigned int cpu)
{
	return cpu / 8 < desc->cpu_set_size &&
	       (cell_desc_cpu_set(desc)[cpu / 8] & (1 << (cpu % 8)));
}

int cpus_check(const struct partition *p)
{
	const struct cell_desc *root = &p->system->root_cell;
	unsigned int end = max_t(unsigned int, root->cpu_set_size * 8, nr_cpu_ids);

	for (unsigned int cpu = 0; cpu < end; cpu++) {
		bool listed = cpus_listed(root, cpu);
		bool present = cpu < nr_cpu_ids && cpu_present(cpu);

		if (listed && !present) {
			pr_cell(err, "there is no CPU %u, which the configuration names\n", cpu);
			return -ENODEV;
		}
		if (!listed && present) {
			pr_cell(err, "CPU %u is there but not in the configuration\n", cpu);
			return -EINVAL;
		}
		if (listed && cpu >= IMAGE_MAX_CPUS) {
			pr_cell(err, "CPU %u: only %u CPUs are supported\n", cpu, IMAGE_MAX_CPUS);
			return -E2BIG;
		}
	}
	return 0;
}

/* The first one that does not come is a reason to try no other. */
static int bring(unsigned int cpu, struct cpumask *brought)
{
	int err = hotplug_add_cpu(cpu);

	if (err == -EPERM)
		pr_cell(err,
			"CPU %u is offline and Linux may not bring it online, for a moment: echo "
			"on "
			">/sys/devices/system/cpu/smt/control, and what it was afterwards\n",
			cpu);
	else if (err)
		pr_cell(err, "CPU %u is offline and cannot be brought online: error %d\n", cpu,
			err);
	else
		cpumask_set_cpu(cpu, brought);
	return err;
}

int cpus_bring(const struct cpumask *cpus, struct cpumask *brought)
{
	unsigned int cpu;
	int err = 0;

	for_each_cpu (cpu, cpus) {
		if (!err && !cpu_online(cpu))
			err = bring(cpu, brought);
	}
	return err;
}

void cpus_take_away(struct cpumask *brought)
{
	unsigned int cpu;
	int err;

	for_each_cpu (cpu, brought) {
		err = hotplug_remove_cpu(cpu);
		if (err < 0)
			pr_cell(warn, "CPU %u was offline, and stays online: error %d\n", cpu, err);
	}
	cpumask_clear(brought);
}

void cpus_close(const struct cpumask *cpus)
{
	cpumask_copy(&inside, cpus);
	smp_store_release(&closed, true);
}

void cpus_open(void)
{
	WRITE_ONCE(closed, false);
}

int cpus_may_come(unsigned int cpu)
{
	if (cells_own_cpu(cpu)) {
		pr_cell(warn, "CPU %u belongs to a cell\n", cpu);
		return -EBUSY;
	}
	if (smp_load_acquire(&closed) && !cpumask_test_cpu(cpu, &inside)) {
		pr_cell(warn,
			"CPU %u was not there when the hypervisor was opened: close that first\n",
			cpu);
		return -EBUSY;
	}
	return 0;
}
