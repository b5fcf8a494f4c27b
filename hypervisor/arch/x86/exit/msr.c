// SPDX-License-Identifier: GPL-2.0-only
/* Accesses to MSRs that do not pass by the policy (logic/msr_policy.inc), or need a hand. */
#include <errno.h>

#include "arch/x86/asm.h"
#include "arch/x86/logic/msr_policy.h"
#include "core/page_pool.h"
#include "core/subsystem.h"
#include "arch/x86/irq/apic.h"

/* Bits of EFER that say only which instructions there are, and what page tables forbid. */
#define EFER_AT_WILL (EFER_SCE | EFER_NXE | EFER_FFXSR)

/*
 * Root's, and that of all cells, which have the same rights: who makes one does not wait for some
 * thousand registers.
 */
static uint8_t *root_map, *cells_map;

static int msr_init(void)
{
	msr_policy_init(vendor->msr_rules);
	root_map = page_pool_alloc(vendor->msr_map_pages);
	cells_map = page_pool_alloc(vendor->msr_map_pages);
	if (!root_map || !cells_map)
		return -ENOMEM;
	vendor->fill_msr_map(root_map, true);
	vendor->fill_msr_map(cells_map, false);
	return 0;
}

static int msr_cell_create(struct cell *cell)
{
	cell->arch.msr_map = cell == &root_cell ? root_map : cells_map;
	return 0;
}

/*
 * Until a cell has switched its MTRRs on, all of its memory is uncached, as after a reset. The root
 * cell lives with the real ones, which are on.
 */
static void update_caching(struct cpu *cpu)
{
	bool enabled = cpu->cell == &root_cell || (cpu->arch.mtrr_def_type & MTRR_DEF_TYPE_ENABLE);

	vcpu_set(cpu, VCPU_PAT, enabled ? cpu->arch.guest_pat : 0);
}

static void msr_cpu_reset(struct cpu *cpu)
{
	cpu->arch.guest_pat = PAT_RESET;
	cpu->arch.mtrr_def_type = 0;
	cpu->arch.msr_refused.reason = FAILURE_NONE;
	update_caching(cpu);
}

/* Not inlined, as the functions that follow: the plain write of EFER shall need no stack. */
static enum verdict __attribute__((noinline)) change_mode(struct cpu *cpu, uint64_t value)
{
	uint64_t efer = vcpu_get(cpu, VCPU_EFER);
	uint64_t allowed = EFER_AT_WILL | EFER_LME | EFER_LMA;

	/* Linux brings a CPU back with what it had, newer bits included. */
	if (cpu->cell == &root_cell)
		allowed |= vendor->efer | cpu->arch.linux_state.efer;
	if (value & ~allowed)
		return VERDICT_GP;
	/* LMA is the processor's; LME cannot change under paging (APM vol. 2, 14.6.1). */
	if ((vcpu_get(cpu, VCPU_CR0) & CR0_PG) && ((value ^ efer) & EFER_LME))
		return VERDICT_GP;
	vcpu_set(cpu, VCPU_EFER, (value & ~EFER_LMA) | (efer & EFER_LMA) | vendor->efer);
	return VERDICT_NEXT;
}

static enum verdict __attribute__((noinline)) write_efer(struct cpu *cpu, uint64_t value)
{
	uint64_t *efer = vcpu_place(cpu, VCPU_EFER), kept = vendor->efer;
	/* Root may write the vendor's bits, which stay set; a cell has to leave them clear. */
	uint64_t wanted = cpu->cell == &root_cell ? value | kept : value ^ kept;

	if (unlikely((wanted ^ *efer) & ~EFER_AT_WILL))
		return change_mode(cpu, value);
	*efer = wanted;
	return VERDICT_NEXT;
}

/* APM vol. 2, 7.8.1: types 2 and 3 (bit 1 without bit 2) and all from 8 on are reserved. */
static bool pat_valid(uint64_t pat)
{
	return !(pat & 0xf8f8f8f8f8f8f8f8) && !(pat & ~(pat >> 1) & 0x0202020202020202);
}

/* A cell's first CPU is the one that it boots with, whichever the machine booted with. */
static uint64_t apic_base(const struct cpu *cpu)
{
	uint64_t base = rdmsr(MSR_APIC_BASE);

	if (cpu->cell == &root_cell)
		return base;
	base &= ~APIC_BASE_BSP;
	return cpu_next(&cpu->cell->cpus, 0) == cpu ? base | APIC_BASE_BSP : base;
}

static enum verdict write_call(struct cpu *cpu, uint32_t msr, uint64_t value)
{
	switch (msr) {
	case MSR_APIC_BASE:
		if (value == apic_base(cpu))
			return VERDICT_NEXT;
		return exit_fault(cpu, FAILURE_MSR_WRITE, msr, value, 8);
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
	return VERDICT_NEXT;
}

static enum verdict read_call(struct cpu *cpu, uint32_t msr, uint64_t *ret_value)
{
	const struct msr_constant *constant = vendor->msr_constants;

	switch (msr) {
	case MSR_EFER:
		*ret_value = vcpu_get(cpu, VCPU_EFER) & ~vendor->efer;
		break;
	case MSR_APIC_BASE:
		*ret_value = apic_base(cpu);
		break;
	case MSR_PAT:
		*ret_value = cpu->arch.guest_pat;
		break;
	case MSR_MTRR_DEF_TYPE:
		*ret_value = cpu->arch.mtrr_def_type;
		break;
	default:
		while (constant->msr && constant->msr != msr)
			constant++;
		*ret_value = constant->value;
		return constant->msr ? VERDICT_NEXT : VERDICT_GP;
	}
	return VERDICT_NEXT;
}

static enum verdict access(struct cpu *cpu, uint32_t msr, bool write, uint64_t *value)
{
	switch (msr_policy(cpu->cell == &root_cell, msr, write)) {
	case MSR_IGNORE:
		return VERDICT_NEXT;
	case MSR_CALL:
		return write ? write_call(cpu, msr, *value) : read_call(cpu, msr, value);
	case MSR_NATIVE:
		return (write ? msr_try_write(msr, *value) : msr_try_read(msr, value))
			       ? VERDICT_NEXT
			       : VERDICT_GP;
	case MSR_REFUSE:
		return exit_fault(cpu, write ? FAILURE_MSR_WRITE : FAILURE_MSR_READ, msr,
				  write ? *value : 0, 8);
	case MSR_ABSENT:
	case MSR_PASS: /* only what lies outside the map comes here; what there is has its row */
		break;
	}
	return VERDICT_GP;
}

/* For the record, if nobody handles that. */
static void __attribute__((cold)) note_refused(struct cpu *cpu, bool write)
{
	const struct guest_gprs *gprs = cpu_gprs(cpu);

	cpu->arch.msr_refused.number = gprs->rcx;
	cpu->arch.msr_refused.value = write ? (uint32_t)gprs->rax | gprs->rdx << 32 : 0;
	cpu->arch.msr_refused.reason = write ? FAILURE_MSR_WRITE : FAILURE_MSR_READ;
	cpu->arch.msr_refused.rip = vcpu_get(cpu, VCPU_RIP);
}

static enum verdict __attribute__((noinline)) exit_apic(struct cpu *cpu, bool write)
{
	enum verdict verdict = apic_msr_exit(cpu, cpu_gprs(cpu)->rcx, write);

	if (unlikely(verdict == VERDICT_GP))
		note_refused(cpu, write);
	return verdict;
}

static enum verdict __attribute__((noinline)) exit_other(struct cpu *cpu, bool write)
{
	struct guest_gprs *gprs = cpu_gprs(cpu);
	uint32_t msr = gprs->rcx;
	uint64_t value = (uint32_t)gprs->rax | gprs->rdx << 32;
	enum verdict verdict = access(cpu, msr, write, &value);

	if (verdict == VERDICT_GP) {
		note_refused(cpu, write);
	} else if (verdict == VERDICT_NEXT && !write) {
		gprs->rax = (uint32_t)value;
		gprs->rdx = value >> 32;
	}
	return verdict;
}

enum verdict exit_msr(struct cpu *cpu, bool write)
{
	const struct guest_gprs *gprs = cpu_gprs(cpu);

	/* What operating systems write at run time. */
	if (likely(write && (uint32_t)gprs->rcx == MSR_EFER))
		return write_efer(cpu, (uint32_t)gprs->rax | gprs->rdx << 32);
	if ((uint32_t)gprs->rcx - MSR_X2APIC_FIRST <= MSR_X2APIC_LAST - MSR_X2APIC_FIRST)
		return exit_apic(cpu, write);
	return exit_other(cpu, write);
}

SUBSYSTEM(20, msr_subsystem) = {
	.name = "MSRs",
	.init = msr_init,
	.cell_create = msr_cell_create,
	.cpu_reset = msr_cpu_reset,
};
