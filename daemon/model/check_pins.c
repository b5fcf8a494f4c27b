// SPDX-License-Identifier: GPL-2.0-only
/* Interrupt pins of cells, against the machine's and against those of others. */
#include "model/check_parts.h"
#include "model/pins.h"

/* Each controller counts from 0 in what Linux tells: of several, it may be another one's. */
static void check_use(const struct check *check, const struct machine_ioapic *ioapic,
		      unsigned int pin)
{
	const struct machine *machine = check->input->machine;
	const char *user = machine->pin_users[pin - ioapic->gsi_base];

	if (user && machine->num_ioapics == 1)
		check_report(check, SEVERITY_ERROR, "devices.pins",
			     "Linux has interrupts at pin %u (%s); unload its driver or name "
			     "another pin",
			     pin, user);
	else if (user)
		check_report(check, SEVERITY_WARNING, "devices.pins",
			     "Linux has interrupts at pin %u or at one like it (%s), which it "
			     "loses to the cell",
			     pin, user);
}

void check_pins(const struct check *check)
{
	const struct machine *machine = check->input->machine;
	const struct cpu_mask *pins = &check->description->pins;
	int pin = cpu_mask_next(pins, 0);

	for (; pin >= 0; pin = cpu_mask_next(pins, pin + 1)) {
		const struct machine_ioapic *ioapic = pins_find(machine, pin);

		if (ioapic)
			check_use(check, ioapic, pin);
		else
			check_report(check, SEVERITY_ERROR, "devices.pins",
				     "no IO-APIC of this machine has pin %d", pin);
	}
}

void check_common_pins(const struct check *check, const struct description *other)
{
	const struct cpu_mask *pins = &check->description->pins;
	int pin = cpu_mask_next(pins, 0);

	for (; pin >= 0; pin = cpu_mask_next(pins, pin + 1)) {
		if (cpu_mask_has(&other->pins, pin))
			check_report(check, SEVERITY_WARNING, "devices.pins",
				     "cell %s has pin %d as well: both cannot exist at a time",
				     other->name, pin);
	}
}
