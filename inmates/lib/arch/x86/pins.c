// SPDX-License-Identifier: BSD-2-Clause
#include "inmate_pins.h"

#include "arch/x86/cpu.h"
#include "arch/x86/ioapic.h"

/*
 * Plain MOVs: the hypervisor decodes the instruction, and the compiler is not to choose one that it
 * need not know.
 */
static uint32_t get(uintptr_t ioapic, unsigned int index)
{
	uint32_t value;

	asm volatile("movl %1, (%2)\n"
		     "movl (%3), %0\n"
		     : "=r"(value)
		     : "r"(index), "r"(ioapic + IOAPIC_INDEX), "r"(ioapic + IOAPIC_WINDOW)
		     : "memory");
	return value;
}

static void set(uintptr_t ioapic, unsigned int index, uint32_t value)
{
	asm volatile("movl %0, (%1)\n"
		     "movl %2, (%3)\n"
		     :
		     : "r"(index), "r"(ioapic + IOAPIC_INDEX), "r"(value),
		       "r"(ioapic + IOAPIC_WINDOW)
		     : "memory");
}

unsigned int pins_count(uintptr_t ioapic)
{
	return IOAPIC_PINS(get(ioapic, IOAPIC_VERSION));
}

/* Masked before its upper half changes, so that it never is half of two entries. */
static bool set_entry(uintptr_t ioapic, unsigned int pin, uint64_t entry)
{
	unsigned int index = IOAPIC_ENTRY + 2 * pin;
	const uint32_t status = IOAPIC_SENDING | IOAPIC_REMOTE_IRR;
	bool enabled = interrupts_save(), is;

	set(ioapic, index, IOAPIC_MASKED);
	set(ioapic, index + 1, entry >> 32);
	set(ioapic, index, entry);
	is = (get(ioapic, index) & ~status) == (uint32_t)entry;
	interrupts_restore(enabled);
	return is;
}

int pin_connect(uintptr_t ioapic, unsigned int pin, unsigned int vector, enum pin_trigger trigger)
{
	uint64_t entry = IOAPIC_TO(apic_id()) | vector;

	if (vector < INTERRUPT_FIRST || vector >= INTERRUPT_TIMER || pin >= pins_count(ioapic) ||
	    apic_id() >= 0xff)
		return -EINVAL;
	if (trigger != PIN_EDGE)
		entry |= IOAPIC_LEVEL;
	if (trigger == PIN_LEVEL_LOW)
		entry |= IOAPIC_LOW_ACTIVE;
	return set_entry(ioapic, pin, entry) ? 0 : -EACCES;
}

void pin_disconnect(uintptr_t ioapic, unsigned int pin)
{
	if (pin < pins_count(ioapic))
		set_entry(ioapic, pin, IOAPIC_MASKED);
}
