// SPDX-License-Identifier: GPL-2.0-only
/* What the keys of one description must have to do with each other. */
#include <ctype.h>
#include <inttypes.h>
#include <string.h>

#include "blob.h"
#include "common/quantity.h"
#include "model/description_parser.h"
#include "model/link.h"
#include "model/machine.h"

static const struct json_path memory_list = {.key = "memory"};
static const struct json_path devices = {.key = "devices"};
static const struct json_path mmio_list = {.parent = &devices, .key = "mmio"};
static const struct json_path ports_list = {.parent = &devices, .key = "ports"};
static const struct json_path pci_list = {.parent = &devices, .key = "pci"};
static const struct json_path image_list = {.key = "image"};
static const struct json_path comm_region = {.key = "comm-region"};
static const struct json_path console_key = {.key = "console"};
static const struct json_path link_list = {.key = "shared-memory"};

static struct json_path device_path(const struct json_path *list, size_t index, size_t listed)
{
	return listed ? (struct json_path){.parent = &devices, .index = listed - 1}
		      : (struct json_path){.parent = list, .index = index};
}

/* Something in the cell's address space, with the key that put it there. */
struct occupant {
	struct json_path path;
	const char *name;
	struct address_range range;
};

#define OCCUPANTS_MAX (DESCRIPTION_MAX_MEMORY + DESCRIPTION_MAX_MMIO + 2)

struct occupants {
	struct occupant items[OCCUPANTS_MAX];
	size_t count;
};

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

		add_occupant(ret, (struct occupant){{.parent = &memory_list, .index = i},
						    "memory",
						    {memory->address, memory->size}});
	}
	for (size_t i = 0; i < description->num_mmio; i++) {
		const struct description_mmio *mmio = &description->mmio[i];

		add_occupant(ret, (struct occupant){device_path(&mmio_list, i, mmio->listed),
						    "mmio",
						    {mmio->address, mmio->size}});
	}
	add_occupant(ret, (struct occupant){comm_region, "comm-region", {comm, PAGE_BYTES}});
	if (console->type == DESCRIPTION_CONSOLE_MMIO)
		add_occupant(ret, (struct occupant){console_key,
						    "console",
						    {console->address, console->size}});
}

/* Memory is of whole pages; the registers of two devices may share one. */
static void check_pair(struct parser *parser, const struct occupant *a, const struct occupant *b)
{
	if (ranges_meet(a->range, b->range))
		parser_error(parser, &b->path, NULL,
			     "is at guest addresses 0x%" PRIx64 "-0x%" PRIx64
			     ", where %s is as well (0x%" PRIx64 "-0x%" PRIx64
			     "); give one another address",
			     b->range.start, range_end(b->range) - 1, a->name, a->range.start,
			     range_end(a->range) - 1);
}

static void check_address_space(struct parser *parser)
{
	const struct occupant apic = {.name = "the local APIC",
				      .range = {LOCAL_APIC_PAGE, PAGE_BYTES}};
	struct occupants occupants;

	collect_occupants(parser->description, &occupants);
	for (size_t i = 0; i < occupants.count; i++) {
		const struct occupant *occupant = &occupants.items[i];

		if (range_end(occupant->range) > GUEST_ADDRESS_END) {
			parser_error(parser, &occupant->path, NULL,
				     "ends beyond guest address 2^48");
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

	for (size_t i = 0; i < description->num_memory; i++) {
		const struct json_path item = {.parent = &memory_list, .index = i};
		const struct description_memory *a = &description->memory[i];

		if (!a->has_phys)
			continue;
		if (a->size > PHYS_ADDRESS_END - a->phys)
			parser_error(parser, &item, NULL, "ends beyond physical address 2^52");
		for (size_t j = 0; j < i; j++) {
			const struct description_memory *b = &description->memory[j];

			if (b->has_phys && ranges_meet((struct address_range){a->phys, a->size},
						       (struct address_range){b->phys, b->size}))
				parser_error(parser, &item, NULL,
					     "is in the same physical memory as memory[%zu]", j);
		}
	}
}

static void check_content(struct parser *parser)
{
	const struct description *description = parser->description;
	const struct json_path parameters = {.key = "parameters"}, entry = {.key = "entry"};

	for (size_t i = 0; i < description->num_images; i++) {
		const struct json_path item = {.parent = &image_list, .index = i};
		const uint64_t address = description->images[i].address;

		if (!description_room(description, BLOB_MEM_LOADABLE, address))
			parser_error(parser, &item, NULL,
				     "is to be loaded at guest address 0x%" PRIx64
				     ", but no loadable memory of the cell is there",
				     address);
	}
	if (description->parameters &&
	    description_room(description, BLOB_MEM_LOADABLE, CELL_PARAMETERS_ADDRESS) <=
		    strlen(description->parameters))
		parser_error(
			parser, &parameters, NULL,
			"go to guest address 0x%x, but no loadable memory of the cell is there",
			CELL_PARAMETERS_ADDRESS);
	if (!description_room(description, BLOB_MEM_EXECUTE, description->entry))
		parser_error(parser, &entry, NULL,
			     "the first CPU would start at guest address 0x%x, but no executable "
			     "memory of the cell is there",
			     description->entry);
}

static struct address_range port_range(const struct description_ports *ports)
{
	return (struct address_range){ports->base, ports->count};
}

static void check_ports(struct parser *parser)
{
	const struct description *description = parser->description;
	const struct description_console *console = &description->console;

	for (size_t i = 0; i < description->num_ports; i++) {
		const struct json_path item =
			device_path(&ports_list, i, description->ports[i].listed);
		const struct address_range ports = port_range(&description->ports[i]);

		for (size_t j = 0; j < i; j++) {
			char other[32];

			if (!ranges_meet(ports, port_range(&description->ports[j])))
				continue;
			description_device_key(other, sizeof(other), "ports", j,
					       description->ports[j].listed);
			parser_error(parser, &item, NULL, "has ports that %s has as well", other);
		}
		if (console->type == DESCRIPTION_CONSOLE_PORT &&
		    ranges_meet(ports, (struct address_range){console->address, console->size}))
			parser_error(parser, &item, NULL,
				     "has ports of the console; those come with \"console\"");
	}
}

/* Said where it becomes too much, once. */
static void check_links_total(struct parser *parser)
{
	const struct description *description = parser->description;
	char wanted[QUANTITY_TEXT_MAX], limit[QUANTITY_TEXT_MAX];
	uint64_t total = 0;

	for (size_t i = 0; i < description->num_links; i++) {
		const struct description_link *link = &description->links[i];
		const struct json_path item = {.parent = &link_list, .index = i};
		const struct link_shape shape = link_shape(link);

		total += link_size(&shape, link->num_peers + 1);
		if (total <= LINKS_MAX_BYTES)
			continue;
		parser_error(parser, &item, NULL,
			     "brings the sections of all of the cell's links, those of their "
			     "other peers as well, to %s together; make them smaller: %s is what a "
			     "cell may have",
			     quantity_round_bytes_up(total, wanted),
			     quantity_round_bytes(LINKS_MAX_BYTES, limit));
		return;
	}
}

/* What a function does by itself nobody can tell: each may have memory at its mercy. */
static void check_dma(struct parser *parser)
{
	const struct description *description = parser->description;

	if (description->dma != DMA_NONE)
		return;
	for (size_t i = 0; i < description->num_pci; i++) {
		const struct json_path item = device_path(&pci_list, i, description->pci[i].listed);

		parser_error(
			parser, &item, NULL,
			"PCI device %s can read and write all of the machine's memory, that of "
			"Linux and of other cells, and nothing holds it back: leave it out, or "
			"accept that with \"dma\": \"unprotected\"",
			description->pci[i].id);
	}
}

static void check_links(struct parser *parser)
{
	const struct description *description = parser->description;

	check_links_total(parser);
	for (size_t i = 0; i < description->num_links; i++) {
		const struct description_link *link = &description->links[i];
		const struct json_path item = {.parent = &link_list, .index = i};
		const struct json_path name = {.parent = &item, .key = "name"};
		const struct link_shape shape = link_shape(link);

		for (size_t j = 0; j < i; j++) {
			if (strcmp(link->name, description->links[j].name) == 0)
				parser_error(parser, &name, NULL,
					     "is the name of shared-memory[%zu] as well; give them "
					     "different ones",
					     j);
		}
		if (link_guest_address(description, i) + link_size(&shape, link->num_peers + 1) >
		    GUEST_ADDRESS_END)
			parser_error(parser, &item, NULL,
				     "finds no room in the cell's address space below 2^48; make "
				     "it smaller, or put the memory elsewhere");
	}
}

static void check_memory_region(const struct given *given)
{
	/* No default here: a later one could land on the communication region. */
	if (given->path->index > 0 && !json_object_object_get_ex(given->json, "address", NULL))
		parser_error(given->parser, given->path, NULL,
			     "needs \"address\": only the first region has one (0) by itself");
}

static void check_uart(const struct given *given, struct description_console *console)
{
	console->type = json_object_object_get_ex(given->json, "port", NULL)
				? DESCRIPTION_CONSOLE_PORT
				: DESCRIPTION_CONSOLE_MMIO;
	console->size = UART_REGISTERS * console->register_distance;
	if (console->type == DESCRIPTION_CONSOLE_PORT && console->register_distance != 1)
		parser_error(given->parser, given->path, NULL,
			     "ports are next to each other: remove "
			     "\"register-distance\" or use \"mmio\"");
}

static void check_port_range(const struct given *given, const struct description_ports *ports)
{
	if ((uint32_t)ports->base + ports->count > PORT_MAX + 1)
		parser_error(given->parser, given->path, NULL, "goes beyond the last port, 0xffff");
}

static void check_mmio_region(const struct given *given, struct description_mmio *mmio)
{
	mmio->flags |= BLOB_MEM_READ | BLOB_MEM_IO;
	if (!(mmio->flags & MMIO_ALL_WIDTHS))
		mmio->flags |= MMIO_ALL_WIDTHS;
	if (!json_object_object_get_ex(given->json, "address", NULL))
		mmio->address = mmio->phys;
	if (mmio->phys % PAGE_BYTES != mmio->address % PAGE_BYTES)
		parser_error(given->parser, given->path, NULL,
			     "\"phys\" and \"address\" must be at the same place in their 4K "
			     "pages");
}

/* What was refused of it is not there. */
static void check_link(const struct given *given, struct description_link *link)
{
	const struct json_path list = {.parent = given->path, .key = "peers"};
	const char *own = given->parser->description->name;

	if (!link->has_common)
		link->common = link->output;
	for (size_t i = 0; i < link->num_peers; i++) {
		const struct json_path item = {.parent = &list, .index = i};
		const char *peer = link->peers[i];

		if (peer && strcmp(peer, own) == 0)
			parser_error(given->parser, &item, NULL,
				     "is this cell itself; name the others only");
		for (size_t j = 0; peer && j < i; j++) {
			if (link->peers[j] && strcmp(peer, link->peers[j]) == 0)
				parser_error(given->parser, &item, NULL,
					     "is in the list twice; remove one");
		}
	}
}

static void check_image_file(const struct given *given, struct description_image *image)
{
	const struct json_path key = {.parent = given->path, .key = "sha256"};

	for (char *c = image->sha256 ?: ""; *c; c++) {
		if (isxdigit((unsigned char)*c)) {
			*c = (char)tolower(*c);
			continue;
		}
		parser_error(given->parser, &key, NULL,
			     "has \"%c\" in it and must be 64 hexadecimal digits; sha256sum FILE "
			     "prints them",
			     isprint((unsigned char)*c) ? *c : '?');
		return;
	}
}

void description_check_object(const struct given *given, enum description_rule rule, void *target)
{
	switch (rule) {
	case RULE_NONE:
		break;
	case RULE_MEMORY_REGION:
		check_memory_region(given);
		break;
	case RULE_IMAGE:
		check_image_file(given, target);
		break;
	case RULE_UART:
		check_uart(given, target);
		break;
	case RULE_PORT_RANGE:
		check_port_range(given, target);
		break;
	case RULE_MMIO_REGION:
		check_mmio_region(given, target);
		break;
	case RULE_LINK:
		check_link(given, target);
		break;
	case RULE_PCI:
		description_check_pci(given, target);
		break;
	}
}

/* Wherever the links will be. */
static void check_parameters(struct parser *parser)
{
	static const struct link_place places[DESCRIPTION_MAX_LINKS];
	const struct json_path path = {.key = "parameters"};
	char text[CELL_PARAMETERS_SIZE];

	if (parser->description->parameters && !links_parameters(parser->description, places, text))
		parser_error(parser, &path, NULL,
			     "with a word like link.NAME=0xf0 for each of %zu links it is longer "
			     "than %u bytes; shorten it, or the links' names",
			     parser->description->num_links, CELL_PARAMETERS_MAX_LENGTH);
}

void description_check_rules(struct parser *parser)
{
	const struct json_path stop = {.key = "stop"};
	const struct json_path timeout = {.parent = &stop, .key = "timeout"};

	check_address_space(parser);
	check_physical(parser);
	check_content(parser);
	check_ports(parser);
	check_dma(parser);
	check_links(parser);
	check_parameters(parser);
	description_check_signals(parser);
	if (parser->description->stop_timeout_ns == 0)
		json_text_problem(
			&parser->text, parser->problems, SEVERITY_WARNING, &timeout, NULL,
			"a stop waits without end for a cell that does not answer; give a "
			"time, like \"5s\"");
}
