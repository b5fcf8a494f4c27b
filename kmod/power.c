// SPDX-License-Identifier: GPL-2.0-only
/* The machine goes to sleep, down, or on to another kernel. */
#include <linux/delay.h>
#include <linux/jiffies.h>
#include <linux/reboot.h>
#include <linux/suspend.h>

#include "cellvisor.h"

#define LOCK_POLL_MS   20
#define SLEEP_LOCK_MS  120000
#define END_LOCK_MS    3000
/* On kernels for real time a thread prints. */
#define LAST_WORDS_MS  500
#define KEXEC_MS       30000
#define KEXEC_RETRY_MS 1000
#define KEXEC_COMMAND  "kexec reboot" /* what kernel_kexec() tells the notifiers */

/*
 * Nobody opens the hypervisor any more. After a sleep that is taken back; what a reboot notifier
 * has been told of never returns.
 */
static bool going_down;

bool power_going_down(void)
{
	return READ_ONCE(going_down);
}

/*
 * Who has the lock may be letting a driver come or go that wants to change the list of notifiers,
 * and that waits for us.
 */
static bool lock_from_notifier(unsigned int limit_ms)
{
	unsigned long end = jiffies + msecs_to_jiffies(limit_ms);

	while (!mutex_trylock(&cellvisor_lock)) {
		if (time_after(jiffies, end)) {
			pr_cell(err, "somebody is changing cells, and takes too long\n");
			return false;
		}
		msleep(LOCK_POLL_MS);
	}
	return true;
}

static int prepare_to_sleep(void)
{
	int result = NOTIFY_DONE;

	if (!lock_from_notifier(SLEEP_LOCK_MS))
		return notifier_from_errno(-EBUSY);
	if (partition) {
		pr_cell(err, "no suspend while the hypervisor is on\n");
		result = notifier_from_errno(-EBUSY);
	} else {
		WRITE_ONCE(going_down, true);
	}
	mutex_unlock(&cellvisor_lock);
	return result;
}

static int power_event(struct notifier_block *block, unsigned long event, void *data)
{
	switch (event) {
	case PM_SUSPEND_PREPARE:
	case PM_HIBERNATION_PREPARE:
	case PM_RESTORE_PREPARE:
		return prepare_to_sleep();
	case PM_POST_HIBERNATION:
	case PM_POST_RESTORE:
		/* Of the pool nothing is saved: what is in it is what others left there meanwhile.
		 */
		clean_forget(0, U64_MAX);
		fallthrough;
	case PM_POST_SUSPEND:
		/* Without the lock: nobody can have opened anything. */
		WRITE_ONCE(going_down, false);
	}
	return NOTIFY_DONE;
}

/*
 * The reset undoes all of it, so only what could still do something outside is ended: cells, and
 * with them their devices. Nothing here may keep the machine from going down.
 */
static void end_cells(unsigned long event)
{
	if (!lock_from_notifier(END_LOCK_MS)) {
		pr_cell(warn, "cells run on until the machine is reset or off\n");
		return;
	}
	if (partition) {
		pr_cell(info, "the machine goes down: cells are ended\n");
		cells_kill_all();
		/* An orderly end waits for all CPUs of Linux, for ever. */
		if (event != SYS_HALT && partition_check_linux()) {
			pr_cell(emerg, "the machine goes down without it, at once\n");
			msleep(LAST_WORDS_MS);
			if (event == SYS_POWER_OFF)
				machine_off();
			emergency_restart();
		}
	}
	mutex_unlock(&cellvisor_lock);
}

/*
 * The next kernel takes all of memory for its own, and must not find a hypervisor below it that
 * does not let it have some: it would lose what it writes there. A notifier cannot refuse, so where
 * the hypervisor cannot be left the machine starts anew from its firmware.
 */
static void leave_for_kexec(void)
{
	unsigned long end = jiffies + msecs_to_jiffies(KEXEC_MS);
	bool locked;
	int err;

	if (partition)
		pr_cell(info, "another kernel comes: the hypervisor is left\n");
	for (;;) {
		err = -EBUSY;
		locked = lock_from_notifier(KEXEC_RETRY_MS);
		if (locked) {
			err = partition ? device_disable(true) : 0;
			mutex_unlock(&cellvisor_lock);
		}
		if (!err)
			return;
		if (time_after(jiffies, end))
			break;
		if (locked)
			pr_cell(err, "no other kernel before the hypervisor is left: error %d\n",
				err);
		msleep(KEXEC_RETRY_MS);
	}
	/* Who has the lock may be opening it at this moment. */
	if (locked)
		pr_cell(emerg, "the hypervisor cannot be left (error %d)\n", err);
	else
		pr_cell(emerg,
			"somebody has been changing cells for %u s: the hypervisor is not left\n",
			KEXEC_MS / 1000);
	pr_cell(emerg,
		"no other kernel can run above a hypervisor: the machine is reset instead\n");
	msleep(LAST_WORDS_MS);
	emergency_restart();
}

static int reboot_event(struct notifier_block *block, unsigned long event, void *data)
{
	/* At once: who is opening the hypervisor now is waited for, nobody does so later. */
	WRITE_ONCE(going_down, true);
	if (event == SYS_RESTART && data && !strcmp(data, KEXEC_COMMAND))
		leave_for_kexec();
	else
		end_cells(event);
	return NOTIFY_DONE;
}

static struct notifier_block power_notifier = {.notifier_call = power_event};
/* Before those that wait for all CPUs of Linux, as KVM's does: one may be lost. */
static struct notifier_block reboot_notifier = {.notifier_call = reboot_event, .priority = 255};

int power_init(void)
{
	int err = register_pm_notifier(&power_notifier);

	if (err)
		return err;
	err = register_reboot_notifier(&reboot_notifier);
	if (err)
		unregister_pm_notifier(&power_notifier);
	return err;
}

void power_exit(void)
{
	unregister_reboot_notifier(&reboot_notifier);
	unregister_pm_notifier(&power_notifier);
}
