// SPDX-License-Identifier: GPL-2.0-only
/*
 * NMIs to a CPU of Linux from two others, in turns. Where those are counted that come too early,
 * the CPU does not leave the kernel while a turn lasts, so that its NMIs need no stack of their
 * own, but takes interrupts; in between it does whatever Linux has for it.
 */
#include <linux/completion.h>
#include <linux/delay.h>
#include <linux/err.h>
#include <linux/kthread.h>
#include <linux/ktime.h>
#include <linux/nmi.h>
#include <linux/slab.h>
#include <asm/apic.h>
#include <asm/desc.h>
#include <asm/nmi.h>
#include <asm/smp.h>
#include <asm/trapnr.h>

#include "storm.h"

/* The CPU comes to nothing else while NMIs come as fast as they can: few at a time. */
#define TURN_NMIS   200
#define TURN_MS	    500
#define PATIENCE_MS 3000 /* for one NMI */
#define STORM_MS    120000
#define IDT_BYTES   (IDT_ENTRIES * sizeof(gate_desc))

/* With storm_entry.S. */
extern const u8 storm_entry[];
u64 storm_sent, storm_seen, storm_taken, storm_early, storm_early_at;
u32 storm_nest, storm_pauses;

static struct {
	struct probe_storm *storm;
	gate_desc *idt;	 /* a copy of Linux', but for vector 2 */
	u32 open;	 /* there is a turn */
	u32 sending[2];	 /* a sender has seen that there is */
	u32 may_send[2]; /* of the turn's */
	u32 left[2];	 /* NMIs that each has to send */
	u32 failed;
	struct completion ended[3];
} state;

static void load_table(const struct desc_ptr *table)
{
	asm volatile("lidt %0" : : "m"(*table));
}

/* The CPU's IDT is replaced. Linux takes no NMI from here on. */
static void begin_counting(struct desc_ptr *ret_linux_table)
{
	struct desc_ptr table = {IDT_BYTES - 1, (unsigned long)state.idt};
	unsigned long entry = (unsigned long)storm_entry;
	gate_desc *gate = &state.idt[X86_TRAP_NMI];

	asm volatile("sidt %0" : "=m"(*ret_linux_table));
	memcpy(state.idt, (void *)ret_linux_table->address, IDT_BYTES);
	gate->offset_low = entry;
	gate->offset_middle = entry >> 16;
	gate->offset_high = entry >> 32;
	gate->bits.ist = 0;
	load_table(&table);
}

static bool all_sent(void)
{
	return !READ_ONCE(state.left[0]) && !READ_ONCE(state.left[1]);
}

static bool turn_is_over(void)
{
	return !READ_ONCE(state.may_send[0]) && !READ_ONCE(state.may_send[1]);
}

static bool nobody_sends(void)
{
	return !smp_load_acquire(&state.sending[0]) && !smp_load_acquire(&state.sending[1]);
}

static bool all_seen(void)
{
	return READ_ONCE(storm_seen) == READ_ONCE(storm_sent);
}

static bool others_want_the_cpu(void)
{
	return !state.storm->linux_handles && need_resched();
}

static bool wait_until(bool (*condition)(void), bool (*unless)(void), u32 ms)
{
	ktime_t end = ktime_add_ms(ktime_get(), ms);

	while (!condition() && !(unless && unless()) && ktime_before(ktime_get(), end)) {
		if (state.storm->linux_handles)
			usleep_range(50, 100);
		else
			cpu_relax();
	}
	return condition();
}

/* Every NMI that was sent, or one after it, has to come. */
static bool take_turn(void)
{
	bool seen;

	for (int n = 0; n < 2; n++)
		state.may_send[n] = min_t(u32, state.left[n], TURN_NMIS);
	smp_store_mb(state.open, 1);
	wait_until(turn_is_over, others_want_the_cpu, TURN_MS);
	smp_store_mb(state.open, 0);
	seen = wait_until(nobody_sends, NULL, PATIENCE_MS) &&
	       wait_until(all_seen, NULL, PATIENCE_MS);
	/* The last one, which was counted before it was sent, behind one that saw that. */
	udelay(50);
	return seen;
}

/* One that is the CPU's own, by instruction, and one that comes within one. */
static void take_controls(struct probe_storm *storm)
{
	storm_early = 0;
	asm volatile("int $2" : : : "memory");
	storm->control_alone = storm_early;
	storm_nest = 1;
	asm volatile("int $2" : : : "memory");
	storm_nest = 0;
	storm->control_within = storm_early;
	storm_early = storm_taken = 0;
}

static bool take_turn_without_linux(bool first)
{
	struct desc_ptr linux_table;
	bool seen;

	preempt_disable();
	begin_counting(&linux_table);
	if (first)
		take_controls(state.storm);
	seen = take_turn();
	load_table(&linux_table);
	preempt_enable();
	return seen;
}

static int take(void *unused)
{
	ktime_t end = ktime_add_ms(ktime_get(), STORM_MS);
	bool first = true, seen = true;

	for (; seen && !READ_ONCE(state.failed) && !all_sent() && ktime_before(ktime_get(), end);
	     first = false) {
		seen = state.storm->linux_handles ? take_turn() : take_turn_without_linux(first);
		/* Whoever waits for this CPU. */
		msleep(1);
	}
	WRITE_ONCE(state.failed, !seen || !all_sent());
	/* Not by a return, to a module that may be gone. */
	kthread_complete_and_exit(&state.ended[2], 0);
}

/* False: there is no turn. */
static bool send_one(unsigned long n, u32 apic_id)
{
	unsigned long flags;
	bool open;

	local_irq_save(flags);
	smp_store_mb(state.sending[n], 1);
	open = READ_ONCE(state.open) && state.may_send[n];
	if (open) {
		asm volatile("lock incq %0" : "+m"(storm_sent));
		apic->icr_write(APIC_DM_NMI | APIC_DEST_PHYSICAL, apic_id);
		state.left[n]--;
		WRITE_ONCE(state.may_send[n], state.may_send[n] - 1);
	}
	smp_store_release(&state.sending[n], 0);
	local_irq_restore(flags);
	return open;
}

static int send(void *number)
{
	unsigned long n = (unsigned long)number;
	u32 apic_id = per_cpu(x86_cpu_to_apicid, state.storm->target);

	while (state.left[n] && !READ_ONCE(state.failed)) {
		if (!send_one(n, apic_id))
			usleep_range(50, 100);
		/* An emulator has one thread for all: it may take them. */
		if (state.left[n] % 4 == 0)
			cpu_relax();
		cond_resched();
	}
	kthread_complete_and_exit(&state.ended[n], 0);
}

static int on_nmi(unsigned int type, struct pt_regs *regs)
{
	if (raw_smp_processor_id() != state.storm->target)
		return NMI_DONE;
	WRITE_ONCE(storm_seen, READ_ONCE(storm_sent));
	storm_taken++;
	for (u32 n = 0; n < storm_pauses; n++)
		cpu_relax();
	return NMI_HANDLED;
}

static int start(int (*work)(void *), unsigned long number, u32 cpu)
{
	struct task_struct *task = kthread_create(work, (void *)number, "storm/%lu", number);

	if (IS_ERR(task)) {
		WRITE_ONCE(state.failed, 1);
		complete(&state.ended[number]);
		return PTR_ERR(task);
	}
	kthread_bind(task, cpu);
	wake_up_process(task);
	return 0;
}

static int run(struct probe_storm *storm)
{
	int err = 0;

	for (int n = 0; n < 3; n++)
		init_completion(&state.ended[n]);
	state.left[0] = state.left[1] = storm->count / 2;
	for (int n = 0; n < 2; n++)
		err = start(send, n, storm->senders[n]) ?: err;
	err = start(take, 2, storm->target) ?: err;
	for (int n = 0; n < 3; n++)
		wait_for_completion(&state.ended[n]);
	storm->sent = storm_sent;
	storm->taken = storm_taken;
	storm->early = storm_early;
	storm->early_at = storm_early_at;
	storm->lost = state.failed;
	return err;
}

int storm(struct probe_storm *storm)
{
	int err;

	if (!cpu_online(storm->target) || !cpu_online(storm->senders[0]) ||
	    !cpu_online(storm->senders[1]))
		return -ENXIO;
	memset(&state, 0, sizeof(state));
	state.storm = storm;
	state.idt = kmalloc(IDT_BYTES, GFP_KERNEL);
	if (!state.idt)
		return -ENOMEM;
	storm_sent = storm_seen = storm_taken = storm_early = storm_early_at = 0;
	storm_pauses = storm->pauses;
	if (storm->linux_handles)
		register_nmi_handler(NMI_LOCAL, on_nmi, 0, "storm");
	err = run(storm);
	if (storm->linux_handles)
		unregister_nmi_handler(NMI_LOCAL, "storm");
	kfree(state.idt);
	return err;
}
