// SPDX-License-Identifier: GPL-2.0-only
/* The ends of a link that the peers get: what each may do with which section. */
#include "ivshmem.h"
#include "lib/blob/blob_check.h"
#include "model/encode.h"
#include "model_test.h"

#define LINK(name, peers, rest) \
	"{\"name\": \"" name "\", \"peers\": [" peers "], \"size\": \"8K\"" rest "}"
#define CELL(links) "{\"cpus\": [2], \"memory\": \"1M\", \"shared-memory\": [" links "]}"

#define R      BLOB_MEM_READ
#define RW     (BLOB_MEM_READ | BLOB_MEM_WRITE)
#define SHARED BLOB_MEM_ROOTSHARED
#define GUEST  0x200000000ull
#define PHYS   0x21000000ull

static void place_links(const struct description *d, struct placement *ret)
{
	ret->num_links = d->num_links;
	for (size_t i = 0; i < d->num_links; i++) {
		struct link_place *place = &ret->links[i];

		*place = (struct link_place){
			.shape = link_shape(&d->links[i]),
			.bdf = PCI_BDF(0, 30 - i, 0),
			.memory = {PHYS + (i << 24), 0},
		};
		link_id(d, &d->links[i], place->id);
		place->memory.size = link_size(&place->shape, d->links[i].num_peers + 1);
	}
}

static struct placement place(const struct description *d)
{
	struct placement placement = {.cpus = d->cpus, .num_memory = 1};

	placement.memory[0] = (struct address_range){0x20000000, 1 << 20};
	place_links(d, &placement);
	return placement;
}

static int encode(struct tap *tap, const struct description *d, const struct placement *placement,
		  struct cell_desc **ret)
{
	_cleanup_(problems_done) struct problems problems = {0};
	void *blob = NULL;
	size_t size;
	int r = encode_cell(d, placement, NULL, NULL, &problems, &blob, &size);

	if (r < 0)
		note_problems(tap, &problems);
	else if (blob_check_cell(blob, size, NULL) < 0 || cell_desc_size(blob) != size)
		r = -EPROTO;
	*ret = blob;
	return r;
}

struct section {
	uint64_t phys, guest, size, flags;
};

static bool has_sections(const struct cell_desc *desc, const struct blob_pci_device *device,
			 const struct section *sections, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct blob_memory *region =
			&cell_desc_memory(desc)[device->shmem_regions_start + i];

		if (region->phys_start != sections[i].phys ||
		    region->virt_start != sections[i].guest || region->size != sections[i].size ||
		    region->flags != sections[i].flags)
			return false;
	}
	return true;
}

static void test_device(struct tap *tap, const struct blob_pci_device *device)
{
	tap_ok(tap, device->type == BLOB_PCI_IVSHMEM && device->domain == 0 && device->iommu == 0,
	       "the device is ivshmem");
	tap_is_u64(tap, device->bdf, 0xf0, "at its place");
	tap_ok(tap,
	       device->bar_mask[0] == 0xfffff000 && device->bar_mask[1] == 0xfffff000 &&
		       !(device->bar_mask[2] | device->bar_mask[3] | device->bar_mask[4] |
			 device->bar_mask[5]),
	       "with pages for registers and for MSI-X");
	tap_ok(tap, device->num_msix_vectors == 3 && device->num_msi_vectors == 0,
	       "with as many vectors as are wanted");
	tap_ok(tap, device->num_caps == 0, "and no capabilities to be passed through");
	tap_is_u64(tap, device->shmem_protocol, IVSHMEM_PROTOCOL_CELLMGR, "of our protocol");
}

static void test_with_root(struct tap *tap)
{
	static const struct section sections[] = {
		{PHYS, GUEST, 4096, R | SHARED},
		{PHYS + 0x1000, GUEST + 0x1000, 0x4000, RW | SHARED},
		{PHYS + 0x5000, GUEST + 0x5000, 0x2000, R | SHARED},
		{PHYS + 0x7000, GUEST + 0x7000, 0x2000, RW | SHARED},
	};
	_cleanup_(description_freep) struct description *d =
		describe(tap, "turbine",
			 CELL(LINK("plant", "\"root\"", ", \"common\": \"16K\", \"vectors\": 3")));
	_cleanup_(freep) struct cell_desc *desc = NULL;
	const struct blob_pci_device *device;
	struct placement placement;

	if (!tap_ok(tap, d != NULL, "a cell with a link to Linux"))
		return;
	placement = place(d);
	if (!tap_ok(tap, encode(tap, d, &placement, &desc) == 0,
		    "gives a blob that passes the checker"))
		return;
	tap_ok(tap, desc->num_memory_regions == 6 && desc->num_pci_devices == 1,
	       "with four sections behind memory and comm region, and a device");
	device = cell_desc_pci_devices(desc);
	test_device(tap, device);
	tap_ok(tap,
	       device->shmem_regions_start == 2 && device->shmem_peers == 2 &&
		       device->shmem_dev_id == 1,
	       "the cell is peer 1: root is 0");
	tap_ok(tap, has_sections(desc, device, sections, ARRAY_SIZE(sections)),
	       "it may write the common section and its own; all is shared with root");
}

static void test_without_root(struct tap *tap)
{
	static const struct section first[] = {
		{PHYS, GUEST, 4096, R},
		{PHYS + 0x1000, GUEST + 0x1000, 0, RW},
		{PHYS + 0x1000, GUEST + 0x1000, 0x2000, R},
		{PHYS + 0x3000, GUEST + 0x3000, 0x2000, RW},
		{PHYS + 0x5000, GUEST + 0x5000, 0x2000, R},
	};
	static const struct section second[] = {
		{PHYS + 0x1000000, GUEST + 0x7000, 4096, R | SHARED},
	};
	_cleanup_(description_freep) struct description *d =
		describe(tap, "b",
			 CELL(LINK("all", "\"c\", \"a\"",
				   ", \"common\": 0") ", " LINK("plant", "\"root\"", "")));
	_cleanup_(freep) struct cell_desc *desc = NULL;
	const struct blob_pci_device *devices;
	struct placement placement;

	if (!tap_ok(tap, d != NULL, "a cell with two links"))
		return;
	placement = place(d);
	if (!tap_ok(tap, encode(tap, d, &placement, &desc) == 0,
		    "gives a blob that passes the checker"))
		return;
	devices = cell_desc_pci_devices(desc);
	tap_ok(tap,
	       desc->num_pci_devices == 2 && devices[0].shmem_peers == 3 &&
		       devices[0].shmem_dev_id == 1,
	       "the cell is the second of three by name");
	tap_ok(tap, has_sections(desc, &devices[0], first, ARRAY_SIZE(first)),
	       "what is of cells alone is not shared with root; a common section may be empty");
	tap_ok(tap,
	       devices[1].bdf == 0xe8 && devices[1].shmem_regions_start == 7 &&
		       has_sections(desc, &devices[1], second, ARRAY_SIZE(second)),
	       "the second link is behind the first");
}

static void test_root_end(struct tap *tap)
{
	static const struct section sections[] = {
		{PHYS, PHYS, 4096, R},
		{PHYS + 0x1000, PHYS + 0x1000, 0x4000, RW},
		{PHYS + 0x5000, PHYS + 0x5000, 0x2000, RW},
		{PHYS + 0x7000, PHYS + 0x7000, 0x2000, R},
	};
	_cleanup_(description_freep) struct description *d =
		describe(tap, "turbine",
			 CELL(LINK("plant", "\"root\"", ", \"common\": \"16K\", \"vectors\": 3")));
	_cleanup_(problems_done) struct problems problems = {0};
	_cleanup_(freep) void *blob = NULL;
	const struct cell_desc *desc;
	struct placement placement;
	size_t size = 0;

	if (!tap_ok(tap, d != NULL, "root's end of a link"))
		return;
	placement = place(d);
	if (!tap_ok(tap, encode_link(d, 0, &placement.links[0], &problems, &blob, &size) == 0,
		    "gives a blob"))
		return;
	desc = blob;
	tap_ok(tap,
	       size == cell_desc_size(desc) &&
		       memcmp(desc->signature, BLOB_CELL_SIGNATURE, BLOB_SIGNATURE_LEN) == 0 &&
		       desc->revision == BLOB_REVISION,
	       "that is a cell's by its form");
	tap_is_str(tap, desc->name, "plant", "has the link's name");
	tap_ok(tap,
	       desc->cpu_set_size == 0 && desc->num_pio_regions == 0 && desc->flags == 0 &&
		       desc->num_memory_regions == 4 && desc->num_pci_devices == 1,
	       "and nothing in it but the device and its sections");
	test_device(tap, cell_desc_pci_devices(desc));
	tap_ok(tap,
	       cell_desc_pci_devices(desc)->shmem_dev_id == 0 &&
		       cell_desc_pci_devices(desc)->shmem_peers == 2,
	       "root is peer 0");
	tap_ok(tap, has_sections(desc, cell_desc_pci_devices(desc), sections, ARRAY_SIZE(sections)),
	       "and may write the common section and its own, where they are");
}

static void test_changed(struct tap *tap)
{
	_cleanup_(description_freep) struct description *d =
		describe(tap, "turbine", CELL(LINK("plant", "\"root\"", "")));
	static const char *const others[] = {
		CELL(LINK("plant", "\"root\"", ", \"vectors\": 2")),
		CELL(LINK("plant", "\"root\"", ", \"common\": 0")),
		CELL(LINK("plant", "\"root\", \"b\"", "")),
		CELL(LINK("plan", "\"root\"", "")),
		CELL(""),
		CELL(LINK("plant", "\"root\"", "") ", " LINK("b", "\"root\"", "")),
	};
	struct placement placement;

	if (!tap_ok(tap, d != NULL, "a cell is placed"))
		return;
	placement = place(d);
	for (size_t i = 0; i < ARRAY_SIZE(others); i++) {
		_cleanup_(description_freep) struct description *other =
			describe(tap, "turbine", others[i]);
		_cleanup_(problems_done) struct problems problems = {0};
		void *blob = NULL;
		size_t size;

		tap_ok(tap,
		       other &&
			       encode_cell(other, &placement, NULL, NULL, &problems, &blob,
					   &size) == -EINVAL &&
			       !blob &&
			       has_problem(&problems, SEVERITY_ERROR, "", "place it again"),
		       "a place for other links is refused (%zu)", i);
	}
}

/* All that a description may have is not too much for the checker. */
static void test_many(struct tap *tap)
{
	_cleanup_(freep) char *json = NULL;
	_cleanup_(description_freep) struct description *d = NULL;
	_cleanup_(freep) struct cell_desc *desc = NULL;
	struct placement placement;
	size_t size;
	FILE *stream = open_memstream(&json, &size);

	fputs("{\"cpus\": [2], \"memory\": \"1M\", \"shared-memory\": [", stream);
	for (int i = 0; i < DESCRIPTION_MAX_LINKS; i++)
		fprintf(stream,
			"%s{\"name\": \"l%d\", \"peers\": [\"root\", \"b\", \"c\", \"d\", \"e\", "
			"\"f\", \"g\"], \"size\": \"4K\", \"vectors\": 16}",
			i ? ", " : "", i);
	fputs("]}", stream);
	fclose(stream);
	d = describe(tap, "a", json);
	if (!tap_ok(tap, d != NULL, "as many links with as many peers as there can be"))
		return;
	placement = place(d);
	tap_ok(tap, encode(tap, d, &placement, &desc) == 0 && desc->num_memory_regions == 82,
	       "give a blob that passes the checker");
}

int main(void)
{
	struct tap tap = {0};

	test_with_root(&tap);
	test_without_root(&tap);
	test_root_end(&tap);
	test_changed(&tap);
	test_many(&tap);
	return tap_done(&tap);
}
