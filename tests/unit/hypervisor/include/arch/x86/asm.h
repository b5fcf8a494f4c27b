/* SPDX-License-Identifier: GPL-2.0-only */
/* Stands before the product's own: its numbers are taken, privileged instructions are not. */
#ifndef FAKE_ASM_H
#define FAKE_ASM_H

#define rdmsr real_rdmsr
#define wrmsr real_wrmsr
#include_next "arch/x86/asm.h"
#undef rdmsr
#undef wrmsr

uint64_t rdmsr(uint32_t msr);
void wrmsr(uint32_t msr, uint64_t value);

#endif /* FAKE_ASM_H */
