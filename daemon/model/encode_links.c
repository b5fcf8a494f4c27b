// SPDX-License-Identifier: GPL-2.0-only
/* Links as a blob has them: an ivshmem device, and memory regions in the order of its sections. */
#include <errno.h>
#include <string.h>

#include "ivshmem.h"
#include "model/encode_parts.h"

/* The bits of a base address that a page of registers leaves to software. */
#define BAR_MASK (~(IVSHMEM_BAR_SIZE - 1))

/* Where one section ends the next begins, here and there. */
struct cursor {
	uint64_t phys;
	uint64_t guest;
};

static void append_section(struct blob_buffer *buffer, struct cell_desc *desc,
			   struct cursor *cursor, uint64_t size, uint64_t flags)
{
	encode_region(buffer, desc, (struct blob_memory){cursor->phys, cursor->guest, size, flags});
	cursor->phys += size;
	cursor->guest += size;
}

/* By the rights of the peer of that number. */
static void append_sections(struct blob_buffer *buffer, struct cell_desc *desc,
			    const struct link_end *end, uint64_t guest, uint64_t flags)
{
	struct cursor cursor = {end->place->memory.start, guest};
	const struct link_shape *shape = &end->place->shape;

	flags |= BLOB_MEM_READ;
	append_section(buffer, desc, &cursor, LINK_STATE_TABLE, flags);
	append_section(buffer, desc, &cursor, shape->common, flags | BLOB_MEM_WRITE);
	for (unsigned int n = 0; n < end->peers.count; n++)
		append_section(buffer, desc, &cursor, shape->output,
			       n == end->number ? flags | BLOB_MEM_WRITE : flags);
}

static void append_device(struct blob_buffer *buffer, struct cell_desc *desc,
			  const struct link_end *end)
{
	const struct blob_pci_device device = {
		.type = BLOB_PCI_IVSHMEM,
		.bdf = end->place->bdf,
		.bar_mask = {[IVSHMEM_BAR_REGISTERS] = BAR_MASK, [IVSHMEM_BAR_MSIX] = BAR_MASK},
		.num_msix_vectors = end->place->shape.vectors,
		.shmem_regions_start = end->regions_start,
		.shmem_dev_id = end->number,
		.shmem_peers = end->peers.count,
		.shmem_protocol = IVSHMEM_PROTOCOL_CELLMGR,
	};

	blob_append(buffer, &device, sizeof(device));
	desc->num_pci_devices++;
}

bool encode_links_placed(const struct description *description, const struct placement *placement)
{
	if (placement->num_links != description->num_links)
		return false;
	for (size_t i = 0; i < description->num_links; i++) {
		const struct link_shape shape = link_shape(&description->links[i]);
		char id[LINK_ID_MAX];

		link_id(description, &description->links[i], id);
		if (strcmp(id, placement->links[i].id) != 0 ||
		    !link_shapes_equal(&shape, &placement->links[i].shape))
			return false;
	}
	return true;
}

void encode_link_regions(struct blob_buffer *buffer, struct cell_desc *desc,
			 const struct description *description, const struct placement *placement,
			 struct link_end ends[DESCRIPTION_MAX_LINKS])
{
	for (size_t i = 0; i < description->num_links; i++) {
		struct link_end *end = &ends[i];

		*end = (struct link_end){
			.place = &placement->links[i],
			.peers = link_peers(description, &description->links[i]),
			.regions_start = desc->num_memory_regions,
		};
		end->number = link_peer_number(&end->peers, description->name);
		/* Linux keeps what it shares. */
		append_sections(buffer, desc, end, link_guest_address(description, i),
				link_has_root(&end->peers) ? BLOB_MEM_ROOTSHARED : 0);
	}
}

void encode_link_devices(struct blob_buffer *buffer, struct cell_desc *desc,
			 const struct description *description,
			 const struct link_end ends[DESCRIPTION_MAX_LINKS])
{
	for (size_t i = 0; i < description->num_links; i++)
		append_device(buffer, desc, &ends[i]);
}

int encode_link(const struct description *description, size_t index, const struct link_place *place,
		struct problems *problems, void **ret_blob, size_t *ret_size)
{
	const struct description_link *link = &description->links[index];
	_cleanup_(blob_buffer_done) struct blob_buffer buffer = {0};
	struct link_end end = {.place = place, .peers = link_peers(description, link)};
	const struct problem_place where = {.file = description->file, .key = "shared-memory"};
	struct cell_desc desc;

	end.number = link_peer_number(&end.peers, LINK_ROOT);
	blob_init_cell(&desc, link->name);
	/* The counts are known at the end; the place is taken now. */
	blob_append(&buffer, &desc, sizeof(desc));
	/* In root memory is where it is. */
	append_sections(&buffer, &desc, &end, place->memory.start, 0);
	append_device(&buffer, &desc, &end);
	return blob_finish(&buffer, &desc, sizeof(desc), blob_check_link, &where, problems,
			   ret_blob, ret_size);
}
