/* SPDX-License-Identifier: GPL-2.0-only */
/* What guests do in the simulation: hypercalls, instructions in memory behind page tables, cells.
 */
#ifndef SIM_GUEST_H
#define SIM_GUEST_H

#include "image_abi.h"
#include "sim.h"

#define SIM_CODE_AT	0xff000ull
#define SIM_TABLES_AT	0x10000ull
#define SIM_CELL_ID	7
#define SIM_APIC	0xfee00000ull
#define SIM_CELL_MEMORY 0x1000000ull /* of the test's cell, 1 MiB, at guest address 0 */
#define SIM_CELL_SIZE	0x100000ull
#define SIM_CELL_COMM	0x100000ull

/* A hypercall by that CPU's guest in 64-bit mode. Returns RAX. */
long sim_hypercall(unsigned int cpu, uint32_t code, uint64_t argument1, uint64_t argument2);

/*
 * Puts a CPU's guest into 64-bit mode at privilege level 0 with page tables in its memory, which
 * begins at this physical address: all of the first 2 MiB and the APIC's page are mapped as they
 * are. 64 KiB from 0x10000 on are used.
 */
void sim_long_mode(unsigned int cpu, uint64_t memory);

/* The guest's next instruction, up to 15 bytes, at SIM_CODE_AT, which is RIP afterwards. */
void sim_write_code(unsigned int cpu, uint64_t memory, const void *code, unsigned int size);

/* What root reads of the test's cell; NULL: there is none. */
const struct public_cell *sim_record(void);

/* What root reads of all. */
const struct public_area *sim_public(void);

/* Destroys the test's cell. Returns 0 or an error. */
long sim_destroy_cell(void);

/*
 * Where the test's cell and root, as peers 1 and 0, share memory if sim_linked was set before the
 * cell is made: their registers and tables of vectors, once both have been started by the next.
 */
#define SIM_MMCONFIG  0xe0000000ull /* to be the system's */
#define SIM_LINK_BDF  0xf0
#define SIM_REGISTERS 0xc0000000ull
extern bool sim_linked;

/* Gives root its end, and sets both up: vector 0 of each interrupts it by this vector. */
bool sim_link_up(unsigned int cpu, unsigned int vector);

/* Creates a cell of one CPU from a blob in root's memory and starts it. Returns its id or an error.
 */
long sim_start_cell(unsigned int cpu);

#endif /* SIM_GUEST_H */
