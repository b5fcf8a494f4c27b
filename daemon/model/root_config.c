// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "model/pins.h"
#include "model/root_config.h"
#include "model/root_regions.h"
#include "page.h"

#define ROOT_NAME     "root"
#define AMD_UNIT_SIZE 0x4000 /* bytes of registers that all such units have */

/*
 * All ports are root's, those of cells are taken out at their creation. A length has 16 bits, so
 * that it takes two ranges.
 */
static const struct blob_pio all_ports[] = {
	{.base = 0x0000, .length = 0x8000},
	{.base = 0x8000, .length = 0x8000},
};

/* Returns the number of regions. */
static size_t append_memory(struct blob_buffer *buffer, const struct machine *machine,
			    const struct address_range *hypervisor)
{
	const struct address_range taken[] = {
		*hypervisor,
		/* The hypervisor maps it itself, in the way that it moderates it. */
		{.start = LOCAL_APIC_PAGE, .size = PAGE_BYTES},
	};
	_cleanup_(freep) struct blob_memory *regions = NULL;
	size_t count = 0;

	if (root_regions_make(machine, taken, ARRAY_SIZE(taken), &regions, &count) < 0)
		buffer->out_of_memory = true;
	blob_append(buffer, regions, count * sizeof(*regions));
	return count;
}

static void append_irqchips(struct blob_buffer *buffer, const struct machine *machine)
{
	for (size_t i = 0; i < machine->num_ioapics; i++) {
		struct blob_irqchip irqchip;

		pins_irqchip(machine, &machine->ioapics[i], NULL, &irqchip);
		blob_append(buffer, &irqchip, sizeof(irqchip));
	}
}

static struct blob_iommu iommu_of(const struct machine_unit *unit)
{
	return (struct blob_iommu){.type = unit->amd ? BLOB_IOMMU_AMD : BLOB_IOMMU_INTEL,
				   .base = unit->base,
				   .size = unit->amd ? AMD_UNIT_SIZE : PAGE_BYTES,
				   .amd_bdf = unit->bdf,
				   .amd_base_cap = unit->capability};
}

static void init_system(struct system_desc *system, const struct machine *machine,
			const struct root_config_options *options)
{
	*system = (struct system_desc){
		.architecture = BLOB_ARCH_X86,
		.revision = BLOB_REVISION,
		.flags = BLOB_SYS_CONSOLE_READABLE,
		.hypervisor_memory = {.phys_start = options->hypervisor.start,
				      .size = options->hypervisor.size},
		.debug_console = options->debug_console,
		.pci_mmconfig_base = machine->has_mmconfig ? machine->mmconfig_base : 0,
		.pci_mmconfig_end_bus = machine->has_mmconfig ? machine->mmconfig_end_bus : 0,
		.pci_domain = machine->mmconfig_domain,
		.platform.x86 = {.pm_timer_address = machine->pm_timer_port,
				 .apic_mode = BLOB_APIC_AUTO,
				 .apic_khz = machine->apic_khz},
	};
	memcpy(system->signature, BLOB_SYSTEM_SIGNATURE, BLOB_SIGNATURE_LEN);
	for (size_t i = 0; i < machine->num_remapping_units; i++)
		system->iommu_units[i] = iommu_of(&machine->remapping_units[i]);
	blob_init_cell(&system->root_cell, ROOT_NAME);
}

static int check_options(const struct root_config_options *options, struct problems *problems)
{
	const struct address_range *hypervisor = &options->hypervisor;

	if (hypervisor->size != 0 && hypervisor->start % PAGE_BYTES == 0 &&
	    hypervisor->size % PAGE_BYTES == 0 &&
	    hypervisor->size <= UINT64_MAX - hypervisor->start)
		return 0;
	return problems_add(problems, SEVERITY_ERROR, NULL,
			    "the hypervisor's memory (0x%" PRIx64 " bytes at 0x%" PRIx64
			    ") is empty or not made of whole pages",
			    hypervisor->size, hypervisor->start);
}

int root_config_build(const struct machine *machine, const struct root_config_options *options,
		      struct problems *problems, void **ret_blob, size_t *ret_size)
{
	_cleanup_(blob_buffer_done) struct blob_buffer buffer = {0};
	struct system_desc system;
	struct cell_desc *root = &system.root_cell;
	int r;

	r = check_options(options, problems);
	if (r < 0)
		return r;
	init_system(&system, machine, options);

	/* The counts are known at the end; the place is taken now. */
	blob_append(&buffer, &system, sizeof(system));
	root->cpu_set_size = blob_append_cpus(&buffer, &machine->present);
	root->num_memory_regions = append_memory(&buffer, machine, &options->hypervisor);
	append_irqchips(&buffer, machine);
	root->num_irqchips = machine->num_ioapics;
	blob_append(&buffer, all_ports, sizeof(all_ports));
	root->num_pio_regions = ARRAY_SIZE(all_ports);
	return blob_finish(&buffer, &system, sizeof(system), blob_check_system, NULL, problems,
			   ret_blob, ret_size);
}
