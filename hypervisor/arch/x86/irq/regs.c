// SPDX-License-Identifier: GPL-2.0-only
#include "arch/x86/irq/apic.h"

#include <errno.h>

#include "arch/x86/asm.h"
#include "core/console.h"

#define ICR_PATIENCE 1000000

int apic_regs_init(void)
{
	uint64_t base = rdmsr(MSR_APIC_BASE);

	if (!(base & APIC_BASE_ENABLE) || (base & 0x000ffffffffff000ull) != APIC_PHYS) {
		console_printf("the local APIC is off or moved: APIC_BASE 0x%lx\n", base);
		return -EOPNOTSUPP;
	}
	apic_x2 = base & APIC_BASE_X2APIC;
	return 0;
}

bool apic_has(unsigned int offset)
{
	/* Of error thresholds, sampling and the like (APM vol. 2, 16.7). */
	if (offset >= APIC_EXTENDED_LVT)
		return (apic_get(APIC_VERSION) & VERSION_EXTENDED) &&
		       (offset - APIC_EXTENDED_LVT) / 0x10 <
			       (apic_get(APIC_EXTENDED_FEATURE) >> 16 & 0xff);
	/* The highest local vector: from 5 on there is a thermal one, from 6 on CMCI. */
	if (offset == APIC_LVT_THERMAL || offset == APIC_LVT_CMCI)
		return ((apic_get(APIC_VERSION) >> 16) & 0xff) >= (offset == APIC_LVT_CMCI ? 6 : 5);
	return true;
}

static bool in_x2apic(unsigned int offset, uint64_t right)
{
	return (apic_rights(offset) & right) || offset >= APIC_EXTENDED_FEATURE;
}

uint32_t apic_get_msr(unsigned int offset)
{
	uint64_t value = 0;

	if (in_x2apic(offset, APIC_READ))
		msr_try_read(MSR_X2APIC(offset), &value);
	return value;
}

void apic_set_msr(unsigned int offset, uint32_t value)
{
	if (in_x2apic(offset, APIC_WRITE))
		msr_try_write(MSR_X2APIC(offset), value & (offset < APIC_EXTENDED_FEATURE
								   ? (uint32_t)apic_rights(offset)
								   : APIC_LVT_BITS));
}

void apic_command(uint32_t id, uint32_t command)
{
	if (apic_x2) {
		apic_command_x2(id, command);
		return;
	}
	/* Without an acknowledgement after so long there will be none. */
	for (unsigned int n = 0; n < ICR_PATIENCE && (apic_get(APIC_ICR_LOW) & ICR_PENDING); n++)
		arch_cpu_relax();
	apic_set(APIC_ICR_HIGH, id << 24);
	apic_set(APIC_ICR_LOW, command);
}
