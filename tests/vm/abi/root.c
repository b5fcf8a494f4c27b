// SPDX-License-Identifier: GPL-2.0-only
/* Root configurations: ours, with what others leave out taken out. */
#include <stdlib.h>
#include <string.h>

#include "abi.h"
#include "model/blob_buffer.h"
#include "model/root_config.h"
#include "page.h"

#define HYPERVISOR_SIZE (8ull << 20)
#define PCI_PORTS	0xcf8
#define PORTS_EACH	8

/* Bytes for a bus in MMCONFIG. */
#define BUS_SIZE (1ull << 20)

/* What a hypervisor may stand in front of: the n-th such range; false: there are fewer. */
static bool left_out(const struct system_desc *system, uint32_t n, uint64_t *ret_start,
		     uint64_t *ret_end)
{
	const struct cell_desc *root = &system->root_cell;

	if (n > root->num_irqchips)
		return false;
	if (n < root->num_irqchips) {
		*ret_start = cell_desc_irqchips(root)[n].address;
		*ret_end = *ret_start + PAGE_BYTES;
	} else {
		*ret_start = system->pci_mmconfig_base;
		*ret_end = *ret_start + (system->pci_mmconfig_end_bus + 1) * BUS_SIZE;
	}
	return true;
}

/* The region without those ranges, from the n-th on; returns how many are left of it. */
static uint32_t append_rest(struct blob_buffer *buffer, const struct system_desc *system,
			    struct blob_memory region, uint32_t n)
{
	uint64_t start, end, region_end = region.phys_start + region.size;
	struct blob_memory behind = region;

	if (!left_out(system, n, &start, &end)) {
		blob_append(buffer, &region, sizeof(region));
		return 1;
	}
	if (end <= region.phys_start || region_end <= start)
		return append_rest(buffer, system, region, n + 1);
	behind.phys_start = behind.virt_start = end;
	behind.size = region_end - end;
	region.size = start - region.phys_start;
	return (start > region.phys_start ? append_rest(buffer, system, region, n + 1) : 0) +
	       (region_end > end ? append_rest(buffer, system, behind, n + 1) : 0);
}

static bool has_pool(const struct blob_memory *region, const struct system_desc *system)
{
	/* The hypervisor's is its start, and not root's. */
	return region->phys_start ==
	       system->hypervisor_memory.phys_start + system->hypervisor_memory.size;
}

static uint32_t append_memory(struct blob_buffer *buffer, const struct system_desc *system,
			      enum variant variant)
{
	const struct blob_memory *memory = cell_desc_memory(&system->root_cell);
	const uint32_t nothing = system->root_cell.num_irqchips + 1;
	uint32_t count = 0;

	for (uint32_t i = 0; i < system->root_cell.num_memory_regions; i++) {
		struct blob_memory region = memory[i];

		if (variant == ROOT_WITHOUT_IO_FLAGS && !(region.flags & BLOB_MEM_EXECUTE))
			region.flags &= READ | WRITE;
		if (variant == ROOT_POOL_IS_DATA && has_pool(&region, system))
			region.flags &= ~(uint64_t)EXECUTE;
		count += append_rest(buffer, system, region,
				     variant == ROOT_WITHOUT_PCI ? 0 : nothing);
	}
	return count;
}

/* All ports but a few. */
static uint32_t append_ports(struct blob_buffer *buffer, uint16_t hole)
{
	const struct blob_pio ports[] = {
		{.base = 0, .length = hole},
		{.base = hole + PORTS_EACH, .length = 0x8000 - hole - PORTS_EACH},
		{.base = 0x8000, .length = 0x8000},
	};

	blob_append(buffer, ports, sizeof(ports));
	return sizeof(ports) / sizeof(ports[0]);
}

static void *take_out(const struct system_desc *ours, enum variant variant)
{
	_cleanup_(blob_buffer_done) struct blob_buffer buffer = {0};
	const struct cell_desc *root = &ours->root_cell;
	struct system_desc system = *ours;
	uint16_t hole = variant == ROOT_WITHOUT_UART ? CONSOLE_PORT : PCI_PORTS;

	blob_append(&buffer, &system, sizeof(system));
	blob_append(&buffer, cell_desc_cpu_set(root), root->cpu_set_size);
	system.root_cell.num_memory_regions = append_memory(&buffer, ours, variant);
	blob_append(&buffer, cell_desc_irqchips(root),
		    root->num_irqchips * sizeof(struct blob_irqchip));
	if (variant == ROOT_WITHOUT_IO_FLAGS || variant == ROOT_POOL_IS_DATA)
		blob_append(&buffer, cell_desc_pio(root),
			    root->num_pio_regions * sizeof(struct blob_pio));
	else
		system.root_cell.num_pio_regions = append_ports(&buffer, hole);
	if (buffer.out_of_memory)
		broken("out of memory");
	memcpy(buffer.data, &system, sizeof(system));
	return TAKE_POINTER(buffer.data);
}

void *root_blob(const struct abi *abi, enum variant variant)
{
	const struct root_config_options options = {
		.hypervisor = {abi->pool.phys_start, HYPERVISOR_SIZE},
	};
	struct machine *machine = NULL;
	struct problems problems = {0};
	void *ours = NULL, *result;
	size_t size;

	if (machine_read("", &problems, &machine) < 0 ||
	    root_config_build(machine, &options, &problems, &ours, &size) < 0)
		broken("no configuration for this machine: %s",
		       problems.count ? problems.items[0].text : "no reason given");
	machine_free(machine);
	problems_done(&problems);
	if (variant == ROOT_OURS)
		return ours;
	result = take_out(ours, variant);
	free(ours);
	return result;
}
