// SPDX-License-Identifier: GPL-2.0-only
/* The blob of a cell of the fake machine. */
#include "fake_machine.h"

#include <string.h>

size_t plan_write(const struct cell_plan *plan, void *to)
{
	struct cell_desc *desc = to;

	memset(desc, 0, sizeof(*desc));
	memcpy(desc->signature, BLOB_CELL_SIGNATURE, BLOB_SIGNATURE_LEN);
	desc->revision = BLOB_REVISION;
	strncpy(desc->name, plan->name, sizeof(desc->name) - 1);
	desc->id = plan->id;
	desc->flags = plan->flags;
	desc->cpu_set_size = sizeof(plan->cpus);
	desc->num_memory_regions = plan->num_memory;
	desc->num_pio_regions = plan->num_pio;
	desc->console = plan->console;
	desc->num_irqchips = plan->num_irqchips;
	memcpy((void *)cell_desc_cpu_set(desc), &plan->cpus, sizeof(plan->cpus));
	if (plan->num_memory)
		memcpy((void *)cell_desc_memory(desc), plan->memory,
		       plan->num_memory * sizeof(*plan->memory));
	if (plan->num_irqchips)
		memcpy((void *)cell_desc_irqchips(desc), plan->irqchips,
		       plan->num_irqchips * sizeof(*plan->irqchips));
	if (plan->num_pio)
		memcpy((void *)cell_desc_pio(desc), plan->pio, plan->num_pio * sizeof(*plan->pio));
	desc->num_pci_devices = plan->num_devices;
	if (plan->num_devices)
		memcpy((void *)cell_desc_pci_devices(desc), plan->devices,
		       plan->num_devices * sizeof(*plan->devices));
	desc->num_pci_caps = plan->num_caps;
	if (plan->num_caps)
		memcpy((void *)cell_desc_pci_caps(desc), plan->caps,
		       plan->num_caps * sizeof(*plan->caps));
	return cell_desc_size(desc);
}
