// SPDX-License-Identifier: GPL-2.0-only
/* What a CPU does on the order of others: reset, start, park, start-up IPIs and NMIs of its cell.
 */
#include "arch/x86/asm.h"
#include "core/state.h"
#include "core/subsystem.h"
#include "arch/x86/vendor.h"

/* An area of XRSTOR and FXRSTOR that holds nothing: all exceptions masked, no component present. */
static const struct {
	uint8_t legacy[512];
	uint64_t header[8];
} empty_xsave_area __attribute__((aligned(64))) = {
	.legacy = {[0] = 0x7f, [1] = 0x03 /* FCW */, [24] = 0x80, [25] = 0x1f /* MXCSR */},
};

/*
 * FPU, vector and protection-key registers, debug registers and XCR0 are not switched between
 * guests: clear them by hand. XRSTOR gives each component that the area does not hold its initial
 * value, whichever this processor has (APM vol. 4, XRSTOR).
 */
static void clear_unswitched_state(void)
{
	struct cpuid all;

	write_cr0(read_cr0() & ~CR0_TS);
	if (cpuid(1, 0).ecx & CPUID_1_ECX_XSAVE) {
		write_cr4(read_cr4() | CR4_OSXSAVE);
		all = cpuid(CPUID_XSTATE, 0); /* EDX:EAX: all that XCR0 may have */
		xsetbv(0, (uint64_t)all.edx << 32 | all.eax);
		asm volatile("xrstor64 %0" : : "m"(empty_xsave_area), "a"(all.eax), "d"(all.edx));
		xsetbv(0, XCR0_X87);
	}
	asm volatile("fxrstor64 %0" : : "m"(empty_xsave_area));
	asm volatile("mov %0, %%dr0; mov %0, %%dr1; mov %0, %%dr2; mov %0, %%dr3" : : "r"(0ull));
}

static void reset(struct cpu *cpu, uint16_t selector, uint64_t base, uint16_t ip)
{
	clear_unswitched_state();
	subsystems_cpu_reset(cpu);
	cpu->arch.parked = false;
	cpu->arch.wait_for_sipi = false;
	cpu->arch.last_exception = FAILURE_VECTOR_NONE;
	vendor->reset(cpu, selector, base, ip);
}

static void park(struct cpu *cpu, bool wait_for_sipi)
{
	clear_unswitched_state();
	subsystems_cpu_reset(cpu);
	cpu->arch.parked = true;
	cpu->arch.wait_for_sipi = wait_for_sipi;
	vendor->park(cpu);
}

static void forget_signals(struct cpu *cpu)
{
	__atomic_store_n(&cpu->arch.init_signal, 0, __ATOMIC_SEQ_CST);
	__atomic_store_n(&cpu->arch.sipi_vector, -1, __ATOMIC_SEQ_CST);
	__atomic_store_n(&cpu->arch.nmi_signal, 0, __ATOMIC_SEQ_CST);
}

void arch_cpu_flush(struct cpu *cpu)
{
	cpu->arch.flush = true;
}

void arch_cpu_act(struct cpu *cpu, enum cpu_action action)
{
	uint64_t address = cpu->cell->desc->cpu_reset_address;

	forget_signals(cpu);
	switch (action) {
	case CPU_ACTION_START:
		/* A reset address outside real mode's reach stays in the segment's base, like after
		 * a power-on. */
		reset(cpu, (address >> 4) & 0xf000, address & ~0xffffull, address & 0xffff);
		break;
	case CPU_ACTION_WAIT:
		park(cpu, true);
		break;
	case CPU_ACTION_PARK:
		park(cpu, false);
		break;
	case CPU_ACTION_NONE:
		break;
	}
}

void arch_cpu_signals(struct cpu *cpu)
{
	int vector;

	if (__atomic_exchange_n(&cpu->arch.init_signal, 0, __ATOMIC_SEQ_CST) &&
	    (!cpu->arch.parked || cpu->arch.wait_for_sipi))
		park(cpu, true);
	vector = __atomic_exchange_n(&cpu->arch.sipi_vector, -1, __ATOMIC_SEQ_CST);
	/* A second start-up IPI finds the CPU running and is ignored, as by hardware. */
	if (vector >= 0 && cpu->arch.wait_for_sipi)
		reset(cpu, vector << 8, (uint64_t)vector << 12, 0);
	if (cpu->arch.parked)
		__atomic_store_n(&cpu->arch.nmi_signal, 0, __ATOMIC_SEQ_CST);
	else if (vendor->can_inject(cpu) &&
		 __atomic_exchange_n(&cpu->arch.nmi_signal, 0, __ATOMIC_SEQ_CST))
		vendor->inject_nmi(cpu);
}

void arch_comm_init(struct cell *cell, struct comm_region *comm)
{
	comm->pci_mmconfig_base = system_desc->pci_mmconfig_base;
	comm->pm_timer_address = system_desc->platform.x86.pm_timer_address;
	comm->tsc_khz = system_desc->platform.x86.tsc_khz;
	comm->apic_khz = system_desc->platform.x86.apic_khz;
	for_each_cpu (cpu, cell->cpus)
		comm->num_cpus++;
}
