// SPDX-License-Identifier: GPL-2.0-only
/*
 * Faults in the driver under test, one at a time, by a probe of the kernel's at the begin of a
 * function, MODULE:NAME or one of the kernel's. The parameter "fault" takes:
 *
 *   fail FUNCTION ERROR SKIP FIRST  one call gives ERROR and does nothing else, after SKIP others;
 *				     only those count whose first argument is FIRST, or -1: all
 *   after FUNCTION CPU		     when it has been called once, and before its caller goes on,
 *				     this CPU goes offline
 *   hold FUNCTION SECONDS	     so long its caller waits when it has been called once
 *   call FUNCTION FIRST	     it is called, with zeros behind the first argument
 *   none
 *
 * It reads as how many faults there were since the last one was planted, or what the call gave.
 */
#include <linux/cpu.h>
#include <linux/delay.h>
#include <linux/kprobes.h>
#include <linux/moduleparam.h>
#include <linux/string.h>

#include "faults.h"

typedef long (*any_function)(u64 a, u64 b, u64 c, u64 d);

static struct {
	struct kprobe probe;
	bool planted;
	char function[64];
	any_function instead;
	long long first; /* -1: any */
	atomic_t left;	 /* calls to the one that is meant */
	long error;
	unsigned int cpu;
	unsigned int seconds;
	long result;
} fault;

static long fail(u64 a, u64 b, u64 c, u64 d)
{
	fault.result++;
	return fault.error;
}

/* As the function's caller sees it, who may sleep. The probe lets all further calls pass. */
static long offline_after(u64 a, u64 b, u64 c, u64 d)
{
	long result = ((any_function)fault.probe.addr)(a, b, c, d);

	if (!remove_cpu(fault.cpu))
		fault.result++;
	return result;
}

static long hold_after(u64 a, u64 b, u64 c, u64 d)
{
	long result = ((any_function)fault.probe.addr)(a, b, c, d);

	fault.result++;
	ssleep(fault.seconds);
	return result;
}

static int on_call(struct kprobe *probe, struct pt_regs *regs)
{
	if (fault.first != -1 && (u32)regs->di != fault.first)
		return 0;
	if (atomic_dec_return(&fault.left) != 0)
		return 0;
	/* It begins there, with the arguments and the return address of this call. */
	regs->ip = (unsigned long)fault.instead;
	return 1;
}

void faults_clear(void)
{
	if (fault.planted)
		unregister_kprobe(&fault.probe);
	fault.planted = false;
}

static int plant(any_function instead, unsigned int skip)
{
	int err;

	fault.probe = (struct kprobe){.symbol_name = fault.function, .pre_handler = on_call};
	fault.instead = instead;
	atomic_set(&fault.left, skip + 1);
	err = register_kprobe(&fault.probe);
	fault.planted = !err;
	return err;
}

static int call(u64 first)
{
	int err = plant(fail, INT_MAX - 1);

	if (!err)
		fault.result = ((any_function)fault.probe.addr)(first, 0, 0, 0);
	faults_clear();
	return err;
}

static int set_fault(const char *text, const struct kernel_param *param)
{
	unsigned int skip;

	faults_clear();
	fault.result = 0;
	fault.first = -1;
	if (sscanf(text, "fail %63s %ld %u %lli", fault.function, &fault.error, &skip,
		   &fault.first) == 4)
		return plant(fail, skip);
	if (sscanf(text, "after %63s %u", fault.function, &fault.cpu) == 2)
		return plant(offline_after, 0);
	if (sscanf(text, "hold %63s %u", fault.function, &fault.seconds) == 2)
		return plant(hold_after, 0);
	if (sscanf(text, "call %63s %lli", fault.function, &fault.first) == 2)
		return call(fault.first);
	return sysfs_streq(text, "none") ? 0 : -EINVAL;
}

/* The driver's functions that a caller may look at give an int. */
static int get_fault(char *buffer, const struct kernel_param *param)
{
	return sysfs_emit(buffer, "%d\n", (int)fault.result);
}

static const struct kernel_param_ops fault_ops = {.set = set_fault, .get = get_fault};
module_param_cb(fault, &fault_ops, NULL, 0600);
