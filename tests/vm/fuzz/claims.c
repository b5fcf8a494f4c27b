// SPDX-License-Identifier: GPL-2.0-only
/* Sound configurations that claim what is not theirs: memory of Linux, of the hypervisor, nobody's.
 */
#include <stdlib.h>

#include "arch/x86/apic.h"
#include "device.h"

#define LINUX_RAM 0x1000000ull
#define IO_APIC	  0xfec00000ull

/* Root without part of its memory would be Linux without it. */
void claim_root_memory(struct device *device)
{
	struct blob_memory *region, good;
	struct system_desc *system;
	unsigned int tried = 0;
	size_t size;

	system = blob_of_system(device, &size);
	region = (struct blob_memory *)cell_desc_memory(&system->root_cell);
	for (unsigned int n = 0; n < 3 * system->root_cell.num_memory_regions; n++) {
		good = region[n / 3];
		if (!(good.flags & BLOB_MEM_DMA) || good.size < 0x10000)
			continue; /* not memory that Linux works with */
		if (n % 3 == 0)
			region[n / 3].size = good.size / 2 & ~0xfffull;
		else if (n % 3 == 1)
			region[n / 3].flags &= ~(uint64_t)BLOB_MEM_WRITE;
		else
			region[n / 3].virt_start += 1ull << 40;
		if (!device_call(device, JAILHOUSE_ENABLE, system))
			broken("enabled although root lacks memory at 0x%llx: Linux is about to "
			       "end",
			       (unsigned long long)good.phys_start);
		device_count(device, -1, "root lacks memory");
		region[n / 3] = good;
		tried++;
	}
	if (!tried)
		broken("this machine's configuration has no memory");
	free(system);
}

void claim_foreign_memory(struct device *device)
{
	static const uint64_t flags[] = {
		BLOB_MEM_READ,
		BLOB_MEM_READ | BLOB_MEM_WRITE,
		BLOB_MEM_READ | BLOB_MEM_WRITE | BLOB_MEM_LOADABLE,
		BLOB_MEM_READ | BLOB_MEM_WRITE | BLOB_MEM_ROOTSHARED,
		BLOB_MEM_READ | BLOB_MEM_WRITE | BLOB_MEM_IO,
	};
	const uint64_t places[] = {
		LINUX_RAM,
		device->pieces.hypervisor,
		device->pieces.cells - 4096,
		device->pieces.cells + device->pieces.cells_size - 4096,
		APIC_PHYS,
		IO_APIC,
	};
	struct jailhouse_cell_create create;
	struct blob_memory *region;
	struct cell_desc *desc;
	size_t size;

	desc = blob_of_cell(device, &size);
	region = (struct blob_memory *)cell_desc_memory(desc) + 1;
	create = (struct jailhouse_cell_create){(uintptr_t)desc, (uint32_t)size, 0};
	for (unsigned int n = 0; n < sizeof(places) / sizeof(places[0]); n++) {
		for (unsigned int flag = 0; flag < sizeof(flags) / sizeof(flags[0]); flag++) {
			region->phys_start = places[n];
			region->flags = flags[flag];
			if (!device_call(device, JAILHOUSE_CELL_CREATE, &create))
				broken("a cell got memory at 0x%llx, flags 0x%llx",
				       (unsigned long long)places[n],
				       (unsigned long long)flags[flag]);
			device_count(device, -1, "foreign memory");
		}
	}
	free(desc);
}
