/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Registers of the calling CPU's local APIC, which are in memory or model-specific registers,
 * whichever mode the firmware or Linux chose for all of them (APM vol. 2, 16.3 and 16.11).
 */
#ifndef APIC_REGS_H
#define APIC_REGS_H

#include <stdbool.h>
#include <stdint.h>

#include "arch/x86/apic.h"
#include "arch/x86/logic/apic_rights.h"
#include "arch/x86/setup/mapping.h"

/* Finds that out; negative errno where no APIC can be reached. */
int apic_regs_init(void);

/* Whether the local vector is there, of those that not all APICs have. */
bool apic_has(unsigned int offset);

/* The same by MSR: 0 and no effect without such a register; only bits that it has are written. */
uint32_t apic_get_msr(unsigned int offset);
void apic_set_msr(unsigned int offset, uint32_t value);

static inline uint32_t apic_get(unsigned int offset)
{
	if (__builtin_expect(apic_x2, 0))
		return apic_get_msr(offset);
	return *(volatile uint32_t *)(APIC_VIRT + offset);
}

static inline void apic_set(unsigned int offset, uint32_t value)
{
	if (__builtin_expect(apic_x2, 0))
		apic_set_msr(offset, value);
	else
		*(volatile uint32_t *)(APIC_VIRT + offset) = value;
}

/* An interrupt to the CPU with this id. */
void apic_command(uint32_t id, uint32_t command);

#endif /* APIC_REGS_H */
