// SPDX-License-Identifier: GPL-2.0-only
#include "lib/blob/blob_check.h"
#include "model/encode.h"
#include "model_test.h"

struct cell {
	struct cell_desc desc;
	uint64_t cpus;
	struct blob_memory memory[8];
	struct blob_pio pio[4];
};

static bool encode(struct tap *tap, const char *json, struct cell *ret)
{
	_cleanup_(description_freep) struct description *d = describe(tap, "turbine", json);
	_cleanup_(problems_done) struct problems problems = {0};
	_cleanup_(freep) void *blob = NULL;
	struct placement placement = {0};
	const struct cell_desc *desc;
	size_t size = 0;

	memset(ret, 0, sizeof(*ret));
	if (!d)
		return false;
	placement.cpus = d->cpus;
	placement.num_memory = d->num_memory;
	for (size_t i = 0; i < d->num_memory; i++)
		placement.memory[i] =
			(struct address_range){0x20000000 + (i << 28), d->memory[i].size};
	if (encode_cell(d, &placement, NULL, NULL, &problems, &blob, &size) < 0) {
		note_problems(tap, &problems);
		return false;
	}
	desc = blob;
	if (blob_check_cell(blob, size, NULL) < 0 || cell_desc_size(desc) != size ||
	    desc->num_memory_regions > 8 || desc->num_pio_regions > 4 ||
	    desc->cpu_set_size != sizeof(ret->cpus))
		return false;
	memcpy(&ret->desc, desc, sizeof(ret->desc));
	memcpy(&ret->cpus, cell_desc_cpu_set(desc), sizeof(ret->cpus));
	memcpy(ret->memory, cell_desc_memory(desc),
	       desc->num_memory_regions * sizeof(ret->memory[0]));
	memcpy(ret->pio, cell_desc_pio(desc), desc->num_pio_regions * sizeof(ret->pio[0]));
	return true;
}

static bool is_region(const struct blob_memory *region, uint64_t phys, uint64_t virt, uint64_t size,
		      uint64_t flags)
{
	return region->phys_start == phys && region->virt_start == virt && region->size == size &&
	       region->flags == flags;
}

static void test_turbine(struct tap *tap)
{
	const uint64_t ram = BLOB_MEM_READ | BLOB_MEM_WRITE | BLOB_MEM_EXECUTE | BLOB_MEM_DMA |
			     BLOB_MEM_LOADABLE;
	struct cell cell;

	if (!tap_ok(tap,
		    encode(tap,
			   "{\"cpus\": [1, 3], \"memory\": \"1M\", \"stop\": {\"timeout\": "
			   "\"2s\"}}",
			   &cell),
		    "a short description gives a blob that passes the checker"))
		return;
	tap_is_str(tap, cell.desc.name, "turbine", "the name is in it");
	tap_is_u64(tap, cell.cpus, 0xa, "the CPUs are");
	tap_is_u64(tap, cell.desc.id, 0, "the id is left to the driver");
	tap_is_u64(tap, cell.desc.flags, BLOB_CELL_CONSOLE_PERMITTED | BLOB_CELL_CONSOLE_ACTIVE,
		   "a virtual console is allowed and used");
	tap_ok(tap,
	       cell.desc.num_memory_regions == 2 &&
		       is_region(&cell.memory[0], 0x20000000, 0, 1 << 20, ram),
	       "memory is at its place");
	tap_ok(tap,
	       is_region(&cell.memory[1], 0, 0x100000, 4096,
			 BLOB_MEM_READ | BLOB_MEM_WRITE | BLOB_MEM_COMM_REGION),
	       "the comm region is behind it and has no physical address");
	tap_is_u64(tap, cell.desc.msg_reply_timeout, 2000000, "the timeout is in microseconds");
	tap_is_u64(tap, cell.desc.cpu_reset_address, 0, "it starts at 0");
	tap_ok(tap, cell.desc.console.type == CONSOLE_NONE && cell.desc.num_pio_regions == 0,
	       "it has no UART and no ports");
}

static void test_everything(struct tap *tap)
{
	const uint64_t hpet = BLOB_MEM_READ | BLOB_MEM_WRITE | BLOB_MEM_IO | BLOB_MEM_IO_8 |
			      BLOB_MEM_IO_16 | BLOB_MEM_IO_32 | BLOB_MEM_IO_64;
	struct cell cell;

	if (!tap_ok(tap,
		    encode(tap,
			   "{\"cpus\": [2], \"memory\": [{\"size\": \"2M\"}, {\"size\": \"64K\", "
			   "\"address\": \"1G\", \"permissions\": \"r\", \"dma\": false, "
			   "\"loadable\": false, \"small-pages\": true}], \"entry\": \"0x1000\", "
			   "\"comm-region\": {\"passive\": true}, \"console\": {\"port\": "
			   "\"0x2f8\", \"divider\": 3}, \"devices\": {\"ports\": [{\"base\": "
			   "\"0x378\", \"count\": 3}], \"mmio\": [{\"phys\": \"0xfed00000\", "
			   "\"size\": \"4K\"}]}}",
			   &cell),
		    "a long description gives a blob that passes the checker"))
		return;
	tap_is_u64(tap, cell.desc.flags, BLOB_CELL_PASSIVE_COMMREG, "a UART is no virtual console");
	tap_is_u64(tap, cell.desc.cpu_reset_address, 0x1000, "the entry is told");
	tap_ok(tap,
	       cell.desc.num_memory_regions == 4 &&
		       is_region(&cell.memory[1], 0x30000000, 1 << 30, 64 << 10,
				 BLOB_MEM_READ | BLOB_MEM_NO_HUGEPAGES),
	       "a second region has its own rights");
	tap_is_u64(tap, cell.memory[2].virt_start, 2 << 20, "the comm region is behind 2M");
	tap_ok(tap, is_region(&cell.memory[3], 0xfed00000, 0xfed00000, 4096, hpet),
	       "the device is there");
	tap_ok(tap,
	       cell.desc.num_pio_regions == 2 && cell.pio[0].base == 0x378 &&
		       cell.pio[0].length == 3 && cell.pio[1].base == 0x2f8 &&
		       cell.pio[1].length == 8,
	       "ports are, the console's too");
	tap_ok(tap,
	       cell.desc.console.type == CONSOLE_8250 && cell.desc.console.address == 0x2f8 &&
		       cell.desc.console.divider == 3 && cell.desc.console.flags == 0,
	       "the console is described");
}

static void test_pins(struct tap *tap)
{
	_cleanup_(description_freep) struct description *d =
		describe(tap, "turbine",
			 "{\"cpus\": [2], \"memory\": \"1M\", \"devices\": {\"pins\": [3, 25, 23, "
			 "24, 40]}}");
	struct placement placement = {.num_memory = 1, .memory = {{0x20000000, 1 << 20}}};
	const struct machine machine = {
		.num_ioapics = 3,
		.ioapics = {{1, 0, 0xfec00000, 0},
			    {2, 24, 0xfec01000, 0xa1},
			    {3, 32, 0xfec02000, 0}},
	};
	_cleanup_(problems_done) struct problems problems = {0};
	_cleanup_(freep) void *blob = NULL, *none = NULL;
	const struct blob_irqchip *chips;
	size_t size;

	if (!d)
		return;
	placement.cpus = d->cpus;
	if (!tap_ok(tap,
		    encode_cell(d, &placement, &machine, NULL, &problems, &blob, &size) == 0 &&
			    ((struct cell_desc *)blob)->num_irqchips == 3,
		    "pins are told by their controllers"))
		return;
	chips = cell_desc_irqchips(blob);
	tap_ok(tap,
	       chips[0].address == 0xfec00000 && chips[0].id == 1 && chips[0].pin_base == 0 &&
		       chips[0].pin_bitmap[0] == (1 << 3 | 1 << 23),
	       "those of the first one");
	tap_ok(tap,
	       chips[1].address == 0xfec01000 && chips[1].id == 0xa1 && chips[1].pin_base == 24 &&
		       chips[1].pin_bitmap[0] == 3,
	       "those of the second one, which its IOMMU calls so");
	tap_ok(tap, chips[2].pin_base == 32 && chips[2].pin_bitmap[0] == 1 << 8,
	       "that of the last one");
	tap_ok(tap,
	       encode_cell(d, &placement, NULL, NULL, &problems, &none, &size) == -EINVAL &&
		       !none && has_problem(&problems, SEVERITY_ERROR, "devices.pins", "has pin 3"),
	       "without a machine there are none");
}

static void test_mmio_console(struct tap *tap)
{
	struct cell cell;

	if (!tap_ok(tap,
		    encode(tap,
			   "{\"cpus\": [2], \"memory\": \"1M\", \"console\": {\"mmio\": "
			   "\"0xfe034000\", \"register-distance\": 4}}",
			   &cell),
		    "a UART in memory gives a blob that passes the checker"))
		return;
	tap_is_u64(tap, cell.desc.console.flags, CONSOLE_FLAG_MMIO | CONSOLE_FLAG_REG_DIST_4,
		   "its kind is told");
	tap_ok(tap, cell.memory[2].phys_start == 0xfe034000 && cell.memory[2].size == 32,
	       "the cell gets its registers and nothing else");
	if (encode(tap, "{\"cpus\": [2], \"memory\": \"1M\", \"console\": \"none\"}", &cell))
		tap_is_u64(tap, cell.desc.flags, 0, "no console means no right to one");
}

static void test_refused(struct tap *tap)
{
	_cleanup_(description_freep) struct description *d =
		describe(tap, "a", "{\"cpus\": [2], \"memory\": \"1M\"}");
	_cleanup_(problems_done) struct problems problems = {0};
	struct placement placement = {0};
	void *blob = NULL;
	size_t size = 0;

	if (!tap_ok(tap, d != NULL, "a cell is described"))
		return;
	tap_ok(tap,
	       encode_cell(d, &placement, NULL, NULL, &problems, &blob, &size) == -EINVAL && !blob,
	       "a placement of another description is refused");
	placement.num_memory = 1;
	placement.memory[0] = (struct address_range){0x20000800, 1 << 20};
	cpu_mask_add(&placement.cpus, 2);
	tap_ok(tap,
	       encode_cell(d, &placement, NULL, NULL, &problems, &blob, &size) == -EINVAL &&
		       !blob &&
		       has_problem(&problems, SEVERITY_ERROR, "", "hypervisor would refuse"),
	       "what the hypervisor's checker refuses does not leave the daemon");
}

int main(void)
{
	struct tap tap = {0};

	test_turbine(&tap);
	test_everything(&tap);
	test_mmio_console(&tap);
	test_pins(&tap);
	test_refused(&tap);
	return tap_done(&tap);
}
