// SPDX-License-Identifier: BSD-2-Clause
/*
 * The local APIC, by its page, or by MSR where it is in x2APIC mode: there only commands and local
 * vectors are an exit. By the page each write is one, reads are none.
 */
#include "arch/x86/apic.h"
#include "arch/x86/cpu.h"
#include "arch/x86/x86.h"

/* A command that is still on its way after so many reads is overwritten. */
#define ICR_PATIENCE 100000

static bool by_msr;

static uint32_t apic_read(uint32_t reg)
{
	return by_msr ? rdmsr(MSR_X2APIC(reg)) : *(volatile uint32_t *)(APIC_PHYS + reg);
}

/*
 * A plain MOV from a register: the hypervisor decodes the instruction, and the compiler is not to
 * choose one that it need not know.
 */
static void apic_write(uint32_t reg, uint32_t value)
{
	if (by_msr)
		wrmsr(MSR_X2APIC(reg), value);
	else
		asm volatile("movl %0, (%1)" : : "r"(value), "r"(APIC_PHYS + reg) : "memory");
}

void apic_setup(void)
{
	uint32_t eax, ebx, ecx, edx;

	cpuid(1, &eax, &ebx, &ecx, &edx);
	by_msr = ecx & CPUID_1_ECX_X2APIC;
	apic_write(APIC_SVR, SVR_ENABLE | INTERRUPT_SPURIOUS);
	apic_write(APIC_LVT_TIMER, LVT_MASKED);
	apic_write(APIC_LVT_LINT0, LVT_MASKED);
	apic_write(APIC_LVT_LINT1, LVT_MASKED);
	apic_write(APIC_LVT_ERROR, LVT_MASKED);
	apic_write(APIC_TPR, 0);
	this_cpu()->apic_id = apic_read(APIC_ID) >> (by_msr ? 0 : 24);
}

uint32_t apic_id(void)
{
	return this_cpu()->apic_id;
}

void apic_end_of_interrupt(void)
{
	apic_write(APIC_EOI, 0);
}

void apic_timer_start(uint32_t count, unsigned int divide_shift, bool periodic)
{
	/* 1, 2, 4 … 128 in bits 0, 1 and 3; 1 is the last code (APM vol. 2, 16.4.1). */
	unsigned int code = (divide_shift + 7) & 7;

	apic_write(APIC_TIMER_DIVIDE, (code & 3) | (code & 4) << 1);
	apic_write(APIC_LVT_TIMER, INTERRUPT_TIMER | (periodic ? LVT_TIMER_PERIODIC : 0));
	apic_write(APIC_TIMER_INITIAL, count);
}

void apic_timer_start_deadline(void)
{
	apic_write(APIC_LVT_TIMER, INTERRUPT_TIMER | LVT_TIMER_DEADLINE);
	/* The mode must have changed before the deadline is written (SDM vol. 3, 11.5.4.1). */
	asm volatile("mfence" : : : "memory");
}

void apic_timer_stop(void)
{
	apic_write(APIC_LVT_TIMER, LVT_MASKED);
	apic_write(APIC_TIMER_INITIAL, 0);
}

static void wait_until_sent(void)
{
	for (unsigned int tries = 0;
	     tries < ICR_PATIENCE && (apic_read(APIC_ICR_LOW) & ICR_PENDING); tries++)
		cpu_relax();
}

void apic_send(uint32_t destination, uint32_t command)
{
	bool enabled;

	if (by_msr) {
		/* What was written before is to be seen by whom it interrupts. */
		asm volatile("mfence" : : : "memory");
		wrmsr(MSR_X2APIC(APIC_ICR_LOW), (uint64_t)destination << 32 | command);
		return;
	}
	enabled = interrupts_save();
	wait_until_sent();
	apic_write(APIC_ICR_HIGH, destination << 24);
	apic_write(APIC_ICR_LOW, command);
	interrupts_restore(enabled);
}
