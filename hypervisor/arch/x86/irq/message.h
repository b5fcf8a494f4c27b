/* SPDX-License-Identifier: GPL-2.0-only */
/* Messages of devices, as addresses have them (Intel SDM vol. 3, 11.11). */
#ifndef MESSAGE_H
#define MESSAGE_H

#include "arch/x86/irq/apic.h"

#define MESSAGE_BASE		     0xfee00000ull
#define MESSAGE_LOGICAL		     (1u << 2)
#define MESSAGE_ID_SHIFT	     12
#define MESSAGE_DESTINATION(address) ((address) >> MESSAGE_ID_SHIFT & 0xff)

/*
 * Whether such a message, sent by hardware of root's, interrupts none of these CPUs, which are
 * cells', in whatever way. Where root has it remapped: by what its table says now.
 */
bool message_spares(uint64_t cpus, uint64_t address, uint32_t data);

#endif /* MESSAGE_H */
