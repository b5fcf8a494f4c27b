// SPDX-License-Identifier: GPL-2.0-only
#include "arch/x86/logic/apic_rights.h"

#include "arch/x86/msr.h"

#define FIELD(offset) [APIC_##offset / 16]
#define PLAIN	      (APIC_WRITE | APIC_PLAIN)
#define LVT_LINT      (APIC_LVT_BITS | 7u << 13)
#define LVT_TIMER     0x710ffu

/* APM vol. 2, 16.11.1. */
const uint64_t apic_register_rights[APIC_REGISTERS] = {
	FIELD(ID) = APIC_READ,
	FIELD(VERSION) = APIC_READ,
	FIELD(TPR) = APIC_READ | PLAIN | 0xff,
	FIELD(PPR) = APIC_READ,
	FIELD(EOI) = PLAIN,
	FIELD(LDR) = APIC_READ,
	FIELD(SVR) = APIC_READ | PLAIN | 0x3ff,
	[APIC_ISR / 16 ... APIC_IRR / 16 + 7] = APIC_READ, /* TMR is between them */
	FIELD(ESR) = APIC_READ | PLAIN,
	FIELD(LVT_CMCI) = APIC_READ | APIC_WRITE | APIC_LVT_BITS,
	FIELD(ICR_LOW) = APIC_READ | APIC_WRITE,
	FIELD(LVT_TIMER) = APIC_READ | PLAIN | LVT_TIMER,
	FIELD(LVT_THERMAL) = APIC_READ | APIC_WRITE | APIC_LVT_BITS,
	FIELD(LVT_PERF) = APIC_READ | APIC_WRITE | APIC_LVT_BITS,
	FIELD(LVT_LINT0) = APIC_READ | APIC_WRITE | LVT_LINT,
	FIELD(LVT_LINT1) = APIC_READ | APIC_WRITE | LVT_LINT,
	FIELD(LVT_ERROR) = APIC_READ | APIC_WRITE | APIC_LVT_BITS,
	FIELD(TIMER_INITIAL) = APIC_READ | PLAIN | 0xffffffff,
	FIELD(TIMER_COUNT) = APIC_READ,
	FIELD(TIMER_DIVIDE) = APIC_READ | PLAIN | 0xb,
	FIELD(SELF_IPI) = APIC_WRITE | 0xff,
};

bool apic_x2;

bool apic_msr_passes(bool root, uint32_t msr, bool write)
{
	unsigned int offset = (msr - MSR_X2APIC_FIRST) * 16;

	if (!apic_x2 || msr < MSR_X2APIC_FIRST || msr > MSR_X2APIC_LAST)
		return false;
	/* What CPUs of a cell sent last is known here; the hardware knows the last kick. */
	if (!write && offset != APIC_ICR_LOW)
		return (apic_rights(offset) & APIC_READ) ||
		       (root && offset >= APIC_EXTENDED_FEATURE);
	/* Not the timer's vector: emulators at least let it have any mode. */
	return write && offset != APIC_LVT_TIMER &&
	       ((apic_rights(offset) & APIC_PLAIN) || offset == APIC_SELF_IPI);
}
