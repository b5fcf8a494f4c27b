/* SPDX-License-Identifier: GPL-2.0-only */
/* What guests may do with their APICs' registers by MSR. Pure logic. */
#ifndef APIC_RIGHTS_H
#define APIC_RIGHTS_H

#include <stdbool.h>
#include <stdint.h>

#include "arch/x86/apic.h"

/* The machine's APICs are in x2APIC mode. */
extern bool apic_x2;

/* Rights to a register by its MSR; below, the bits that may be set. Plain: written as it is. */
#define APIC_WRITE (U64(1) << 32)
#define APIC_READ  (U64(1) << 33)
#define APIC_PLAIN (U64(1) << 34)

extern const uint64_t apic_register_rights[APIC_REGISTERS];

static inline uint64_t apic_rights(unsigned int offset)
{
	return offset / 16 < APIC_REGISTERS ? apic_register_rights[offset / 16] : 0;
}

/* Of a local vector: number, mode, state, mask. */
#define APIC_LVT_BITS 0x117ffu

/* Whether the processor itself carries an access out. */
bool apic_msr_passes(bool root, uint32_t msr, bool write);

#endif /* APIC_RIGHTS_H */
