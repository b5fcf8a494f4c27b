/* SPDX-License-Identifier: GPL-2.0-only */
/* Messages of devices, as addresses have them (Intel SDM vol. 3, 11.11). */
#ifndef MESSAGE_H
#define MESSAGE_H

#include "arch/x86/irq/apic.h"

#define MESSAGE_BASE		     0xfee00000ull
#define MESSAGE_LOGICAL		     (1u << 2)
#define MESSAGE_ID_SHIFT	     12
#define MESSAGE_DESTINATION(address) ((address) >> MESSAGE_ID_SHIFT & 0xff)

/* amd_remap.c: AMD's IOMMU, if there is one that is on; whether it remaps what a device sends. */
bool amd_remap_is_there(void);
bool amd_remaps(uint16_t bdf);
/*
 * Makes what a device says, which is data in the command and a destination, what becomes of it.
 * False: nothing.
 */
#define AMD_REMAP_DATA 0x7ffu /* of the data, that alone counts */
bool amd_remap(uint16_t bdf, struct ipi *ipi);

/*
 * Whether such a message, sent by a device of root's, interrupts none of these CPUs, which are
 * cells', in whatever way. Where root has it remapped: by what its table says now.
 */
bool message_spares(const struct cpu_set *cpus, uint16_t bdf, uint64_t address, uint32_t data);

#endif /* MESSAGE_H */
