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

/* How many a controller has, as far as is told, or as a blob can say. */
unsigned int pins_of(const struct machine *machine, const struct machine_ioapic *ioapic);

/* The controller of a pin; NULL: there is no such pin. */
const struct machine_ioapic *pins_find(const struct machine *machine, unsigned int pin);

/* A controller as blobs name it, with none of its pins. */
struct blob_irqchip pins_irqchip(const struct machine_ioapic *ioapic);

/*
 * Appends the pins of a cell. machine may be NULL where it is not known. Returns 0, or -EINVAL with
 * an error in problems: there is no such pin.
 */
int pins_encode(struct blob_buffer *buffer, struct cell_desc *desc,
		const struct description *description, const struct machine *machine,
		struct problems *problems);

#endif /* PINS_H */
