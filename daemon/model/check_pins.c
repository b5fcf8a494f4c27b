// SPDX-License-Identifier: GPL-2.0-only
/* Interrupt pins of cells, against the machine's and against those of others; and registers that no
 * cell has, whatever it names. */
#include <inttypes.h>

#include "page.h"

#include "model/check_parts.h"
#include "model/pins.h"

/* As the description has them. */
static const char *key_of(const struct check *check)
{
	return check->description->pins_listed ? "devices" : "devices.pins";
}

/* Each controller counts from 0 in what Linux tells: of several, it may be another one's. */
static void check_use(const struct check *check, const struct machine_ioapic *ioapic,
		      unsigned int pin)
{
	const struct machine *machine = check->input->machine;
	const char *user = machine->pin_users[pin - ioapic->gsi_base];

	if (user && machine->num_ioapics == 1)
		check_report(check, SEVERITY_ERROR, key_of(check),
			     "Linux has interrupts at pin %u (%s); unload its driver or name "
			     "another pin",
			     pin, user);
	else if (user)
		check_report(check, SEVERITY_WARNING, key_of(check),
			     "Linux has interrupts at pin %u or at one like it (%s), which it "
			     "loses to the cell",
			     pin, user);
}

void check_pins(const struct check *check)
{
	const struct machine *machine = check->input->machine;
	const struct cpu_mask *pins = &check->description->pins;

	for_each_cpu (pin, pins) {
		const struct machine_ioapic *ioapic = pins_find(machine, pin);

		if (ioapic)
			check_use(check, ioapic, pin);
		else
			check_report(check, SEVERITY_ERROR, key_of(check),
				     "no IO-APIC of this machine has pin %d", pin);
	}
}

static bool keeps(const struct check *check, const char *key, struct address_range range,
		  struct address_range kept, const char *advice)
{
	if (!ranges_meet(range, kept))
		return false;
	check_report(check, SEVERITY_ERROR, key, "0x%" PRIx64 " is %s", kept.start, advice);
	return true;
}

bool check_kept(const struct check *check, const char *key, struct address_range range)
{
	const struct machine *machine = check->input->machine;
	const struct address_range config = {machine->mmconfig_base,
					     (machine->mmconfig_end_bus + 1ull) << 20};
	bool kept = machine->has_mmconfig &&
		    keeps(check, key, range, config,
			  "PCI's configuration space, which every cell has, with its devices in "
			  "it; remove it");

	for (size_t i = 0; i < machine->num_ioapics && !kept; i++)
		kept = keeps(check, key, range,
			     (struct address_range){machine->ioapics[i].address, PAGE_BYTES},
			     "an IO-APIC, which a cell has where it has some of its \"pins\"; "
			     "name those");
	for (size_t i = 0; i < machine->num_remapping_units && !kept; i++)
		kept = keeps(check, key, range,
			     (struct address_range){machine->remapping_units[i].base, PAGE_BYTES},
			     "an IOMMU, which no cell has; remove it");
	return kept;
}

void check_common_pins(const struct check *check, const struct description *other)
{
	const struct cpu_mask *pins = &check->description->pins;

	for_each_cpu (pin, pins) {
		if (cpu_mask_has(&other->pins, pin))
			check_report(check, SEVERITY_WARNING, key_of(check),
				     "cell %s has pin %d as well: both cannot exist at a time",
				     other->name, pin);
	}
}
