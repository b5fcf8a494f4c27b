// SPDX-License-Identifier: GPL-2.0-only
/*
 * Any bytes as a file of /proc or an ACPI table; the first one says which. What comes of them is
 * made into a root cell's configuration.
 */
#include <stdlib.h>

#include "model/root_config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void build(struct machine *machine)
{
	const struct root_config_options options = {
		.hypervisor = {.start = 0x20000000, .size = 0x1000000}};
	struct problems problems = {0};
	void *blob = NULL;
	size_t size;

	cpu_mask_add(&machine->present, 0);
	if (root_config_build(machine, &options, &problems, &blob, &size) == 0)
		free(blob);
	else if (problems.errors == 0)
		abort();
	problems_done(&problems);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static machine_parse *const parsers[] = {
		machine_parse_timer_list, machine_parse_cmdline, machine_parse_interrupts,
		machine_parse_mcfg,	  machine_parse_facp,	 machine_parse_madt,
	};
	struct machine *machine = calloc(1, sizeof(*machine));

	if (size == 0 || !machine) {
		free(machine);
		return 0;
	}
	if (data[0] % 7 == 0)
		machine_parse_resources((const char *)data + 1, size - 1, &machine->iomem);
	else
		parsers[data[0] % 7 - 1](data + 1, size - 1, machine);
	build(machine);
	machine_free(machine);
	return 0;
}
