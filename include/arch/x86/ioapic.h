/* SPDX-License-Identifier: BSD-2-Clause */
/* The IO-APIC (Intel 82093AA data sheet, chapter 3; later ones: 8-series PCH data sheet, 13.5). */
#ifndef ARCH_X86_IOAPIC_H
#define ARCH_X86_IOAPIC_H

#include "u64.h"

/* In its page: a window to one register of 32 bits, and which one; vectors to end in later ones. */
#define IOAPIC_INDEX  0x00
#define IOAPIC_WINDOW 0x10
#define IOAPIC_EOI    0x40

#define IOAPIC_ID      0x00
#define IOAPIC_VERSION 0x01
#define IOAPIC_ENTRY   0x10 /* two registers for each pin, the lower half first */

#define IOAPIC_MAX_PINS		240
#define IOAPIC_PINS(version)	(((version) >> 16 & 0xff) + 1)
#define IOAPIC_HAS_EOI(version) (((version)&0xff) >= 0x20)
#define IOAPIC_NOT_THERE	0xffffffffu

/* An entry: vector and delivery mode are where an APIC's command has them. */
#define IOAPIC_LOGICAL	  (U64(1) << 11)
#define IOAPIC_SENDING	  (U64(1) << 12) /* read-only */
#define IOAPIC_LOW_ACTIVE (U64(1) << 13)
#define IOAPIC_REMOTE_IRR (U64(1) << 14) /* read-only: a level interrupt is being served */
#define IOAPIC_LEVEL	  (U64(1) << 15)
#define IOAPIC_MASKED	  (U64(1) << 16)
#define IOAPIC_TO(id)	  ((uint64_t)(id) << 56)

#endif /* ARCH_X86_IOAPIC_H */
