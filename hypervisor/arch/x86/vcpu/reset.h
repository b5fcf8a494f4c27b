/* SPDX-License-Identifier: GPL-2.0-only */
/* What of a CPU's registers an owner leaves behind, and what the next one finds. */
#ifndef RESET_H
#define RESET_H

#include <stdbool.h>
#include <stdint.h>

enum cpuid_register { CPUID_EAX, CPUID_EBX, CPUID_ECX, CPUID_EDX };

#define MSRS(from, to) .first = (from), .last = (to)
#define WHERE(the_leaf, the_register, the_bits) \
	.leaf = (the_leaf), .reg = CPUID_##the_register, .bits = (the_bits)

/* A range of MSRs that are not switched with the guest. */
struct msr_reset {
	uint32_t first, last;
	/* They are what they were when the hypervisor came, where they could be read then. */
	bool as_at_launch;
	uint64_t value;
	/* Computes the value; NULL: it is given. */
	uint64_t (*make)(void);
	/* The processor has them where one of these bits is set; 0: whatever it says. */
	uint32_t leaf, subleaf, bits;
	enum cpuid_register reg;
};

/*
 * Clears what VMRUN or its like does not load and is no MSR, for another owner of this CPU: FPU,
 * vector, protection-key and debug registers, XCR0. MSRs are a subsystem's, by the tables, and
 * come first: they decide what CPUID says.
 */
void cpu_clear_unswitched(void);

#endif /* RESET_H */
