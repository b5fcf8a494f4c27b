// SPDX-License-Identifier: GPL-2.0-only
/* What a CPU does on the order of others: reset, start, park, signals of its cell's CPUs. */
#include "arch/x86/irq/apic.h"
#include "arch/x86/setup/setup.h"
#include "core/subsystem.h"

/* Nothing of the guest before is left. */
static void clear(struct cpu *cpu, enum cpu_state state)
{
	subsystems_cpu_reset(cpu);
	cpu_clear_unswitched();
	cpu->state = state;
	guest_forget(cpu);
}

static void reset(struct cpu *cpu, uint16_t selector, uint64_t base, uint16_t ip)
{
	clear(cpu, CPU_RUNNING);
	cpu->failed = false;
	cpu->arch.last_exception = FAILURE_VECTOR_NONE;
	vendor->reset(cpu, selector, base, ip);
}

static void park(struct cpu *cpu, enum cpu_state state)
{
	clear(cpu, state);
	vendor->park(cpu);
}

void arch_cpu_flush(struct cpu *cpu)
{
	vendor->flush(cpu);
	guest_forget(cpu);
}

void arch_cpu_act(struct cpu *cpu, enum cpu_pending order)
{
	uint64_t address = cpu->cell->desc->cpu_reset_address;

	if (order == PENDING_LEAVE && !cpu->entered)
		vendor->leave(cpu, 0);
	if (order == PENDING_LEAVE) {
		park(cpu, CPU_WAITING);
		setup_stand_still(cpu);
	}
	/* Beyond real mode's reach the address stays in the segment's base, as after power-on. */
	if (order == PENDING_START)
		reset(cpu, (address >> 4) & 0xf000, address & ~0xffffull, address & 0xffff);
	else
		park(cpu, order == PENDING_WAIT ? CPU_WAITING : CPU_PARKED);
}

uint32_t arch_cpu_signals(struct cpu *cpu)
{
	uint32_t signals;
	uint8_t vector;

	if (apic_took_nmi(cpu))
		cpu_post(cpu, 0, PENDING_NMI);
	/* At once: between two looks an INIT with its start-up IPI behind it could come. */
	signals = __atomic_fetch_and(&cpu->pending, ~ARCH_PENDING_SIGNALS, __ATOMIC_SEQ_CST);
	if ((signals & PENDING_INIT) && cpu->state != CPU_PARKED)
		park(cpu, CPU_WAITING);
	/* A second start-up IPI finds the CPU running and is ignored, as by hardware. */
	if ((signals & PENDING_SIPI) && cpu->state == CPU_WAITING) {
		vector = __atomic_load_n(&cpu->arch.sipi_vector, __ATOMIC_SEQ_CST);
		reset(cpu, vector << 8, (uint64_t)vector << 12, 0);
	}
	if (!(signals & PENDING_NMI) || cpu->state != CPU_RUNNING || vendor->inject_nmi(cpu))
		return 0;
	cpu_post(cpu, 0, PENDING_NMI);
	return PENDING_NMI;
}

void arch_comm_init(struct cell *cell, struct comm_region *comm)
{
	comm->pci_mmconfig_base = system_desc->pci_mmconfig_base;
	comm->pm_timer_address = system_desc->platform.x86.pm_timer_address;
	comm->tsc_khz = system_desc->platform.x86.tsc_khz;
	comm->apic_khz = system_desc->platform.x86.apic_khz;
	for_each_cpu (cpu, &cell->cpus)
		comm->num_cpus++;
}
