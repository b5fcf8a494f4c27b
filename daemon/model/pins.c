// SPDX-License-Identifier: GPL-2.0-only
#include "model/pins.h"

#include <errno.h>

#include "common/array.h"

#define IOAPIC_PINS 24 /* of most of them */

_Static_assert(MACHINE_IOAPIC_PINS == sizeof(((struct blob_irqchip *)0)->pin_bitmap) * 8,
	       "room in a blob's bitmap");

/* They reach up to the next controller's first; the last one's are not told anywhere. */
static unsigned int pins_of(const struct machine *machine, const struct machine_ioapic *ioapic)
{
	uint32_t pins = MACHINE_IOAPIC_PINS + 1;

	for (size_t i = 0; i < machine->num_ioapics; i++) {
		const uint32_t other = machine->ioapics[i].gsi_base;

		if (other > ioapic->gsi_base && other - ioapic->gsi_base < pins)
			pins = other - ioapic->gsi_base;
	}
	return pins > MACHINE_IOAPIC_PINS ? IOAPIC_PINS : pins;
}

const struct machine_ioapic *pins_find(const struct machine *machine, unsigned int pin)
{
	for (size_t i = 0; i < machine->num_ioapics; i++) {
		const struct machine_ioapic *ioapic = &machine->ioapics[i];

		if (pin >= ioapic->gsi_base && pin - ioapic->gsi_base < pins_of(machine, ioapic))
			return ioapic;
	}
	return NULL;
}

bool pins_irqchip(const struct machine *machine, const struct machine_ioapic *ioapic,
		  const struct cpu_mask *only, struct blob_irqchip *ret)
{
	bool any = false;

	*ret = (struct blob_irqchip){
		.address = ioapic->address,
		/* What an IOMMU calls it is what a hypervisor wants to know. */
		.id = ioapic->bdf ? ioapic->bdf : ioapic->id,
		.pin_base = ioapic->gsi_base,
	};
	for (unsigned int n = 0; n < pins_of(machine, ioapic); n++) {
		if (only && !cpu_mask_has(only, ioapic->gsi_base + n))
			continue;
		ret->pin_bitmap[n / 32] |= 1u << n % 32;
		any = true;
	}
	return any;
}

static int refuse(const struct description *description, unsigned int pin,
		  struct problems *problems)
{
	const struct problem_place place = description_place(description, "devices.pins");

	return problems_add(problems, SEVERITY_ERROR, &place,
			    "no IO-APIC of this machine has pin %u", pin);
}

int pins_encode(struct blob_buffer *buffer, struct cell_desc *desc,
		const struct description *description, const struct machine *machine,
		struct problems *problems)
{
	const struct cpu_mask *pins = &description->pins;

	for_each_cpu (pin, pins) {
		if (!machine || !pins_find(machine, pin))
			return refuse(description, pin, problems);
	}
	for (size_t i = 0; machine && i < machine->num_ioapics; i++) {
		struct blob_irqchip irqchip;

		if (!pins_irqchip(machine, &machine->ioapics[i], pins, &irqchip))
			continue;
		blob_append(buffer, &irqchip, sizeof(irqchip));
		desc->num_irqchips++;
	}
	return 0;
}
