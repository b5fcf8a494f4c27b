// SPDX-License-Identifier: GPL-2.0-only
/* Any bytes as a cell description: what the parser takes must be encodable or refused in words. */
#include <stdlib.h>

#include "model/encode.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A placement that fits whatever the description wants; the blob checker has the last word. */
static void encode(const struct description *description, struct problems *problems)
{
	struct placement placement = {.num_memory = description->num_memory};
	uint64_t next = 1ull << 40;
	void *blob = NULL;
	size_t size;

	for (size_t i = 0; i < description->num_memory; i++) {
		const struct description_memory *memory = &description->memory[i];

		placement.memory[i].start = memory->has_phys ? memory->phys : next;
		placement.memory[i].size = memory->size;
		next += memory->size;
	}
	placement.cpus = description->cpus;
	for (unsigned int cpu = 0; cpu_mask_count(&placement.cpus) < description->cpu_count; cpu++)
		cpu_mask_add(&placement.cpus, cpu);
	if (encode_cell(description, &placement, problems, &blob, &size) == 0)
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
