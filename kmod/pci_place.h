/* SPDX-License-Identifier: GPL-2.0-only */
/* Where a PCI device of a configuration blob is. */
#ifndef CELLVISOR_PCI_PLACE_H
#define CELLVISOR_PCI_PLACE_H

#include <linux/pci.h>

#define BUS_OF(bdf)   ((bdf) >> 8)
#define DEVFN_OF(bdf) ((bdf)&0xff)
#define PLACE_FORMAT  "%04x:%02x:%02x.%u"
#define PLACE_OF(place) \
	(place)->domain, BUS_OF((place)->bdf), PCI_SLOT((place)->bdf), PCI_FUNC((place)->bdf)

#endif /* CELLVISOR_PCI_PLACE_H */
