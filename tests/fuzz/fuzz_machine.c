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
	struct machine *machine = calloc(1, sizeof(*machine));
	const char *text = (const char *)data + 1;
	uint32_t khz;
	bool deadline;

	if (size == 0 || !machine) {
		free(machine);
		return 0;
	}
	size--;
	switch (data[0] % 7) {
	case 0:
		machine_parse_resources(text, size, &machine->iomem);
		break;
	case 1:
		if (machine_parse_timer_list(text, size, &khz, &deadline) == 0)
			machine->apic_khz = khz;
		break;
	case 2:
		machine_parse_cmdline(text, size, machine);
		break;
	case 3:
		machine_parse_cpuinfo(text, size, machine);
		break;
	case 4:
		machine_parse_mcfg(data + 1, size, machine);
		break;
	case 5:
		machine_parse_facp(data + 1, size, machine);
		break;
	default:
		machine_parse_madt(data + 1, size, machine);
		break;
	}
	build(machine);
	machine_free(machine);
	return 0;
}
