// SPDX-License-Identifier: GPL-2.0-only
#include <string.h>

#include "model/link.h"
#include "page.h"

/* Where no one puts a cell's memory by itself, and all of it is room. */
#define LINK_GUEST_START 0x200000000ull

/* Root is before all cells. */
static bool comes_before(const char *a, const char *b)
{
	const bool a_is_root = strcmp(a, LINK_ROOT) == 0, b_is_root = strcmp(b, LINK_ROOT) == 0;

	return a_is_root != b_is_root ? a_is_root : strcmp(a, b) < 0;
}

static void add_peer(struct link_peers *peers, const char *name)
{
	unsigned int at = peers->count++;

	for (; at > 0 && comes_before(name, peers->names[at - 1]); at--)
		peers->names[at] = peers->names[at - 1];
	peers->names[at] = name;
}

struct link_peers link_peers(const struct description *description,
			     const struct description_link *link)
{
	struct link_peers peers = {0};

	add_peer(&peers, description->name);
	for (size_t i = 0; i < link->num_peers; i++)
		add_peer(&peers, link->peers[i]);
	return peers;
}

unsigned int link_peer_number(const struct link_peers *peers, const char *name)
{
	unsigned int n = 0;

	while (n < peers->count && strcmp(peers->names[n], name) != 0)
		n++;
	return n;
}

struct link_shape link_shape(const struct description_link *link)
{
	return (struct link_shape){link->common, link->output, link->vectors};
}

bool link_shapes_equal(const struct link_shape *a, const struct link_shape *b)
{
	return a->common == b->common && a->output == b->output && a->vectors == b->vectors;
}

uint64_t link_size(const struct link_shape *shape, unsigned int num_peers)
{
	/* Each section is at most GUEST_ADDRESS_END. */
	return LINK_STATE_TABLE + shape->common + num_peers * shape->output;
}

static uint64_t sum(const struct description *description, bool led_only)
{
	uint64_t total = 0;

	for (size_t i = 0; i < description->num_links; i++) {
		const struct link_peers peers = link_peers(description, &description->links[i]);
		const struct link_shape shape = link_shape(&description->links[i]);

		if (!led_only || strcmp(peers.names[link_has_root(&peers)], description->name) == 0)
			total += link_size(&shape, peers.count);
	}
	return total;
}

uint64_t links_total(const struct description *description)
{
	return sum(description, false);
}

uint64_t links_led(const struct description *description)
{
	return sum(description, true);
}

void link_id(const struct description *description, const struct description_link *link,
	     char ret[LINK_ID_MAX])
{
	const struct link_peers peers = link_peers(description, link);
	char *end = stpcpy(ret, link->name);

	/* No name has a blank in it. */
	for (unsigned int n = 0; n < peers.count; n++)
		end = stpcpy(stpcpy(end, " "), peers.names[n]);
}

void link_device_name(const char *id, char ret[LINK_DEVICE_NAME_MAX])
{
	const int name = strcspn(id, " ");
	const char *cell = id + name + 1;

	if (strncmp(cell, LINK_ROOT " ", strlen(LINK_ROOT " ")) == 0)
		cell += strlen(LINK_ROOT " ");
	snprintf(ret, LINK_DEVICE_NAME_MAX, "%.*s-%.*s", (int)strcspn(cell, " "), cell, name, id);
}

bool links_parameters(const struct description *description, const struct link_place *places,
		      char ret[CELL_PARAMETERS_SIZE])
{
	size_t length = snprintf(ret, CELL_PARAMETERS_SIZE, "%s", description->parameters);

	/* The only one is found without a word. */
	for (size_t i = 0; description->num_links > 1 && i < description->num_links; i++) {
		if (length < CELL_PARAMETERS_SIZE)
			length += snprintf(ret + length, CELL_PARAMETERS_SIZE - length,
					   " link.%s=0x%02x", description->links[i].name,
					   places[i].bdf);
	}
	return length < CELL_PARAMETERS_SIZE;
}

/* What the cell has at guest addresses, but for links; false behind the last. */
static bool get_occupied(const struct description *description, size_t index,
			 struct address_range *ret)
{
	const struct description_console *console = &description->console;

	if (index < description->num_memory) {
		*ret = (struct address_range){description->memory[index].address,
					      description->memory[index].size};
		return true;
	}
	index -= description->num_memory;
	if (index < description->num_mmio) {
		*ret = (struct address_range){description->mmio[index].address,
					      description->mmio[index].size};
		return true;
	}
	index -= description->num_mmio;
	*ret = index == 0
		       ? (struct address_range){description_comm_address(description), PAGE_BYTES}
		       : (struct address_range){console->address, console->size};
	return index == 0 || (index == 1 && console->type == DESCRIPTION_CONSOLE_MMIO);
}

/* The first room of that size from an address on; what is in the way may be in any order. */
static uint64_t find_room(const struct description *description, uint64_t address, uint64_t size)
{
	struct address_range occupied;

	for (size_t i = 0; get_occupied(description, i, &occupied); i++) {
		if (!ranges_meet(occupied, (struct address_range){address, size}))
			continue;
		address = (range_end(occupied) + PAGE_BYTES - 1) & ~(PAGE_BYTES - 1);
		i = -1;
	}
	return address;
}

uint64_t link_guest_address(const struct description *description, size_t index)
{
	uint64_t address = LINK_GUEST_START;

	for (size_t i = 0;; i++) {
		const struct description_link *link = &description->links[i];
		const struct link_shape shape = link_shape(link);
		const uint64_t size = link_size(&shape, link->num_peers + 1);

		address = find_room(description, address, size);
		if (i == index)
			return address;
		address += size;
	}
}
