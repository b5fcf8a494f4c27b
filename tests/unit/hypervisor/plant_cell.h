/* SPDX-License-Identifier: GPL-2.0-only */
/* A cell with one of each kind of memory, and what root then sees, told page by page. */
#ifndef PLANT_CELL_H
#define PLANT_CELL_H

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "arch/x86/setup/setup.h"
#include "cell/cell.h"
#include "fake_machine.h"

#define PLANT_ID  7
#define PLANT_CPU 3

enum plant_memory {
	PLANT_RAM,  /* larger than large pages, and aligned to none */
	PLANT_CODE, /* root loads it, the cell cannot write it */
	PLANT_DATA, /* the cell's alone */
	PLANT_FIXED,
	PLANT_SHARED,
	PLANT_COMM,
	PLANT_REGISTERS, /* byte-granular */
	PLANT_DEVICE,
	PLANT_MEMORY_COUNT,
};

static const struct blob_memory plant_memory[PLANT_MEMORY_COUNT] = {
	[PLANT_RAM] = {0x3ff000, 0, 0x402000, RWX | BLOB_MEM_LOADABLE | BLOB_MEM_DMA},
	[PLANT_CODE] = {0xd00000, 0x40030000, 0x3000,
			BLOB_MEM_READ | BLOB_MEM_EXECUTE | BLOB_MEM_LOADABLE},
	[PLANT_DATA] = {0xa03000, 0x40000000, 0x5000, RW},
	[PLANT_FIXED] = {0xb00000, 0x40010000, 0x1000, BLOB_MEM_READ},
	[PLANT_SHARED] = {0xc00000, 0x40020000, 0x2000, BLOB_MEM_READ | BLOB_MEM_ROOTSHARED},
	[PLANT_COMM] = {0, 0x50000000, 0x1000, RW | BLOB_MEM_DMA | BLOB_MEM_COMM_REGION},
	[PLANT_REGISTERS] = {DEVICE + 0x404, DEVICE + 0x404, 4, RW | BLOB_MEM_IO | BLOB_MEM_IO_32},
	[PLANT_DEVICE] = {DEVICE + 0x4000, DEVICE + 0x4000, 0x1000, RW | BLOB_MEM_IO},
};

static const struct blob_pio plant_pio[] = {{0x3f8, 8}};

static const struct cell_plan plant = {
	.name = "plant",
	.id = PLANT_ID,
	.flags = BLOB_CELL_CONSOLE_PERMITTED,
	.cpus = 1 << PLANT_CPU,
	.memory = plant_memory,
	.num_memory = PLANT_MEMORY_COUNT,
	.pio = plant_pio,
	.num_pio = 1,
};

/* Regions that root loses while the plant is there. */
static const enum plant_memory plant_owned[] = {PLANT_RAM, PLANT_CODE, PLANT_DATA, PLANT_FIXED,
						PLANT_DEVICE};

/* What root sees, by page as in machine_view(). */
struct root_model {
	uint64_t pages[VIEW_PAGES];
};

static inline uint64_t view_index(uint64_t phys)
{
	return (phys < DEVICE ? phys : phys - DEVICE + RAM_SIZE) / PAGE_SIZE;
}

static inline void model_set(struct root_model *model, uint64_t phys, uint64_t size,
			     uint64_t rights)
{
	for (uint64_t done = 0; done < size; done += PAGE_SIZE)
		model->pages[view_index(phys + done)] = rights ? (phys + done) | rights : 0;
}

/* The public pages are those that it may read in hypervisor memory, not write, not execute. */
static inline void model_show(struct root_model *model, const void *virt, uint64_t size, bool show)
{
	model_set(model, hv_to_phys(virt), size, show ? PTE_PRESENT | PTE_NX : 0);
}

static inline void model_give(struct root_model *model, enum plant_memory region)
{
	const struct blob_memory *memory = &plant_memory[region];

	model_set(model, memory->phys_start, memory->size,
		  PTE_PRESENT | PTE_WRITE | (memory->phys_start >= DEVICE ? PTE_NX : 0));
}

static inline void model_root_alone(struct root_model *model)
{
	model_set(model, 0, RAM_SIZE, PTE_PRESENT | PTE_WRITE);
	model_set(model, DEVICE, DEVICE_SIZE, PTE_PRESENT | PTE_WRITE | PTE_NX);
	model_set(model, HV_START, HV_SIZE, 0);
	model_show(model, &public_area, sizeof(public_area), true);
}

static inline void model_take_plant(struct root_model *model)
{
	for (unsigned int n = 0; n < sizeof(plant_owned) / sizeof(plant_owned[0]); n++)
		model_set(model, plant_memory[plant_owned[n]].phys_start,
			  plant_memory[plant_owned[n]].size, 0);
	/* The page around the registers, of which root has the rest by a handler. */
	model_set(model, plant_memory[PLANT_REGISTERS].phys_start & PAGE_MASK, PAGE_SIZE, 0);
	model_show(model, cell_by_id(PLANT_ID)->comm, PUBLIC_CELL_PAGES * PAGE_SIZE, true);
}

static inline void model_root_beside_plant(struct root_model *model)
{
	model_root_alone(model);
	model_take_plant(model);
}

/* How many pages root sees otherwise than the model says. */
static inline unsigned int model_differences(const struct root_model *model)
{
	static uint64_t view[VIEW_PAGES];
	unsigned int count = 0;

	machine_view(&root_cell, view);
	for (unsigned int n = 0; n < VIEW_PAGES; n++) {
		if (view[n] != model->pages[n] && count++ == 0)
			printf("# first at page 0x%x: 0x%llx, expected 0x%llx\n", n,
			       (unsigned long long)view[n], (unsigned long long)model->pages[n]);
	}
	return count;
}

/* Ends it with its consent. Returns what root is told in the end. */
static inline int end_plant(void)
{
	int err;

	do {
		err = machine_hypercall(HC_CELL_DESTROY, PLANT_ID, 0);
		if (err == -EAGAIN)
			cell_by_id(PLANT_ID)->comm->reply_from_cell = COMM_REPLY_APPROVED;
	} while (err == -EAGAIN || err == -EINPROGRESS);
	return err;
}

#endif /* PLANT_CELL_H */
