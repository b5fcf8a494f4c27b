/* SPDX-License-Identifier: GPL-2.0-only */
/* Makes blobs (blob.h) of a description and its placement. */
#ifndef ENCODE_H
#define ENCODE_H

#include "model/description.h"
#include "model/pci_facts.h"
#include "model/placement.h"

/*
 * Encodes a blob for the driver. Memory regions in order: the description's (RAM), the
 * communication region, MMIO, registers of PCI devices, the sections of links; PCI devices in
 * order: the machine's, as the description has them, then links'. machine tells where interrupt
 * pins are; NULL: none can be had. devices: what the PCI devices have, as devices_read() gives it;
 * NULL where there are none. The id is 0: the driver gives one. The blob has passed the checker
 * that hypervisor and module use as well. Returns 0 with malloc()ed memory, -EINVAL with an error
 * in problems, -ENOMEM.
 */
int encode_cell(const struct description *description, const struct placement *placement,
		const struct machine *machine, const struct pci_facts *devices,
		struct problems *problems, void **ret_blob, size_t *ret_size);

/*
 * Encodes root's end of description.links[index], of which root must be a peer, at its place: as
 * CELLVISOR_LINK_ADD takes it. Checked and returned as that of a cell.
 */
int encode_link(const struct description *description, size_t index, const struct link_place *place,
		struct problems *problems, void **ret_blob, size_t *ret_size);

#endif /* ENCODE_H */
