/* SPDX-License-Identifier: GPL-2.0-only */
/* What the two files about PCI devices of cells share; nobody else includes it. */
#ifndef CELLVISOR_DEVICES_H
#define CELLVISOR_DEVICES_H

#include "cellvisor.h"
#include "pci_place.h"

/*
 * device_check.c: whether a cell may have a device. 0, or the log names device and reason.
 *
 * device_check(): what it is, and what is beside it. -EXDEV for one that no cell can have.
 * device_check_driver(): no new driver can come any more. -EUSERS where one has it that shall not
 *	lose it. may_take: it may, unless it is one that hands the device on to programs.
 */
int device_check(const struct cell_desc *desc, struct pci_dev *pci);
int device_check_driver(const struct cell_desc *desc, struct pci_dev *pci, bool may_take);

#endif /* CELLVISOR_DEVICES_H */
