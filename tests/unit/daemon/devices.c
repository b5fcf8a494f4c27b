// SPDX-License-Identifier: GPL-2.0-only
/* PCI devices of descriptions: what the machine says of them, what is refused, what a blob gets. */
#include <sys/stat.h>
#include <unistd.h>

#include "lib/blob/blob_check.h"
#include "model/check.h"
#include "model/description_keys.h"
#include "model/device.h"
#include "model/encode.h"
#include "model_test.h"
#include "test_tree.h"

#define DEVICES	 "/sys/bus/pci/devices/"
#define NIC	 DEVICES "0000:00:02.0/"
#define SMALL	 DEVICES "0000:00:05.0/"
#define TWINS	 DEVICES "0000:00:06."
#define BRIDGE	 DEVICES "0000:00:1e.0/"
#define HELD	 DEVICES "0001:02:03.4/"
#define VANISHED DEVICES "0000:00:07.0/"

#define CELL(rest)  "{\"cpus\": [2], \"memory\": \"1M\", " rest "}"
#define UNPROTECTED "\"dma\": \"unprotected\", "

/* As a network card has them: two memory BARs, ports, and memory with the table of vectors. */
static const char nic_resources[] = "0x00000000febc0000 0x00000000febdffff 0x0000000000040200\n"
				    "0x0000000c00000000 0x0000000c0001ffff 0x000000000014220c\n"
				    "0x0000000000000000 0x0000000000000000 0x0000000000000000\n"
				    "0x000000000000c040 0x000000000000c05f 0x0000000000040101\n"
				    "0x00000000febe0000 0x00000000febe3fff 0x0000000000040200\n"
				    "0x0000000000000000 0x0000000000000000 0x0000000000000000\n"
				    "0x00000000feb80000 0x00000000febbffff 0x0000000000046200\n";

static const char small_resources[] = "0x00000000febf1100 0x00000000febf11ff 0x0000000000040200\n"
				      "0x00000000febf1000 0x00000000febf10ff 0x0000000000040200\n"
				      "0x0 0x0 0x0\n0x0 0x0 0x0\n0x0 0x0 0x0\n0x0 0x0 0x0\n";

static const char no_resources[] =
	"0x0 0x0 0x0\n0x0 0x0 0x0\n0x0 0x0 0x0\n0x0 0x0 0x0\n0x0 0x0 0x0\n0x0 0x0 0x0\n";

/* What Linux says of the memory of these. */
static const char iomem[] = "c0000000-febfffff : PCI Bus 0000:00\n"
			    "  febc0000-febdffff : 0000:00:02.0\n"
			    "    febc0000-febdffff : e1000e\n"
			    "  febe0000-febe3fff : 0000:00:02.0\n"
			    "  febf1000-febf10ff : 0000:00:05.0\n"
			    "  febf1100-febf11ff : 0000:00:05.0\n"
			    "c00000000-c0001ffff : 0000:00:02.0\n";

static void put16(uint8_t *config, size_t at, uint16_t value)
{
	config[at] = value & 0xff;
	config[at + 1] = value >> 8;
}

static void put32(uint8_t *config, size_t at, uint32_t value)
{
	put16(config, at, value & 0xffff);
	put16(config, at + 2, value >> 16);
}

static void put_cap(uint8_t *config, size_t at, uint8_t id, uint8_t next, uint16_t control)
{
	config[at] = id;
	config[at + 1] = next;
	put16(config, at + 2, control);
}

/* Power at 0xc8, MSI with 8 vectors, 64 bits and masks at 0xd0, PCI Express, MSI-X at 0xa0. */
static void fill_nic(uint8_t config[4096])
{
	memset(config, 0, 4096);
	put32(config, 0, 0x10d38086);
	put16(config, 6, 0x10);
	put16(config, 0x0a, 0x0200);
	config[0x34] = 0xc8;
	put_cap(config, 0xc8, 0x01, 0xd0, 0x0022);
	put_cap(config, 0xd0, 0x05, 0x50, 0x0186);
	put_cap(config, 0x50, 0x10, 0xa0, 0x0002);
	put_cap(config, 0xa0, 0x11, 0, 4);
	put32(config, 0xa4, 0x1004);
	put32(config, 0x100, 0x14020001);
	put32(config, 0x140, 0x00010003);
}

static void write_config(const struct test_tree *tree, const char *path, const uint8_t *config,
			 size_t size)
{
	_cleanup_(fclosep) FILE *file = fopen(test_tree_path(tree, path), "w");

	if (file)
		fwrite(config, 1, size, file);
}

static void write_driver(const struct test_tree *tree, const char *path, const char *driver)
{
	char target[128];

	snprintf(target, sizeof(target), "../../../../bus/pci/drivers/%s", driver);
	(void)!symlink(target, test_tree_path(tree, path));
}

static void write_machine(const struct test_tree *tree)
{
	uint8_t config[4096];

	fill_nic(config);
	test_tree_write(tree, NIC "vendor", "0x8086\n");
	test_tree_write(tree, NIC "device", "0x10d3\n");
	test_tree_write(tree, NIC "resource", nic_resources);
	write_config(tree, NIC "config", config, sizeof(config));
	write_driver(tree, NIC "driver", "e1000e");

	memset(config, 0, sizeof(config));
	put16(config, 0x0a, 0xff00);
	test_tree_write(tree, SMALL "vendor", "0x1234\n");
	test_tree_write(tree, SMALL "device", "0x11e8\n");
	test_tree_write(tree, SMALL "resource", small_resources);
	write_config(tree, SMALL "config", config, 256);
	for (char function = '0'; function < '2'; function++) {
		char path[64];

		snprintf(path, sizeof(path), TWINS "%c/vendor", function);
		test_tree_write(tree, path, "0xabcd\n");
		snprintf(path, sizeof(path), TWINS "%c/device", function);
		test_tree_write(tree, path, "0x0001\n");
	}
	config[0x0e] = 0x81;
	test_tree_write(tree, BRIDGE "vendor", "0x8086\n");
	test_tree_write(tree, BRIDGE "resource", no_resources);
	write_config(tree, BRIDGE "config", config, 256);
	test_tree_write(tree, HELD "vendor", "0x8086\n");
	write_driver(tree, HELD "driver", PCI_HOLDER);
	test_tree_write(tree, VANISHED "vendor", "0x8086\n");
	test_tree_write(tree, VANISHED "resource", no_resources);
	memset(config, 0xff, sizeof(config));
	write_config(tree, VANISHED "config", config, 256);
}

static struct machine *make_machine(struct tap *tap, const struct test_tree *tree)
{
	struct machine *machine = read_q35(tap);

	write_machine(tree);
	free(machine->root);
	machine->root = strdup(tree->root);
	machine_resources_done(&machine->iomem);
	machine->iomem = (struct machine_resources){0};
	if (machine_parse_resources(iomem, strlen(iomem), &machine->iomem) < 0 ||
	    machine_read_pci(tree->root, machine) < 0)
		tap_note(tap, "the machine cannot be read");
	return machine;
}

/* What the machine says. */

static void test_facts(struct tap *tap, const struct machine *machine)
{
	const struct machine_pci *nic = machine_find_pci(machine, 0, PCI_BDF(0, 2, 0));
	const char *why = "";
	struct pci_facts facts;

	tap_ok(tap, nic && strcmp(nic->driver, "e1000e") == 0, "the driver is known");
	if (!nic || pci_facts_read(machine, nic, &facts, &why) < 0) {
		tap_ok(tap, false, "facts are read: %s", why);
		return;
	}
	tap_ok(tap,
	       facts.bars[0].range.start == 0xfebc0000 && facts.bars[0].range.size == 0x20000 &&
		       !facts.bars[0].is_ports && facts.bar_mask[0] == 0xfffe0000,
	       "memory");
	tap_ok(tap,
	       facts.bars[1].range.start == 0xc00000000 && facts.bar_mask[1] == 0xfffe0000 &&
		       facts.bar_mask[2] == 0xffffffff && facts.bars[2].range.size == 0,
	       "memory with an address of 64 bits");
	tap_ok(tap,
	       facts.bars[3].is_ports && facts.bars[3].range.start == 0xc040 &&
		       facts.bar_mask[3] == 0xffffffe0,
	       "ports");
	tap_ok(tap,
	       facts.msi_vectors == 8 &&
		       facts.msi_flags == (BLOB_PCI_MSI_64BIT | BLOB_PCI_MSI_MASKABLE),
	       "MSI");
	tap_ok(tap,
	       facts.msix_vectors == 5 && facts.msix.start == 0xfebe1000 &&
		       facts.msix.size == 0x1000,
	       "MSI-X and where its table is");
	tap_ok(tap,
	       facts.num_caps == 6 && facts.caps[0].id == 1 && facts.caps[0].start == 0xc8 &&
		       facts.caps[0].len == 8 && facts.caps[1].len == 24 &&
		       facts.caps[1].flags == BLOB_PCI_CAP_WRITABLE && facts.caps[2].len == 60 &&
		       facts.caps[2].flags == 0 && facts.caps[3].len == 12,
	       "capabilities");
	tap_ok(tap,
	       facts.caps[4].id == (BLOB_PCI_CAP_EXTENDED | 1) && facts.caps[4].start == 0x100 &&
		       facts.caps[5].start == 0x140,
	       "extended ones");
}

/* A list of capabilities that leads nowhere good. */
static void test_hostile(struct tap *tap)
{
	uint8_t config[4096];
	const char *why = NULL;
	struct pci_facts facts = {0};

	fill_nic(config);
	put_cap(config, 0x50, 0x09, 0xd0, 0xff);
	tap_ok(tap,
	       pci_facts_parse_config(config, 4096, &facts, &why) == 0 &&
		       facts.num_caps <= PCI_FACTS_MAX_CAPS,
	       "a ring of capabilities ends");
	fill_nic(config);
	config[0x34] = 0xfc;
	put_cap(config, 0xfc, 0x11, 0, 0xffff);
	tap_ok(tap, pci_facts_parse_config(config, 256, &facts, &why) == -EXDEV && why,
	       "vectors at the end of the space are not read from beyond it");
	put_cap(config, 0xfc, 0x09, 0, 0xff);
	tap_ok(tap,
	       pci_facts_parse_config(config, 256, &facts, &why) == 0 && facts.num_caps == 1 &&
		       facts.caps[0].len == 4,
	       "nor is a long one longer than the space");
	fill_nic(config);
	put32(config, 0xa4, 0x1008);
	facts.bars[0] = (struct pci_bar){{0xfebe0000, 0x4000}, false};
	tap_ok(tap,
	       pci_facts_parse_config(config, 4096, &facts, &why) == -EXDEV &&
		       strstr(why, "does not begin on a page"),
	       "a table of vectors in the middle of a page is refused");
	tap_ok(tap,
	       pci_facts_parse_resources("0x0 0x0 0x0\nnonsense", &facts, &why) == -EXDEV &&
		       strstr(why, "no list of registers"),
	       "so is nonsense in sysfs");
	tap_ok(tap,
	       pci_facts_parse_resources("0x0 0xfff 0x40200\n", &facts, &why) == -EXDEV &&
		       strstr(why, "no address"),
	       "and registers without an address");
}

/* What is refused for the machine's sake. */

static const struct {
	const char *devices, *key, *text;
} wrong[] = {
	{"[\"port:1\", \"pci:0000:00:03.0\"]", "devices[1]", "0000:00:03.0 is not in this machine"},
	{"[\"pci:8086:ffff\"]", "devices[0]", "is not in this machine"},
	{"[\"pci:abcd:0001\"]", "devices[0]", "is 2 times in this machine"},
	{"[\"pci:0000:00:1e.0\"]", "devices[0]", "0000:00:1e.0 is a bridge"},
	{"[\"pci:0000:00:02.0\"]", "devices[0]", "in use by Linux' driver e1000e"},
	{"[{\"pci\": \"8086:10d3\", \"take-from\": \"igb\"}]", "devices[0]",
	 "driver e1000e, not igb"},
	{"[\"pci:1234:11e8\", \"pci:0000:00:05.0\"]", "devices[1]", "in the list twice"},
	{"[\"pci:0000:00:07.0\"]", "devices[0]", "does not show its configuration space"},
	{"[\"pci:0000:00:06.0\"]", "devices[0]", "is about to go"},
};

static struct description *describe_devices(struct tap *tap, const char *devices)
{
	char json[512];

	snprintf(json, sizeof(json), CELL(UNPROTECTED "\"devices\": %s"), devices);
	return describe(tap, "test", json);
}

static void test_wrong(struct tap *tap, const struct machine *machine)
{
	const struct check_input input = {.machine = machine};

	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		_cleanup_(problems_done) struct problems problems = {0};
		_cleanup_(description_freep) struct description *d =
			describe_devices(tap, wrong[i].devices);

		tap_ok(tap,
		       d && check_cell(&input, d, &problems) == -EINVAL && problems.errors == 1 &&
			       has_problem(&problems, SEVERITY_ERROR, wrong[i].key, wrong[i].text),
		       "%s: %s", wrong[i].devices, wrong[i].text);
		note_problems(tap, &problems);
	}
}

static void test_right(struct tap *tap, const struct machine *machine)
{
	static const char *const right[] = {
		"[{\"pci\": \"8086:10d3\", \"take-from\": \"e1000e\"}]",
		"[\"pci:1234:11e8\"]",
		"[{\"pci\": \"1234:11e8\", \"take-from\": \"edu\"}]",
		"[\"pci:0001:02:03.4\"]",
	};
	const struct check_input input = {.machine = machine};

	for (size_t i = 0; i < ARRAY_SIZE(right); i++) {
		_cleanup_(problems_done) struct problems problems = {0};
		_cleanup_(description_freep) struct description *d =
			describe_devices(tap, right[i]);

		tap_ok(tap, d && check_cell(&input, d, &problems) == 0, "%s is fine", right[i]);
		note_problems(tap, &problems);
	}
}

static void test_shared_page(struct tap *tap, struct machine *machine)
{
	static const char crowded[] = "c0000000-febfffff : PCI Bus 0000:00\n"
				      "  febf1000-febf10ff : 0000:00:05.0\n"
				      "  febf1100-febf11ff : 0000:00:05.0\n"
				      "  febf1800-febf18ff : 0000:00:08.0\n";
	_cleanup_(problems_done) struct problems problems = {0};
	_cleanup_(description_freep) struct description *d =
		describe_devices(tap, "[\"pci:1234:11e8\"]");
	const struct check_input input = {.machine = machine};
	struct machine_resources before = machine->iomem;

	machine->iomem = (struct machine_resources){0};
	machine_parse_resources(crowded, strlen(crowded), &machine->iomem);
	tap_ok(tap,
	       check_cell(&input, d, &problems) == -EINVAL &&
		       has_problem(&problems, SEVERITY_ERROR, "devices[0]",
				   "in one page with 0000:00:08.0"),
	       "registers in one page with another device's are refused");
	note_problems(tap, &problems);
	machine_resources_done(&machine->iomem);
	machine->iomem = before;
}

static void test_neighbours(struct tap *tap, const struct machine *machine)
{
	_cleanup_(problems_done) struct problems problems = {0};
	_cleanup_(description_freep) struct description *a =
		describe_devices(tap, "[\"pci:1234:11e8\"]");
	_cleanup_(description_freep) struct description *b = describe(
		tap, "b", CELL(UNPROTECTED "\"devices\": [\"port:9\", \"pci:0000:00:05.0\"]"));
	_cleanup_(description_freep) struct description *low = describe(
		tap, "low",
		"{\"cpus\": [1], \"memory\": [{\"size\": \"1M\"}, {\"size\": \"64K\", \"address\": "
		"\"0xfebf0000\"}], " UNPROTECTED "\"devices\": [\"pci:1234:11e8\"]}");
	const struct description *set[] = {a, b};
	const struct check_input input = {
		.machine = machine, .descriptions = set, .num_descriptions = 2};

	check_set(&input, &problems);
	tap_ok(tap,
	       has_problem(&problems, SEVERITY_WARNING, "devices[1]",
			   "cell test names PCI device 0000:00:05.0 as well"),
	       "two cells that name one device are told of each other");
	tap_ok(tap,
	       low && check_cell(&(struct check_input){.machine = machine}, low, &problems) < 0 &&
		       has_problem(&problems, SEVERITY_ERROR, "devices[0]", "memory[1]"),
	       "registers are not where the cell has memory");
}

/* What a blob gets. */

static void test_regions(struct tap *tap, const struct cell_desc *desc)
{
	static const struct address_range wanted[] = {
		{0xfebc0000, 0x20000}, {0xc00000000, 0x20000}, {0xfebe0000, 0x1000},
		{0xfebe2000, 0x2000},  {0xfebf1100, 0x100},    {0xfebf1000, 0x100},
	};
	const uint64_t flags = BLOB_MEM_READ | BLOB_MEM_WRITE | BLOB_MEM_IO | MMIO_ALL_WIDTHS;
	size_t right = 0;

	/* Behind the cell's memory and its communication region. */
	for (size_t i = 0; i < ARRAY_SIZE(wanted) && 2 + i < desc->num_memory_regions; i++) {
		const struct blob_memory *region = &cell_desc_memory(desc)[2 + i];

		right += region->phys_start == wanted[i].start && region->size == wanted[i].size &&
			 region->virt_start == wanted[i].start && region->flags == flags;
	}
	tap_ok(tap,
	       desc->num_memory_regions == 2 + ARRAY_SIZE(wanted) && right == ARRAY_SIZE(wanted),
	       "registers are memory, but for the page of the vectors' table");
	tap_ok(tap,
	       desc->num_pio_regions == 1 && cell_desc_pio(desc)->base == 0xc040 &&
		       cell_desc_pio(desc)->length == 0x20,
	       "ports are ports");
}

static void test_device(struct tap *tap, const struct cell_desc *desc)
{
	const struct blob_pci_device *device = cell_desc_pci_devices(desc);
	const struct blob_pci_capability *caps = cell_desc_pci_caps(desc);

	tap_ok(tap,
	       desc->num_pci_devices == 2 && device[0].type == BLOB_PCI_DEVICE &&
		       device[0].bdf == PCI_BDF(0, 2, 0) && device[1].bdf == PCI_BDF(0, 5, 0) &&
		       device[0].domain == 0,
	       "the devices are in the order of the description");
	tap_ok(tap,
	       device[0].bar_mask[0] == 0xfffe0000 && device[0].bar_mask[2] == 0xffffffff &&
		       device[0].num_msi_vectors == 8 && device[0].msi_flags == 3 &&
		       device[0].num_msix_vectors == 5 && device[0].msix_address == 0xfebe1000 &&
		       device[0].msix_region_size == 0x1000,
	       "with what they have");
	tap_ok(tap,
	       desc->num_pci_caps == 6 && device[0].num_caps == 6 && device[1].caps_start == 6 &&
		       device[1].num_caps == 0 && caps[3].id == 0x11 && caps[3].start == 0xa0,
	       "and their capabilities");
}

static void test_encode(struct tap *tap, const struct machine *machine)
{
	_cleanup_(problems_done) struct problems problems = {0};
	_cleanup_(description_freep) struct description *d =
		describe_devices(tap, "[{\"pci\": \"8086:10d3\", \"take-from\": \"e1000e\"},"
				      " \"pci:1234:11e8\"]");
	struct placement placement = {.num_memory = 1};
	struct pci_facts devices[DESCRIPTION_MAX_PCI];
	const struct device_holders nobody = {0};
	void *blob = NULL;
	size_t size;

	cpu_mask_add(&placement.cpus, 2);
	placement.memory[0] = (struct address_range){0x20000000, 1 << 20};
	if (devices_read(machine, d, &nobody, &problems, devices) < 0 ||
	    encode_cell(d, &placement, NULL, devices, &problems, &blob, &size) < 0) {
		note_problems(tap, &problems);
		tap_ok(tap, false, "a cell with devices is encoded");
		return;
	}
	tap_ok(tap, blob_check_cell(blob, size, NULL) == 0, "the checker accepts it");
	test_regions(tap, blob);
	test_device(tap, blob);
	free(blob);
	tap_is_u64(tap, devices_take(machine, d), 1, "what may be taken is the one that says so");
	d->pci[0].take_from[0] = 'i';
	tap_is_u64(tap, devices_take(machine, d), 0, "and from that driver only");
}

static void test_holders(struct tap *tap, const struct machine *machine)
{
	_cleanup_(description_freep) struct description *d =
		describe_devices(tap, "[\"pci:0001:02:03.4\"]");
	_cleanup_(description_freep) struct description *other =
		describe_devices(tap, "[\"pci:1234:11e8\"]");
	const struct description *made_of[] = {other, d};
	struct pci_facts devices[DESCRIPTION_MAX_PCI];

	for (size_t count = 1; d && other && count <= 2; count++) {
		_cleanup_(problems_done) struct problems problems = {0};
		const struct device_holders holders = {made_of, count};
		const char *text = count == 1 ? "belongs to another cell; cellmgrd does not know"
					      : "belongs to cell test";

		if (!tap_ok(tap,
			    devices_read(machine, d, &holders, &problems, devices) == -EINVAL &&
				    has_problem(&problems, SEVERITY_ERROR, "devices[0]", text),
			    "a device that a cell has %s", text))
			note_problems(tap, &problems);
	}
}

int main(void)
{
	_cleanup_(machine_freep) struct machine *machine = NULL;
	struct test_tree tree;
	struct tap tap = {0};

	test_tree_make(&tree);
	machine = make_machine(&tap, &tree);
	test_facts(&tap, machine);
	test_hostile(&tap);
	test_wrong(&tap, machine);
	test_right(&tap, machine);
	test_shared_page(&tap, machine);
	test_neighbours(&tap, machine);
	test_encode(&tap, machine);
	test_holders(&tap, machine);
	test_tree_done(&tree);
	return tap_done(&tap);
}
