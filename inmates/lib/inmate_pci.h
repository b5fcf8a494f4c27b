/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * PCI devices of a cell. A function is named by its number, bus << 8 | device << 3 | function; what
 * the cell does not have reads all ones. Every access to configuration space is an exit.
 *
 * Base addresses are as the hypervisor or the firmware left them, 0 after a reset of a virtual
 * device. pci_map_bar() places those that are 0 where nothing of the cell is that can be known:
 * not its memory at 0, not configuration space, not what another function's base address says.
 * Other memory of the cell's description between 3 and 4 GiB is not known; the parameter
 * bars=0xADDRESS says where to place instead. Devices that were placed by others do not answer for
 * a moment when the first one is placed: do that before another CPU uses them.
 */
#ifndef INMATE_PCI_H
#define INMATE_PCI_H

#include "inmate.h"

#ifdef __cplusplus
extern "C" {
#endif

#define PCI_FUNCTION(bus, device, function) ((bus) << 8 | (device) << 3 | (function))

/* Configuration space (PCI 3.0, 6.1). */
#define PCI_VENDOR	    0x00 /* with the device's id in the upper half */
#define PCI_COMMAND	    0x04
#define PCI_COMMAND_MEMORY  0x0002u
#define PCI_COMMAND_MASTER  0x0004u
#define PCI_COMMAND_NO_INTX 0x0400u
#define PCI_STATUS	    0x06
#define PCI_STATUS_CAPS	    0x0010u
#define PCI_INTERFACE	    0x09
#define PCI_SUBCLASS	    0x0a
#define PCI_HEADER_TYPE	    0x0e
#define PCI_BAR(n)	    (0x10 + 4 * (n))
#define PCI_CAPS	    0x34
#define PCI_BARS	    6u

#define PCI_CAP_VENDOR 0x09
#define PCI_CAP_MSIX   0x11

/* size: 1, 2 or 4, offset aligned to it and below 4096; below 256 where there is no MMCONFIG. */
uint32_t pci_read(unsigned int function, unsigned int offset, unsigned int size);
void pci_write(unsigned int function, unsigned int offset, unsigned int size, uint32_t value);

/* The nth function of bus 0, from 0, that is such a device. -ENOENT. */
int pci_find(uint16_t vendor, uint16_t device, unsigned int nth, unsigned int *ret_function);

/* Where the capability is; 0 if there is none. */
unsigned int pci_find_capability(unsigned int function, unsigned int id);

/*
 * Maps a memory BAR, uncached, after placing it if nobody has, and lets the device answer and
 * interrupt. -ENOENT: no memory BAR; -ENOSPC: no room for it; else as memory_map().
 */
int pci_map_bar(unsigned int function, unsigned int bar, void **ret_address);

/*
 * MSI-X: how many vectors there are, 0 without. pci_msix_enable() masks all of them and switches
 * MSI-X on; pci_msix_set() then lets one interrupt this CPU with a vector of the processor
 * (INTERRUPT_FIRST to INTERRUPT_TIMER - 1, or 0 to mask it). -ENOENT: there is none, or not of that
 * number, or MSI-X is off; -EINVAL: the CPU or the vector cannot be reached so; else as
 * pci_map_bar().
 */
unsigned int pci_msix_count(unsigned int function);
int pci_msix_enable(unsigned int function);
int pci_msix_set(unsigned int function, unsigned int entry, unsigned int vector);

#ifdef __cplusplus
}
#endif

#endif /* INMATE_PCI_H */
