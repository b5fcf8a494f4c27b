// SPDX-License-Identifier: GPL-2.0-only
/*
 * Any bytes as the configuration space of a PCI function with any registers: what is made of it
 * must pass as part of a cell's blob, or be refused in words.
 */
#include <stdlib.h>
#include <string.h>

#include "model/device.h"
#include "model/encode.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define BAR_BYTES 2 /* of the input for each: its kind, the logarithm of its size */
#define BARS_BASE 0x80000000ull

/* As sysfs has it; high enough for the cell's memory to be elsewhere. */
static void write_resources(const uint8_t *data, char text[512])
{
	char *end = text;

	for (unsigned int n = 0; n < PCI_FACTS_BARS; n++, data += BAR_BYTES) {
		static const unsigned int kinds[] = {0, 0x40200, 0x40101, 0x140204};
		const unsigned int kind = kinds[data[0] % 4];
		const unsigned long long bytes = 1ull << data[1] % (kind == 0x40101 ? 9 : 29);
		const unsigned long long start =
			kind == 0x40101 ? 0x1000 + n * 0x200
					: BARS_BASE + ((unsigned long long)n << 29);

		end += sprintf(end, "0x%016llx 0x%016llx 0x%016x\n", kind ? start : 0,
			       kind ? start + bytes - 1 : 0, kind);
	}
}

static void encode(const struct pci_facts *facts)
{
	static const char json[] = "{\"cpus\": [1], \"memory\": \"1M\", \"dma\": \"unprotected\","
				   " \"devices\": [\"pci:8086:10d3\"]}";
	struct placement placement = {.num_memory = 1, .memory = {{1ull << 40, 1 << 20}}};
	struct description *description = NULL;
	struct problems problems = {0};
	void *blob = NULL;
	size_t size;

	cpu_mask_add(&placement.cpus, 1);
	if (description_parse(json, sizeof(json) - 1, "fuzz.json", "fuzz", &problems,
			      &description) < 0 ||
	    encode_cell(description, &placement, NULL, facts, &problems, &blob, &size) < 0) {
		for (size_t i = 0; i < problems.count; i++)
			fprintf(stderr, "%s\n", problems.items[i].text);
		abort();
	}
	free(blob);
	description_free(description);
	problems_done(&problems);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const size_t head = PCI_FACTS_BARS * BAR_BYTES;
	struct pci_facts facts = {.bdf = PCI_BDF(0, 3, 0)};
	const char *why = NULL;
	char resources[512];

	if (size < head)
		return 0;
	write_resources(data, resources);
	if (pci_facts_parse_resources(resources, &facts, &why) < 0 ||
	    pci_facts_parse_config(data + head, size - head, &facts, &why) < 0) {
		if (!why || !*why)
			abort();
		return 0;
	}
	encode(&facts);
	return 0;
}
