// SPDX-License-Identifier: GPL-2.0-only
/* What of the machine's own works the kernel knows from the firmware. */
#include <linux/acpi.h>
#include <asm/e820/api.h>

#include "arch/x86/firmware_tables.h"
#include "cellvisor.h"

/* What UARTs of a PC are at. */
static const u16 serial_ports[] = {0x3f8, 0x2f8, 0x3e8, 0x2e8};
#define SERIAL_PORTS 8

struct asked {
	u64 base;
	u16 domain;
	u8 end_bus;
	const struct blob_iommu *unit;
};

static bool has_ioapic(const struct acpi_table_header *table, const struct asked *asked)
{
	return madt_has_ioapic(table, table->length, asked->base);
}

static bool has_buses(const struct acpi_table_header *table, const struct asked *asked)
{
	return mcfg_has_buses(table, table->length, asked->base, asked->domain, asked->end_bus);
}

static bool has_intel_unit(const struct acpi_table_header *table, const struct asked *asked)
{
	return dmar_has_unit(table, table->length, asked->unit);
}

static bool has_amd_unit(const struct acpi_table_header *table, const struct asked *asked)
{
	return ivrs_has_unit(table, table->length, asked->unit);
}

static bool ask(char *signature, const struct asked *asked,
		bool (*has)(const struct acpi_table_header *table, const struct asked *asked))
{
	struct acpi_table_header *table;
	bool found;

	if (acpi_disabled || ACPI_FAILURE(acpi_get_table(signature, 1, &table)))
		return false;
	found = has(table, asked);
	acpi_put_table(table);
	return found;
}

bool firmware_has_irqchip(const struct blob_irqchip *irqchip)
{
	return ask(ACPI_SIG_MADT, &(struct asked){.base = irqchip->address}, has_ioapic);
}

bool firmware_has_config_space(const struct system_desc *system)
{
	const struct asked asked = {.base = system->pci_mmconfig_base,
				    .domain = system->pci_domain,
				    .end_bus = system->pci_mmconfig_end_bus};

	return ask(ACPI_SIG_MCFG, &asked, has_buses);
}

bool firmware_has_iommu(const struct blob_iommu *unit)
{
	const struct asked asked = {.unit = unit};

	return unit->type == BLOB_IOMMU_AMD ? ask(ACPI_SIG_IVRS, &asked, has_amd_unit)
					    : unit->type == BLOB_IOMMU_INTEL &&
						      ask(ACPI_SIG_DMAR, &asked, has_intel_unit);
}

bool firmware_has_timer(const struct blob_platform_x86 *platform)
{
	const struct acpi_generic_address *timer = &acpi_gbl_FADT.xpm_timer_block;

	return !acpi_disabled && timer->space_id == ACPI_ADR_SPACE_SYSTEM_IO &&
	       timer->address == platform->pm_timer_address;
}

bool firmware_has_ram(u64 page)
{
	return e820__mapped_raw_any(page, page + PAGE_SIZE, E820_TYPE_RAM);
}

bool machine_is_serial(u64 port, u64 count)
{
	for (unsigned int n = 0; n < ARRAY_SIZE(serial_ports); n++) {
		if (port >= serial_ports[n] && count <= SERIAL_PORTS &&
		    port + count <= serial_ports[n] + SERIAL_PORTS)
			return true;
	}
	return false;
}
