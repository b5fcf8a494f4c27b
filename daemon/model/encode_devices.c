// SPDX-License-Identifier: GPL-2.0-only
/* PCI devices as a blob has them: their registers among memory and ports, and a device each. */
#include <string.h>

#include "model/description_keys.h"
#include "model/encode_parts.h"

/* In a cell registers are where they are in the machine. The widths count where there is less than
 * a page of them. */
#define REGISTER_FLAGS (BLOB_MEM_READ | BLOB_MEM_WRITE | BLOB_MEM_IO | MMIO_ALL_WIDTHS)

void encode_device_regions(struct blob_buffer *buffer, struct cell_desc *desc,
			   const struct description *description, const struct pci_facts *devices)
{
	for (size_t i = 0; i < description->num_pci; i++) {
		struct device_registers registers;

		device_registers(&devices[i], &registers);
		for (size_t n = 0; n < registers.count; n++) {
			const struct address_range range = registers.ranges[n];

			encode_region(buffer, desc,
				      (struct blob_memory){range.start, range.start, range.size,
							   REGISTER_FLAGS});
		}
	}
}

void encode_device_ports(struct blob_buffer *buffer, struct cell_desc *desc,
			 const struct description *description, const struct pci_facts *devices)
{
	for (size_t i = 0; i < description->num_pci; i++) {
		for (size_t n = 0; n < PCI_FACTS_BARS; n++) {
			const struct pci_bar *bar = &devices[i].bars[n];

			if (bar->is_ports)
				encode_ports(buffer, desc,
					     (struct blob_pio){(uint16_t)bar->range.start,
							       (uint16_t)bar->range.size});
		}
	}
}

void encode_devices(struct blob_buffer *buffer, struct cell_desc *desc,
		    const struct description *description, const struct pci_facts *devices)
{
	size_t caps = 0;

	for (size_t i = 0; i < description->num_pci; i++) {
		const struct pci_facts *facts = &devices[i];
		struct blob_pci_device device = {
			.type = BLOB_PCI_DEVICE,
			.domain = facts->domain,
			.bdf = facts->bdf,
			.caps_start = (uint16_t)caps,
			.num_caps = (uint16_t)facts->num_caps,
			.num_msi_vectors = facts->msi_vectors,
			.msi_flags = facts->msi_flags,
			.num_msix_vectors = facts->msix_vectors,
			.msix_region_size = (uint16_t)facts->msix.size,
			.msix_address = facts->msix.start,
		};

		memcpy(device.bar_mask, facts->bar_mask, sizeof(device.bar_mask));
		blob_append(buffer, &device, sizeof(device));
		desc->num_pci_devices++;
		caps += facts->num_caps;
	}
}

void encode_device_caps(struct blob_buffer *buffer, struct cell_desc *desc,
			const struct description *description, const struct pci_facts *devices)
{
	for (size_t i = 0; i < description->num_pci; i++) {
		blob_append(buffer, devices[i].caps,
			    devices[i].num_caps * sizeof(devices[i].caps[0]));
		desc->num_pci_caps += (uint32_t)devices[i].num_caps;
	}
}
