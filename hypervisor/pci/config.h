/* SPDX-License-Identifier: GPL-2.0-only */
/* Configuration space of PCI devices, by whichever door a guest comes. */
#ifndef PCI_CONFIG_H
#define PCI_CONFIG_H

#include "cell/cell.h"

#define PCI_CONFIG_SIZE 0x1000u /* of a function, by memory */

/* Where a function's is in memory; 0: the platform has no such door. */
uint64_t pci_config_page(uint16_t domain, uint16_t bdf);

/*
 * An access to registers of a function, at any offset and of any width. False: the cell has none
 * there; then it reads all ones, and what it writes is lost, unless it is root and the function is
 * the machine's.
 */
bool pci_config_access(const struct cell *cell, uint16_t domain, uint16_t bdf, unsigned int offset,
		       struct io_access *access);

#endif /* PCI_CONFIG_H */
