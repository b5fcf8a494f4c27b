/* SPDX-License-Identifier: GPL-2.0-only */
/* PCI devices of descriptions in the machine. */
#ifndef DEVICE_H
#define DEVICE_H

#include "model/description.h"
#include "model/machine.h"
#include "model/pci_facts.h"

/*
 * The function of the machine that is meant; NULL: none, or several. ret_count, unless NULL, gets
 * how many there are.
 */
const struct machine_pci *device_find(const struct machine *machine,
				      const struct description_pci *pci, size_t *ret_count);

/* The key of a description's PCI device, CHECK_KEY_MAX bytes or more. */
#define DEVICE_KEY_MAX 32
void device_key(const struct description *description, size_t index, char key[DEVICE_KEY_MAX]);

/* What the cells that exist were made of, as far as that is known, named as they are. */
struct device_holders {
	const struct description **made_of;
	size_t count;
};

/*
 * Finds the functions of all PCI devices of a description, ret[i] the one of its pci[i], and reads
 * what they have; with holders NULL only where they are, else no cell may have them. Returns 0;
 * -EINVAL with errors in problems; -ENOMEM.
 */
int devices_read(const struct machine *machine, const struct description *description,
		 const struct device_holders *holders, struct problems *problems,
		 struct pci_facts ret[DESCRIPTION_MAX_PCI]);

/*
 * Which of them may be taken from the driver that has them, as struct cellvisor_cell_create wants
 * it: those whose driver the description names.
 */
uint64_t devices_take(const struct machine *machine, const struct description *description);

/*
 * The part of a function's registers in memory that a cell gets: whole pages, but for the MSI-X
 * table's; where there is less than a page of them these only, access by access.
 */
struct device_registers {
	struct address_range ranges[2 * PCI_FACTS_BARS];
	size_t count;
};
void device_registers(const struct pci_facts *facts, struct device_registers *ret);

#endif /* DEVICE_H */
