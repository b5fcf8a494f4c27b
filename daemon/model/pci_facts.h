/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a PCI function has, as the machine shows it: addresses, interrupts, capabilities. Read below
 * the machine's root from what Linux has found out and from the function's own configuration space,
 * which is believed nothing that a blob could not say.
 */
#ifndef PCI_FACTS_H
#define PCI_FACTS_H

#include "model/machine.h"

#define PCI_FACTS_BARS	   6
#define PCI_FACTS_MAX_CAPS 96

/* The driver of the module's that holds devices of cells. */
#define PCI_HOLDER "cellvisor-pci"

struct pci_bar {
	struct address_range range; /* size 0: there is none */
	bool is_ports;
};

struct pci_facts {
	uint16_t domain;
	uint16_t bdf;
	struct pci_bar bars[PCI_FACTS_BARS];
	uint32_t bar_mask[PCI_FACTS_BARS]; /* as struct blob_pci_device has it */
	uint8_t msi_vectors;		   /* 0: none */
	uint8_t msi_flags;		   /* BLOB_PCI_MSI_* */
	uint16_t msix_vectors;		   /* 0: none */
	struct address_range msix;	   /* pages of the table */
	struct blob_pci_capability caps[PCI_FACTS_MAX_CAPS];
	size_t num_caps;
};

/*
 * Reads them. Returns 0; -EXDEV for a function that no cell can have, ret_why says in words that
 * follow its name why; -ENOMEM.
 */
int pci_facts_read(const struct machine *machine, const struct machine_pci *function,
		   struct pci_facts *ret, const char **ret_why);

/*
 * The parsers behind it, which fill what they are about. config has size bytes: 64 or more.
 * Return 0, or -EXDEV with ret_why.
 *
 * pci_facts_parse_resources(): length bytes of the file "resource", with a zero behind it.
 * pci_facts_parse_config(): the bars are known.
 */
int pci_facts_parse_resources(const char *text, struct pci_facts *facts, const char **ret_why);
int pci_facts_parse_config(const uint8_t *config, size_t size, struct pci_facts *facts,
			   const char **ret_why);

#endif /* PCI_FACTS_H */
