// SPDX-License-Identifier: GPL-2.0-only
#include "lib/blob/blob_claims.h"

const char *blob_claim_text(enum blob_claim claim)
{
	static const char *const texts[] = {BLOB_CLAIMS(WORD_ENTRY)};

	return texts[claim];
}

/* A controller without a single pin asks for nothing. */
static bool has_pins(const struct blob_irqchip *chip)
{
	return chip->pin_bitmap[0] | chip->pin_bitmap[1] | chip->pin_bitmap[2] |
	       chip->pin_bitmap[3];
}

uint32_t blob_claims_cell(const struct cell_desc *cell)
{
	uint32_t claims =
		(cell->num_cache_regions ? 1u << BLOB_CLAIM_CACHES : 0) |
		(cell->num_stream_ids ? 1u << BLOB_CLAIM_STREAM_IDS : 0) |
		((cell->flags & BLOB_CELL_TEST_DEVICE) ? 1u << BLOB_CLAIM_TEST_DEVICE : 0);

	for (uint32_t n = 0; n < cell->num_irqchips; n++) {
		if (has_pins(&cell_desc_irqchips(cell)[n]))
			claims |= 1u << BLOB_CLAIM_INTERRUPT_PINS;
	}
	for (uint32_t n = 0; n < cell->num_pci_devices; n++)
		claims |= cell_desc_pci_devices(cell)[n].type == BLOB_PCI_IVSHMEM
				  ? 1u << BLOB_CLAIM_SHARED_MEMORY
				  : 1u << BLOB_CLAIM_PCI_DEVICES;
	return claims;
}

uint32_t blob_claims_system(const struct system_desc *system)
{
	uint32_t claims = blob_claims_cell(&system->root_cell);

	for (unsigned int n = 0; n < BLOB_IOMMU_UNITS; n++) {
		if (system->iommu_units[n].type != BLOB_IOMMU_NONE)
			claims |= 1u << BLOB_CLAIM_IOMMUS;
	}
	return claims;
}
