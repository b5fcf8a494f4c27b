// SPDX-License-Identifier: GPL-2.0-only
/* Into the hypervisor and back: what must hold before, and the switch on all CPUs at once. */
#include <linux/cpu.h>
#include <linux/delay.h>
#include <linux/io.h>
#include <linux/ioport.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/stop_machine.h>
#include <linux/uaccess.h>

#include "cellvisor.h"
#include "lib/blob_error/blob_error.h"

#define SYSTEM_BLOB_MAX (64u << 10)
#define RELEASE_MS	10

struct partition *partition;

static int read_system(const void __user *blob, struct partition *p)
{
	struct system_desc head;
	char line[BLOB_ERROR_LINE];
	struct blob_error error;
	u64 size;

	if (copy_from_user(&head, blob, sizeof(head)))
		return -EFAULT;
	if (memcmp(head.signature, BLOB_SYSTEM_SIGNATURE, BLOB_SIGNATURE_LEN)) {
		pr_cell(err, "not a system configuration blob\n");
		return -EINVAL;
	}
	if (head.revision != BLOB_REVISION) {
		pr_cell(err, "system configuration of revision %u, this driver takes revision %u\n",
			head.revision, BLOB_REVISION);
		return -EINVAL;
	}
	size = sizeof(head) - sizeof(head.root_cell) + cell_desc_size(&head.root_cell);
	if (size > SYSTEM_BLOB_MAX) {
		pr_cell(err, "system configuration of %llu bytes, more than %u\n", size,
			SYSTEM_BLOB_MAX);
		return -E2BIG;
	}
	p->system = vmemdup_user(blob, size);
	if (IS_ERR(p->system)) {
		int err = PTR_ERR(p->system);

		p->system = NULL;
		return err;
	}
	p->system_size = size;
	if (blob_check_system(p->system, size, &error) < 0) {
		blob_error_format(&error, line, sizeof(line));
		pr_cell(err, "system configuration refused: %s\n", line);
		return -EINVAL;
	}
	return machine_complete(p->system);
}

/* Of the pool, or memory that was reserved at boot and is nobody's. */
static int take_memory(struct partition *p)
{
	const struct blob_memory *memory = &p->system->hypervisor_memory;

	if (!pool_has(memory->phys_start, memory->size))
		return iomem_claim(&p->iomem, memory->phys_start, memory->size, "cellvisor");
	iomem_show(&p->iomem, memory->phys_start, memory->size, "cellvisor");
	return 0;
}

struct crossing {
	struct partition *partition;
	int error;
	atomic_t undecided; /* on entering: CPUs that have not looked yet */
	bool in_use;	    /* on entering: by what a CPU has found */
	int verdict;	    /* on leaving, from the first CPU's question on */
	bool released;	    /* CPUs that are offline */
	unsigned int stays; /* the one that could not be; nr_cpu_ids: none */
};

#define NO_VERDICT 1

/*
 * KVM may have begun since the survey. All CPUs look before any goes in: one that declined alone
 * would leave the others waiting inside.
 */
static bool all_may_enter(struct crossing *crossing)
{
	if (machine_cpu_in_use())
		WRITE_ONCE(crossing->in_use, true);
	/* Ordered before what follows, as all that return a value. */
	if (atomic_dec_return(&crossing->undecided)) {
		while (atomic_read_acquire(&crossing->undecided))
			cpu_relax();
	}
	return !READ_ONCE(crossing->in_use);
}

/*
 * On every CPU at once, from the stopper threads: nobody holds a lock that another CPU could be
 * waiting for with its interrupts off.
 */
static int enter_cpu(void *data)
{
	struct crossing *crossing = data;
	int err;

	/* Hotplug since the image was prepared? The mask stands still in here, so all CPUs find the
	 * same. */
	if (!cpumask_equal(&crossing->partition->cpus, cpu_online_mask)) {
		crossing->error = -EAGAIN;
		return 0;
	}
	if (!all_may_enter(crossing))
		return 0;
	err = machine_enter_cpu(crossing->partition);
	if (err)
		crossing->error = err;
	return 0;
}

static int wait_for_verdict(struct crossing *crossing)
{
	int verdict;

	while ((verdict = smp_load_acquire(&crossing->verdict)) == NO_VERDICT)
		cpu_relax();
	return verdict;
}

/*
 * CPUs that are offline cannot come here, whether a cell had them, somebody keeps them from coming
 * back, or they had a fault of the hypervisor. Nor need they: Linux starts them from a reset.
 */
static int release_offline(struct crossing *crossing)
{
	struct cpumask *cpus = &crossing->partition->cpus;
	unsigned int cpu;
	int err;

	for_each_cpu (cpu, cpus) {
		if (cpu_online(cpu))
			continue;
		err = cellvisor_hypercall(HC_CV_CPU_RELEASE, cpu, 0);
		if (err) {
			crossing->stays = cpu;
			/* Those before it are outside now: they must not come while it lasts. */
			cpus_close(cpus);
			return err;
		}
		cpumask_clear_cpu(cpu, cpus);
		crossing->released = true;
	}
	return 0;
}

/*
 * The first CPU asks for all: who is lost may change from one question to the next, and some would
 * leave while others are refused. Once it is out nobody is.
 */
static int leave_cpu(void *data)
{
	struct crossing *crossing = data;
	bool first = smp_processor_id() == cpumask_first(cpu_online_mask);
	int err;

	/* One that did not enter would call nobody. */
	if (!cpumask_subset(cpu_online_mask, &crossing->partition->cpus)) {
		crossing->error = -EBUSY;
		return 0;
	}
	err = first ? release_offline(crossing) : wait_for_verdict(crossing);
	if (!err)
		err = machine_leave_cpu();
	if (first)
		smp_store_release(&crossing->verdict, err);
	if (err)
		crossing->error = err;
	return 0;
}

void partition_free(struct partition *p)
{
	if (!p)
		return;
	if (p->system)
		memory_hotplug_unwatch(p->system);
	if (p->memory) {
		/* What the hypervisor knew of its cells stays with it. */
		memset(p->memory, 0, p->size);
		memunmap(p->memory);
	}
	iomem_release(&p->iomem);
	kvfree(p->system);
	kfree(p);
}

static int prepare(struct partition *p)
{
	int err;

	err = take_memory(p);
	if (err)
		return err;
	memory_hotplug_watch(p->system);
	err = claims_check_root(p->system);
	if (err)
		return err;
	p->phys = p->system->hypervisor_memory.phys_start;
	p->size = p->system->hypervisor_memory.size;
	clean_forget(p->phys, p->phys + p->size);
	p->memory = memremap(p->phys, p->size, MEMREMAP_WB);
	return p->memory ? 0 : -ENOMEM;
}

/* All CPUs go in, or none is left in there. */
static int cross(struct partition *p)
{
	struct crossing crossing = {
		.partition = p,
		.undecided = ATOMIC_INIT(cpumask_weight(&p->cpus)),
	};
	int err;

	err = stop_machine(enter_cpu, &crossing, &p->cpus);
	if (!err)
		err = crossing.error;
	if (crossing.in_use) {
		/* It says by whom, unless that has just gone again. */
		machine_survey();
		err = -EBUSY;
	}
	if (err) {
		pr_cell(err, "the hypervisor did not start: error %d\n", err);
		console_log(&p->public->console, 0);
	}
	return err;
}

/*
 * All CPUs that there are: one that stayed outside would wait in Linux' own code, with all of
 * memory before it, for whatever wakes it. Who was offline is so again afterwards, inside. Those
 * that Linux keeps off the hypervisor resets, from when on they wait for a start that never comes.
 */
static int enter(struct partition *p)
{
	int err = cpus_bring(p);

	if (!err)
		err = cpus_check(p);
	/* Of those nobody has asked anything yet. */
	if (!err && !cpumask_empty(&p->brought))
		err = machine_survey();
	if (!err)
		err = cpus_choose(p);
	if (!err)
		err = image_load(p);
	if (err)
		return err;
	cpus_close(&p->cpus);
	err = cross(p);
	if (err)
		cpus_open();
	return err;
}

int partition_read(const void __user *blob, struct partition **ret_partition)
{
	struct partition *p;
	int err;

	p = kzalloc(sizeof(*p), GFP_KERNEL);
	if (!p)
		return -ENOMEM;
	err = machine_survey();
	if (!err)
		err = read_system(blob, p);
	if (!err)
		err = lockdown_check_system(p->system);
	if (err)
		partition_free(p);
	else
		*ret_partition = p;
	return err;
}

int partition_open(struct partition *p)
{
	int err = partition ? -EBUSY : 0;

	if (err)
		goto err_free;
	err = prepare(p);
	if (err)
		goto err_free;
	err = links_check_system(p->system);
	if (err)
		goto err_free;
	err = enter(p);
	cpus_take_away(&p->brought);
	if (err)
		goto err_free;
	partition = p;
	console_open();
	__module_get(THIS_MODULE);
	pr_cell(info, "hypervisor on, %u CPUs\n", cpumask_weight(&p->cpus));
	claims_tell_root();
	return 0;

err_free:
	partition_free(p);
	return err;
}

int partition_check_linux(void)
{
	unsigned int cpu;

	for_each_cpu (cpu, &partition->cpus) {
		if (!cpu_online(cpu) ||
		    cellvisor_hypercall(HC_CPU_GET_INFO, cpu, CPU_INFO_STATE) != CPU_INFO_FAILED)
			continue;
		pr_cell(err,
			"CPU %u of Linux does not answer the hypervisor, which stays on; without "
			"it no CPU comes or goes: restart the machine\n",
			cpu);
		return -EIO;
	}
	return 0;
}

int partition_close(void)
{
	struct crossing crossing = {
		.partition = partition, .verdict = NO_VERDICT, .stays = nr_cpu_ids};
	int err;

	if (!partition)
		return -EINVAL;
	err = partition_check_linux();
	if (!err)
		err = stop_machine(leave_cpu, &crossing, cpu_online_mask);
	if (!err)
		err = crossing.error;
	if (err) {
		if (crossing.stays < nr_cpu_ids)
			pr_cell(err, "CPU %u, which is offline, does not answer the hypervisor\n",
				crossing.stays);
		pr_cell(err, "the hypervisor did not close: error %d\n", err);
		return err;
	}
	cpus_open();
	/* Those that were sent an INIT have taken it before their last code goes. */
	if (crossing.released)
		msleep(RELEASE_MS);
	console_close();
	partition_free(partition);
	partition = NULL;
	module_put(THIS_MODULE);
	pr_cell(info, "hypervisor off\n");
	cells_return_missing();
	return 0;
}
