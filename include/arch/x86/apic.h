/* SPDX-License-Identifier: BSD-2-Clause */
/* The local APIC (APM vol. 2, chapter 16). */
#ifndef ARCH_X86_APIC_H
#define ARCH_X86_APIC_H

#include "u64.h"

/* Where its page of registers is, unless somebody moves it. */
#define APIC_PHYS U64(0xfee00000)

#define APIC_ID		      0x020
#define APIC_VERSION	      0x030
#define APIC_TPR	      0x080
#define APIC_PPR	      0x0a0
#define APIC_EOI	      0x0b0
#define APIC_LDR	      0x0d0
#define APIC_DFR	      0x0e0
#define APIC_SVR	      0x0f0
#define APIC_ISR	      0x100 /* eight registers, 16 bytes apart; IRR as well */
#define APIC_IRR	      0x200
#define APIC_ESR	      0x280
#define APIC_LVT_CMCI	      0x2f0
#define APIC_ICR_LOW	      0x300
#define APIC_ICR_HIGH	      0x310
#define APIC_LVT_TIMER	      0x320
#define APIC_LVT_THERMAL      0x330
#define APIC_LVT_PERF	      0x340
#define APIC_LVT_LINT0	      0x350
#define APIC_LVT_LINT1	      0x360
#define APIC_LVT_ERROR	      0x370
#define APIC_TIMER_INITIAL    0x380
#define APIC_TIMER_COUNT      0x390
#define APIC_TIMER_DIVIDE     0x3e0
#define APIC_SELF_IPI	      0x3f0 /* in x2APIC mode only */
#define APIC_EXTENDED_FEATURE 0x400 /* AMD's, from here on (16.7) */
#define APIC_EXTENDED_LVT     0x500

/* In x2APIC mode the register at an offset is an MSR; the ICR is one of 64 bits (16.11.1). */
#define APIC_REGISTERS	   64
#define MSR_X2APIC(offset) (0x800 + (offset) / 16)

#define VERSION_EXTENDED (U64(1) << 31) /* there is an extended register space */
#define SVR_ENABLE	 (U64(1) << 8)
#define DFR_FLAT	 0xf

/* How a command or a local interrupt is delivered: in the ICR and, from ICR_MODE() to ICR_EXTINT,
 * in each entry of the local vector table. */
#define ICR_MODE(value)	     ((value) & (7 << 8))
#define ICR_FIXED	     (0 << 8)
#define ICR_LOWEST	     (1 << 8)
#define ICR_SMI		     (2 << 8)
#define ICR_RESERVED	     (3 << 8)
#define ICR_NMI		     (4 << 8)
#define ICR_INIT	     (5 << 8)
#define ICR_STARTUP	     (6 << 8)
#define ICR_EXTINT	     (7 << 8)
#define ICR_LOGICAL	     (1 << 11)
#define ICR_PENDING	     (1 << 12)
#define ICR_ASSERT	     (1 << 14)
#define ICR_LEVEL	     (1 << 15)
#define ICR_X2_RESERVED	     (0xfffu << 20 | 3u << 16 | 1u << 13)
#define ICR_SHORTHAND(value) ((value) & (3 << 18))
#define ICR_TO_SELF	     (1 << 18)
#define ICR_TO_ALL	     (2 << 18)
#define ICR_TO_OTHERS	     (3 << 18)

#define TIMER_DIVIDE_16 3

#define LVT_MASKED	   (1 << 16)
#define LVT_TIMER_PERIODIC (1 << 17)
#define LVT_TIMER_DEADLINE (2 << 17)

#endif /* ARCH_X86_APIC_H */
