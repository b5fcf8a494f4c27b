/* SPDX-License-Identifier: GPL-2.0-only */
/* Stands before the product's own: its numbers are taken, privileged instructions are not. */
#ifndef FAKE_ASM_H
#define FAKE_ASM_H

#define rdmsr		     real_rdmsr
#define wrmsr		     real_wrmsr
#define cpuid(leaf, subleaf) real_cpuid(leaf, subleaf)
#include_next "arch/x86/asm.h"
#undef rdmsr
#undef wrmsr
#undef cpuid

uint64_t rdmsr(uint32_t msr);
void wrmsr(uint32_t msr, uint64_t value);
struct cpuid cpuid(uint32_t leaf, uint32_t subleaf);

#endif /* FAKE_ASM_H */
