// SPDX-License-Identifier: GPL-2.0-only
/* /sys/devices/jailhouse: the tree that tools of the Jailhouse world read. */
#include <linux/kobject.h>
#include <linux/platform_device.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/sysfs.h>

#include "cellvisor.h"

struct device *cellvisor_sysfs_device;

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

/* Whether one of its CPUs is the cell's at this moment: root's are those that no other cell has. */
static bool has_now(const struct managed_cell *cell, unsigned int cpu)
{
	return cell->id != 0 || !cells_own_cpu(cpu);
}

static void current_cpus(const struct managed_cell *cell, struct cpumask *ret_cpus)
{
	unsigned int cpu;

	cpumask_clear(ret_cpus);
	for_each_cpu (cpu, &cell->cpus) {
		if (has_now(cell, cpu))
			cpumask_set_cpu(cpu, ret_cpus);
	}
}

static void failed_cpus(const struct managed_cell *cell, struct cpumask *ret_cpus)
{
	unsigned int cpu;

	current_cpus(cell, ret_cpus);
	for_each_cpu (cpu, ret_cpus) {
		if (cellvisor_hypercall(HC_CPU_GET_INFO, cpu, CPU_INFO_STATE) != CPU_INFO_FAILED)
			cpumask_clear_cpu(cpu, ret_cpus);
	}
}

/* An attribute carries what it shows. */
struct cell_attribute {
	struct attribute attr;
	ssize_t (*show)(const struct cell_attribute *attribute, const struct managed_cell *cell,
			char *buffer);
	void (*cpus)(const struct managed_cell *cell, struct cpumask *ret_cpus);
	bool list;
};

static ssize_t show_name(const struct cell_attribute *attribute, const struct managed_cell *cell,
			 char *buffer)
{
	return sysfs_emit(buffer, "%s\n", cell->desc->name);
}

static ssize_t show_state(const struct cell_attribute *attribute, const struct managed_cell *cell,
			  char *buffer)
{
	return sysfs_emit(buffer, "%s\n", sysfs_cell_state(view_state(cell)));
}

static ssize_t show_cpus(const struct cell_attribute *attribute, const struct managed_cell *cell,
			 char *buffer)
{
	cpumask_var_t cpus;
	ssize_t length;

	if (!alloc_cpumask_var(&cpus, GFP_KERNEL))
		return -ENOMEM;
	attribute->cpus(cell, cpus);
	length = cpumap_print_to_pagebuf(attribute->list, buffer, cpus);
	free_cpumask_var(cpus);
	return length;
}

#define CELL_ATTRIBUTE(_name, ...) \
	&(struct cell_attribute){{.name = _name, .mode = 0444}, __VA_ARGS__}.attr
#define CPUS_ATTRIBUTES(_name, _cpus)            \
	CELL_ATTRIBUTE(_name, show_cpus, _cpus), \
		CELL_ATTRIBUTE(SYSFS_LIST(_name), show_cpus, _cpus, .list = true)

static struct attribute *cell_attrs[] = {
	CELL_ATTRIBUTE(SYSFS_NAME, show_name),
	CELL_ATTRIBUTE(SYSFS_STATE, show_state),
	CPUS_ATTRIBUTES(SYSFS_CPUS_ASSIGNED, current_cpus),
	CPUS_ATTRIBUTES(SYSFS_CPUS_FAILED, failed_cpus),
	NULL,
};
ATTRIBUTE_GROUPS(cell);

/* So that it cannot end while it is looked at; with view_end() then, whatever the answer. */
static bool begin_cell(const struct managed_cell *cell)
{
	return view_begin() && (cell->id == 0 || cell->slot);
}

static ssize_t cell_show(struct kobject *kobj, struct attribute *attr, char *buffer)
{
	const struct cell_attribute *attribute = container_of(attr, struct cell_attribute, attr);
	const struct managed_cell *cell = to_cell(kobj);
	ssize_t result = -ENODEV;

	if (begin_cell(cell))
		result = attribute->show(attribute, cell, buffer);
	view_end();
	return result;
}

static void cell_release(struct kobject *kobj)
{
	struct managed_cell *cell = to_cell(kobj);

	kvfree(cell->desc);
	kfree(cell);
}

static const struct sysfs_ops cell_sysfs_ops = {.show = cell_show};

static const struct kobj_type cell_type = {
	.release = cell_release,
	.sysfs_ops = &cell_sysfs_ops,
	.default_groups = cell_groups,
};

/* A directory of counters: of all CPUs of a cell, or of one. */
struct statistics {
	struct kobject kobj;
	const struct managed_cell *cell; /* an ancestor */
	const struct cpumask *cpus;
};

struct counter_attribute {
	struct attribute attr;
	enum exit_counter counter;
};

#define COUNTER_ATTRIBUTE(symbol, word) \
	&(struct counter_attribute){{.name = SYSFS_COUNTER(word), .mode = 0444}, symbol}.attr,

static struct attribute *statistics_attrs[] = {EXIT_COUNTERS(COUNTER_ATTRIBUTE) NULL};
ATTRIBUTE_GROUPS(statistics);

static ssize_t statistics_show(struct kobject *kobj, struct attribute *attr, char *buffer)
{
	const struct statistics *statistics = container_of(kobj, struct statistics, kobj);
	enum exit_counter counter = container_of(attr, struct counter_attribute, attr)->counter;
	bool is_there = begin_cell(statistics->cell);
	unsigned int cpu;
	u64 sum = 0;

	for_each_cpu (cpu, statistics->cpus) {
		if (is_there && cpumask_test_cpu(cpu, &statistics->cell->cpus) &&
		    has_now(statistics->cell, cpu))
			sum += cpu_counter(cpu, counter);
	}
	view_end();
	return is_there ? sysfs_emit(buffer, "%llu\n", sum) : -ENODEV;
}

static void statistics_release(struct kobject *kobj)
{
	kfree(container_of(kobj, struct statistics, kobj));
}

static const struct sysfs_ops statistics_sysfs_ops = {.show = statistics_show};

static const struct kobj_type statistics_type = {
	.release = statistics_release,
	.sysfs_ops = &statistics_sysfs_ops,
	.default_groups = statistics_groups,
};

static struct kobject *new_statistics(const struct managed_cell *cell, const struct cpumask *cpus,
				      struct kobject *parent, const char *name)
{
	struct statistics *statistics = kzalloc(sizeof(*statistics), GFP_KERNEL);

	if (!statistics)
		return NULL;
	statistics->cell = cell;
	statistics->cpus = cpus;
	if (kobject_init_and_add(&statistics->kobj, &statistics_type, parent, "%s", name)) {
		kobject_put(&statistics->kobj);
		return NULL;
	}
	return &statistics->kobj;
}

static int add_statistics(struct managed_cell *cell)
{
	unsigned int cpu;
	char name[16];

	cell->statistics = new_statistics(cell, &cell->cpus, &cell->kobj, SYSFS_STATISTICS);
	if (!cell->statistics)
		return -ENOMEM;
	for_each_cpu (cpu, &cell->cpus) {
		snprintf(name, sizeof(name), SYSFS_CPU_STATISTICS("%u"), cpu);
		cell->cpu_statistics[cpu] =
			new_statistics(cell, cpumask_of(cpu), cell->statistics, name);
		if (!cell->cpu_statistics[cpu])
			return -ENOMEM;
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

void cellvisor_sysfs_prepare(struct managed_cell *cell)
{
	kobject_init(&cell->kobj, &cell_type);
}

int cellvisor_sysfs_add(struct managed_cell *cell)
{
	int err = kobject_add(&cell->kobj, cells_dir, "%u", cell->id);

	if (err)
		return err;
	err = add_statistics(cell);
	if (err)
		cellvisor_sysfs_remove(cell);
	return err;
}

void cellvisor_sysfs_remove(struct managed_cell *cell)
{
	remove_statistics(cell);
	if (cell->kobj.state_in_sysfs)
		kobject_del(&cell->kobj);
}

void cellvisor_sysfs_put(struct managed_cell *cell)
{
	kobject_put(&cell->kobj);
}

struct hypervisor_attribute {
	struct device_attribute attr;
	enum hypervisor_info info;
};

static ssize_t enabled_show(struct device *dev, struct device_attribute *attr, char *buffer)
{
	return sysfs_emit(buffer, "%d\n", partition != NULL);
}

static ssize_t console_show(struct device *dev, struct device_attribute *attr, char *buffer)
{
	return console_tail(buffer, PAGE_SIZE - 1);
}

static ssize_t info_show(struct device *dev, struct device_attribute *attr, char *buffer)
{
	enum hypervisor_info info = container_of(attr, struct hypervisor_attribute, attr)->info;
	int value = 0;

	if (view_begin())
		value = cellvisor_hypercall(HC_HYPERVISOR_GET_INFO, info, 0);
	view_end();
	return sysfs_emit(buffer, "%d\n", value);
}

static ssize_t root_violations_show(struct device *dev, struct device_attribute *attr, char *buffer)
{
	u64 count = 0;

	if (view_begin())
		count = READ_ONCE(partition->public->root_violations);
	view_end();
	return sysfs_emit(buffer, "%llu\n", count);
}

static ssize_t left_out_show(struct device *dev, struct device_attribute *attr, char *buffer)
{
	ssize_t size = 0;

	if (view_begin())
		size = cpumap_print_to_pagebuf(true, buffer, &partition->left_out);
	view_end();
	return size ?: sysfs_emit(buffer, "\n");
}

static ssize_t cpus_kept_show(struct device *dev, struct device_attribute *attr, char *buffer)
{
	return cpumap_print_to_pagebuf(true, buffer, cells_kept_cpus());
}

#define HYPERVISOR_ATTRIBUTE(_name, _mode, _show, ...)                                         \
	&(struct hypervisor_attribute){{{.name = _name, .mode = _mode}, _show}, ##__VA_ARGS__} \
		 .attr.attr

static struct attribute *hypervisor_attrs[] = {
	HYPERVISOR_ATTRIBUTE(SYSFS_ENABLED, 0444, enabled_show),
	HYPERVISOR_ATTRIBUTE(SYSFS_CONSOLE, 0400, console_show),
	HYPERVISOR_ATTRIBUTE(SYSFS_MEM_POOL_SIZE, 0444, info_show, HV_INFO_MEM_POOL_SIZE),
	HYPERVISOR_ATTRIBUTE(SYSFS_MEM_POOL_USED, 0444, info_show, HV_INFO_MEM_POOL_USED),
	HYPERVISOR_ATTRIBUTE(SYSFS_REMAP_POOL_SIZE, 0444, info_show, HV_INFO_REMAP_POOL_SIZE),
	HYPERVISOR_ATTRIBUTE(SYSFS_REMAP_POOL_USED, 0444, info_show, HV_INFO_REMAP_POOL_USED),
	HYPERVISOR_ATTRIBUTE(SYSFS_ROOT_VIOLATIONS, 0444, root_violations_show),
	HYPERVISOR_ATTRIBUTE(SYSFS_CPUS_LEFT_OUT, 0444, left_out_show),
	HYPERVISOR_ATTRIBUTE(SYSFS_CPUS_KEPT, 0444, cpus_kept_show),
	NULL,
};

/*
 * The original's debugging tools read the hypervisor's memory here. Ours is behind the wall for
 * root, the driver included: all that it could give is ones.
 */
static ssize_t core_read(struct file *file, struct kobject *kobj, struct bin_attribute *attr,
			 char *buffer, loff_t offset, size_t size)
{
	return -EPERM;
}

static struct bin_attribute core_attribute = {
	.attr = {.name = SYSFS_CORE, .mode = 0400},
	.read = core_read,
};
static struct bin_attribute *hypervisor_bin_attrs[] = {&core_attribute, NULL};

static const struct attribute_group hypervisor_group = {
	.attrs = hypervisor_attrs,
	.bin_attrs = hypervisor_bin_attrs,
};

/* The original's driver has the same names. The kernel would find that out with a trace of calls;
 * all devices' names are in one set, the tree's and that of the file in /dev. */
static bool name_is_taken(void)
{
	struct kobject *other = kset_find_obj(platform_bus.kobj.kset, SYSFS_DEVICE);

	kobject_put(other);
	return other;
}

int cellvisor_sysfs_init(void)
{
	int err;

	if (name_is_taken()) {
		pr_cell(info, "another driver has " JAILHOUSE_DEVICE " and " JAILHOUSE_SYSFS
			      ": it stays with that\n");
		return -EBUSY;
	}
	cellvisor_sysfs_device = root_device_register(SYSFS_DEVICE);
	if (IS_ERR(cellvisor_sysfs_device))
		return PTR_ERR(cellvisor_sysfs_device);
	err = sysfs_create_group(&cellvisor_sysfs_device->kobj, &hypervisor_group);
	if (err)
		goto err_device;
	cells_dir = kobject_create_and_add(SYSFS_CELLS, &cellvisor_sysfs_device->kobj);
	if (!cells_dir) {
		err = -ENOMEM;
		goto err_group;
	}
	return 0;

err_group:
	sysfs_remove_group(&cellvisor_sysfs_device->kobj, &hypervisor_group);
err_device:
	root_device_unregister(cellvisor_sysfs_device);
	return err;
}

void cellvisor_sysfs_exit(void)
{
	kobject_put(cells_dir);
	sysfs_remove_group(&cellvisor_sysfs_device->kobj, &hypervisor_group);
	root_device_unregister(cellvisor_sysfs_device);
}
