/* SPDX-License-Identifier: GPL-2.0-only */
/* What a guest sees: its registers, its page tables, the instruction it is at. */
#ifndef GUEST_H
#define GUEST_H

#include "arch/x86/msr.h"
#include "arch/x86/vendor.h"

static inline struct guest_gprs *cpu_gprs(struct cpu *cpu)
{
	return (struct guest_gprs *)((uint8_t *)cpu + CPU_BLOCK_SIZE - sizeof(struct guest_gprs));
}

/* A register by its number in instruction encodings (0..15; FAILURE_RAX and so on). */
static inline uint64_t *gpr_place(struct cpu *cpu, unsigned int number)
{
	return (uint64_t *)cpu_gprs(cpu) + (15 - (number & 15));
}

static inline uint64_t gpr_get(struct cpu *cpu, unsigned int number)
{
	if (number == FAILURE_RSP)
		return vcpu_get(cpu, VCPU_RSP);
	return *gpr_place(cpu, number);
}

static inline void gpr_set(struct cpu *cpu, unsigned int number, uint64_t value)
{
	if (number == FAILURE_RSP)
		vcpu_set(cpu, VCPU_RSP, value);
	else
		*gpr_place(cpu, number) = value;
}

#define INSTRUCTION_MAX 15

static inline bool guest_runs_64bit_code(const struct cpu *cpu)
{
	return (vcpu_get(cpu, VCPU_EFER) & EFER_LMA) && (vcpu_get(cpu, VCPU_CS_ATTRIBUTES) & 0x200);
}

/* By the guest's own tables. */
unsigned int guest_read_code(struct cpu *cpu, uint8_t *bytes);

/* The instruction bytes at the vCPU's RIP, up to INSTRUCTION_MAX: as many as there are. */
static inline unsigned int guest_fetch(struct cpu *cpu, uint8_t *bytes)
{
	unsigned int told = vendor->fetched(cpu, bytes);

	return told ? told : guest_read_code(cpu, bytes);
}

/* Ends what guest_fetch() keeps mapped: second-level tables, or the guest, have changed. */
void guest_forget(struct cpu *cpu);

/*
 * Clears what VMRUN or its like does not load and is no MSR, for another owner of this CPU: FPU,
 * vector, protection-key and debug registers, XCR0. MSRs are a subsystem's, by the tables, and
 * come first: they decide what CPUID says.
 */
void cpu_clear_unswitched(void);

#endif /* GUEST_H */
