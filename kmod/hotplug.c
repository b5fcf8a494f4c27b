// SPDX-License-Identifier: GPL-2.0-only
/* CPUs that leave Linux and come back. */
#include <linux/cpu.h>
#include <linux/delay.h>
#include <linux/jiffies.h>

#include "cellvisor.h"

#define BUSY_WAIT_MS 20
#define BUSY_MAX_MS  20000

/*
 * While the kernel probes a PCI device, and root's end of a link is one, it keeps all CPUs where
 * they are and answers EBUSY instead of waiting. That ends by itself.
 */
static int change(unsigned int cpu, int (*once)(unsigned int cpu))
{
	unsigned long end = jiffies + msecs_to_jiffies(BUSY_MAX_MS);
	int err;

	while ((err = once(cpu)) == -EBUSY && time_before(jiffies, end))
		msleep(BUSY_WAIT_MS);
	if (err == -EBUSY)
		pr_cell(err, "CPU %u: Linux lets no CPU come or go for %u s now\n", cpu,
			BUSY_MAX_MS / 1000);
	return err;
}

int hotplug_remove_cpu(unsigned int cpu)
{
	/* The last one, which the kernel calls busy as well. */
	if (cpu_online(cpu) && num_online_cpus() == 1)
		return -EINVAL;
	return change(cpu, remove_cpu);
}

int hotplug_add_cpu(unsigned int cpu)
{
	return change(cpu, add_cpu);
}
