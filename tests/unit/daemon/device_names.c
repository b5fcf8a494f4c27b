// SPDX-License-Identifier: GPL-2.0-only
/* How devices are named in descriptions. */
#include "blob.h"
#include "model/description_keys.h"
#include "model_test.h"

#define CELL(rest)  "{\"cpus\": [2], \"memory\": \"1M\", " rest "}"
#define UNPROTECTED "\"dma\": \"unprotected\", "

static const struct {
	const char *devices, *key, *text;
} refused[] = {
	{"[3]", "devices[0]", "must be like"},
	{"[\"usb:1\"]", "devices[0]", "must be like"},
	{"[\"port:1\", \"pci:0000:00:03\"]", "devices[1]", "behind \"pci:\""},
	{"[\"pci:0000:00:20.0\"]", "devices[0]", "behind \"pci:\""},
	{"[\"pci:0000:00:03.8\"]", "devices[0]", "behind \"pci:\""},
	{"[\"pci:0000:00:3.0\"]", "devices[0]", "behind \"pci:\""},
	{"[\"pci:8086:10dg\"]", "devices[0]", "behind \"pci:\""},
	{"[\"pci:8086:10d33\"]", "devices[0]", "behind \"pci:\""},
	{"[\"port:0x10-0x0f\"]", "devices[0]", "behind \"port:\""},
	{"[\"port:0x10-\"]", "devices[0]", "behind \"port:\""},
	{"[\"port:0xfff0-0x10000\"]", "devices[0]", "behind \"port:\""},
	{"[\"port:0-0xffff\"]", "devices[0]", "behind \"port:\""},
	{"[\"mmio:0xfed00000-0xfecfffff\"]", "devices[0]", "behind \"mmio:\""},
	{"[\"mmio:0xfed00000-0x1000000000000\"]", "devices[0]", "behind \"mmio:\""},
	{"[\"pin:20-\"]", "devices[0]", "behind \"pin:\" must be pins up to 255"},
	{"[\"pin:256\"]", "devices[0]", "behind \"pin:\""},
	{"[\"port:1-4\", \"port:4\"]", "devices[1]", "has ports that devices[0] has as well"},
	{"[\"mmio:0x2000-0x2fff\"]", "devices[0]", "where memory is as well"},
	{"[{\"take-from\": \"e1000e\"}]", "devices[0].pci", "is missing"},
	{"[{\"pci\": \"00:03.0\"}]", "devices[0].pci", "must be a place"},
	{"{\"pci\": [{\"pci\": \"nic\"}]}", "devices.pci[0].pci", "must be a place"},
	{"\"pci:8086:10d3\"", "devices", "must be a list"},
	{"[\"pci:8086:0001\", \"pci:8086:0002\", \"pci:8086:0003\", \"pci:8086:0004\","
	 " \"pci:8086:0005\", \"pci:8086:0006\", \"pci:8086:0007\", \"pci:8086:0008\","
	 " \"pci:8086:0009\"]",
	 "devices[8]", "more than 8 PCI devices"},
};

static void test_refused(struct tap *tap)
{
	for (size_t i = 0; i < ARRAY_SIZE(refused); i++) {
		_cleanup_(problems_done) struct problems problems = {0};
		_cleanup_(description_freep) struct description *description = NULL;
		char json[1024];

		snprintf(json, sizeof(json), CELL(UNPROTECTED "\"devices\": %s"),
			 refused[i].devices);
		tap_ok(tap,
		       description_parse(json, strlen(json), "test.json", "test", &problems,
					 &description) == -EINVAL &&
			       has_problem(&problems, SEVERITY_ERROR, refused[i].key,
					   refused[i].text),
		       "%s is refused at its place", refused[i].devices);
		note_problems(tap, &problems);
	}
}

static void test_dma(struct tap *tap)
{
	static const char *const forms[] = {
		CELL("\"devices\": [\"port:1\", \"pci:0000:00:02.0\"]"),
		CELL("\"dma\": \"none\",\n \"devices\": [\"port:1\",\n \"pci:0000:00:02.0\"]"),
	};
	static const char in_object[] =
		CELL("\"devices\": {\"pci\": [{\"pci\": \"0000:00:02.0\"}]}");
	_cleanup_(problems_done) struct problems problems = {0};
	struct description *description = NULL;

	for (size_t i = 0; i < ARRAY_SIZE(forms); i++)
		description_parse(forms[i], strlen(forms[i]), "test.json", "test", &problems,
				  &description);
	tap_ok(tap,
	       problems.errors == 2 &&
		       has_problem(&problems, SEVERITY_ERROR, "devices[1]",
				   "can read and write all of the machine's memory") &&
		       strstr(problems.items[0].text, "\"dma\": \"unprotected\""),
	       "a PCI device without the word is refused, which says what it means");
	tap_ok(tap,
	       problems.count == 2 && problems.items[1].line == 3 && problems.items[1].column == 2,
	       "at the line and column of the device");
	tap_ok(tap,
	       description_parse(in_object, strlen(in_object), "test.json", "test", &problems,
				 &description) == -EINVAL &&
		       has_problem(&problems, SEVERITY_ERROR, "devices.pci[0]", "can read"),
	       "in the long form as well");
}

static void test_forms(struct tap *tap)
{
	_cleanup_(description_freep) struct description *d = describe(
		tap, "test",
		CELL(UNPROTECTED "\"devices\": [\"port:0x3f8-0x3ff\", \"pci:8086:10D3\","
				 "{\"pci\": \"0001:02:03.4\", \"take-from\": \"e1000e\"},"
				 "\"mmio:0xfed00000-0xfed00fff\", \"port:80\", \"pin:255\","
				 "\"pin:20-21\"]"));
	_cleanup_(description_freep) struct description *long_form =
		describe(tap, "test",
			 CELL(UNPROTECTED "\"devices\": {\"ports\": [{\"base\": \"0x3f8\","
					  " \"count\": 8}], \"pci\": [{\"pci\": \"8086:10d3\"}]}"));

	if (!d || !long_form) {
		tap_ok(tap, false, "devices are parsed");
		return;
	}
	tap_ok(tap,
	       d->num_ports == 2 && d->ports[0].base == 0x3f8 && d->ports[0].count == 8 &&
		       d->ports[1].base == 80 && d->ports[1].count == 1,
	       "ports in a list");
	tap_ok(tap,
	       cpu_mask_count(&d->pins) == 3 && cpu_mask_has(&d->pins, 20) &&
		       cpu_mask_has(&d->pins, 21) && cpu_mask_has(&d->pins, 255),
	       "interrupt pins in a list");
	tap_ok(tap,
	       d->num_mmio == 1 && d->mmio[0].phys == 0xfed00000 && d->mmio[0].size == 0x1000 &&
		       d->mmio[0].address == 0xfed00000 &&
		       d->mmio[0].flags ==
			       (BLOB_MEM_READ | BLOB_MEM_WRITE | BLOB_MEM_IO | MMIO_ALL_WIDTHS),
	       "memory in a list");
	tap_ok(tap,
	       d->num_pci == 2 && !d->pci[0].has_place && d->pci[0].vendor == 0x8086 &&
		       d->pci[0].device == 0x10d3 && !d->pci[0].take_from,
	       "a PCI device by vendor and device");
	tap_ok(tap,
	       d->pci[1].has_place && d->pci[1].domain == 1 && d->pci[1].bdf == 0x021c &&
		       strcmp(d->pci[1].take_from, "e1000e") == 0,
	       "one by its place, with the driver that it may be taken from");
	tap_ok(tap,
	       long_form->num_pci == 1 && long_form->pci[0].device == 0x10d3 &&
		       long_form->num_ports == 1 && !long_form->pci[0].listed,
	       "the same in the long form");
	tap_ok(tap, d->dma == DMA_UNPROTECTED, "and that nothing keeps it from memory");
}

int main(void)
{
	struct tap tap = {0};

	test_refused(&tap);
	test_dma(&tap);
	test_forms(&tap);
	return tap_done(&tap);
}
