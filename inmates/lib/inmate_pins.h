/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Interrupt pins of IO-APICs that the cell has. Each access is an exit; what is not the cell's
 * reads as masked and is not written. A handler is given to a vector by interrupt_register();
 * interrupts by the level are ended at the IO-APIC with their acknowledgement, when the handler has
 * returned.
 */
#ifndef INMATE_PINS_H
#define INMATE_PINS_H

#include "inmate.h"

#ifdef __cplusplus
extern "C" {
#endif

#define IOAPIC_FIRST 0xfec00000u /* where the first controller is on nearly all machines */

enum pin_trigger {
	PIN_EDGE,	/* ISA devices */
	PIN_LEVEL_HIGH, /* PCI devices on some machines */
	PIN_LEVEL_LOW,	/* PCI devices on others */
};

/* How many pins the controller with this page has. */
unsigned int pins_count(uintptr_t ioapic);

/*
 * Has the pin interrupt this CPU with the vector. -EINVAL: vectors beyond those of
 * interrupt_register(), no such pin, an APIC id beyond 254, which a pin cannot name; -EACCES: the
 * pin is not the cell's.
 */
int pin_connect(uintptr_t ioapic, unsigned int pin, unsigned int vector, enum pin_trigger trigger);

/* Masks it. */
void pin_disconnect(uintptr_t ioapic, unsigned int pin);

#ifdef __cplusplus
}
#endif

#endif /* INMATE_PINS_H */
