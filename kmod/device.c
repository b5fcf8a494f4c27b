// SPDX-License-Identifier: GPL-2.0-only
/* The one door: /dev/jailhouse. */
#include <linux/capability.h>
#include <linux/cpu.h>
#include <linux/cpuhotplug.h>
#include <linux/fs.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/poll.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "cellvisor.h"

#define EXIT_RETRY_S 5

DEFINE_MUTEX(cellvisor_lock);

static atomic_t openers = ATOMIC_INIT(0);

/* Of one open file. */
struct opener {
	u64 events_seen;
	struct console_reader console;
};

static int open_partition(struct partition *p)
{
	int err = -EBUSY;

	if (power_going_down()) {
		pr_cell(err, "the machine is going down or to sleep\n");
		partition_free(p);
	} else {
		err = partition_open(p);
	}
	if (err)
		return err;
	err = cells_open();
	if (err) {
		partition_close();
		return err;
	}
	links_open();
	return 0;
}

/* The configuration may be nowhere yet: the lock is taken when it is here. */
static int do_enable(const void __user *blob)
{
	struct partition *p;
	int err;

	err = READ_ONCE(partition) ? -EBUSY : partition_read(blob, &p);
	if (err)
		return err;
	if (mutex_lock_interruptible(&cellvisor_lock)) {
		partition_free(p);
		return -ERESTARTSYS;
	}
	err = open_partition(p);
	mutex_unlock(&cellvisor_lock);
	return err;
}

int device_disable(bool force)
{
	int err;

	if (!partition)
		return -EINVAL;
	err = force ? 0 : links_check_idle();
	if (!err)
		err = cells_destroy_all(force);
	if (err)
		return err;
	/* While a cell was asked, somebody else may have closed everything. */
	if (!partition)
		return 0;
	/* Nor may a driver that came meanwhile keep it: this one asks once more. */
	err = force ? 0 : links_check_idle();
	if (err)
		return err;
	links_close();
	cells_close();
	err = partition_close();
	if (err) {
		/* Still inside: show what there is. */
		cells_open();
		links_open();
		return err;
	}
	links_closed();
	events_raise("disabled", NULL);
	return 0;
}

/* What the calls take and give, in a copy of ours. */
union request {
	struct jailhouse_cell_id id;
	struct jailhouse_cell_create create;
	struct jailhouse_cell_load load;
	struct cellvisor_features features;
	struct cellvisor_pool pool;
	struct cellvisor_cell_status status;
	struct cellvisor_cell_console console;
	struct cellvisor_cell_input input;
	struct cellvisor_cell_create create_with;
	struct cellvisor_link_add link_add;
	struct cellvisor_link_remove link_remove;
	struct cellvisor_keep_cpus keep_cpus;
};

static const struct cellvisor_features features = {
	.abi_version = CELLVISOR_ABI_VERSION,
	.features = CELLVISOR_FEATURE_POOL | CELLVISOR_FEATURE_STATUS | CELLVISOR_FEATURE_CONSOLE |
		    CELLVISOR_FEATURE_KILL | CELLVISOR_FEATURE_EVENTS | CELLVISOR_FEATURE_LINKS |
		    CELLVISOR_FEATURE_DEVICES | CELLVISOR_FEATURE_KEEP | CELLVISOR_FEATURE_PIECES |
		    CELLVISOR_FEATURE_INPUT,
	.release = CELLMGR_RELEASE,
};

/* The original cuts long names silently; a name without an end is an error here. */
static bool id_is_valid(const struct jailhouse_cell_id *id)
{
	return id->id != JAILHOUSE_ID_BY_NAME ||
	       strnlen(id->name, sizeof(id->name)) < sizeof(id->name);
}

static int with_cell(const struct jailhouse_cell_id *id,
		     int (*call)(const struct jailhouse_cell_id *id))
{
	return id_is_valid(id) ? call(id) : -EINVAL;
}

static int load_cell(const struct jailhouse_cell_load *load,
		     const struct jailhouse_cell_load __user *argument)
{
	if (!id_is_valid(&load->cell_id))
		return -EINVAL;
	return cells_load(&load->cell_id, load->num_images, argument->image);
}

static int create_cell(const struct cellvisor_cell_create *create)
{
	return create->reserved ? -EINVAL
				: cells_create(u64_to_user_ptr(create->blob_address),
					       create->blob_size, create->take);
}

static int add_link(const struct cellvisor_link_add *add)
{
	return add->reserved ? -EINVAL
			     : links_add(u64_to_user_ptr(add->blob_address), add->blob_size);
}

static int remove_link(const struct cellvisor_link_remove *remove)
{
	return remove->reserved ? -EINVAL : links_remove(remove->domain, remove->bdf);
}

static int serve_one(unsigned int code, union request *request)
{
	switch (code) {
	case JAILHOUSE_DISABLE:
		return device_disable(false);
	case JAILHOUSE_CELL_START:
		return with_cell(&request->id, cells_start);
	case JAILHOUSE_CELL_DESTROY:
		return with_cell(&request->id, cells_destroy);
	case CELLVISOR_LINK_REMOVE:
		return remove_link(&request->link_remove);
	case CELLVISOR_KEEP_CPUS:
		return cells_keep_cpus(&request->keep_cpus);
	default:
		return -ENOTTY;
	}
}

static int serve_locked(unsigned int code, union request *request)
{
	int err;

	if (mutex_lock_interruptible(&cellvisor_lock))
		return -ERESTARTSYS;
	err = serve_one(code, request);
	console_drain();
	mutex_unlock(&cellvisor_lock);
	return err;
}

/* Calls that may wait for the caller's memory, and those that only look, lock by themselves. */
static int serve(unsigned int code, union request *request, void __user *argument)
{
	switch (code) {
	case JAILHOUSE_ENABLE:
		return do_enable(argument);
	case JAILHOUSE_CELL_CREATE:
		return cells_create(u64_to_user_ptr(request->create.blob_address),
				    request->create.blob_size, 0);
	case JAILHOUSE_CELL_LOAD:
		return load_cell(&request->load, argument);
	case CELLVISOR_CELL_CREATE:
		return create_cell(&request->create_with);
	case CELLVISOR_LINK_ADD:
		return add_link(&request->link_add);
	case CELLVISOR_FEATURES:
		request->features = features;
		return 0;
	case CELLVISOR_POOL_INFO:
	case CELLVISOR_POOL_PIECE:
		view_begin();
		if (code == CELLVISOR_POOL_INFO)
			pool_info(&request->pool);
		else
			pool_tell_piece(&request->pool);
		view_end();
		return 0;
	case CELLVISOR_POOL_RESERVE:
		return pool_reserve(&request->pool);
	case CELLVISOR_POOL_ADD:
		return pool_add(&request->pool);
	case CELLVISOR_POOL_REMOVE:
		return pool_remove(&request->pool);
	case CELLVISOR_POOL_RELEASE:
		return pool_release();
	case CELLVISOR_CELL_STATUS:
		return view_status(&request->status);
	case CELLVISOR_CELL_CONSOLE:
		return view_console(&request->console);
	case CELLVISOR_CELL_INPUT:
		return view_input(&request->input);
	case CELLVISOR_CELL_KILL:
		return with_cell(&request->id, view_kill);
	}
	return serve_locked(code, request);
}

/* Nobody was told: what nobody knows of is not to stay. */
static void undo(unsigned int code, const union request *request)
{
	struct cellvisor_pool got = {.phys_start = request->pool.phys_start,
				     .size = request->pool.size};

	if (code == CELLVISOR_POOL_RESERVE || code == CELLVISOR_POOL_ADD)
		pool_remove(&got);
}

/* A call's number says how much goes in and out, but for ENABLE: a blob tells its size itself. */
static long device_ioctl(struct file *file, unsigned int code, unsigned long number)
{
	size_t size = code == JAILHOUSE_ENABLE ? 0 : _IOC_SIZE(code);
	void __user *argument = (void __user *)number;
	struct opener *opener = file->private_data;
	union request request = {};
	int err;

	if (code == CELLVISOR_EVENTS) {
		opener->events_seen = events_count();
		return put_user(opener->events_seen, (u64 __user *)argument);
	}
	if (size > sizeof(request))
		return -ENOTTY;
	if ((_IOC_DIR(code) & _IOC_WRITE) && copy_from_user(&request, argument, size))
		return -EFAULT;
	err = serve(code, &request, argument);
	if (!err && (_IOC_DIR(code) & _IOC_READ) && copy_to_user(argument, &request, size)) {
		undo(code, &request);
		err = -EFAULT;
	}
	return err;
}

static __poll_t device_poll(struct file *file, poll_table *wait)
{
	struct opener *opener = file->private_data;

	poll_wait(file, &events_wait, wait);
	if (poll_requested_events(wait) & (EPOLLIN | EPOLLRDNORM)) {
		poll_wait(file, &console_wait, wait);
		events_await_text();
	}
	return (events_count() != opener->events_seen ? EPOLLPRI : 0) |
	       (console_pending(&opener->console) ? EPOLLIN | EPOLLRDNORM : 0);
}

/* What the hypervisor and the cells put out, from where this file last read. */
static ssize_t device_read(struct file *file, char __user *buffer, size_t size, loff_t *position)
{
	struct opener *opener = file->private_data;

	return console_read(&opener->console, buffer, size, !(file->f_flags & O_NONBLOCK));
}

static int device_open(struct inode *inode, struct file *file)
{
	struct opener *opener;

	/* Memory, ports and devices come by it, as by /dev/mem: the file's mode is not enough. */
	if (!capable(CAP_SYS_RAWIO))
		return -EPERM;
	opener = kzalloc(sizeof(*opener), GFP_KERNEL);
	if (!opener)
		return -ENOMEM;
	atomic_inc(&openers);
	opener->events_seen = events_count();
	console_reader_init(&opener->console);
	file->private_data = opener;
	return 0;
}

static int device_release(struct inode *inode, struct file *file)
{
	kfree(file->private_data);
	atomic_dec(&openers);
	return 0;
}

static const struct file_operations device_operations = {
	.owner = THIS_MODULE,
	.open = device_open,
	.release = device_release,
	.read = device_read,
	.poll = device_poll,
	.unlocked_ioctl = device_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
	.llseek = noop_llseek,
};

static struct miscdevice device = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "jailhouse",
	.fops = &device_operations,
	.mode = 0600,
};

static int hotplug_state;

static int __init cellvisor_init(void)
{
	int err;

	/* The trampoline must lie in one page. */
	BUILD_BUG_ON(sizeof(struct image_header) > PAGE_SIZE);
	if (((unsigned long)trampoline_start & PAGE_MASK) !=
	    ((unsigned long)(trampoline_end - 1) & PAGE_MASK))
		return -ENOEXEC;
	err = cellvisor_sysfs_init();
	if (err)
		return err;
	/* The start-up IPI of one that may not come would go nowhere, and Linux would wait for it.
	 */
	hotplug_state = cpuhp_setup_state_nocalls(CPUHP_BP_PREPARE_DYN, "cellvisor:prepare",
						  cpus_may_come, NULL);
	if (hotplug_state < 0) {
		err = hotplug_state;
		goto err_sysfs;
	}
	err = devices_init();
	if (err)
		goto err_hotplug;
	err = memory_hotplug_init();
	if (err)
		goto err_devices;
	err = power_init();
	if (err)
		goto err_memory;
	/* Who opens it at once has nothing to tell before that can be told. */
	mutex_lock(&cellvisor_lock);
	err = misc_register(&device);
	if (!err)
		events_init(device.this_device);
	mutex_unlock(&cellvisor_lock);
	if (err)
		goto err_power;
	trace_look();
	return 0;

err_power:
	power_exit();
err_memory:
	memory_hotplug_exit();
err_devices:
	devices_exit();
err_hotplug:
	cpuhp_remove_state_nocalls(hotplug_state);
err_sysfs:
	cellvisor_sysfs_exit();
	return err;
}

/* 0 where nobody needs this module's code and data any more. */
static int end_use(void)
{
	int err;

	if (atomic_read(&openers)) {
		pr_cell(err,
			"removed by force, but the device is open: somebody has to close it\n");
		return -EBUSY;
	}
	mutex_lock(&cellvisor_lock);
	err = partition ? links_check_idle() : 0;
	if (partition && !err) {
		pr_cell(warn, "removed by force: cells are ended, the hypervisor is left\n");
		err = device_disable(true);
	}
	mutex_unlock(&cellvisor_lock);
	return err;
}

/*
 * The hypervisor is off, as partition_open() holds the module as long as it is on; or somebody has
 * removed it by force. It cannot refuse, and the kernel would run into what is no longer there:
 * what needs it ends first, for which whoever removes it waits.
 */
static void __exit cellvisor_exit(void)
{
	/* Nobody opens the device any more: modules that go are not to be had. */
	while (end_use())
		schedule_timeout_idle(EXIT_RETRY_S * HZ);
	misc_deregister(&device);
	events_stop();
	cells_exit();
	power_exit();
	memory_hotplug_exit();
	devices_exit();
	cpuhp_remove_state_nocalls(hotplug_state);
	pool_exit();
	cellvisor_sysfs_exit();
}

module_init(cellvisor_init);
module_exit(cellvisor_exit);

MODULE_AUTHOR("the cellmgr developers");
MODULE_DESCRIPTION("Partitioning hypervisor cellvisor: management in Linux");
MODULE_LICENSE("GPL");
MODULE_VERSION(CELLMGR_RELEASE);
