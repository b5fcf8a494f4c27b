// SPDX-License-Identifier: GPL-2.0-only
/*
 * Links by hand, and cells at their other ends, by the device's own ioctls. BDF is a number. Prints
 * what the ioctl says: 0 or the error's name. The daemon must not run.
 *
 * usage: root-links enable [ADDRESS [BDF]]   with an end in the system configuration, 0xe0, there
 *        root-links disable
 *        root-links add BDF PEERS VECTORS          root's end, peer 0
 *        root-links remove BDF
 *        root-links cell NAME CPU BDF PEER PEERS VECTORS IMAGE [private]
 *                                             private: root has no part in it
 *        root-links start NAME
 *        root-links destroy NAME
 *        root-links place BDF                      where its sections are, in memory
 *        root-links refusals                       lines "ok WHAT", "not ok WHAT: WHY"
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "abi.h"
#include "ivshmem.h"
#include "model/blob_buffer.h"
#include "page.h"

#define MAX_PEERS     8
#define LINK_SIZE     (128ull << 10) /* room for each, in the order of their device numbers */
#define COMMON_SIZE   (4 * PAGE_BYTES)
#define OUTPUT_SIZE   (2 * PAGE_BYTES)
#define SYSTEM_BDF    0xe0
#define GUEST_ADDRESS 0x200000000ull
#define REGISTER_MASK 0xfffff000u
#define IMAGE_MAX     (1u << 20)

struct end {
	unsigned int bdf, peer, peers, vectors;
	struct blob_pci_device device;
	struct blob_memory sections[2 + MAX_PEERS];
	unsigned int section_count;
};

static uint64_t place_of(const struct abi *abi, unsigned int bdf)
{
	return abi->pool.phys_start + LINKS_OFFSET + (bdf >> 3 & 31) * LINK_SIZE;
}

/* As in any blob of the field: root's at the address that the memory has, a cell's anywhere. */
static struct end make_end(uint64_t phys, unsigned int bdf, unsigned int peer, unsigned int peers,
			   unsigned int vectors, bool root)
{
	uint64_t virt = root ? phys : GUEST_ADDRESS,
		 flags = READ | (root ? 0 : BLOB_MEM_ROOTSHARED);
	struct end end = {
		.section_count = 2 + peers,
		.device =
			{
				.type = BLOB_PCI_IVSHMEM,
				.bdf = (uint16_t)bdf,
				.bar_mask = {REGISTER_MASK, REGISTER_MASK},
				.num_msix_vectors = (uint16_t)vectors,
				.shmem_regions_start = root ? 0 : 2,
				.shmem_dev_id = (uint8_t)peer,
				.shmem_peers = (uint8_t)peers,
				.shmem_protocol = IVSHMEM_PROTOCOL_UNDEFINED,
			},
	};

	if (peers > MAX_PEERS)
		broken("%u peers", peers);
	for (unsigned int n = 0; n < end.section_count; n++) {
		uint64_t size = n == 0 ? PAGE_BYTES : n == 1 ? COMMON_SIZE : OUTPUT_SIZE;

		end.sections[n] = (struct blob_memory){phys, virt, size, flags};
		if (n == 1 || n == 2 + peer)
			end.sections[n].flags |= WRITE;
		phys += size;
		virt += size;
	}
	return end;
}

struct link_blob {
	struct cell_desc desc;
	struct blob_memory sections[2 + MAX_PEERS];
	struct blob_pci_device device; /* moves up behind the last section */
} __attribute__((packed));

static uint32_t make_blob(const struct end *end, struct link_blob *blob)
{
	*blob = (struct link_blob){.desc = {
					   .signature = BLOB_CELL_SIGNATURE,
					   .architecture = BLOB_ARCH_X86,
					   .revision = BLOB_REVISION,
					   .name = "test link",
					   .num_memory_regions = (uint32_t)end->section_count,
					   .num_pci_devices = 1,
				   }};
	memcpy(blob->sections, end->sections, end->section_count * sizeof(end->sections[0]));
	memcpy((uint8_t *)blob->sections + end->section_count * sizeof(end->sections[0]),
	       &end->device, sizeof(end->device));
	return (uint32_t)(sizeof(blob->desc) + end->section_count * sizeof(end->sections[0]) +
			  sizeof(end->device));
}

static int add_blob(const struct abi *abi, const struct link_blob *blob, uint32_t size)
{
	struct cellvisor_link_add add = {.blob_address = (uintptr_t)blob, .blob_size = size};

	return abi_call(abi, CELLVISOR_LINK_ADD, &add);
}

static int add(const struct abi *abi, const struct end *end)
{
	struct link_blob blob;
	uint32_t size = make_blob(end, &blob);

	return add_blob(abi, &blob, size);
}

static int remove_link(const struct abi *abi, unsigned int bdf)
{
	struct cellvisor_link_remove remove = {.bdf = (uint16_t)bdf};

	return abi_call(abi, CELLVISOR_LINK_REMOVE, &remove);
}

/* What is left of a region without the range. Returns how many pieces. */
static uint32_t append_around(struct blob_buffer *buffer, struct blob_memory region, uint64_t start,
			      uint64_t end)
{
	struct blob_memory before = region, behind = region;

	if (end <= region.phys_start || region.phys_start + region.size <= start) {
		blob_append(buffer, &region, sizeof(region));
		return 1;
	}
	before.size = start > region.phys_start ? start - region.phys_start : 0;
	behind.phys_start = behind.virt_start = end;
	behind.size =
		region.phys_start + region.size > end ? region.phys_start + region.size - end : 0;
	if (before.size)
		blob_append(buffer, &before, sizeof(before));
	if (behind.size)
		blob_append(buffer, &behind, sizeof(behind));
	return (before.size != 0) + (behind.size != 0);
}

static uint32_t append_regions(struct blob_buffer *buffer, const struct cell_desc *root,
			       const struct end *end)
{
	const struct blob_memory *region = cell_desc_memory(root);
	uint64_t start = end->sections[0].phys_start;
	uint32_t count = 0;

	for (uint32_t n = 0; n < root->num_memory_regions; n++)
		count += append_around(buffer, region[n], start, start + LINK_SIZE);
	return count;
}

static int enable_with_end(const struct abi *abi, uint64_t address, unsigned int bdf)
{
	struct end end = make_end(address, bdf, 0, 1, 2, true);
	struct system_desc *ours = root_blob(abi, ROOT_OURS), system = *ours;
	const struct cell_desc *root = &ours->root_cell;
	struct blob_buffer buffer = {0};
	int r;

	blob_append(&buffer, &system, sizeof(system));
	blob_append(&buffer, cell_desc_cpu_set(root), root->cpu_set_size);
	end.device.shmem_regions_start = append_regions(&buffer, root, &end);
	blob_append(&buffer, end.sections, end.section_count * sizeof(end.sections[0]));
	system.root_cell.num_memory_regions =
		end.device.shmem_regions_start + (uint32_t)end.section_count;
	blob_append(&buffer, cell_desc_irqchips(root),
		    root->num_irqchips * sizeof(struct blob_irqchip));
	blob_append(&buffer, cell_desc_pio(root), root->num_pio_regions * sizeof(struct blob_pio));
	blob_append(&buffer, &end.device, sizeof(end.device));
	system.root_cell.num_pci_devices = 1;
	/* What goes wrong while it opens is heard on the second UART. */
	system.debug_console =
		(struct cell_console){.address = CONSOLE_PORT, .size = 8, .type = CONSOLE_8250};
	if (buffer.out_of_memory)
		broken("out of memory");
	memcpy(buffer.data, &system, sizeof(system));
	r = abi_call(abi, JAILHOUSE_ENABLE, buffer.data);
	blob_buffer_done(&buffer);
	free(ours);
	return r;
}

static int create_cell(const struct abi *abi, const char *name, unsigned int cpu,
		       const struct end *end)
{
	struct wish wish = {
		.name = name,
		.cpus = 1u << cpu,
		.listens = true,
		.slot = cpu,
		.memory = end->sections,
		.num_memory = end->section_count,
		.device = &end->device,
	};

	return abi_create(abi, &wish);
}

static int load_file(const struct abi *abi, const char *name, const char *file)
{
	static uint8_t code[IMAGE_MAX];
	struct image image = {.code = code};
	FILE *stream = fopen(file, "re");

	if (!stream)
		broken("%s: %s", file, strerror(errno));
	image.size = fread(code, 1, sizeof(code), stream);
	fclose(stream);
	return abi_load(abi, name, &image, 0);
}

static void gives(const char *what, int result, int expected)
{
	const char *got = result ? strerrorname_np(-result) : "0";
	const char *wanted = expected ? strerrorname_np(-expected) : "0";

	if (result == expected)
		printf("ok %s: %s\n", what, wanted);
	else
		printf("not ok %s: got %s, expected %s\n", what, got, wanted);
}

/* A sound end but for one thing. Device 0 of bus 0 is every machine's host bridge. */
static void refuse_ends(const struct abi *abi, const struct end *sound)
{
	struct end end = *sound;

	end.device.bdf = 0;
	gives("a place where a device is", add(abi, &end), -EEXIST);
	end.device.bdf = 0xff00;
	gives("a bus that there is not", add(abi, &end), -EINVAL);
	end = *sound;
	end.device.domain = 77;
	gives("a domain that there is not", add(abi, &end), -EINVAL);
	end = *sound;
	for (unsigned int n = 0; n < end.section_count; n++)
		end.sections[n].phys_start = end.sections[n].virt_start +=
			abi->pool.phys_start > LINK_SIZE ? -2 * abi->pool.size : 2 * abi->pool.size;
	gives("memory that Linux has", add(abi, &end), -EBUSY);
	end = *sound;
	for (unsigned int n = 0; n < end.section_count; n++)
		end.sections[n].phys_start = end.sections[n].virt_start -= LINKS_OFFSET;
	gives("memory that the hypervisor has", add(abi, &end), -EINVAL);
	end = *sound;
	end.sections[0].flags |= WRITE;
	gives("a state table to write", add(abi, &end), -EINVAL);
	end = *sound;
	end.device.type = BLOB_PCI_DEVICE;
	gives("a device of another kind", add(abi, &end), -EINVAL);
}

static void refuse_calls(const struct abi *abi, const struct end *sound)
{
	struct cellvisor_link_remove reserved = {.bdf = (uint16_t)sound->bdf, .reserved = 1};
	struct link_blob blob;
	uint32_t size = make_blob(sound, &blob);
	struct cellvisor_link_add add = {(uintptr_t)&blob, size, 1};

	gives("a blob that ends too early", add_blob(abi, &blob, size - 1), -EINVAL);
	gives("half a descriptor", add_blob(abi, &blob, sizeof(blob.desc) / 2), -EINVAL);
	gives("a blob that is too large", add_blob(abi, &blob, 1u << 20), -E2BIG);
	gives("no blob", add_blob(abi, NULL, size), -EFAULT);
	gives("a reserved field of add", abi_call(abi, CELLVISOR_LINK_ADD, &add), -EINVAL);
	gives("a reserved field of remove", abi_call(abi, CELLVISOR_LINK_REMOVE, &reserved),
	      -EINVAL);
	gives("a link that there is not", remove_link(abi, sound->device.bdf), -ENOENT);
	gives("a real device", remove_link(abi, 0), -ENOENT);
}

static void refuse_all(const struct abi *abi)
{
	struct end end = make_end(place_of(abi, 0x1d << 3), 0x1d << 3, 0, 2, 1, true);

	refuse_ends(abi, &end);
	refuse_calls(abi, &end);
	gives("control: without any of that", add(abi, &end), 0);
	gives("a second one there", add(abi, &end), -EEXIST);
	end.device.bdf = 0x1c << 3;
	gives("its memory once more", add(abi, &end), -EBUSY);
	gives("and it goes", remove_link(abi, 0x1d << 3), 0);
	gives("only once", remove_link(abi, 0x1d << 3), -ENOENT);
}

static int carry_out(const struct abi *abi, int count, char **words)
{
	const char *what = words[0];
	unsigned int numbers[7] = {0};
	struct end end;
	int r;

	for (int n = 1; n < count && n < 7; n++)
		numbers[n] = (unsigned int)strtoul(words[n], NULL, 0);
	if (!strcmp(what, "enable"))
		return count == 1 ? abi_enable(abi, ROOT_OURS)
				  : enable_with_end(abi, strtoull(words[1], NULL, 0),
						    count == 2 ? SYSTEM_BDF : numbers[2]);
	if (!strcmp(what, "disable"))
		return abi_disable(abi);
	if (!strcmp(what, "remove") && count == 2)
		return remove_link(abi, numbers[1]);
	if (!strcmp(what, "destroy") && count == 2)
		return abi_destroy(abi, words[1]);
	if (!strcmp(what, "start") && count == 2)
		return abi_start(abi, words[1]);
	if (!strcmp(what, "add") && count == 4) {
		end = make_end(place_of(abi, numbers[1]), numbers[1], 0, numbers[2], numbers[3],
			       true);
		return add(abi, &end);
	}
	if (!strcmp(what, "cell") && (count == 8 || count == 9)) {
		end = make_end(place_of(abi, numbers[3]), numbers[3], numbers[4], numbers[5],
			       numbers[6], false);
		for (unsigned int n = 0; count == 9 && n < end.section_count; n++)
			end.sections[n].flags &= ~(uint64_t)BLOB_MEM_ROOTSHARED;
		r = create_cell(abi, words[1], numbers[2], &end);
		return r ? r : load_file(abi, words[1], words[7]);
	}
	broken("%s: look into the source for how", what);
}

int main(int argc, char **argv)
{
	struct abi abi;
	int r;

	if (argc < 2) {
		fprintf(stderr, "usage: root-links WHAT ...\n");
		return 2;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	abi_open(&abi);
	if (!strcmp(argv[1], "refusals")) {
		refuse_all(&abi);
		return 0;
	}
	if (!strcmp(argv[1], "place") && argc == 3) {
		printf("0x%lx\n",
		       (unsigned long)place_of(&abi, (unsigned int)strtoul(argv[2], NULL, 0)));
		return 0;
	}
	r = carry_out(&abi, argc - 1, argv + 1);
	puts(r ? strerrorname_np(-r) : "0");
	return r ? 1 : 0;
}
