/* SPDX-License-Identifier: BSD-2-Clause */
/* What the architecture knows of PCI. */
#ifndef PCI_PARTS_H
#define PCI_PARTS_H

#include "inmate_pci.h"

/* Configuration space in memory; base and size 0: it is not there. */
uint64_t pci_config_base(void);
uint64_t pci_config_size(void);

/* Accesses as pci_read() and pci_write() have checked them; reads are of aligned 32 bits. */
uint32_t pci_config_read(unsigned int function, unsigned int offset);
void pci_config_write(unsigned int function, unsigned int offset, unsigned int size,
		      uint32_t value);

/* The message that interrupts this CPU with that vector. -EINVAL: none can. */
int pci_msi_message(unsigned int vector, uint64_t *ret_address, uint32_t *ret_data);

#endif /* PCI_PARTS_H */
