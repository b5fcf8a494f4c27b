/* SPDX-License-Identifier: GPL-2.0-only */
/* A cell with byte-granular windows of each kind into one page of a device, and the test device. */
#ifndef WINDOW_CELL_H
#define WINDOW_CELL_H

#include "fake_machine.h"

#define CELL_RAM  0x400000ull
#define CELL_SIZE 0x8000ull
#define COMM	  0x100000ull
#define WINDOW	  0x8000ull /* where the cell sees the device's page */
#define CPU	  3	    /* of the cell */

static const struct blob_memory memory[] = {
	{CELL_RAM, 0, CELL_SIZE, RWX},
	{DEVICE, WINDOW, 0x10, RW | BLOB_MEM_IO | BLOB_MEM_IO_32 | BLOB_MEM_IO_8},
	{DEVICE + 0x20, WINDOW + 0x20, 0x10, RW | BLOB_MEM_IO | BLOB_MEM_IO_UNALIGNED},
	{DEVICE + 0x30, WINDOW + 0x30, 8, BLOB_MEM_READ | BLOB_MEM_IO},
	{DEVICE + 0x38, WINDOW + 0x38, 8, BLOB_MEM_WRITE | BLOB_MEM_IO},
	{0, COMM, 0x1000, RW | BLOB_MEM_COMM_REGION},
};
static const struct blob_pio ports[] = {{0x70, 2}};
static const struct cell_plan plan = {
	.name = "cell",
	.id = 1,
	.flags = BLOB_CELL_TEST_DEVICE,
	.cpus = 1 << CPU,
	.memory = memory,
	.num_memory = sizeof(memory) / sizeof(memory[0]),
	.pio = ports,
	.num_pio = 1,
};

#endif /* WINDOW_CELL_H */
