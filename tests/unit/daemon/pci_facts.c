// SPDX-License-Identifier: GPL-2.0-only
/* What sysfs says of PCI functions, and which of them no cell gets for it. */
#include "model/pci_facts.h"

#include <errno.h>
#include <string.h>

#include "model/device.h"
#include "tests/lib/tap.h"

#define NONE	"0x0 0x0 0x0\n"
#define VECTORS 4u

static const struct {
	const char *text, *why; /* NULL: nothing is wrong */
	const char *what;
} resources[] = {
	{"0xfebc0000 0xfebc0fff 0x40200\n" NONE NONE NONE NONE NONE, NULL, "a page"},
	{"0xfebc0000 0xfebbffff 0x40200\n" NONE NONE NONE NONE NONE, "no address", "no bytes"},
	{"0xfebc1000 0xfebc0000 0x40200\n" NONE NONE NONE NONE NONE, "no address", "a wrong end"},
	{"0xfc000000 0xfc002fff 0x40200\n" NONE NONE NONE NONE NONE, "no address", "three pages"},
	{"0xfebc1000 0xfebc2fff 0x40200\n" NONE NONE NONE NONE NONE, "no address", "half of four"},
	{"0xfebc0000 0xfebc0001 0x40200\n" NONE NONE NONE NONE NONE, "no address", "two bytes"},
	{"0xfffffffffe000 0xfffffffffffff 0x140204\n" NONE NONE NONE NONE NONE, NULL,
	 "the last addresses that there are"},
	{"0x10000000000000 0x10000000000fff 0x140204\n" NONE NONE NONE NONE NONE, "no address",
	 "those behind"},
	{"0xffe0 0xffff 0x40101\n" NONE NONE NONE NONE NONE, NULL, "the last ports"},
	{"0x10000 0x1001f 0x40101\n" NONE NONE NONE NONE NONE, "beyond 0xffff", "ports behind"},
	{"0x100000000 0x1ffffffff 0x140204\n" NONE NONE NONE NONE NONE, NULL, "4G by 64 bits"},
	{"0x100000000 0x1ffffffff 0x40200\n" NONE NONE NONE NONE NONE, "4G and more", "by 32"},
	{NONE NONE NONE NONE NONE "0xfebc0000 0xfebc0fff 0x140204\n", "half a base address",
	 "64 bits in the last one"},
};

static void test_resources(struct tap *tap)
{
	for (size_t n = 0; n < sizeof(resources) / sizeof(resources[0]); n++) {
		struct pci_facts facts = {0};
		const char *why = NULL;
		int r = pci_facts_parse_resources(resources[n].text, &facts, &why);

		if (!resources[n].why)
			tap_is_u64(tap, (uint64_t)-r, 0, "registers: %s", resources[n].what);
		else
			tap_ok(tap, r == -EXDEV && why && strstr(why, resources[n].why),
			       "no registers: %s", resources[n].what);
	}
}

/* An ordinary function that has MSI-X, with its table in BAR 1. */
static void fill(uint8_t config[4096])
{
	static const uint8_t msix[] = {0x11, 0, VECTORS - 1, 0, 1, 0, 0, 0, 1, 8, 0, 0};

	memset(config, 0, 4096);
	memcpy(config, "\x86\x80\xd3\x10", 4);
	config[0x06] = 0x10;
	config[0x0b] = 0x02;
	config[0x34] = 0x40;
	memcpy(config + 0x40, msix, sizeof(msix));
}

static int parse(const uint8_t *config, size_t size, struct pci_facts *facts, const char **ret_why)
{
	*facts = (struct pci_facts){
		.bars = {[0] = {{0xc000, 0x1000}, true}, [1] = {{0xfebc0000, 0x1000}, false}}};
	*ret_why = "";
	return pci_facts_parse_config(config, size, facts, ret_why);
}

static const struct {
	unsigned int at, value; /* a byte */
	const char *why;
	const char *what;
} bytes[] = {
	{0x0b, 0x02, NULL, "a network card"},
	{0x0e, 0x80, NULL, "one of several functions"},
	{0x0b, 0x06, "is a bridge", "a bridge by its class"},
	{0x0e, 0x01, "is a bridge", "one by its header"},
	{0x0b, 0x08, "machine's own works", "an interrupt controller"},
	{0x44, 0x00, "in no pages", "a table of vectors in ports"},
	{0x44, 0x06, "in no pages", "one behind the last BAR"},
	{0x45, 0x10, "in no pages", "one behind its BAR"},
	{0x43, 0x07, "in no pages", "one that is longer than its BAR"},
	{0x44, 0x09, "does not begin on a page", "one in the middle of a page"},
};

static void test_config(struct tap *tap)
{
	struct pci_facts facts;
	uint8_t config[4096];
	const char *why;

	for (size_t n = 0; n < sizeof(bytes) / sizeof(bytes[0]); n++) {
		int r;

		fill(config);
		config[bytes[n].at] = bytes[n].value;
		r = parse(config, sizeof(config), &facts, &why);
		tap_ok(tap,
		       bytes[n].why ? r == -EXDEV && strstr(why, bytes[n].why)
				    : r == 0 && facts.msix_vectors == VECTORS,
		       "%s: %s", bytes[n].why ? "no function for a cell" : "a function",
		       bytes[n].what);
	}
	for (unsigned int sub = 6; sub < 8; sub++) {
		fill(config);
		config[0x0b] = 0x08;
		config[0x0a] = sub;
		tap_ok(tap, parse(config, 4096, &facts, &why) == -EXDEV, "nor class 08%02x", sub);
	}
	config[0x0a] = 5;
	tap_is_u64(tap, (uint64_t)-parse(config, 4096, &facts, &why), 0, "but class 0805");
	tap_ok(tap, parse(config, 32, &facts, &why) == -EXDEV && strstr(why, "does not show"),
	       "nor half a header");
	config[0x06] = 0;
	tap_ok(tap, parse(config, 4096, &facts, &why) == 0 && facts.num_caps == 0,
	       "without a list of capabilities there are none");
	memset(config + 0x100, 0xff, 2);
	config[0x103] = 0x14;
	tap_ok(tap, parse(config, 4096, &facts, &why) == 0 && facts.num_caps == 0,
	       "nor where extended ones read as nothing");
}

static void test_names(struct tap *tap)
{
	struct machine_pci functions[] = {
		{.domain = 1, .bdf = 0x18, .vendor = 0x8086, .device = 0x10d3},
		{.bdf = 0x20, .vendor = MACHINE_PCI_UNKNOWN, .device = MACHINE_PCI_UNKNOWN},
	};
	const struct machine machine = {.pci = functions, .num_pci = 2};
	const struct description_pci place = {.has_place = true, .bdf = 0x18},
				     there = {.has_place = true, .domain = 1, .bdf = 0x18},
				     unknown = {.vendor = MACHINE_PCI_UNKNOWN,
						.device = MACHINE_PCI_UNKNOWN};

	tap_ok(tap,
	       device_find(&machine, &there, NULL) == functions &&
		       !device_find(&machine, &place, NULL),
	       "a place is in one domain");
	tap_ok(tap, !device_find(&machine, &unknown, NULL), "what cannot be read is nobody");
}

int main(void)
{
	struct tap tap = {0};

	test_resources(&tap);
	test_config(&tap);
	test_names(&tap);
	return tap_done(&tap);
}
