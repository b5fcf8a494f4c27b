// SPDX-License-Identifier: GPL-2.0-only
/*
 * Faults in the driver under test, by probes of the kernel's at the begin of functions, MODULE:NAME
 * or the kernel's own. The parameter "fault" takes one, "and" and one more beside those that there
 * are, or "none". Of each one call is meant, after SKIP (0) others; only those count whose first
 * argument is FIRST, or -1 (which is meant where nothing else is said): all.
 *
 *   fail FUNCTION ERROR [SKIP [FIRST]]	   it gives ERROR and does nothing else
 *   before FUNCTION CPU [SKIP [FIRST]]	   somebody else brings this CPU online just before it
 *   after FUNCTION CPU [SKIP [FIRST]]	   this CPU goes offline before its caller goes on
 *   late FUNCTION SECONDS [SKIP [FIRST]]  so long at most its caller waits before it
 *   hold FUNCTION SECONDS [SKIP [FIRST]]  so long at most its caller waits after it
 *   call FUNCTION FIRST		   it is called, with zeros behind the first argument
 *
 * Who waits does so until "none", or what else takes its place, comes. It reads as how many faults
 * there were since, or what the call gave.
 */
#include <linux/cpu.h>
#include <linux/kprobes.h>
#include <linux/moduleparam.h>
#include <linux/string.h>
#include <linux/wait.h>

#include "faults.h"

#define MAX_FAULTS 3

typedef long (*any_function)(u64 a, u64 b, u64 c, u64 d);

struct fault {
	struct kprobe probe;
	bool planted;
	char function[64];
	long (*kind)(const struct fault *fault, u64 a, u64 b, u64 c, u64 d);
	long long first; /* -1: any */
	atomic_t left;	 /* calls to the one that is meant */
	long number;
};

static struct fault faults[MAX_FAULTS];
static atomic_t happened;
static long result; /* of a call */
static DECLARE_WAIT_QUEUE_HEAD(clear_wait);
static unsigned int clear_count;

/* As the function's caller sees it, who may sleep. The probe lets all further calls pass. */
static long pass(const struct fault *fault, u64 a, u64 b, u64 c, u64 d)
{
	return ((any_function)fault->probe.addr)(a, b, c, d);
}

static long fail(const struct fault *fault, u64 a, u64 b, u64 c, u64 d)
{
	atomic_inc(&happened);
	return fault->number;
}

static long online_before(const struct fault *fault, u64 a, u64 b, u64 c, u64 d)
{
	if (!add_cpu(fault->number))
		atomic_inc(&happened);
	return pass(fault, a, b, c, d);
}

static long offline_after(const struct fault *fault, u64 a, u64 b, u64 c, u64 d)
{
	long given = pass(fault, a, b, c, d);

	if (!remove_cpu(fault->number))
		atomic_inc(&happened);
	return given;
}

static void wait_until_clear(long seconds)
{
	unsigned int seen = READ_ONCE(clear_count);

	atomic_inc(&happened);
	wait_event_timeout(clear_wait, READ_ONCE(clear_count) != seen, seconds * HZ);
}

static long wait_before(const struct fault *fault, u64 a, u64 b, u64 c, u64 d)
{
	any_function function = (any_function)fault->probe.addr;

	/* The place may be another fault's after it. */
	wait_until_clear(fault->number);
	return function(a, b, c, d);
}

static long hold_after(const struct fault *fault, u64 a, u64 b, u64 c, u64 d)
{
	long given = pass(fault, a, b, c, d);

	wait_until_clear(fault->number);
	return given;
}

static const struct {
	const char *word;
	long (*kind)(const struct fault *fault, u64 a, u64 b, u64 c, u64 d);
} kinds[] = {
	{"fail", fail},	       {"before", online_before}, {"after", offline_after},
	{"late", wait_before}, {"hold", hold_after},
};

/* What a function begins with instead tells which fault it is. */
#define INSTEAD(n)                                             \
	static long instead_##n(u64 a, u64 b, u64 c, u64 d)    \
	{                                                      \
		return faults[n].kind(&faults[n], a, b, c, d); \
	}
INSTEAD(0)
INSTEAD(1)
INSTEAD(2)
static const any_function instead[MAX_FAULTS] = {instead_0, instead_1, instead_2};

static int on_call(struct kprobe *probe, struct pt_regs *regs)
{
	struct fault *fault = container_of(probe, struct fault, probe);

	if (fault->first != -1 && (u32)regs->di != fault->first)
		return 0;
	if (atomic_dec_return(&fault->left) != 0)
		return 0;
	/* It begins there, with the arguments and the return address of this call. */
	regs->ip = (unsigned long)instead[fault - faults];
	return 1;
}

void faults_clear(void)
{
	for (unsigned int n = 0; n < MAX_FAULTS; n++) {
		if (faults[n].planted)
			unregister_kprobe(&faults[n].probe);
		faults[n].planted = false;
	}
	WRITE_ONCE(clear_count, clear_count + 1);
	wake_up_all(&clear_wait);
}

static int plant(struct fault *fault, unsigned int skip)
{
	int err;

	fault->probe = (struct kprobe){.symbol_name = fault->function, .pre_handler = on_call};
	atomic_set(&fault->left, skip + 1);
	err = register_kprobe(&fault->probe);
	fault->planted = !err;
	return err;
}

static int call(struct fault *fault, u64 first)
{
	int err = plant(fault, INT_MAX - 1);

	if (!err)
		result = pass(fault, first, 0, 0, 0);
	faults_clear();
	return err;
}

static int add(const char *text)
{
	struct fault *fault = faults;
	unsigned int skip = 0;
	char word[16];

	while (fault < faults + MAX_FAULTS && fault->planted)
		fault++;
	if (fault == faults + MAX_FAULTS)
		return -ENOSPC;
	fault->first = -1;
	if (sscanf(text, "%15s %63s %ld %u %lli", word, fault->function, &fault->number, &skip,
		   &fault->first) < 3)
		return -EINVAL;
	if (!strcmp(word, "call"))
		return call(fault, fault->number);
	for (unsigned int n = 0; n < ARRAY_SIZE(kinds); n++) {
		if (strcmp(word, kinds[n].word))
			continue;
		fault->kind = kinds[n].kind;
		return plant(fault, skip);
	}
	return -EINVAL;
}

static int set_fault(const char *text, const struct kernel_param *param)
{
	if (str_has_prefix(text, "and "))
		return add(text + strlen("and "));
	faults_clear();
	atomic_set(&happened, 0);
	result = 0;
	return sysfs_streq(text, "none") ? 0 : add(text);
}

/* The driver's functions that a caller may look at give an int. */
static int get_fault(char *buffer, const struct kernel_param *param)
{
	return sysfs_emit(buffer, "%d\n", (int)result + atomic_read(&happened));
}

static const struct kernel_param_ops fault_ops = {.set = set_fault, .get = get_fault};
module_param_cb(fault, &fault_ops, NULL, 0600);
