// SPDX-License-Identifier: GPL-2.0-only
/*
 * What exits cost from kernel mode, in ticks of the time stamp counter: instructions, in the
 * deterministic machine. The least of several series, each without what sets the registers up.
 */
#include <linux/cpumask.h>
#include <linux/irqflags.h>
#include <asm/apic.h>
#include <asm/irq_vectors.h>
#include <asm/msr.h>

#include "cost.h"

#define SERIES 32
#define TIMES  16

struct registers {
	u64 rax, rcx, rdx, rdi;
};

/*
 * Ticks of so many times: the registers are set up, and the instruction or nothing. The same
 * instruction each time, as the hypervisor remembers the last one whose length it had to look up.
 */
#define TICKS(instruction)                                                                       \
	({                                                                                       \
		u64 best = ~0ull;                                                                \
                                                                                                 \
		for (int n = 0; n < SERIES; n++) {                                               \
			u64 start = rdtsc(), ticks;                                              \
                                                                                                 \
			asm volatile("mov %4, %%r8d\n"                                           \
				     "1: mov %0, %%rax\n mov %1, %%rcx\n"                        \
				     "mov %2, %%rdx\n mov %3, %%rdi\n"                           \
				     "xor %%esi, %%esi\n" instruction "\n"                       \
				     "dec %%r8d\n jnz 1b"                                        \
				     :                                                           \
				     : "m"(regs->rax), "m"(regs->rcx), "m"(regs->rdx),           \
				       "m"(regs->rdi), "i"(TIMES)                                \
				     : "rax", "rbx", "rcx", "rdx", "rsi", "rdi", "r8", "memory", \
				       "cc");                                                    \
			ticks = rdtsc() - start;                                                 \
			best = min(best, ticks);                                                 \
		}                                                                                \
		best;                                                                            \
	})

static u64 ticks_of(enum probe_cost kind, const struct registers *regs)
{
	switch (kind) {
	case PROBE_COST_CPUID:
		return TICKS("cpuid");
	case PROBE_COST_HYPERCALL:
		return TICKS("vmmcall");
	case PROBE_COST_WRMSR:
		return TICKS("wrmsr");
	case PROBE_COST_PORT:
		return TICKS("in %%dx, %%al");
	case PROBE_COST_APIC_EOI:
		return TICKS("mov %%eax, 0xb0(%%rdi)");
	case PROBE_COST_APIC_ICR:
		return TICKS("mov %%eax, 0x300(%%rdi)");
	default:
		return TICKS("");
	}
}

int cost(enum probe_cost kind, u64 argument, u64 *ret_ticks)
{
	struct registers regs = {.rax = argument, .rdi = (unsigned long)APIC_BASE};
	unsigned long flags;

	if (kind > PROBE_COST_LAST)
		return -EINVAL;
	if (kind == PROBE_COST_HYPERCALL)
		regs.rdi = 0;
	if (kind == PROBE_COST_WRMSR) {
		rdmsrl(argument, regs.rax);
		regs.rdx = regs.rax >> 32;
		regs.rcx = argument;
	}
	if (kind == PROBE_COST_PORT)
		regs.rdx = argument;
	/* To itself, where nothing comes of it: many that wait are one. */
	if (kind == PROBE_COST_APIC_ICR)
		regs.rax = APIC_DEST_SELF | RESCHEDULE_VECTOR;
	local_irq_save(flags);
	*ret_ticks = (ticks_of(kind, &regs) - ticks_of(PROBE_COST_NOTHING, &regs)) / TIMES;
	local_irq_restore(flags);
	return 0;
}
