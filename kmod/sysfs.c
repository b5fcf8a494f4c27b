// SPDX-License-Identifier: GPL-2.0-only
/* /sys/devices/jailhouse: the tree that tools of the Jailhouse world read. */
#include <linux/firmware.h>
#include <linux/kobject.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/sysfs.h>

#include "cellvisor.h"

static struct kobject *cells_dir;

/* What a cell says of itself is counted by CPU in the hypervisor. */
static u64 cpu_counter(unsigned int cpu, unsigned int counter)
{
	int value = cellvisor_hypercall(HC_CPU_GET_INFO, cpu, CPU_INFO_STAT_BASE + counter);

	return value < 0 ? 0 : value;
}

static struct managed_cell *to_cell(struct kobject *kobj)
{
	return container_of(kobj, struct managed_cell, kobj);
}

/* CPUs that are the cell's at this moment: root's are those that no other cell has. */
static void current_cpus(const struct managed_cell *cell, struct cpumask *ret_cpus)
{
	unsigned int cpu;

	cpumask_copy(ret_cpus, &cell->cpus);
	if (cell->id != 0)
		return;
	for_each_cpu (cpu, &cell->cpus)
		if (cells_own_cpu(cpu))
			cpumask_clear_cpu(cpu, ret_cpus);
}

static void failed_cpus(const struct managed_cell *cell, struct cpumask *ret_cpus)
{
	unsigned int cpu;

	current_cpus(cell, ret_cpus);
	for_each_cpu (cpu, ret_cpus)
		if (cellvisor_hypercall(HC_CPU_GET_INFO, cpu, CPU_INFO_STATE) != CPU_INFO_FAILED)
			cpumask_clear_cpu(cpu, ret_cpus);
}

struct cell_attribute {
	struct attribute attr;
	ssize_t (*show)(const struct managed_cell *cell, char *buffer);
};

static ssize_t show_name(const struct managed_cell *cell, char *buffer)
{
	return sysfs_emit(buffer, "%s\n", cell->desc->name);
}

static ssize_t show_state(const struct managed_cell *cell, char *buffer)
{
	return sysfs_emit(buffer, "%s\n", sysfs_cell_state(cell_current_state(cell)));
}

static ssize_t show_cpus_assigned(const struct managed_cell *cell, char *buffer)
{
	struct cpumask cpus;

	current_cpus(cell, &cpus);
	return sysfs_emit(buffer, "%*pb\n", cpumask_pr_args(&cpus));
}

static ssize_t show_cpus_assigned_list(const struct managed_cell *cell, char *buffer)
{
	struct cpumask cpus;

	current_cpus(cell, &cpus);
	return sysfs_emit(buffer, "%*pbl\n", cpumask_pr_args(&cpus));
}

static ssize_t show_cpus_failed(const struct managed_cell *cell, char *buffer)
{
	struct cpumask cpus;

	failed_cpus(cell, &cpus);
	return sysfs_emit(buffer, "%*pb\n", cpumask_pr_args(&cpus));
}

static ssize_t show_cpus_failed_list(const struct managed_cell *cell, char *buffer)
{
	struct cpumask cpus;

	failed_cpus(cell, &cpus);
	return sysfs_emit(buffer, "%*pbl\n", cpumask_pr_args(&cpus));
}

#define CELL_ATTRIBUTE(_name)                              \
	static struct cell_attribute attribute_##_name = { \
		.attr = {.name = #_name, .mode = 0444},    \
		.show = show_##_name,                      \
	}

CELL_ATTRIBUTE(name);
CELL_ATTRIBUTE(state);
CELL_ATTRIBUTE(cpus_assigned);
CELL_ATTRIBUTE(cpus_assigned_list);
CELL_ATTRIBUTE(cpus_failed);
CELL_ATTRIBUTE(cpus_failed_list);

static struct attribute *cell_attrs[] = {
	&attribute_name.attr,
	&attribute_state.attr,
	&attribute_cpus_assigned.attr,
	&attribute_cpus_assigned_list.attr,
	&attribute_cpus_failed.attr,
	&attribute_cpus_failed_list.attr,
	NULL,
};
ATTRIBUTE_GROUPS(cell);

/*
 * Reading takes the lock, so that the cell cannot end in between. Removal of the files waits for
 * readers while holding the lock, hence only a try: a reader that comes during a change is told to
 * come again.
 */
static ssize_t cell_show(struct kobject *kobj, struct attribute *attr, char *buffer)
{
	struct cell_attribute *attribute = container_of(attr, struct cell_attribute, attr);
	struct managed_cell *cell = to_cell(kobj);
	ssize_t result = -ENODEV;

	if (!mutex_trylock(&cellvisor_lock))
		return restart_syscall();
	if (partition && (cell->id == 0 || cell->slot))
		result = attribute->show(cell, buffer);
	mutex_unlock(&cellvisor_lock);
	return result;
}

static void cell_release(struct kobject *kobj)
{
	struct managed_cell *cell = to_cell(kobj);

	kfree(cell->desc);
	kfree(cell);
}

static const struct sysfs_ops cell_sysfs_ops = {.show = cell_show};

static const struct kobj_type cell_type = {
	.release = cell_release,
	.sysfs_ops = &cell_sysfs_ops,
	.default_groups = cell_groups,
};

static const char *const counter_names[] = {EXIT_COUNTERS(SYSFS_COUNTER_ENTRY)};

static int counter_by_name(const char *name)
{
	return match_string(counter_names, ARRAY_SIZE(counter_names), name);
}

static ssize_t counter_show(struct kobject *kobj, struct kobj_attribute *attr, char *buffer)
{
	/* statistics/, or statistics/cpu<n>/ below it. */
	bool one_cpu = strncmp(kobj->name, "cpu", 3) == 0;
	struct managed_cell *cell = to_cell(one_cpu ? kobj->parent->parent : kobj->parent);
	int counter = counter_by_name(attr->attr.name);
	ssize_t result = -ENODEV;
	struct cpumask cpus;
	unsigned int cpu;
	u64 sum = 0;

	if (!mutex_trylock(&cellvisor_lock))
		return restart_syscall();
	if (partition && (cell->id == 0 || cell->slot)) {
		current_cpus(cell, &cpus);
		if (one_cpu && kstrtouint(kobj->name + 3, 10, &cpu) == 0) {
			sum = cpumask_test_cpu(cpu, &cpus) ? cpu_counter(cpu, counter) : 0;
		} else {
			for_each_cpu (cpu, &cpus)
				sum += cpu_counter(cpu, counter);
		}
		result = sysfs_emit(buffer, "%llu\n", sum);
	}
	mutex_unlock(&cellvisor_lock);
	return result;
}

static struct kobj_attribute counter_attributes[EXITS_COUNT];
static struct attribute *counter_list[EXITS_COUNT + 1];
static const struct attribute_group counter_group = {.attrs = counter_list};

static void init_counters(void)
{
	for (unsigned int n = 0; n < EXITS_COUNT; n++) {
		sysfs_attr_init(&counter_attributes[n].attr);
		counter_attributes[n].attr.name = counter_names[n];
		counter_attributes[n].attr.mode = 0444;
		counter_attributes[n].show = counter_show;
		counter_list[n] = &counter_attributes[n].attr;
	}
}

static int add_statistics(struct managed_cell *cell)
{
	char name[16];
	unsigned int cpu;
	int err;

	cell->statistics = kobject_create_and_add("statistics", &cell->kobj);
	if (!cell->statistics)
		return -ENOMEM;
	err = sysfs_create_group(cell->statistics, &counter_group);
	if (err)
		return err;
	for_each_cpu (cpu, &cell->cpus) {
		snprintf(name, sizeof(name), "cpu%u", cpu);
		cell->cpu_statistics[cpu] = kobject_create_and_add(name, cell->statistics);
		if (!cell->cpu_statistics[cpu])
			return -ENOMEM;
		err = sysfs_create_group(cell->cpu_statistics[cpu], &counter_group);
		if (err)
			return err;
	}
	return 0;
}

static void remove_statistics(struct managed_cell *cell)
{
	for (unsigned int cpu = 0; cpu < IMAGE_MAX_CPUS; cpu++) {
		kobject_put(cell->cpu_statistics[cpu]);
		cell->cpu_statistics[cpu] = NULL;
	}
	kobject_put(cell->statistics);
	cell->statistics = NULL;
}

/* On failure the cell is as before, to be freed by the caller. */
int sysfs_add_cell(struct managed_cell *cell)
{
	struct kobject empty = {};
	int err;

	kobject_init(&cell->kobj, &cell_type);
	err = kobject_add(&cell->kobj, cells_dir, "%u", cell->id);
	if (!err)
		err = add_statistics(cell);
	if (err) {
		remove_statistics(cell);
		kobject_del(&cell->kobj);
		kfree_const(cell->kobj.name);
		cell->kobj = empty;
	}
	return err;
}

/* Frees the cell with the last reader. */
void sysfs_remove_cell(struct managed_cell *cell)
{
	remove_statistics(cell);
	kobject_del(&cell->kobj);
	kobject_put(&cell->kobj);
}

static ssize_t enabled_show(struct device *dev, struct device_attribute *attr, char *buffer)
{
	return sysfs_emit(buffer, "%d\n", partition != NULL);
}
static DEVICE_ATTR_RO(enabled);

static ssize_t console_show(struct device *dev, struct device_attribute *attr, char *buffer)
{
	const struct public_ring *ring;
	ssize_t size = 0;
	u64 at, head;

	if (!mutex_trylock(&cellvisor_lock))
		return restart_syscall();
	if (partition && (partition->system->flags & BLOB_SYS_CONSOLE_READABLE)) {
		ring = &partition->public->console;
		head = smp_load_acquire(&ring->head);
		at = head > PAGE_SIZE - 1 ? head - (PAGE_SIZE - 1) : 0;
		for (; at < head; at++)
			buffer[size++] = ring->buffer[at % PUBLIC_CONSOLE_SIZE];
	}
	mutex_unlock(&cellvisor_lock);
	return size;
}
static DEVICE_ATTR(console, 0400, console_show, NULL);

/*
 * The original's debugging tools read the hypervisor's memory here. Ours is behind the wall for
 * root, the driver included: all that it could give is ones.
 */
static ssize_t core_read(struct file *file, struct kobject *kobj, struct bin_attribute *attr,
			 char *buffer, loff_t offset, size_t size)
{
	return -EPERM;
}
static BIN_ATTR(core, 0400, core_read, NULL, 0);

static ssize_t info_show(char *buffer, u32 info)
{
	int value = 0;

	if (!mutex_trylock(&cellvisor_lock))
		return restart_syscall();
	if (partition)
		value = cellvisor_hypercall(HC_HYPERVISOR_GET_INFO, info, 0);
	mutex_unlock(&cellvisor_lock);
	return sysfs_emit(buffer, "%d\n", value);
}

#define INFO_ATTRIBUTE(_name, _info)                                                   \
	static ssize_t _name##_show(struct device *dev, struct device_attribute *attr, \
				    char *buffer)                                      \
	{                                                                              \
		return info_show(buffer, _info);                                       \
	}                                                                              \
	static DEVICE_ATTR_RO(_name)

INFO_ATTRIBUTE(mem_pool_size, HV_INFO_MEM_POOL_SIZE);
INFO_ATTRIBUTE(mem_pool_used, HV_INFO_MEM_POOL_USED);
INFO_ATTRIBUTE(remap_pool_size, HV_INFO_REMAP_POOL_SIZE);
INFO_ATTRIBUTE(remap_pool_used, HV_INFO_REMAP_POOL_USED);

/* Accesses of Linux to what is not its own, refused since the hypervisor was enabled. */
static ssize_t root_violations_show(struct device *dev, struct device_attribute *attr, char *buffer)
{
	u64 count = 0;

	if (!mutex_trylock(&cellvisor_lock))
		return restart_syscall();
	if (partition)
		count = READ_ONCE(partition->public->root_violations);
	mutex_unlock(&cellvisor_lock);
	return sysfs_emit(buffer, "%llu\n", count);
}
static DEVICE_ATTR_RO(root_violations);

static struct attribute *device_attributes[] = {
	&dev_attr_enabled.attr,		&dev_attr_console.attr,
	&dev_attr_mem_pool_size.attr,	&dev_attr_mem_pool_used.attr,
	&dev_attr_remap_pool_size.attr, &dev_attr_remap_pool_used.attr,
	&dev_attr_root_violations.attr, NULL,
};

static struct bin_attribute *device_bin_attributes[] = {&bin_attr_core, NULL};

static const struct attribute_group device_group = {
	.attrs = device_attributes,
	.bin_attrs = device_bin_attributes,
};

int sysfs_init(void)
{
	int err;

	init_counters();
	cellvisor_sysfs_device = root_device_register("jailhouse");
	if (IS_ERR(cellvisor_sysfs_device))
		return PTR_ERR(cellvisor_sysfs_device);
	err = sysfs_create_group(&cellvisor_sysfs_device->kobj, &device_group);
	if (err)
		goto err_device;
	cells_dir = kobject_create_and_add("cells", &cellvisor_sysfs_device->kobj);
	if (!cells_dir) {
		err = -ENOMEM;
		goto err_group;
	}
	return 0;

err_group:
	sysfs_remove_group(&cellvisor_sysfs_device->kobj, &device_group);
err_device:
	root_device_unregister(cellvisor_sysfs_device);
	return err;
}

void sysfs_exit(void)
{
	kobject_put(cells_dir);
	sysfs_remove_group(&cellvisor_sysfs_device->kobj, &device_group);
	root_device_unregister(cellvisor_sysfs_device);
}
