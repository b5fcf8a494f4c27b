// SPDX-License-Identifier: GPL-2.0-only
/* Any bytes as a cell description: what the parser takes must be encodable or refused in words. */
#include <stdlib.h>

#include "model/encode.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Root's, where it has one. */
static void encode_end(const struct description *description, size_t index,
		       const struct link_place *place, struct problems *problems)
{
	const struct link_peers peers = link_peers(description, &description->links[index]);
	void *blob = NULL;
	size_t size;

	if (!link_has_root(&peers))
		return;
	if (encode_link(description, index, place, problems, &blob, &size) == 0)
		free(blob);
	else if (problems->errors == 0)
		abort();
}

/* A placement that fits whatever the description wants; the blob checker has the last word. */
static void encode(const struct description *description, struct problems *problems)
{
	struct pci_facts devices[DESCRIPTION_MAX_PCI];
	struct placement placement = {.num_memory = description->num_memory,
				      .num_links = description->num_links};
	uint64_t next = 1ull << 40;
	void *blob = NULL;
	size_t size;

	for (size_t i = 0; i < description->num_memory; i++) {
		const struct description_memory *memory = &description->memory[i];

		placement.memory[i].start = memory->has_phys ? memory->phys : next;
		placement.memory[i].size = memory->size;
		next += memory->size;
	}
	for (size_t i = 0; i < description->num_links; i++) {
		const struct description_link *link = &description->links[i];
		struct link_place *place = &placement.links[i];

		link_id(description, link, place->id);
		place->shape = link_shape(link);
		place->bdf = PCI_BDF(0, i, 0);
		place->memory =
			(struct address_range){next, link_size(&place->shape, link->num_peers + 1)};
		next += place->memory.size;
		encode_end(description, i, place, problems);
	}
	placement.cpus = description->cpus;
	for (unsigned int cpu = 0; cpu_mask_count(&placement.cpus) < description->cpu_count; cpu++)
		cpu_mask_add(&placement.cpus, cpu);
	for (size_t i = 0; i < description->num_pci; i++)
		devices[i] = (struct pci_facts){.domain = description->pci[i].domain,
						.bdf = PCI_BDF(1, i, 0)};
	if (encode_cell(description, &placement, NULL, devices, problems, &blob, &size) == 0)
		free(blob);
	else if (problems->errors == 0)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct problems problems = {0};
	struct description *description = NULL;
	int r = description_parse((const char *)data, size, "fuzz.json", "fuzz", &problems,
				  &description);

	if ((r == 0) != (description != NULL) || (r == 0) != (problems.errors == 0))
		abort();
	for (size_t i = 0; i < problems.count; i++)
		free(problem_format(&problems.items[i]));
	if (description)
		encode(description, &problems);
	description_free(description);
	problems_done(&problems);
	return 0;
}
