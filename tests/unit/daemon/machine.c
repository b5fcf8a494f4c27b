// SPDX-License-Identifier: GPL-2.0-only
#include "model_test.h"
#include "test_tree.h"

static void test_q35(struct tap *tap)
{
	_cleanup_(machine_freep) struct machine *machine = read_q35(tap);

	if (!tap_ok(tap, machine != NULL, "a real machine is read"))
		return;
	tap_is_u64(tap, machine->iomem.count, 41, "every resource of iomem is there");
	tap_is_str(tap, machine->iomem.items[1].name, "System RAM", "with its name");
	tap_ok(tap,
	       machine->iomem.items[1].start == 0x1000 && machine->iomem.items[1].end == 0x9fbff,
	       "and its addresses");
	tap_is_u64(tap, machine->iomem.items[9].depth, 1, "System ROM is inside another one");
	tap_is_u64(tap, machine->iomem.items[19].depth, 2, "a device in MMCONFIG two levels down");
	tap_ok(tap, machine->ioports.count > 20, "ports are there");
	tap_ok(tap,
	       cpu_mask_count(&machine->present) == 4 && cpu_mask_count(&machine->online) == 4 &&
		       cpu_mask_count(&machine->possible) == 4,
	       "four CPUs");
	/* QEMU's APIC timer runs at 1 GHz; Linux calibrated it. */
	tap_ok(tap, machine->apic_khz > 999000 && machine->apic_khz < 1001000,
	       "the APIC timer's speed is the undivided one");
	tap_ok(tap,
	       machine->has_mmconfig && machine->mmconfig_base == 0xb0000000 &&
		       machine->mmconfig_end_bus == 255 && machine->mmconfig_domain == 0,
	       "MMCONFIG is where MCFG says");
	tap_is_u64(tap, machine->pm_timer_port, 0x608, "PM timer is where FADT says");
	tap_ok(tap,
	       machine->num_ioapics == 1 && machine->ioapics[0].address == 0xfec00000 &&
		       machine->ioapics[0].gsi_base == 0,
	       "IOAPIC is where MADT says");
	tap_is_u64(tap, machine->num_reserved, 0, "nothing was reserved at boot");
}

static bool has_function(const struct machine *machine, uint16_t domain, uint16_t bdf,
			 uint16_t vendor, uint16_t device)
{
	const struct machine_pci *function = machine_find_pci(machine, domain, bdf);

	return function && function->vendor == vendor && function->device == device;
}

static void test_pci(struct tap *tap)
{
	_cleanup_(machine_freep) struct machine *machine = read_q35(tap);
	struct test_tree tree;

	if (!tap_ok(tap, machine != NULL, "a machine with PCI is read"))
		return;
	tap_is_u64(tap, machine->num_pci, 8, "all functions are there");
	tap_ok(tap,
	       has_function(machine, 0, 0x0000, 0x8086, 0x29c0) &&
		       has_function(machine, 0, 0x00fa, 0x8086, 0x2922),
	       "with vendor and device");
	tap_ok(tap, !machine_find_pci(machine, 0, 0x00f0) && !machine_find_pci(machine, 1, 0),
	       "and no other");

	test_tree_make(&tree);
	test_tree_write(&tree, "/sys/bus/pci/devices/00a0:fe:1e.7/vendor", "0x110a\n");
	test_tree_write(&tree, "/sys/bus/pci/devices/00a0:fe:1e.7/device", "0x4106\n");
	test_tree_write(&tree, "/sys/bus/pci/devices/0000:00:02.0/vendor", "0x8086\n");
	test_tree_write(&tree, "/sys/bus/pci/devices/10000:00:02.0/vendor", "0x8086\n");
	test_tree_write(&tree, "/sys/bus/pci/devices/0000:00:02.00/vendor", "0x8086\n");
	test_tree_write(&tree, "/sys/bus/pci/devices/0000:00:20.0/vendor", "0x8086\n");
	test_tree_write(&tree, "/sys/bus/pci/devices/0000:00:02.8/vendor", "0x8086\n");
	tap_ok(tap,
	       machine_read_pci(tree.root, machine) == 0 && machine->num_pci == 2 &&
		       has_function(machine, 0xa0, 0xfef7, 0x110a, 0x4106),
	       "what has come and gone is read again, and nothing that is no function");
	tap_ok(tap, has_function(machine, 0, 0x0010, 0x8086, MACHINE_PCI_UNKNOWN),
	       "one that goes meanwhile is one whose kind is not known");
	test_tree_done(&tree);
	tap_ok(tap, machine_read_pci(tree.root, machine) == 0 && machine->num_pci == 0,
	       "a machine without PCI has none");
}

static void test_ram(struct tap *tap)
{
	_cleanup_(machine_freep) struct machine *machine = read_q35(tap);
	static const struct {
		struct address_range range;
		bool is_ram;
	} cases[] = {
		{{0x100000, 4096}, true},    {{0x3ffdbfff, 1}, true},
		{{0x3ffdc000, 4096}, false}, {{0xa0000, 0x60000}, false},
		{{0xa0000, 0x60001}, true},  {{0, 0x1001}, true},
		{{0xb0000000, 4096}, false}, {{0, UINT64_MAX}, true},
		{{0x100000, 0}, false},	     {{UINT64_MAX, 1}, false},
	};

	for (size_t i = 0; machine && i < ARRAY_SIZE(cases); i++)
		tap_ok(tap, machine_is_ram(machine, cases[i].range) == cases[i].is_ram,
		       "range %zu is %sRAM", i, cases[i].is_ram ? "" : "no ");
}

static void test_resources(struct tap *tap)
{
	static const struct {
		const char *text;
		int result;
		size_t count;
	} cases[] = {
		{"", 0, 0},
		{"00-ff : a", 0, 1},
		{"00-ff : a\n  00-0f : b : c\n", 0, 2},
		{"00-ff : \n", 0, 1},
		{"0-ffffffffffffffff : all\n", 0, 1},
		{"00-ff\n", -EINVAL, 0},
		{"ff-00 : a\n", -EINVAL, 0},
		{"xx-ff : a\n", -EINVAL, 0},
		{"00-1ffffffffffffffff : a\n", -EINVAL, 0},
		{"00-ff : a\n\n", -EINVAL, 0},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_(machine_resources_done) struct machine_resources resources = {0};
		int r = machine_parse_resources(cases[i].text, strlen(cases[i].text), &resources);

		tap_ok(tap, r == cases[i].result && resources.count == cases[i].count,
		       "resources %zu: %d with %zu lines", i, cases[i].result, cases[i].count);
	}
}

static void test_timer(struct tap *tap)
{
	static const struct {
		const char *text;
		int result;
		uint32_t khz;
	} cases[] = {
		{"Clock Event Device: lapic\n mult: 268435456\n shift: 32\n", 0, 1000000},
		{"Clock Event Device: hpet\n mult: 1\n shift: 1\nClock Event Device: lapic\n"
		 " max_delta_ns:   1\n mult:           26843546\n shift:          32\n",
		 0, 100000},
		{"Clock Event Device: lapic-deadline\n mult: 1\n shift: 32\n", 0, 0},
		{"Clock Event Device: hpet\n mult: 1\n shift: 1\n", -ENOENT, 7},
		{"", -ENOENT, 7},
		{"Clock Event Device: lapic\n mult: 0\n shift: 32\n", -EINVAL, 7},
		{"Clock Event Device: lapic\n mult: 1\n shift: 64\n", -EINVAL, 7},
		{"Clock Event Device: lapic\n mult: 99999999999\n shift: 3\n", -EINVAL, 7},
		{"Clock Event Device: lapic\n mult: 1\n", -EINVAL, 7},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct machine machine = {.apic_khz = 7};
		int r = machine_parse_timer_list(cases[i].text, strlen(cases[i].text), &machine);

		tap_is_u64(tap, -r, -cases[i].result, "timer list %zu gives %d", i,
			   cases[i].result);
		tap_is_u64(tap, machine.apic_khz, cases[i].khz, "timer list %zu has its speed", i);
	}
}

static void test_cmdline(struct tap *tap)
{
	static const char text[] = "quiet memmap=64M$0x3a000000 memmap=1G@4G xmemmap=1M$1M "
				   "memmap=4K$8k,2m$1g memmap=$5 memmap=0$5 memmap=1M$1Mx "
				   "memmap=99999999999G$0 -- memmap=1M$1M\n";
	struct machine machine = {0};

	machine_parse_cmdline(text, sizeof(text) - 1, &machine);
	if (!tap_is_u64(tap, machine.num_reserved, 3, "three regions are reserved at boot"))
		return;
	tap_ok(tap, machine.reserved[0].start == 0x3a000000 && machine.reserved[0].size == 64 << 20,
	       "size and address are not confused");
	tap_ok(tap, machine.reserved[1].start == 8192 && machine.reserved[1].size == 4096,
	       "units are the kernel's");
	tap_ok(tap, machine.reserved[2].start == 1 << 30 && machine.reserved[2].size == 2 << 20,
	       "a list is taken apart");
}

/* Makes the checksum right. */
static void seal(uint8_t *table, size_t length)
{
	uint8_t sum = 0;

	memcpy(table + 4, &(uint32_t){length}, 4);
	table[9] = 0;
	for (size_t i = 0; i < length; i++)
		sum += table[i];
	table[9] = -sum;
}

static void test_tables(struct tap *tap)
{
	uint8_t table[256] = "APIC";
	struct machine machine = {0};

	seal(table, 44);
	tap_ok(tap, machine_parse_madt(table, 44, &machine) == 0 && machine.num_ioapics == 0,
	       "a table without entries has none");
	tap_ok(tap, machine_parse_madt(table, 43, &machine) == -EINVAL,
	       "a truncated table is refused");
	tap_ok(tap, machine_parse_mcfg(table, 44, &machine) == -EINVAL,
	       "a table of another kind is refused");
	table[20] ^= 1;
	tap_ok(tap, machine_parse_madt(table, 44, &machine) == -EINVAL,
	       "a wrong checksum is refused");

	memcpy(table + 44, (uint8_t[]){1, 12, 5, 0, 0, 0, 0xc1, 0xfe, 24, 0, 0, 0}, 12);
	seal(table, 56);
	tap_ok(tap,
	       machine_parse_madt(table, 56, &machine) == 0 && machine.num_ioapics == 1 &&
		       machine.ioapics[0].id == 5 && machine.ioapics[0].address == 0xfec10000 &&
		       machine.ioapics[0].gsi_base == 24,
	       "an IOAPIC is found");
	table[45] = 13;
	seal(table, 56);
	tap_ok(tap, machine_parse_madt(table, 56, &machine) == -EINVAL,
	       "an entry that goes beyond its table is refused");
	table[45] = 0;
	seal(table, 56);
	tap_ok(tap, machine_parse_madt(table, 56, &machine) == -EINVAL,
	       "an entry without a size is refused and not read for ever");
}

static void test_remapping(struct tap *tap)
{
	static const uint8_t units[] = {
		/* One of segment 0, one of segment 1, a region of memory, one with all the rest. */
		0, 0, 16, 0, 0,	 0, 0, 0,    0,	   0, 0xd8, 0xfe, 0,	0,    0, 0, 0, 0, 16,
		0, 0, 0,  1, 0,	 0, 0, 0xd7, 0xfe, 0, 0,    0,	  0,	1,    0, 8, 0, 0, 0,
		0, 0, 0,  0, 16, 0, 1, 0,    0,	   0, 0,    0,	  0xd9, 0xfe, 0, 0, 0, 0,
	};
	const size_t size = 48 + sizeof(units);
	struct machine machine = {0};
	uint8_t table[256] = "DMAR";

	memcpy(table + 48, units, sizeof(units));
	seal(table, size);
	tap_ok(tap,
	       machine_parse_dmar(table, size, &machine) == 0 && machine.num_remapping_units == 2 &&
		       machine.remapping_units[0].base == 0xfed80000 &&
		       machine.remapping_units[1].base == 0xfed90000,
	       "units that remap interrupts are found, in their order");
	table[50] = 3;
	seal(table, size);
	tap_ok(tap, machine_parse_dmar(table, size, &machine) == -EINVAL,
	       "an entry without a size is refused and not read for ever");
	table[50] = 0xff;
	seal(table, size);
	tap_ok(tap, machine_parse_dmar(table, size, &machine) == -EINVAL,
	       "one that goes beyond its table is refused");
}

static void test_remapping_of_amd(struct tap *tap)
{
	static const uint8_t units[] = {
		/*
		 * A unit with all devices, an HPET, an IOAPIC; a block of memory; another segment's
		 * unit; the first one once more in its newest form, with a device by a name.
		 */
		0x10, 0, 44, 0, 2,    0,    0x40, 0, 0,	   0, 0x20, 0xfd, 0,	0, 0,  0,    0, 0,
		0,    0, 0,  0, 0,    0,    1,	  0, 0,	   0, 0x48, 0,	  0,	0, 5,  0x99, 0, 2,
		0x48, 0, 0,  0, 5,    0xa0, 0,	  1, 0x20, 0, 4,    0,	  0x10, 0, 24, 0,    2, 0,
		0x40, 0, 0,  0, 0x30, 0xfd, 0,	  0, 0,	   0, 1,    0,	  0,	0, 0,  0,    0, 0,
		0x40, 0, 65, 0, 2,    0,    0x40, 0, 0,	   0, 0x20, 0xfd, 0,	0, 0,  0,    0, 0,
		0,    0, 0,  0, 0,    0,    0,	  0, 0,	   0, 0,    0,	  0,	0, 0,  0,    0, 0,
		0,    0, 0,  0, 240,  0,    0,	  0, 0,	   0, 0,    0,	  0,	0, 0,  0,    0, 0,
		0,    0, 0,  0, 0,    0,    0,	  3, 1,	   2, 3};
	const size_t size = 48 + sizeof(units), special = 48 + 24 + 4 + 8;
	struct machine machine = {.num_ioapics = 2, .ioapics = {{.id = 4}, {.id = 5}}};
	uint8_t table[256] = "IVRS";

	memcpy(table + 48, units, sizeof(units));
	seal(table, size);
	tap_ok(tap,
	       machine_parse_ivrs(table, size, &machine) == 0 && machine.num_remapping_units == 1 &&
		       machine.remapping_units[0].base == 0xfd200000 &&
		       machine.remapping_units[0].amd && machine.remapping_units[0].bdf == 2 &&
		       machine.remapping_units[0].capability == 0x40,
	       "units of AMD's are found, each once");
	tap_ok(tap, machine.ioapics[1].bdf == 0xa0 && machine.ioapics[0].bdf == 0,
	       "and what they call the IOAPIC");
	table[special] = 0xc8;
	seal(table, size);
	tap_ok(tap, machine_parse_ivrs(table, size, &machine) == -EINVAL,
	       "an entry that goes beyond its unit is refused");
	table[special] = 0x48;
	for (unsigned int length = 0; length < 24; length++) {
		table[50] = length;
		seal(table, size);
		if (machine_parse_ivrs(table, size, &machine) == 0)
			break;
		table[50] = 44;
	}
	tap_is_u64(tap, table[50], 44, "a unit that is too short is refused");
	table[50] = 0xff;
	seal(table, size);
	tap_ok(tap, machine_parse_ivrs(table, size, &machine) == -EINVAL,
	       "one that goes beyond its table is refused");
}

static void test_interrupts(struct tap *tap)
{
	static const char text[] =
		"           CPU0       CPU1\n"
		"  1:          9          0  IR-IO-APIC    1-edge      i8042\n"
		" 16:          0          7   IO-APIC  16-fasteoi   uhci_hcd:usb1, "
		"eth0\n"
		" 17:          0          0   IO-APIC 1700-fasteoi   far\n"
		" 18:          0          0   IO-APIC\n"
		" 24:          0          7   PCI-MSI 19-edge      eth1\n"
		"NMI:          0          0   Non-maskable interrupts\n";
	struct machine *machine = calloc(1, sizeof(*machine));
	unsigned int users = 0;

	if (!machine || machine_parse_interrupts(text, strlen(text), machine) < 0)
		return (void)tap_ok(tap, false, "interrupts can be read");
	for (unsigned int pin = 0; pin < MACHINE_IOAPIC_PINS; pin++)
		users += machine->pin_users[pin] != NULL;
	tap_is_u64(tap, users, 2, "pins with drivers are found, and nothing else");
	tap_is_str(tap, machine->pin_users[1], "i8042", "one that is remapped");
	tap_is_str(tap, machine->pin_users[16], "uhci_hcd:usb1, eth0", "one of two drivers");
	machine_free(machine);
}

static void expect(struct tap *tap, const struct test_tree *files, int result, const char *text,
		   const char *what)
{
	_cleanup_(problems_done) struct problems problems = {0};
	_cleanup_(machine_freep) struct machine *machine = NULL;
	int r = machine_read(files->root, &problems, &machine);

	if (!tap_ok(tap, r == result && (!text || has_problem(&problems, SEVERITY_ERROR, "", text)),
		    "%s", what)) {
		tap_note(tap, "  returned %d", r);
		note_problems(tap, &problems);
	}
}

static void test_broken_machines(struct tap *tap)
{
	_cleanup_(test_tree_done) struct test_tree files;

	test_tree_make(&files);
	expect(tap, &files, -ENOENT, "is not there", "no machine at all is an error");
	test_tree_write(&files, "/proc/iomem",
			"00000000-00000000 : System RAM\n00000000-00000000 : Reserved\n");
	expect(tap, &files, -EPERM, "only root",
	       "addresses hidden from the caller are not taken for a machine");
	test_tree_write(&files, "/proc/iomem", "00001000-0009fbff : System RAM\n");
	test_tree_write(&files, "/proc/ioports", "");
	test_tree_write(&files, "/sys/devices/system/cpu/possible", "0-1\n");
	test_tree_write(&files, "/sys/devices/system/cpu/present", "0-1023\n");
	test_tree_write(&files, "/sys/devices/system/cpu/online", "0-1\n");
	expect(tap, &files, -EINVAL, "list of CPUs", "more CPUs than can be managed are refused");
	test_tree_write(&files, "/sys/devices/system/cpu/present", "0-1\n");
	expect(tap, &files, 0, NULL, "a machine may lack ACPI and a timer list");
	test_tree_write(&files, "/sys/firmware/acpi/tables/MCFG", "MCFGnonsense");
	expect(tap, &files, -EINVAL, "no valid ACPI table", "a broken ACPI table is refused");
}

int main(void)
{
	struct tap tap = {0};

	test_q35(&tap);
	test_pci(&tap);
	test_ram(&tap);
	test_resources(&tap);
	test_timer(&tap);
	test_cmdline(&tap);
	test_tables(&tap);
	test_remapping(&tap);
	test_remapping_of_amd(&tap);
	test_interrupts(&tap);
	test_broken_machines(&tap);
	return tap_done(&tap);
}
