// SPDX-License-Identifier: GPL-2.0-only
/* PCI devices of a description against the machine, and against other descriptions. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "model/check_parts.h"
#include "model/device.h"
#include "page.h"

/* The device that is looked at. */
struct device_check {
	const struct check *check;
	const struct description_pci *pci;
	const char *key;
};

static void report_missing(const struct device_check *c, size_t count)
{
	if (count > 1)
		check_report(c->check, SEVERITY_ERROR, c->key,
			     "PCI device %s is %zu times in this machine; name one by its place, "
			     "like \"0000:00:03.0\" (see lspci -Dn)",
			     c->pci->id, count);
	else
		check_report(c->check, SEVERITY_ERROR, c->key,
			     "PCI device %s is not in this machine (see lspci -Dn)", c->pci->id);
}

static void check_driver(const struct device_check *c, const struct machine_pci *function)
{
	const char *from = c->pci->take_from;

	if (!function->driver[0] || (from && strcmp(from, function->driver) == 0))
		return;
	if (from)
		check_report(c->check, SEVERITY_ERROR, c->key,
			     "PCI device %s is in use by Linux' driver %s, not %s as \"take-from\" "
			     "says; is it another device today?",
			     c->pci->id, function->driver, from);
	else
		check_report(
			c->check, SEVERITY_ERROR, c->key,
			"PCI device %s is in use by Linux' driver %s; unbind it there, or have "
			"it taken: { \"pci\": \"%s\", \"take-from\": \"%s\" }",
			c->pci->id, function->driver, c->pci->id, function->driver);
}

/*
 * A resource that is in the pages of these registers, and neither in them nor around them, nor the
 * same function's.
 */
static const struct machine_resource *
find_neighbour(const struct machine *machine, struct address_range registers, const char *own)
{
	const uint64_t first = registers.start & ~(PAGE_BYTES - 1ull);
	const uint64_t last = (range_end(registers) - 1) | (PAGE_BYTES - 1);

	for (size_t i = 0; i < machine->iomem.count; i++) {
		const struct machine_resource *other = &machine->iomem.items[i];
		const bool inside =
			other->start >= registers.start && other->end < range_end(registers);
		const bool around =
			other->start <= registers.start && other->end >= range_end(registers) - 1;

		if (other->start <= last && other->end >= first && !inside && !around &&
		    strcmp(other->name, own) != 0)
			return other;
	}
	return NULL;
}

/* Linux calls registers by the name of their function. */
static void check_registers(const struct device_check *c, const struct pci_facts *facts)
{
	const struct machine_resource *other;
	char own[PCI_NAME_MAX];

	snprintf(own, sizeof(own), PCI_NAME_FORMAT, PCI_NAME_OF(facts));
	for (size_t i = 0; i < PCI_FACTS_BARS; i++) {
		const struct pci_bar *bar = &facts->bars[i];

		if (!bar->range.size || bar->is_ports)
			continue;
		other = find_neighbour(c->check->input->machine, bar->range, own);
		if (other)
			check_report(c->check, SEVERITY_ERROR, c->key,
				     "PCI device %s has registers at 0x%" PRIx64 ", %" PRIu64
				     " bytes, in one page with %s (0x%" PRIx64
				     "): a cell would have both",
				     c->pci->id, bar->range.start, bar->range.size, other->name,
				     other->start);
	}
}

/* In a cell registers are where they are in the machine: the cell's memory must be elsewhere. */
static void check_memory(const struct device_check *c, const struct pci_facts *facts)
{
	const struct description *description = c->check->description;
	struct device_registers registers;

	device_registers(facts, &registers);
	for (size_t i = 0; i < registers.count; i++) {
		for (size_t j = 0; j < description->num_memory; j++) {
			const struct description_memory *memory = &description->memory[j];

			if (ranges_meet(registers.ranges[i],
					(struct address_range){memory->address, memory->size}))
				check_report(c->check, SEVERITY_ERROR, c->key,
					     "PCI device %s has registers at 0x%" PRIx64
					     ", where the cell has memory[%zu]; give that another "
					     "\"address\"",
					     c->pci->id, registers.ranges[i].start, j);
		}
	}
}

static void check_facts(const struct device_check *c, const struct machine_pci *function)
{
	const char *why = NULL;
	struct pci_facts facts;
	int r = pci_facts_read(c->check->input->machine, function, &facts, &why);

	if (r == -ENOMEM) {
		c->check->problems->out_of_memory = true;
	} else if (r < 0) {
		check_report(c->check, SEVERITY_ERROR, c->key, "PCI device %s %s", c->pci->id, why);
	} else {
		check_driver(c, function);
		check_registers(c, &facts);
		check_memory(c, &facts);
	}
}

static void check_twice(const struct device_check *c, const struct machine_pci *function)
{
	const struct description *description = c->check->description;

	for (const struct description_pci *other = description->pci; other < c->pci; other++) {
		if (device_find(c->check->input->machine, other, NULL) == function)
			check_report(c->check, SEVERITY_ERROR, c->key,
				     "PCI device %s is in the list twice; remove one", c->pci->id);
	}
}

void check_devices(const struct check *check)
{
	for (size_t i = 0; i < check->description->num_pci; i++) {
		char key[DEVICE_KEY_MAX];
		const struct device_check c = {check, &check->description->pci[i], key};
		const struct machine_pci *function;
		size_t count;

		device_key(check->description, i, key);
		function = device_find(check->input->machine, c.pci, &count);
		if (!function) {
			report_missing(&c, count);
			continue;
		}
		check_twice(&c, function);
		/* A cell has it: what it has the hypervisor does not show, and it was looked at. */
		if (strcmp(function->driver, PCI_HOLDER) != 0)
			check_facts(&c, function);
	}
}

void check_common_devices(const struct check *check, const struct description *other)
{
	const struct machine *machine = check->input->machine;

	for (size_t i = 0; i < check->description->num_pci; i++) {
		const struct machine_pci *function =
			device_find(machine, &check->description->pci[i], NULL);
		char key[DEVICE_KEY_MAX];

		for (size_t j = 0; function && j < other->num_pci; j++) {
			if (device_find(machine, &other->pci[j], NULL) != function)
				continue;
			device_key(check->description, i, key);
			check_report(check, SEVERITY_WARNING, key,
				     "cell %s names PCI device " PCI_NAME_FORMAT
				     " as well: only one of them can exist at a time",
				     other->name, PCI_NAME_OF(function));
		}
	}
}
