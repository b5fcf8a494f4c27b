// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <string.h>

#include "model/blob_buffer.h"
#include "model/encode.h"
#include "page.h"

#define NS_PER_MICROSECOND 1000ull

/* Returns the number of regions. */
static size_t append_ram(struct blob_buffer *buffer, const struct description *description,
			 const struct placement *placement)
{
	for (size_t i = 0; i < description->num_memory; i++) {
		const struct description_memory *memory = &description->memory[i];
		const struct blob_memory region = {
			.phys_start = placement->memory[i].start,
			.virt_start = memory->address,
			.size = memory->size,
			.flags = memory->flags,
		};

		blob_append(buffer, &region, sizeof(region));
	}
	return description->num_memory;
}

static size_t append_comm_region(struct blob_buffer *buffer, const struct description *description)
{
	const struct blob_memory region = {
		.virt_start = description_comm_address(description),
		.size = PAGE_BYTES,
		.flags = BLOB_MEM_READ | BLOB_MEM_WRITE | BLOB_MEM_COMM_REGION,
	};

	blob_append(buffer, &region, sizeof(region));
	return 1;
}

static size_t append_mmio(struct blob_buffer *buffer, const struct description *description)
{
	for (size_t i = 0; i < description->num_mmio; i++) {
		const struct description_mmio *mmio = &description->mmio[i];
		const struct blob_memory region = {
			.phys_start = mmio->phys,
			.virt_start = mmio->address,
			.size = mmio->size,
			.flags = mmio->flags,
		};

		blob_append(buffer, &region, sizeof(region));
	}
	return description->num_mmio;
}

/* The registers of a UART in memory, and nothing beside them in their page. */
static size_t append_console_mmio(struct blob_buffer *buffer,
				  const struct description_console *console)
{
	const struct blob_memory region = {
		.phys_start = console->address,
		.virt_start = console->address,
		.size = console->size,
		.flags = BLOB_MEM_READ | BLOB_MEM_WRITE | BLOB_MEM_IO | BLOB_MEM_IO_8 |
			 BLOB_MEM_IO_32,
	};

	if (console->type != DESCRIPTION_CONSOLE_MMIO)
		return 0;
	blob_append(buffer, &region, sizeof(region));
	return 1;
}

/* Returns the number of ranges. */
static size_t append_ports(struct blob_buffer *buffer, const struct description *description)
{
	const struct description_console *console = &description->console;
	size_t count = description->num_ports;

	for (size_t i = 0; i < description->num_ports; i++) {
		const struct blob_pio range = {
			.base = description->ports[i].base,
			.length = description->ports[i].count,
		};

		blob_append(buffer, &range, sizeof(range));
	}
	if (console->type == DESCRIPTION_CONSOLE_PORT) {
		const struct blob_pio range = {.base = console->address, .length = console->size};

		blob_append(buffer, &range, sizeof(range));
		count++;
	}
	return count;
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

static int check_placement(const struct description *description, const struct placement *placement,
			   struct problems *problems)
{
	const struct problem_place place = {.file = description->file};

	if (placement->num_memory == description->num_memory &&
	    cpu_mask_count(&placement->cpus) == description->cpu_count)
		return 0;
	problems_add(problems, SEVERITY_ERROR, &place,
		     "was changed after the cell had been placed; place it again");
	return -EINVAL;
}

int encode_cell(const struct description *description, const struct placement *placement,
		struct problems *problems, void **ret_blob, size_t *ret_size)
{
	_cleanup_(blob_buffer_done) struct blob_buffer buffer = {0};
	const struct problem_place place = {.file = description->file};
	struct blob_error error;
	struct cell_desc desc;
	int r;

	r = check_placement(description, placement, problems);
	if (r < 0)
		return r;
	init_desc(&desc, description);

	/* The counts are known at the end; the place is taken now. */
	blob_append(&buffer, &desc, sizeof(desc));
	desc.cpu_set_size = blob_append_cpus(&buffer, &placement->cpus);
	desc.num_memory_regions = append_ram(&buffer, description, placement);
	desc.num_memory_regions += append_comm_region(&buffer, description);
	desc.num_memory_regions += append_mmio(&buffer, description);
	desc.num_memory_regions += append_console_mmio(&buffer, &description->console);
	desc.num_pio_regions = append_ports(&buffer, description);
	if (buffer.out_of_memory)
		return -ENOMEM;

	memcpy(buffer.data, &desc, sizeof(desc));
	if (blob_check_cell(buffer.data, buffer.size, &error) < 0)
		return blob_refused(&error, &place, problems);
	*ret_blob = TAKE_POINTER(buffer.data);
	*ret_size = buffer.size;
	return 0;
}
