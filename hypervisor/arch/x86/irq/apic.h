/* SPDX-License-Identifier: GPL-2.0-only */
/* Local APIC in xAPIC mode: reads go to the hardware, each write passes here (APM vol. 2, chapter
 * 16). */
#ifndef APIC_H
#define APIC_H

#include "arch/x86/apic.h"
#include "arch/x86/exit/exit.h"

/* A register of the calling CPU's APIC, as the guest reads it. */
uint32_t apic_read(unsigned int offset);

/* A 32-bit write of the guest to the register at this offset. */
enum verdict apic_write(struct cpu *cpu, unsigned int offset, uint32_t value);

/* Ends the service of an interrupt by hand; false: this vector is not in service. */
bool apic_end_interrupt(unsigned int vector);

/* NMIs that were taken in the hypervisor (PENDING_NMI_TAKEN): a kick, if one is on its way, else
 * the guest's. */
void apic_account_nmi(struct cpu *cpu);

#endif /* APIC_H */
