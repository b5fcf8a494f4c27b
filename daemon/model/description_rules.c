// SPDX-License-Identifier: GPL-2.0-only
/* What the keys of one description must have to do with each other. */
#include <inttypes.h>
#include <string.h>

#include "blob.h"
#include "model/description_parser.h"
#include "model/machine.h"

/* Something in the cell's address space, with the key that put it there. */
struct occupant {
	const char *key;
	bool in_list;
	size_t index;
	bool is_mmio;
	uint64_t start;
	uint64_t end; /* exclusive */
};

#define OCCUPANTS_MAX (DESCRIPTION_MAX_MEMORY + DESCRIPTION_MAX_MMIO + 2)

struct occupants {
	struct occupant items[OCCUPANTS_MAX];
	size_t count;
};

static void occupant_error(struct parser *parser, const struct occupant *occupant, const char *text)
{
	const struct json_path list = {.key = occupant->key};
	const struct json_path item = {.parent = &list, .index = occupant->index};

	parser_error(parser, occupant->in_list ? &item : &list, NULL, "%s", text);
}

/* MMIO is in "devices", one level down. */
static void mmio_error(struct parser *parser, const struct occupant *occupant, const char *text)
{
	const struct json_path devices = {.key = "devices"};
	const struct json_path list = {.parent = &devices, .key = "mmio"};
	const struct json_path item = {.parent = &list, .index = occupant->index};

	parser_error(parser, &item, NULL, "%s", text);
}

static void report_occupant(struct parser *parser, const struct occupant *occupant,
			    const char *text)
{
	if (occupant->is_mmio && occupant->in_list)
		mmio_error(parser, occupant, text);
	else
		occupant_error(parser, occupant, text);
}

static void add_occupant(struct occupants *occupants, struct occupant occupant)
{
	occupants->items[occupants->count++] = occupant;
}

static void collect_occupants(const struct description *description, struct occupants *ret)
{
	const uint64_t comm = description_comm_address(description);
	const struct description_console *console = &description->console;

	ret->count = 0;
	for (size_t i = 0; i < description->num_memory; i++) {
		const struct description_memory *memory = &description->memory[i];

		add_occupant(ret, (struct occupant){"memory", true, i, false, memory->address,
						    memory->address + memory->size});
	}
	for (size_t i = 0; i < description->num_mmio; i++) {
		const struct description_mmio *mmio = &description->mmio[i];

		add_occupant(ret, (struct occupant){"mmio", true, i, true, mmio->address,
						    mmio->address + mmio->size});
	}
	add_occupant(ret,
		     (struct occupant){"comm-region", false, 0, false, comm, comm + PAGE_BYTES});
	if (console->type == DESCRIPTION_CONSOLE_MMIO)
		add_occupant(ret, (struct occupant){"console", false, 0, true, console->address,
						    console->address + console->size});
}

/* Memory is mapped in pages; the registers of two devices may share one. */
static bool overlap(const struct occupant *a, const struct occupant *b)
{
	const uint64_t mask = a->is_mmio && b->is_mmio ? 0 : PAGE_BYTES - 1;

	return (a->start & ~mask) < ((b->end + mask) & ~mask) &&
	       (b->start & ~mask) < ((a->end + mask) & ~mask);
}

static void check_pair(struct parser *parser, const struct occupant *a, const struct occupant *b)
{
	_cleanup_(freep) char *text = NULL;

	if (!overlap(a, b))
		return;
	if (asprintf(&text,
		     "is at guest addresses 0x%" PRIx64 "-0x%" PRIx64 ", where %s is as well "
		     "(0x%" PRIx64 "-0x%" PRIx64 "); give one another address",
		     b->start, b->end - 1, a->key, a->start, a->end - 1) < 0) {
		text = NULL;
		parser->problems->out_of_memory = true;
		return;
	}
	report_occupant(parser, b, text);
}

static void check_address_space(struct parser *parser)
{
	const struct occupant apic = {.key = "the local APIC",
				      .start = LOCAL_APIC_PAGE,
				      .end = LOCAL_APIC_PAGE + PAGE_BYTES};
	struct occupants occupants;

	collect_occupants(parser->description, &occupants);
	for (size_t i = 0; i < occupants.count; i++) {
		const struct occupant *occupant = &occupants.items[i];

		if (occupant->end > GUEST_ADDRESS_END) {
			report_occupant(parser, occupant, "ends beyond guest address 2^48");
			continue;
		}
		check_pair(parser, &apic, occupant);
		for (size_t j = 0; j < i; j++)
			check_pair(parser, &occupants.items[j], occupant);
	}
}

static void check_physical(struct parser *parser)
{
	const struct description *description = parser->description;
	const struct json_path list = {.key = "memory"};

	for (size_t i = 0; i < description->num_memory; i++) {
		const struct json_path item = {.parent = &list, .index = i};
		const struct description_memory *a = &description->memory[i];

		if (!a->has_phys)
			continue;
		if (a->size > PHYS_ADDRESS_END - a->phys)
			parser_error(parser, &item, NULL, "ends beyond physical address 2^52");
		for (size_t j = 0; j < i; j++) {
			const struct description_memory *b = &description->memory[j];

			if (b->has_phys && a->phys < b->phys + b->size &&
			    b->phys < a->phys + a->size)
				parser_error(parser, &item, NULL,
					     "is in the same physical memory as memory[%zu]", j);
		}
	}
}

/* The region that holds size bytes at a guest address; NULL where none holds all of them. */
static const struct description_memory *find_memory(const struct description *description,
						    uint64_t address, uint64_t size)
{
	for (size_t i = 0; i < description->num_memory; i++) {
		const struct description_memory *memory = &description->memory[i];

		if (address >= memory->address && size <= memory->size &&
		    address - memory->address <= memory->size - size)
			return memory;
	}
	return NULL;
}

static void check_images(struct parser *parser)
{
	const struct description *description = parser->description;
	const struct json_path list = {.key = "image"};

	for (size_t i = 0; i < description->num_images; i++) {
		const struct json_path item = {.parent = &list, .index = i};
		const struct description_image *image = &description->images[i];
		const struct description_memory *memory;

		memory = find_memory(description, image->address, 1);
		if (!memory || !(memory->flags & BLOB_MEM_LOADABLE))
			parser_error(parser, &item, NULL,
				     "is to be loaded at guest address 0x%" PRIx64
				     ", but no loadable memory of the cell is there",
				     image->address);
	}
}

static void check_parameters(struct parser *parser)
{
	const struct description *description = parser->description;
	const struct json_path path = {.key = "parameters"};
	const struct description_memory *memory;

	if (!description->parameters)
		return;
	memory = find_memory(description, CELL_PARAMETERS_ADDRESS,
			     strlen(description->parameters) + 1);
	if (!memory || !(memory->flags & BLOB_MEM_LOADABLE))
		parser_error(
			parser, &path, NULL,
			"go to guest address 0x%x, but no loadable memory of the cell is there",
			CELL_PARAMETERS_ADDRESS);
}

static void check_entry(struct parser *parser)
{
	const struct description *description = parser->description;
	const struct json_path path = {.key = "entry"};
	const struct description_memory *memory = find_memory(description, description->entry, 1);

	if (!memory || !(memory->flags & BLOB_MEM_EXECUTE))
		parser_error(parser, &path, NULL,
			     "the first CPU would start at guest address 0x%x, but no executable "
			     "memory of the cell is there",
			     description->entry);
}

static void check_ports(struct parser *parser)
{
	const struct description *description = parser->description;
	const struct description_console *console = &description->console;
	const struct json_path devices = {.key = "devices"};
	const struct json_path list = {.parent = &devices, .key = "ports"};

	for (size_t i = 0; i < description->num_ports; i++) {
		const struct json_path item = {.parent = &list, .index = i};
		const struct description_ports *a = &description->ports[i];

		for (size_t j = 0; j < i; j++) {
			const struct description_ports *b = &description->ports[j];

			if (a->base < b->base + b->count && b->base < a->base + a->count)
				parser_error(parser, &item, NULL,
					     "has ports that devices.ports[%zu] has as well", j);
		}
		if (console->type == DESCRIPTION_CONSOLE_PORT &&
		    a->base < console->address + console->size &&
		    console->address < (uint64_t)a->base + a->count)
			parser_error(parser, &item, NULL,
				     "has ports of the console; those come with \"console\"");
	}
}

static void check_memory_region(struct parser *parser, const struct json_path *path,
				struct json_object *json)
{
	/* No default here: a later one could land on the communication region. */
	if (path->index > 0 && !json_object_object_get_ex(json, "address", NULL))
		parser_error(parser, path, NULL,
			     "needs \"address\": only the first region has one (0) by itself");
}

static void check_uart(struct parser *parser, const struct json_path *path,
		       struct json_object *json, struct description_console *console)
{
	console->type = json_object_object_get_ex(json, "port", NULL) ? DESCRIPTION_CONSOLE_PORT
								      : DESCRIPTION_CONSOLE_MMIO;
	console->size = UART_REGISTERS * console->register_distance;
	if (console->type == DESCRIPTION_CONSOLE_PORT && console->register_distance != 1)
		parser_error(parser, path, NULL,
			     "ports are next to each other: remove "
			     "\"register-distance\" or use \"mmio\"");
}

static void check_port_range(struct parser *parser, const struct json_path *path,
			     const struct description_ports *ports)
{
	if ((uint32_t)ports->base + ports->count > PORT_MAX + 1)
		parser_error(parser, path, NULL, "goes beyond the last port, 0xffff");
}

static void check_mmio_region(struct parser *parser, const struct json_path *path,
			      struct json_object *json, struct description_mmio *mmio)
{
	mmio->flags |= BLOB_MEM_READ | BLOB_MEM_IO;
	if (!(mmio->flags & MMIO_ALL_WIDTHS))
		mmio->flags |= MMIO_ALL_WIDTHS;
	if (!json_object_object_get_ex(json, "address", NULL))
		mmio->address = mmio->phys;
	if (mmio->phys % PAGE_BYTES != mmio->address % PAGE_BYTES)
		parser_error(parser, path, NULL,
			     "\"phys\" and \"address\" must be at the same place in their 4K "
			     "pages");
}

void description_check_object(struct parser *parser, const struct json_path *path,
			      struct json_object *json, enum description_rule rule, void *target)
{
	switch (rule) {
	case RULE_NONE:
		break;
	case RULE_MEMORY_REGION:
		check_memory_region(parser, path, json);
		break;
	case RULE_UART:
		check_uart(parser, path, json, target);
		break;
	case RULE_PORT_RANGE:
		check_port_range(parser, path, target);
		break;
	case RULE_MMIO_REGION:
		check_mmio_region(parser, path, json, target);
		break;
	}
}

void description_check_rules(struct parser *parser)
{
	const struct json_path stop = {.key = "stop"};
	const struct json_path timeout = {.parent = &stop, .key = "timeout"};

	check_address_space(parser);
	check_physical(parser);
	check_images(parser);
	check_parameters(parser);
	check_entry(parser);
	check_ports(parser);
	if (parser->description->stop_timeout_ns == 0)
		json_text_problem(
			&parser->text, parser->problems, SEVERITY_WARNING, &timeout, NULL,
			"a stop waits without end for a cell that does not answer; give a "
			"time, like \"5s\"");
}
