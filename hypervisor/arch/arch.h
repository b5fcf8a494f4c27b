/* SPDX-License-Identifier: GPL-2.0-only */
/* What an architecture provides to the generic code. */
#ifndef ARCH_H
#define ARCH_H

#include "cell/cell.h"

/* Entry from the trampoline (assembly). */
void arch_entry(void);

/* Once, on the first CPU: own address space, the vendor's extension. Negative errno refuses. */
int arch_init(void);
void arch_cpu_init(struct cpu *cpu);

void arch_debug_putc(char c);

/* Into memory, out of caches that a reset empties. */
void arch_write_back(const void *start, uint64_t size);

/* In a loop that waits for another CPU. */
void arch_cpu_relax(void);

/* A clock that only grows, and how many ticks of it a millisecond has at most. */
uint64_t arch_clock(void);
uint64_t arch_clock_khz(void);

/* Ends the CPU's run of its guest: it comes by cpu_before_entry(). Harmless in the hypervisor. */
void arch_cpu_kick(struct cpu *cpu);

/* Resets, as hardware does, one that stands still: it does nothing more. False: it cannot be reset.
 */
bool arch_cpu_reset(struct cpu *cpu);

/* Drops cached second-level translations of the calling CPU; takes effect before its next entry. */
void arch_cpu_flush(struct cpu *cpu);

/* Carries out an order on the calling CPU, and gives it its new state. It does not return from
 * PENDING_LEAVE, by which one that has entered stands still to be reset. */
void arch_cpu_act(struct cpu *cpu, enum cpu_pending order);

/*
 * Handles the architecture's own bits of the calling CPU's pending word: what arrived from other
 * CPUs of the same cell (that it start, that something happened). Returns those that stay set until
 * the guest has run on for a while.
 */
uint32_t arch_cpu_signals(struct cpu *cpu);

/* An empty second-level table: its format, where its pages come from, its root. Negative errno. */
int arch_stage2_create(struct cell *cell);

/* The range that the interrupt controller occupies is mapped the architecture's way. */
int arch_cell_map_interrupt_controller(struct cell *cell);
bool arch_overlaps_interrupt_controller(uint64_t phys, uint64_t size);

/*
 * What becomes of a message of a cell's device at bdf, an interrupt by a write of data to an
 * address: to be kept until the message is sent (bit 63 is the keeper's); 0: it is none that guests
 * may cause. Sending, by the calling CPU, reaches CPUs only that are the cell's at that time.
 */
uint64_t arch_message_route(const struct cell *cell, uint16_t bdf, uint64_t address, uint32_t data);
void arch_message_send(struct cpu *self, const struct cell *cell, uint64_t route);

/*
 * The same of a message that hardware sends by itself, a real device or an interrupt controller:
 * made one that interrupts a single CPU of the cell, the first that it means, by a fixed vector, as
 * long as that CPU is the cell's. False, and both untouched: it is no interrupt of the cell's CPUs,
 * or it cannot name the one it means.
 */
bool arch_message_confine(const struct cell *cell, uint64_t *address, uint32_t *data);
/* Messages of real devices do not reach CPUs as they are: they are looked up in a table of root's.
 */
bool arch_messages_remapped(void);

/* Root has another set of virtual devices, or cells of the machine's; in effect when root's CPUs
 * have flushed. */
void arch_root_devices_changed(void);

/* A page of physical memory, mapped for the calling CPU until the next call with the same slot
 * (0..ARCH_TEMPORARY_PAGES - 1; those beside 0 and 3 are the architecture's own). */
void *arch_map_page(unsigned int slot, uint64_t phys, bool device);

/* Registers of a device at a physical address, of 1, 2 or 4 bytes, aligned: one access. */
uint32_t arch_device_read(uint64_t phys, unsigned int width);
void arch_device_write(uint64_t phys, unsigned int width, uint32_t value);

/*
 * Adds the guest's registers of a CPU to a record: the calling CPU, or one that is suspended.
 * Returns false, with nothing written, where no guest runs on it.
 */
bool arch_cpu_record(struct cpu *cpu, struct failure_record *record);

/* Fills the platform part of a cell's communication region. */
void arch_comm_init(struct cell *cell, struct comm_region *comm);

#endif /* ARCH_H */
