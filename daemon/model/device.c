// SPDX-License-Identifier: GPL-2.0-only
#include "model/device.h"

#include <errno.h>
#include <string.h>

static bool is_meant(const struct description_pci *pci, const struct machine_pci *function)
{
	if (pci->has_place)
		return pci->domain == function->domain && pci->bdf == function->bdf;
	return function->vendor != MACHINE_PCI_UNKNOWN && pci->vendor == function->vendor &&
	       function->device != MACHINE_PCI_UNKNOWN && pci->device == function->device;
}

const struct machine_pci *device_find(const struct machine *machine,
				      const struct description_pci *pci, size_t *ret_count)
{
	const struct machine_pci *found = NULL;
	size_t count = 0;

	for (size_t i = 0; i < machine->num_pci; i++) {
		if (!is_meant(pci, &machine->pci[i]))
			continue;
		found = &machine->pci[i];
		count++;
	}
	if (ret_count)
		*ret_count = count;
	return count == 1 ? found : NULL;
}

void device_key(const struct description *description, size_t index, char key[DEVICE_KEY_MAX])
{
	description_device_key(key, DEVICE_KEY_MAX, "pci", index, description->pci[index].listed);
}

/* The description of a cell that exists and has a function; NULL: none is known. */
static const struct description *find_holder(const struct machine *machine,
					     const struct device_holders *holders,
					     const struct machine_pci *function)
{
	for (size_t i = 0; i < holders->count; i++) {
		const struct description *holder = holders->made_of[i];

		for (size_t n = 0; n < holder->num_pci; n++) {
			if (device_find(machine, &holder->pci[n], NULL) == function)
				return holder;
		}
	}
	return NULL;
}

static int read_one(const struct machine *machine, const struct description *description,
		    size_t index, const struct device_holders *holders, struct problems *problems,
		    struct pci_facts *ret)
{
	const struct description *holder = NULL;
	const struct description_pci *pci = &description->pci[index];
	const struct machine_pci *function = device_find(machine, pci, NULL);
	const char *why = "is not in this machine, or more than once";
	struct problem_place place;
	char key[DEVICE_KEY_MAX];
	int r = function ? 0 : -EXDEV;

	if (r == 0 && holders && strcmp(function->driver, PCI_HOLDER) == 0) {
		holder = find_holder(machine, holders, function);
		why = holder ? "belongs to cell "
			     : "belongs to another cell; cellmgrd does not know to which";
		r = -EXDEV;
	} else if (r == 0 && holders) {
		r = pci_facts_read(machine, function, ret, &why);
	} else if (r == 0) {
		*ret = (struct pci_facts){.domain = function->domain, .bdf = function->bdf};
	}
	if (r != -EXDEV)
		return r;
	device_key(description, index, key);
	place = description_place(description, key);
	return problems_add(problems, SEVERITY_ERROR, &place, "PCI device %s %s%s", pci->id, why,
			    holder ? holder->name : "");
}

int devices_read(const struct machine *machine, const struct description *description,
		 const struct device_holders *holders, struct problems *problems,
		 struct pci_facts ret[DESCRIPTION_MAX_PCI])
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < description->num_pci; i++)
		r = read_one(machine, description, i, holders, problems, &ret[i]);
	return r;
}

uint64_t devices_take(const struct machine *machine, const struct description *description)
{
	uint64_t take = 0;

	for (size_t i = 0; i < description->num_pci; i++) {
		const struct description_pci *pci = &description->pci[i];
		const struct machine_pci *function = device_find(machine, pci, NULL);

		if (function && pci->take_from && strcmp(pci->take_from, function->driver) == 0)
			take |= 1ull << i;
	}
	return take;
}

static void add_range(struct device_registers *registers, uint64_t start, uint64_t end)
{
	if (start < end)
		registers->ranges[registers->count++] = (struct address_range){start, end - start};
}

void device_registers(const struct pci_facts *facts, struct device_registers *ret)
{
	ret->count = 0;
	for (size_t i = 0; i < PCI_FACTS_BARS; i++) {
		const struct address_range bar = facts->bars[i].range;

		if (!bar.size || facts->bars[i].is_ports)
			continue;
		if (!ranges_meet(bar, facts->msix)) {
			add_range(ret, bar.start, range_end(bar));
			continue;
		}
		add_range(ret, bar.start, facts->msix.start);
		add_range(ret, range_end(facts->msix), range_end(bar));
	}
}
