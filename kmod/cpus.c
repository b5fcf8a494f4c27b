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

/* 0, or what is wrong with this one. */
static int check_cpu(const struct partition *p, unsigned int cpu)
{
	bool listed = cpus_listed(&p->system->root_cell, cpu);
	bool present = cpu < nr_cpu_ids && cpu_present(cpu);
	bool left_out = present && cpumask_test_cpu(cpu, &p->left_out);

	if (listed && !present) {
		pr_cell(err, "there is no CPU %u, which the configuration names\n", cpu);
		return -ENODEV;
	}
	if (!listed && present && !left_out) {
		pr_cell(err, "CPU %u is there but not in the configuration\n", cpu);
		return -EINVAL;
	}
	if (present && cpu >= IMAGE_MAX_CPUS) {
		pr_cell(err, "CPU %u: only %u CPUs are supported\n", cpu, IMAGE_MAX_CPUS);
		return -E2BIG;
	}
	return 0;
}

int cpus_check(struct partition *p)
{
	const struct cell_desc *root = &p->system->root_cell;
	unsigned int cpu, end = max_t(unsigned int, root->cpu_set_size * 8, nr_cpu_ids);
	u8 *set = (u8 *)cell_desc_cpu_set(root);
	int err;

	for (cpu = 0; cpu < end; cpu++) {
		err = check_cpu(p, cpu);
		if (err)
			return err;
	}
	/* Who wrote it cannot know who will come. */
	for_each_cpu (cpu, &p->left_out) {
		if (cpus_listed(root, cpu))
			set[cpu / 8] &= ~(1 << cpu % 8);
	}
	return 0;
}

/*
 * Linux may have let some come or go since the check, which has found all that the configuration
 * names small enough for the image.
 */
int cpus_choose(struct partition *p)
{
	bool comes;

	cpumask_copy(&p->cpus, cpu_online_mask);
	for (unsigned int cpu = 0; cpu < nr_cpu_ids; cpu++) {
		comes = cpus_listed(&p->system->root_cell, cpu);
		if (cpumask_test_cpu(cpu, &p->cpus) == comes &&
		    cpu_present(cpu) == (comes || cpumask_test_cpu(cpu, &p->left_out)))
			continue;
		pr_cell(err, "CPU %u came or went while the hypervisor was opened: try again\n",
			cpu);
		return -EAGAIN;
	}
	return 0;
}

/*
 * Second threads of cores stay off by nosmt or smt/control, which no module can change: -EPERM, or
 * -ECANCELED for one that is booted for the first time and goes again at once.
 */
static bool is_kept_off(int err)
{
	return err == -EPERM || err == -ECANCELED;
}

static int bring(struct partition *p, unsigned int cpu)
{
	int err = hotplug_add_cpu(cpu);

	if (is_kept_off(err)) {
		cpumask_set_cpu(cpu, &p->left_out);
		return 0;
	}
	if (err < 0)
		pr_cell(err, "CPU %u is offline and cannot be brought online: error %d\n", cpu,
			err);
	else if (!err)
		cpumask_set_cpu(cpu, &p->brought);
	return min(err, 0);
}

/* The first one that does not come is a reason to try no other. */
int cpus_bring(struct partition *p)
{
	unsigned int cpu;
	int err = 0;

	for_each_present_cpu(cpu)
	{
		if (!err && !cpu_online(cpu))
			err = bring(p, cpu);
	}
	if (!err && !cpumask_empty(&p->left_out))
		pr_cell(warn,
			"CPUs %*pbl are threads that Linux keeps off "
			"(/sys/devices/system/cpu/smt/control): they stay out, and come to nobody "
			"while the hypervisor is on\n",
			cpumask_pr_args(&p->left_out));
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
	int err = cells_let_come(cpu);

	if (err)
		return err;
	if (smp_load_acquire(&closed) && !cpumask_test_cpu(cpu, &inside)) {
		pr_cell(warn,
			"CPU %u did not come when the hypervisor was opened: close that first\n",
			cpu);
		return -EBUSY;
	}
	return 0;
}
