/* SPDX-License-Identifier: GPL-2.0-only */
/* A machine with two IO-APICs, a cell with two CPUs and pins of both, and what they do there. */
#ifndef PIN_CELLS_H
#define PIN_CELLS_H

#include <errno.h>

#include "arch/x86/ioapic.h"
#include "fake_machine.h"
#include "io/io.h"

/* CPU 0 to 3 have ids 0, 1, 0x12 and 0x113: the cell has the two in the middle. */
#define CELL_CPUS  (1u << 1 | 1u << 2)
#define CELL_CPU   1
#define IO_APIC2   (IO_APIC + PAGE_SIZE)
#define CHIP_BDF   0xa0
#define PIN	   4
#define PIN2	   (24 + 5) /* of the second controller, as blobs count */
#define ROOTS	   (IOAPIC_TO(0) | 0x31)
#define CELLS	   (IOAPIC_TO(1) | 0x41)
#define REMAPPED   (5ull << 49 | 1ull << 48) /* as entry 5 of an IOMMU's table */
#define HELD(pins) ((pins) | IOAPIC_MASKED)

static const struct blob_irqchip chips[] = {
	{.address = IO_APIC, .id = CHIP_BDF, .pin_bitmap = {0xffffff}},
	{.address = IO_APIC2, .id = 2, .pin_base = 24, .pin_bitmap = {0xffffff}},
};
static const struct blob_memory root_memory[] = {
	{0, 0, RAM_SIZE, RWX},
	/* All that is behind: a blob may name the controllers' pages as memory as well. */
	{0xfec00000, 0xfec00000, 0x10000, RW | BLOB_MEM_IO},
};
static const struct cell_plan root = {
	.name = "RootCell",
	.cpus = 0xf,
	.memory = root_memory,
	.num_memory = 2,
	.irqchips = chips,
	.num_irqchips = 2,
};

static inline uint64_t hardware(unsigned int pin)
{
	return machine.ioapics[pin / IO_APIC_PINS].entries[pin % IO_APIC_PINS];
}

static inline enum io_answer access_at(unsigned int cpu, uint64_t address, bool write,
				       unsigned int width, uint32_t *value)
{
	struct cpu *self = cpu_by_id(cpu);
	const struct io_region *region = io_find(self->cell->io[IO_MEMORY], address);
	struct io_access access = {
		.address = address, .width = width, .write = write, .value = *value};
	enum io_answer answer = region ? region->handler(self, region, &access) : IO_REFUSED;

	*value = access.value;
	return answer;
}

struct touch {
	uint64_t address;
	uint32_t value;
	bool write;
	unsigned int width;
	enum io_answer answer;
};

static inline int do_touch(uint64_t arg)
{
	struct touch *touch = (struct touch *)arg;

	touch->answer = access_at(this_cpu()->id, touch->address, touch->write, touch->width,
				  &touch->value);
	return 0;
}

/* On the CPU itself, whose stack tells who it is. */
static inline uint32_t touch(unsigned int cpu, uint64_t address, bool write, uint32_t value)
{
	struct touch it = {address, value, write, 4, IO_DONE};

	machine_call(cpu, do_touch, (uint64_t)&it);
	return it.value;
}

static inline uint32_t get(unsigned int cpu, uint64_t page, unsigned int index)
{
	touch(cpu, page + IOAPIC_INDEX, true, index);
	return touch(cpu, page + IOAPIC_WINDOW, false, 0);
}

static inline void set(unsigned int cpu, uint64_t page, unsigned int index, uint32_t value)
{
	touch(cpu, page + IOAPIC_INDEX, true, index);
	touch(cpu, page + IOAPIC_WINDOW, true, value);
}

static inline uint64_t page_of(unsigned int pin)
{
	return IO_APIC + pin / IO_APIC_PINS * PAGE_SIZE;
}

static inline unsigned int index_of(unsigned int pin)
{
	return IOAPIC_ENTRY + 2 * (pin % IO_APIC_PINS);
}

static inline uint64_t entry(unsigned int cpu, unsigned int pin)
{
	uint64_t high = get(cpu, page_of(pin), index_of(pin) + 1);

	return high << 32 | get(cpu, page_of(pin), index_of(pin));
}

/* As Linux does: the upper half first. */
static inline void program(unsigned int cpu, unsigned int pin, uint64_t value)
{
	set(cpu, page_of(pin), index_of(pin) + 1, value >> 32);
	set(cpu, page_of(pin), index_of(pin), value);
}

/* A cell with pins of one or two controllers, or with none. */
static inline int create_with(unsigned int id, uint64_t cpus, const struct blob_irqchip *irqchips,
			      unsigned int count)
{
	const struct blob_memory memory[] = {
		{0x400000 + id * 0x10000, 0, 0x2000, RWX | BLOB_MEM_LOADABLE},
		{0, 0x100000, 0x1000, RW | BLOB_MEM_COMM_REGION},
	};
	const struct cell_plan plan = {
		.name = id == 1 ? "plant" : "other",
		.id = id,
		.flags = BLOB_CELL_PASSIVE_COMMREG,
		.cpus = cpus,
		.memory = memory,
		.num_memory = 2,
		.irqchips = irqchips,
		.num_irqchips = count,
	};

	return machine_create(&plan);
}

static inline int destroy(unsigned int id)
{
	int err;

	while ((err = machine_hypercall(HC_CELL_DESTROY, id, 0)) == -EINPROGRESS)
		;
	return err;
}

static const struct blob_irqchip two_pins[] = {
	{.address = IO_APIC, .pin_bitmap = {1 << PIN}},
	{.address = IO_APIC2, .pin_base = 24, .pin_bitmap = {1 << (PIN2 - 24)}},
};

static inline void create_plant(void)
{
	create_with(1, CELL_CPUS, two_pins, 2);
	machine_hypercall(HC_CELL_START, 1, 0);
}

#endif /* PIN_CELLS_H */
