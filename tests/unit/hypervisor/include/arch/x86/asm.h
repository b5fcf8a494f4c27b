/* SPDX-License-Identifier: GPL-2.0-only */
/* Stands before the product's own: its numbers are taken, privileged instructions are not. */
#ifndef FAKE_ASM_H
#define FAKE_ASM_H

#define rdmsr		     real_rdmsr
#define wrmsr		     real_wrmsr
#define cpuid(leaf, subleaf) real_cpuid(leaf, subleaf)
#define port_in		     real_port_in
#define port_out	     real_port_out
#include_next "arch/x86/asm.h"
#undef rdmsr
#undef wrmsr
#undef cpuid
#undef port_in
#undef port_out

uint64_t rdmsr(uint32_t msr);
void wrmsr(uint32_t msr, uint64_t value);
struct cpuid cpuid(uint32_t leaf, uint32_t subleaf);
uint32_t port_in(uint16_t port, unsigned int width);
void port_out(uint16_t port, unsigned int width, uint32_t value);

#endif /* FAKE_ASM_H */
