/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Interrupt pins of IO-APICs, by the numbers that the firmware counts them with across all
 * controllers (GSIs): Linux' own numbers of the first ones.
 */
#ifndef PINS_H
#define PINS_H

#include "model/blob_buffer.h"
#include "model/description.h"
#include "model/machine.h"

/* The controller of a pin; NULL: there is no such pin. */
const struct machine_ioapic *pins_find(const struct machine *machine, unsigned int pin);

/* A controller as blobs name it, with its pins that are in only (NULL: all). Whether it has any. */
bool pins_irqchip(const struct machine *machine, const struct machine_ioapic *ioapic,
		  const struct cpu_mask *only, struct blob_irqchip *ret);

/*
 * Appends the pins of a cell. machine may be NULL where it is not known. Returns 0, or -EINVAL with
 * an error in problems: there is no such pin.
 */
int pins_encode(struct blob_buffer *buffer, struct cell_desc *desc,
		const struct description *description, const struct machine *machine,
		struct problems *problems);

#endif /* PINS_H */
