// SPDX-License-Identifier: GPL-2.0-only
/* The keys of a description that give a cell a console, devices and shared memory. */
#include <string.h>

#include "blob.h"
#include "model/description_kinds.h"
#include "model/description_parser.h"

#define UART_REGISTERS 8

/* Ports and lengths have 16 bits in a blob, so that 0xffff is the last that can be given. */
#define PORT_MAX 0xffffu

static void parse_console_port(struct parser *parser, const struct json_path *path,
			       struct json_object *value, void *target)
{
	struct description_console *console = target;

	if (!value_bytes_limited(parser, path, value, 1, 1, PORT_MAX + 1 - UART_REGISTERS,
				 &console->address))
		return;
	console->type = DESCRIPTION_CONSOLE_PORT;
}

static void parse_console_mmio(struct parser *parser, const struct json_path *path,
			       struct json_object *value, void *target)
{
	struct description_console *console = target;

	if (!value_bytes_limited(parser, path, value, 4, 4, GUEST_ADDRESS_END - PAGE_BYTES,
				 &console->address))
		return;
	console->type = DESCRIPTION_CONSOLE_MMIO;
}

static void parse_console_divider(struct parser *parser, const struct json_path *path,
				  struct json_object *value, void *target)
{
	struct description_console *console = target;
	uint64_t divider;

	if (value_number(parser, path, value, 0, UINT16_MAX, &divider))
		console->divider = divider;
}

static void parse_console_distance(struct parser *parser, const struct json_path *path,
				   struct json_object *value, void *target)
{
	struct description_console *console = target;
	uint64_t distance;

	if (!value_number(parser, path, value, 1, 4, &distance))
		return;
	if (distance != 1 && distance != 4)
		parser_error(parser, path, value, "must be 1 or 4");
	console->register_distance = distance;
}

static const struct description_key console_keys[] = {
	{"port", false, parse_console_port},
	{"mmio", false, parse_console_mmio},
	{"divider", false, parse_console_divider},
	{"register-distance", false, parse_console_distance},
	{0},
};

const struct description_object description_console_kind = {"uart", console_keys};

static void parse_uart(struct parser *parser, const struct json_path *path,
		       struct json_object *value, struct description_console *console)
{
	bool has_port, has_mmio;

	console->register_distance = 1;
	parse_object(parser, path, value, &description_console_kind, console);

	has_port = json_object_object_get_ex(value, "port", NULL);
	has_mmio = json_object_object_get_ex(value, "mmio", NULL);
	if (has_port == has_mmio)
		parser_error(parser, path, NULL,
			     "needs either \"port\" or \"mmio\": where the UART's registers are");
	if (has_port && console->register_distance != 1)
		parser_error(parser, path, NULL,
			     "ports are next to each other: remove "
			     "\"register-distance\" or use \"mmio\"");
	console->size = UART_REGISTERS * console->register_distance;
}

void parse_console(struct parser *parser, const struct json_path *path, struct json_object *value,
		   void *target)
{
	static const char *const words[] = {"virtual", "none", NULL};
	struct description *description = target;
	unsigned int index;

	if (json_object_is_type(value, json_type_object)) {
		parse_uart(parser, path, value, &description->console);
	} else if (!json_object_is_type(value, json_type_string)) {
		parser_error(parser, path, value,
			     "must be \"virtual\", \"none\", or an object that says where a UART "
			     "is");
	} else if (value_word(parser, path, value, words, &index)) {
		description->console.type =
			index == 0 ? DESCRIPTION_CONSOLE_VIRTUAL : DESCRIPTION_CONSOLE_NONE;
	}
}

static void parse_ports_base(struct parser *parser, const struct json_path *path,
			     struct json_object *value, void *target)
{
	struct description_ports *ports = target;
	uint64_t base;

	if (value_bytes_limited(parser, path, value, 1, 0, PORT_MAX, &base))
		ports->base = base;
}

static void parse_ports_count(struct parser *parser, const struct json_path *path,
			      struct json_object *value, void *target)
{
	struct description_ports *ports = target;
	uint64_t count;

	if (value_number(parser, path, value, 1, PORT_MAX, &count))
		ports->count = count;
}

static const struct description_key ports_keys[] = {
	{"base", true, parse_ports_base},
	{"count", true, parse_ports_count},
	{0},
};

const struct description_object description_ports_kind = {"port-range", ports_keys};

static void parse_ports(struct parser *parser, const struct json_path *path,
			struct json_object *value, void *target)
{
	struct description *description = target;
	size_t length;

	if (!value_array(parser, path, value, 0, DESCRIPTION_MAX_PORTS, &length))
		return;
	description->num_ports = length;
	for (size_t i = 0; i < length; i++) {
		const struct json_path item = {.parent = path, .index = i};
		struct description_ports *ports = &description->ports[i];

		parse_object(parser, &item, json_object_array_get_idx(value, i),
			     &description_ports_kind, ports);
		if ((uint32_t)ports->base + ports->count > PORT_MAX + 1)
			parser_error(parser, &item, NULL, "goes beyond the last port, 0xffff");
	}
}

static void parse_mmio_phys(struct parser *parser, const struct json_path *path,
			    struct json_object *value, void *target)
{
	struct description_mmio *mmio = target;

	value_bytes_limited(parser, path, value, 1, 0, PHYS_ADDRESS_END - 1, &mmio->phys);
}

static void parse_mmio_size(struct parser *parser, const struct json_path *path,
			    struct json_object *value, void *target)
{
	struct description_mmio *mmio = target;

	value_bytes_limited(parser, path, value, 1, 1, GUEST_ADDRESS_END, &mmio->size);
}

static void parse_mmio_address(struct parser *parser, const struct json_path *path,
			       struct json_object *value, void *target)
{
	struct description_mmio *mmio = target;

	value_bytes_limited(parser, path, value, 1, 0, GUEST_ADDRESS_END - 1, &mmio->address);
}

static void parse_mmio_permissions(struct parser *parser, const struct json_path *path,
				   struct json_object *value, void *target)
{
	/* Second-level page tables know no memory that can be written and not read. */
	static const char *const words[] = {"r", "rw", NULL};
	struct description_mmio *mmio = target;
	unsigned int index;

	if (value_word(parser, path, value, words, &index) && index == 0)
		mmio->flags &= ~(uint64_t)BLOB_MEM_WRITE;
}

static void parse_mmio_widths(struct parser *parser, const struct json_path *path,
			      struct json_object *value, void *target)
{
	struct description_mmio *mmio = target;
	size_t length;

	if (!value_array(parser, path, value, 1, 4, &length))
		return;
	mmio->flags &= ~MMIO_ALL_WIDTHS;
	for (size_t i = 0; i < length; i++) {
		const struct json_path item = {.parent = path, .index = i};
		struct json_object *width = json_object_array_get_idx(value, i);
		uint64_t bytes;

		if (!value_number(parser, &item, width, 1, 8, &bytes))
			continue;
		if (__builtin_popcountll(bytes) != 1)
			parser_error(parser, &item, width, "must be 1, 2, 4 or 8 bytes");
		else
			mmio->flags |= (uint64_t)BLOB_MEM_IO_8 << __builtin_ctzll(bytes);
	}
}

static void parse_mmio_unaligned(struct parser *parser, const struct json_path *path,
				 struct json_object *value, void *target)
{
	struct description_mmio *mmio = target;
	bool unaligned;

	if (value_bool(parser, path, value, &unaligned) && unaligned)
		mmio->flags |= BLOB_MEM_IO_UNALIGNED;
}

static const struct description_key mmio_keys[] = {
	{"phys", true, parse_mmio_phys},
	{"size", true, parse_mmio_size},
	{"address", false, parse_mmio_address},
	{"permissions", false, parse_mmio_permissions},
	{"widths", false, parse_mmio_widths},
	{"unaligned", false, parse_mmio_unaligned},
	{0},
};

const struct description_object description_mmio_kind = {"mmio-region", mmio_keys};

static void parse_mmio_region(struct parser *parser, const struct json_path *path,
			      struct json_object *value, struct description_mmio *mmio)
{
	mmio->flags = BLOB_MEM_READ | BLOB_MEM_WRITE | BLOB_MEM_IO | MMIO_ALL_WIDTHS;
	parse_object(parser, path, value, &description_mmio_kind, mmio);
	if (!json_object_object_get_ex(value, "address", NULL))
		mmio->address = mmio->phys;
	if (mmio->phys % PAGE_BYTES != mmio->address % PAGE_BYTES)
		parser_error(parser, path, NULL,
			     "\"phys\" and \"address\" must be at the same place in their 4K "
			     "pages");
}

static void parse_mmio(struct parser *parser, const struct json_path *path,
		       struct json_object *value, void *target)
{
	struct description *description = target;
	size_t length;

	if (!value_array(parser, path, value, 0, DESCRIPTION_MAX_MMIO, &length))
		return;
	description->num_mmio = length;
	for (size_t i = 0; i < length; i++) {
		const struct json_path item = {.parent = path, .index = i};

		parse_mmio_region(parser, &item, json_object_array_get_idx(value, i),
				  &description->mmio[i]);
	}
}

static void parse_pci(struct parser *parser, const struct json_path *path,
		      struct json_object *value, void *target)
{
	parser_error(parser, path, value,
		     "PCI devices for cells are not supported by this version; remove the key");
}

static const struct description_key devices_keys[] = {
	{"ports", false, parse_ports},
	{"mmio", false, parse_mmio},
	{"pci", false, parse_pci},
	{0},
};

const struct description_object description_devices_kind = {"devices", devices_keys};

void parse_devices(struct parser *parser, const struct json_path *path, struct json_object *value,
		   void *target)
{
	parse_object(parser, path, value, &description_devices_kind, target);
}

static void parse_shared_name(struct parser *parser, const struct json_path *path,
			      struct json_object *value, void *target)
{
	const char *name;

	if (value_string(parser, path, value, DESCRIPTION_MAX_NAME, &name) &&
	    !description_name_valid(name))
		parser_error(parser, path, value, "may have only a-z, 0-9 and - in it");
}

static void parse_shared_peers(struct parser *parser, const struct json_path *path,
			       struct json_object *value, void *target)
{
	size_t length;

	if (!value_array(parser, path, value, 1, SHARED_MEMORY_MAX_PEERS, &length))
		return;
	for (size_t i = 0; i < length; i++) {
		const struct json_path item = {.parent = path, .index = i};

		parse_shared_name(parser, &item, json_object_array_get_idx(value, i), target);
	}
}

static void parse_shared_size(struct parser *parser, const struct json_path *path,
			      struct json_object *value, void *target)
{
	uint64_t size;

	value_bytes_limited(parser, path, value, PAGE_BYTES, PAGE_BYTES, GUEST_ADDRESS_END, &size);
}

static void parse_shared_vectors(struct parser *parser, const struct json_path *path,
				 struct json_object *value, void *target)
{
	uint64_t vectors;

	value_number(parser, path, value, 1, SHARED_MEMORY_MAX_VECTORS, &vectors);
}

static const struct description_key shared_memory_keys[] = {
	{"name", true, parse_shared_name},
	{"peers", true, parse_shared_peers},
	{"size", true, parse_shared_size},
	{"vectors", false, parse_shared_vectors},
	{0},
};

const struct description_object description_shared_memory_kind = {"shared-memory-device",
								  shared_memory_keys};

/*
 * The values are checked, so that mistakes show now and not with the version that has the devices;
 * nothing is kept of them. An empty list asks for nothing and is fine.
 */
void parse_shared_memory(struct parser *parser, const struct json_path *path,
			 struct json_object *value, void *target)
{
	size_t length;

	if (!value_array(parser, path, value, 0, SHARED_MEMORY_MAX, &length))
		return;
	for (size_t i = 0; i < length; i++) {
		const struct json_path item = {.parent = path, .index = i};

		parse_object(parser, &item, json_object_array_get_idx(value, i),
			     &description_shared_memory_kind, NULL);
	}
	if (length > 0)
		parser_error(parser, path, NULL,
			     "shared memory is not supported by this version; remove the key");
}
