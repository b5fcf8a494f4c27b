// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <string.h>

#include "model/encode_parts.h"
#include "model/pins.h"
#include "page.h"

#define NS_PER_MICROSECOND 1000ull

/* What a cell may do with its communication region, and with a UART in memory. */
#define COMM_FLAGS (BLOB_MEM_READ | BLOB_MEM_WRITE | BLOB_MEM_COMM_REGION)
#define UART_FLAGS (BLOB_MEM_READ | BLOB_MEM_WRITE | BLOB_MEM_IO | BLOB_MEM_IO_8 | BLOB_MEM_IO_32)

void encode_region(struct blob_buffer *buffer, struct cell_desc *desc, struct blob_memory region)
{
	blob_append(buffer, &region, sizeof(region));
	desc->num_memory_regions++;
}

void encode_ports(struct blob_buffer *buffer, struct cell_desc *desc, struct blob_pio range)
{
	blob_append(buffer, &range, sizeof(range));
	desc->num_pio_regions++;
}

static void append_regions(struct blob_buffer *buffer, struct cell_desc *desc,
			   const struct description *description, const struct placement *placement)
{
	const struct description_console *console = &description->console;

	for (size_t i = 0; i < description->num_memory; i++) {
		const struct description_memory *memory = &description->memory[i];

		encode_region(buffer, desc,
			      (struct blob_memory){placement->memory[i].start, memory->address,
						   memory->size, memory->flags});
	}
	encode_region(buffer, desc,
		      (struct blob_memory){.virt_start = description_comm_address(description),
					   .size = PAGE_BYTES,
					   .flags = COMM_FLAGS});
	for (size_t i = 0; i < description->num_mmio; i++) {
		const struct description_mmio *mmio = &description->mmio[i];

		encode_region(
			buffer, desc,
			(struct blob_memory){mmio->phys, mmio->address, mmio->size, mmio->flags});
	}
	/* The registers of a UART in memory, and nothing beside them in their page. */
	if (console->type == DESCRIPTION_CONSOLE_MMIO)
		encode_region(buffer, desc,
			      (struct blob_memory){console->address, console->address,
						   console->size, UART_FLAGS});
}

static struct cell_console encode_console(const struct description_console *console)
{
	struct cell_console result = {
		.type = CONSOLE_8250,
		.address = console->address,
		.size = console->size,
		.divider = console->divider,
	};

	if (console->type != DESCRIPTION_CONSOLE_PORT && console->type != DESCRIPTION_CONSOLE_MMIO)
		return (struct cell_console){.type = CONSOLE_NONE};
	if (console->type == DESCRIPTION_CONSOLE_MMIO)
		result.flags |= CONSOLE_FLAG_MMIO;
	if (console->register_distance == 4)
		result.flags |= CONSOLE_FLAG_REG_DIST_4;
	return result;
}

static void init_desc(struct cell_desc *desc, const struct description *description)
{
	blob_init_cell(desc, description->name);
	if (description->console.type == DESCRIPTION_CONSOLE_VIRTUAL)
		desc->flags |= BLOB_CELL_CONSOLE_PERMITTED | BLOB_CELL_CONSOLE_ACTIVE;
	if (description->comm_passive)
		desc->flags |= BLOB_CELL_PASSIVE_COMMREG;
	desc->cpu_reset_address = description->entry;
	desc->msg_reply_timeout = description->stop_timeout_ns / NS_PER_MICROSECOND;
	desc->console = encode_console(&description->console);
}

int encode_cell(const struct description *description, const struct placement *placement,
		const struct machine *machine, const struct pci_facts *devices,
		struct problems *problems, void **ret_blob, size_t *ret_size)
{
	const struct problem_place place = {.file = description->file};
	const struct description_console *console = &description->console;
	_cleanup_(blob_buffer_done) struct blob_buffer buffer = {0};
	struct link_end ends[DESCRIPTION_MAX_LINKS];
	struct cell_desc desc;

	if (placement->num_memory != description->num_memory ||
	    cpu_mask_count(&placement->cpus) != description->cpu_count ||
	    !encode_links_placed(description, placement))
		return problems_add(problems, SEVERITY_ERROR, &place,
				    "was changed after the cell had been placed; place it again");
	init_desc(&desc, description);

	/* The counts are known at the end; the place is taken now. */
	blob_append(&buffer, &desc, sizeof(desc));
	desc.cpu_set_size = blob_append_cpus(&buffer, &placement->cpus);
	append_regions(&buffer, &desc, description, placement);
	encode_device_regions(&buffer, &desc, description, devices);
	encode_link_regions(&buffer, &desc, description, placement, ends);
	if (pins_encode(&buffer, &desc, description, machine, problems) < 0)
		return -EINVAL;
	for (size_t i = 0; i < description->num_ports; i++)
		encode_ports(
			&buffer, &desc,
			(struct blob_pio){description->ports[i].base, description->ports[i].count});
	if (console->type == DESCRIPTION_CONSOLE_PORT)
		encode_ports(&buffer, &desc, (struct blob_pio){console->address, console->size});
	encode_device_ports(&buffer, &desc, description, devices);
	encode_devices(&buffer, &desc, description, devices);
	encode_link_devices(&buffer, &desc, description, ends);
	encode_device_caps(&buffer, &desc, description, devices);
	return blob_finish(&buffer, &desc, sizeof(desc), blob_check_cell, &place, problems,
			   ret_blob, ret_size);
}
