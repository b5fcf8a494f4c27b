// SPDX-License-Identifier: GPL-2.0-only
/* The one door: /dev/jailhouse. */
#include <linux/cpu.h>
#include <linux/cpuhotplug.h>
#include <linux/fs.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/poll.h>
#include <linux/reboot.h>
#include <linux/slab.h>
#include <linux/suspend.h>
#include <linux/uaccess.h>

#include "cellvisor.h"

DEFINE_MUTEX(cellvisor_lock);

/* Of one open file. */
struct opener {
	u64 events_seen;
	u64 console_offset;
};

/* The machine is about to suspend or to end: nobody opens the hypervisor in that. */
static bool going_down;

static int do_enable(const void __user *blob)
{
	int err;

	if (going_down) {
		pr_cell(err, "the machine is going down or to sleep\n");
		return -EBUSY;
	}
	err = partition_open(blob);
	if (err)
		return err;
	err = cells_open();
	if (err)
		partition_close();
	return err;
}

static int do_disable(bool force)
{
	int err;

	if (!partition)
		return -EINVAL;
	err = cells_destroy_all(force);
	if (err)
		return err;
	/* While a cell was asked, somebody else may have closed everything. */
	if (!partition)
		return 0;
	cells_close();
	err = partition_close();
	if (err) {
		/* Still inside: show what there is. */
		cells_open();
		return err;
	}
	events_raise("disabled", NULL);
	return 0;
}

static int get_cell_id(struct jailhouse_cell_id *id, const void __user *from)
{
	if (copy_from_user(id, from, sizeof(*id)))
		return -EFAULT;
	/* The original cuts long names silently; a name without an end is an error here. */
	if (id->id == JAILHOUSE_ID_BY_NAME &&
	    strnlen(id->name, sizeof(id->name)) == sizeof(id->name))
		return -EINVAL;
	return 0;
}

static int ioctl_create(const void __user *argument)
{
	struct jailhouse_cell_create create;

	if (copy_from_user(&create, argument, sizeof(create)))
		return -EFAULT;
	return cells_create(u64_to_user_ptr(create.blob_address), create.blob_size);
}

static int ioctl_load(const void __user *argument)
{
	const struct jailhouse_cell_load __user *load = argument;
	struct jailhouse_cell_id id;
	u32 count;
	int err;

	err = get_cell_id(&id, &load->cell_id);
	if (!err && get_user(count, &load->num_images))
		err = -EFAULT;
	return err ? err : cells_load(&id, count, load->image);
}

static int with_cell(const void __user *argument, int (*call)(const struct jailhouse_cell_id *id))
{
	struct jailhouse_cell_id id;
	int err = get_cell_id(&id, argument);

	return err ? err : call(&id);
}

static int ioctl_features(void __user *argument)
{
	struct cellvisor_features features = {
		.abi_version = CELLVISOR_ABI_VERSION,
		.features = CELLVISOR_FEATURE_POOL | CELLVISOR_FEATURE_STATUS |
			    CELLVISOR_FEATURE_CONSOLE | CELLVISOR_FEATURE_KILL |
			    CELLVISOR_FEATURE_EVENTS,
		.release = CELLMGR_RELEASE,
	};

	return copy_to_user(argument, &features, sizeof(features)) ? -EFAULT : 0;
}

static int ioctl_pool_reserve(void __user *argument)
{
	struct cellvisor_pool pool;
	int err;

	if (copy_from_user(&pool, argument, sizeof(pool)))
		return -EFAULT;
	err = pool_reserve(&pool);
	if (err)
		return err;
	if (copy_to_user(argument, &pool, sizeof(pool))) {
		pool_release();
		return -EFAULT;
	}
	return 0;
}

static int ioctl_pool_info(void __user *argument)
{
	struct cellvisor_pool pool;

	pool_info(&pool);
	return copy_to_user(argument, &pool, sizeof(pool)) ? -EFAULT : 0;
}

static int ioctl_status(void __user *argument)
{
	struct cellvisor_cell_status *status;
	int err;

	status = memdup_user(argument, sizeof(*status));
	if (IS_ERR(status))
		return PTR_ERR(status);
	err = view_status(status);
	if (!err && copy_to_user(argument, status, sizeof(*status)))
		err = -EFAULT;
	kfree(status);
	return err;
}

static int ioctl_console(void __user *argument)
{
	struct cellvisor_cell_console request;
	int err;

	if (copy_from_user(&request, argument, sizeof(request)))
		return -EFAULT;
	err = view_console(&request);
	if (!err && copy_to_user(argument, &request, sizeof(request)))
		err = -EFAULT;
	return err;
}

static int ioctl_locked(unsigned int code, void __user *argument)
{
	switch (code) {
	case JAILHOUSE_ENABLE:
		return do_enable(argument);
	case JAILHOUSE_DISABLE:
		return do_disable(false);
	case JAILHOUSE_CELL_CREATE:
		return ioctl_create(argument);
	case JAILHOUSE_CELL_LOAD:
		return ioctl_load(argument);
	case JAILHOUSE_CELL_START:
		return with_cell(argument, cells_start);
	case JAILHOUSE_CELL_DESTROY:
		return with_cell(argument, cells_destroy);
	case CELLVISOR_FEATURES:
		return ioctl_features(argument);
	case CELLVISOR_POOL_RESERVE:
		return ioctl_pool_reserve(argument);
	case CELLVISOR_POOL_RELEASE:
		return pool_release();
	case CELLVISOR_POOL_INFO:
		return ioctl_pool_info(argument);
	case CELLVISOR_CELL_STATUS:
		return ioctl_status(argument);
	case CELLVISOR_CELL_CONSOLE:
		return ioctl_console(argument);
	case CELLVISOR_CELL_KILL:
		return with_cell(argument, cells_kill);
	default:
		return -ENOTTY;
	}
}

static long device_ioctl(struct file *file, unsigned int code, unsigned long argument)
{
	struct opener *opener = file->private_data;
	int err;

	if (code == CELLVISOR_EVENTS) {
		opener->events_seen = events_count();
		return put_user(opener->events_seen, (u64 __user *)argument);
	}
	if (mutex_lock_interruptible(&cellvisor_lock))
		return -EINTR;
	err = ioctl_locked(code, (void __user *)argument);
	mutex_unlock(&cellvisor_lock);
	return err;
}

static __poll_t device_poll(struct file *file, poll_table *wait)
{
	struct opener *opener = file->private_data;

	poll_wait(file, &events_wait, wait);
	return events_count() != opener->events_seen ? EPOLLPRI : 0;
}

/* The hypervisor's console, from where this file last read. */
static ssize_t device_read(struct file *file, char __user *buffer, size_t size, loff_t *position)
{
	struct opener *opener = file->private_data;
	ssize_t done = 0;
	u64 lost;

	if (mutex_lock_interruptible(&cellvisor_lock))
		return -EINTR;
	if (partition && (partition->system->flags & BLOB_SYS_CONSOLE_READABLE))
		done = view_ring(&partition->public->console, &opener->console_offset, &lost,
				 buffer, size);
	mutex_unlock(&cellvisor_lock);
	return done;
}

static int device_open(struct inode *inode, struct file *file)
{
	struct opener *opener = kzalloc(sizeof(*opener), GFP_KERNEL);

	if (!opener)
		return -ENOMEM;
	opener->events_seen = events_count();
	file->private_data = opener;
	return 0;
}

static int device_release(struct inode *inode, struct file *file)
{
	kfree(file->private_data);
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

/* A CPU of a cell cannot be brought online: the start-up IPI would go nowhere and Linux would wait
 * for it. */
static int cpu_prepare(unsigned int cpu)
{
	if (!cells_own_cpu(cpu))
		return 0;
	pr_cell(warn, "CPU %u belongs to a cell\n", cpu);
	return -EBUSY;
}

static int power_event(struct notifier_block *block, unsigned long event, void *data)
{
	int result = NOTIFY_DONE;

	mutex_lock(&cellvisor_lock);
	switch (event) {
	case PM_SUSPEND_PREPARE:
	case PM_HIBERNATION_PREPARE:
	case PM_RESTORE_PREPARE:
		if (partition) {
			pr_cell(err, "no suspend while the hypervisor is on\n");
			result = notifier_from_errno(-EBUSY);
		} else {
			going_down = true;
		}
		break;
	case PM_POST_SUSPEND:
	case PM_POST_HIBERNATION:
	case PM_POST_RESTORE:
		going_down = false;
		break;
	}
	mutex_unlock(&cellvisor_lock);
	return result;
}

/* Reboot and kexec: the next kernel must find the machine without a hypervisor below it. */
static int reboot_event(struct notifier_block *block, unsigned long event, void *data)
{
	int err;

	mutex_lock(&cellvisor_lock);
	going_down = true;
	if (partition) {
		pr_cell(info, "the machine goes down: cells are stopped\n");
		err = do_disable(true);
		if (err)
			pr_cell(err, "the hypervisor stays on: error %d\n", err);
	}
	mutex_unlock(&cellvisor_lock);
	return NOTIFY_DONE;
}

static struct notifier_block power_notifier = {.notifier_call = power_event};
static struct notifier_block reboot_notifier = {.notifier_call = reboot_event};
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
	hotplug_state = cpuhp_setup_state_nocalls(CPUHP_BP_PREPARE_DYN, "cellvisor:prepare",
						  cpu_prepare, NULL);
	if (hotplug_state < 0) {
		err = hotplug_state;
		goto err_sysfs;
	}
	err = register_pm_notifier(&power_notifier);
	if (err)
		goto err_hotplug;
	err = register_reboot_notifier(&reboot_notifier);
	if (err)
		goto err_pm;
	err = misc_register(&device);
	if (err)
		goto err_reboot;
	events_init(device.this_device);
	return 0;

err_reboot:
	unregister_reboot_notifier(&reboot_notifier);
err_pm:
	unregister_pm_notifier(&power_notifier);
err_hotplug:
	cpuhp_remove_state_nocalls(hotplug_state);
err_sysfs:
	cellvisor_sysfs_exit();
	return err;
}

/* The hypervisor is off: partition_open() holds the module as long as it is on. */
static void __exit cellvisor_exit(void)
{
	misc_deregister(&device);
	unregister_reboot_notifier(&reboot_notifier);
	unregister_pm_notifier(&power_notifier);
	cpuhp_remove_state_nocalls(hotplug_state);
	pool_release();
	cellvisor_sysfs_exit();
}

module_init(cellvisor_init);
module_exit(cellvisor_exit);

MODULE_AUTHOR("the cellmgr developers");
MODULE_DESCRIPTION("Partitioning hypervisor cellvisor: management in Linux");
MODULE_LICENSE("GPL");
MODULE_VERSION(CELLMGR_RELEASE);
