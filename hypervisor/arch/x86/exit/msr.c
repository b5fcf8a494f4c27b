// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which model-specific registers a cell may touch. The policy is the table; registers that it does
 * not name are refused to cells and left to root, which runs the platform.
 */
#include <errno.h>

#include "arch/x86/asm.h"
#include "arch/x86/svm.h"
#include "core/pool.h"
#include "core/state.h"
#include "core/subsystem.h"
#include "arch/x86/exit/exit.h"

enum msr_access {
	REFUSE, /* a cell is stopped; root gets #GP */
	PASS,	/* straight to the processor */
	ABSENT, /* #GP, as on a processor without it */
	IGNORE, /* a write that has no effect */
	CALL,	/* handled below */
};

struct msr_rule {
	uint32_t first, last;
	enum msr_access cell_read, cell_write, root_read, root_write;
};

/* In order of their numbers; the first row that holds a number counts. */
static const struct msr_rule rules[] = {
	/* All CPUs' counters run together, and a cell's clock is the one that others compare with.
	 * Root's own CPUs are root's affair. */
	{MSR_TSC, MSR_TSC, PASS, REFUSE, PASS, PASS},
	/* The base is where the hypervisor looks for the APIC: nobody moves or switches it. */
	{MSR_APIC_BASE, MSR_APIC_BASE, PASS, CALL, PASS, CALL},
	/* Speculation control acts on this CPU alone. */
	{MSR_SPEC_CTRL, MSR_PRED_CMD, PASS, PASS, PASS, PASS},
	/* Written by guests before they read it, as the manual wants it: no effect is needed. */
	{MSR_UCODE_REV, MSR_UCODE_REV, PASS, IGNORE, PASS, PASS},
	/* Says how many memory type registers there are; read-only. */
	{MSR_MTRR_CAP, MSR_MTRR_CAP, PASS, REFUSE, PASS, PASS},
	/* Where system calls enter: switched with the guest. */
	{MSR_SYSENTER_CS, MSR_SYSENTER_EIP, PASS, PASS, PASS, PASS},
	/* Memory types of physical addresses concern every cell: set by the firmware, kept. */
	{MSR_MTRR_FIRST, MSR_MTRR_LAST, PASS, IGNORE, PASS, IGNORE},
	/* The guest's page attributes, of which nested paging knows; a cell's act as 0 for as long
	 * as its caching is off. */
	{MSR_PAT, MSR_PAT, CALL, CALL, PASS, PASS},
	/* A cell's enable bit switches its caching on (guest PAT); the real one stays. */
	{MSR_MTRR_DEF_TYPE, MSR_MTRR_DEF_TYPE, CALL, CALL, PASS, IGNORE},
	/* This CPU's own timer. */
	{MSR_TSC_DEADLINE, MSR_TSC_DEADLINE, PASS, PASS, PASS, PASS},
	/* x2APIC registers are not offered: CPUID says so as well. */
	{MSR_X2APIC_FIRST, MSR_X2APIC_LAST, ABSENT, ABSENT, ABSENT, ABSENT},
	/* Which states XSAVES saves: of this CPU alone. */
	{MSR_XSS, MSR_XSS, PASS, PASS, PASS, PASS},
	/* SVME must stay set while the guest runs. */
	{MSR_EFER, MSR_EFER, CALL, CALL, CALL, CALL},
	/* Where system calls enter, segment bases and the CPU's number: switched with the guest, or
	 * used by it alone and cleared between owners. */
	{MSR_STAR, MSR_SFMASK, PASS, PASS, PASS, PASS},
	{MSR_FS_BASE, MSR_TSC_AUX, PASS, PASS, PASS, PASS},
	/* How fast guests' counters run; it would stay when the CPU changes hands. */
	{MSR_TSC_RATIO, MSR_TSC_RATIO, REFUSE, REFUSE, PASS, REFUSE},
	/* Linux sets bits here that the firmware has set already. Others would change what the
	 * memory type registers mean, or encrypt everybody's memory. */
	{MSR_SYSCFG, MSR_SYSCFG, REFUSE, REFUSE, PASS, IGNORE},
	/* What is memory and what is a device, and where the configuration space of PCI lies: of
	 * the whole machine, below all page tables. */
	{MSR_IORR_FIRST, MSR_TOP_MEM, REFUSE, REFUSE, PASS, REFUSE},
	{MSR_TOP_MEM2, MSR_TOP_MEM2, REFUSE, REFUSE, PASS, REFUSE},
	{MSR_MMIO_CFG_BASE, MSR_MMIO_CFG_BASE, REFUSE, REFUSE, PASS, REFUSE},
	/* What a performance state is, for CPUs that others have as well. */
	{MSR_PSTATE_FIRST, MSR_PSTATE_LAST, REFUSE, REFUSE, PASS, REFUSE},
	/* System management memory is above every hypervisor. */
	{MSR_SMM_BASE, MSR_SMM_MASK, REFUSE, REFUSE, PASS, REFUSE},
	/* Guests read that SVM is off, and nobody changes whether it is. */
	{MSR_VM_CR, MSR_VM_CR, CALL, REFUSE, CALL, REFUSE},
	/* Answers x87 errors in the place of a pin: nobody uses that any more. */
	{MSR_IGNNE, MSR_IGNNE, REFUSE, REFUSE, PASS, REFUSE},
	/* Enters that mode by hand, where the firmware has left it open; NMIs then wait. */
	{MSR_SMM_CTL, MSR_SMM_CTL, REFUSE, REFUSE, REFUSE, REFUSE},
	/* The processor saves the hypervisor's state there. */
	{MSR_VM_HSAVE_PA, MSR_VM_HSAVE_PA, REFUSE, REFUSE, REFUSE, REFUSE},
};

static enum msr_access access_of(const struct cell *cell, uint32_t msr, bool write)
{
	bool root = cell == &root_cell;
	unsigned int n;

	for (n = 0; n < sizeof(rules) / sizeof(rules[0]); n++) {
		if (msr < rules[n].first || msr > rules[n].last)
			continue;
		if (root)
			return write ? rules[n].root_write : rules[n].root_read;
		return write ? rules[n].cell_write : rules[n].cell_read;
	}
	return root ? PASS : REFUSE;
}

/* Ranges that the permission map covers (APM vol. 2, 15.11); others always exit. */
static const uint32_t map_ranges[] = {0, 0xc0000000, 0xc0010000};
#define MAP_RANGE_MSRS 0x2000u

static int msr_cell_create(struct cell *cell)
{
	unsigned int range, n, bit;
	uint8_t *map = pool_alloc(MSR_BITMAP_PAGES);
	uint32_t msr;

	if (!map)
		return -ENOMEM;
	for (range = 0; range < sizeof(map_ranges) / sizeof(map_ranges[0]); range++) {
		for (n = 0; n < MAP_RANGE_MSRS; n++) {
			msr = map_ranges[range] + n;
			bit = (range * MAP_RANGE_MSRS + n) * 2;
			if (access_of(cell, msr, false) != PASS)
				map[bit / 8] |= 1u << (bit % 8);
			if (access_of(cell, msr, true) != PASS)
				map[bit / 8] |= 2u << (bit % 8);
		}
	}
	cell->arch.msr_bitmap = map;
	return 0;
}

static void msr_cell_destroy(struct cell *cell)
{
	pool_free(cell->arch.msr_bitmap, MSR_BITMAP_PAGES);
	cell->arch.msr_bitmap = NULL;
}

/* Until a cell has switched its MTRRs on, all of its memory is uncached, as after a reset. */
static void update_caching(struct cpu *cpu)
{
	vendor->set_pat(cpu,
			(cpu->arch.mtrr_def_type & MTRR_DEF_TYPE_ENABLE) ? cpu->arch.guest_pat : 0);
}

static bool has_tsc_aux(void)
{
	uint32_t eax, ebx, ecx, edx;

	cpuid(0x80000001, 0, &eax, &ebx, &ecx, &edx);
	return edx & CPUID_8000_0001_EDX_RDTSCP;
}

static void msr_cpu_reset(struct cpu *cpu)
{
	cpu->arch.guest_pat = PAT_RESET;
	cpu->arch.mtrr_def_type = 0;
	/* The root cell lives with the real MTRRs, which are on. */
	if (cpu->cell == &root_cell)
		vendor->set_pat(cpu, cpu->arch.guest_pat);
	else
		update_caching(cpu);
	if (has_tsc_aux())
		wrmsr(MSR_TSC_AUX, 0);
}

static enum verdict write_efer(struct cpu *cpu, const struct vcpu_state *state, uint64_t value)
{
	uint64_t allowed = EFER_SCE | EFER_LME | EFER_LMA | EFER_NXE | EFER_FFXSR;

	/* Linux brings a CPU back with what it had, newer bits included. */
	if (cpu->cell == &root_cell)
		allowed |= EFER_SVME | cpu->arch.linux_efer;
	if (value & ~allowed)
		return VERDICT_GP;
	/* LMA is the processor's; LME cannot change under paging (APM vol. 2, 14.6.1). */
	if ((state->cr0 & CR0_PG) && ((value ^ state->efer) & EFER_LME))
		return VERDICT_GP;
	vendor->set_efer(cpu, (value & ~(EFER_LMA | EFER_SVME)) | (state->efer & EFER_LMA));
	return VERDICT_HANDLED;
}

/* APM vol. 2, 7.8.1: types 2 and 3 and all from 8 on are reserved. */
static bool pat_valid(uint64_t pat)
{
	unsigned int n, type;

	for (n = 0; n < 8; n++) {
		type = (pat >> (8 * n)) & 0xff;
		if (type > 7 || type == 2 || type == 3)
			return false;
	}
	return true;
}

static enum verdict write_call(struct cpu *cpu, uint32_t msr, uint64_t value)
{
	struct vcpu_state state;

	vendor->get_state(cpu, &state);
	switch (msr) {
	case MSR_EFER:
		return write_efer(cpu, &state, value);
	case MSR_APIC_BASE:
		if (value == rdmsr(MSR_APIC_BASE))
			return VERDICT_HANDLED;
		return fault(cpu, FAILURE_MSR_WRITE, msr, value, 8);
	case MSR_PAT:
		if (!pat_valid(value))
			return VERDICT_GP;
		cpu->arch.guest_pat = value;
		break;
	case MSR_MTRR_DEF_TYPE:
		cpu->arch.mtrr_def_type = value;
		break;
	default:
		return VERDICT_GP;
	}
	update_caching(cpu);
	return VERDICT_HANDLED;
}

static enum verdict read_call(struct cpu *cpu, uint32_t msr, uint64_t *ret_value)
{
	struct vcpu_state state;

	vendor->get_state(cpu, &state);
	switch (msr) {
	case MSR_EFER:
		/* Root's KVM reads it as "virtualization in use" and declines, which is the truth.
		 */
		*ret_value = state.efer | (cpu->cell == &root_cell ? EFER_SVME : 0);
		return VERDICT_HANDLED;
	case MSR_VM_CR:
		*ret_value = VM_CR_SVMDIS;
		return VERDICT_HANDLED;
	case MSR_PAT:
		*ret_value = cpu->arch.guest_pat;
		return VERDICT_HANDLED;
	case MSR_MTRR_DEF_TYPE:
		*ret_value = cpu->arch.mtrr_def_type;
		return VERDICT_HANDLED;
	default:
		return VERDICT_GP;
	}
}

/*
 * Outside the ranges of the permission map there is nothing that root needs; the processor may have
 * a register there, but reading it here would fault in the hypervisor where it has not.
 */
static bool in_map(uint32_t msr)
{
	unsigned int n;

	for (n = 0; n < sizeof(map_ranges) / sizeof(map_ranges[0]); n++)
		if (msr - map_ranges[n] < MAP_RANGE_MSRS)
			return true;
	return false;
}

enum verdict exit_msr(struct cpu *cpu, bool write)
{
	struct guest_gprs *gprs = cpu_gprs(cpu);
	uint32_t msr = gprs->rcx;
	uint64_t value = (uint32_t)gprs->rax | gprs->rdx << 32;
	enum msr_access access = access_of(cpu->cell, msr, write);
	enum verdict verdict = VERDICT_HANDLED;

	switch (access) {
	case IGNORE:
		break;
	case CALL:
		verdict = write ? write_call(cpu, msr, value) : read_call(cpu, msr, &value);
		break;
	case REFUSE:
		return fault(cpu, write ? FAILURE_MSR_WRITE : FAILURE_MSR_READ, msr,
			     write ? value : 0, 8);
	case ABSENT:
		return VERDICT_GP;
	case PASS:
		/* Only what lies outside the map comes here. */
		if (!in_map(msr))
			return VERDICT_GP;
		return fault(cpu, FAILURE_UNHANDLED_EXIT, msr, 0, 0);
	}
	if (verdict != VERDICT_HANDLED)
		return verdict;
	if (!write) {
		gprs->rax = (uint32_t)value;
		gprs->rdx = value >> 32;
	}
	vendor->advance(cpu, 2);
	return VERDICT_HANDLED;
}

SUBSYSTEM(20, msr_subsystem) = {
	.name = "MSRs",
	.cell_create = msr_cell_create,
	.cell_destroy = msr_cell_destroy,
	.cpu_reset = msr_cpu_reset,
};
