/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the firmware's tables say is where; pure. Tables begin with ACPI's header and have as many
 * bytes as is said; what does not lie within is not there.
 */
#ifndef FIRMWARE_TABLES_H
#define FIRMWARE_TABLES_H

#ifdef __KERNEL__
#include <linux/types.h>
#else
#include <stdbool.h>
#include <stdint.h>
#endif

#include "blob.h"

/* MADT: an IO-APIC at that address. */
bool madt_has_ioapic(const void *table, uint32_t size, uint64_t address);

/* MCFG: configuration space of a domain, from bus 0 to this one at least. */
bool mcfg_has_buses(const void *table, uint32_t size, uint64_t base, uint16_t domain,
		    uint8_t end_bus);

/* DMAR, IVRS: such a unit. */
bool dmar_has_unit(const void *table, uint32_t size, const struct blob_iommu *unit);
bool ivrs_has_unit(const void *table, uint32_t size, const struct blob_iommu *unit);

#endif /* FIRMWARE_TABLES_H */
