/* SPDX-License-Identifier: GPL-2.0-only */
/* What the files of encoding share; nobody else includes it. */
#ifndef ENCODE_PARTS_H
#define ENCODE_PARTS_H

#include "model/blob_buffer.h"
#include "model/device.h"
#include "model/encode.h"
#include "model/link.h"

/* One peer's end of a link. */
struct link_end {
	const struct link_place *place;
	struct link_peers peers;
	unsigned int number; /* of this one among them */
	uint32_t regions_start;
};

/* Each as the last of its kind so far. */
void encode_region(struct blob_buffer *buffer, struct cell_desc *desc, struct blob_memory region);
void encode_ports(struct blob_buffer *buffer, struct cell_desc *desc, struct blob_pio range);

/*
 * Append what the PCI devices of a cell are: the registers among memory regions and ports; then,
 * when it is their turn, before those of links, the devices; and, after those, what they are
 * capable of.
 */
void encode_device_regions(struct blob_buffer *buffer, struct cell_desc *desc,
			   const struct description *description, const struct pci_facts *devices);
void encode_device_ports(struct blob_buffer *buffer, struct cell_desc *desc,
			 const struct description *description, const struct pci_facts *devices);
void encode_devices(struct blob_buffer *buffer, struct cell_desc *desc,
		    const struct description *description, const struct pci_facts *devices);
void encode_device_caps(struct blob_buffer *buffer, struct cell_desc *desc,
			const struct description *description, const struct pci_facts *devices);

/* Whether the placement is of the links that the description has. */
bool encode_links_placed(const struct description *description, const struct placement *placement);

/* Appends the sections of all links of a cell; then, when it is their turn, their devices. */
void encode_link_regions(struct blob_buffer *buffer, struct cell_desc *desc,
			 const struct description *description, const struct placement *placement,
			 struct link_end ends[DESCRIPTION_MAX_LINKS]);
void encode_link_devices(struct blob_buffer *buffer, struct cell_desc *desc,
			 const struct description *description,
			 const struct link_end ends[DESCRIPTION_MAX_LINKS]);

#endif /* ENCODE_PARTS_H */
